//! The program `daladala`, as the package brings it along.

use std::ffi::OsString;

use pyo3::prelude::*;

/// Runs the program with these arguments, its own name first, and returns its exit code.
#[pyfunction]
pub(crate) fn run_program(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    py.detach(|| daladala::run(&arguments, option_env!("DALADALA_COMMIT")))
}
