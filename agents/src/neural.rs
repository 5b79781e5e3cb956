//! Policies that are networks.

#[cfg(feature = "burn")]
use burn::tensor::{Device, Tensor, TensorData};
use daladala_env::{Action, Generator, OutputKind};

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::device::{DeviceError, DeviceKind};
use crate::network::FusedMlp;
#[cfg(feature = "burn")]
use crate::network::{Mlp, values};
use crate::policy::{Policy, choose_greatest, is_open};

/// Rows that burn's CPU backend gets at a time: it is at its best with as many, and slower a row with more.
#[cfg(feature = "burn")]
const CPU_BLOCK: usize = 128;
/// Rows that a GPU gets at a time: whole batches, as each call costs the same whatever its size, but no more than what
/// fits the buffers of any GPU.
#[cfg(feature = "burn")]
const GPU_BLOCK: usize = 1 << 16;

/// How an action is chosen from the outputs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Choice {
    /// The greatest output, the first of equals.
    #[default]
    Greedy,
    /// With the probabilities that the outputs are the logits of.
    Sampled,
}

/// What computes the outputs.
#[derive(Debug)]
enum Engine {
    /// This machine's CPU.
    Fused(FusedMlp),
    /// burn, on any of its devices.
    #[cfg(feature = "burn")]
    Burn { network: Mlp, device: Device, block: usize },
}

/// A network that acts.
#[derive(Debug)]
pub struct NeuralPolicy {
    engine: Engine,
    observation_size: usize,
    actions: usize,
    output_kind: OutputKind,
    choice: Choice,
    masked: bool,
}

impl NeuralPolicy {
    /// The acting network of a checkpoint, on the CPU.
    pub fn new(checkpoint: &Checkpoint, choice: Choice) -> Result<Self, CheckpointError> {
        let engine = Engine::Fused(FusedMlp::new(checkpoint.acting()?));
        Ok(Self::with_engine(engine, checkpoint, choice))
    }

    /// The acting network of a checkpoint, on a device of this kind. The outer error is the device's, the inner one the
    /// checkpoint's.
    pub fn on(
        device: DeviceKind,
        checkpoint: &Checkpoint,
        choice: Choice,
    ) -> Result<Result<Self, CheckpointError>, DeviceError> {
        #[cfg(feature = "burn")]
        if let Some(device) = device.open()? {
            return Ok(Self::on_device(checkpoint, choice, device));
        }
        #[cfg(not(feature = "burn"))]
        if device != DeviceKind::Cpu {
            return Err(DeviceError::NotBuiltIn { device });
        }
        Ok(Self::new(checkpoint, choice))
    }

    /// The acting network of a checkpoint, on a device of burn's.
    #[cfg(feature = "burn")]
    pub fn on_device(checkpoint: &Checkpoint, choice: Choice, device: Device) -> Result<Self, CheckpointError> {
        let network = Mlp::new(checkpoint.acting()?, &device);
        let block = if device == Device::flex() { CPU_BLOCK } else { GPU_BLOCK };
        Ok(Self::with_engine(Engine::Burn { network, device, block }, checkpoint, choice))
    }

    fn with_engine(engine: Engine, checkpoint: &Checkpoint, choice: Choice) -> Self {
        let info = &checkpoint.info;
        let (observation_size, actions) = (info.observation_size, info.actions);
        Self {
            engine,
            observation_size,
            actions,
            output_kind: info.algorithm.output_kind(),
            choice,
            masked: info.action_masks,
        }
    }
}

impl Policy for NeuralPolicy {
    fn observation_size(&self) -> usize {
        self.observation_size
    }

    fn actions(&self) -> usize {
        self.actions
    }

    fn output_kind(&self) -> OutputKind {
        self.output_kind
    }

    fn outputs(&self, observations: &[f32], outputs: &mut [f32]) {
        match &self.engine {
            Engine::Fused(network) => network.forward(observations, outputs),
            #[cfg(feature = "burn")]
            Engine::Burn { network, device, block } => {
                let (inputs, actions) = (self.observation_size, self.actions);
                let blocks = observations.chunks(block * inputs).zip(outputs.chunks_mut(block * actions));
                for (observations, outputs) in blocks {
                    let shape = [observations.len() / inputs, inputs];
                    let input = Tensor::from_data(TensorData::new(observations.to_vec(), shape), device);
                    outputs.copy_from_slice(&values(network.forward(input)));
                }
            }
        }
    }

    fn masked(&self) -> bool {
        self.masked
    }

    fn choose(&self, outputs: &[f32], masks: Option<&[u32]>, generators: &mut [Generator], actions: &mut [Action]) {
        let rows = outputs.chunks_exact(self.actions).zip(&mut *actions);
        match (self.choice, masks) {
            (Choice::Greedy, masks) => choose_greatest(outputs, masks, self.actions, actions),
            (Choice::Sampled, None) => {
                rows.zip(generators).for_each(|((outputs, action), generator)| *action = sample(outputs, generator));
            }
            (Choice::Sampled, Some(masks)) => {
                for (((outputs, action), generator), &mask) in rows.zip(generators).zip(masks) {
                    let mut logits = outputs.to_vec();
                    mask_logits(&mut logits, mask);
                    *action = sample(&logits, generator);
                }
            }
        }
    }
}

/// Takes all probability from the actions that are closed in `mask`.
pub fn mask_logits(logits: &mut [f32], mask: u32) {
    for (action, logit) in logits.iter_mut().enumerate() {
        if !is_open(mask, action) {
            *logit = f32::NEG_INFINITY;
        }
    }
}

/// An action with the probabilities that `logits` stand for.
#[must_use]
pub fn sample(logits: &[f32], generator: &mut Generator) -> Action {
    let greatest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let total: f32 = logits.iter().map(|logit| (logit - greatest).exp()).sum();
    let mut rest = generator.uniform() * total;
    for (action, logit) in logits.iter().enumerate() {
        rest -= (logit - greatest).exp();
        if rest < 0.0 {
            return action as Action;
        }
    }
    // Rounding can leave a little over: the last action with any probability.
    logits.iter().rposition(|&logit| (logit - greatest).exp() > 0.0).unwrap_or(0) as Action
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::argmax;

    #[test]
    fn sampling_follows_the_softmax() {
        let logits = [0.0, 1.0, 2.0, -60.0, 1.0];
        let total: f32 = logits.iter().map(|logit: &f32| logit.exp()).sum();
        let mut generator = Generator::new(5, 0);
        let mut counts = [0.0; 5];
        let draws = 50_000;
        for _ in 0..draws {
            counts[usize::from(sample(&logits, &mut generator))] += 1.0 / draws as f32;
        }
        for (count, logit) in counts.iter().zip(logits) {
            assert!((count - logit.exp() / total).abs() < 0.01, "{counts:?}");
        }
    }

    #[test]
    fn the_greatest_output_wins_and_the_first_of_equals() {
        assert_eq!(argmax(&[0.0, 2.0, 2.0]), 1);
        assert_eq!(argmax(&[-3.0, -2.0, -4.0]), 1);
    }

    #[test]
    fn a_closed_action_is_never_sampled_and_the_others_keep_their_odds() {
        let mut logits = [0.0, 5.0, 1.0];
        mask_logits(&mut logits, 0b101);
        let mut generator = Generator::new(6, 0);
        let mut counts = [0.0f32; 3];
        for _ in 0..20_000 {
            counts[usize::from(sample(&logits, &mut generator))] += 1.0;
        }
        assert_eq!(counts[1], 0.0);
        assert!((counts[2] / counts[0] - 1.0f32.exp()).abs() < 0.1, "{counts:?}");
    }
}
