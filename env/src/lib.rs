//! The Daladala environment: what the world is, how it moves and what an agent is told of it.
//!
//! Everything else in the workspace stands on this crate, so it knows nothing of them: no tensors, no async,
//! no I/O beyond serde. Its parts, from the rules outwards:
//!
//! * [`rules`]: the [`Rules`] contract and one module a rule set ([`rules::Classic`]);
//! * [`RuleSpec`]: a rule set named with its scenario, and the one place where the name becomes a type;
//! * [`RulesInfo`]: what describes a rule set, in data;
//! * [`spaces`]: observations and actions described in data, the one source for docs, viewers and bindings;
//! * [`VecEnv`]: the vectorized engine that steps many environments into slices the caller owns;
//! * [`AnyVecEnv`]: the same without the type of its rules, for whoever knows them by name alone;
//! * [`checker`]: a check of any rule set against the contract;
//! * [`Frame`]: what one step looks like from outside, the type that travels to viewers and recordings;
//! * [`trace`]: an episode acted out from a given layout and given actions, to compare with other implementations.
//!
//! ```
//! use daladala_env::{Buffers, VecEnv, VecEnvConfig, rules::Classic};
//!
//! let mut env = VecEnv::new(Classic::default(), 8, VecEnvConfig::default());
//! let mut buffers = Buffers::for_env(&env);
//! env.reset(&mut buffers.observations);
//! env.step(&[4; 8], buffers.as_step()).expect("4 is an action");
//! assert_eq!(buffers.observations.len(), 8 * 14);
//! ```

mod any_vec_env;
pub mod checker;
mod episode;
mod error;
mod frame;
mod generator;
pub mod info;
mod instruction_set;
mod rule_spec;
pub mod rules;
mod scenario_field;
pub mod spaces;
pub mod trace;
mod vec_env;

pub use any_vec_env::AnyVecEnv;
pub use episode::EpisodeStats;
pub use error::EnvError;
pub use frame::{Cell, FieldType, FieldValue, Frame, FrameField, OutputKind, Place, common_fields};
pub use generator::Generator;
pub use info::RulesInfo;
pub use instruction_set::instruction_set;
pub use rule_spec::{RuleSet, RuleSpec, RulesVisitor, Scenario, SpecId};
pub use rules::{Action, Ending, Rules, StepTerms, Transition};
pub use scenario_field::{Bounds, ScenarioField};
pub use vec_env::{
    Autoreset, Batch, Buffers, ResetOptions, ScalarBatch, Seeds, Snapshot, StepBuffers, TermBuffers, VecEnv,
    VecEnvConfig,
};
