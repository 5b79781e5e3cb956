//! Environments with all that Python is told of them: what the class `Engine` locks.

mod picture;
mod saved;

use daladala_env::{ResetOptions, RuleSpec, Seeds, StepBuffers, TermBuffers, VecEnvConfig};
use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1};
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::{PyIndexError, PyOverflowError, PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use serde_json::Value;

use crate::core::Core;
use crate::engine::SeedsGiven;
use crate::rows::{Rows, writable};
use crate::{actions, error, infos, pool};
use picture::Pictures;
pub(crate) use saved::{Options, State};

/// Observations and states are some hundred bytes an environment: this many are more than memory holds.
const MOST_ENVS: usize = 1 << 26;
/// Environments from which on letting other threads of Python run is worth it: it takes as long as some ten steps.
const WORTH_DETACHING: usize = 64;

/// Many environments of one rule set, and what they are written from and into.
pub(crate) struct Environments {
    spec: RuleSpec,
    options: Options,
    core: Core,
    /// `[envs]`: which have ever been reset.
    begun: Vec<bool>,
    scratch: Scratch,
    /// With `copy=False`: two sets of arrays, and which of them was handed out last.
    sets: Option<([Rows; 2], usize)>,
    pictures: Option<Pictures>,
}

/// What the engine reads and writes that Python gets in another form.
struct Scratch {
    actions: Vec<u8>,
    rewards: Vec<f32>,
    /// Empty where the rules have no costs.
    costs: Vec<f32>,
    finals: Vec<f32>,
    masks: Vec<u32>,
    /// Terms of rewards and costs, where they are asked for.
    terms: Option<(Vec<f32>, Vec<f32>)>,
    ended: Vec<usize>,
    /// One environment's row.
    observation: Vec<f32>,
}

impl Environments {
    pub(crate) fn new(spec: RuleSpec, options: Options) -> PyResult<Self> {
        let Options { envs, seed, threads, record, .. } = options;
        if !(1..=MOST_ENVS).contains(&envs) {
            return Err(PyValueError::new_err(format!("num_envs is {envs}, it has to be 1 to {MOST_ENVS}")));
        }
        if !(1..=pool::MOST_THREADS).contains(&threads) {
            let most = pool::MOST_THREADS;
            return Err(PyValueError::new_err(format!("threads is {threads}, it has to be 1 to {most}")));
        }
        if options.max_episode_steps == Some(0) {
            return Err(PyValueError::new_err("max_episode_steps is 0, it has to be 1 at least"));
        }
        let config = VecEnvConfig { seed, first_index: 0, autoreset: options.autoreset.into(), threads };
        let make = || Core::new(&spec, envs, config, options.max_episode_steps);
        let core = if threads > 1 { pool::of(threads)?.install(make) } else { make() };
        let info = core.info().clone();
        let size = info.observation_size();
        let terms =
            options.terms.then(|| (vec![0.0; envs * info.reward_terms.len()], vec![0.0; envs * info.cost_terms.len()]));
        Ok(Self {
            begun: vec![false; envs],
            scratch: Scratch {
                actions: vec![0; envs],
                rewards: vec![0.0; envs],
                costs: vec![0.0; if info.cost_terms.is_empty() { 0 } else { envs }],
                finals: vec![0.0; envs * size],
                masks: vec![0; envs],
                terms,
                ended: Vec::new(),
                observation: vec![0.0; size],
            },
            sets: None,
            pictures: record.then(|| Pictures::new(&info, envs)),
            spec,
            options,
            core,
        })
    }

    pub(crate) fn spec(&self) -> &RuleSpec {
        &self.spec
    }

    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    /// The engine, where it has an environment of this index.
    pub(crate) fn core(&self, index: usize) -> PyResult<&Core> {
        let envs = self.options.envs;
        if index < envs {
            return Ok(&self.core);
        }
        Err(PyIndexError::new_err(format!("there is no environment {index}: there are {envs}, numbered from 0")))
    }

    /// The arrays that the next step or reset writes.
    fn rows(&mut self, py: Python<'_>) -> Rows {
        let (envs, size) = (self.options.envs, self.scratch.observation.len());
        if self.options.copy {
            return Rows::new(py, envs, size);
        }
        let fresh = || Rows::new(py, envs, size);
        let (sets, last) = self.sets.get_or_insert_with(|| ([fresh(), fresh()], 0));
        sets[1 - *last].clone_ref(py)
    }

    /// What [`Self::rows`] gave is written and goes to the caller. What an error left unwritten is given again.
    fn hand_out(&mut self) {
        if let Some((_, last)) = &mut self.sets {
            *last = 1 - *last;
        }
    }

    pub(crate) fn reset<'py>(
        &mut self,
        py: Python<'py>,
        seed: Option<&SeedsGiven>,
        mask: Option<&PyReadonlyArray1<'py, bool>>,
        layouts: Option<&str>,
    ) -> PyResult<(Bound<'py, PyArray2<f32>>, Bound<'py, PyDict>)> {
        let seeds = match seed {
            None => Seeds::Continue,
            Some(SeedsGiven::One(seed)) => Seeds::One(*seed),
            Some(SeedsGiven::Each(seeds)) => Seeds::Each(seeds),
        };
        let mask: Option<Vec<bool>> = mask.map(|mask| mask.as_array().iter().copied().collect());
        let observations = self.rows(py).observations.into_bound(py);
        let mut row = writable(&observations)?;
        self.begin(py, seeds, mask.as_deref(), layouts, row.as_slice_mut()?)?;
        drop(row);
        self.hand_out();
        let told = PyDict::new(py);
        if self.options.masks {
            let everywhere = infos::everywhere(py, self.options.envs);
            told.set_item(intern!(py, "action_mask"), infos::masks::<i8>(py, &self.core, &mut self.scratch.masks)?)?;
            told.set_item(intern!(py, "_action_mask"), everywhere)?;
        }
        Ok((observations, told))
    }

    fn begin(
        &mut self,
        py: Python<'_>,
        seeds: Seeds<'_>,
        mask: Option<&[bool]>,
        layouts: Option<&str>,
        observations: &mut [f32],
    ) -> PyResult<()> {
        let layouts: Option<Vec<Value>> = layouts.map(serde_json::from_str).transpose().map_err(error::value)?;
        let layouts: Option<Vec<Option<Value>>> =
            layouts.map(|layouts| layouts.into_iter().map(|layout| Some(layout).filter(|l| !l.is_null())).collect());
        if mask.is_some() {
            // Environments that are not reset show what they showed.
            self.core.env.observe(observations);
        }
        let options = ResetOptions { seeds, mask, layouts: layouts.as_deref() };
        self.core.reset(&options, observations).map_err(|error| error::of_env(py, &error))?;
        for (index, begun) in self.begun.iter_mut().enumerate() {
            if mask.is_none_or(|mask| mask[index]) {
                *begun = true;
                if let Some(pictures) = &mut self.pictures {
                    pictures.begin(&self.core, index);
                }
            }
        }
        Ok(())
    }

    pub(crate) fn step<'py>(&mut self, py: Python<'py>, given: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyTuple>> {
        actions::read(given, &mut self.scratch.actions)?;
        let rows = self.rows(py);
        let observations = rows.observations.into_bound(py);
        let rewards = rows.rewards.into_bound(py);
        let terminated = rows.terminated.into_bound(py);
        let truncated = rows.truncated.into_bound(py);
        {
            let (mut observations, mut rewards) = (writable(&observations)?, writable(&rewards)?);
            let (mut terminated, mut truncated) = (writable(&terminated)?, writable(&truncated)?);
            let observations = observations.as_slice_mut()?;
            let rewards = rewards.as_slice_mut()?;
            let (terminated, truncated) = (terminated.as_slice_mut()?, truncated.as_slice_mut()?);
            let (core, threads) = (&mut self.core, self.options.threads);
            let Scratch { actions, rewards: narrow, costs, finals, terms, .. } = &mut self.scratch;
            let out = StepBuffers {
                observations,
                rewards: narrow,
                costs: (!costs.is_empty()).then_some(costs),
                terminated,
                truncated,
                final_observations: finals,
                terms: terms.as_mut().map(|(reward, cost)| TermBuffers { reward, cost }),
            };
            let step = || -> PyResult<_> {
                let step = || core.step(actions, out);
                Ok(if threads > 1 { pool::of(threads)?.install(step) } else { step() })
            };
            let stepped = if self.options.envs >= WORTH_DETACHING { py.detach(step) } else { step() };
            stepped?.map_err(|error| error::of_env(py, &error))?;
            for (wide, &narrow) in rewards.iter_mut().zip(&self.scratch.rewards) {
                *wide = f64::from(narrow);
            }
            self.scratch.note_ended(terminated, truncated);
            if let Some(pictures) = &mut self.pictures {
                pictures.stepped(&self.core, &self.scratch, terminated, truncated);
            }
        }
        self.hand_out();
        let infos = self.infos(py)?;
        PyTuple::new(
            py,
            [
                observations.into_any(),
                rewards.into_any(),
                terminated.into_any(),
                truncated.into_any(),
                infos.into_any(),
            ],
        )
    }

    fn infos<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let told = PyDict::new(py);
        let Scratch { costs, terms, ended, finals, masks, .. } = &mut self.scratch;
        let everywhere = infos::everywhere(py, masks.len());
        if !costs.is_empty() {
            told.set_item(intern!(py, "cost"), PyArray1::from_iter(py, costs.iter().map(|&cost| f64::from(cost))))?;
            told.set_item(intern!(py, "_cost"), &everywhere)?;
        }
        if let Some((reward, cost)) = terms {
            told.set_item(intern!(py, "reward_terms"), table(py, reward, masks.len())?)?;
            told.set_item(intern!(py, "_reward_terms"), &everywhere)?;
            if !cost.is_empty() {
                told.set_item(intern!(py, "costs"), table(py, cost, masks.len())?)?;
                told.set_item(intern!(py, "_costs"), &everywhere)?;
            }
        }
        if self.options.masks {
            told.set_item(intern!(py, "action_mask"), infos::masks::<i8>(py, &self.core, masks)?)?;
            told.set_item(intern!(py, "_action_mask"), everywhere)?;
        }
        if !ended.is_empty() {
            infos::tell_ended(py, &self.core, ended, finals, &told)?;
        }
        Ok(told)
    }

    pub(crate) fn reset_one<'py>(
        &mut self,
        py: Python<'py>,
        seed: Option<u64>,
        layouts: Option<&str>,
    ) -> PyResult<(Bound<'py, PyArray1<f32>>, Bound<'py, PyDict>)> {
        let mut observation = std::mem::take(&mut self.scratch.observation);
        let begun = self.begin(py, seed.map_or(Seeds::Continue, Seeds::One), None, layouts, &mut observation);
        let array = PyArray1::from_slice(py, &observation);
        self.scratch.observation = observation;
        begun?;
        let told = PyDict::new(py);
        told.set_item(intern!(py, "action_mask"), self.mask_of_one(py))?;
        Ok((array, told))
    }

    pub(crate) fn step_one<'py>(
        &mut self,
        py: Python<'py>,
        action: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        self.scratch.actions[0] = one_action(action)?;
        let Scratch { actions, rewards, costs, finals, terms, observation, .. } = &mut self.scratch;
        let (mut terminated, mut truncated) = ([false], [false]);
        let out = StepBuffers {
            observations: observation,
            rewards,
            costs: (!costs.is_empty()).then_some(costs),
            terminated: &mut terminated,
            truncated: &mut truncated,
            final_observations: finals,
            terms: terms.as_mut().map(|(reward, cost)| TermBuffers { reward, cost }),
        };
        self.core.step(actions, out).map_err(|error| error::of_env(py, &error))?;
        let ended = terminated[0] || truncated[0];
        let reward = f64::from(self.scratch.rewards[0]);
        if let Some(pictures) = &mut self.pictures {
            pictures.stepped(&self.core, &self.scratch, &terminated, &truncated);
        }
        let told = PyDict::new(py);
        if let Some(cost) = self.scratch.costs.first() {
            told.set_item(intern!(py, "cost"), f64::from(*cost))?;
        }
        if let Some((reward, cost)) = &self.scratch.terms {
            told.set_item(intern!(py, "reward_terms"), PyArray1::from_slice(py, reward))?;
            if !cost.is_empty() {
                told.set_item(intern!(py, "costs"), PyArray1::from_slice(py, cost))?;
            }
        }
        told.set_item(intern!(py, "action_mask"), self.mask_of_one(py))?;
        if ended && let Some(stats) = self.core.last_episode(0) {
            infos::tell_one(&told, self.core.info(), &stats)?;
        }
        let observation = PyArray1::from_slice(py, &self.scratch.observation);
        PyTuple::new(
            py,
            [
                observation.into_any(),
                reward.into_bound_py_any(py)?,
                terminated[0].into_bound_py_any(py)?,
                truncated[0].into_bound_py_any(py)?,
                told.into_any(),
            ],
        )
    }

    fn mask_of_one<'py>(&mut self, py: Python<'py>) -> Bound<'py, PyArray1<i8>> {
        self.core.env.action_masks(&mut self.scratch.masks);
        let mask = self.scratch.masks[0];
        let mut open = [0; u32::BITS as usize];
        let open = &mut open[..self.core.info().actions()];
        open.iter_mut().enumerate().for_each(|(action, open)| *open = (mask >> action & 1) as i8);
        PyArray1::from_slice(py, open)
    }

    pub(crate) fn action_masks<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<bool>>> {
        infos::masks(py, &self.core, &mut self.scratch.masks)
    }

    pub(crate) fn observe<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let observations = PyArray2::zeros(py, [self.options.envs, self.scratch.observation.len()], false);
        self.core.env.observe(observations.readwrite().as_slice_mut()?);
        Ok(observations)
    }
}

impl Scratch {
    fn note_ended(&mut self, terminated: &[bool], truncated: &[bool]) {
        self.ended.clear();
        let flags = terminated.iter().zip(truncated).enumerate();
        self.ended
            .extend(flags.filter(|(_, (terminated, truncated))| **terminated || **truncated).map(|(index, _)| index));
    }
}

/// Columns of numbers, one row an environment.
fn table<'py>(py: Python<'py>, values: &[f32], envs: usize) -> PyResult<Bound<'py, PyArray2<f32>>> {
    PyArray1::from_slice(py, values).reshape([envs, values.len() / envs])
}

/// The action of a single environment: an integer of Python or numpy.
fn one_action(given: &Bound<'_, PyAny>) -> PyResult<u8> {
    // A float has no `__index__`; an array of one integer has, and True is an integer of Python.
    let whole: i64 = given.extract().map_err(|error: PyErr| {
        if error.is_instance_of::<PyOverflowError>(given.py()) {
            return PyValueError::new_err(format!("action {given} is no action: they are numbered from 0"));
        }
        let kind = given.get_type().name().map(|name| name.to_string()).unwrap_or_default();
        PyTypeError::new_err(format!("the action is of the type {kind}, needed is an integer"))
    })?;
    u8::try_from(whole).map_err(|_| {
        PyValueError::new_err(format!("action {whole} of environment 0 is no action: they are numbered from 0"))
    })
}
