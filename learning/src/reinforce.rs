//! REINFORCE with a baseline (Williams, 1992; Sutton and Barto, 2018, 13.4): whole episodes, and what really followed
//! each action instead of what a critic expects. The baseline is a network that learns the mean; it takes no part in
//! the returns but where an episode was truncated, whose rest it stands for.

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
pub struct ReinforceConfig {
    /// Environments stepped together: each drives an episode at least for every gradient step.
    pub envs: usize,
    /// Adam's learning rate of the actor at the start.
    pub learning_rate: f64,
    /// Adam's learning rate of the critic at the start.
    pub critic_learning_rate: f64,
    /// What both learning rates do over the training.
    #[serde(default)]
    pub learning_rate_schedule: Schedule,
    /// Discount of a step.
    pub gamma: f32,
    /// Weight of the entropy in the loss, at the start.
    pub entropy_coefficient: f32,
    /// What it does over the training.
    #[serde(default = "Schedule::constant")]
    pub entropy_schedule: Schedule,
    /// The greatest norm of all gradients together, those of the actor and those of the critic.
    pub max_gradient_norm: f32,
    /// Rewards are multiplied by this, so that returns are of the order of 1.
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
    /// Sizes of the hidden layers, of the policy and of the baseline.
    pub hidden: Vec<usize>,
    /// What follows each of them.
    pub activation: Activation,
}

impl Recipe for ReinforceConfig {
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
        Err("reinforce gathers whole episodes itself: ppo, ppo-lagrangian and a2c take fragments")
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
        on_policy.collector.collect_episodes(&actor, &critic);
        let rollout = &on_policy.collector.rollout;
        // Later episodes are left out, whatever those that are not over are taken to be worth.
        let targets = Targets::new(rollout, rollout.advantages(&vec![0.0; self.envs], self.gamma, 1.0));
        let rows = rollout.rows_of_first_episodes(self.envs);
        let figures = on_policy.learn(&[rows], &targets, &options);
        figures.update(&on_policy.collector.rollout, &targets, &options)
    }
}
