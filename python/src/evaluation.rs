//! How well a policy drives, as the program's `eval` tells it.

use daladala_agents::{Evaluation, Policy as Acting, evaluate as drive};
use daladala_env::{Rules, RulesVisitor};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::policy::Driving;
use crate::{error, pool, spec};

/// More take days.
const MOST_EPISODES: usize = 1_000_000_000;

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
    struct Drive<'a>(&'a dyn Acting, u64, usize);
    impl RulesVisitor for Drive<'_> {
        type Output = Evaluation;
        fn visit<R: Rules>(self, rules: R) -> Evaluation {
            drive(self.0, &rules, self.1, self.2, &|_| ())
        }
    }
    if !(1..=MOST_EPISODES).contains(&episodes) {
        return Err(PyValueError::new_err(format!("episodes is {episodes}, it has to be 1 to {MOST_EPISODES}")));
    }
    let spec = spec::spec(py, rules, scenario, &overrides)?;
    let info = spec.info();
    let driving = Driving::new(policy, &info, masked)?;
    // Models of Python keep what they compute in themselves: two calls at once would mix it up.
    let pool = if matches!(driving, Driving::Python(_)) { pool::of(1)? } else { pool::of_all_cores()? };
    let acting = driving.acting();
    let evaluation = py.detach(|| pool.install(|| spec.visit(Drive(&*acting, seed, episodes))));
    if let Some(error) = driving.take_raised() {
        return Err(error);
    }
    serde_json::to_string(&evaluation).map_err(error::value)
}
