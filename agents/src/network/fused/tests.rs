//! Holds the fused forward pass and burn's together, on every instruction set that this machine has.

use burn::tensor::{Device, Tensor, TensorData};
use daladala_env::Generator;
use fearless_simd::prelude::*;
use fearless_simd::{Level, Simd, dispatch};
use proptest::prelude::*;

use super::super::{Activation, Mlp, MlpWeights, values};
use super::FusedMlp;
use super::tanh::tanh;

/// The instruction sets that this machine has, by name.
fn levels() -> Vec<(&'static str, Level)> {
    let best = Level::new();
    let mut levels = vec![("best", best), ("baseline", Level::baseline())];
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    {
        levels.extend(best.as_avx512().map(|token| ("AVX-512", Level::Avx512(token))));
        levels.extend(best.as_avx2().map(|token| ("AVX2", Level::Avx2(token))));
        levels.extend(best.as_sse4_2().map(|token| ("SSE4.2", Level::Sse4_2(token))));
        levels.extend(best.as_sse2().map(|token| ("SSE2", Level::Sse2(token))));
    }
    levels
}

fn floats(count: usize, generator: &mut Generator) -> Vec<f32> {
    (0..count).map(|_| generator.uniform() * 4.0 - 2.0).collect()
}

fn forward(network: &FusedMlp, input: &[f32]) -> Vec<f32> {
    let mut output = vec![7.5; input.len() / network.inputs * network.outputs];
    network.forward(input, &mut output);
    output
}

fn activations() -> impl Strategy<Value = Activation> {
    prop_oneof![Just(Activation::Relu), Just(Activation::Tanh)]
}

/// Sizes of layers, with and without a remainder in registers of any width, and any number of layers.
fn sizes() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(prop_oneof![1usize..40, Just(64), Just(100)], 2..6)
}

proptest! {
    #[test]
    fn every_level_agrees_with_burn(sizes in sizes(), activation in activations(), rows in 0usize..80, seed: u64) {
        let mut generator = Generator::new(seed, 0);
        let weights = MlpWeights::init(&sizes, activation, 1.0, &mut generator);
        let input = floats(rows * sizes[0], &mut generator);
        let device = Device::flex();
        let mut expected = Vec::new();
        if rows > 0 {
            let input = Tensor::from_data(TensorData::new(input.clone(), [rows, sizes[0]]), &device);
            expected = values(Mlp::new(&weights, &device).forward(input));
        }
        for (name, level) in levels() {
            let output = forward(&FusedMlp::at_level(level, &weights), &input);
            prop_assert_eq!(output.len(), expected.len());
            for (ours, burn) in output.iter().zip(&expected) {
                prop_assert!((ours - burn).abs() <= 1e-5 * burn.abs().max(1.0), "{}: {} for {}", name, ours, burn);
            }
        }
    }

    #[test]
    fn a_row_gives_the_same_bits_in_any_batch_at_any_place(
        sizes in sizes(), activation in activations(), rows in 1usize..80, at in 1usize..80, seed: u64,
    ) {
        let mut generator = Generator::new(seed, 0);
        let weights = MlpWeights::init(&sizes, activation, 1.0, &mut generator);
        let input = floats(rows * sizes[0], &mut generator);
        for (name, level) in levels() {
            let network = FusedMlp::at_level(level, &weights);
            let together = forward(&network, &input);
            let alone: Vec<_> = input.chunks(sizes[0]).flat_map(|row| forward(&network, row)).collect();
            let in_pieces: Vec<_> = input.chunks(at * sizes[0]).flat_map(|rows| forward(&network, rows)).collect();
            prop_assert_eq!(&together, &alone, "{}", name);
            prop_assert_eq!(&together, &in_pieces, "{}", name);
        }
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn levels_with_fused_multiply_add_give_the_same_bits(
        sizes in sizes(), activation in activations(), rows in 1usize..40, seed: u64,
    ) {
        let mut generator = Generator::new(seed, 0);
        let weights = MlpWeights::init(&sizes, activation, 1.0, &mut generator);
        let input = floats(rows * sizes[0], &mut generator);
        if let (Some(avx512), Some(avx2)) = (Level::new().as_avx512(), Level::new().as_avx2()) {
            let wide = FusedMlp::at_level(Level::Avx512(avx512), &weights);
            let narrow = FusedMlp::at_level(Level::Avx2(avx2), &weights);
            prop_assert_eq!(forward(&wide, &input), forward(&narrow, &input));
        }
    }
}

#[test]
fn threads_that_share_a_network_get_the_same_bits() {
    let mut generator = Generator::new(1, 0);
    let weights = MlpWeights::init(&[14, 64, 64, 5], Activation::Tanh, 1.0, &mut generator);
    let network = FusedMlp::new(&weights);
    let input = floats(1000 * 14, &mut generator);
    let expected = forward(&network, &input);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..20).for_each(|_| assert_eq!(forward(&network, &input), expected)));
        }
    });
}

#[test]
fn networks_of_different_sizes_take_turns_on_a_thread() {
    let mut generator = Generator::new(2, 0);
    let mut network = |sizes: &[usize]| {
        let weights = MlpWeights::init(sizes, Activation::Relu, 1.0, &mut generator);
        let input = floats(30 * sizes[0], &mut generator);
        (FusedMlp::new(&weights), input)
    };
    let (small, small_input) = network(&[3, 2]);
    let (large, large_input) = network(&[300, 200, 270]);
    let expected = forward(&small, &small_input);
    let expected_large = forward(&large, &large_input);
    assert_eq!(forward(&small, &small_input), expected);
    assert_eq!(forward(&large, &large_input), expected_large);
}

#[test]
fn what_is_no_number_stays_so() {
    let mut generator = Generator::new(3, 0);
    for activation in [Activation::Relu, Activation::Tanh] {
        let weights = MlpWeights::init(&[4, 20, 20, 3], activation, 1.0, &mut generator);
        for (name, level) in levels() {
            let output = forward(&FusedMlp::at_level(level, &weights), &[0.5, f32::NAN, 0.5, 0.5]);
            assert!(output.iter().all(|output| output.is_nan()), "{name}, {activation:?}: {output:?}");
        }
    }
}

#[test]
#[should_panic(expected = "rows in and rows out")]
fn a_row_that_is_cut_short_is_refused() {
    let weights = MlpWeights::init(&[4, 2], Activation::Relu, 1.0, &mut Generator::new(4, 0));
    FusedMlp::new(&weights).forward(&[0.0; 7], &mut [0.0; 4]);
}

#[test]
fn tanh_is_within_a_millionth() {
    // Every 4001st float there is, of both signs, and steps of 1e-5 over the range in which the tangent bends.
    let floats = (0..=u32::MAX).step_by(4001).map(f32::from_bits).filter(|x| x.is_finite());
    let mut values: Vec<f32> = floats.chain((-1_000_000..=1_000_000).map(|x| x as f32 / 1e5)).collect();
    values.extend([0.0, -0.0, f32::MAX, f32::MIN, f32::INFINITY, f32::NEG_INFINITY, f32::MIN_POSITIVE]);
    values.resize(values.len().next_multiple_of(16), 0.0);
    let expected: Vec<f64> = values.iter().map(|x| f64::from(*x).tanh()).collect();
    for (name, level) in levels() {
        let mut ours = values.clone();
        dispatch!(level, simd => tanh_all(simd, &mut ours));
        for ((x, ours), expected) in values.iter().zip(&ours).zip(&expected) {
            assert!((f64::from(*ours) - expected).abs() < 1e-6, "{name}: tanh({x}) = {ours}, not {expected}");
        }
    }
}

#[inline(always)]
fn tanh_all<S: Simd>(simd: S, values: &mut [f32]) {
    for values in values.chunks_exact_mut(S::f32s::LEN) {
        tanh(simd, S::f32s::from_slice(simd, values)).store_slice(values);
    }
}
