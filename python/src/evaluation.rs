//! How well a policy drives, as the program's `eval` tells it.

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};

use daladala_agents::{Evaluation, Policy as Acting, evaluate_each};
use daladala_env::{Rules, RulesVisitor};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;

use crate::policy::Driving;
use crate::{error, interruptible, pool, spec};

/// More take days.
const MOST_EPISODES: usize = 1_000_000_000;

/// An evaluation.
struct Drive<'a, E> {
    acting: &'a dyn Acting,
    seed: u64,
    episodes: usize,
    /// Asked after each step of some episodes; its error ends the evaluation.
    goes_on: &'a (dyn Fn() -> Result<(), E> + Sync),
}

impl<E: Send> RulesVisitor for Drive<'_, E> {
    type Output = Result<Evaluation, E>;
    fn visit<R: Rules>(self, rules: R) -> Self::Output {
        let Self { acting, seed, episodes, goes_on } = self;
        evaluate_each(acting, &rules, seed, episodes, &|_| goes_on(), &mut |_, _| Ok(()))
    }
}

/// The figures of an evaluation as JSON. `policy` is a `Policy` or a callable.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "keywords of Python, one each")]
pub(crate) fn evaluate(
    py: Python<'_>,
    policy: &Bound<'_, PyAny>,
    rules: &str,
    scenario: Option<&str>,
    overrides: Vec<(String, String)>,
    episodes: usize,
    seed: u64,
    masked: bool,
) -> PyResult<String> {
    if !(1..=MOST_EPISODES).contains(&episodes) {
        return Err(PyValueError::new_err(format!("episodes is {episodes}, it has to be 1 to {MOST_EPISODES}")));
    }
    let spec = spec::spec(py, rules, scenario, &overrides)?;
    let info = spec.info();
    let driving = Driving::new(policy, &info, masked)?;
    let acting = &*driving.acting();
    let evaluation = match &driving {
        // It is asked on this thread, where Ctrl-C reaches it.
        Driving::Python(callable) => {
            let goes_on = &|| callable.goes_on();
            py.detach(|| spec.visit(Drive { acting, seed, episodes, goes_on }))?
        }
        Driving::Ours(_) => {
            let (pool, stop) = (pool::of_all_cores()?, AtomicBool::default());
            let goes_on = &|| if stop.load(Ordering::Relaxed) { Err("the evaluation was stopped") } else { Ok(()) };
            let work =
                |_: &dyn Fn(Infallible) -> bool| pool.install(|| spec.visit(Drive { acting, seed, episodes, goes_on }));
            let (done, waited) = interruptible::run(py, &stop, work, &mut |never| match never {});
            waited?;
            done.map_err(PyRuntimeError::new_err)?
        }
    };
    serde_json::to_string(&evaluation).map_err(error::value)
}
