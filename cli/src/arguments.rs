//! What arguments may be.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use daladala_agents::DeviceKind;

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
