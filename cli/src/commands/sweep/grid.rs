//! Which configurations a sweep tries: every combination of the values in a TOML file, or a list of them by name.

use anyhow::{Context, anyhow, bail, ensure};
use daladala_learning::TrainConfig;
use serde::Serialize;
use toml::{Table, Value};

use crate::hyperparameters::with;

/// The key under which configurations are listed.
const LISTED: &str = "configuration";
/// The key by which these are called.
const NAME: &str = "name";
/// The most configurations: a grid grows quickly.
const MOST: usize = 1000;
/// The longest name, bytes: it becomes the name of a folder.
const LONGEST_NAME: usize = 80;

/// Hyperparameters to try.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Configuration {
    /// Unlike any other's.
    pub(super) name: String,
    /// What differs from the defaults.
    pub(super) hyperparameters: Table,
    /// Which of them have other values in other configurations.
    #[serde(skip)]
    pub(super) varied: Vec<String>,
    #[serde(skip)]
    pub(super) config: TrainConfig,
}

impl Configuration {
    /// The values of what is varied: enough beside a picture that says what is.
    pub(super) fn values(&self) -> String {
        let values = self.varied.iter().map(|key| in_short(&self.hyperparameters[key]));
        values.collect::<Vec<_>>().join(" · ")
    }
}

/// The configurations that `grid` describes, over `defaults`. A hyperparameter with a list of values is varied, one with
/// a value is set in all of them; each `[[configuration]]` is another beginning for that.
pub(super) fn configurations(mut grid: Table, defaults: &TrainConfig) -> anyhow::Result<Vec<Configuration>> {
    let known = Table::try_from(defaults)?;
    let known = known.values().next().and_then(Value::as_table).context("hyperparameters are a table")?;
    let listed = match grid.remove(LISTED) {
        None => vec![Table::new()],
        Some(Value::Array(tables)) if !tables.is_empty() => {
            let tables = tables.into_iter().map(|table| match table {
                Value::Table(table) => Ok(table),
                _ => Err(anyhow!("{LISTED} is a list of tables, each under [[{LISTED}]]")),
            });
            tables.collect::<anyhow::Result<_>>()?
        }
        Some(_) => bail!("{LISTED} is a list of tables, each under [[{LISTED}]]"),
    };
    let mut configurations = Vec::new();
    for (index, mut own) in listed.into_iter().enumerate() {
        let own_name = match own.remove(NAME) {
            None => None,
            Some(Value::String(name)) if (1..=LONGEST_NAME).contains(&name.len()) => Some(name),
            Some(Value::String(name)) => bail!("'{name}' is no name of 1 to {LONGEST_NAME} bytes"),
            Some(_) => bail!("the name of a {LISTED} is a text"),
        };
        let mut varied = grid.clone();
        varied.extend(own);
        for (combination, several) in combinations(varied, known)? {
            let mut parts: Vec<_> = own_name.clone().into_iter().collect();
            parts.extend(several.iter().map(|key| format!("{key}={}", in_short(&combination[key]))));
            if parts.is_empty() {
                parts.push(if combination.is_empty() { "defaults".to_owned() } else { (index + 1).to_string() });
            }
            let config = with(defaults, combination.clone()).with_context(|| parts.join(" "))?;
            configurations.push(Configuration {
                name: parts.join(" "),
                hyperparameters: combination,
                // What has a name of its own is called by it.
                varied: if own_name.is_some() { Vec::new() } else { several },
                config,
            });
        }
    }
    ensure!(configurations.len() <= MOST, "the grid has {} configurations, {MOST} are the most", configurations.len());
    for (index, Configuration { name, .. }) in configurations.iter().enumerate() {
        let others = &configurations[..index];
        ensure!(
            others.iter().all(|other| folder(&other.name) != folder(name)),
            "two configurations are called '{name}'"
        );
    }
    Ok(configurations)
}

/// A name as that of a folder: letters, digits and a few signs, and no longer than file systems allow.
pub(super) fn folder(name: &str) -> String {
    let keep = |sign: char| if sign.is_ascii_alphanumeric() || "=.-_".contains(sign) { sign } else { '-' };
    let mut folder: String = name.chars().map(keep).collect();
    // What was cut or replaced might be all that tells two apart.
    if folder.len() > LONGEST_NAME || !name.is_ascii() {
        folder.truncate(LONGEST_NAME);
        folder = format!("{folder}-{:08x}", crc32fast::hash(name.as_bytes()));
    }
    // Nothing that means another folder.
    if folder.starts_with('.') { format!("_{folder}") } else { folder }
}

/// Every combination of the values in `varied`, the last key fastest, with the keys that have several.
fn combinations(varied: Table, known: &Table) -> anyhow::Result<Vec<(Table, Vec<String>)>> {
    let mut all = vec![(Table::new(), Vec::new())];
    for (key, values) in varied {
        let values = match values {
            // What is a list itself is varied by a list of lists.
            Value::Array(values) if !known.get(&key).is_some_and(Value::is_array) => values,
            Value::Array(values) if values.first().is_some_and(Value::is_array) => values,
            value => vec![value],
        };
        ensure!(!values.is_empty(), "there is no value for '{key}' to try");
        ensure!(all.len() * values.len() <= MOST, "the grid has more than {MOST} configurations");
        let longer = |(table, several): &(Table, Vec<String>)| {
            values
                .iter()
                .map(|value| {
                    let (mut table, mut several) = (table.clone(), several.clone());
                    table.insert(key.clone(), value.clone());
                    several.extend((values.len() > 1).then(|| key.clone()));
                    (table, several)
                })
                .collect::<Vec<_>>()
        };
        all = all.iter().flat_map(longer).collect();
    }
    Ok(all)
}

/// A value without signs that only a file needs.
fn in_short(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(in_short).collect::<Vec<_>>().join("x"),
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use daladala_agents::Algorithm;
    use daladala_learning::defaults;

    use super::*;

    fn names(grid: &str) -> Result<Vec<String>, String> {
        let configurations = configurations(grid.parse().unwrap(), &defaults(Algorithm::Ppo, "classic").config);
        let configurations = configurations.map_err(|error| format!("{error:#}"))?;
        Ok(configurations.into_iter().map(|configuration| configuration.name).collect())
    }

    #[test]
    fn lists_are_combined_and_single_values_set() {
        let grid = "gamma = [0.9, 0.95]\nepochs = 2\nhidden = [[64], [32, 32]]";
        assert_eq!(
            names(grid).unwrap(),
            ["gamma=0.9 hidden=64", "gamma=0.9 hidden=32x32", "gamma=0.95 hidden=64", "gamma=0.95 hidden=32x32"]
        );
        assert_eq!(names("hidden = [32, 16]\ngamma = 0.5").unwrap(), ["1"]);
        assert_eq!(names("").unwrap(), ["defaults"]);
    }

    #[test]
    fn configurations_are_listed_and_varied_too() {
        let grid =
            "gamma = [0.9, 0.95]\n[[configuration]]\nname = \"wide\"\nhidden = [256]\n[[configuration]]\ngamma = 0.5";
        assert_eq!(names(grid).unwrap(), ["wide gamma=0.9", "wide gamma=0.95", "2"]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (grid, named) in [
            ("alchemy = [1, 2]", "alchemy"),
            ("gamma = []", "gamma"),
            ("gamma = [\"high\"]", "gamma: "),
            ("envs = [0]", "envs"),
            ("configuration = 3", "[[configuration]]"),
            ("[[configuration]]\nname = \"a\"\n[[configuration]]\nname = \"a\"", "'a'"),
            ("[[configuration]]\nname = 5", "text"),
        ] {
            let error = names(grid).unwrap_err();
            assert!(error.contains(named), "{grid}: {error}");
        }
        let many = (0..40).map(|value| value.to_string()).collect::<Vec<_>>().join(", ");
        assert!(names(&format!("envs = [{many}]\nepochs = [{many}]")).unwrap_err().contains("1000"));
    }

    #[test]
    fn names_become_folders_that_stay_where_they_are() {
        assert_eq!(folder("../a b"), "_..-a-b");
        assert_eq!(folder("gamma=0.9 hidden=64"), "gamma=0.9-hidden=64");
        let (long, other) = ("gamma=0.9 ".repeat(20), "gamma=0.9 ".repeat(21));
        assert!(folder(&long).len() < 100 && folder(&long) != folder(&other));
    }
}
