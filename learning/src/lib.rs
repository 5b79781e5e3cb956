//! Making policies: DQN, PPO, A2C and REINFORCE on burn, over the vectorized engine.
//!
//! What they share: a seed covers everything (weights, layouts, exploration, batches), termination ends the value
//! of what follows while truncation bootstraps from the episode's final observation, and the norm of all gradients
//! together is clipped. Episodes are driven on the CPU by the fused network, and gradients are found there too, or by burn
//! on other devices.
//!
//! From making to learning:
//!
//! * [`TrainingRun`]: a training that is evaluated, kept and resumed; [`Trainer`]: one that only learns;
//! * `ppo`, `a2c`, `reinforce` over `on_policy`, and `dqn`: the algorithms, each with its hyperparameters;
//! * `collector`, `environments`, `rollout`, `replay_buffer`, `normalizer`: experience, and `fragment`: gathered elsewhere; `loss`, `learner`: gradient steps;
//! * `config`: hyperparameters by rules, tuned or generic; `references`: what all of it is held to.
#![expect(clippy::needless_pass_by_value, reason = "views of arrays are passed by value, as slices are")]

mod a2c;
mod collector;
mod config;
mod constraint;
mod dqn;
mod environments;
mod error;
mod fragment;
mod learner;
mod loss;
mod method;
mod normalizer;
mod on_policy;
mod ppo;
#[cfg(test)]
mod references;
mod reinforce;
mod replay_buffer;
mod rollout;
mod run;
mod schedule;
mod trainer;

pub use a2c::A2cConfig;
pub use config::{Defaults, TrainConfig, defaults};
pub use dqn::DqnConfig;
pub use environments::EndedEpisode;
pub use error::LearningError;
pub use fragment::{Fragment, FragmentShape, Sample, Sampler, SamplerOptions};
pub use on_policy::Initialization;
pub use ppo::PpoConfig;
pub use reinforce::ReinforceConfig;
pub use run::{Evaluated, Evaluations, MAX_EVALUATION_EPISODES, Report, SOLVED, TrainingResult, TrainingRun};
pub use schedule::Schedule;
pub use trainer::{Progress, Trainer};
