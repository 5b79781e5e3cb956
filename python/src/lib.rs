//! The native half of the Python package: what `daladala/*.py` builds the classes of Gymnasium and others on.
//!
//! It knows numpy and no library of reinforcement learning. From the engine outwards:
//!
//! * `core`: the engine with a step limit of the caller's, without Python;
//! * `engine`: the same for Python: actions read from arrays (`actions`), rows written into arrays (`rows`), and what
//!   is told beside them (`infos`);
//! * `policy`, `callable`: what acts, written here or in Python; `evaluation` judges it, `training` makes it, of what
//!   `sampling` gathers on other machines where there are some;
//! * `serving`, `recording`: episodes to look at, live or as files;
//! * `interruptible`: Ctrl-C, for what takes long;
//! * `program`: the program `daladala`, which comes along; `pool`: threads;
//! * `spec`: rules, scenario and fields by name; `error`: which exception an error is.
#![expect(clippy::needless_pass_by_value, reason = "arguments from Python are owned")]

mod actions;
mod callable;
mod core;
mod engine;
mod environments;
mod error;
mod evaluation;
mod infos;
mod interruptible;
mod policy;
mod pool;
mod program;
mod recording;
mod rows;
mod sampling;
mod serving;
mod spec;
mod training;

use pyo3::prelude::*;

/// The native half of `daladala`.
#[pymodule]
mod _native {
    #[pymodule_export]
    use crate::engine::Engine;
    #[pymodule_export]
    use crate::evaluation::evaluate;
    #[pymodule_export]
    use crate::policy::{Policy, models};
    #[pymodule_export]
    use crate::program::run_program;
    #[pymodule_export]
    use crate::recording::record;
    #[pymodule_export]
    use crate::sampling::Sampler;
    #[pymodule_export]
    use crate::serving::{Served, serve, show};
    #[pymodule_export]
    use crate::spec::{describe, rules};
    #[pymodule_export]
    use crate::training::train;
}
