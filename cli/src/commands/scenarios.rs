//! `daladala scenarios`

use comfy_table::{ContentArrangement, Table, presets};
use daladala_env::{RuleSet, RuleSpec};
use serde_json::{Value, json};

use crate::arguments::{RulesArgs, looks_like_a_file};
use crate::output::{print, print_json};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Print one, field by field: the value, its unit, what it may be, what it means and where the number comes from.
    #[arg(value_name = "NAME|FILE", conflicts_with = "scenario")]
    name: Option<String>,
    /// Print one as TOML, to be changed and given to --scenario.
    #[arg(long, visible_alias = "show", conflicts_with = "json")]
    toml: bool,
    #[command(flatten)]
    rules: RulesArgs,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl Args {
    pub(crate) fn run(mut self) -> anyhow::Result<()> {
        if let Some(name) = self.name.take() {
            self.rules = self.rules.with_scenario(&name);
        }
        let one = self.rules.name_a_scenario();
        if self.toml {
            return print(toml::to_string(&self.spec()?.scenario().parameters)?.trim_end());
        }
        match (one, self.json) {
            (true, true) => print_json(&with_fields(&self.spec()?)),
            (true, false) => print_fields(&self.spec()?),
            (false, true) => print_json(&json!({ "scenarios": all()?.iter().map(entry).collect::<Vec<_>>() })),
            (false, false) => print_list(),
        }
    }

    /// The scenario that is asked for. A name says whose it is.
    fn spec(&self) -> anyhow::Result<RuleSpec> {
        let of = |name: &str| RuleSet::ALL.iter().copied().find(|rules| rules.scenarios().contains(&name));
        match self.rules.scenario_name().filter(|name| !looks_like_a_file(name)).and_then(of) {
            Some(rules) => self.rules.spec_of(rules),
            None => self.rules.spec(),
        }
    }
}

/// Every scenario that the rules bring.
fn all() -> anyhow::Result<Vec<RuleSpec>> {
    let named = |rules: &RuleSet| {
        let rules = *rules;
        rules.scenarios().iter().map(move |name| RuleSpec::named(rules.name(), Some(name)))
    };
    Ok(RuleSet::ALL.iter().flat_map(named).collect::<Result<_, _>>()?)
}

fn entry(spec: &RuleSpec) -> Value {
    let (id, parameters) = (spec.id(), &spec.scenario().parameters);
    json!({ "rules": id.rules, "scenario": id.scenario, "scenario_hash": id.scenario_hash, "parameters": parameters })
}

fn with_fields(spec: &RuleSpec) -> Value {
    let mut one = entry(spec);
    one["fields"] = json!(spec.rules().fields());
    one
}

fn print_list() -> anyhow::Result<()> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["rules", "scenario", "cells", "stops", "capacity", "legal", "step limit"]);
    for spec in &all()? {
        let info = spec.info();
        let numbers = [info.route.len(), info.places.len()].map(|number| number.to_string());
        let limits = [info.capacity, info.legal_capacity, info.max_steps].map(|number| number.to_string());
        table.add_row([vec![info.id.rules, info.id.scenario], numbers.to_vec(), limits.to_vec()].concat());
    }
    print(table)?;
    print(
        "`daladala scenarios night` prints one, with units, bounds and sources; with --toml as a file for --scenario.",
    )
}

fn print_fields(spec: &RuleSpec) -> anyhow::Result<()> {
    let id = spec.id();
    print(format!("{} of {}, {}", id.scenario, id.rules, id.scenario_hash))?;
    let fields = spec.rules().fields();
    if fields.is_empty() {
        return print("These rules have no parameters.");
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["field", "value", "unit", "may be", "what it is", "source of the default's number"]);
    let parameters = Value::Object(spec.scenario().parameters.clone());
    for field in fields {
        let value = field.name.split('.').try_fold(&parameters, |table, key| table.get(key));
        let value = value.map_or_else(|| "absent".to_owned(), Value::to_string);
        table.add_row([field.name, &value, field.unit, &field.bounds.to_string(), field.meaning, field.source]);
    }
    if let Some(Value::Object(ranges)) = parameters.get("randomize") {
        for (field, range) in ranges {
            let name = format!("randomize.{field}");
            table.add_row([&name, &range.to_string(), "", "least and greatest", "drawn anew each episode", ""]);
        }
    }
    print(table)?;
    print("Set a field by `--set FIELD=VALUE`, such as `--set police.inspect=0.3`, wherever a scenario is taken.")
}
