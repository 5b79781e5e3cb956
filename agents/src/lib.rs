//! Agents for the Daladala environment: policies that act, and what makes and judges them.
//!
//! Knows the environment and tensors, nothing of sockets or terminals. From use to making:
//!
//! * [`Policy`]: observations in, actions out; [`registry`] finds one by name or path;
//! * [`scripted`]: the drivers written by hand, among them the oracle.

mod error;
mod policy;
pub mod registry;
pub mod scripted;

pub use error::AgentError;
pub use policy::Policy;
