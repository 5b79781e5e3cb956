//! Advantage actor-critic (Mnih et al., 2016, arXiv:1602.01783), all environments in step: short rollouts, one gradient
//! step each. Adam instead of `RMSProp`.

use daladala_agents::network::Activation;
use daladala_env::Rules;
use serde::{Deserialize, Serialize};

use crate::collector::CollectorOptions;
use crate::loss::Objective;
use crate::method::Update;
use crate::on_policy::{Initialization, Networks, OnPolicy, Recipe, StepOptions, Targets};
use crate::schedule::{Schedule, TrainingProgress};

/// Hyperparameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct A2cConfig {
    /// Environments stepped together.
    pub envs: usize,
    /// Steps of each environment in a rollout.
    pub rollout_steps: usize,
    /// Adam's learning rate of the actor at the start.
    pub learning_rate: f64,
    /// Adam's learning rate of the critic at the start.
    pub critic_learning_rate: f64,
    /// What both learning rates do over the training.
    #[serde(default)]
    pub learning_rate_schedule: Schedule,
    /// Discount of a step.
    pub gamma: f32,
    /// λ of the advantage estimation; 1 is the paper's.
    pub gae_lambda: f32,
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
    /// How fresh weights are drawn.
    #[serde(default)]
    pub initialization: Initialization,
    /// Sizes of the hidden layers, of the actor and of the critic.
    pub hidden: Vec<usize>,
    /// What follows each of them.
    pub activation: Activation,
}

impl Recipe for A2cConfig {
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
        Ok(self.rollout_steps)
    }

    fn advance<R: Rules>(&self, on_policy: &mut OnPolicy<R>, training: TrainingProgress) -> Update {
        let options = StepOptions {
            max_gradient_norm: self.max_gradient_norm,
            actor_learning_rate: self.learning_rate_schedule.value(self.learning_rate, training),
            critic_learning_rate: self.learning_rate_schedule.value(self.critic_learning_rate, training),
            entropy_coefficient: self.entropy_schedule.value(self.entropy_coefficient.into(), training) as f32,
            objective: Objective::PolicyGradient,
            value_clip_range: None,
            target_kl: None,
        };
        let (actor, critic) = on_policy.acting();
        let last_values = on_policy.collector.collect(&actor, &critic, self.rollout_steps, None);
        let rollout = &on_policy.collector.rollout;
        let targets = Targets::new(rollout, rollout.advantages(&last_values, self.gamma, self.gae_lambda));
        let rows = (0..rollout.rows()).collect();
        let figures = on_policy.learn(&[rows], &targets, &options);
        figures.update(&on_policy.collector.rollout, &targets, &options)
    }
}
