//! What is to be trained, with which hyperparameters.

use serde::{Deserialize, Serialize};

use super::{A2cConfig, DqnConfig, PpoConfig, ReinforceConfig};
use super::{dqn, on_policy, ppo};
use crate::algorithm::Algorithm;

/// The largest size among the hyperparameters: beyond it memory ends before learning begins.
const LARGEST_SIZE: usize = 1 << 24;

/// What is to be trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TrainConfig {
    /// DQN with these hyperparameters.
    Dqn(DqnConfig),
    /// PPO with these hyperparameters.
    Ppo(PpoConfig),
    /// A2C with these hyperparameters.
    A2c(A2cConfig),
    /// REINFORCE with these hyperparameters.
    Reinforce(ReinforceConfig),
}

impl TrainConfig {
    /// The defaults for an algorithm, tuned on `classic`.
    #[must_use]
    pub fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Dqn => Self::Dqn(DqnConfig::default()),
            Algorithm::Ppo => Self::Ppo(PpoConfig::default()),
            Algorithm::A2c => Self::A2c(A2cConfig::default()),
            Algorithm::Reinforce => Self::Reinforce(ReinforceConfig::default()),
        }
    }

    /// What is trained by them.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::Dqn(_) => Algorithm::Dqn,
            Self::Ppo(_) => Algorithm::Ppo,
            Self::A2c(_) => Algorithm::A2c,
            Self::Reinforce(_) => Algorithm::Reinforce,
        }
    }

    /// The names of what the algorithm tells of itself, as in [`Progress::details`](super::Progress::details).
    #[must_use]
    pub fn details(&self) -> &'static [&'static str] {
        match self {
            Self::Dqn(_) => &dqn::DETAILS,
            Self::Ppo(_) => &ppo::DETAILS,
            Self::A2c(_) | Self::Reinforce(_) => &on_policy::DETAILS,
        }
    }

    /// What is wrong with the hyperparameters, if anything is.
    pub fn check(&self) -> Result<(), String> {
        let (sizes, hidden): (&[(&str, usize)], _) = match self {
            Self::Dqn(config) => (
                &[
                    ("envs", config.envs),
                    ("buffer_size", config.buffer_size),
                    ("learning_starts", config.learning_starts),
                    ("batch_size", config.batch_size),
                ],
                &config.hidden,
            ),
            Self::Ppo(config) => (
                &[
                    ("envs", config.envs),
                    ("rollout_steps", config.rollout_steps),
                    ("epochs", config.epochs),
                    ("minibatch_size", config.minibatch_size),
                ],
                &config.hidden,
            ),
            Self::A2c(config) => (&[("envs", config.envs), ("rollout_steps", config.rollout_steps)], &config.hidden),
            Self::Reinforce(config) => (&[("envs", config.envs)], &config.hidden),
        };
        let hidden = hidden.iter().map(|&size| ("hidden", size));
        match sizes.iter().copied().chain(hidden).find(|&(_, size)| !(1..=LARGEST_SIZE).contains(&size)) {
            Some((name, size)) => Err(format!("{name} is {size}, it has to be 1 to {LARGEST_SIZE}")),
            None => Ok(()),
        }
    }

    /// Environments stepped together.
    #[must_use]
    pub fn envs(&self) -> usize {
        match self {
            Self::Dqn(config) => config.envs,
            Self::Ppo(config) => config.envs,
            Self::A2c(config) => config.envs,
            Self::Reinforce(config) => config.envs,
        }
    }

    /// Rows of a gradient step; none where they are as many as the episodes have.
    #[must_use]
    pub fn batch(&self) -> Option<usize> {
        match self {
            Self::Dqn(config) => Some(config.batch_size),
            Self::Ppo(config) => Some(config.minibatch_size),
            Self::A2c(config) => Some(config.envs * config.rollout_steps),
            Self::Reinforce(_) => None,
        }
    }

    /// Environment steps that the defaults are tuned for.
    #[must_use]
    pub fn default_steps(&self) -> u64 {
        match self {
            Self::Dqn(_) => 200_000,
            Self::Ppo(_) => 100_000,
            Self::A2c(_) | Self::Reinforce(_) => 400_000,
        }
    }
}
