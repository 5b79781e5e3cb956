//! What each field of a scenario is: the one table that checks, `daladala scenarios` and docs/CITY.md go by.

use toml::Value;

use super::scenario::FieldError;
use super::{CityScenario, LONGEST_LIGHT, MAX_BOARD, MAX_CHECKPOINTS, MAX_GRID, MAX_LIGHTS, SIGHT};
use crate::scenario_field::{Bounds, ScenarioField as Field};

/// Of money, k, and of weights: more is a mistake.
const AMOUNT: Bounds = Bounds::Between(0, 1_000_000);
/// Counts are bytes.
const COUNT: Bounds = Bounds::Between(0, 255);
/// Ticks since the beginning and the place of a light in its cycle are added in 16 bits.
const LONGEST_TRIP: u32 = 65_000;
const GREEN_OR_RED: Bounds = Bounds::Between(1, LONGEST_LIGHT as u32);

const ASSUMED: &str = "assumed";
const COUNTED_FINES: &str = "30 000 TSh a notification: Dar es Salaam police, 2017 (32 471 vehicles, 1.008 bn TSh)";
const NOT_COUNTED: &str = "assumed: no count was found";

const fn field(
    name: &'static str,
    unit: &'static str,
    bounds: Bounds,
    meaning: &'static str,
    source: &'static str,
) -> Field {
    Field { name, unit, bounds, meaning, source }
}

/// Every field but `randomize`, in the order of the TOML.
pub(crate) const FIELDS: [Field; 50] = [
    field(
        "route.grid",
        "cells",
        Bounds::Between(1, MAX_GRID as u32),
        "width and height of the grid that the route lies on",
        ASSUMED,
    ),
    field(
        "route.corners",
        "(x, y)",
        Bounds::Words("straight streets of 8 to 120 cells in all"),
        "the corners of the route, its ends among them; a cell is 100 m",
        ASSUMED,
    ),
    field(
        "route.stops",
        "cell",
        Bounds::Words("2 to 8, from 0 up to the last cell"),
        "the stops as cells of the route",
        ASSUMED,
    ),
    field("route.names", "", Bounds::Words("one a stop"), "what people call the stops", "places of Dar es Salaam"),
    field("bus.capacity", "passengers", Bounds::Between(1, 255), "how many the bus can hold", ASSUMED),
    field("bus.legal", "passengers", Bounds::Words("1 to bus.capacity"), "how many it may hold by law", ASSUMED),
    field("bus.board", "passengers a tick", Bounds::Between(0, MAX_BOARD as u32), "the most who board", ASSUMED),
    field("bus.alight", "passengers a tick", COUNT, "the most who alight", ASSUMED),
    field(
        "bus.fare",
        "k",
        AMOUNT,
        "what each pays who alights where they want to",
        "600 TSh up to 10 km: LATRA, November 2023",
    ),
    field(
        "demand.queues",
        "passengers",
        COUNT,
        "means of how many wait at the start, for each stop but the last",
        ASSUMED,
    ),
    field("demand.arrivals", "passengers a tick", COUNT, "means of how many come, for each stop but the last", ASSUMED),
    field("demand.most", "passengers", COUNT, "the most who wait at a stop", ASSUMED),
    field(
        "demand.rival",
        "a tick",
        Bounds::Chance,
        "the chance that a rival bus takes passengers from one of the stops",
        ASSUMED,
    ),
    field("demand.rival_takes", "passengers", COUNT, "the most that it takes", ASSUMED),
    field(
        "demand.destinations",
        "",
        Bounds::Words("chances, a row sums to 1"),
        "where passengers want to go: a row for each stop but the last, an entry for each stop after it",
        ASSUMED,
    ),
    field("lights.count", "", Bounds::Between(0, MAX_LIGHTS as u32), "how many traffic lights there are", ASSUMED),
    field("lights.green", "ticks", GREEN_OR_RED, "the least and the greatest time that a light is green", ASSUMED),
    field("lights.red", "ticks", GREEN_OR_RED, "the same for red", ASSUMED),
    field("lights.fined", "", Bounds::Chance, "the chance that running a red light is fined", ASSUMED),
    field("lights.fine", "k", AMOUNT, "that fine", COUNTED_FINES),
    field("lights.crash", "", Bounds::Chance, "the chance that running a red light ends in a crash", ASSUMED),
    field(
        "police.checkpoints",
        "",
        Bounds::Between(0, MAX_CHECKPOINTS as u32),
        "how many checkpoints there are",
        NOT_COUNTED,
    ),
    field("police.manned", "", Bounds::Chance, "the chance that one is manned in an episode", NOT_COUNTED),
    field(
        "police.inspect",
        "",
        Bounds::Chance,
        "the chance that the load of a bus that stands there is counted",
        NOT_COUNTED,
    ),
    field("police.fine", "k", AMOUNT, "the fine for too many aboard", COUNTED_FINES),
    field("police.hold", "ticks", COUNT, "how long the bus is then held", ASSUMED),
    field("police.caught", "", Bounds::Chance, "the chance that a bus that does not stop is fined", ASSUMED),
    field("police.flight_fine", "k", AMOUNT, "that fine", ASSUMED),
    field(
        "police.sight",
        "cells",
        Bounds::Between(0, SIGHT as u32),
        "from how far checkpoints are seen; 0 for not before the bus is there",
        ASSUMED,
    ),
    field(
        "police.placement",
        "",
        AMOUNT,
        "relative weights of checkpoints in each stretch between two stops; without it every cell is as likely",
        ASSUMED,
    ),
    field("police.impound", "passengers", COUNT, "above how many aboard the bus is taken; without it never", ASSUMED),
    field("speed.radar", "a cell", Bounds::Chance, "the chance that radar sees speed 3", ASSUMED),
    field("speed.fine", "k", AMOUNT, "the fine for it", COUNTED_FINES),
    field(
        "time.cost",
        "k a tick",
        AMOUNT,
        "crew, lease and what the next trip would bring",
        "lease 150 000 to 350 000 TSh a day and crew 30 000 to 40 000: 0.11 to 0.22 k per 30 s",
    ),
    field(
        "time.limit",
        "ticks",
        Bounds::Between(1, LONGEST_TRIP),
        "after how long an episode is truncated; a tick is 14.4 s",
        ASSUMED,
    ),
    field(
        "fuel.cost",
        "k a cell",
        AMOUNT,
        "what driving costs",
        "diesel 2 700 to 3 000 TSh a litre; 4 to 6 km a litre is assumed",
    ),
    field(
        "crash.mode",
        "",
        Bounds::Words("\"sampled\" or \"expected\""),
        "crashes happen by chance, or none does and the harm that is expected is paid cell by cell",
        "the same mean",
    ),
    field(
        "crash.hazard",
        "a cell",
        Bounds::Chance,
        "the chance of a crash at speed 2 within the legal load; it grows with the square of the speed, up to 1",
        "about 1.6 insured incidents a million km of Kenyan minibuses: Habyarimana and Jack, 2011 and 2015; \
         exponents of 2 to 4: Nilsson, Elvik",
    ),
    field(
        "crash.hazard_scale",
        "times",
        Bounds::Between(1, 1_000_000),
        "how many times the real hazard that is; harm is as many times less",
        "so that crashes can be met in an afternoon",
    ),
    field(
        "crash.overload",
        "passengers",
        Bounds::Between(1, 1_000_000),
        "how many above the legal load double the hazard",
        "assumed, from braking distances: no published ratio was found",
    ),
    field(
        "crash.harm",
        "k",
        AMOUNT,
        "harm of a crash at speed 2 with nobody aboard; it grows with the square of the speed",
        ASSUMED,
    ),
    field(
        "crash.harm_aboard",
        "k",
        AMOUNT,
        "harm for each one aboard",
        "value of casualties, 70 times the domestic product a head: iRAP",
    ),
    field("crash.share", "", AMOUNT, "how much of the harm lands on the driver", ASSUMED),
    field(
        "crash.deaths",
        "",
        Bounds::Chance,
        "the chance of each one aboard to die in a crash at speed 2; it grows with the square of the speed, up to 1",
        "Habyarimana and Jack, 2011 and 2015",
    ),
    field("contract.lease", "k", AMOUNT, "what the driver pays for the trip", "none: a question to study"),
    field("contract.fares", "", AMOUNT, "the share of fares that the driver keeps", "all: a question to study"),
    field("contract.fines", "", AMOUNT, "the share of fines that the driver pays", "all: a question to study"),
    field(
        "bribe.chance",
        "",
        Bounds::Chance,
        "the chance that the police take a bribe instead of the fine for the load",
        "none: a question to study",
    ),
    field("bribe.amount", "k", AMOUNT, "that bribe", "none: a question to study"),
    field(
        "observation.hidden",
        "",
        Bounds::Words("names of features"),
        "features that read 0",
        "none: a question to study",
    ),
];

/// Holds the numbers of a scenario to the bounds of their fields.
pub(super) fn check(scenario: &CityScenario) -> Result<(), FieldError> {
    let written = Value::try_from(scenario).expect("parameters are plain data");
    for field in &FIELDS {
        let value = field.name.split('.').try_fold(&written, |table, key| table.get(key));
        // What may be left out may be absent.
        let Some(value) = value else { continue };
        for number in numbers(value) {
            field.bounds.check(number).map_err(|problem| FieldError { field: field.name, problem })?;
        }
    }
    Ok(())
}

/// A number, or the numbers of a list.
fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Integer(number) => vec![*number as f64],
        Value::Float(number) => vec![*number],
        Value::Array(values) => values.iter().flat_map(numbers).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::City;

    /// The names of all fields that are written, table after table.
    fn written(scenario: &CityScenario) -> Vec<String> {
        let Value::Table(tables) = Value::try_from(scenario).expect("plain data") else { unreachable!() };
        let of = |(name, table): (String, Value)| match table {
            Value::Table(fields) => fields.into_iter().map(|(key, _)| format!("{name}.{key}")).collect(),
            _ => vec![name],
        };
        tables.into_iter().flat_map(of).collect()
    }

    #[test]
    fn every_field_of_a_scenario_has_its_row_and_no_row_is_of_nothing() {
        let mut scenario = City::named("dar-es-salaam").expect("there").scenario().clone();
        (scenario.police.placement, scenario.police.impound) = (Some(vec![1.0; 5]), Some(45));
        let mut fields = written(&scenario);
        fields.retain(|name| !name.starts_with("randomize"));
        let mut rows: Vec<_> = FIELDS.iter().map(|field| field.name.to_owned()).collect();
        fields.sort();
        rows.sort();
        assert_eq!(fields, rows);
    }

    /// Each number that has bounds is refused past them, and taken where they are.
    #[test]
    fn numbers_past_their_bounds_are_refused() {
        let scenario = City::named("dar-es-salaam").expect("there").scenario().clone();
        let with = |name: &str, number: f64| {
            let mut written = Value::try_from(&scenario).expect("plain data");
            let (table, key) = name.split_once('.').expect("two parts");
            let table = written.get_mut(table).and_then(Value::as_table_mut).expect("a table");
            let old = table.get(key)?.clone();
            let new = if old.is_integer() { Value::Integer(number as i64) } else { Value::Float(number) };
            table.insert(key.to_owned(), new);
            written.try_into::<CityScenario>().ok()
        };
        for field in &FIELDS {
            let past = match field.bounds {
                Bounds::Chance => vec![-0.01, 1.01],
                Bounds::Between(least, greatest) => vec![f64::from(least) - 1.0, f64::from(greatest) + 1.0],
                Bounds::Words(_) => continue,
            };
            // What no scenario can hold by its type needs no check.
            for changed in past.into_iter().filter_map(|number| with(field.name, number)) {
                let refused = changed.check().expect_err(field.name);
                assert_eq!(refused.field, field.name);
                assert!(refused.problem.contains(&field.bounds.to_string()), "{}: {}", field.name, refused.problem);
            }
        }
    }
}
