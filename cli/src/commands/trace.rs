//! `daladala trace`

use std::io::{BufRead, BufWriter, Write, stdin, stdout};

use anyhow::Context;
use daladala_env::RuleSet;
use daladala_env::trace::{TraceRequest, act_out};

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
        match self.rules.spec()?.rules() {
            // Golden episodes are recorded in a form of their own by each rule set.
            RuleSet::Classic => {}
        }
        let mut out = BufWriter::new(stdout().lock());
        for (number, line) in stdin().lock().lines().enumerate() {
            let line = line.with_context(|| format!("line {}", number + 1))?;
            if line.trim().is_empty() {
                continue;
            }
            let trace = serde_json::from_str::<TraceRequest>(&line)
                .context("not an episode")
                .and_then(|request| Ok(act_out(request)?))
                .with_context(|| format!("line {}", number + 1));
            let trace = match trace {
                Ok(trace) => trace,
                Err(error) => {
                    out.flush()?;
                    return Err(error);
                }
            };
            serde_json::to_writer(&mut out, &trace)?;
            writeln!(out)?;
        }
        Ok(out.flush()?)
    }
}
