//! What arguments may be.

use clap::builder::{PossibleValuesParser, TypedValueParser};

/// Takes the names of `values`.
pub(crate) fn one_of<T, const N: usize>(values: [T; N]) -> impl TypedValueParser<Value = T>
where
    T: std::fmt::Display + std::str::FromStr<Err = String> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(values.map(|value| value.to_string())).try_map(|name| name.parse::<T>())
}
