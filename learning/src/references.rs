//! Holds the learner to Stable-Baselines3 and PyTorch: golden numbers that `tests/sb3/golden.py` made.
//!
//! A gradient step is compared as its losses, its gradients and the weights after it: Adam's first step goes by the signs
//! of the gradients alone. The fused learner and burn's autodiff are both held to them.

use burn::tensor::Device;
use daladala_agents::network::{Activation, FusedMlp, LayerWeights, MlpWeights};
use ndarray::{Array2, ArrayView2};
use serde::Deserialize;

use crate::dqn;
use crate::learner::{Learner, clip_factor};
use crate::loss::{ActionValueLoss, ActorFigures, Figures, Loss, Objective};
use crate::on_policy::{Experience, StepOptions, Targets, gradient_step};
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

/// Of each kind one.
fn learners(layers: &[Layer], activation: Activation, adam_epsilon: f32) -> [Learner; 2] {
    [None, Some(&Device::flex())].map(|device| Learner::new(&mlp(layers, activation), adam_epsilon, device))
}

/// Gradients, and the weights after a step along them. Returns the figures of the loss.
fn compare_step(
    what: &str,
    learner: &mut Learner,
    observations: ArrayView2<f32>,
    loss: &impl Loss,
    rate: f64,
    (gradients, after): (&[Layer], &[Layer]),
) -> Figures {
    let rows: Vec<usize> = (0..observations.nrows()).collect();
    let figures = learner.find_gradients(observations, &rows, loss);
    let compare = |ours: &MlpWeights, theirs: &[Layer], what: &str, tolerance| {
        for (index, (ours, theirs)) in ours.layers.iter().zip(theirs).enumerate() {
            all_near(&format!("{what}, weights of layer {index}"), &numbers(&ours.weight), &theirs.weight, tolerance);
            all_near(&format!("{what}, biases of layer {index}"), &ours.bias.to_vec(), &theirs.bias, tolerance);
        }
    };
    compare(&learner.gradients(), gradients, &format!("{what}: gradients"), 1e-5);
    learner.step(clip_factor(learner.squared_norm(), NO_CLIPPING), rate);
    compare(&learner.weights(), after, &format!("{what}: after the step"), 2e-5);
    figures
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

/// By the objective of PPO where the step clips, of A2C elsewhere.
fn options(step: &OnPolicyStep) -> StepOptions {
    StepOptions {
        actor_learning_rate: step.learning_rate,
        critic_learning_rate: step.learning_rate,
        max_gradient_norm: NO_CLIPPING,
        entropy_coefficient: step.entropy_coefficient,
        objective: step.clip_range.map_or(Objective::PolicyGradient, Objective::Clipped),
        value_clip_range: step.value_clip_range,
        target_kl: None,
    }
}

fn compare_on_policy(name: &str, step: &OnPolicyStep) {
    let (rollout, options) = (rollout(step), options(step));
    let targets = Targets::new(&rollout, step.advantages.clone());
    let observations = rollout.observations.view();
    let experience = Experience { rollout: &rollout, observations, targets: &targets };
    let rows: Vec<usize> = (0..step.actions.len()).collect();
    let name = format!("{name}, masked {}, values clipped {:?}", step.masked, step.value_clip_range);
    for mut actor in learners(&step.before.actor, step.activation, 1e-5) {
        let loss = experience.actor_loss(&rows, &options);
        let reference = (&step.gradients.actor[..], &step.after.actor[..]);
        let rate = step.learning_rate;
        let figures = compare_step(&format!("{name}: actor"), &mut actor, observations, &loss, rate, reference);
        let figures = ActorFigures::from(figures);
        near(&format!("{name}: policy loss"), figures.policy_loss as f32, step.policy_loss, 1e-5);
        near(&format!("{name}: entropy"), figures.entropy as f32, step.entropy, 1e-5);
        if let (Some(kl), Some(clipped)) = (step.approx_kl, step.clip_fraction) {
            near(&format!("{name}: approximate divergence"), figures.approx_kl as f32, kl, 1e-5);
            near(&format!("{name}: clip fraction"), figures.clip_fraction as f32, clipped, 1e-6);
            assert!(clipped > 0.0, "{name}: nothing is clipped in the reference");
        }
    }
    for mut critic in learners(&step.before.critic, step.activation, 1e-5) {
        let loss = experience.value_loss(&options);
        let reference = (&step.gradients.critic[..], &step.after.critic[..]);
        let rate = step.learning_rate;
        let figures = compare_step(&format!("{name}: critic"), &mut critic, observations, &loss, rate, reference);
        near(&format!("{name}: value loss"), figures[0] as f32, step.value_loss, 1e-5);
    }
}

#[test]
fn a_gradient_step_of_ppo_is_that_of_stable_baselines3() {
    let steps: Vec<OnPolicyStep> = golden(include_str!("../tests/sb3/ppo.json"));
    assert!(steps.iter().any(|step| step.masked) && steps.iter().any(|step| step.value_clip_range.is_some()));
    assert!(steps.iter().all(|step| step.clip_range.is_some()), "PPO clips");
    for step in &steps {
        compare_on_policy("ppo", step);
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
        let (rollout, options) = (rollout(step), StepOptions { max_gradient_norm: MOST, ..options(step) });
        let targets = Targets::new(&rollout, step.advantages.clone());
        let observations = rollout.observations.view();
        let experience = Experience { rollout: &rollout, observations, targets: &targets };
        let rows: Vec<usize> = (0..step.actions.len()).collect();
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
        let actors = learners(&step.before.actor, step.activation, EPSILON);
        let critics = learners(&step.before.critic, step.activation, EPSILON);
        for (mut actor, mut critic) in actors.into_iter().zip(critics) {
            assert!(!gradient_step(&mut actor, &mut critic, &experience, &rows, &options).moved_too_far);
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
}

/// An update that has moved the policy too far ends, for the critic too: nothing is stepped.
#[test]
fn beyond_the_target_kl_neither_network_moves() {
    let steps: Vec<OnPolicyStep> = golden(include_str!("../tests/sb3/ppo.json"));
    let step = &steps[0];
    let kl = step.approx_kl.expect("PPO tells");
    for (target_kl, stays) in [(kl / 1.6, true), (kl / 1.4, false)] {
        let (rollout, options) = (rollout(step), StepOptions { target_kl: Some(target_kl), ..options(step) });
        let targets = Targets::new(&rollout, step.advantages.clone());
        let observations = rollout.observations.view();
        let experience = Experience { rollout: &rollout, observations, targets: &targets };
        let rows: Vec<usize> = (0..step.actions.len()).collect();
        let actors = learners(&step.before.actor, step.activation, 1e-5);
        let critics = learners(&step.before.critic, step.activation, 1e-5);
        for (mut actor, mut critic) in actors.into_iter().zip(critics) {
            let before = (actor.weights(), critic.weights());
            let taken = gradient_step(&mut actor, &mut critic, &experience, &rows, &options);
            assert_eq!(taken.moved_too_far, stays);
            assert_eq!((actor.weights() == before.0, critic.weights() == before.1), (stays, stays));
        }
    }
}

#[test]
fn a_gradient_step_of_a2c_is_that_of_stable_baselines3() {
    let steps: Vec<OnPolicyStep> = golden(include_str!("../tests/sb3/a2c.json"));
    for step in &steps {
        compare_on_policy("a2c", step);
    }
}

#[test]
fn a_gradient_step_of_dqn_is_that_of_stable_baselines3() {
    let steps: Vec<DqnStep> = golden(include_str!("../tests/sb3/dqn.json"));
    assert_eq!(steps.len(), 4);
    for step in &steps {
        let name = format!("dqn, double {}, masked {}", step.double, step.masked);
        let rows = step.actions.len();
        let batch = replay_buffer::Batch {
            observations: self::rows(&step.observations),
            actions: step.actions.clone(),
            rewards: step.rewards.clone(),
            next_observations: self::rows(&step.next_observations),
            next_masks: step.masked.then(|| step.next_masks.clone()),
            discounts: step.terminated.iter().map(|&terminated| if terminated { 0.0 } else { step.gamma }).collect(),
        };
        let values_of = |layers: &[Layer]| {
            let mut values = vec![0.0; rows * ACTIONS];
            FusedMlp::new(&mlp(layers, step.activation)).forward(&step.next_observations, &mut values);
            values
        };
        assert_eq!(step.observations.len(), rows * INPUTS);
        let target_values = values_of(&step.target);
        let choosing = if step.double { values_of(&step.before) } else { target_values.clone() };
        let targets = dqn::targets(&batch, &choosing, &target_values, ACTIONS);
        let loss = ActionValueLoss { actions: &batch.actions, targets: &targets, is_dueling: false };
        for mut learner in learners(&step.before, step.activation, 1e-8) {
            let reference = (&step.gradients[..], &step.after[..]);
            let observations = batch.observations.view();
            let figures = compare_step(&name, &mut learner, observations, &loss, step.learning_rate, reference);
            near(&format!("{name}: loss"), figures[0] as f32, step.loss, 1e-5);
        }
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

#[test]
fn gradients_are_clipped_as_pytorch_clips_them() {
    let golden: ClippedNorm = golden(include_str!("../tests/sb3/clipped_norm.json"));
    let squared_norm = golden.before.iter().flatten().map(|gradient| gradient * gradient).sum();
    let factor = clip_factor(squared_norm, golden.max_norm);
    assert!(factor < 1.0, "nothing is clipped in the reference");
    for (index, (before, after)) in golden.before.iter().zip(&golden.after).enumerate() {
        let clipped: Vec<f32> = before.iter().map(|gradient| gradient * factor).collect();
        all_near(&format!("parameter {index}"), &clipped, after, 1e-5);
    }
}
