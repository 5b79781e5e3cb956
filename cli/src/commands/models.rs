//! `daladala models`

use std::path::Path;

use comfy_table::{ContentArrangement, Table, presets};
use daladala_agents::registry::BuiltIn;
use daladala_agents::{Checkpoint, registry};
use daladala_env::RuleSet;
use serde_json::{Value, json};

use crate::arguments::{RulesArgs, rules_parser};
use crate::output::{figures, print, print_json};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Show the whole card of one model, or what a weights file says of itself.
    #[arg(value_name = "NAME|PATH")]
    name: Option<String>,
    /// The rules that it drives by [default: all; for a name city, where it can drive by several]
    // What the environment says is meant for commands that drive.
    #[arg(long, value_parser = rules_parser())]
    rules: Option<RuleSet>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl Args {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        match &self.name {
            Some(name) => self.show(name),
            None => self.list(),
        }
    }

    fn show(&self, name: &str) -> anyhow::Result<()> {
        if registry::is_file(name) {
            let checkpoint = Checkpoint::load(Path::new(name))?;
            return if self.json { print_json(&described(name, &checkpoint)) } else { print_file(&checkpoint) };
        }
        let model = registry::built_in(&RulesArgs::of(self.rules).spec_for(name)?.id().rules, name)?;
        if self.json { print_json(model) } else { print(model.card.trim_end()) }
    }

    fn list(&self) -> anyhow::Result<()> {
        let is_meant = |model: &&BuiltIn| self.rules.is_none_or(|rules| rules.name() == model.rules);
        let models: Vec<_> = registry::BUILT_IN.iter().filter(is_meant).collect();
        if self.json {
            return print_json(&json!({ "models": models }));
        }
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_header(["name", "rules", "what it is"]);
        for model in models {
            table.add_row([model.name, model.rules, model.summary()]);
        }
        print(table)?;
        print(
            "`daladala models NAME` shows a card. Where a model is asked for, a path of a .safetensors file will do too, \
             and `daladala models PATH` shows what it says of itself.",
        )
    }
}

/// Sizes of a network's layers, the observation first, and what follows all but the last.
fn networks(checkpoint: &Checkpoint) -> impl Iterator<Item = (&str, Vec<usize>, String)> {
    let networks = checkpoint.networks.iter();
    networks.map(|(name, network)| (name.as_str(), network.sizes(), network.activation.to_string()))
}

fn described(name: &str, checkpoint: &Checkpoint) -> Value {
    let networks = networks(checkpoint);
    let networks = networks
        .map(|(name, sizes, activation)| (name.to_owned(), json!({ "layers": sizes, "activation": activation })));
    let networks: serde_json::Map<_, _> = networks.collect();
    json!({ "model": registry::display_name(name), "path": name, "info": checkpoint.info, "networks": networks })
}

fn print_file(checkpoint: &Checkpoint) -> anyhow::Result<()> {
    let info = &checkpoint.info;
    let known = |number: Option<u64>| number.map_or_else(|| "unknown".to_owned(), |number| number.to_string());
    let mean =
        if info.mean_return.is_finite() { format!("{:.3}", info.mean_return) } else { "not measured".to_owned() };
    print(figures([
        ("algorithm", info.algorithm.to_string()),
        ("trained with", info.source.clone().unwrap_or_else(|| "daladala".to_owned())),
        ("rules", info.spec.rules.clone()),
        ("scenario", info.spec.scenario.clone()),
        ("scenario hash", info.spec.scenario_hash.clone()),
        ("observation", format!("{} numbers", info.observation_size)),
        ("actions", format!("{}{}", info.actions, if info.action_masks { ", chosen among open ones" } else { "" })),
        ("steps", known(info.steps)),
        ("seed", known(info.seed)),
        ("mean return after it", mean),
    ]))?;
    for (name, sizes, activation) in networks(checkpoint) {
        let sizes: Vec<_> = sizes.iter().map(ToString::to_string).collect();
        print(format!("{name}: {} ({activation})", sizes.join(" → ")))?;
    }
    Ok(())
}
