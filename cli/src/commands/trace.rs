//! `daladala trace`

use std::io::{BufRead, BufWriter, Write, stdin, stdout};

use anyhow::{Context, anyhow};
use daladala_env::trace::{act_out, act_out_any};
use daladala_env::{RuleSet, RuleSpec};
use serde::de::DeserializeOwned;

use crate::arguments::RulesArgs;

/// What is read and written, for `--help`.
const LINES: &str = "A line of city is {\"seed\": 1, \"actions\": [0, 2, …]}, with \"layout\" beside it where it should not be drawn \
                     from the seed. Written are the layout, the observations, the states, rewards and costs with their terms, \
                     and the random words of each step. A line of classic is {\"police\": [cells], \"lights\": [cells], \
                     \"red\": [1, 0, …], \"waiting\": [counts], \"actions\": [0, 2, …]}.";

#[derive(Debug, clap::Args)]
#[command(after_help = LINES, mut_arg("rules", |arg| arg.help("The rules to drive by [default: classic]")))]
pub(crate) struct Args {
    #[command(flatten)]
    rules: RulesArgs,
    /// Accepted for symmetry with the other commands: the output is JSON, an object a line, in any case.
    #[arg(long)]
    json: bool,
}

impl Args {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        // The recorded episodes are of these rules.
        let spec = self.rules.spec_or(RuleSet::Classic)?;
        let mut out = BufWriter::new(stdout().lock());
        for (number, line) in stdin().lock().lines().enumerate() {
            let line = line.with_context(|| format!("line {}", number + 1))?;
            if line.trim().is_empty() {
                continue;
            }
            match acted_out(&spec, &line).with_context(|| format!("line {}", number + 1)) {
                Ok(trace) => writeln!(out, "{trace}")?,
                Err(error) => {
                    out.flush()?;
                    return Err(error);
                }
            }
        }
        Ok(out.flush()?)
    }
}

/// What happened in the episode that a line asks for.
fn acted_out(spec: &RuleSpec, line: &str) -> anyhow::Result<String> {
    if spec.rules() == RuleSet::Classic {
        // The form that its golden episodes were recorded in.
        return Ok(serde_json::to_string(&act_out(parsed(line)?)?)?);
    }
    Ok(serde_json::to_string(&act_out_any(spec, &parsed(line)?)?)?)
}

fn parsed<T: DeserializeOwned>(line: &str) -> anyhow::Result<T> {
    // It is a line of many: which one is said by whoever reads them.
    let problem = |error: serde_json::Error| error.to_string().replace(" at line 1 column ", " at column ");
    serde_json::from_str(line).map_err(|error| anyhow!("not an episode: {}", problem(error)))
}
