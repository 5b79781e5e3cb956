//! The loss of a policy: what it is to do more of, and how sure it may be.

use burn::tensor::activation::log_softmax;
use burn::tensor::{Bool, Device, Int, Tensor, TensorData};
use daladala_agents::is_open;

use super::{Figures, Loss, TensorLoss, column, of_rows};
use crate::rollout::Rollout;

/// What closed actions have for a logit where gradients are computed: small enough that their probability is 0, and
/// finite, as 0 · ∞ is no number.
const CLOSED_LOGIT: f32 = -1e8;

/// What the policy goes up, a mean over rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Objective {
    /// Log-probability times advantage: plain policy gradients.
    PolicyGradient,
    /// The pessimistic one of ratio times advantage, with the ratio as it is and no further than this from 1 (Schulman et
    /// al., 2017, equation 7).
    Clipped(f32),
    /// Log-probability: how likely the policy finds what its teacher did.
    Likelihood,
}

/// What of a rollout the loss takes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowsOfActor<'a> {
    pub(crate) rollout: &'a Rollout,
    /// How much better each row went than expected.
    pub(crate) advantages: &'a [f32],
}

/// The loss of the minibatch that it was made for.
pub(crate) struct ActorLoss<'a> {
    of: RowsOfActor<'a>,
    objective: Objective,
    entropy_coefficient: f32,
    /// What makes the minibatch's advantages have mean 0 and standard deviation 1.
    advantage_mean: f64,
    advantage_scale: f64,
}

/// What is told of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ActorFigures {
    pub(crate) policy_loss: f64,
    pub(crate) entropy: f64,
    /// How far the policy has moved: mean of ratio − 1 − log ratio (Schulman, 2020).
    pub(crate) approx_kl: f64,
    /// The part of the rows whose ratio left the clip range.
    pub(crate) clip_fraction: f64,
}

impl From<Figures> for ActorFigures {
    fn from([policy_loss, entropy, approx_kl, clip_fraction]: Figures) -> Self {
        Self { policy_loss, entropy, approx_kl, clip_fraction }
    }
}

impl<'a> ActorLoss<'a> {
    pub(crate) fn new(of: RowsOfActor<'a>, rows: &[usize], objective: Objective, entropy_coefficient: f32) -> Self {
        let advantages = || rows.iter().map(|&row| f64::from(of.advantages[row]));
        let count = rows.len() as f64;
        let advantage_mean = advantages().sum::<f64>() / count;
        // The deviation of a sample, as PyTorch's.
        let variance = advantages().map(|value| (value - advantage_mean).powi(2)).sum::<f64>() / (count - 1.0);
        let advantage_scale = 1.0 / (variance.sqrt() + 1e-8);
        Self { of, objective, entropy_coefficient, advantage_mean, advantage_scale }
    }

    fn advantage(&self, row: usize) -> f32 {
        ((f64::from(self.of.advantages[row]) - self.advantage_mean) * self.advantage_scale) as f32
    }
}

impl Loss for ActorLoss<'_> {
    fn row(&self, row: usize, outputs: &mut [f32]) -> Figures {
        let rollout = self.of.rollout;
        if let Some(&mask) = rollout.masks.get(row) {
            for (action, logit) in outputs.iter_mut().enumerate() {
                *logit = if is_open(mask, action) { *logit } else { CLOSED_LOGIT };
            }
        }
        let greatest = outputs.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let log_total = outputs.iter().map(|logit| (logit - greatest).exp()).sum::<f32>().ln();
        let action = usize::from(rollout.actions[row]);
        let log_probability = outputs[action] - greatest - log_total;
        let log_ratio = log_probability - rollout.log_probabilities[row];
        let ratio = log_ratio.exp();
        let advantage = self.advantage(row);
        // The objective, and its derivative by the log-probability of the action.
        let (objective, slope) = match self.objective {
            Objective::PolicyGradient => (log_probability * advantage, advantage),
            Objective::Likelihood => (log_probability, 1.0),
            Objective::Clipped(range) => {
                let clipped = ratio.clamp(1.0 - range, 1.0 + range) * advantage;
                let free = ratio * advantage;
                (free.min(clipped), if free <= clipped { free } else { 0.0 })
            }
        };
        let is_outside = matches!(self.objective, Objective::Clipped(range) if (ratio - 1.0).abs() > range);
        // Entropy H = −Σ p log p, whose derivative by a logit is −p (log p + H).
        let mut entropy = 0.0;
        for logit in &*outputs {
            let log_probability = logit - greatest - log_total;
            entropy -= log_probability.exp() * log_probability;
        }
        for (index, output) in outputs.iter_mut().enumerate() {
            let log_probability = *output - greatest - log_total;
            let probability = log_probability.exp();
            let towards = f32::from(u8::from(index == action)) - probability;
            let more_entropy = -probability * (log_probability + entropy);
            *output = -slope * towards - self.entropy_coefficient * more_entropy;
        }
        let clip_fraction = f64::from(u8::from(is_outside));
        [-f64::from(objective), f64::from(entropy), f64::from(ratio - 1.0 - log_ratio), clip_fraction]
    }

    fn tensors(&self, rows: &[usize], outputs: Tensor<2>) -> TensorLoss {
        let (rollout, device) = (self.of.rollout, &outputs.device());
        let mut logits = outputs;
        if !rollout.masks.is_empty() {
            let closed = closed(&of_rows(&rollout.masks, rows), logits.dims()[1], device);
            logits = logits.mask_fill(closed, CLOSED_LOGIT);
        }
        let done = rows.iter().map(|&row| i64::from(rollout.actions[row])).collect();
        let actions = Tensor::<2, Int>::from_data(TensorData::new::<i64, _>(done, [rows.len(), 1]), device);
        let all = log_softmax(logits, 1);
        let log_probabilities = all.clone().gather(1, actions);
        let old = column(of_rows(&rollout.log_probabilities, rows), device);
        let entropy = -(all.clone().exp() * all).sum_dim(1).mean();
        let advantages = column(rows.iter().map(|&row| self.advantage(row)).collect(), device);
        let policy_loss = -match self.objective {
            Objective::PolicyGradient => (log_probabilities.clone() * advantages).mean(),
            Objective::Likelihood => log_probabilities.clone().mean(),
            Objective::Clipped(range) => {
                let ratio = (log_probabilities.clone() - old.clone()).exp();
                let clipped = ratio.clone().clamp(1.0 - range, 1.0 + range);
                (ratio * advantages.clone()).min_pair(clipped * advantages).mean()
            }
        };
        let log_ratios = log_probabilities.inner() - old.inner();
        let off = log_ratios.clone().exp() - 1.0;
        let clip_fraction = match self.objective {
            Objective::Clipped(range) => off.clone().abs().greater_elem(range).float().mean(),
            Objective::PolicyGradient | Objective::Likelihood => (off.clone() * 0.0).mean(),
        };
        let approx_kl = (off - log_ratios).mean();
        let figures = vec![policy_loss.clone().inner(), entropy.clone().inner(), approx_kl, clip_fraction];
        TensorLoss { loss: policy_loss - entropy * self.entropy_coefficient, figures }
    }
}

/// True where an action is closed, a row a mask.
fn closed(masks: &[u32], actions: usize, device: &Device) -> Tensor<2, Bool> {
    let closed: Vec<bool> =
        masks.iter().flat_map(|&mask| (0..actions).map(move |action| !is_open(mask, action))).collect();
    Tensor::from_data(TensorData::new(closed, [masks.len(), actions]), device)
}
