//! Where checkpoints stand: anywhere by default, by weights where the scenario has them.

use daladala_env::rules::{City, CityLayout};
use daladala_env::{Generator, RuleSet, RuleSpec, Rules};

/// The stops of `dar-es-salaam`.
const STOPS: [u8; 6] = [0, 12, 24, 60, 75, 84];
const DRAWN: usize = 20_000;
/// Cells of lights and checkpoints, and start queues, of the first layouts of [`layouts`] before there were weights.
const GOLDEN: [([u8; 4], [u8; 3], [u8; 5]); 2] =
    [([65, 79, 4, 67], [39, 9, 54], [23, 10, 7, 21, 7]), ([62, 4, 54, 28], [17, 63, 6], [19, 17, 15, 14, 8])];
/// Of `dar-es-salaam` and `tiny`, before there were weights.
const HASHES: [&str; 2] = ["4a2af7e528286427", "f21dc1acaf068c95"];

fn placed(weights: &str) -> City {
    let text = toml::to_string(City::named("dar-es-salaam").unwrap().scenario()).unwrap();
    City::from_toml("placed", &text.replace("[police]", &format!("[police]\nplacement = {weights}"))).unwrap()
}

fn layouts(city: &City, count: usize) -> Vec<CityLayout> {
    let mut generator = Generator::new(11, 0);
    (0..count).map(|_| city.draw(&mut generator)).collect()
}

/// How many checkpoints stand in each stretch, as a share of all.
fn shares(layouts: &[CityLayout], of: impl Fn(&CityLayout) -> Vec<u8>) -> [f64; 5] {
    let mut counts = [0.0; 5];
    let cells: Vec<u8> = layouts.iter().flat_map(of).collect();
    for cell in &cells {
        counts[STOPS.partition_point(|stop| stop < cell) - 1] += 1.0 / cells.len() as f64;
    }
    counts
}

fn all(layout: &CityLayout) -> Vec<u8> {
    layout.checkpoints.iter().map(|checkpoint| checkpoint.cell).collect()
}

#[test]
fn without_weights_layouts_are_those_that_they_always_were() {
    let cells = |layout: &CityLayout| {
        let lights: Vec<u8> = layout.lights.iter().map(|light| light.cell).collect();
        (lights, all(layout), layout.queues.to_vec())
    };
    let drawn: Vec<_> = layouts(&City::named("dar-es-salaam").unwrap(), 2).iter().map(cells).collect();
    assert_eq!(
        drawn,
        GOLDEN.map(|(lights, checkpoints, queues)| (lights.to_vec(), checkpoints.to_vec(), queues.to_vec()))
    );
}

#[test]
fn the_hashes_of_scenarios_without_weights_are_those_that_they_always_were() {
    let hash = |name| RuleSpec::named(RuleSet::City.name(), Some(name)).unwrap().id().scenario_hash;
    assert_eq!([hash("dar-es-salaam"), hash("tiny")], HASHES);
    let weighted = RuleSpec::of(RuleSet::City).with_field("police.placement", "[1, 1, 1, 1, 1]").unwrap();
    assert_ne!(weighted.id().scenario_hash, HASHES[0]);
}

#[test]
fn a_weight_on_one_stretch_puts_all_checkpoints_there() {
    for stretch in 0..5 {
        let weights: Vec<u8> = (0..5).map(|other| u8::from(other == stretch)).collect();
        let city = placed(&format!("{weights:?}"));
        for layout in layouts(&city, 500) {
            assert!(
                all(&layout).iter().all(|cell| (STOPS[stretch] + 1..STOPS[stretch + 1]).contains(cell)),
                "{layout:?}"
            );
        }
    }
}

#[test]
fn checkpoints_stand_in_a_stretch_as_often_as_it_weighs() {
    let layouts = layouts(&placed("[1, 0, 4, 2, 3]"), DRAWN);
    for (share, weight) in shares(&layouts, all).into_iter().zip([0.1, 0.0, 0.4, 0.2, 0.3]) {
        // Five standard deviations of 60 000 draws.
        assert!((share - weight).abs() < 0.011, "{share} for {weight}");
    }
    // Within a stretch every cell is as likely.
    let mut of_last = [0.0; 8];
    for cell in layouts.iter().flat_map(all).filter(|cell| *cell > 75) {
        of_last[usize::from(cell) - 76] += 1.0;
    }
    let whole: f64 = of_last.iter().sum();
    assert!(of_last.iter().all(|count| (count / whole - 0.125).abs() < 0.015), "{of_last:?}");
}

#[test]
fn weights_move_checkpoints_and_nothing_else() {
    let (here, there) = (layouts(&placed("[1, 0, 0, 0, 0]"), 200), layouts(&placed("[0, 0, 1, 0, 0]"), 200));
    let default = layouts(&City::named("dar-es-salaam").unwrap(), 200);
    for ((one, other), default) in here.iter().zip(&there).zip(&default) {
        assert_eq!((&one.lights, &one.queues), (&other.lights, &other.queues));
        assert_eq!((&one.lights, &one.queues), (&default.lights, &default.queues));
        let manned = |layout: &CityLayout| layout.checkpoints.iter().map(|at| at.manned).collect::<Vec<_>>();
        assert_eq!(manned(one), manned(other));
    }
}
