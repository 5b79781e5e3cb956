//! Holds the learner to Stable-Baselines3 and PyTorch: golden numbers that `tests/sb3/golden.py` made.
//!
//! A gradient step is compared as its losses, its gradients and the weights after it: Adam's first step goes by the signs
//! of the gradients alone.

use burn::tensor::{Device, Tensor};
use daladala_agents::network::{Activation, FusedMlp, LayerWeights, MlpWeights, values};
use ndarray::Array2;
use serde::Deserialize;

use crate::dqn;
use crate::learner::{Learner, clip_factor};
use crate::normalizer::Normalizers;
use crate::on_policy::{
    Batch, Experience, StepOptions, Targets, actor_loss, critic_loss, gradient_step, policy_gradient,
};
use crate::ppo::clipped_objective;
use crate::replay_buffer;
use crate::rollout::Rollout;

const INPUTS: usize = 3;
const ACTIONS: usize = 4;
/// So great that nothing is clipped.
const NO_CLIPPING: f32 = f32::MAX;

/// A layer as PyTorch has it.
#[derive(Debug, Deserialize)]
struct Layer {
    weight: Vec<f32>,
    bias: Vec<f32>,
}

#[derive(Debug, Deserialize)]
struct ActorCritic {
    actor: Vec<Layer>,
    critic: Vec<Layer>,
}

#[derive(Debug, Deserialize)]
struct OnPolicyStep {
    activation: Activation,
    learning_rate: f64,
    entropy_coefficient: f32,
    clip_range: Option<f32>,
    value_clip_range: Option<f32>,
    masked: bool,
    observations: Vec<f32>,
    actions: Vec<u8>,
    masks: Vec<u32>,
    old_values: Vec<f32>,
    old_log_probabilities: Vec<f32>,
    advantages: Vec<f32>,
    before: ActorCritic,
    policy_loss: f32,
    value_loss: f32,
    entropy: f32,
    approx_kl: Option<f32>,
    clip_fraction: Option<f32>,
    gradients: ActorCritic,
    after: ActorCritic,
}

#[derive(Debug, Deserialize)]
struct DqnStep {
    activation: Activation,
    learning_rate: f64,
    gamma: f32,
    double: bool,
    masked: bool,
    observations: Vec<f32>,
    actions: Vec<i64>,
    rewards: Vec<f32>,
    next_observations: Vec<f32>,
    next_masks: Vec<u32>,
    terminated: Vec<bool>,
    before: Vec<Layer>,
    target: Vec<Layer>,
    loss: f32,
    gradients: Vec<Layer>,
    after: Vec<Layer>,
}

#[derive(Debug, Deserialize)]
struct Gae {
    gamma: f32,
    lambda: f32,
    rewards: Vec<f32>,
    values: Vec<f32>,
    last_values: Vec<f32>,
    terminated: Vec<bool>,
    truncated: Vec<bool>,
    final_values: Vec<Option<f32>>,
    advantages: Vec<f32>,
}

#[derive(Debug, Deserialize)]
struct ClippedNorm {
    max_norm: f32,
    before: Vec<Vec<f32>>,
    after: Vec<Vec<f32>>,
}

fn golden<T: for<'de> Deserialize<'de>>(text: &str) -> T {
    serde_json::from_str(text).expect("a file of golden.py")
}

#[track_caller]
fn near(what: &str, ours: f32, theirs: f32, tolerance: f32) {
    assert!((ours - theirs).abs() <= tolerance * theirs.abs().max(1.0), "{what}: {ours}, the reference has {theirs}");
}

#[track_caller]
fn all_near(what: &str, ours: &[f32], theirs: &[f32], tolerance: f32) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (index, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
        near(&format!("{what} {index}"), *ours, *theirs, tolerance);
    }
}

fn rows(observations: &[f32]) -> Array2<f32> {
    Array2::from_shape_vec((observations.len() / INPUTS, INPUTS), observations.to_vec()).expect("a file of golden.py")
}

/// Row by row, as PyTorch has them.
fn numbers(weight: &Array2<f32>) -> Vec<f32> {
    weight.iter().copied().collect()
}

fn mlp(layers: &[Layer], activation: Activation) -> MlpWeights {
    let layer = |layer: &Layer| {
        let outputs = layer.bias.len();
        let inputs = layer.weight.len() / outputs;
        let layer = LayerWeights::from_rows(outputs, inputs, layer.weight.clone(), layer.bias.clone());
        layer.expect("a file of golden.py")
    };
    MlpWeights { layers: layers.iter().map(layer).collect(), activation }
}

fn learner(layers: &[Layer], activation: Activation, adam_epsilon: f32) -> Learner {
    Learner::new(&mlp(layers, activation), adam_epsilon, &Device::flex())
}

/// Gradients, and the weights after a step along them.
fn compare_step(
    what: &str,
    learner: &mut Learner,
    loss: &dyn Fn(&Learner) -> Tensor<1>,
    rate: f64,
    gradients: &[Layer],
    after: &[Layer],
) {
    let ours = learner.gradient_values(learner.gradients(&loss(learner)), 1.0);
    for (index, (ours, theirs)) in ours.chunks_exact(2).zip(gradients).enumerate() {
        let (inputs, outputs) = (theirs.weight.len() / theirs.bias.len(), theirs.bias.len());
        // burn keeps a column an output.
        let ours_by_rows: Vec<f32> = (0..outputs)
            .flat_map(|output| (0..inputs).map(move |input| (output, input)))
            .map(|(output, input)| ours[0][input * outputs + output])
            .collect();
        all_near(&format!("{what}: gradient of weights of layer {index}"), &ours_by_rows, &theirs.weight, 1e-5);
        all_near(&format!("{what}: gradient of biases of layer {index}"), &ours[1], &theirs.bias, 1e-5);
    }
    let loss = loss(learner);
    learner.gradient_step(&loss, NO_CLIPPING, rate);
    for (index, (ours, theirs)) in learner.weights().layers.iter().zip(after).enumerate() {
        all_near(
            &format!("{what}: weights of layer {index} after the step"),
            &numbers(&ours.weight),
            &theirs.weight,
            2e-5,
        );
        all_near(&format!("{what}: biases of layer {index} after the step"), &ours.bias.to_vec(), &theirs.bias, 2e-5);
    }
}

fn rollout(step: &OnPolicyStep) -> Rollout {
    Rollout {
        observations: rows(&step.observations),
        masks: if step.masked { step.masks.clone() } else { Vec::new() },
        actions: step.actions.clone(),
        log_probabilities: step.old_log_probabilities.clone(),
        values: step.old_values.clone(),
        rewards: vec![0.0; step.actions.len()],
        ends: vec![None; step.actions.len()],
        ..Rollout::default()
    }
}

fn options(step: &OnPolicyStep) -> StepOptions {
    StepOptions {
        actor_learning_rate: step.learning_rate,
        critic_learning_rate: step.learning_rate,
        max_gradient_norm: NO_CLIPPING,
        entropy_coefficient: step.entropy_coefficient,
        clip_range: step.clip_range,
        value_clip_range: step.value_clip_range,
        target_kl: None,
    }
}

fn compare_on_policy(name: &str, step: &OnPolicyStep, objective: &(dyn Fn(Batch) -> Tensor<1> + Sync)) {
    let (rollout, options) = (rollout(step), options(step));
    let targets = Targets::new(&rollout, step.advantages.clone());
    let experience = Experience { rollout: &rollout, normalizers: &Normalizers::default(), targets: &targets };
    let rows: Vec<usize> = (0..step.actions.len()).collect();
    let name = format!("{name}, masked {}, values clipped {:?}", step.masked, step.value_clip_range);

    let mut actor = learner(&step.before.actor, step.activation, 1e-5);
    let (_, figures) = actor_loss(&actor, &experience, &rows, &options, objective);
    near(&format!("{name}: policy loss"), values(figures.policy_loss)[0], step.policy_loss, 1e-5);
    near(&format!("{name}: entropy"), values(figures.entropy)[0], step.entropy, 1e-5);
    if let (Some(kl), Some(clipped)) = (step.approx_kl, step.clip_fraction) {
        near(&format!("{name}: approximate divergence"), values(figures.approx_kl)[0], kl, 1e-5);
        near(&format!("{name}: clip fraction"), values(figures.clip_fraction)[0], clipped, 1e-6);
        assert!(clipped > 0.0, "{name}: nothing is clipped in the reference");
    }
    compare_step(
        &format!("{name}: actor"),
        &mut actor,
        &|actor| actor_loss(actor, &experience, &rows, &options, objective).0,
        step.learning_rate,
        &step.gradients.actor,
        &step.after.actor,
    );

    let mut critic = learner(&step.before.critic, step.activation, 1e-5);
    let loss = critic_loss(&critic, &experience, &rows, &options);
    near(&format!("{name}: value loss"), values(loss.inner())[0], step.value_loss, 1e-5);
    compare_step(
        &format!("{name}: critic"),
        &mut critic,
        &|critic| critic_loss(critic, &experience, &rows, &options),
        step.learning_rate,
        &step.gradients.critic,
        &step.after.critic,
    );
}

#[test]
fn a_gradient_step_of_ppo_is_that_of_stable_baselines3() {
    let steps: Vec<OnPolicyStep> = golden(include_str!("../tests/sb3/ppo.json"));
    assert!(steps.iter().any(|step| step.masked) && steps.iter().any(|step| step.value_clip_range.is_some()));
    for step in &steps {
        let clip_range = step.clip_range.expect("PPO clips");
        compare_on_policy("ppo", step, &|batch| clipped_objective(batch, clip_range));
    }
}

/// Stable-Baselines3 clips the norm of all parameters of a policy, the critic's among them. Where it is about Adam's ε,
/// the first step goes by the length of the gradients too: each weight by `rate · g / (|g| + ε)`.
#[test]
fn the_norm_of_both_gradients_together_is_clipped() {
    const MOST: f32 = 3e-4;
    const EPSILON: f32 = 1e-5;
    let steps: Vec<OnPolicyStep> = golden(include_str!("../tests/sb3/ppo.json"));
    for step in &steps {
        let clip_range = step.clip_range.expect("PPO clips");
        let (rollout, options) = (rollout(step), StepOptions { max_gradient_norm: MOST, ..options(step) });
        let targets = Targets::new(&rollout, step.advantages.clone());
        let experience = Experience { rollout: &rollout, normalizers: &Normalizers::default(), targets: &targets };
        let rows: Vec<usize> = (0..step.actions.len()).collect();
        let mut actor = learner(&step.before.actor, step.activation, EPSILON);
        let mut critic = learner(&step.before.critic, step.activation, EPSILON);
        let taken = gradient_step(&mut actor, &mut critic, &experience, &rows, &options, &|batch| {
            clipped_objective(batch, clip_range)
        });
        assert!(!taken.moved_too_far);
        let squares = |layers: &[Layer]| -> f32 {
            layers.iter().flat_map(|layer| layer.weight.iter().chain(&layer.bias)).map(|g| g * g).sum()
        };
        let (of_actor, of_critic) = (squares(&step.gradients.actor), squares(&step.gradients.critic));
        assert!(of_actor > 1e-3 * of_critic && of_critic > 1e-3 * of_actor, "one would hide the other");
        let factor = MOST / (of_actor + of_critic).sqrt();
        let moved = |before: &[f32], gradient: &[f32]| -> Vec<f32> {
            let step_of = |g: f32| step.learning_rate as f32 * g * factor / ((g * factor).abs() + EPSILON);
            before.iter().zip(gradient).map(|(weight, &g)| weight - step_of(g)).collect()
        };
        for (name, learner, before, gradients) in [
            ("actor", &actor, &step.before.actor, &step.gradients.actor),
            ("critic", &critic, &step.before.critic, &step.gradients.critic),
        ] {
            for ((ours, before), gradient) in learner.weights().layers.iter().zip(before).zip(gradients) {
                all_near(name, &numbers(&ours.weight), &moved(&before.weight, &gradient.weight), 1e-5);
                all_near(name, &ours.bias.to_vec(), &moved(&before.bias, &gradient.bias), 1e-5);
            }
        }
    }
}

/// An update that has moved the policy too far ends, for the critic too: nothing is stepped.
#[test]
fn beyond_the_target_kl_neither_network_moves() {
    let steps: Vec<OnPolicyStep> = golden(include_str!("../tests/sb3/ppo.json"));
    let step = &steps[0];
    let kl = step.approx_kl.expect("PPO tells");
    let clip_range = step.clip_range.expect("PPO clips");
    for (target_kl, stays) in [(kl / 1.6, true), (kl / 1.4, false)] {
        let (rollout, options) = (rollout(step), StepOptions { target_kl: Some(target_kl), ..options(step) });
        let targets = Targets::new(&rollout, step.advantages.clone());
        let experience = Experience { rollout: &rollout, normalizers: &Normalizers::default(), targets: &targets };
        let rows: Vec<usize> = (0..step.actions.len()).collect();
        let mut actor = learner(&step.before.actor, step.activation, 1e-5);
        let mut critic = learner(&step.before.critic, step.activation, 1e-5);
        let before = (actor.weights(), critic.weights());
        let taken = gradient_step(&mut actor, &mut critic, &experience, &rows, &options, &|batch| {
            clipped_objective(batch, clip_range)
        });
        assert_eq!(taken.moved_too_far, stays);
        assert_eq!((actor.weights() == before.0, critic.weights() == before.1), (stays, stays));
    }
}

#[test]
fn a_gradient_step_of_a2c_is_that_of_stable_baselines3() {
    let steps: Vec<OnPolicyStep> = golden(include_str!("../tests/sb3/a2c.json"));
    for step in &steps {
        compare_on_policy("a2c", step, &policy_gradient);
    }
}

#[test]
fn a_gradient_step_of_dqn_is_that_of_stable_baselines3() {
    let steps: Vec<DqnStep> = golden(include_str!("../tests/sb3/dqn.json"));
    assert_eq!(steps.len(), 4);
    for step in &steps {
        let name = format!("dqn, double {}, masked {}", step.double, step.masked);
        let rows = step.actions.len();
        let batch = || replay_buffer::Batch {
            observations: self::rows(&step.observations),
            actions: step.actions.clone(),
            rewards: step.rewards.clone(),
            next_observations: self::rows(&step.next_observations),
            next_masks: step.masked.then(|| step.next_masks.clone()),
            continues: step.terminated.iter().map(|&terminated| f32::from(u8::from(!terminated))).collect(),
        };
        let values_of = |layers: &[Layer]| {
            let mut values = vec![0.0; rows * ACTIONS];
            FusedMlp::new(&mlp(layers, step.activation)).forward(&step.next_observations, &mut values);
            values
        };
        assert_eq!(step.observations.len(), rows * INPUTS);
        let target_values = values_of(&step.target);
        let choosing = if step.double { values_of(&step.before) } else { target_values.clone() };
        let targets = dqn::targets(&batch(), &choosing, &target_values, ACTIONS, step.gamma);
        let mut learner = learner(&step.before, step.activation, 1e-8);
        let loss = |learner: &Learner| dqn::loss(learner, batch(), targets.clone(), false);
        near(&format!("{name}: loss"), values(loss(&learner).inner())[0], step.loss, 1e-5);
        compare_step(&name, &mut learner, &loss, step.learning_rate, &step.gradients, &step.after);
    }
}

#[test]
fn advantages_at_lambda_0_9_are_those_of_stable_baselines3() {
    let gae: Gae = golden(include_str!("../tests/sb3/gae.json"));
    assert_eq!(gae.lambda, 0.9);
    let ends = gae.terminated.iter().zip(&gae.truncated).zip(&gae.final_values);
    let ends = ends.map(|((&terminated, &truncated), &value)| match (terminated, truncated) {
        (true, _) => Some(0.0),
        (false, true) => value,
        (false, false) => None,
    });
    let rollout = Rollout { rewards: gae.rewards, values: gae.values, ends: ends.collect(), ..Rollout::default() };
    let advantages = rollout.advantages(&gae.last_values, gae.gamma, gae.lambda);
    all_near("advantage", &advantages, &gae.advantages, 1e-6);
}

/// A loss whose gradients are given numbers, through the same path that a training takes.
#[test]
fn gradients_are_clipped_as_pytorch_clips_them() {
    let golden: ClippedNorm = golden(include_str!("../tests/sb3/clipped_norm.json"));
    let zero = |index: usize| Layer {
        weight: vec![0.0; golden.before[index].len()],
        bias: vec![0.0; golden.before[index + 1].len()],
    };
    let weights = mlp(&[zero(0), zero(2)], Activation::Relu);
    let learner = Learner::new(&weights, 1e-8, &Device::flex());
    let given: Vec<Vec<f32>> =
        golden.before.iter().enumerate().map(|(index, values)| by_columns(index, values)).collect();
    let gradients = learner.gradients(&learner.loss_with_gradients(&given));
    let factor = clip_factor(gradients.squared_norm, golden.max_norm);
    let clipped = learner.gradient_values(gradients, factor);
    for (index, (ours, theirs)) in clipped.iter().zip(&golden.after).enumerate() {
        all_near(&format!("parameter {index}"), ours, &by_columns(index, theirs), 1e-5);
    }
}

/// A parameter of PyTorch's in burn's layout: matrices are the other way round.
fn by_columns(index: usize, values: &[f32]) -> Vec<f32> {
    let (rows, columns) = [(5, 3), (1, 5), (4, 5), (1, 4)][index];
    if rows == 1 {
        return values.to_vec();
    }
    (0..columns).flat_map(|column| (0..rows).map(move |row| values[row * columns + column])).collect()
}
