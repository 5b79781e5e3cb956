//! The arrays that a step writes and Python gets.

use numpy::{Element, PyArray, PyArray1, PyArray2, PyArrayMethods, PyReadwriteArray};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// One set of arrays: `[envs, observation]` and `[envs]`.
pub(crate) struct Rows {
    pub(crate) observations: Py<PyArray2<f32>>,
    pub(crate) rewards: Py<PyArray1<f64>>,
    pub(crate) terminated: Py<PyArray1<bool>>,
    pub(crate) truncated: Py<PyArray1<bool>>,
}

impl Rows {
    pub(crate) fn new(py: Python<'_>, envs: usize, size: usize) -> Self {
        Self {
            observations: PyArray2::zeros(py, [envs, size], false).unbind(),
            rewards: PyArray1::zeros(py, envs, false).unbind(),
            terminated: PyArray1::zeros(py, envs, false).unbind(),
            truncated: PyArray1::zeros(py, envs, false).unbind(),
        }
    }

    pub(crate) fn clone_ref(&self, py: Python<'_>) -> Self {
        Self {
            observations: self.observations.clone_ref(py),
            rewards: self.rewards.clone_ref(py),
            terminated: self.terminated.clone_ref(py),
            truncated: self.truncated.clone_ref(py),
        }
    }
}

/// Borrows an array to be written. Whoever has it may have made it read-only meanwhile.
pub(crate) fn writable<'py, T: Element, D: numpy::ndarray::Dimension>(
    array: &Bound<'py, PyArray<T, D>>,
) -> PyResult<PyReadwriteArray<'py, T, D>> {
    array.try_readwrite().map_err(|error| {
        PyValueError::new_err(format!(
            "an array of this environment can't be written: {error} (copy=True makes new ones)"
        ))
    })
}
