//! Proximal policy optimization (Schulman et al., 2017, arXiv:1707.06347) with the clipped objective and
//! generalized advantage estimation.

use daladala_agents::network::Activation;
use daladala_env::{Generator, Rules};
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use crate::collector::CollectorOptions;
use crate::constraint::{self, ConstraintSettings, Discounts};
use crate::loss::Objective;
use crate::method::Update;
use crate::on_policy::{self, Initialization, Networks, OnPolicy, Recipe, StepOptions, Targets};
use crate::schedule::{Schedule, TrainingProgress};

/// Hyperparameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PpoConfig {
    /// Environments stepped together.
    pub envs: usize,
    /// Steps of each environment in a rollout: about an episode of `classic`.
    pub rollout_steps: usize,
    /// Passes over a rollout.
    pub epochs: usize,
    /// Rows of a gradient step.
    pub minibatch_size: usize,
    /// Adam's learning rate of the actor at the start.
    pub learning_rate: f64,
    /// Adam's learning rate of the critic at the start.
    pub critic_learning_rate: f64,
    /// What both learning rates do over the training.
    #[serde(default)]
    pub learning_rate_schedule: Schedule,
    /// Discount of a step.
    pub gamma: f32,
    /// λ of the advantage estimation.
    pub gae_lambda: f32,
    /// How far the probability of an action may move in a rollout, as a ratio from 1, at the start.
    pub clip_range: f32,
    /// What it does over the training.
    #[serde(default = "Schedule::constant")]
    pub clip_range_schedule: Schedule,
    /// How far a value may move in a rollout; without it, as far as it likes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_clip_range: Option<f32>,
    /// The rest of an update is left out once the policy has moved 1.5 times as far (Kullback and Leibler).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_kl: Option<f32>,
    /// Weight of the entropy in the loss, at the start.
    pub entropy_coefficient: f32,
    /// What it does over the training.
    #[serde(default = "Schedule::constant")]
    pub entropy_schedule: Schedule,
    /// The greatest norm of all gradients together, those of the actor and those of the critic.
    pub max_gradient_norm: f32,
    /// Rewards are multiplied by this, so that values are of the order of 1.
    pub reward_scale: f32,
    /// Divide rewards by the running standard deviation of the discounted return.
    #[serde(default)]
    pub normalize_rewards: bool,
    /// Bring observations to mean 0 and standard deviation 1. What is saved takes raw observations.
    #[serde(default)]
    pub normalize_observations: bool,
    /// Choose among open actions alone, while learning and, as the weights file says, ever after.
    #[serde(default)]
    pub action_masks: bool,
    /// A policy by name, or a file of weights, that is imitated at first: wherever the actor comes, it learns to do what that
    /// would have done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imitate: Option<String>,
    /// Environment steps of that.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub imitation_steps: u64,
    /// A policy by name, or a file of weights, whose networks the training begins with in place of fresh ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_weights: Option<String>,
    /// The greatest mean cost of an episode, of `ppo-lagrangian` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_limit: Option<f32>,
    /// The price of a unit of cost at the start, in rewards, of `ppo-lagrangian` alone.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cost_price: f32,
    /// How much that price moves in an update in which episodes cost twice the limit, in rewards. Where it is 0 the price
    /// stays, and the limit is none: the policy is penalised for its costs.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub multiplier_learning_rate: f32,
    /// How fresh weights are drawn.
    #[serde(default)]
    pub initialization: Initialization,
    /// Sizes of the hidden layers, of the actor and of the critic.
    pub hidden: Vec<usize>,
    /// What follows each of them. ReLU takes a fraction of tanh's time here and learns as well.
    pub activation: Activation,
}

fn is_zero<T: Default + PartialEq>(number: &T) -> bool {
    *number == T::default()
}

/// What is told of an update.
pub(crate) const DETAILS: [&str; 6] = [
    on_policy::DETAILS[0],
    on_policy::DETAILS[1],
    on_policy::DETAILS[2],
    on_policy::DETAILS[3],
    "train/approx_kl",
    "train/clip_fraction",
];
/// What is told of an update where costs are limited.
pub(crate) const LAGRANGIAN_DETAILS: [&str; 9] = [
    DETAILS[0],
    DETAILS[1],
    DETAILS[2],
    DETAILS[3],
    DETAILS[4],
    DETAILS[5],
    constraint::DETAILS[0],
    constraint::DETAILS[1],
    constraint::DETAILS[2],
];

impl PpoConfig {
    /// The rows of each gradient step: in every epoch all of them, in another order.
    fn minibatches(&self, shuffling: &mut Generator) -> Vec<Vec<usize>> {
        let mut rows: Vec<usize> = (0..self.envs * self.rollout_steps).collect();
        let mut minibatches = Vec::new();
        for _ in 0..self.epochs {
            rows.shuffle(shuffling);
            minibatches.extend(rows.chunks(self.minibatch_size).map(<[usize]>::to_vec));
        }
        minibatches
    }

    /// Where costs are limited, takes their price off the advantages and lets their critic learn. What is told of it is in
    /// the order of [`constraint::DETAILS`].
    fn learn_costs<R: Rules>(
        &self,
        on_policy: &mut OnPolicy<R>,
        minibatches: &[Vec<usize>],
        targets: &mut Targets,
        options: &StepOptions,
        is_taught: bool,
    ) -> Option<[f32; constraint::DETAILS.len()]> {
        let critic = on_policy.acting_of(&on_policy.constraint.as_ref()?.critic);
        let OnPolicy { collector, constraint, .. } = on_policy;
        let constraint = constraint.as_mut()?;
        // No price keeps a teacher from what it does.
        if !is_taught {
            constraint.adjust(collector);
        }
        let discounts = Discounts { gamma: self.gamma, lambda: self.gae_lambda };
        let priced = constraint.price(collector, &critic, &targets.advantages, discounts);
        targets.advantages = priced.advantages;
        let (norm, rate) = (options.max_gradient_norm, options.critic_learning_rate);
        let loss = constraint.learn(collector, minibatches, &priced.cost_returns, norm, rate);
        Some([constraint.multiplier(), collector.environments.recent.mean_cost(), loss])
    }
}

impl Recipe for PpoConfig {
    fn collector(&self) -> CollectorOptions {
        CollectorOptions {
            envs: self.envs,
            reward_scale: self.reward_scale,
            gamma: self.gamma,
            normalize_observations: self.normalize_observations,
            normalize_rewards: self.normalize_rewards,
            action_masks: self.action_masks,
        }
    }

    fn networks(&self) -> Networks<'_> {
        Networks { hidden: &self.hidden, activation: self.activation, initialization: self.initialization }
    }

    fn fragment_steps(&self) -> Result<usize, &'static str> {
        if self.imitate.is_some() {
            Err("a training that imitates gathers its experience itself")
        } else {
            Ok(self.rollout_steps)
        }
    }

    fn advance<R: Rules>(&self, on_policy: &mut OnPolicy<R>, training: TrainingProgress) -> Update {
        let minibatches = self.minibatches(&mut on_policy.shuffling);
        let clip_range = self.clip_range_schedule.value(self.clip_range.into(), training) as f32;
        let options = StepOptions {
            max_gradient_norm: self.max_gradient_norm,
            actor_learning_rate: self.learning_rate_schedule.value(self.learning_rate, training),
            critic_learning_rate: self.learning_rate_schedule.value(self.critic_learning_rate, training),
            entropy_coefficient: self.entropy_schedule.value(self.entropy_coefficient.into(), training) as f32,
            objective: Objective::Clipped(clip_range),
            value_clip_range: self.value_clip_range,
            target_kl: self.target_kl,
        };
        let (actor, critic) = on_policy.acting();
        let teacher = on_policy.teacher.as_deref().filter(|_| training.done < self.imitation_steps);
        let is_taught = teacher.is_some();
        let last_values = on_policy.collector.collect(&actor, &critic, self.rollout_steps, teacher);
        let rollout = &on_policy.collector.rollout;
        let mut targets = Targets::new(rollout, rollout.advantages(&last_values, self.gamma, self.gae_lambda));
        let of_costs = self.learn_costs(on_policy, &minibatches, &mut targets, &options, is_taught);
        let imitating =
            StepOptions { objective: Objective::Likelihood, entropy_coefficient: 0.0, target_kl: None, ..options };
        let options = if is_taught { imitating } else { options };
        let figures = on_policy.learn(&minibatches, &targets, &options);
        let mut update = figures.update(&on_policy.collector.rollout, &targets, &options);
        update.details.extend([figures.actor.approx_kl as f32, figures.actor.clip_fraction as f32]);
        update.details.extend(of_costs.into_iter().flatten());
        update
    }

    fn teacher(&self) -> Option<&str> {
        self.imitate.as_deref()
    }

    fn initial_weights(&self) -> Option<&str> {
        self.initial_weights.as_deref()
    }

    fn constraint(&self) -> Option<ConstraintSettings> {
        let &Self { cost_price: price, multiplier_learning_rate, .. } = self;
        self.cost_limit.map(|limit| ConstraintSettings { limit, price, multiplier_learning_rate })
    }
}
