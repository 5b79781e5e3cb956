//! The models that are compared.

use std::path::PathBuf;

use anyhow::ensure;
use daladala_agents::{AgentError, Choice, DeviceKind, Policy, Unmasked, registry};
use daladala_env::RulesInfo;

use crate::output::tell_of;

pub(super) struct Driver<'a> {
    /// As it was named.
    pub(super) model: &'a str,
    /// What people read: short, unless another would be called the same.
    pub(super) label: String,
    pub(super) policy: Box<dyn Policy>,
}

impl Driver<'_> {
    /// The same, but that it chooses among all actions.
    pub(super) fn unmasked(self) -> Self {
        Self { policy: Box::new(Unmasked(self.policy)), ..self }
    }
}

/// All of them, or what is wrong with one: before any of them drives.
pub(super) fn drivers<'a>(
    models: &'a [String],
    rules: &RulesInfo,
    choice: Choice,
    device: DeviceKind,
) -> anyhow::Result<Vec<Driver<'a>>> {
    let several = models.len() > 1;
    let mut seen: Vec<PathBuf> = Vec::new();
    let mut drivers = Vec::new();
    for model in models {
        let loaded = registry::load(model, rules, choice, device).map_err(|error| match error {
            AgentError::OtherRules { .. } | AgentError::WrongSpaces(_) => {
                anyhow::Error::new(error).context(format!("--model {model}"))
            }
            says_which => says_which.into(),
        })?;
        tell_of(model, &loaded, &rules.id);
        let what = identity(model, rules);
        ensure!(!seen.contains(&what), "--model {model} is named twice: name each model once");
        seen.push(what);
        let short = registry::display_name(model);
        let unique = models.iter().filter(|other| registry::display_name(other) == short).count() == 1;
        // One alone is shown as it was named.
        let label = if several && unique { short } else { model.clone() };
        drivers.push(Driver { model, label, policy: loaded.policy });
    }
    Ok(drivers)
}

/// The same for one file that is named in two ways.
fn identity(model: &str, rules: &RulesInfo) -> PathBuf {
    let named = PathBuf::from(model);
    if registry::built_in(&rules.id.rules, model).is_ok() { named } else { named.canonicalize().unwrap_or(named) }
}
