//! Making policies: DQN, PPO, A2C and REINFORCE on burn, over the vectorized engine.
//!
//! What they share: a seed covers everything (weights, layouts, exploration, batches), termination ends the value
//! of what follows while truncation bootstraps from the episode's final observation, learning rates fall linearly to
//! zero, and the caller is told how it goes.

mod a2c;
mod actor_critic;
mod collector;
mod dqn;
mod policy_gradient;
mod ppo;
mod reinforce;
mod replay_buffer;
mod rollout;
mod shuffle;

use daladala_env::Rules;

use crate::algorithm::Algorithm;
use crate::checkpoint::Checkpoint;
pub use a2c::A2cConfig;
pub use dqn::DqnConfig;
pub use ppo::PpoConfig;
pub use reinforce::ReinforceConfig;

/// Episodes whose mean return is reported while training goes on.
const RECENT_EPISODES: usize = 100;

/// The largest size among the hyperparameters: beyond it memory ends before learning begins.
const LARGEST_SIZE: usize = 1 << 24;

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

/// Trains for at least `steps` environment steps. `info.mean_return` of what comes back is that of the last
/// episodes of the training; evaluate the policy for a better figure.
///
/// # Panics
/// If [`TrainConfig::check`] finds something wrong.
pub fn train<R: Rules>(
    config: &TrainConfig,
    rules: &R,
    seed: u64,
    steps: u64,
    progress: &mut dyn FnMut(Progress),
) -> Checkpoint {
    if let Err(why) = config.check() {
        panic!("{why}");
    }
    match config {
        TrainConfig::Dqn(config) => dqn::train(config, rules, seed, steps, progress),
        TrainConfig::Ppo(config) => ppo::train(config, rules, seed, steps, progress),
        TrainConfig::A2c(config) => a2c::train(config, rules, seed, steps, progress),
        TrainConfig::Reinforce(config) => reinforce::train(config, rules, seed, steps, progress),
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
