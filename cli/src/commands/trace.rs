//! `daladala trace`

use std::io::{BufRead, BufWriter, Write, stdin, stdout};

use anyhow::Context;
use daladala_env::trace::{act_out, act_out_any};
use daladala_env::{RuleSet, RuleSpec};

use crate::arguments::RulesArgs;

#[derive(Debug, clap::Args)]
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
    const NO_EPISODE: &str = "not an episode";
    if spec.rules() == RuleSet::Classic {
        // The form that its golden episodes were recorded in.
        return Ok(serde_json::to_string(&act_out(serde_json::from_str(line).context(NO_EPISODE)?)?)?);
    }
    let request = serde_json::from_str(line).context(NO_EPISODE)?;
    Ok(serde_json::to_string(&act_out_any(spec, &request)?)?)
}
