//! The engine as Python holds it. Each method locks it, so that a second thread gets an exception and no broken state.

use std::sync::{Mutex, MutexGuard, TryLockError};

use daladala_env::{Autoreset, Frame, RuleSpec};
use numpy::{PyArray1, PyArray2, PyArray3, PyReadonlyArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::environments::{Environments, Options, State};
use crate::{error, spec};

/// Seeds of a reset: one for all, or one for each.
#[derive(FromPyObject)]
pub(crate) enum SeedsGiven {
    One(u64),
    Each(Vec<Option<u64>>),
}

/// Many environments of one rule set.
#[pyclass(frozen, module = "daladala._native")]
pub(crate) struct Engine {
    /// None once it is closed.
    inner: Mutex<Option<Environments>>,
}

impl Engine {
    fn with<T>(&self, py: Python<'_>, what: impl FnOnce(&mut Environments) -> PyResult<T>) -> PyResult<T> {
        what(self.lock()?.as_mut().ok_or_else(|| error::closed(py))?)
    }

    /// The rules that it plays by.
    pub(crate) fn spec(&self, py: Python<'_>) -> PyResult<RuleSpec> {
        self.with(py, |environments| Ok(environments.spec().clone()))
    }

    /// What the last step of the first environment looks like.
    pub(crate) fn last_frame(&self, py: Python<'_>) -> PyResult<Frame> {
        self.with(py, |environments| environments.last_frame(0))
    }

    fn lock(&self) -> PyResult<MutexGuard<'_, Option<Environments>>> {
        match self.inner.try_lock() {
            Ok(guard) => Ok(guard),
            // A panic is a bug of ours; what it left is whole enough to be read.
            Err(TryLockError::Poisoned(poisoned)) => Ok(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => Err(error::busy()),
        }
    }
}

#[pymethods]
impl Engine {
    #[new]
    #[pyo3(signature = (rules, scenario, overrides, *, envs, seed, autoreset, threads, copy, masks, terms, record, max_episode_steps))]
    #[expect(clippy::too_many_arguments, clippy::fn_params_excessive_bools, reason = "keywords of Python, one each")]
    fn new(
        py: Python<'_>,
        rules: &str,
        scenario: Option<&str>,
        overrides: Vec<(String, String)>,
        envs: usize,
        seed: u64,
        autoreset: &str,
        threads: usize,
        copy: bool,
        masks: bool,
        terms: bool,
        record: bool,
        max_episode_steps: Option<u32>,
    ) -> PyResult<Self> {
        let autoreset = match autoreset {
            "NextStep" => Autoreset::NextStep,
            "SameStep" => Autoreset::SameStep,
            "Disabled" => Autoreset::Disabled,
            other => return Err(PyValueError::new_err(format!("there is no autoreset mode {other}"))),
        };
        let options =
            Options { envs, seed, autoreset: autoreset.into(), threads, copy, masks, terms, record, max_episode_steps };
        let spec = spec::spec(py, rules, scenario, &overrides)?;
        Ok(Self { inner: Mutex::new(Some(Environments::new(spec, options)?)) })
    }

    /// Begins episodes; see `VectorEnv.reset`. Layouts are a JSON list, one entry an environment.
    #[pyo3(signature = (seed=None, mask=None, layouts=None))]
    fn reset<'py>(
        &self,
        py: Python<'py>,
        seed: Option<SeedsGiven>,
        mask: Option<PyReadonlyArray1<'py, bool>>,
        layouts: Option<&str>,
    ) -> PyResult<(Bound<'py, PyArray2<f32>>, Bound<'py, PyDict>)> {
        self.with(py, |environments| environments.reset(py, seed.as_ref(), mask.as_ref(), layouts))
    }

    /// Moves all environments on: observations, rewards, terminated, truncated, infos.
    fn step<'py>(&self, py: Python<'py>, actions: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyTuple>> {
        self.with(py, |environments| environments.step(py, actions))
    }

    /// Begins an episode of the only environment.
    #[pyo3(signature = (seed=None, layouts=None))]
    fn reset_one<'py>(
        &self,
        py: Python<'py>,
        seed: Option<u64>,
        layouts: Option<&str>,
    ) -> PyResult<(Bound<'py, PyArray1<f32>>, Bound<'py, PyDict>)> {
        self.with(py, |environments| environments.reset_one(py, seed, layouts))
    }

    /// Moves the only environment on, as plain numbers.
    fn step_one<'py>(&self, py: Python<'py>, action: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyTuple>> {
        self.with(py, |environments| environments.step_one(py, action))
    }

    /// `[envs, actions]`: which actions have an effect now that no other has.
    fn action_masks<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<bool>>> {
        self.with(py, |environments| environments.action_masks(py))
    }

    /// `[envs, observation]`: the observations as they are now.
    fn observe<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f32>>> {
        self.with(py, |environments| environments.observe(py))
    }

    /// What an episode was drawn from, or given, as JSON.
    fn layout(&self, py: Python<'_>, index: usize) -> PyResult<String> {
        self.with(py, |environments| Ok(environments.core(index)?.env.layout(index).to_string()))
    }

    /// The greatest return that any driver could have in a running episode, where the rules let it be known.
    fn best_return(&self, py: Python<'_>, index: usize) -> PyResult<Option<f32>> {
        self.with(py, |environments| Ok(environments.core(index)?.env.best_return(index)))
    }

    /// An environment, whole, as JSON.
    fn snapshot(&self, py: Python<'_>, index: usize) -> PyResult<String> {
        self.with(py, |environments| Ok(environments.core(index)?.env.snapshot(index).to_string()))
    }

    /// Puts snapshots in the places of environments.
    fn restore(&self, py: Python<'_>, indices: Vec<usize>, snapshots: Vec<String>) -> PyResult<()> {
        self.with(py, |environments| environments.restore(py, &indices, &snapshots))
    }

    /// A picture of an environment, `[540, 960, 3]`.
    fn render<'py>(&self, py: Python<'py>, index: usize) -> PyResult<Bound<'py, PyArray3<u8>>> {
        self.with(py, |environments| environments.render(py, index))
    }

    /// What the last step of an environment looks like, as JSON by the names of the frame's fields.
    fn frame(&self, py: Python<'_>, index: usize) -> PyResult<String> {
        self.with(py, |environments| environments.frame(index))
    }

    /// How many threads a step may use.
    fn threads(&self, py: Python<'_>) -> PyResult<usize> {
        self.with(py, |environments| Ok(environments.options().threads))
    }

    /// Lets go of everything. Twice is as good as once.
    fn close(&self) -> PyResult<()> {
        *self.lock()? = None;
        Ok(())
    }

    /// All of it, to be made again by `from_state`: episodes, generators and options.
    fn state(&self, py: Python<'_>) -> PyResult<String> {
        self.with(py, |environments| serde_json::to_string(&environments.state()).map_err(error::value))
    }

    /// What `state` wrote.
    #[staticmethod]
    fn from_state(py: Python<'_>, state: &str) -> PyResult<Self> {
        let state: State = serde_json::from_str(state).map_err(|error| {
            PyValueError::new_err(format!("this is no environment that this version of daladala saved: {error}"))
        })?;
        Ok(Self { inner: Mutex::new(Some(Environments::from_state(py, state)?)) })
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, (String,))> {
        let state = slf.get().state(slf.py())?;
        Ok((slf.get_type().getattr("from_state")?, (state,)))
    }
}
