//! The rules `city` agree with what can be worked out by hand.

use daladala_env::rules::city::{Checkpoint, CityScenario, Light};
use daladala_env::rules::{City, CityLayout, CityState};
use daladala_env::{Action, Generator, RuleSet, Rules, ScenarioField, StepTerms, Transition};

const MOVE: Action = 0;
const SPEED_UP: Action = 1;
const STOP: Action = 2;
const PICK_UP: Action = 3;
const DROP_OFF: Action = 4;

fn city(change: impl FnOnce(&mut CityScenario)) -> City {
    let mut scenario = City::named("dar-es-salaam").expect("there").scenario().clone();
    change(&mut scenario);
    City::new("changed", scenario).expect("good parameters")
}

/// A trip without lights, checkpoints, arrivals or rivals, on which nothing happens by chance.
fn quiet(change: impl FnOnce(&mut CityScenario)) -> City {
    city(|scenario| {
        (scenario.lights.count, scenario.police.checkpoints) = (0, 0);
        scenario.demand.arrivals = vec![0.0; 5];
        (scenario.demand.rival, scenario.crash.hazard, scenario.speed.radar) = (0.0, 0.0, 0.0);
        change(scenario);
    })
}

fn start(city: &City, queues: [u8; 5]) -> CityState {
    let mut generator = Generator::new(1, 0);
    let mut layout = city.draw(&mut generator);
    layout.queues = queues.into_iter().collect();
    city.start(&layout, &mut generator)
}

fn step(city: &City, state: &mut CityState, action: Action) -> Transition {
    city.step(state, action, &mut Generator::new(2, 0), None)
}

/// Mean and standard error of `count` numbers.
fn mean(count: u32, mut draw: impl FnMut() -> f64) -> (f64, f64) {
    let numbers: Vec<f64> = (0..count).map(|_| draw()).collect();
    let mean = numbers.iter().sum::<f64>() / f64::from(count);
    let variance = numbers.iter().map(|number| (number - mean).powi(2)).sum::<f64>() / f64::from(count - 1);
    (mean, (variance / f64::from(count)).sqrt())
}

#[track_caller]
fn near((mean, error): (f64, f64), expected: f64, what: &str) {
    assert!((mean - expected).abs() <= 4.5 * error.max(1e-9), "{what}: {mean} ± {error}, expected {expected}");
}

/// The document lists the features that the data describes, in their order and with their meanings, and no others.
#[test]
fn the_document_and_the_spaces_agree() {
    let document = include_str!("../../docs/CITY.md");
    let spaces = City::named("dar-es-salaam").expect("there").spaces();
    let row = |(place, feature): (usize, &daladala_env::spaces::Feature)| {
        format!("| {place} | `{}` | {} |", feature.name, feature.meaning)
    };
    let rows: Vec<_> = spaces.observation.iter().enumerate().map(row).collect();
    let section = document.split_once("\n## Observation\n").expect("the heading").1;
    let section = section.split("\n## ").next().unwrap_or_default();
    let told: Vec<_> = section.lines().filter(|line| line.contains("| `")).collect();
    assert_eq!(told, rows);
    for (place, action) in spaces.actions.iter().enumerate() {
        assert!(document.contains(&format!("| {place} | {action} |")), "{action}");
    }
}

/// The document has a row for each field of a scenario, as the table in code has it, and no others.
#[test]
fn the_document_and_the_fields_agree() {
    let document = include_str!("../../docs/CITY.md");
    let row = |field: &ScenarioField| {
        let ScenarioField { name, unit, bounds, meaning, source } = field;
        format!("| `{name}` | {unit} | {bounds} | {meaning} | {source} |")
    };
    let rows: Vec<_> = RuleSet::City.fields().iter().map(row).collect();
    let section = document.split_once("\n## Fields of a scenario\n").expect("the heading").1;
    let told: Vec<_> = section.lines().filter(|line| line.starts_with("| `")).collect();
    assert_eq!(told, rows);
}

#[test]
fn the_bus_speeds_up_and_brakes_a_notch_a_tick_and_drives_as_many_cells() {
    let city = quiet(|_| {});
    let mut state = start(&city, [0; 5]);
    let mut told = Vec::new();
    for action in [MOVE, MOVE, SPEED_UP, SPEED_UP, SPEED_UP, STOP, DROP_OFF, PICK_UP, STOP, SPEED_UP] {
        step(&city, &mut state, action);
        told.push((state.speed, state.position));
    }
    assert_eq!(told, [(1, 1), (1, 2), (2, 4), (3, 7), (3, 10), (2, 12), (1, 13), (0, 13), (0, 13), (1, 14)]);
}

#[test]
fn overloading_is_a_deliberate_act() {
    let city = quiet(|_| {});
    let mut state = start(&city, [60, 0, 0, 0, 0]);
    let loads: Vec<u8> = (0..13)
        .map(|_| {
            step(&city, &mut state, PICK_UP);
            state.load()
        })
        .collect();
    assert_eq!(loads, [4, 8, 12, 16, 20, 24, 28, 32, 33, 37, 41, 45, 49]);
    step(&city, &mut state, PICK_UP);
    assert_eq!((state.load(), state.queues[0], state.totals.peak), (50, 10, 50));
}

#[test]
fn those_alight_and_pay_who_want_to_and_those_who_were_carried_past_never_do() {
    let city = quiet(|_| {});
    let mut state = start(&city, [0; 5]);
    (state.position, state.speed) = (12, 1);
    state.aboard = [0, 7, 3, 0, 0, 2].into_iter().collect();
    let mut terms = ([0.0; 6], [0.0; 3]);
    let told = StepTerms { reward: &mut terms.0, cost: &mut terms.1 };
    let transition = city.step(&mut state, DROP_OFF, &mut Generator::new(2, 0), Some(told));
    assert_eq!((state.totals.paid, state.aboard.as_slice()), (5, &[0, 2, 3, 0, 0, 2][..]));
    assert_eq!(terms.0, [3.0, 0.0, -0.15, 0.0, 0.0, 0.0]);
    assert!((transition.reward - 2.85).abs() < 1e-6);
    (state.position, state.speed) = (82, 2);
    let last = step(&city, &mut state, MOVE);
    assert!(last.terminated && state.totals.paid == 7 && state.load() == 5);
    assert!((last.reward - (1.2 - 0.15 - 0.11)).abs() < 1e-6, "{}", last.reward);
}

#[test]
fn an_inspected_overload_is_fined_put_off_and_held() {
    let city = city(|scenario| (scenario.police.checkpoints, scenario.police.inspect) = (1, 1.0));
    let mut state = start(&city, [0; 5]);
    state.layout.checkpoints = [Checkpoint { cell: 30, manned: true }].into_iter().collect();
    (state.position, state.speed) = (30, 1);
    state.aboard = [0, 0, 10, 10, 10, 10].into_iter().collect();
    let caught = step(&city, &mut state, STOP);
    assert_eq!((state.held, state.load(), state.totals.load_fines, state.totals.overloaded_passes), (20, 33, 1, 1));
    assert_eq!(state.aboard.as_slice(), [0, 0, 10, 10, 10, 3], "those go who want to go farthest");
    assert!((caught.reward + 30.15).abs() < 1e-5);
    for tick in 0..20 {
        assert_eq!(city.action_mask(&state), 1 << MOVE);
        step(&city, &mut state, SPEED_UP);
        assert_eq!((state.position, state.held), (30, 19 - tick));
    }
    step(&city, &mut state, MOVE);
    assert_eq!((state.position, state.totals.load_fines), (31, 1), "it is satisfied once");
}

#[test]
fn one_who_flees_a_checkpoint_is_fined_once_at_most() {
    let city = city(|scenario| (scenario.police.checkpoints, scenario.police.caught) = (1, 1.0));
    let mut state = start(&city, [0; 5]);
    state.layout.checkpoints = [Checkpoint { cell: 30, manned: true }].into_iter().collect();
    state.layout.lights.clear();
    (state.position, state.speed) = (29, 2);
    step(&city, &mut state, MOVE);
    assert_eq!((state.position, state.totals.violations, state.totals.fines), (31, 1, 120.0));
    step(&city, &mut state, MOVE);
    assert_eq!((state.totals.violations, state.totals.times_fined), (1, 1));
}

#[test]
fn a_light_is_red_as_long_as_it_says_and_running_it_is_a_violation() {
    let light = Light { cell: 30, green: 8, red: 6, phase: 5 };
    let red: Vec<u16> = (0..28).filter(|&tick| light.is_red(tick)).collect();
    assert_eq!(red, [3, 4, 5, 6, 7, 8, 17, 18, 19, 20, 21, 22]);
    assert_eq!([0, 2, 3, 8].map(|tick| light.ticks_to_change(tick)), [3, 1, 6, 1]);
    let city = city(|scenario| (scenario.lights.count, scenario.lights.fined) = (1, 1.0));
    for (phase, violations) in [(0, 0), (8, 1)] {
        let mut state = start(&city, [0; 5]);
        state.layout.checkpoints.clear();
        state.layout.lights = [Light { phase, ..light }].into_iter().collect();
        (state.position, state.speed) = (30, 1);
        step(&city, &mut state, MOVE);
        assert_eq!((state.totals.violations, state.totals.fines), (violations, 30.0 * f32::from(violations)));
    }
}

#[test]
fn crashes_and_harm_grow_as_the_scenario_says() {
    const HAZARD: f64 = 0.01;
    for (speed, aboard, factor) in [(1, 0, 0.25), (2, 33, 1.0), (2, 50, 2.0), (3, 33, 2.25), (3, 50, 4.5)] {
        let crashing = quiet(|scenario| scenario.crash.hazard = HAZARD);
        let mut generator = Generator::new(7, u64::from(speed));
        let (mut crashes, mut harm) = (0u32, 0.0);
        // A cell a tick: the bus is put back.
        let state = {
            let mut state = start(&crashing, [0; 5]);
            (state.position, state.speed) = (30, speed);
            state.aboard[5] = aboard;
            state
        };
        let count = 40_000;
        let cells = mean(count, || {
            let mut state = state.clone();
            let mut terms = ([0.0; 6], [0.0; 3]);
            let told = StepTerms { reward: &mut terms.0, cost: &mut terms.1 };
            let transition = crashing.step(&mut state, MOVE, &mut generator, Some(told));
            assert_eq!(transition.terminated, state.crashed);
            crashes += u32::from(state.crashed);
            harm -= f64::from(terms.0[4]);
            f64::from(state.totals.cells)
        });
        let chance = HAZARD * factor;
        let survives = (1.0 - chance).powi(i32::from(speed));
        let expected = f64::from(count) * (1.0 - survives);
        let off = (f64::from(crashes) - expected).abs();
        assert!(
            off <= 4.5 * (expected * survives).sqrt(),
            "{crashes} crashes at {speed} with {aboard}, expected {expected}"
        );
        near(cells, (1.0 - survives) / chance, "cells driven before the crash, that one among them");
        let each = 0.05 * (100.0 + 18.0 * f64::from(aboard)) * (f64::from(speed) / 2.0).powi(2);
        assert!((harm / f64::from(crashes) - each).abs() < 1e-3 * each, "{harm} of {crashes} crashes, each {each}");

        let expected = quiet(|scenario| {
            scenario.crash.hazard = HAZARD;
            scenario.crash.mode = daladala_env::rules::city::CrashMode::Expected;
        });
        let mut state = state;
        let transition = step(&expected, &mut state, MOVE);
        let paid = -f64::from(transition.reward) - 0.15 - 0.055 * f64::from(speed);
        let owed = each * chance * f64::from(speed);
        assert!(!state.crashed && (paid - owed).abs() < 1e-3 * owed.max(0.01), "{paid} for {owed}");
    }
}

#[test]
fn micromorts_of_a_cell_are_the_real_hazard_times_the_deaths_of_all_aboard() {
    let city = quiet(|scenario| scenario.crash.hazard = 1.6e-5);
    for (speed, aboard, over) in [(1u8, 10u8, 0.0), (2, 33, 0.0), (3, 50, 17.0)] {
        let mut state = start(&city, [0; 5]);
        (state.position, state.speed) = (30, speed);
        state.aboard[5] = aboard;
        let cost = step(&city, &mut state, MOVE).cost;
        let square = (f64::from(speed) / 2.0).powi(2);
        let hazard = 1.6e-7 * square * (1.0 + over / 17.0);
        let expected = f64::from(speed) * hazard * 0.009 * f64::from(aboard) * square * 1e6;
        assert!((f64::from(cost) - expected).abs() < 1e-5 * expected.max(1e-3), "{cost} for {expected}");
    }
}

/// Hazards grow with speed and load beyond what is certain; chances do not.
#[test]
fn what_is_certain_is_not_more_than_that() {
    use daladala_env::rules::city::CrashMode::{Expected, Sampled};
    for (mode, cells) in [(Sampled, 1.0), (Expected, 3.0)] {
        let city = quiet(|scenario| {
            (scenario.crash.hazard, scenario.crash.hazard_scale, scenario.crash.deaths) = (1.0, 1.0, 1.0);
            scenario.crash.mode = mode;
        });
        let mut state = start(&city, [0; 5]);
        (state.position, state.speed) = (30, 3);
        state.aboard[5] = 50;
        let transition = step(&city, &mut state, MOVE);
        assert_eq!((state.crashed, transition.cost), (mode == Sampled, cells * 50e6));
        let harm = 0.05 * (100.0 + 18.0 * 50.0) * 2.25 * cells;
        let paid = -transition.reward - 0.15 - 0.055 * cells;
        assert!((paid - harm).abs() < 1e-4 * harm, "{paid} for {harm}");
    }
}

/// A fare of 0.4 TSh was rounded before it was counted, so that nothing was earned.
#[test]
fn money_is_rounded_once_all_fares_are_counted() {
    let city = quiet(|scenario| scenario.bus.fare = 0.0004);
    let mut state = start(&city, [0; 5]);
    (state.position, state.speed) = (83, 1);
    state.aboard[5] = 50;
    step(&city, &mut state, MOVE);
    let place = city.info().figures.iter().position(|figure| figure.name == "money").expect("told");
    let mut figures = vec![0.0; city.info().figures.len()];
    city.figures(&state, &mut figures);
    assert_eq!(figures[place], 20.0);
}

#[test]
fn queues_checkpoints_and_lights_have_the_means_of_the_scenario() {
    let city = City::named("dar-es-salaam").expect("there");
    let mut generator = Generator::new(3, 0);
    let layouts: Vec<CityLayout> = (0..20_000).map(|_| city.draw(&mut generator)).collect();
    let over = |of: &dyn Fn(&CityLayout) -> f64| {
        let mut layouts = layouts.iter();
        mean(20_000, || of(layouts.next().expect("as many as are counted")))
    };
    for (stop, expected) in [26.0, 12.0, 12.0, 16.0, 6.0].into_iter().enumerate() {
        near(over(&|layout| f64::from(layout.queues[stop])), expected, "a queue at the start");
    }
    near(over(&|layout| layout.checkpoints.iter().filter(|at| at.manned).count() as f64), 2.1, "manned checkpoints");
    near(over(&|layout| f64::from(layout.lights[0].green)), 12.5, "ticks of green");
    near(over(&|layout| f64::from(layout.lights[3].red)), 9.0, "ticks of red");
    // The cells without a stop, whose mean is that of all but the six.
    let free = (0..85u32).filter(|cell| ![0, 12, 24, 60, 75, 84].contains(cell)).sum::<u32>();
    near(over(&|layout| f64::from(layout.checkpoints[1].cell)), f64::from(free) / 79.0, "the cell of a checkpoint");
}

#[test]
fn arrivals_rivals_and_destinations_have_the_means_of_the_scenario() {
    let growing = city(|scenario| (scenario.demand.rival, scenario.demand.most) = (0.0, 200));
    let mut generator = Generator::new(4, 0);
    let state = start(&growing, [0; 5]);
    for (stop, expected) in [0.24, 0.144, 0.144, 0.192, 0.096].into_iter().enumerate() {
        let came = mean(40_000, || {
            let mut state = state.clone();
            growing.step(&mut state, STOP, &mut generator, None);
            f64::from(state.queues[stop])
        });
        near(came, expected, "arrivals of a tick");
    }
    let taking = quiet(|scenario| scenario.demand.rival = 0.5);
    let full = start(&taking, [20, 4, 20, 20, 20]);
    let left = |stop: usize, generator: &mut Generator| {
        let mut state = full.clone();
        taking.step(&mut state, STOP, generator, None);
        f64::from(state.queues[stop])
    };
    near(mean(40_000, || left(0, &mut generator)), 20.0 - 0.5 / 5.0 * 10.0, "a queue that a rival takes ten of");
    near(mean(40_000, || left(1, &mut generator)), 4.0 - 0.5 / 5.0 * 4.0, "a queue that a rival takes all of");

    let boarding = quiet(|_| {});
    let waiting = start(&boarding, [4, 0, 0, 0, 0]);
    for (destination, expected) in [0.0, 0.08, 0.12, 0.35, 0.15, 0.30].into_iter().enumerate() {
        let aboard = mean(20_000, || {
            let mut state = waiting.clone();
            boarding.step(&mut state, PICK_UP, &mut generator, None);
            f64::from(state.aboard[destination])
        });
        near(aboard, 4.0 * expected, "who wants to go to a stop");
    }
}

#[test]
fn radar_and_inspections_come_as_often_as_the_scenario_says() {
    let seen = quiet(|scenario| scenario.speed.radar = 0.1);
    let mut generator = Generator::new(5, 0);
    let mut fast = start(&seen, [0; 5]);
    (fast.position, fast.speed) = (30, 3);
    let fines = mean(20_000, || {
        let mut state = fast.clone();
        seen.step(&mut state, MOVE, &mut generator, None);
        f64::from(state.totals.times_fined)
    });
    near(fines, 0.3, "fines of three cells at speed 3");

    let counted = city(|scenario| scenario.police.checkpoints = 1);
    let mut full = start(&counted, [0; 5]);
    full.layout.checkpoints = [Checkpoint { cell: 30, manned: true }].into_iter().collect();
    (full.position, full.speed, full.aboard[5]) = (30, 1, 40);
    let fines = mean(20_000, || {
        let mut state = full.clone();
        counted.step(&mut state, STOP, &mut generator, None);
        f64::from(state.totals.load_fines)
    });
    near(fines, 0.15, "fines of an overloaded bus that stands at a checkpoint");
}
