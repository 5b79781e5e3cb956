//! Policies for Python: built-in names, weights files, models from elsewhere and what was trained here.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use daladala_agents::import::{ImportOptions, Imported, import};
use daladala_agents::network::{LayerWeights, MlpWeights};
use daladala_agents::{
    AgentError, Algorithm, Checkpoint, Choice, DeviceKind, ModelInfo, NeuralPolicy, Policy as Acting,
    policy_generators, registry,
};
use daladala_env::{Generator, OutputKind, RulesInfo};
use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::callable::Callable;
use crate::{error, spec};

/// The policies that are part of the package: rules, name and a summary of each.
#[pyfunction]
pub(crate) fn models() -> Vec<(&'static str, &'static str, &'static str)> {
    registry::BUILT_IN.iter().map(|model| (model.rules, model.name, model.summary())).collect()
}

/// What chooses actions.
#[pyclass(frozen, module = "daladala._native")]
pub(crate) struct Policy {
    pub(crate) acting: Arc<dyn Acting>,
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
        Ok(Self::new(Arc::new(acting), Some(checkpoint), 0))
    }

    fn new(acting: Arc<dyn Acting>, checkpoint: Option<Checkpoint>, seed: u64) -> Self {
        Self { acting, checkpoint, seed, generators: Mutex::default() }
    }

    fn weights(&self) -> PyResult<&Checkpoint> {
        let checkpoint = self.checkpoint.as_ref();
        checkpoint.ok_or_else(|| PyValueError::new_err("a driver written by hand has no weights"))
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
    ) -> PyResult<(Self, Vec<String>)> {
        let info = spec::spec(py, rules, scenario, &overrides)?.info();
        let choice = if sampled { Choice::Sampled } else { Choice::Greedy };
        if is_from_elsewhere(name) {
            let imported = import(Path::new(name), &info, ImportOptions::default())
                .map_err(|error| error::value(anyhow::Error::from(error)))?;
            let Imported { checkpoint, notes } = imported;
            if sampled && checkpoint.info.algorithm.output_kind() != OutputKind::Logits {
                return Err(error::value(AgentError::NothingToSample { name: name.to_owned() }));
            }
            let acting = NeuralPolicy::new(&checkpoint, choice).map_err(error::value)?;
            return Ok((Self::new(Arc::new(acting), Some(checkpoint), seed), notes));
        }
        let loaded = registry::load(name, &info, choice, DeviceKind::Cpu).map_err(error::value)?;
        let checkpoint = registry::checkpoint(name, &info).map_err(error::value)?;
        Ok((Self::new(Arc::from(loaded.policy), checkpoint, seed), Vec::new()))
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

    /// Of the bytes of a weights file.
    #[staticmethod]
    fn from_bytes(weights: &[u8], sampled: bool, seed: u64) -> PyResult<Self> {
        let checkpoint = Checkpoint::from_bytes(weights).map_err(error::value)?;
        if sampled && checkpoint.info.algorithm.output_kind() != OutputKind::Logits {
            return Err(error::value(AgentError::NothingToSample { name: checkpoint.info.algorithm.to_string() }));
        }
        let choice = if sampled { Choice::Sampled } else { Choice::Greedy };
        let acting = NeuralPolicy::new(&checkpoint, choice).map_err(error::value)?;
        Ok(Self::new(Arc::new(acting), Some(checkpoint), seed))
    }

    /// A policy of PPO's whose actor was trained elsewhere: its layers from input to output, each `[outputs, inputs]` and
    /// `[outputs]`.
    #[staticmethod]
    #[pyo3(signature = (rules, scenario, overrides, layers, activation, sampled, seed))]
    #[expect(clippy::too_many_arguments, reason = "keywords of Python, one each")]
    fn of_layers(
        py: Python<'_>,
        rules: &str,
        scenario: Option<&str>,
        overrides: Vec<(String, String)>,
        layers: Vec<(PyReadonlyArray2<'_, f32>, PyReadonlyArray1<'_, f32>)>,
        activation: &str,
        sampled: bool,
        seed: u64,
    ) -> PyResult<Self> {
        let info = spec::spec(py, rules, scenario, &overrides)?.info();
        let layer = |(weight, bias): &(PyReadonlyArray2<'_, f32>, PyReadonlyArray1<'_, f32>)| {
            let weight = weight.as_array().as_standard_layout().into_owned();
            LayerWeights { weight, bias: bias.as_array().to_owned() }
        };
        let layers: Vec<_> = layers.iter().map(layer).collect();
        let actor = MlpWeights { layers, activation: activation.parse().map_err(error::value)? };
        if !actor.is_consistent() {
            return Err(PyValueError::new_err("the layers do not follow one another"));
        }
        let info = ModelInfo {
            algorithm: Algorithm::Ppo,
            observation_size: info.observation_size(),
            actions: info.actions(),
            spec: info.id,
            action_masks: false,
            seed: None,
            steps: None,
            mean_return: f64::NAN,
            source: None,
        };
        let checkpoint = Checkpoint { info, networks: [("actor".to_owned(), actor)].into() };
        let choice = if sampled { Choice::Sampled } else { Choice::Greedy };
        let acting = NeuralPolicy::new(&checkpoint, choice).map_err(error::value)?;
        Ok(Self::new(Arc::new(acting), Some(checkpoint), seed))
    }

    /// The bytes of the weights file.
    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.weights()?.to_bytes()))
    }

    /// Writes the weights as a file that `load` and the program take.
    fn save(&self, path: &str) -> PyResult<()> {
        self.weights()?.save(Path::new(path)).map_err(|error| PyOSError::new_err(error.to_string()))
    }
}

/// What the files of Stable-Baselines3 and PyTorch end in.
const FROM_ELSEWHERE: [&str; 3] = ["zip", "pth", "pt"];

fn is_from_elsewhere(name: &str) -> bool {
    let extension = Path::new(name).extension();
    extension.is_some_and(|extension| FROM_ELSEWHERE.iter().any(|known| extension.eq_ignore_ascii_case(known)))
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

/// What drives: a policy of ours, or a callable of Python.
pub(crate) enum Driving {
    Ours(Arc<dyn Acting>),
    Python(Arc<Callable>),
}

impl Driving {
    /// What drives by `info`. A policy for other rules is a `ValueError`.
    pub(crate) fn new(policy: &Bound<'_, PyAny>, info: &RulesInfo, masked: bool) -> PyResult<Self> {
        let Ok(policy) = policy.cast::<Policy>() else {
            return Ok(Self::Python(Arc::new(Callable::new(policy, info, masked))));
        };
        let acting = Arc::clone(&policy.get().acting);
        let given = (acting.observation_size(), acting.actions());
        let needed = (info.observation_size(), info.actions());
        let message = || format!("the policy has (observation, actions) {given:?}, the rules have {needed:?}");
        if given == needed { Ok(Self::Ours(acting)) } else { Err(PyValueError::new_err(message())) }
    }

    pub(crate) fn acting(&self) -> Arc<dyn Acting> {
        match self {
            Self::Ours(acting) => Arc::clone(acting),
            Self::Python(callable) => Arc::clone(callable) as Arc<dyn Acting>,
        }
    }

    /// Has rooms ask a callable no longer; whether none does by now.
    pub(crate) fn close(&self) -> bool {
        match self {
            Self::Ours(_) => true,
            Self::Python(callable) => callable.close(),
        }
    }

    /// What the callable raised last, once.
    pub(crate) fn take_raised(&self) -> Option<PyErr> {
        match self {
            Self::Ours(_) => None,
            Self::Python(callable) => callable.take_raised(),
        }
    }
}
