//! The scenarios that come with the rules, and scenarios of one's own.

use super::{City, CityScenario};
use crate::error::EnvError;

/// The scenarios by name, the default first. A name after it says what it changes of the default.
const SCENARIOS: [(&str, &str); 6] = [
    ("dar-es-salaam", include_str!("../../../scenarios/city/dar-es-salaam.toml")),
    ("morning-peak", include_str!("../../../scenarios/city/morning-peak.toml")),
    ("night", include_str!("../../../scenarios/city/night.toml")),
    ("deterred", include_str!("../../../scenarios/city/deterred.toml")),
    ("loop", include_str!("../../../scenarios/city/loop.toml")),
    ("tiny", include_str!("../../../scenarios/city/tiny.toml")),
];

/// Their names.
pub(crate) const NAMES: [&str; 6] = {
    let mut names = [""; 6];
    let mut i = 0;
    while i < names.len() {
        names[i] = SCENARIOS[i].0;
        i += 1;
    }
    names
};

/// What one of them is, in a sentence: the first line of its file.
pub(crate) fn summary(name: &str) -> Option<&'static str> {
    let (_, text) = SCENARIOS.iter().find(|(known, _)| *known == name)?;
    text.lines().next().map(|line| line.trim_start_matches("# "))
}

impl City {
    /// The rules with one of the [scenarios](crate::RuleSet::scenarios) that come with them; none of another name.
    ///
    /// # Panics
    /// Never: a test reads all of them.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let (name, text) = SCENARIOS.iter().find(|(known, _)| *known == name)?;
        Some(Self::from_toml(name, text).expect("a test reads all of them"))
    }

    /// The rules with the scenario in a TOML text. An error names the field, and the line where it stands.
    pub fn from_toml(name: &str, text: &str) -> Result<Self, EnvError> {
        let scenario: CityScenario = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
            let mut problem = error.message().replace('\n', " ");
            if problem.starts_with("missing field") {
                problem += " (a scenario names every field: `daladala scenarios NAME --toml` writes one to be changed)";
            }
            EnvError::InvalidScenario { scenario: name.to_owned(), field: format!("line {line}"), problem }
        })?;
        Self::new(name, scenario).map_err(|error| match error {
            EnvError::InvalidScenario { scenario, field, problem } => {
                let place = line_of(text, &field).map_or(String::new(), |line| format!(" (line {line})"));
                EnvError::InvalidScenario { scenario, field: format!("{field}{place}"), problem }
            }
            error => error,
        })
    }
}

/// The line where a field stands, from 1; none where it is not written as `key = …` below `[table]`.
fn line_of(text: &str, field: &str) -> Option<usize> {
    let (wanted, key) = field.split_once('.').unwrap_or((field, ""));
    let mut table = "";
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            table = name.trim();
        }
        let is_key = line.split_once('=').is_some_and(|(before, _)| before.trim() == key);
        if table == wanted && (is_key || key.is_empty()) {
            return Some(number + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Rules;

    const DEFAULT: &str = SCENARIOS[0].1;

    #[test]
    fn every_scenario_is_read_and_is_another() {
        let ids: Vec<_> = NAMES.iter().map(|name| City::named(name).expect("there").info().id).collect();
        for (place, id) in ids.iter().enumerate() {
            assert_eq!(id.scenario, NAMES[place]);
            assert!(ids[..place].iter().all(|other| !other.same_dynamics(id)), "{id}");
        }
        assert!(City::named("mars").is_none());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_field_and_line() {
        let refused = |from: &str, to: &str| {
            assert!(DEFAULT.contains(from), "{from}");
            City::from_toml("mine", &DEFAULT.replacen(from, to, 1)).unwrap_err().to_string()
        };
        for (from, to, said) in [
            ("inspect = 0.15", "inspect = 1.5", "police.inspect (line 42): 1.5 is no chance"),
            ("inspect = 0.15", "inspected = 0.15", "line 42"),
            ("inspect = 0.15", "inspect = \"often\"", "line 42"),
            ("stops = [0, 12", "stops = [0, 90", "route.stops"),
            ("[1.0],", "[0.9],", "demand.destinations (line 23): a row of chances sums to 0.9"),
            ("rival = 0.0144", "rival = -0.1", "demand.rival (line 21)"),
            ("corners = [[0, 42], [42, 42]", "corners = [[0, 42], [41, 40]", "route.corners"),
            ("legal = 33", "legal = 51", "bus.legal"),
            (
                "sight = 12",
                "sight = 12\nplacement = [1, 2]",
                "police.placement (line 48): it has 2 numbers, there are 5",
            ),
            ("sight = 12", "sight = 12\nplacement = [1, 2, 3, 4, -5]", "police.placement (line 48): -5 has to be 0 to"),
            (
                "sight = 12",
                "sight = 12\nplacement = [1, 2, 3, 4, nan]",
                "police.placement (line 48): NaN has to be 0 to",
            ),
            (
                "sight = 12",
                "sight = 12\nplacement = [0, 0, 0, 0, 0]",
                "police.placement (line 48): stretches of a weight",
            ),
            (
                "checkpoints = 3",
                "checkpoints = 5\nplacement = [0, 0, 0, 0, 1]",
                "have 8 cells, 5 checkpoints and 4 lights",
            ),
            ("hidden = []", "hidden = [\"wishes\"]", "observation.hidden"),
            ("grid = [43, 43]", "grid = [43, 65]", "route.grid (line 5): 65 has to be 1 to 64"),
            ("grid = [43, 43]", "grid = [0, 43]", "route.grid (line 5): 0 has to be 1 to 64"),
        ] {
            let error = refused(from, to);
            assert!(error.contains("mine") && error.contains(said), "{to}: {error}");
            assert!(!error.contains('\n'), "{error}");
        }
        assert!(City::from_toml("mine", "[route").is_err());
    }
}
