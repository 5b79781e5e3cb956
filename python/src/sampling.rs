//! Fragments as Python has them: experience that is gathered with weights as bytes, and learnt from elsewhere.
//!
//! A fragment is a dict of arrays, so that whatever carries arrays (Ray, for one) carries it without copies.

use daladala_agents::Checkpoint;
use daladala_env::{Rules, RulesVisitor};
use daladala_learning::{EndedEpisode, Fragment, Sample, Sampler as Sampling, SamplerOptions};
use numpy::ndarray::{Array1, Array2, Dimension};
use numpy::{Element, IntoPyArray, PyArray, PyArrayMethods, PyReadonlyArray};
use pyo3::exceptions::{PyKeyError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use std::sync::{Mutex, TryLockError};

use crate::{error, spec};

/// Observations and states are some hundred bytes an environment: this many are more than memory holds.
const MOST_ENVS: usize = 1 << 26;

/// Some of the environments of a training.
#[pyclass(frozen, module = "daladala._native")]
pub(crate) struct Sampler {
    inner: Mutex<Box<dyn Sample>>,
}

impl Sampler {
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        work: impl Send + FnOnce(&mut dyn Sample) -> Result<T, String>,
    ) -> PyResult<T> {
        let mut guard = match self.inner.try_lock() {
            Ok(guard) => guard,
            // A panic is a bug of ours; what it left is whole enough to be read.
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Err(error::busy()),
        };
        let inner = &mut **guard;
        py.detach(|| work(inner)).map_err(error::value)
    }
}

#[pymethods]
impl Sampler {
    #[new]
    #[pyo3(signature = (rules, scenario, overrides, *, envs, first, seed, masks))]
    #[expect(clippy::too_many_arguments, reason = "keywords of Python, one each")]
    fn new(
        py: Python<'_>,
        rules: &str,
        scenario: Option<&str>,
        overrides: Vec<(String, String)>,
        envs: usize,
        first: usize,
        seed: u64,
        masks: bool,
    ) -> PyResult<Self> {
        struct Make(SamplerOptions);
        impl RulesVisitor for Make {
            type Output = Box<dyn Sample>;
            fn visit<R: Rules>(self, rules: R) -> Self::Output {
                Box::new(Sampling::new(&rules, self.0))
            }
        }
        if !(1..=MOST_ENVS).contains(&envs) || first > MOST_ENVS {
            return Err(PyValueError::new_err(format!("num_envs is {envs}, it has to be 1 to {MOST_ENVS}")));
        }
        let spec = spec::spec(py, rules, scenario, &overrides)?;
        let make = Make(SamplerOptions { envs, first, action_masks: masks, seed });
        Ok(Self { inner: Mutex::new(py.detach(|| spec.visit(make))) })
    }

    /// Drives all environments on by so many steps, with the bytes of a weights file.
    fn sample<'py>(&self, py: Python<'py>, weights: &[u8], steps: usize) -> PyResult<Bound<'py, PyDict>> {
        let weights = Checkpoint::from_bytes(weights).map_err(error::value)?;
        let fragment = self.with(py, |sampler| sampler.sample(&weights, steps))?;
        written(py, fragment)
    }

    /// All that the next fragments depend on, but the weights.
    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.with(py, |sampler| sampler.state())?))
    }

    /// Goes on from a state of as many environments of the same rules.
    fn restore(&self, py: Python<'_>, state: &[u8]) -> PyResult<()> {
        self.with(py, |sampler| sampler.restore(state))
    }
}

/// A fragment as a dict of arrays, `[steps, envs, …]`.
fn written(py: Python<'_>, fragment: Fragment) -> PyResult<Bound<'_, PyDict>> {
    let (steps, envs) = (fragment.steps(), fragment.envs);
    let size = fragment.observations.ncols();
    let told = PyDict::new(py);
    let column = |name: &str, values: Bound<'_, PyAny>| told.set_item(name, values);
    column("observations", fragment.observations.into_pyarray(py).reshape([steps, envs, size])?.into_any())?;
    column("actions", fragment.actions.into_pyarray(py).reshape([steps, envs])?.into_any())?;
    column("log_probabilities", fragment.log_probabilities.into_pyarray(py).reshape([steps, envs])?.into_any())?;
    column("rewards", fragment.rewards.into_pyarray(py).reshape([steps, envs])?.into_any())?;
    column("terminated", fragment.terminated.into_pyarray(py).reshape([steps, envs])?.into_any())?;
    column("truncated", fragment.truncated.into_pyarray(py).reshape([steps, envs])?.into_any())?;
    if !fragment.masks.is_empty() {
        column("masks", fragment.masks.into_pyarray(py).reshape([steps, envs])?.into_any())?;
    }
    if !fragment.costs.is_empty() {
        column("costs", fragment.costs.into_pyarray(py).reshape([steps, envs])?.into_any())?;
    }
    column("final_observations", fragment.final_observations.into_pyarray(py).into_any())?;
    column("last_observations", fragment.last_observations.into_pyarray(py).into_any())?;
    let episodes = &fragment.episodes;
    let returns: Array1<f32> = episodes.iter().map(|episode| episode.episode_return).collect();
    let lengths: Array1<u32> = episodes.iter().map(|episode| episode.length).collect();
    let costs: Array1<f32> = episodes.iter().map(|episode| episode.cost).collect();
    column("episode_returns", returns.into_pyarray(py).into_any())?;
    column("episode_lengths", lengths.into_pyarray(py).into_any())?;
    column("episode_costs", costs.into_pyarray(py).into_any())?;
    Ok(told)
}

/// What [`written`] wrote.
pub(crate) fn read(fragment: &Bound<'_, PyDict>) -> PyResult<Fragment> {
    let last_observations: Array2<f32> = array(fragment, "last_observations")?;
    let observations: numpy::ndarray::Array3<f32> = array(fragment, "observations")?;
    let (steps, envs, size) = observations.dim();
    let observations = observations.into_shape_with_order((steps * envs, size)).map_err(error::value)?;
    let returns: Array1<f32> = array(fragment, "episode_returns")?;
    let lengths: Array1<u32> = array(fragment, "episode_lengths")?;
    let costs: Array1<f32> = array(fragment, "episode_costs")?;
    let episodes = returns.iter().zip(&lengths).zip(&costs);
    let episode = |((&episode_return, &length), &cost)| EndedEpisode { episode_return, length, cost };
    Ok(Fragment {
        envs,
        observations,
        masks: optional_table(fragment, "masks")?,
        actions: table(fragment, "actions")?,
        log_probabilities: table(fragment, "log_probabilities")?,
        rewards: table(fragment, "rewards")?,
        costs: optional_table(fragment, "costs")?,
        terminated: table(fragment, "terminated")?,
        truncated: table(fragment, "truncated")?,
        final_observations: array(fragment, "final_observations")?,
        episodes: episodes.map(episode).collect(),
        last_observations,
    })
}

/// A copy of an array of a fragment, in the order of its rows.
fn array<T: Element + Clone, D: Dimension>(
    fragment: &Bound<'_, PyDict>,
    name: &str,
) -> PyResult<numpy::ndarray::Array<T, D>> {
    let given = fragment.get_item(name)?;
    let given = given.ok_or_else(|| PyKeyError::new_err(format!("a fragment has no '{name}'")))?;
    let array = given.cast::<PyArray<T, D>>().map_err(|_| {
        let dtype = T::get_dtype(fragment.py());
        let dimensions = D::NDIM.unwrap_or_default();
        PyTypeError::new_err(format!(
            "'{name}' of a fragment has to be an array of {dtype} with {dimensions} dimensions"
        ))
    })?;
    let array: PyReadonlyArray<'_, T, D> = array.try_readonly().map_err(error::value)?;
    Ok(array.as_array().as_standard_layout().into_owned())
}

/// `[steps, envs]`, row by row.
fn table<T: Element + Clone>(fragment: &Bound<'_, PyDict>, name: &str) -> PyResult<Vec<T>> {
    let table: Array2<T> = array(fragment, name)?;
    Ok(table.into_raw_vec_and_offset().0)
}

/// The same, where it may be missing.
fn optional_table<T: Element + Clone>(fragment: &Bound<'_, PyDict>, name: &str) -> PyResult<Vec<T>> {
    if fragment.contains(name)? { table(fragment, name) } else { Ok(Vec::new()) }
}
