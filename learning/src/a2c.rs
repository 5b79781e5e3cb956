//! Advantage actor-critic (Mnih et al., 2016, arXiv:1602.01783), all environments in step: short rollouts, one gradient
//! step each. Adam instead of `RMSProp`.

use daladala_env::Rules;
use serde::{Deserialize, Serialize};

use crate::method::{Schedule, Update};
use crate::on_policy::{Coefficients, Networks, OnPolicy, Recipe};
use daladala_agents::network::Activation;

/// Hyperparameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct A2cConfig {
    /// Environments stepped together.
    pub envs: usize,
    /// Steps of each environment in a rollout.
    pub rollout_steps: usize,
    /// Adam's learning rate at the start; it falls linearly to zero.
    pub learning_rate: f64,
    /// Discount of a step.
    pub gamma: f32,
    /// λ of the advantage estimation; 1 is the paper's.
    pub gae_lambda: f32,
    /// Weight of the entropy in the loss.
    pub entropy_coefficient: f32,
    /// Weight of the critic's squared error in the loss.
    pub value_coefficient: f32,
    /// The greatest norm of the gradient of one tensor.
    pub max_gradient_norm: f32,
    /// Rewards are multiplied by this, so that values are of the order of 1.
    pub reward_scale: f32,
    /// Sizes of the hidden layers, of the actor and of the critic.
    pub hidden: Vec<usize>,
    /// What follows each of them.
    pub activation: Activation,
}

impl Recipe for A2cConfig {
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
        let last_values = on_policy.collector.collect(&actor, &critic, self.rollout_steps);
        let rollout = &on_policy.collector.rollout;
        let advantages = rollout.advantages(&last_values, self.gamma, self.gae_lambda);
        let rows = (0..rollout.rows()).collect();
        let last = on_policy
            .learn(&[rows], &advantages, &coefficients, &|batch| (batch.log_probabilities * batch.advantages).mean());
        last.update(&on_policy.collector.rollout, &advantages, &coefficients)
    }
}
