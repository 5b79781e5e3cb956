//! Environments that were saved: snapshots of single ones, and pickles of all.

use daladala_env::{Autoreset, RuleSpec};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Environments;
use crate::core::Limit;
use crate::error;

/// How environments are made, but for their rules.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "options are keywords of Python")]
pub(crate) struct Options {
    pub(crate) envs: usize,
    pub(crate) seed: u64,
    pub(crate) autoreset: Mode,
    pub(crate) threads: usize,
    /// New arrays each step, in place of two sets in turns.
    pub(crate) copy: bool,
    /// Infos hold action masks.
    pub(crate) masks: bool,
    /// Infos hold what rewards and costs are made of.
    pub(crate) terms: bool,
    /// Frames are kept to be drawn.
    pub(crate) record: bool,
    pub(crate) max_episode_steps: Option<u32>,
}

/// [`Autoreset`] in a pickle.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) enum Mode {
    NextStep,
    SameStep,
    Disabled,
}

impl From<Autoreset> for Mode {
    fn from(autoreset: Autoreset) -> Self {
        match autoreset {
            Autoreset::NextStep => Self::NextStep,
            Autoreset::SameStep => Self::SameStep,
            Autoreset::Disabled => Self::Disabled,
        }
    }
}

impl From<Mode> for Autoreset {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::NextStep => Self::NextStep,
            Mode::SameStep => Self::SameStep,
            Mode::Disabled => Self::Disabled,
        }
    }
}

/// Environments, whole.
#[derive(Serialize, Deserialize)]
pub(crate) struct State {
    /// The version of the package: what one wrote, another may not read.
    version: String,
    spec: RuleSpec,
    options: Options,
    /// `[envs]`; none where an environment was never reset.
    snapshots: Vec<Option<Value>>,
    limit: Option<Limit>,
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

impl Environments {
    pub(crate) fn state(&self) -> State {
        let snapshot = |(index, &begun): (usize, &bool)| begun.then(|| self.core.env.snapshot(index));
        State {
            version: VERSION.to_owned(),
            spec: self.spec.clone(),
            options: self.options,
            snapshots: self.begun.iter().enumerate().map(snapshot).collect(),
            limit: self.core.limit.clone(),
        }
    }

    pub(crate) fn from_state(py: Python<'_>, state: State) -> PyResult<Self> {
        let State { version, spec, options, snapshots, limit } = state;
        if version != VERSION {
            let message = format!("this environment was saved by daladala {version}, this is {VERSION}");
            return Err(PyValueError::new_err(message));
        }
        let fits = snapshots.len() == options.envs && limit.as_ref().is_none_or(|limit| limit.envs() == options.envs);
        if !fits {
            return Err(PyValueError::new_err("this saved environment is damaged: its lengths differ"));
        }
        let mut environments = Self::new(spec, options)?;
        let begun = snapshots.into_iter().enumerate().filter_map(|(index, snapshot)| Some((index, snapshot?)));
        let (indices, snapshots): (Vec<_>, Vec<_>) = begun.unzip();
        environments.put(py, &indices, &snapshots)?;
        environments.core.limit = limit;
        Ok(environments)
    }

    pub(crate) fn restore(&mut self, py: Python<'_>, indices: &[usize], snapshots: &[String]) -> PyResult<()> {
        let no_snapshot = |error| PyValueError::new_err(format!("this is no snapshot: {error}"));
        let snapshots: Vec<Value> =
            snapshots.iter().map(|text| serde_json::from_str(text)).collect::<Result<_, _>>().map_err(no_snapshot)?;
        self.put(py, indices, &snapshots)
    }

    fn put(&mut self, py: Python<'_>, indices: &[usize], snapshots: &[Value]) -> PyResult<()> {
        self.core.env.restore(indices, snapshots).map_err(|error| error::of_env(py, &error))?;
        for (&index, snapshot) in indices.iter().zip(snapshots) {
            self.begun[index] = true;
            if let Some(limit) = &mut self.core.limit {
                let length = snapshot["length"].as_u64().and_then(|length| length.try_into().ok());
                limit.restored(index, length.unwrap_or_default(), snapshot["needs_reset"] == true);
            }
            self.draw_anew(index);
        }
        Ok(())
    }
}
