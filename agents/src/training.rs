//! Making policies: DQN and PPO on burn, over the vectorized engine.
//!
//! What the two share: a seed covers everything (weights, layouts, exploration, batches), termination ends the value
//! of what follows while truncation bootstraps from the episode's final observation, learning rates fall linearly to
//! zero, and the caller is told how it goes.

mod dqn;
mod ppo;
mod replay_buffer;
mod rollout;
mod shuffle;

use daladala_env::Rules;

use crate::algorithm::Algorithm;
use crate::checkpoint::Checkpoint;
pub use dqn::DqnConfig;
pub use ppo::PpoConfig;

/// Episodes whose mean return is reported while training goes on.
const RECENT_EPISODES: usize = 100;

/// How training goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Environment steps so far.
    pub steps: u64,
    /// Mean return of the last 100 episodes, exploration included; NaN before the first has ended.
    pub mean_return: f32,
    /// Loss of the last update; NaN before the first.
    pub loss: f32,
}

/// What is to be trained.
#[derive(Debug, Clone)]
pub enum TrainConfig {
    /// DQN with these hyperparameters.
    Dqn(DqnConfig),
    /// PPO with these hyperparameters.
    Ppo(PpoConfig),
}

impl TrainConfig {
    /// The defaults for an algorithm, tuned on `classic`; none for those whose models can only be imported.
    #[must_use]
    pub fn new(algorithm: Algorithm) -> Option<Self> {
        match algorithm {
            Algorithm::Dqn => Some(Self::Dqn(DqnConfig::default())),
            Algorithm::Ppo => Some(Self::Ppo(PpoConfig::default())),
            Algorithm::A2c | Algorithm::Reinforce => None,
        }
    }

    /// Environment steps that the defaults are tuned for.
    #[must_use]
    pub fn default_steps(&self) -> u64 {
        match self {
            Self::Dqn(_) => 200_000,
            Self::Ppo(_) => 100_000,
        }
    }
}

/// Trains for at least `steps` environment steps. `info.mean_return` of what comes back is that of the last
/// episodes of the training; evaluate the policy for a better figure.
///
/// # Panics
/// If a size among the hyperparameters is zero.
pub fn train<R: Rules>(
    config: &TrainConfig,
    rules: &R,
    seed: u64,
    steps: u64,
    progress: &mut dyn FnMut(Progress),
) -> Checkpoint {
    let sizes: &[usize] = match config {
        TrainConfig::Dqn(config) => &[config.envs, config.buffer_size, config.learning_starts, config.batch_size],
        TrainConfig::Ppo(config) => &[config.envs, config.rollout_steps, config.epochs, config.minibatch_size],
    };
    assert!(!sizes.contains(&0), "a size among the hyperparameters is zero: {config:?}");
    match config {
        TrainConfig::Dqn(config) => dqn::train(config, rules, seed, steps, progress),
        TrainConfig::Ppo(config) => ppo::train(config, rules, seed, steps, progress),
    }
}

/// The mean return of the last episodes.
#[derive(Debug, Default)]
struct RecentReturns {
    returns: std::collections::VecDeque<f32>,
}

impl RecentReturns {
    fn push(&mut self, episode_return: f32) {
        if self.returns.len() == RECENT_EPISODES {
            self.returns.pop_front();
        }
        self.returns.push_back(episode_return);
    }

    fn mean(&self) -> f32 {
        self.returns.iter().sum::<f32>() / self.returns.len() as f32
    }
}
