//! Inference of a built-in network by batch size, fused and on burn's CPU backend.
#![allow(missing_docs)]

use burn::tensor::Device;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use daladala_agents::{Checkpoint, Choice, NeuralPolicy, Policy};
use daladala_env::Generator;

fn outputs(criterion: &mut Criterion) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/classic/ppo.safetensors");
    let checkpoint = Checkpoint::load(path.as_ref()).expect("it is part of the repository");
    let fused = NeuralPolicy::new(&checkpoint, Choice::Greedy).expect("it has a network that acts");
    let flex = NeuralPolicy::on_device(&checkpoint, Choice::Greedy, Device::flex()).expect("it has one");
    let mut group = criterion.benchmark_group("outputs");
    for batch in [1, 64, 1024, 16_384] {
        let mut generator = Generator::new(1, 0);
        let observations: Vec<f32> =
            (0..batch * fused.observation_size()).map(|_| generator.uniform() * 2.0 - 1.0).collect();
        let mut outputs = vec![0.0; batch * fused.actions()];
        group.throughput(Throughput::Elements(batch as u64));
        for (name, policy) in [("fused", &fused), ("flex", &flex)] {
            group.bench_function(BenchmarkId::new(name, batch), |bencher| {
                bencher.iter(|| policy.outputs(&observations, &mut outputs));
            });
        }
    }
    group.finish();
}

criterion_group!(policy, outputs);
criterion_main!(policy);
