//! Which Python exception an error is.

use daladala_env::EnvError;
use pyo3::exceptions::{PyIndexError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

/// A mistake of the caller, as the exception that Gymnasium or Python has for it.
pub(crate) fn of_env(py: Python<'_>, error: &EnvError) -> PyErr {
    let message = error.to_string();
    match error {
        EnvError::NeedsReset { .. } => gymnasium(py, "ResetNeeded", &message),
        EnvError::NoSuchEnvironment { .. } => PyIndexError::new_err(message),
        _ => PyValueError::new_err(message),
    }
}

/// Anything else that may be wrong with what was given.
pub(crate) fn value(error: impl std::fmt::Display) -> PyErr {
    PyValueError::new_err(format!("{error:#}"))
}

/// Use after `close`.
pub(crate) fn closed(py: Python<'_>) -> PyErr {
    gymnasium(py, "ClosedEnvironmentError", "the environment is closed: make another")
}

/// Two threads, one environment.
pub(crate) fn busy() -> PyErr {
    PyRuntimeError::new_err("another thread is using this environment: give each thread its own")
}

/// An exception of Gymnasium's, by name.
fn gymnasium(py: Python<'_>, name: &str, message: &str) -> PyErr {
    static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let module = MODULE.get_or_try_init(py, || py.import("gymnasium.error").map(Bound::unbind));
    let exception = module.and_then(|module| Ok(module.bind(py).getattr(name)?.cast_into::<PyType>()?));
    match exception {
        Ok(exception) => PyErr::from_type(exception, message.to_owned()),
        Err(error) => error,
    }
}
