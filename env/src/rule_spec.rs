//! Naming a rule set together with its scenario, and the one place where a name becomes a typed rule set.

use std::fmt;
use std::hash::Hasher;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use siphasher::sip::SipHasher24;

use crate::error::EnvError;
use crate::info::RulesInfo;
use crate::rules::{
    CITY_FIELDS, CITY_NAME, CITY_SCENARIOS, CLASSIC_NAME, CLASSIC_SCENARIO, City, CityScenario, Classic, Rules,
    city_scenario_summary,
};
use crate::scenario_field::ScenarioField;

/// The rule sets that can be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RuleSet {
    /// [`Classic`]
    Classic,
    /// [`City`]
    City,
}

impl RuleSet {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Classic, Self::City];

    /// The name on the command line and in weights files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Classic => CLASSIC_NAME,
            Self::City => CITY_NAME,
        }
    }

    /// The names of the scenarios that it brings, the default first.
    #[must_use]
    pub fn scenarios(self) -> &'static [&'static str] {
        match self {
            Self::Classic => &[CLASSIC_SCENARIO],
            Self::City => &CITY_SCENARIOS,
        }
    }

    /// What one of them is, in a sentence; none where there is no such scenario.
    #[must_use]
    pub fn scenario_summary(self, name: &str) -> Option<&'static str> {
        match self {
            Self::Classic => (name == CLASSIC_SCENARIO).then_some("The route of the original system."),
            Self::City => city_scenario_summary(name),
        }
    }

    /// The fields of its scenarios. Rules without parameters have none.
    #[must_use]
    pub fn fields(self) -> &'static [ScenarioField] {
        match self {
            Self::Classic => &[],
            Self::City => &CITY_FIELDS,
        }
    }
}

impl fmt::Display for RuleSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for RuleSet {
    type Err = EnvError;

    fn from_str(name: &str) -> Result<Self, EnvError> {
        Self::ALL.iter().copied().find(|rules| rules.name() == name).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|rules| rules.name()).collect();
            EnvError::UnknownRules { name: name.to_owned(), known: known.join(", ") }
        })
    }
}

/// A rule set with its scenario: all that the dynamics depend on. It is written whole, and checked where it is read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "WrittenSpec", into = "WrittenSpec")]
pub struct RuleSpec {
    rules: RuleSet,
    scenario: Scenario,
}

#[derive(Serialize, Deserialize)]
struct WrittenSpec {
    rules: String,
    scenario: Scenario,
}

impl From<RuleSpec> for WrittenSpec {
    fn from(spec: RuleSpec) -> Self {
        Self { rules: spec.rules.name().to_owned(), scenario: spec.scenario }
    }
}

impl TryFrom<WrittenSpec> for RuleSpec {
    type Error = EnvError;

    fn try_from(written: WrittenSpec) -> Result<Self, EnvError> {
        let (rules, Scenario { name, parameters }) = (written.rules.parse()?, written.scenario);
        match rules {
            RuleSet::Classic => Self::named(rules.name(), Some(&name)),
            RuleSet::City => {
                let refused = |error: serde_json::Error| EnvError::InvalidScenario {
                    scenario: name.clone(),
                    field: "all".to_owned(),
                    problem: error.to_string(),
                };
                let scenario = CityScenario::deserialize(parameters).map_err(refused)?;
                Ok(Self { rules, scenario: Scenario::of_city(&City::new(&name, scenario)?, &name) })
            }
        }
    }
}

/// The parameters of a rule set, under a name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scenario {
    /// What people call it.
    pub name: String,
    /// Every parameter, by its name. Rules without parameters have none.
    pub parameters: Map<String, Value>,
}

impl Scenario {
    /// The same with a field set, whose value has the type that it should have.
    fn with_unchecked(&self, field: &str, value: &str) -> Result<Self, EnvError> {
        let refused = |problem: &str| refused(&self.name, field, problem);
        // A text that is a word needs no quotes, which a shell would take away.
        let is_word = value.starts_with(|sign: char| sign.is_ascii_lowercase())
            && value.chars().all(|sign| sign.is_ascii_alphanumeric() || "-_".contains(sign));
        let parsed = if is_word && !["true", "false", "null", "nan", "inf"].contains(&value) {
            toml::Value::String(value.to_owned())
        } else {
            value.parse().map_err(|_| refused("needed is a number, a list, true, false or a text"))?
        };
        if has_no_number(&parsed) {
            return Err(refused("a number has to be finite"));
        }
        let written = serde_json::to_value(parsed).map_err(|error| refused(&error.to_string()))?;
        let mut parameters = Value::Object(self.parameters.clone());
        let mut place = &mut parameters;
        // The field of `randomize.police.inspect` is called `police.inspect` there.
        let parts: Vec<_> = match field.strip_prefix("randomize.") {
            Some(field) => vec!["randomize", field],
            None => field.split('.').collect(),
        };
        for part in parts {
            let table = place.as_object_mut().ok_or_else(|| refused("there is no such field"))?;
            place = table.entry(part).or_insert_with(|| Value::Object(Map::new()));
        }
        *place = written;
        CityScenario::deserialize(&parameters).map_err(|error| refused(&error.to_string()))?;
        let Value::Object(parameters) = parameters else { return Err(refused("there is no such field")) };
        Ok(Self { name: format!("{} {field}={}", without(&self.name, field), value.trim()), parameters })
    }

    /// One that comes with the rules.
    fn known(rules: RuleSet, name: &str) -> Self {
        let parameters = match rules {
            RuleSet::Classic => Map::new(),
            RuleSet::City => return Self::of_city(&City::named(name).expect("the name of one that there is"), name),
        };
        Self { name: name.to_owned(), parameters }
    }

    fn of_city(city: &City, name: &str) -> Self {
        let parameters = serde_json::to_value(city.scenario()).expect("parameters are plain data");
        let Value::Object(parameters) = parameters else { unreachable!("parameters have names") };
        Self { name: name.to_owned(), parameters }
    }
}

fn refused(scenario: &str, field: &str, problem: &str) -> EnvError {
    let problem = problem.trim().replace('\n', " ");
    EnvError::InvalidScenario { scenario: scenario.to_owned(), field: field.to_owned(), problem }
}

/// Whether a number in it is none that can be calculated with.
fn has_no_number(value: &toml::Value) -> bool {
    match value {
        toml::Value::Float(number) => !number.is_finite(),
        toml::Value::Array(values) => values.iter().any(has_no_number),
        _ => false,
    }
}

/// The name of a scenario without what it says of `field`: what was set last counts.
fn without(name: &str, field: &str) -> String {
    // A value may have spaces in it, so one ends where the next field begins.
    let names_a_field = |part: &str| {
        let names = |name: &str| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || b"._".contains(&byte))
        };
        part.split_once('=').is_some_and(|(name, _)| names(name))
    };
    let mut kept: Vec<&str> = Vec::new();
    let mut is_dropped = false;
    for part in name.split(' ') {
        if names_a_field(part) {
            is_dropped = part.strip_prefix(field).is_some_and(|value| value.starts_with('='));
        }
        if !is_dropped {
            kept.push(part);
        }
    }
    kept.join(" ")
}

fn no_parameters(rules: RuleSet, scenario: &str) -> EnvError {
    EnvError::InvalidScenario {
        scenario: scenario.to_owned(),
        field: "all".to_owned(),
        problem: format!("the rules '{rules}' have no parameters"),
    }
}

/// What is done with a rule set once its type is known.
pub trait RulesVisitor {
    /// What comes of it.
    type Output;

    /// Does it.
    fn visit<R: Rules>(self, rules: R) -> Self::Output;
}

impl RuleSpec {
    /// A rule set with its default scenario.
    #[must_use]
    pub fn of(rules: RuleSet) -> Self {
        Self { rules, scenario: Scenario::known(rules, rules.scenarios()[0]) }
    }

    /// The rule set and the scenario of these names; the default scenario where none is named.
    pub fn named(rules: &str, scenario: Option<&str>) -> Result<Self, EnvError> {
        let rules: RuleSet = rules.parse()?;
        let Some(name) = scenario else { return Ok(Self::of(rules)) };
        if !rules.scenarios().contains(&name) {
            return Err(EnvError::UnknownScenario {
                name: name.to_owned(),
                rules: rules.name().to_owned(),
                known: rules.scenarios().join(", "),
            });
        }
        Ok(Self { rules, scenario: Scenario::known(rules, name) })
    }

    /// A rule set with the scenario in a TOML text, under a name. An error names the field, and the line where it
    /// stands.
    pub fn from_toml(rules: RuleSet, name: &str, text: &str) -> Result<Self, EnvError> {
        match rules {
            RuleSet::Classic => Err(no_parameters(rules, name)),
            RuleSet::City => Ok(Self { rules, scenario: Scenario::of_city(&City::from_toml(name, text)?, name) }),
        }
    }

    /// The same with one field of the scenario set, such as `police.inspect`, to a value as TOML writes it.
    pub fn with_field(&self, field: &str, value: &str) -> Result<Self, EnvError> {
        self.with_fields([(field, value)])
    }

    /// The same with several, which have to be right together: a bus of 30 places needs another legal load as well.
    pub fn with_fields<'a>(&self, fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, EnvError> {
        let mut fields = fields.into_iter().peekable();
        if fields.peek().is_none() {
            return Ok(self.clone());
        }
        if self.rules == RuleSet::Classic {
            return Err(no_parameters(self.rules, &self.scenario.name));
        }
        let mut scenario = self.scenario.clone();
        for (field, value) in fields {
            scenario = scenario.with_unchecked(field, value)?;
        }
        let Scenario { name, parameters } = scenario;
        let scenario =
            CityScenario::deserialize(parameters).map_err(|error| refused(&name, "all", &error.to_string()))?;
        Ok(Self { rules: self.rules, scenario: Scenario::of_city(&City::new(&name, scenario)?, &name) })
    }

    /// The rule set.
    #[must_use]
    pub fn rules(&self) -> RuleSet {
        self.rules
    }

    /// The scenario.
    #[must_use]
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// Makes the typed rule set and hands it to `visitor`. A new rule set gets an arm here, and everything that is
    /// done with rules by name can then be done with it.
    pub fn visit<V: RulesVisitor>(&self, visitor: V) -> V::Output {
        match self.rules {
            RuleSet::Classic => visitor.visit(Classic),
            RuleSet::City => visitor.visit(self.city()),
        }
    }

    /// The rules `city` with the scenario, which was checked when it was given.
    fn city(&self) -> City {
        let Scenario { name, parameters } = &self.scenario;
        let scenario = CityScenario::deserialize(parameters).expect("parameters that were read before");
        City::new(name, scenario).expect("parameters that were checked before")
    }

    /// What describes the rule set.
    #[must_use]
    pub fn info(&self) -> RulesInfo {
        struct Info;
        impl RulesVisitor for Info {
            type Output = RulesInfo;
            fn visit<R: Rules>(self, rules: R) -> RulesInfo {
                rules.info()
            }
        }
        self.visit(Info)
    }

    /// What names it in files.
    #[must_use]
    pub fn id(&self) -> SpecId {
        self.info().id
    }
}

/// With its default scenario.
impl From<RuleSet> for RuleSpec {
    fn from(rules: RuleSet) -> Self {
        Self::of(rules)
    }
}

impl fmt::Display for RuleSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.rules, self.scenario.name)
    }
}

/// `rules` or `rules/scenario`.
impl FromStr for RuleSpec {
    type Err = EnvError;

    fn from_str(name: &str) -> Result<Self, EnvError> {
        match name.split_once('/') {
            Some((rules, scenario)) => Self::named(rules, Some(scenario)),
            None => Self::named(name, None),
        }
    }
}

/// What names a rule set and its scenario in files and on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SpecId {
    /// The name of the rules.
    pub rules: String,
    /// The name of the scenario.
    pub scenario: String,
    /// The hash of all that the dynamics depend on, as 16 hexadecimal digits. The name is no part of it: two names
    /// for the same parameters are the same scenario.
    pub scenario_hash: String,
}

impl SpecId {
    /// The id of a scenario with these parameters.
    ///
    /// # Panics
    /// If the parameters cannot be written as JSON. Those of rules are numbers, texts, lists and maps of them.
    #[must_use]
    pub fn new(rules: &str, scenario: &str, parameters: &impl Serialize) -> Self {
        let parameters = serde_json::to_value(parameters).expect("parameters are plain data");
        let mut text = format!("{rules}\n");
        write_canonically(&parameters, &mut text);
        let mut hasher = SipHasher24::new();
        hasher.write(text.as_bytes());
        Self { rules: rules.into(), scenario: scenario.into(), scenario_hash: format!("{:016x}", hasher.finish()) }
    }

    /// Whether both are the same rules with the same parameters, whatever the scenario is called.
    #[must_use]
    pub fn same_dynamics(&self, other: &Self) -> bool {
        self.rules == other.rules && self.scenario_hash == other.scenario_hash
    }
}

impl fmt::Display for SpecId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.rules, self.scenario)
    }
}

/// JSON with the keys of every map in order, so that a hash does not depend on how a map was built.
fn write_canonically(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            out.push('{');
            for (key, value) in entries {
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                write_canonically(value, out);
                out.push(',');
            }
            out.push('}');
        }
        Value::Array(values) => {
            out.push('[');
            for value in values {
                write_canonically(value, out);
                out.push(',');
            }
            out.push(']');
        }
        plain => out.push_str(&plain.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Files carry the hash: it may never change for the same scenario.
    #[test]
    fn the_hash_of_a_scenario_is_stable() {
        let id = |parameters| SpecId::new("city", "any name", &parameters).scenario_hash;
        let written = id(json!({"police": {"inspect": 0.15, "fine": 30}, "stops": [0, 12]}));
        assert_eq!(written, id(json!({"stops": [0, 12], "police": {"fine": 30, "inspect": 0.15}})));
        assert_eq!(written, "83c6f7ca86d4ad5f");
        assert_eq!(RuleSpec::of(RuleSet::Classic).id().scenario_hash, "e6a3437fa52857a3");
    }

    #[test]
    fn every_parameter_is_part_of_the_hash_and_the_name_is_not() {
        let id = |rules, scenario, parameters| SpecId::new(rules, scenario, &parameters);
        let one = id("city", "night", json!({"police": {"inspect": 0.15}}));
        assert!(one.same_dynamics(&id("city", "my night", json!({"police": {"inspect": 0.15}}))));
        for other in [
            id("city", "night", json!({"police": {"inspect": 0.16}})),
            id("city", "night", json!({"police": {"inspected": 0.15}})),
            id("city", "night", json!({"police": [0.15]})),
            id("town", "night", json!({"police": {"inspect": 0.15}})),
        ] {
            assert!(!one.same_dynamics(&other), "{other:?}");
        }
    }

    #[test]
    fn a_name_is_taken_with_or_without_a_scenario_and_refused_with_those_there_are() {
        let classic = RuleSpec::of(RuleSet::Classic);
        assert_eq!("classic".parse(), Ok(classic.clone()));
        assert_eq!("classic/original".parse(), Ok(classic.clone()));
        assert_eq!(classic.to_string().parse(), Ok(classic));
        let refused = |name: &str| name.parse::<RuleSpec>().unwrap_err().to_string();
        assert!(refused("chess").contains("classic"));
        assert!(refused("classic/night").contains("original"));
    }

    #[test]
    fn fields_are_checked_together() {
        let default = RuleSpec::of(RuleSet::City);
        assert!(default.with_field("bus.capacity", "30").unwrap_err().to_string().contains("bus.legal"));
        for fields in [[("bus.capacity", "30"), ("bus.legal", "20")], [("bus.legal", "20"), ("bus.capacity", "30")]] {
            assert_eq!(default.with_fields(fields).unwrap().info().capacity, 30);
        }
        assert_eq!(default.with_fields([]).unwrap(), default);
        assert_eq!(RuleSpec::of(RuleSet::Classic).with_fields([]).unwrap(), RuleSpec::of(RuleSet::Classic));
    }

    /// What is drawn, and what is divided by, has bounds as well: otherwise returns are no numbers.
    #[test]
    fn no_field_lets_returns_be_infinite() {
        let default = RuleSpec::of(RuleSet::City);
        for (field, value) in [
            ("randomize.police.inspect", "[0, 5]"),
            ("randomize.police.inspect", "[0.5, 0.1]"),
            ("randomize.speed.radar", "[-0.1, 0.1]"),
            ("randomize.police.fine", "[1e300, 1e300]"),
            ("crash.overload", "1e-300"),
            ("crash.hazard_scale", "1e-36"),
            ("time.limit", "65535"),
        ] {
            let refused = default.with_field(field, value).unwrap_err().to_string();
            assert!(refused.contains(field.trim_start_matches("randomize.")), "{refused}");
        }
    }

    #[test]
    fn a_value_is_one_value_and_nothing_behind_it() {
        let default = RuleSpec::of(RuleSet::City);
        for value in ["0.3\nzzz=9", "0.3 # often", "0.3, 0.4", "", "nan", "inf", "[0.1", "\"0.3\" 5"] {
            let refused = default.with_field("police.inspect", value).unwrap_err().to_string();
            assert_eq!(refused.lines().count(), 1, "{value}: {refused}");
        }
        assert!(default.with_field("demand.queues", "[1, 2, 3, 4, nan]").unwrap_err().to_string().contains("finite"));
    }

    #[test]
    fn a_field_that_is_set_again_is_named_once() {
        let mut spec = RuleSpec::of(RuleSet::City);
        for (field, value) in [
            ("police.inspect", "0.3"),
            ("randomize.police.inspect", "[0, 0.5]"),
            ("speed.radar", "0.001"),
            ("randomize.police.inspect", "[0, 0.25]"),
            ("police.inspect", "0.2"),
        ] {
            spec = spec.with_field(field, value).unwrap();
        }
        let name = "dar-es-salaam speed.radar=0.001 randomize.police.inspect=[0, 0.25] police.inspect=0.2";
        assert_eq!(spec.id().scenario, name);
    }

    #[test]
    fn a_field_of_a_scenario_is_set_by_its_name() {
        let default = RuleSpec::of(RuleSet::City);
        let changed = default.with_field("police.inspect", "0.3").unwrap();
        assert_eq!(changed.scenario().parameters["police"]["inspect"], 0.3);
        assert!(!changed.id().same_dynamics(&default.id()));
        assert_eq!(changed.id().scenario, "dar-es-salaam police.inspect=0.3");
        assert!(changed.with_field("police.inspect", "0.15").unwrap().id().same_dynamics(&default.id()));
        let word = default.with_field("crash.mode", "expected").unwrap();
        assert!(word.id().same_dynamics(&default.with_field("crash.mode", "\"expected\"").unwrap().id()));
        let drawn = default.with_field("randomize.police.inspect", "[0, 0.5]").unwrap();
        assert_eq!(drawn.scenario().parameters["randomize"]["police.inspect"], json!([0.0, 0.5]));
        for (field, value, said) in [
            ("police.inspect", "1.5", "police.inspect: 1.5 is no chance"),
            ("police.inspect", "often", "police.inspect: invalid type"),
            ("bus.fare", "nan", "bus.fare: a number has to be finite"),
            ("police.inspect", "\"often\"", "police.inspect: invalid type"),
            ("police.inspected", "0.1", "unknown field `inspected`"),
            ("police", "3", "police: invalid type"),
            ("police.inspect.often", "1", "no such field"),
            ("", "1", "unknown field"),
            ("randomize.bus.fare", "[0, 1]", "can't be drawn"),
        ] {
            let error = default.with_field(field, value).unwrap_err().to_string();
            assert!(error.contains(said) && !error.contains('\n'), "{field}={value}: {error}");
        }
        assert!(RuleSpec::of(RuleSet::Classic).with_field("police.inspect", "0.3").is_err());
    }

    #[test]
    fn a_spec_is_read_back_as_it_was_written_and_checked() {
        for spec in [
            RuleSpec::of(RuleSet::Classic),
            "city/night".parse().unwrap(),
            RuleSpec::of(RuleSet::City).with_field("police.inspect", "0.3").unwrap(),
        ] {
            let written = serde_json::to_value(&spec).unwrap();
            assert_eq!(serde_json::from_value::<RuleSpec>(written.clone()).unwrap(), spec);
            let changed = |place: &str, value: Value| {
                let mut written = written.clone();
                *written.pointer_mut(place).unwrap() = value;
                serde_json::from_value::<RuleSpec>(written).map_err(|error| error.to_string())
            };
            assert!(changed("/rules", "chess".into()).unwrap_err().contains("classic"));
            if spec.rules() == RuleSet::City {
                let refused = changed("/scenario/parameters/police/inspect", 7.into()).unwrap_err();
                assert!(refused.contains("police.inspect: 7 is no chance"), "{refused}");
            }
        }
    }
}
