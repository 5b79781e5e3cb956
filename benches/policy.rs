//! Inference of the built-in networks, by batch size.
#![allow(missing_docs)]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use daladala_agents::{Choice, registry};
use daladala_env::Generator;

fn outputs(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("outputs");
    for name in ["ppo", "dqn"] {
        let policy = registry::load(name, Choice::Greedy).expect("it is built in");
        for batch in [1, 64, 1024, 16_384] {
            let mut generator = Generator::new(1, 0);
            let observations: Vec<f32> =
                (0..batch * policy.observation_size()).map(|_| generator.uniform() * 2.0 - 1.0).collect();
            let mut outputs = vec![0.0; batch * policy.actions()];
            group.throughput(Throughput::Elements(batch as u64));
            group.bench_function(BenchmarkId::new(name, batch), |bencher| {
                bencher.iter(|| policy.outputs(&observations, &mut outputs));
            });
        }
    }
    group.finish();
}

criterion_group!(policy, outputs);
criterion_main!(policy);
