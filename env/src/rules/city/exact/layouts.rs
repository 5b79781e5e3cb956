//! The layouts that a scenario can draw, with their chances; those that differ by an order alone are one.

use arrayvec::ArrayVec;

use super::super::{Checkpoint, CityLayout, CityScenario, Enforcement, Light, MAX_STOPS};
use super::dynamics::Road;

/// The most layouts, start queues apart: an optimum is an induction for each, of some milliseconds.
pub(super) const MOST_LAYOUTS: f64 = 20_000.0;

/// A layout, start queues apart.
#[derive(Debug, Clone)]
pub(super) struct Drawn {
    /// It, with nobody at the stops.
    pub(super) layout: CityLayout,
    /// The chance that it is drawn.
    pub(super) chance: f64,
}

/// How many [`layouts`] there are: a float, for they may be very many.
pub(super) fn count(scenario: &CityScenario, free: usize) -> f64 {
    let (lights, checkpoints) = (scenario.lights.count, scenario.police.checkpoints);
    let cycles: usize = cycles(scenario).map(|(green, red)| usize::from(green) + usize::from(red)).sum();
    choices(free, usize::from(lights))
        * (cycles as f64).powi(i32::from(lights))
        * choices(free - usize::from(lights), usize::from(checkpoints))
        * 2f64.powi(i32::from(checkpoints))
}

/// How many ways there are to choose `taken` of `all`.
fn choices(all: usize, taken: usize) -> f64 {
    (0..taken).map(|place| (all - place) as f64 / (place + 1) as f64).product()
}

/// The green and red times of a light.
fn cycles(scenario: &CityScenario) -> impl Iterator<Item = (u8, u8)> + Clone {
    let ((shortest, longest), red) = (scenario.lights.green, scenario.lights.red);
    (shortest..=longest).flat_map(move |green| (red.0..=red.1).map(move |red| (green, red)))
}

/// All that can be drawn. `free` are the cells without a stop, ascending.
pub(super) fn layouts(scenario: &CityScenario, free: &[u8]) -> Vec<Drawn> {
    let enforcement = Enforcement {
        inspect: scenario.police.inspect as f32,
        load_fine: scenario.police.fine as f32,
        caught: scenario.police.caught as f32,
        flight_fine: scenario.police.flight_fine as f32,
        radar: scenario.speed.radar as f32,
        speed_fine: scenario.speed.fine as f32,
        light_fined: scenario.lights.fined as f32,
        light_fine: scenario.lights.fine as f32,
    };
    let queues = std::iter::repeat_n(0, scenario.demand.queues.len()).collect();
    let empty = CityLayout { lights: ArrayVec::new(), checkpoints: ArrayVec::new(), queues, enforcement };
    let mut all = vec![Drawn { layout: empty, chance: 1.0 }];

    let lights: Vec<(Light, f64)> = {
        let count = cycles(scenario).count() as f64;
        let phases = cycles(scenario).flat_map(|(green, red)| (0..green + red).map(move |phase| (green, red, phase)));
        let light = |cell| phases.clone().map(move |(green, red, phase)| Light { cell, green, red, phase });
        let chance = |light: Light| (light, 1.0 / (count * f64::from(light.green + light.red)));
        free.iter().flat_map(|&cell| light(cell)).map(chance).collect()
    };
    let places = usize::from(scenario.lights.count);
    for place in 0..places {
        // Each set of cells is met once, ascending: it is drawn in as many orders as `choices` divides by.
        all = extend(&all, &lights, |layout, light| {
            let ascends = layout.lights.last().is_none_or(|before| before.cell < light.cell);
            ascends.then(|| layout.lights.push(light)).is_some()
        });
        share(&mut all, (place + 1) as f64 / (free.len() - place) as f64);
    }

    let manned = scenario.police.manned;
    let either = [(true, manned), (false, 1.0 - manned)];
    let checkpoints =
        free.iter().flat_map(|&cell| either.map(|(manned, chance)| (Checkpoint { cell, manned }, chance)));
    let checkpoints: Vec<_> = checkpoints.filter(|(_, chance)| *chance > 0.0).collect();
    for place in 0..usize::from(scenario.police.checkpoints) {
        all = extend(&all, &checkpoints, |layout, checkpoint| {
            let ascends = layout.checkpoints.last().is_none_or(|before| before.cell < checkpoint.cell);
            let taken = layout.lights.iter().any(|light| light.cell == checkpoint.cell);
            (ascends && !taken).then(|| layout.checkpoints.push(checkpoint)).is_some()
        });
        share(&mut all, (place + 1) as f64 / (free.len() - places - place) as f64);
    }
    all
}

/// Each of the layouts with each of the things that it takes.
fn extend<T: Copy>(all: &[Drawn], things: &[(T, f64)], take: impl Fn(&mut CityLayout, T) -> bool) -> Vec<Drawn> {
    let with = |drawn: &Drawn, &(thing, chance): &(T, f64)| {
        let mut layout = drawn.layout.clone();
        take(&mut layout, thing).then_some(Drawn { layout, chance: drawn.chance * chance })
    };
    all.iter().flat_map(|drawn| things.iter().filter_map(move |thing| with(drawn, thing))).collect()
}

fn share(all: &mut [Drawn], by: f64) {
    for drawn in all {
        drawn.chance *= by;
    }
}

/// Start queues with their chances: Poisson, cut off at the most who can wait. None where there are more than `most`.
pub(super) fn start_queues(scenario: &CityScenario, most: usize) -> Option<Vec<([u8; MAX_STOPS], f64)>> {
    let mut all = vec![([0; MAX_STOPS], 1.0)];
    for (stop, &mean) in scenario.demand.queues.iter().enumerate() {
        let (mut term, mut rest) = ((-mean).exp(), 1.0);
        let mut counts = Vec::new();
        for count in 0..=scenario.demand.most {
            let chance = if count == scenario.demand.most { rest } else { term };
            rest = (rest - chance).max(0.0);
            term *= mean / f64::from(count + 1);
            if chance > 0.0 {
                counts.push((count, chance));
            }
        }
        if all.len() * counts.len() > most {
            return None;
        }
        let with = |&(mut queues, chance): &([u8; MAX_STOPS], f64), (count, more): (u8, f64)| {
            queues[stop] = count;
            (queues, chance * more)
        };
        all = all.iter().flat_map(|before| counts.iter().map(move |&count| with(before, count))).collect();
    }
    Some(all)
}

/// The lights and manned checkpoints of a layout, and when which lights are red.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct World {
    pub(super) road: Road,
    /// Green, red and phase of each light, ticks, in the order of the road.
    cycles: Vec<(u16, u16, u16)>,
}

impl World {
    pub(super) fn new(layout: &CityLayout) -> Self {
        let mut lights: Vec<&Light> = layout.lights.iter().collect();
        lights.sort_unstable_by_key(|light| light.cell);
        let cycle = |light: &&Light| (u16::from(light.green), u16::from(light.red), u16::from(light.phase));
        let manned = layout.checkpoints.iter().filter(|checkpoint| checkpoint.manned);
        let mut checkpoints: ArrayVec<u8, _> = manned.map(|checkpoint| checkpoint.cell).collect();
        checkpoints.sort_unstable();
        let cycles = lights.iter().map(cycle).collect();
        Self { road: Road { lights: lights.iter().map(|light| light.cell).collect(), checkpoints }, cycles }
    }

    /// The set of the lights that are red in a tick, counted from 0: a bit each.
    pub(super) fn red(&self, tick: u16) -> usize {
        let is_red = |&(green, red, phase): &(u16, u16, u16)| (phase + tick) % (green + red) >= green;
        self.cycles.iter().enumerate().map(|(place, cycle)| usize::from(is_red(cycle)) << place).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::super::City;
    use super::*;
    use crate::generator::Generator;
    use crate::rules::Rules;

    /// What `City::draw` draws, in the order in which layouts are listed here.
    fn key(layout: &CityLayout) -> String {
        let mut layout = layout.clone();
        layout.lights.sort_unstable_by_key(|light| light.cell);
        layout.checkpoints.sort_unstable_by_key(|checkpoint| checkpoint.cell);
        layout.queues.fill(0);
        format!("{layout:?}")
    }

    #[test]
    fn layouts_have_the_chances_with_which_they_are_drawn() {
        let mut scenario = City::named("tiny").expect("there").scenario().clone();
        let one_of_each = scenario.clone();
        (scenario.lights.count, scenario.police.checkpoints) = (2, 2);
        (scenario.lights.green, scenario.lights.red) = ((1, 2), (1, 1));
        for scenario in [one_of_each, scenario] {
            let free = [1, 2, 4, 5, 6];
            let all = layouts(&scenario, &free);
            assert_eq!(all.len() as f64, count(&scenario, free.len()));
            assert!((all.iter().map(|drawn| drawn.chance).sum::<f64>() - 1.0).abs() < 1e-12);
            let mut drawn = BTreeMap::<String, u32>::new();
            let (city, episodes) = (City::new("changed", scenario).expect("good"), 100_000);
            let mut generator = Generator::new(6, 0);
            for _ in 0..episodes {
                *drawn.entry(key(&city.draw(&mut generator))).or_default() += 1;
            }
            let mut chi_square = 0.0;
            for Drawn { layout, chance } in &all {
                let expected = chance * f64::from(episodes);
                let met = drawn.remove(&key(layout)).unwrap_or_default();
                chi_square += (f64::from(met) - expected).powi(2) / expected;
            }
            assert!(drawn.is_empty(), "{drawn:?}");
            let freedom = (all.len() - 1) as f64;
            assert!((chi_square - freedom).abs() < 5.0 * (2.0 * freedom).sqrt(), "{chi_square} of {freedom}");
        }
    }

    #[test]
    fn queues_have_the_chances_with_which_they_are_drawn() {
        let city = City::named("tiny").expect("there");
        let all = start_queues(city.scenario(), 1000).expect("few");
        assert_eq!(all.len(), 49);
        assert!((all.iter().map(|(_, chance)| chance).sum::<f64>() - 1.0).abs() < 1e-12);
        assert!(start_queues(city.scenario(), 48).is_none());
        let mut generator = Generator::new(7, 0);
        let episodes = 200_000;
        let mut drawn = BTreeMap::<[u8; 2], u32>::new();
        for _ in 0..episodes {
            let queues = city.draw(&mut generator).queues;
            *drawn.entry([queues[0], queues[1]]).or_default() += 1;
        }
        for (queues, chance) in all {
            let met = f64::from(drawn.get(&queues[..2]).copied().unwrap_or_default());
            let expected = chance * f64::from(episodes);
            assert!((met - expected).abs() < 5.0 * expected.sqrt() + 3.0, "{queues:?}: {met}, expected {expected}");
        }
    }
}
