//! Environment steps: random actions, every output written, auto-reset on; the fast batch beside the plain one.
#![allow(missing_docs)]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use daladala_env::rules::Classic;
use daladala_env::{Batch, Buffers, Generator, Rules, ScalarBatch, VecEnv, VecEnvConfig};

/// Steps taken in turn from one prepared sequence of actions.
const OFFSETS: usize = 64;

fn step<B: Batch<Classic>>(criterion: &mut Criterion, name: &str) {
    let mut group = criterion.benchmark_group(name);
    for envs in [1, 64, 4096, 65_536] {
        let mut env = VecEnv::<_, B>::with_batch(Classic, envs, VecEnvConfig::default());
        let mut buffers = Buffers::for_env(&env);
        env.reset(&mut buffers.observations);
        let mut generator = Generator::new(1, 0);
        let actions: Vec<u8> = (0..envs + OFFSETS).map(|_| generator.below(5) as u8).collect();
        let mut offset = 0;
        group.throughput(Throughput::Elements(envs as u64));
        group.bench_function(BenchmarkId::from_parameter(envs), |bencher| {
            bencher.iter(|| {
                offset = (offset + 1) % OFFSETS;
                env.step(&actions[offset..][..envs], buffers.as_step()).expect("actions are below 5");
            });
        });
    }
    group.finish();
}

fn benches(criterion: &mut Criterion) {
    step::<<Classic as Rules>::Batch>(criterion, "step");
    step::<ScalarBatch<Classic>>(criterion, "step, plain");
}

criterion_group!(env, benches);
criterion_main!(env);
