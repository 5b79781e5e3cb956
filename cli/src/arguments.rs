//! What arguments may be.

use std::path::Path;

use anyhow::{Context, bail};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use daladala_agents::{AgentError, DeviceKind, registry};
use daladala_env::{RuleSet, RuleSpec};

use crate::files::read_text;

/// The rules where nothing else says which.
pub(crate) const DEFAULT_RULES: RuleSet = RuleSet::City;

/// What `--set` is where something is trained.
pub(crate) const SET_HELP: &str = "A hyperparameter, such as gamma=0.9, or a field of the scenario, such as \
                                   police.inspect=0.3; may be given again and again";

/// For commands that run rules.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct RulesArgs {
    /// The rules to drive by [default: those of the model, city where it can drive by several]
    #[arg(long, env = "DALADALA_RULES", value_parser = rules_parser())]
    rules: Option<RuleSet>,
    #[command(flatten)]
    scenario: ScenarioArgs,
}

/// For commands that run one rule set, or any.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ScenarioArgs {
    /// The scenario of the rules: a name that `daladala scenarios` lists, or a TOML file [default: the first that the rules have].
    #[arg(long, value_name = "NAME|FILE")]
    scenario: Option<String>,
    /// A field of the scenario, such as police.inspect=0.3; may be given again and again.
    #[arg(long, value_name = "FIELD=VALUE")]
    set: Vec<String>,
}

impl RulesArgs {
    /// The rules alone, with their default scenario.
    pub(crate) fn of(rules: Option<RuleSet>) -> Self {
        Self { rules, scenario: ScenarioArgs { scenario: None, set: Vec::new() } }
    }

    /// What the arguments name, where nothing is trained.
    pub(crate) fn spec(&self) -> anyhow::Result<RuleSpec> {
        self.spec_or(DEFAULT_RULES)
    }

    /// What the arguments name, or where they name no rules, what `model` drives by: a built-in name or a weights file.
    pub(crate) fn spec_for(&self, model: &str) -> anyhow::Result<RuleSpec> {
        let known: Vec<RuleSet> = registry::rules_of(model).iter().filter_map(|rules| rules.parse().ok()).collect();
        // A model that nobody knows is an error once it is loaded.
        let first = if known.contains(&DEFAULT_RULES) { None } else { known.first().copied() };
        self.spec_or(first.unwrap_or(DEFAULT_RULES))
    }

    /// What the arguments name, of `rules` where they name none.
    pub(crate) fn spec_or(&self, rules: RuleSet) -> anyhow::Result<RuleSpec> {
        self.spec_of(self.rules.unwrap_or(rules))
    }

    /// An error of another model than `first`, which said what the rules are where the arguments did not.
    pub(crate) fn explained(&self, first: &str, error: anyhow::Error) -> anyhow::Error {
        match error.downcast_ref() {
            Some(AgentError::UnknownModel { name, rules, .. }) if self.rules.is_none() && name != first => {
                let why = format!("the rules are '{rules}' as '{first}' drives by them, --rules names others");
                error.context(why)
            }
            _ => error,
        }
    }

    /// The scenario of `rules` that the arguments name.
    fn spec_of(&self, rules: RuleSet) -> anyhow::Result<RuleSpec> {
        self.scenario.spec_alone(rules)
    }

    /// The hyperparameters among what is set: their names have no dot.
    pub(crate) fn hyperparameters(&self) -> Vec<String> {
        self.scenario.hyperparameters()
    }

    /// What the arguments name, whatever hyperparameters are set beside it.
    pub(crate) fn spec_to_train_on(&self) -> anyhow::Result<RuleSpec> {
        self.scenario.spec(self.rules.unwrap_or(DEFAULT_RULES))
    }

    /// Whether anything of what is trained on is asked for.
    pub(crate) fn are_given(&self) -> bool {
        self.rules.is_some() || self.scenario.is_given()
    }
}

impl ScenarioArgs {
    /// Whether a field is set.
    pub(crate) fn sets(&self, field: &str) -> bool {
        self.set.iter().any(|set| set.split('=').next().is_some_and(|name| name.trim() == field))
    }

    /// The name or the file of the scenario that is asked for.
    pub(crate) fn name(&self) -> Option<&str> {
        self.scenario.as_deref()
    }

    /// The same with another scenario.
    pub(crate) fn named(self, name: String) -> Self {
        Self { scenario: Some(name), ..self }
    }

    /// Whether a scenario is asked for, or one with something set in it.
    pub(crate) fn is_given(&self) -> bool {
        self.scenario.is_some() || self.set.len() > self.hyperparameters().len()
    }

    /// The hyperparameters among what is set: their names have no dot.
    pub(crate) fn hyperparameters(&self) -> Vec<String> {
        let is_field = |set: &&String| set.split('=').next().is_some_and(|name| name.contains('.'));
        self.set.iter().filter(|set| !is_field(set)).cloned().collect()
    }

    /// The scenario of `rules`, where nothing is trained.
    pub(crate) fn spec_alone(&self, rules: RuleSet) -> anyhow::Result<RuleSpec> {
        if let Some(set) = self.hyperparameters().first() {
            bail!("--set {set}: a field of a scenario has a dot in it, such as police.inspect=0.3");
        }
        self.spec(rules)
    }

    /// The scenario of `rules`, whatever hyperparameters are set beside it.
    pub(crate) fn spec(&self, rules: RuleSet) -> anyhow::Result<RuleSpec> {
        let spec = match self.scenario.as_deref() {
            Some(path) if looks_like_a_file(path) => {
                let text = read_text(Path::new(path)).with_context(|| format!("the scenario {path} can't be read"))?;
                let name = Path::new(path).file_stem().map_or_else(|| path.into(), |stem| stem.to_string_lossy());
                RuleSpec::from_toml(rules, &name, &text)?
            }
            name => RuleSpec::named(rules.name(), name)?,
        };
        let hyperparameters = self.hyperparameters();
        let pair = |set: &'_ String| {
            let (field, value) = set.split_once('=').with_context(|| format!("--set {set}: needed is FIELD=VALUE"))?;
            Ok((field.trim().to_owned(), value.trim().to_owned()))
        };
        let fields = self.set.iter().filter(|set| !hyperparameters.contains(set)).map(pair);
        let fields: Vec<(String, String)> = fields.collect::<anyhow::Result<_>>()?;
        Ok(spec.with_fields(fields.iter().map(|(field, value)| (field.as_str(), value.as_str())))?)
    }
}

/// A misspelt name should hear of the names that there are, a misspelt path of the file that isn't there.
pub(crate) fn looks_like_a_file(scenario: &str) -> bool {
    Path::new(scenario).extension().is_some() || Path::new(scenario).components().count() > 1
}

pub(crate) fn rules_parser() -> impl TypedValueParser<Value = RuleSet> {
    PossibleValuesParser::new(RuleSet::ALL.iter().map(|rules| rules.name())).try_map(|name| name.parse::<RuleSet>())
}

/// For commands with a network in them.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct DeviceArgs {
    /// What computes the network: GPUs need a program that was built with `--features wgpu` or `cuda`.
    // A machine has a GPU or has none, so one variable does for all commands.
    #[arg(long, env = "DALADALA_DEVICE", default_value_t, value_parser = one_of(DeviceKind::ALL))]
    pub(crate) device: DeviceKind,
}

/// Takes the names of `values`.
pub(crate) fn one_of<T, const N: usize>(values: [T; N]) -> impl TypedValueParser<Value = T>
where
    T: std::fmt::Display + std::str::FromStr<Err = String> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(values.map(|value| value.to_string())).try_map(|name| name.parse::<T>())
}
