//! Gradients on the CPU: forward, loss and backward of a block of rows in one go, by the registers of the machine.
//!
//! A tensor library goes through a network operation by operation, and through memory each time. Here a block of rows goes
//! through all layers and back before the next begins. Blocks are shared among threads in shards whose size is fixed, and
//! the gradients of these are summed in their order: **the same rows give the same bits on any number of threads**.
#![expect(clippy::inline_always, reason = "instruction sets are enabled for one function and what is inlined in it")]

mod adam;
mod layer;
mod network;
mod panels;
mod tile;

use daladala_agents::network::MlpWeights;
use fearless_simd::Level;
use ndarray::ArrayView2;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::fits;
use crate::loss::{Figures, Loss};
use adam::Adam;
use network::{BLOCK, Network, Workspace};
use panels::{Line, WIDTH};

/// Rows of a shard: enough that a thread has something to do, and few enough that a minibatch has several.
const SHARD: usize = 2 * BLOCK;

pub(crate) struct FusedLearner {
    network: Network,
    optimizer: Adam,
    /// One a shard; the first holds the sums of all.
    shards: Vec<Shard>,
}

struct Shard {
    workspace: Workspace,
    /// Sums over its rows.
    figures: Figures,
}

/// What a [`FusedLearner`] goes on from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct FusedState {
    weights: MlpWeights,
    optimizer: adam::AdamState,
}

impl FusedLearner {
    pub(super) fn new(weights: &MlpWeights, adam_epsilon: f32) -> Self {
        Self::at_level(Level::new(), weights, adam_epsilon)
    }

    /// By the instructions of `level`.
    pub(super) fn at_level(level: Level, weights: &MlpWeights, adam_epsilon: f32) -> Self {
        let network = Network::new(weights, level);
        let optimizer = Adam::new(network.parameters.len(), adam_epsilon);
        let shards = vec![Shard::new(&network)];
        Self { network, optimizer, shards }
    }

    pub(super) fn find_gradients(
        &mut self,
        observations: ArrayView2<f32>,
        rows: &[usize],
        loss: &impl Loss,
    ) -> Figures {
        let Self { network, shards, .. } = self;
        let count = rows.len().div_ceil(SHARD).max(1);
        if shards.len() < count {
            shards.resize_with(count, || Shard::new(network));
        }
        let (size, numbers) = (observations.ncols(), observations.as_slice().expect("rows follow one another"));
        let observation = |row: usize| &numbers[row * size..][..size];
        let weight = 1.0 / rows.len() as f32;
        let find = |(shard, rows): (&mut Shard, &[usize])| shard.find(network, rows, observation, loss, weight);
        if count == 1 {
            find((&mut shards[0], rows));
        } else {
            shards[..count].par_iter_mut().zip(rows.par_chunks(SHARD)).for_each(find);
        }
        let (first, others) = shards[..count].split_first_mut().expect("there is one at least");
        for other in others {
            first.add(other);
        }
        first.figures.map(|figure| figure / rows.len() as f64)
    }

    /// Summed in as many parts as the widest register has floats, so that it is the same on any machine.
    pub(super) fn squared_norm(&self) -> f32 {
        let mut squares = [0.0; WIDTH];
        for Line(line) in &self.shards[0].workspace.gradients {
            for (sum, gradient) in squares.iter_mut().zip(line) {
                *sum += gradient * gradient;
            }
        }
        squares.iter().sum()
    }

    pub(super) fn step(&mut self, factor: f32, learning_rate: f64) {
        let gradients = &self.shards[0].workspace.gradients;
        self.optimizer.step(self.network.level(), &mut self.network.parameters, gradients, factor, learning_rate);
        self.network.transpose();
    }

    pub(super) fn weights(&self) -> MlpWeights {
        self.network.unpacked(&self.network.parameters)
    }

    #[cfg(test)]
    pub(super) fn gradients(&self) -> MlpWeights {
        self.network.unpacked(&self.shards[0].workspace.gradients)
    }

    pub(super) fn state(&self) -> FusedState {
        FusedState { weights: self.weights(), optimizer: self.optimizer.state(&self.network) }
    }

    pub(super) fn restore(&mut self, state: &FusedState) -> Result<(), String> {
        let now = self.weights();
        if !fits(&state.weights, &now) || !state.optimizer.fits(&now) {
            return Err("the networks are not those of the hyperparameters".to_owned());
        }
        self.network = Network::new(&state.weights, self.network.level());
        self.optimizer.restore(&state.optimizer, self.network.level());
        Ok(())
    }
}

impl Shard {
    fn new(network: &Network) -> Self {
        Self { workspace: network.workspace(), figures: Figures::default() }
    }

    /// Finds the gradients of some rows, each of which counts `weight`.
    fn find<'a>(
        &mut self,
        network: &Network,
        rows: &[usize],
        observation: impl Fn(usize) -> &'a [f32],
        loss: &impl Loss,
        weight: f32,
    ) {
        let Self { workspace, figures } = self;
        workspace.gradients.fill(Line::default());
        *figures = Figures::default();
        for block in rows.chunks(BLOCK) {
            let output = |index: usize, outputs: &mut [f32]| {
                let of_row = loss.row(block[index], outputs);
                figures.iter_mut().zip(of_row).for_each(|(sum, figure)| *sum += figure);
                for gradient in outputs {
                    *gradient *= weight;
                }
            };
            network.add_gradients(workspace, block.len(), |index| observation(block[index]), output);
        }
    }

    fn add(&mut self, other: &Self) {
        for (Line(sums), Line(gradients)) in self.workspace.gradients.iter_mut().zip(&other.workspace.gradients) {
            sums.iter_mut().zip(gradients).for_each(|(sum, gradient)| *sum += gradient);
        }
        self.figures.iter_mut().zip(other.figures).for_each(|(sum, figure)| *sum += figure);
    }
}
