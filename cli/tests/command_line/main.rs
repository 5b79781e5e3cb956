//! The program as others call it: arguments in, lines and exit codes out.

mod evaluation;
mod kills;
mod mistakes;
mod operations;
mod outputs;
mod proxies;
mod recording;
mod scenarios;
mod serving;
mod training;

use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;

const GOLDEN: &str = include_str!("../../../env/tests/golden/classic.jsonl");

/// With `classic` for rules where a test names none.
fn daladala(arguments: &[&str], input: &str) -> Output {
    Command::new(assert_cmd::cargo::cargo_bin!("daladala"))
        .env("DALADALA_RULES", "classic")
        .args(arguments)
        .write_stdin(input)
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn json(arguments: &[&str]) -> Value {
    let text = stdout(&daladala(arguments, ""));
    assert_eq!(text.trim_end().lines().count(), 1, "one object and nothing else: {text}");
    serde_json::from_str(&text).unwrap()
}

/// Says that a test is passed over, and why.
fn skipped(why: &str) {
    use std::io::Write;
    _ = writeln!(std::io::stderr(), "SKIPPED: {why}");
}
