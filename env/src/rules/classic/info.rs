//! What describes the `classic` rules, and what is told of an episode under them.

use super::view::{ROUTE, cell, own_fields};
use super::{CAPACITY, FARE, LEGAL_CAPACITY, MAX_SPEED, MAX_STEPS, NAME, ROUTE_CELLS, SCENARIO, STOPS, observation};
use crate::frame::Place;
use crate::info::{EndingInfo, EndingKind, Figure, FigureKind, RulesInfo, Term};
use crate::rule_spec::SpecId;
use crate::rules::Ending;
use crate::spaces::Spaces;

/// The names of the actions, in their order.
const ACTION_NAMES: [&str; super::ACTIONS] = ["Move", "Pick up", "Drop off", "Stop", "Speed up"];

/// The names of the stops and of the ends of the route, by route index.
const PLACES: [(usize, &str); 6] =
    [(0, "Ubungo"), (4, "Manzese"), (8, "Magomeni"), (20, "Kariakoo"), (25, "Mnazi Mmoja"), (28, "Posta")];

/// How many figures an episode has.
pub(super) const FIGURES: usize = 5;

/// What a reward is the sum of.
const REWARD_TERMS: [(&str, &str); super::TERMS] = [
    ("action", "what the action is worth where it is taken"),
    ("must_stop", "obeying or passing where the bus must stop"),
    ("police", "the load at a checkpoint"),
    ("crash", "a crash"),
    ("step", "every step"),
    ("end", "the end of the episode"),
    ("legal", "to have come there within the law"),
];

pub(super) fn info() -> RulesInfo {
    RulesInfo {
        id: SpecId::new(NAME, SCENARIO, &()),
        spaces: Spaces { observation: observation::features(), actions: ACTION_NAMES.map(str::to_owned).to_vec() },
        route: ROUTE.to_vec(),
        stops: STOPS.map(cell).to_vec(),
        places: PLACES.map(|(index, name)| Place { cell: ROUTE[index], name: name.to_owned() }).to_vec(),
        grid: (15, 15),
        max_steps: u32::from(MAX_STEPS),
        capacity: u32::from(CAPACITY),
        legal_capacity: u32::from(LEGAL_CAPACITY),
        max_speed: u32::from(MAX_SPEED),
        random_words_per_step: 0,
        reward_terms: REWARD_TERMS.map(|(name, meaning)| Term::new(name, "", meaning)).to_vec(),
        cost_terms: Vec::new(),
        figures: vec![
            Figure::new("passengers", "", FigureKind::Last, "passengers aboard at the end"),
            Figure::new("money", "TSh", FigureKind::Sum, "fares earned"),
            Figure::new("legal", "", FigureKind::Rate, "ended within the legal capacity and was never fined"),
            Figure::new("fine", "", FigureKind::Rate, "was fined by the police"),
            Figure::new("crash", "", FigureKind::Rate, "crashed"),
        ],
        endings: vec![
            EndingInfo::new("arrived", EndingKind::Terminated, "the bus came to the end of the route"),
            EndingInfo::new("crashed", EndingKind::Terminated, "the bus crashed"),
            EndingInfo::new(
                "impounded",
                EndingKind::Terminated,
                "the police took the bus for its load before it came there",
            ),
            EndingInfo::new("out_of_time", EndingKind::Truncated, "the step limit was reached"),
        ],
        frame_fields: own_fields(),
    }
}

/// The figures of an episode, in the order of [`info`].
#[inline]
pub(super) fn figures(passengers: u8, paid: u8, legal: bool, fined: bool, crashed: bool) -> [f32; FIGURES] {
    let flag = |flag| f32::from(u8::from(flag));
    [f32::from(passengers), FARE as f32 * f32::from(paid), flag(legal), flag(fined), flag(crashed)]
}

/// How an episode of `steps` steps ended. Where the bus is taken in the last cell, it has come there all the same.
#[inline]
pub(super) fn ending(crashed: bool, steps: u16) -> Ending {
    if crashed {
        1
    } else if steps >= MAX_STEPS {
        3
    } else if steps < ROUTE_CELLS as u16 {
        2
    } else {
        0
    }
}
