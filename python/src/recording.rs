//! Episodes as files, as the program's `record` writes them.

use std::path::Path;

use daladala::{FRAME_RATES, Recorded, Recording};
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;

use crate::policy::Driving;
use crate::spec;

/// Drives and writes: frames, bytes and the return of each episode.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "keywords of Python, one each")]
pub(crate) fn record(
    py: Python<'_>,
    policy: &Bound<'_, PyAny>,
    model: &str,
    out: &str,
    rules: &str,
    scenario: Option<&str>,
    overrides: Vec<(String, String)>,
    masked: bool,
    episodes: u32,
    seed: u64,
    fps: f64,
    step: Option<u32>,
) -> PyResult<(u64, u64, Vec<f32>)> {
    if !FRAME_RATES.contains(&fps) {
        let (least, most) = FRAME_RATES.into_inner();
        return Err(PyValueError::new_err(format!("fps is {fps}, it has to be {least} to {most}")));
    }
    let spec = spec::spec(py, rules, scenario, &overrides)?;
    let driving = Driving::new(policy, &spec.info(), masked)?;
    let policy = driving.acting();
    #[expect(clippy::redundant_closure_for_method_calls, reason = "the method itself is of one lifetime")]
    let check_signals = || Python::attach(|py| py.check_signals());
    let written = py.detach(|| {
        let recording = Recording { spec: &spec, policy, model, seed, episodes, fps, step };
        recording.write(Path::new(out), &|_| Ok(check_signals()?))
    });
    let Recorded { frames, bytes, returns } = written.map_err(|error| raised(&driving, error))?;
    Ok((frames, bytes, returns))
}

/// What went wrong, as the exception that it was, where it was one.
fn raised(driving: &Driving, error: anyhow::Error) -> PyErr {
    if let Some(raised) = driving.take_raised() {
        return raised;
    }
    let message = format!("{error:#}");
    match error.downcast::<PyErr>() {
        Ok(interrupt) => interrupt,
        Err(error) if is_of_the_system(&error) => PyOSError::new_err(message),
        Err(_) => PyValueError::new_err(message),
    }
}

fn is_of_the_system(error: &anyhow::Error) -> bool {
    error.chain().any(<dyn std::error::Error>::is::<std::io::Error>)
}
