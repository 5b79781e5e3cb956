//! `daladala scenarios`

use comfy_table::{ContentArrangement, Table, presets};
use daladala_env::{RuleSet, RuleSpec};
use serde_json::json;

use crate::arguments::RulesArgs;
use crate::output::{print, print_json};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Print one as TOML, to be changed and given to --scenario: the scenario that --rules, --scenario and --set name.
    #[arg(long)]
    show: bool,
    #[command(flatten)]
    rules: RulesArgs,
    /// Print one JSON object.
    #[arg(long, conflicts_with = "show")]
    json: bool,
}

impl Args {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        if self.show {
            return print(toml::to_string(&self.rules.spec()?.scenario().parameters)?.trim_end());
        }
        let named = |rules: &RuleSet| {
            let rules = *rules;
            rules.scenarios().iter().map(move |name| RuleSpec::named(rules.name(), Some(name)))
        };
        let specs = RuleSet::ALL.iter().flat_map(named).collect::<Result<Vec<_>, _>>()?;
        if self.json {
            let entry = |spec: &RuleSpec| {
                let (id, parameters) = (spec.id(), &spec.scenario().parameters);
                json!({ "rules": id.rules, "scenario": id.scenario, "scenario_hash": id.scenario_hash, "parameters": parameters })
            };
            return print_json(&json!({ "scenarios": specs.iter().map(entry).collect::<Vec<_>>() }));
        }
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_header(["rules", "scenario", "cells", "stops", "capacity", "legal", "step limit"]);
        for spec in &specs {
            let info = spec.info();
            let numbers = [info.route.len(), info.places.len()].map(|number| number.to_string());
            let limits = [info.capacity, info.legal_capacity, info.max_steps].map(|number| number.to_string());
            table.add_row([vec![info.id.rules, info.id.scenario], numbers.to_vec(), limits.to_vec()].concat());
        }
        print(table)?;
        print(
            "`daladala scenarios --rules city --scenario night --show` prints one as TOML; a TOML file can be given to --scenario.",
        )
    }
}
