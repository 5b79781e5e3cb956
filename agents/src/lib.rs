//! Agents for the Daladala environment: policies that act, and what judges them.
//!
//! Knows the environment, nothing of learning, sockets or terminals. Without its features it knows nothing of burn, files
//! or threads either, and compiles for `wasm32-unknown-unknown`: what acts is the fused network, on the CPU.
//!
//! * [`Policy`]: observations in, actions out; [`registry`] finds one by name or path;
//! * [`scripted`]: the drivers written by hand, among them the oracle; [`NeuralPolicy`]: the trained ones, on a
//!   [`DeviceKind`];
//! * [`network`] and [`Checkpoint`]: perceptrons as plain numbers, fused, on burn, and as safetensors files;
//! * `import`: networks that Stable-Baselines3 and PyTorch saved;
//! * [`evaluate`]: many episodes at once, judged; [`statistics`]: how sure its figures are; [`Stream`]: one after
//!   another, frame by frame, to be looked at.

mod algorithm;
mod checkpoint;
mod device;
mod evaluation;
#[cfg(feature = "files")]
pub mod files;
#[cfg(feature = "import")]
pub mod import;
pub mod network;
mod neural;
mod policy;
pub mod registry;
pub mod scripted;
mod seeds;
pub mod statistics;
mod stream;

pub use algorithm::Algorithm;
#[cfg(feature = "files")]
pub use checkpoint::LoadError;
pub use checkpoint::{Checkpoint, CheckpointError, ModelInfo};
pub use device::{DeviceError, DeviceKind};
pub use evaluation::{EndingShare, EvaluatedEpisode, Evaluation, FigureEstimate, evaluate, evaluate_each};
#[cfg(feature = "files")]
pub use files::FileError;
pub use neural::{Choice, NeuralPolicy, mask_logits, sample};
pub use policy::{
    Policy, PolicyFault, Unmasked, WrongSpaces, argmax, is_open, masked_argmax, policy_generators, rows_per_thread,
};
pub use registry::AgentError;
pub use scripted::random_open_action;
pub use seeds::SeedStream;
pub use stream::{Stream, StreamError};
