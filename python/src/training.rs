//! Training from Python, as the program's `train` does it.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use daladala_agents::{Algorithm, Checkpoint};
use daladala_env::{Rules, RulesVisitor};
use daladala_learning::{
    Defaults, Evaluations, Fragment, FragmentShape, LearningError, Report, TrainConfig, TrainingResult, TrainingRun,
    defaults,
};
use pyo3::exceptions::{PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use serde_json::{Map, Value, json};

use crate::policy::Policy;
use crate::{error, interruptible, pool, sampling, spec};

/// Evaluations of a training, unless said otherwise.
const EVALUATIONS: u64 = 50;

/// What is asked of a training.
struct Training<'py> {
    py: Python<'py>,
    config: TrainConfig,
    steps: u64,
    seed: u64,
    evaluations: Evaluations,
    out: Option<String>,
    progress: Option<Bound<'py, PyAny>>,
    gather: Option<Bound<'py, PyAny>>,
}

/// Trains, and returns the figures as JSON with the policy that did best. `progress` is called with JSON after each
/// update; False from it ends the training. Where there is a `gather`, it is called with the bytes of the weights, and with how
/// many environments, how many steps of each and whether masks are asked for, and returns the fragments of a rollout.
#[pyfunction]
#[pyo3(signature = (algorithm, rules, scenario, overrides, *, steps, seed, hyperparameters, stop_at, evaluate_every, evaluation_episodes, out, progress, gather=None))]
#[expect(clippy::too_many_arguments, reason = "keywords of Python, one each")]
pub(crate) fn train<'py>(
    py: Python<'py>,
    algorithm: &str,
    rules: &str,
    scenario: Option<&str>,
    overrides: Vec<(String, String)>,
    steps: Option<u64>,
    seed: u64,
    hyperparameters: &str,
    stop_at: Option<f64>,
    evaluate_every: Option<u64>,
    evaluation_episodes: usize,
    out: Option<String>,
    progress: Option<Bound<'py, PyAny>>,
    gather: Option<Bound<'py, PyAny>>,
) -> PyResult<(String, Policy)> {
    let spec = spec::spec(py, rules, scenario, &overrides)?;
    let named = Algorithm::ALL.into_iter().find(|known| known.to_string() == algorithm);
    let known = || Algorithm::ALL.map(|known| known.to_string()).join(", ");
    let named = named
        .ok_or_else(|| PyValueError::new_err(format!("there is no algorithm '{algorithm}': known are {}", known())))?;
    let Defaults { config, steps: usual, .. } = defaults(named, spec.rules().name());
    let config = laid_over(&config, hyperparameters)?;
    let steps = steps.unwrap_or(usual);
    let every = evaluate_every.unwrap_or_else(|| steps.div_ceil(EVALUATIONS));
    if steps == 0 || every == 0 || evaluation_episodes == 0 {
        return Err(PyValueError::new_err("steps and evaluations have to be 1 at least"));
    }
    let evaluations = Evaluations { every, episodes: evaluation_episodes, stop_at };
    spec.visit(Training { py, config, steps, seed, evaluations, out, progress, gather })
}

/// How far a training has come.
struct Trained {
    /// Environment steps.
    done: u64,
    solved_at: Option<u64>,
    /// The weights that did best in an evaluation so far.
    best: Option<Checkpoint>,
    result: Result<TrainingResult, LearningError>,
}

impl RulesVisitor for Training<'_> {
    type Output = PyResult<(String, Policy)>;

    fn visit<R: Rules>(self, rules: R) -> Self::Output {
        let Self { py, config, steps, seed, evaluations, .. } = &self;
        let (pool, stop) = (pool::of_all_cores()?, Arc::<AtomicBool>::default());
        let start = Instant::now();
        let gather = self.gather.as_ref().map(|gather| gather.clone().unbind());
        // What `gather` raised, which the training can't carry.
        let failed = Mutex::new(None);
        let (gather, failed) = (gather.as_ref(), &failed);
        let work = |tell: &dyn Fn(Report) -> bool| {
            let make = || TrainingRun::new(config, &rules, *seed, *steps, evaluations.clone(), None);
            let mut run = pool.install(make)?.stopped_by(Arc::clone(&stop));
            // No thread of the pool waits for Python, which may use the pool itself.
            let mut advance = || {
                while !run.finished() {
                    let report = match gather {
                        None => pool.install(|| run.advance())?,
                        Some(gather) => {
                            let fragments = Python::attach(|py| gathered(gather.bind(py), &run)).map_err(|raised| {
                                *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(raised);
                                LearningError::Stopped
                            })?;
                            pool.install(|| run.advance_with(fragments))?
                        }
                    };
                    if !tell(report) {
                        break;
                    }
                }
                // It is handed over, as it may not be shared.
                let run = &mut run;
                pool.install(move || run.result())
            };
            let result = advance();
            Ok(Trained { done: run.trainer().done(), solved_at: run.solved_at(), best: run.best().cloned(), result })
        };
        let (trained, waited) = interruptible::run(*py, &stop, work, &mut |report| self.tell(&report));
        if let Some(raised) = failed.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Err(raised);
        }
        let Trained { done, solved_at, best, result } = trained.map_err(refused)?;
        if let Err(interrupted) = waited {
            // What was learnt is not lost with an interrupt.
            if let (Some(out), Some(best)) = (&self.out, best) {
                best.save(Path::new(out)).map_err(unwritten)?;
            }
            return Err(interrupted);
        }
        let (seconds, result) = (start.elapsed().as_secs_f64(), result.map_err(refused)?);
        if let Some(out) = &self.out {
            result.checkpoint.save(Path::new(out)).map_err(unwritten)?;
        }
        let figures = json!({
            "algorithm": result.checkpoint.info.algorithm,
            "rules": result.checkpoint.info.spec.rules,
            "scenario": result.checkpoint.info.spec.scenario,
            "seed": seed,
            "steps": done,
            "seconds": seconds,
            "solved_at": solved_at,
            "evaluation": result.evaluation,
        });
        Ok((figures.to_string(), Policy::trained(result.checkpoint)?))
    }
}

impl Training<'_> {
    /// Whether to go on.
    fn tell(&self, report: &Report) -> PyResult<bool> {
        let Some(progress) = &self.progress else { return Ok(true) };
        let now = &report.progress;
        let mut told = json!({
            "steps": now.steps,
            "of": self.steps,
            "mean_return": now.mean_return,
            "mean_length": now.mean_length,
            "loss": now.loss,
            "learning_rate": now.learning_rate,
        });
        for (name, value) in &now.details {
            told[*name] = json!(value);
        }
        if let Some(evaluated) = &report.evaluation {
            told["evaluation"] = serde_json::to_value(&evaluated.evaluation).map_err(error::value)?;
            told["is_best"] = json!(evaluated.is_best);
        }
        let answer = progress.call1((told.to_string(),))?;
        Ok(answer.is_none() || answer.is_truthy()?)
    }
}

/// The fragments that the next update learns from.
fn gathered<R: Rules>(gather: &Bound<'_, PyAny>, run: &TrainingRun<R>) -> PyResult<Vec<Fragment>> {
    let FragmentShape { envs, steps, action_masks } = run.trainer().fragment_shape().map_err(refused)?;
    let weights = PyBytes::new(gather.py(), &run.acting().to_bytes());
    let fragments = gather.call1((weights, envs, steps, action_masks))?;
    let fragments: Vec<Bound<'_, PyDict>> = fragments.extract()?;
    fragments.iter().map(sampling::read).collect()
}

/// Hyperparameters, with those of a JSON object in place of what it names.
fn laid_over(config: &TrainConfig, over: &str) -> PyResult<TrainConfig> {
    let mut value = serde_json::to_value(config).map_err(error::value)?;
    let over: Map<String, Value> = serde_json::from_str(over).map_err(error::value)?;
    let Some(fields) = value.as_object_mut().and_then(|tagged| tagged.values_mut().next()?.as_object_mut()) else {
        return Err(PyRuntimeError::new_err("hyperparameters have names"));
    };
    for (name, value) in over {
        fields.insert(name, value);
    }
    let config: TrainConfig =
        serde_json::from_value(value).map_err(|error| PyValueError::new_err(format!("hyperparameters: {error}")))?;
    config.check().map_err(|why| PyValueError::new_err(format!("hyperparameters: {why}")))?;
    Ok(config)
}

fn refused(error: LearningError) -> PyErr {
    match error {
        LearningError::Hyperparameters { .. } | LearningError::Fragments { .. } => {
            PyValueError::new_err(error.to_string())
        }
        _ => PyRuntimeError::new_err(error.to_string()),
    }
}

fn unwritten(error: impl std::fmt::Display) -> PyErr {
    PyOSError::new_err(error.to_string())
}
