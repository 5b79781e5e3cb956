//! `daladala scenarios`

use std::fmt::Write;

use comfy_table::{ContentArrangement, Table, presets};
use daladala_env::{RuleSet, RuleSpec};
use serde_json::{Value, json};

use crate::arguments::{DEFAULT_RULES, ScenarioArgs, looks_like_a_file, rules_parser};
use crate::output::{print, print_json};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Print one, field by field: the value, its unit, what it may be, what it means and where the number comes from.
    #[arg(value_name = "NAME|FILE", conflicts_with = "scenario")]
    name: Option<String>,
    /// Print one as TOML, to be changed and given to --scenario.
    #[arg(long, visible_alias = "show", conflicts_with = "json")]
    toml: bool,
    /// Only those of these rules.
    // What the environment says is meant for commands that drive.
    #[arg(long, value_parser = rules_parser())]
    rules: Option<RuleSet>,
    #[command(flatten)]
    scenario: ScenarioArgs,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl Args {
    pub(crate) fn run(mut self) -> anyhow::Result<()> {
        if let Some(name) = self.name.take() {
            self.scenario = self.scenario.named(name);
        }
        let one = self.scenario.is_given();
        if self.toml {
            return print(as_toml(&self.spec()?)?.trim_end());
        }
        match (one, self.json) {
            (true, true) => print_json(&with_fields(&self.spec()?)),
            (true, false) => print_fields(&self.spec()?),
            (false, true) => print_json(&json!({ "scenarios": self.all()?.iter().map(entry).collect::<Vec<_>>() })),
            (false, false) => self.print_list(),
        }
    }

    /// The scenario that is asked for. A name says whose it is, where no rules are named.
    fn spec(&self) -> anyhow::Result<RuleSpec> {
        let of = |name: &str| RuleSet::ALL.iter().copied().find(|rules| rules.scenarios().contains(&name));
        match self.scenario.name().filter(|name| !looks_like_a_file(name)).and_then(of) {
            Some(rules) if self.rules.is_none() => self.scenario.spec_alone(rules),
            _ => self.scenario.spec_alone(self.rules.unwrap_or(DEFAULT_RULES)),
        }
    }

    /// Every scenario that the rules bring; of all rules where none are named.
    fn all(&self) -> anyhow::Result<Vec<RuleSpec>> {
        let is_meant = |rules: &&RuleSet| self.rules.is_none_or(|named| named == **rules);
        let named = |rules: &RuleSet| {
            let rules = *rules;
            rules.scenarios().iter().map(move |name| RuleSpec::named(rules.name(), Some(name)))
        };
        Ok(RuleSet::ALL.iter().filter(is_meant).flat_map(named).collect::<Result<_, _>>()?)
    }

    fn print_list(&self) -> anyhow::Result<()> {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_header(["rules", "scenario", "cells", "stops", "what it is"]);
        for spec in &self.all()? {
            let info = spec.info();
            let numbers = [info.route.len(), info.places.len()].map(|number| number.to_string());
            let summary = spec.rules().scenario_summary(&info.id.scenario).unwrap_or_default().to_owned();
            table.add_row([vec![info.id.rules, info.id.scenario], numbers.to_vec(), vec![summary]].concat());
        }
        print(table)?;
        print(
            "The first of each is its default. `daladala scenarios night` prints one, with units, bounds and sources; with \
             --toml as a file for --scenario.",
        )
    }
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

/// As a file for `--scenario`, with what each field is above it.
fn as_toml(spec: &RuleSpec) -> anyhow::Result<String> {
    let fields = spec.rules().fields();
    let (mut table, mut text) = (String::new(), String::new());
    for line in toml::to_string(&spec.scenario().parameters)?.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            table = format!("{name}.");
        }
        let name = line.split_once(" = ").map(|(key, _)| format!("{table}{key}"));
        if let Some(field) = fields.iter().find(|field| Some(field.name) == name.as_deref()) {
            let unit = if field.unit.is_empty() { String::new() } else { format!("{}, ", field.unit) };
            writeln!(text, "# {} ({unit}{})", field.meaning, field.bounds)?;
        }
        writeln!(text, "{line}")?;
    }
    Ok(text)
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
