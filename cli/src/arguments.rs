//! What arguments may be.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use daladala_agents::DeviceKind;
use daladala_env::{RuleSet, RuleSpec};

/// For commands that run rules.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct RulesArgs {
    /// The rules to drive by.
    #[arg(long, env = "DALADALA_RULES", default_value_t = RuleSet::Classic, value_parser = rules_parser())]
    rules: RuleSet,
    /// Their scenario, by its name [default: the first that the rules have].
    #[arg(long, value_name = "NAME")]
    scenario: Option<String>,
}

impl RulesArgs {
    /// What the arguments name.
    pub(crate) fn spec(&self) -> anyhow::Result<RuleSpec> {
        Ok(RuleSpec::named(self.rules.name(), self.scenario.as_deref())?)
    }
}

fn rules_parser() -> impl TypedValueParser<Value = RuleSet> {
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
