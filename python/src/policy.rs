//! Policies for Python: built-in names, weights files and what was trained here; and Python's own, for the evaluation.

use std::sync::{Mutex, PoisonError};

use daladala_agents::{Checkpoint, Choice, DeviceKind, NeuralPolicy, Policy as Acting, policy_generators, registry};
use daladala_env::{Action, Generator, OutputKind};
use numpy::ndarray::Array2;
use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray2, PyUntypedArrayMethods, ToPyArray};
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;

use crate::{actions, error, spec};

/// The policies that are part of the package: rules, name and a summary of each.
#[pyfunction]
pub(crate) fn models() -> Vec<(&'static str, &'static str, &'static str)> {
    registry::BUILT_IN.iter().map(|model| (model.rules, model.name, model.summary())).collect()
}

/// What chooses actions.
#[pyclass(frozen, module = "daladala._native")]
pub(crate) struct Policy {
    pub(crate) acting: Box<dyn Acting>,
    /// The weights, where there are some.
    checkpoint: Option<Checkpoint>,
    seed: u64,
    /// One a row.
    generators: Mutex<Vec<Generator>>,
}

impl Policy {
    /// What was trained.
    pub(crate) fn trained(checkpoint: Checkpoint) -> PyResult<Self> {
        let acting = NeuralPolicy::new(&checkpoint, Choice::Greedy).map_err(error::value)?;
        Ok(Self::new(Box::new(acting), Some(checkpoint), 0))
    }

    fn new(acting: Box<dyn Acting>, checkpoint: Option<Checkpoint>, seed: u64) -> Self {
        Self { acting, checkpoint, seed, generators: Mutex::default() }
    }

    /// Observations as rows.
    fn rows<'a>(&self, observations: &'a PyReadonlyArray2<'_, f32>) -> PyResult<&'a [f32]> {
        let (shape, size) = (observations.shape(), self.acting.observation_size());
        if shape[1] != size {
            let message = format!("observations have {} entries, the policy takes {size}", shape[1]);
            return Err(PyValueError::new_err(message));
        }
        Ok(observations.as_slice()?)
    }
}

#[pymethods]
impl Policy {
    #[staticmethod]
    fn load(
        py: Python<'_>,
        name: &str,
        rules: &str,
        scenario: Option<&str>,
        overrides: Vec<(String, String)>,
        sampled: bool,
        seed: u64,
    ) -> PyResult<Self> {
        let info = spec::spec(py, rules, scenario, &overrides)?.info();
        let choice = if sampled { Choice::Sampled } else { Choice::Greedy };
        let loaded = registry::load(name, &info, choice, DeviceKind::Cpu).map_err(error::value)?;
        let checkpoint = registry::checkpoint(name, &info).map_err(error::value)?;
        Ok(Self::new(loaded.policy, checkpoint, seed))
    }

    /// Entries of an observation.
    #[getter]
    fn observation_size(&self) -> usize {
        self.acting.observation_size()
    }

    /// How many actions there are.
    #[getter]
    fn actions(&self) -> usize {
        self.acting.actions()
    }

    /// Whether it is to choose among open actions alone.
    #[getter]
    fn masked(&self) -> bool {
        self.acting.masked()
    }

    /// What the choice is made by, `[batch, actions]`.
    fn outputs<'py>(
        &self,
        py: Python<'py>,
        observations: PyReadonlyArray2<'py, f32>,
    ) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let rows = self.rows(&observations)?;
        let batch = observations.shape()[0];
        let outputs = PyArray2::zeros(py, [batch, self.acting.actions()], false);
        {
            let mut outputs = outputs.readwrite();
            let outputs = outputs.as_slice_mut()?;
            py.detach(|| self.acting.outputs(rows, outputs));
        }
        Ok(outputs)
    }

    /// One action a row of observations.
    fn act<'py>(
        &self,
        py: Python<'py>,
        observations: PyReadonlyArray2<'py, f32>,
        masks: Option<PyReadonlyArray2<'py, bool>>,
    ) -> PyResult<Bound<'py, PyArray1<i64>>> {
        let rows = self.rows(&observations)?;
        let batch = observations.shape()[0];
        let masks = masks.map(|masks| bits(&masks, batch, self.acting.actions())).transpose()?;
        let mut chosen = vec![0; batch];
        py.detach(|| {
            let mut generators = self.generators.lock().unwrap_or_else(PoisonError::into_inner);
            let known = generators.len();
            generators.extend(policy_generators(self.seed, known..batch.max(known)));
            self.acting.act(rows, masks.as_deref(), &mut generators[..batch], &mut chosen);
        });
        Ok(PyArray1::from_iter(py, chosen.into_iter().map(i64::from)))
    }

    /// Writes the weights as a file that `load` and the program take.
    fn save(&self, path: &str) -> PyResult<()> {
        let checkpoint = self.checkpoint.as_ref();
        let checkpoint = checkpoint.ok_or_else(|| PyValueError::new_err("a driver written by hand has no weights"))?;
        checkpoint.save(std::path::Path::new(path)).map_err(|error| PyOSError::new_err(error.to_string()))
    }
}

/// Masks as the engine has them, of arrays `[batch, actions]`.
fn bits(masks: &PyReadonlyArray2<'_, bool>, batch: usize, actions: usize) -> PyResult<Vec<u32>> {
    if masks.shape() != [batch, actions] {
        let message = format!("masks have the shape {:?}, needed is ({batch}, {actions})", masks.shape());
        return Err(PyValueError::new_err(message));
    }
    let bit = |(action, &open): (usize, &bool)| u32::from(open) << action;
    let rows: Vec<_> = masks.as_array().rows().into_iter().map(|row| row.iter().enumerate().map(bit).sum()).collect();
    match rows.iter().position(|&mask| mask == 0) {
        Some(row) => Err(PyValueError::new_err(format!("the mask of row {row} leaves no action open"))),
        None => Ok(rows),
    }
}

/// A policy written in Python: a callable that takes observations `[batch, features]` (and masks `[batch, actions]`,
/// where it wants them) and returns one action a row.
pub(crate) struct Callable {
    pub(crate) function: Py<PyAny>,
    pub(crate) observation_size: usize,
    pub(crate) actions: usize,
    pub(crate) masked: bool,
    /// The first exception. Nothing is asked of it after that.
    pub(crate) raised: Mutex<Option<PyErr>>,
}

impl Callable {
    fn ask(&self, py: Python<'_>, observations: &[f32], masks: Option<&[u32]>, chosen: &mut [u8]) -> PyResult<()> {
        let given = PyArray1::from_slice(py, observations).reshape([chosen.len(), self.observation_size])?;
        let answer = match masks {
            None => self.function.bind(py).call1((given,))?,
            Some(masks) => {
                let open = |(row, action): (usize, usize)| masks[row] >> action & 1 == 1;
                let masks = Array2::from_shape_fn([chosen.len(), self.actions], open).to_pyarray(py);
                self.function.bind(py).call1((given, masks))?
            }
        };
        actions::read(&answer, chosen)?;
        match chosen.iter().find(|&&action| usize::from(action) >= self.actions) {
            Some(action) => Err(PyValueError::new_err(format!("the policy chose {action}, which is no action"))),
            None => Ok(()),
        }
    }
}

impl Acting for Callable {
    fn observation_size(&self) -> usize {
        self.observation_size
    }

    fn actions(&self) -> usize {
        self.actions
    }

    fn output_kind(&self) -> OutputKind {
        OutputKind::Logits
    }

    /// Evaluations ask for actions alone.
    fn outputs(&self, _: &[f32], outputs: &mut [f32]) {
        outputs.fill(0.0);
    }

    fn masked(&self) -> bool {
        self.masked
    }

    fn act(&self, observations: &[f32], masks: Option<&[u32]>, _: &mut [Generator], chosen: &mut [Action]) {
        let is_over = || self.raised.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        if !is_over()
            && let Err(error) = Python::attach(|py| self.ask(py, observations, masks, chosen))
        {
            *self.raised.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        }
        if is_over() {
            chosen.fill(0);
        }
    }
}
