//! REINFORCE with a baseline (Williams, 1992; Sutton and Barto, 2018, 13.4): whole episodes, and what really followed
//! each action instead of what a critic expects. The baseline is a network that learns the mean; it takes no part in
//! the returns but where an episode was truncated, whose rest it stands for.

use daladala_env::Rules;
use serde::{Deserialize, Serialize};

use crate::method::{Schedule, Update};
use crate::on_policy::{Coefficients, Networks, OnPolicy, Recipe};
use daladala_agents::network::Activation;

/// Hyperparameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReinforceConfig {
    /// Environments stepped together: each drives an episode at least for every gradient step.
    pub envs: usize,
    /// Adam's learning rate at the start; it falls linearly to zero.
    pub learning_rate: f64,
    /// Discount of a step.
    pub gamma: f32,
    /// Weight of the entropy in the loss.
    pub entropy_coefficient: f32,
    /// Weight of the baseline's squared error in the loss.
    pub value_coefficient: f32,
    /// The greatest norm of the gradient of one tensor.
    pub max_gradient_norm: f32,
    /// Rewards are multiplied by this, so that returns are of the order of 1.
    pub reward_scale: f32,
    /// Sizes of the hidden layers, of the policy and of the baseline.
    pub hidden: Vec<usize>,
    /// What follows each of them.
    pub activation: Activation,
}

impl Recipe for ReinforceConfig {
    fn envs(&self) -> usize {
        self.envs
    }

    fn reward_scale(&self) -> f32 {
        self.reward_scale
    }

    fn networks(&self) -> Networks<'_> {
        let Self { activation, max_gradient_norm, .. } = *self;
        Networks { hidden: &self.hidden, activation, max_gradient_norm }
    }

    fn advance<R: Rules>(&self, on_policy: &mut OnPolicy<R>, schedule: Schedule) -> Update {
        let coefficients = Coefficients {
            learning_rate: schedule.falling(self.learning_rate),
            entropy: self.entropy_coefficient,
            value: self.value_coefficient,
        };
        let (actor, critic) = (on_policy.actor.acting(), on_policy.critic.acting());
        on_policy.collector.collect_episodes(&actor, &critic);
        let rollout = &on_policy.collector.rollout;
        // Later episodes are left out, whatever those that are not over are taken to be worth.
        let advantages = rollout.advantages(&vec![0.0; self.envs], self.gamma, 1.0);
        let rows = rollout.rows_of_first_episodes(self.envs);
        let last = on_policy
            .learn(&[rows], &advantages, &coefficients, &|batch| (batch.log_probabilities * batch.advantages).mean());
        last.update(&on_policy.collector.rollout, &advantages, &coefficients)
    }
}
