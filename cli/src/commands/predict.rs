//! `daladala predict`

use std::io::{BufRead, Write, stdin, stdout};

use anyhow::{Context, ensure};
use daladala_agents::{Choice, policy_generators, registry};
use serde::Serialize;

use crate::arguments::{DeviceArgs, RulesArgs};
use crate::output::{tell, tell_of};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A built-in name (see `daladala models`) or the path of a weights file.
    #[arg(long)]
    model: String,
    #[command(flatten)]
    rules: RulesArgs,
    #[command(flatten)]
    device: DeviceArgs,
    /// Accepted for symmetry with the other commands: the output is JSON, an object a line, in any case.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Prediction<'a> {
    action: u8,
    outputs: &'a [f32],
}

impl Args {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let rules = self.rules.spec_for(&self.model)?.info();
        let loaded = registry::load(&self.model, &rules, Choice::Greedy, self.device.device)?;
        tell_of(&self.model, &loaded, &rules.id);
        let policy = loaded.policy;
        if policy.masked() {
            tell(format_args!(
                "note: '{}' learnt to choose among open actions, which observations alone don't tell: its choice may be a closed one",
                self.model
            ));
        }
        let mut generators = policy_generators(0, 0..1);
        let mut outputs = vec![0.0; policy.actions()];
        let mut action = [0];
        let mut out = stdout().lock();
        for (number, line) in stdin().lock().lines().enumerate() {
            let line = line.with_context(|| format!("line {}", number + 1))?;
            if line.trim().is_empty() {
                continue;
            }
            let observation =
                parse(&line, policy.observation_size()).with_context(|| format!("line {}", number + 1))?;
            policy.outputs(&observation, &mut outputs);
            let finite = outputs.iter().all(|output| output.is_finite());
            ensure!(
                finite,
                "line {}: the outputs are not finite: these numbers are too large for the model",
                number + 1
            );
            policy.choose(&outputs, None, &mut generators, &mut action);
            // A line at a time, so that a program on the other end of two pipes gets its answer.
            let mut answer = serde_json::to_vec(&Prediction { action: action[0], outputs: &outputs })?;
            answer.push(b'\n');
            out.write_all(&answer)?;
            out.flush()?;
        }
        Ok(())
    }
}

fn parse(line: &str, size: usize) -> anyhow::Result<Vec<f32>> {
    let observation: Vec<f32> = serde_json::from_str(line).context("not a JSON array of numbers")?;
    ensure!(observation.len() == size, "{} numbers given, the model takes {size}", observation.len());
    ensure!(observation.iter().all(|value| value.is_finite()), "a number is too large");
    Ok(observation)
}
