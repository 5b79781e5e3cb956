//! What describes the `city` rules, and what is told of a trip under them.

use super::parameters::Parameters;
use super::tick::{COST_TERMS, REWARD_TERMS, Words};
use super::{ACTION_NAMES, CityState, MAX_SPEED, NAME, observation, view};
use crate::frame::Place;
use crate::info::{EndingInfo, EndingKind, Figure, FigureKind, RulesInfo, Term};
use crate::rule_spec::SpecId;
use crate::rules::Ending;
use crate::spaces::Spaces;

/// TSh of a k.
pub(super) const TSH: f32 = 1000.0;

const REWARDS: [(&str, &str); REWARD_TERMS] = [
    ("fares", "the driver's share of what passengers paid who came where they wanted to"),
    ("fines", "the driver's share of fines, and bribes"),
    ("time", "crew, lease, and what the next trip would bring"),
    ("fuel", "cells driven"),
    ("harm", "what of a crash lands on the driver"),
    ("lease", "what the driver pays for the trip, in its first tick"),
];

const COSTS: [(&str, &str, &str); COST_TERMS] = [
    ("micromorts", "micromort", "expected deaths, at the real hazard"),
    ("violations", "", "red lights and checkpoints passed, cells above the speed limit"),
    ("overload_km", "passenger km", "passengers above the legal load times distance"),
];

/// Names, units, kinds and meanings, in the order of [`figures`].
const FIGURES: [(&str, &str, FigureKind, &str); 15] = [
    ("carried", "", FigureKind::Sum, "passengers who came where they wanted to"),
    ("money", "TSh", FigureKind::Sum, "fares earned"),
    ("fines", "TSh", FigureKind::Sum, "fines and bribes paid"),
    ("fine", "", FigureKind::Rate, "was fined"),
    ("load_fines", "", FigureKind::Sum, "fines for the load"),
    ("crash", "", FigureKind::Rate, "crashed"),
    ("micromorts", "micromort", FigureKind::Sum, "expected deaths"),
    ("violations", "", FigureKind::Sum, "red lights and checkpoints passed, cells above the speed limit"),
    ("overloaded_passes", "", FigureKind::Sum, "manned checkpoints passed or stood at with too many aboard"),
    ("overload_km", "passenger km", FigureKind::Sum, "passengers above the legal load times distance"),
    ("peak_load", "", FigureKind::Maximum, "most aboard"),
    ("speeding", "", FigureKind::Mean, "share of cells driven above the speed limit"),
    ("cells", "", FigureKind::Sum, "cells driven"),
    ("fast_cells", "", FigureKind::Sum, "cells driven above the speed limit"),
    ("speed", "km/h", FigureKind::Mean, "over the whole trip"),
];

/// km/h of a cell a tick: 100 m in 14.4 s.
const KMH: f32 = 25.0;

pub(super) fn info(parameters: &Parameters) -> RulesInfo {
    let scenario = &parameters.scenario;
    let stops: Vec<_> = scenario.route.stops.iter().map(|&cell| parameters.route[usize::from(cell)]).collect();
    let places = stops.iter().zip(&scenario.route.names).map(|(&cell, name)| Place { cell, name: name.clone() });
    let end = |name, kind, meaning| EndingInfo::new(name, kind, meaning);
    RulesInfo {
        id: SpecId::new(NAME, &parameters.name, scenario),
        spaces: Spaces {
            observation: observation::features(parameters),
            actions: ACTION_NAMES.map(str::to_owned).to_vec(),
        },
        route: parameters.route.clone(),
        places: places.collect(),
        // Nobody waits at the last.
        stops: stops[..stops.len() - 1].to_vec(),
        grid: scenario.route.grid,
        max_steps: u32::from(scenario.time.limit),
        capacity: u32::from(scenario.bus.capacity),
        legal_capacity: u32::from(scenario.bus.legal),
        max_speed: u32::from(MAX_SPEED),
        random_words_per_step: Words::count(parameters),
        reward_terms: REWARDS.map(|(name, meaning)| Term::new(name, "k TSh", meaning)).to_vec(),
        cost_terms: COSTS.map(|(name, unit, meaning)| Term::new(name, unit, meaning)).to_vec(),
        figures: FIGURES.map(|(name, unit, kind, meaning)| Figure::new(name, unit, kind, meaning)).to_vec(),
        endings: vec![
            end("arrived", EndingKind::Terminated, "the bus came to the last stop"),
            end("crashed", EndingKind::Terminated, "the bus crashed"),
            end("impounded", EndingKind::Terminated, "the police took the bus for its load"),
            end("out_of_time", EndingKind::Truncated, "the tick limit was reached"),
        ],
        frame_fields: view::own_fields(),
    }
}

/// The figures of a trip, in the order of [`FIGURES`].
pub(super) fn figures(parameters: &Parameters, state: &CityState, out: &mut [f32]) {
    let totals = &state.totals;
    let flag = |flag| f32::from(u8::from(flag));
    let share = |part: u16, whole: u16| if whole == 0 { 0.0 } else { f32::from(part) / f32::from(whole) };
    let figures: [f32; FIGURES.len()] = [
        f32::from(totals.paid),
        money(parameters, state) as f32,
        totals.fines * TSH,
        flag(totals.times_fined > 0),
        f32::from(totals.load_fines),
        flag(state.crashed),
        totals.micromorts,
        f32::from(totals.violations),
        f32::from(totals.overloaded_passes),
        totals.overload_km,
        f32::from(totals.peak),
        share(totals.fast_cells, totals.cells),
        f32::from(totals.cells),
        f32::from(totals.fast_cells),
        share(totals.cells, state.steps) * KMH,
    ];
    out.copy_from_slice(&figures);
}

/// Fares so far, TSh.
pub(super) fn money(parameters: &Parameters, state: &CityState) -> i64 {
    // A fare may be no whole number of shillings.
    (parameters.scenario.bus.fare * f64::from(TSH) * f64::from(state.totals.paid)).round() as i64
}

/// How a trip ended: an index into the endings.
pub(super) fn ending(parameters: &Parameters, state: &CityState) -> Ending {
    if state.crashed {
        1
    } else if state.impounded {
        2
    } else if state.position < parameters.last_cell() {
        3
    } else {
        0
    }
}
