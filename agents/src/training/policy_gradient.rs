//! One gradient step a rollout: what A2C and REINFORCE have in common.

use burn::grad_clipping::GradientClippingConfig;
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};

use super::actor_critic::{ActorCritic, Judged, Minibatch};
use crate::network::values;

pub(super) struct Learner {
    pub(super) model: ActorCritic,
    optimizer: ModuleOptimizer,
    entropy_coefficient: f32,
    value_coefficient: f32,
}

impl Learner {
    pub(super) fn new(model: ActorCritic, max_gradient_norm: f32, coefficients: (f32, f32)) -> Self {
        let clipping = GradientClippingConfig::Norm(max_gradient_norm);
        let optimizer = AdamConfig::new().with_grad_clipping(Some(clipping)).init();
        let (entropy_coefficient, value_coefficient) = coefficients;
        Self { model, optimizer, entropy_coefficient, value_coefficient }
    }

    /// A step up the policy gradient; returns the loss.
    pub(super) fn update(&mut self, minibatch: &Minibatch, learning_rate: f64) -> f32 {
        let Judged { log_probabilities, entropy, value_loss } = self.model.judge(minibatch);
        let policy_loss = -(log_probabilities * minibatch.advantages.clone()).mean();
        let loss = policy_loss + value_loss * self.value_coefficient - entropy * self.entropy_coefficient;
        let gradients = GradientsParams::from_grads(loss.backward(), &self.model);
        self.model = self.optimizer.step(learning_rate, self.model.clone(), gradients);
        values(loss.inner())[0]
    }
}
