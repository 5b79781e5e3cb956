//! What the program prints: JSON for machines, tables and progress bars for people.

use std::fmt::Write;
use std::io::{Write as _, stderr, stdout};

use comfy_table::{CellAlignment, Table, presets};
use daladala_agents::registry::{self, LoadedPolicy};
use daladala_env::SpecId;
use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use serde::Serialize;

/// Prints one JSON object on a line of standard output.
pub(crate) fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    let mut out = stdout().lock();
    serde_json::to_writer(&mut out, value)?;
    writeln!(out)?;
    Ok(())
}

/// Prints to standard output; a reader that went away is an error, not a panic.
pub(crate) fn print(text: impl std::fmt::Display) -> anyhow::Result<()> {
    Ok(writeln!(stdout().lock(), "{text}")?)
}

/// Tells something on standard error. Where nobody reads that, the program goes on without.
pub(crate) fn tell(text: impl std::fmt::Display) {
    _ = writeln!(stderr().lock(), "{text}");
}

/// A borderless table of names and figures.
pub(crate) fn figures<const N: usize>(rows: [(&str, String); N]) -> Table {
    columns(rows.map(|(name, figure)| (name, vec![figure])))
}

/// The same with several figures a name.
pub(crate) fn columns<T: Into<String>>(rows: impl IntoIterator<Item = (T, Vec<String>)>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    for (name, figures) in rows {
        table.add_row([vec![name.into()], figures].concat());
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// Says in a line each what somebody may not expect of a model: that a file of its name is another one, and that it drives on
/// another scenario than it was trained on.
pub(crate) fn tell_of(model: &str, loaded: &LoadedPolicy, drives: &SpecId) {
    if registry::hides_a_file(model) {
        tell(format_args!("note: '{model}' is the built-in model; the file of that name is ./{model}"));
    }
    if let Some(trained_on) = &loaded.other_scenario {
        tell(format_args!(
            "note: '{model}' was trained on {trained_on} and drives {drives}: these figures don't tell how it does where it was trained"
        ));
    }
}

/// A progress bar on standard error, drawn only for a terminal and never with `--json`.
pub(crate) fn progress_bar(length: u64, unit: &str, json: bool) -> ProgressBar {
    if json {
        return ProgressBar::hidden();
    }
    let template = format!("{{bar:20}} {{done}}/{{whole}} {unit}  {{speed:>9}}/s  {{msg}}  {{eta}} left");
    let style = ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar());
    // A bar that cannot be drawn is no reason to stop what it shows.
    let done = |state: &ProgressState, out: &mut dyn Write| _ = out.write_str(&grouped(state.pos() as f64));
    let whole = |state: &ProgressState, out: &mut dyn Write| {
        _ = out.write_str(&grouped(state.len().unwrap_or_default() as f64));
    };
    let speed = |state: &ProgressState, out: &mut dyn Write| _ = out.write_str(&grouped(state.per_sec()));
    let style = style.with_key("done", done).with_key("whole", whole).with_key("speed", speed);
    ProgressBar::new(length).with_style(style)
}

/// A number with a space between thousands.
pub(crate) fn grouped(number: f64) -> String {
    let digits = format!("{:.0}", number.abs());
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    if number < 0.0 { format!("-{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn thousands_are_set_apart() {
        let shown = [0.0, 12.4, 999.6, 1234.0, 123_456.0, -7_654_321.0].map(grouped);
        assert_eq!(shown, ["0", "12", "1 000", "1 234", "123 456", "-7 654 321"]);
    }
}
