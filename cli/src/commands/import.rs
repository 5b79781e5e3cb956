//! `daladala import`

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::ensure;
use daladala_agents::Algorithm;
use daladala_agents::import::{ImportOptions, import};
use daladala_agents::network::{Activation, MlpWeights};
use daladala_env::{RuleSet, SpecId};
use serde::Serialize;

use crate::arguments::{RulesArgs, one_of};
use crate::files::ensure_writable;
use crate::output::{figures, grouped, print, print_json, tell};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What Stable-Baselines3 saved (.zip), or the state dict of a PyTorch module (.pth).
    file: PathBuf,
    /// Where the model goes (.safetensors).
    #[arg(long)]
    out: PathBuf,
    #[command(flatten)]
    rules: RulesArgs,
    /// What trained it, where the file does not say.
    #[arg(long, value_parser = one_of(Algorithm::ALL))]
    algo: Option<Algorithm>,
    /// What follows its hidden layers, where the file does not say.
    #[arg(long, value_parser = one_of(Activation::ALL))]
    activation: Option<Activation>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Summary<'a> {
    algorithm: Algorithm,
    #[serde(flatten)]
    spec: &'a SpecId,
    observation_size: usize,
    actions: usize,
    /// Sizes from input to output.
    layers: BTreeMap<&'a str, Vec<usize>>,
    activation: Activation,
    seed: Option<u64>,
    steps: Option<u64>,
    parameters: usize,
    source: Option<&'a str>,
    notes: &'a [String],
    out: String,
}

impl Args {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        // Who trained elsewhere trained on the original.
        let rules = self.rules.spec_or(RuleSet::Classic)?.info();
        ensure_writable(&self.out)?;
        let same = self.out.exists() && self.out.canonicalize()? == self.file.canonicalize()?;
        ensure!(!same, "{} would be written over: name another --out", self.file.display());
        let options = ImportOptions { algorithm: self.algo, activation: self.activation };
        let imported = import(&self.file, &rules, options)?;
        imported.checkpoint.save(&self.out)?;

        let info = &imported.checkpoint.info;
        let networks = &imported.checkpoint.networks;
        let summary = Summary {
            algorithm: info.algorithm,
            spec: &info.spec,
            observation_size: info.observation_size,
            actions: info.actions,
            layers: networks.iter().map(|(name, network)| (&**name, network.sizes())).collect(),
            activation: imported.checkpoint.acting()?.activation,
            seed: info.seed,
            steps: info.steps,
            parameters: networks.values().map(MlpWeights::parameters).sum(),
            source: info.source.as_deref(),
            notes: &imported.notes,
            out: self.out.display().to_string(),
        };
        if self.json { print_json(&summary) } else { summary.print() }
    }
}

impl Summary<'_> {
    fn print(&self) -> anyhow::Result<()> {
        let layers = self.layers.iter().map(|(name, sizes)| {
            let sizes: Vec<_> = sizes.iter().map(ToString::to_string).collect();
            format!("{name} {}", sizes.join(" → "))
        });
        print(figures([
            ("algorithm", self.algorithm.to_string()),
            ("from", self.source.unwrap_or("unknown").to_owned()),
            ("rules", self.spec.to_string()),
            ("layers", layers.collect::<Vec<_>>().join("\n")),
            ("activation", self.activation.to_string()),
            ("steps", self.steps.map_or_else(|| "unknown".to_owned(), |steps| grouped(steps as f64))),
            ("parameters", grouped(self.parameters as f64)),
        ]))?;
        for note in self.notes {
            tell(format_args!("note: {note}"));
        }
        print(format!("Evaluate it: daladala eval --model {}", self.out))?;
        print(format!("Watch it: daladala serve --model {}", self.out))
    }
}
