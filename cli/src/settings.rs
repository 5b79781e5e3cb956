//! Settings from the environment, where an empty variable is none, and from a TOML file: its keys are the long flags of a subcommand, and its values what they are without the
//! flag. So there is one list of settings, one check of their values, and an order: flag, environment, file, default.

use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context, anyhow, bail, ensure};
use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue};
use clap::{Arg, ArgAction, Command};
use toml::Value;

use crate::files::read_text;

/// The key of the tables that stand for the flag `--room`, one each.
const ROOMS: &str = "rooms";

/// `command` without the variables that are empty, as files for containers leave them.
pub(crate) fn without_empty_variables(command: Command) -> Command {
    let filled = |arg: Arg| {
        let empty = arg.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty());
        if empty { arg.env(Resettable::Reset) } else { arg }
    };
    command.mut_args(filled).mut_subcommands(without_empty_variables)
}

/// The variable that an error is about: that of the argument it names, where the argument was not given itself.
pub(crate) fn variable_of(error: &clap::Error, command: &Command, arguments: &[OsString]) -> Option<String> {
    let Some(ContextValue::String(named)) = error.get(ContextKind::InvalidArg) else { return None };
    // As help has it: `--fps <FPS>`.
    let flag = named.split([' ', '=', '[']).next().filter(|flag| flag.starts_with("--"))?;
    let is_flag = |given: &OsString| given.to_str().is_some_and(|given| given.split('=').next() == Some(flag));
    if arguments.iter().any(is_flag) {
        return None;
    }
    let mut all = command.get_subcommands().flat_map(Command::get_arguments).chain(command.get_arguments());
    let arg = all.find(|arg| arg.get_long() == flag.strip_prefix("--") && is_set(arg))?;
    Some(arg.get_env()?.to_string_lossy().into_owned())
}

fn is_set(arg: &Arg) -> bool {
    arg.get_env().is_some_and(|name| std::env::var_os(name).is_some())
}

/// `command` with the settings in `file` as the defaults of `subcommand`.
pub(crate) fn as_defaults(command: Command, subcommand: &str, file: &Path) -> anyhow::Result<Command> {
    let shown = file.display();
    let text = read_text(file).with_context(|| format!("the settings in {shown} cannot be read"))?;
    let settings: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let line = error.span().map_or(1, |span| text[..span.start].lines().count().max(1));
        anyhow!("{shown}, line {line}: {}", error.message().replace('\n', " "))
    })?;
    let known = command.find_subcommand(subcommand).map(flags).unwrap_or_default();
    let mut defaults: Vec<(String, Vec<String>)> = Vec::new();
    for (key, value) in settings {
        let flag = if key == ROOMS { "room".to_owned() } else { key.replace('_', "-") };
        let id = flag.replace('-', "_");
        ensure!(defaults.iter().all(|(known, _)| *known != id), "{shown}: '{key}' is set twice");
        let list = value.is_array();
        ensure!(!list || takes_many(&command, subcommand, &id), "{shown}: {key}: needed is one value, not a list");
        ensure!(
            known.contains(&flag),
            "{shown}: there is no setting '{key}' (`daladala {subcommand} --help` lists them)"
        );
        let values = if key == ROOMS { tables(&value) } else { values(&value) };
        defaults.push((id, values.with_context(|| format!("{shown}: {key}"))?));
    }
    let set = |serve: Command| {
        let with_default =
            |serve: Command, (id, values): (String, Vec<String>)| serve.mut_arg(id, |arg| arg.default_values(values));
        defaults.into_iter().fold(serve, with_default)
    };
    Ok(command.mut_subcommand(subcommand, set))
}

fn takes_many(command: &Command, subcommand: &str, id: &str) -> bool {
    let argument =
        command.find_subcommand(subcommand).and_then(|serve| serve.get_arguments().find(|arg| arg.get_id() == id));
    argument.is_some_and(|arg| matches!(arg.get_action(), ArgAction::Append))
}

/// What can be set; not where it is set.
fn flags(command: &Command) -> Vec<String> {
    let long = command.get_arguments().filter_map(|arg| arg.get_long());
    long.filter(|&flag| flag != "config" && flag != "help" && flag != "version").map(str::to_owned).collect()
}

/// Tables as the flag takes them.
fn tables(value: &Value) -> anyhow::Result<Vec<String>> {
    let Value::Array(tables) = value else { bail!("needed are tables: [[{ROOMS}]]") };
    tables.iter().map(|table| Ok(serde_json::to_string(table)?)).collect()
}

fn values(value: &Value) -> anyhow::Result<Vec<String>> {
    Ok(match value {
        Value::String(text) => vec![text.clone()],
        Value::Integer(number) => vec![number.to_string()],
        Value::Float(number) => vec![number.to_string()],
        Value::Boolean(set) => vec![set.to_string()],
        Value::Array(list) => {
            let lists = list.iter().map(values).collect::<anyhow::Result<Vec<_>>>()?;
            lists.concat()
        }
        Value::Datetime(_) | Value::Table(_) => bail!("needed is a text, a number, true or false, or a list of those"),
    })
}
