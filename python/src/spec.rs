//! Rules by name, with their scenario and what is set of it.

use std::path::Path;

use daladala_env::{RuleSet, RuleSpec};
use pyo3::exceptions::PyFileNotFoundError;
use pyo3::prelude::*;

use crate::error;

/// What the names stand for. A scenario is a name or a TOML file; overrides are fields and their values as TOML has them.
pub(crate) fn spec(
    py: Python<'_>,
    rules: &str,
    scenario: Option<&str>,
    overrides: &[(String, String)],
) -> PyResult<RuleSpec> {
    let refused = |error| error::of_env(py, &error);
    let spec = match scenario {
        Some(path) if looks_like_a_file(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|error| PyFileNotFoundError::new_err(format!("the scenario {path} can't be read: {error}")))?;
            let name = Path::new(path).file_stem().map(|stem| stem.to_string_lossy().into_owned());
            let rules: RuleSet = rules.parse().map_err(refused)?;
            RuleSpec::from_toml(rules, name.as_deref().unwrap_or(path), &text).map_err(refused)?
        }
        name => RuleSpec::named(rules, name).map_err(refused)?,
    };
    spec.with_fields(overrides.iter().map(|(field, value)| (field.as_str(), value.as_str()))).map_err(refused)
}

/// A misspelt name should hear of the names that there are, a misspelt path of the file that isn't there.
fn looks_like_a_file(scenario: &str) -> bool {
    Path::new(scenario).extension().is_some() || Path::new(scenario).components().count() > 1
}

/// What describes rules with their scenario, as JSON: spaces, figures, endings, costs and the step limit.
#[pyfunction]
#[pyo3(signature = (rules, scenario=None, overrides=vec![]))]
pub(crate) fn describe(
    py: Python<'_>,
    rules: &str,
    scenario: Option<&str>,
    overrides: Vec<(String, String)>,
) -> PyResult<String> {
    let info = spec(py, rules, scenario, &overrides)?.info();
    serde_json::to_string(&info).map_err(error::value)
}

/// The names of all rules, and of the scenarios that each of them brings, the default first.
#[pyfunction]
pub(crate) fn rules() -> Vec<(&'static str, Vec<&'static str>)> {
    RuleSet::ALL.iter().map(|rules| (rules.name(), rules.scenarios().to_vec())).collect()
}
