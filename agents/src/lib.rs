//! Agents for the Daladala environment: policies that act, and what makes and judges them.
//!
//! Knows the environment and tensors, nothing of sockets or terminals. From use to making:
//!
//! * [`Policy`]: observations in, actions out; [`registry`] finds one by name or path;
//! * [`scripted`]: the drivers written by hand, among them the oracle; [`NeuralPolicy`]: the trained ones, on a
//!   [`DeviceKind`];
//! * [`network`] and [`Checkpoint`]: perceptrons on burn, as plain numbers and as safetensors files;
//! * [`import`]: networks that Stable-Baselines3 and PyTorch saved;
//! * [`evaluate`]: many episodes at once, judged; [`statistics`]: how sure its figures are; [`Stream`]: one after
//!   another, frame by frame, to be looked at;
//! * [`training`]: DQN, PPO, A2C and REINFORCE.

mod algorithm;
mod checkpoint;
mod device;
mod error;
mod evaluation;
pub mod import;
pub mod network;
mod neural;
mod policy;
pub mod registry;
pub mod scripted;
pub mod statistics;
mod stream;
pub mod training;
mod whole_file;

pub use algorithm::Algorithm;
pub use checkpoint::{Checkpoint, ModelInfo};
pub use device::DeviceKind;
pub use error::{AgentError, CheckpointError};
pub use evaluation::{EndingShare, EvaluatedEpisode, Evaluation, FigureEstimate, evaluate, evaluate_each};
pub use neural::{Choice, NeuralPolicy};
pub use policy::{Policy, policy_generators, rows_per_thread};
pub use stream::Stream;
