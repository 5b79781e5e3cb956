//! Holds the fused learner to burn's autodiff, and to itself.

use burn::tensor::{Device, Tensor};
use daladala_agents::network::{Activation, MlpWeights};
use daladala_env::Generator;
use fearless_simd::Level;
use ndarray::Array2;
use proptest::prelude::*;

use super::*;
use crate::loss::{ActionValueLoss, ActorLoss, Objective, RowsOfActor, TensorLoss, ValueLoss};
use crate::rollout::Rollout;

/// So great that small gradients, and what rounding does to them, make small steps.
const ADAM_EPSILON: f32 = 1e-2;

/// Experience that nobody made.
struct Made {
    rollout: Rollout,
    advantages: Vec<f32>,
    returns: Vec<f32>,
    /// Every row of the rollout and some of them again, in no order.
    rows: Vec<usize>,
}

impl Made {
    fn new(rows: usize, inputs: usize, actions: usize, masked: bool, seed: u64) -> Self {
        let mut generator = Generator::new(seed, 0);
        let mut between = |low: f32, high: f32| low + (high - low) * generator.uniform();
        let observations = Array2::from_shape_simple_fn((rows, inputs), || between(-2.0, 2.0));
        let mut numbers = |low, high| -> Vec<f32> { (0..rows).map(|_| between(low, high)).collect() };
        let (values, advantages, returns) = (numbers(-1.0, 1.0), numbers(-2.0, 2.0), numbers(-2.0, 2.0));
        let log_probabilities = numbers(-2.5, -0.5);
        let done: Vec<u8> = numbers(0.0, actions as f32 - 0.01).into_iter().map(|action| action as u8).collect();
        let mut open = |&action: &u8| 1 << action | generator.below(1 << actions);
        let masks = if masked { done.iter().map(&mut open).collect() } else { Vec::new() };
        let rows = (0..rows + rows / 3).map(|_| generator.below(rows as u32) as usize).collect();
        let rollout = Rollout { observations, masks, actions: done, log_probabilities, values, ..Rollout::default() };
        Self { rollout, advantages, returns, rows }
    }

    fn actor_loss(&self, objective: Objective) -> ActorLoss<'_> {
        let of = RowsOfActor { rollout: &self.rollout, advantages: &self.advantages };
        ActorLoss::new(of, &self.rows, objective, 0.01)
    }
}

fn numbers(weights: &MlpWeights) -> Vec<f32> {
    weights.layers.iter().flat_map(|layer| layer.values().collect::<Vec<_>>()).collect()
}

/// Both find the same figures, gradients and norms, and step to the same weights. Where rounding decides whether a unit of
/// a ReLU is on, single weights part, so these are compared on average.
fn compare(what: &str, weights: &MlpWeights, made: &Made, loss: &impl Loss) {
    let mut fused = Learner::new(weights, ADAM_EPSILON, None);
    let mut burn = Learner::new(weights, ADAM_EPSILON, Some(&Device::flex()));
    let observations = made.rollout.observations.view();
    let figures = fused.find_gradients(observations, &made.rows, loss);
    let expected = burn.find_gradients(observations, &made.rows, loss);
    for (figure, expected) in figures.iter().zip(expected) {
        assert!((figure - expected).abs() <= 2e-5 * expected.abs().max(1.0), "{what}: {figure}, burn {expected}");
    }
    let norm = burn.squared_norm().sqrt();
    for (index, (gradient, expected)) in numbers(&fused.gradients()).iter().zip(numbers(&burn.gradients())).enumerate()
    {
        let error = (gradient - expected).abs();
        assert!(error <= 1e-5 * norm.max(1e-3), "{what}, {index}: {gradient}, burn {expected}");
    }
    let difference = (fused.squared_norm().sqrt() - norm).abs();
    assert!(difference <= 1e-4 * norm, "{what}: {} for {norm}", fused.squared_norm().sqrt());
    for learner in [&mut fused, &mut burn] {
        learner.step(0.7, 0.01);
        for _ in 0..2 {
            learner.find_gradients(observations, &made.rows, loss);
            learner.step(0.7, 0.01);
        }
    }
    let (ours, theirs) = (numbers(&fused.weights()), numbers(&burn.weights()));
    let apart: f32 = ours.iter().zip(&theirs).map(|(ours, theirs)| (ours - theirs).abs()).sum();
    assert!(apart / (ours.len() as f32) < 1e-5, "{what}: {apart} in all");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_fused_learner_finds_what_burn_does(
        rows in prop_oneof![2usize..12, 90usize..100, 190usize..200, Just(700usize)],
        inputs in 1usize..50,
        hidden in proptest::collection::vec(1usize..70, 0..3),
        actions in 2usize..20,
        tanh: bool,
        masked: bool,
        seed: u64,
    ) {
        let activation = if tanh { Activation::Tanh } else { Activation::Relu };
        let mut generator = Generator::new(seed, 1);
        let mut network = |outputs: usize| {
            MlpWeights::init(&[&[inputs], &hidden[..], &[outputs]].concat(), activation, 1.0, &mut generator)
        };
        let made = Made::new(rows, inputs, actions, masked, seed);
        let actor = network(actions);
        for objective in [Objective::PolicyGradient, Objective::Likelihood, Objective::Clipped(0.2)] {
            compare(&format!("{objective:?}"), &actor, &made, &made.actor_loss(objective));
        }
        let critic = network(1);
        for near in [None, Some((&made.rollout.values[..], 0.3))] {
            compare("values", &critic, &made, &ValueLoss { returns: &made.returns, near });
        }
        let taken: Vec<i64> = made.rollout.actions.iter().map(|&action| i64::from(action)).collect();
        for is_dueling in [false, true] {
            let network = network(actions + usize::from(is_dueling));
            let loss = ActionValueLoss { actions: &taken, targets: &made.returns, is_dueling };
            compare("action values", &network, &made, &loss);
        }
    }
}

/// The bytes of what is learnt in some steps.
fn learnt(mut learner: FusedLearner) -> Vec<u8> {
    let made = Made::new(1000, 44, 5, true, 3);
    let loss = made.actor_loss(Objective::Clipped(0.2));
    for _ in 0..3 {
        learner.find_gradients(made.rollout.observations.view(), &made.rows, &loss);
        learner.step(0.5, 0.01);
    }
    rmp_serde::to_vec(&learner.state()).unwrap()
}

fn network(activation: Activation) -> MlpWeights {
    MlpWeights::orthogonal(&[44, 64, 40, 5], activation, 0.01, &mut Generator::new(6, 0))
}

#[test]
fn any_number_of_threads_learns_the_same_bits() {
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| learnt(FusedLearner::new(&network(Activation::Tanh), ADAM_EPSILON)))
    };
    let alone = on(1);
    assert!([2, 3, 8].into_iter().all(|threads| on(threads) == alone));
}

#[cfg(target_arch = "x86_64")]
#[test]
fn avx512_and_avx2_learn_the_same_bits() {
    let best = Level::new();
    let Some(avx2) = best.as_avx2().map(Level::Avx2) else { return };
    for activation in Activation::ALL {
        let at = |level| learnt(FusedLearner::at_level(level, &network(activation), ADAM_EPSILON));
        assert!(at(best) == at(avx2), "{activation}");
    }
}

#[test]
fn plain_code_learns_what_the_registers_do() {
    let made = Made::new(300, 44, 5, false, 4);
    let loss = made.actor_loss(Objective::PolicyGradient);
    let gradients = |level| {
        let mut learner = FusedLearner::at_level(level, &network(Activation::Relu), ADAM_EPSILON);
        learner.find_gradients(made.rollout.observations.view(), &made.rows, &loss);
        numbers(&learner.gradients())
    };
    let (plain, best) = (gradients(Level::baseline()), gradients(Level::new()));
    assert!(plain.iter().zip(&best).all(|(plain, best)| (plain - best).abs() < 1e-6));
}

#[test]
fn learning_goes_on_from_a_state_as_if_it_had_not_ended() {
    let made = Made::new(200, 44, 5, false, 5);
    let loss = made.actor_loss(Objective::PolicyGradient);
    for device in [None, Some(Device::flex())] {
        let fresh = || Learner::new(&network(Activation::Relu), ADAM_EPSILON, device.as_ref());
        let step = |learner: &mut Learner| {
            learner.gradient_step(made.rollout.observations.view(), &made.rows, &loss, 0.5, 0.01)
        };
        let (mut one, mut other) = (fresh(), fresh());
        step(&mut one);
        other.restore(one.state()).unwrap();
        step(&mut one);
        step(&mut other);
        assert_eq!(one.weights(), other.weights());
        let mut small = Learner::new(
            &MlpWeights::init(&[44, 5], Activation::Relu, 1.0, &mut Generator::new(1, 0)),
            ADAM_EPSILON,
            device.as_ref(),
        );
        small.restore(one.state()).unwrap_err();
    }
    let mut fused = Learner::new(&network(Activation::Relu), ADAM_EPSILON, None);
    fused.restore(Learner::new(&network(Activation::Relu), ADAM_EPSILON, Some(&Device::flex())).state()).unwrap_err();
}

/// Clipped tensor by tensor, the gradient would point elsewhere.
#[test]
fn gradients_are_shortened_together_and_keep_their_direction() {
    /// Thirty times what the network gives, squared.
    struct Long;
    impl Loss for Long {
        fn row(&self, _: usize, outputs: &mut [f32]) -> Figures {
            for output in outputs {
                *output *= 1800.0;
            }
            Figures::default()
        }

        fn tensors(&self, _: &[usize], outputs: Tensor<2>) -> TensorLoss {
            let loss = (outputs * 30.0).powi_scalar(2).sum_dim(1).mean();
            TensorLoss { loss, figures: Vec::new() }
        }
    }
    let weights = MlpWeights::init(&[3, 8, 2], Activation::Tanh, 1.0, &mut Generator::new(4, 0));
    let made = Made::new(2, 3, 2, false, 1);
    for device in [None, Some(Device::flex())] {
        // The first step of Adam goes by the length of a gradient where its ε is much greater.
        let moved = |most: f32| {
            let mut learner = Learner::new(&weights, 1e6, device.as_ref());
            learner.gradient_step(made.rollout.observations.view(), &[0, 1], &Long, most, 1e6);
            let moved =
                numbers(&learner.weights()).into_iter().zip(numbers(&weights)).map(|(now, before)| before - now);
            (moved.collect::<Vec<_>>(), learner)
        };
        let norm = |values: &[f32]| values.iter().map(|value| value * value).sum::<f32>().sqrt();
        let mut learner = Learner::new(&weights, 1e6, device.as_ref());
        learner.find_gradients(made.rollout.observations.view(), &[0, 1], &Long);
        let whole = numbers(&learner.gradients());
        assert!((learner.squared_norm().sqrt() / norm(&whole) - 1.0).abs() < 1e-5);
        for most in [0.5, 2.0 * norm(&whole)] {
            let expected = (most / norm(&whole)).min(1.0);
            let (moved, _) = moved(most);
            for (moved, whole) in moved.iter().zip(&whole) {
                assert!(
                    (moved - whole * expected).abs() <= 1e-2 * (whole * expected).abs() + 1e-6,
                    "{moved} for {whole} · {expected}"
                );
            }
        }
    }
}

#[test]
fn a_norm_that_is_no_number_shortens_nothing() {
    assert_eq!(clip_factor(f32::NAN, 0.5), 1.0);
    assert_eq!(clip_factor(0.0, 0.5), 1.0);
    assert_eq!(clip_factor(f32::INFINITY, 0.5), 0.0);
}
