//! The exact model of small scenarios of `city` and the engine agree, and its optima are optima.
#![cfg(feature = "exact")]

use std::collections::BTreeMap;

use daladala_env::rules::city::exact::{ACTIONS, Constrained, Exact, Plan, State, Value, Weights, surely};
use daladala_env::rules::city::{CityScenario, CrashMode};
use daladala_env::rules::{City, CityLayout, CityState};
use daladala_env::{Action, EnvError, Generator, Rules};

const MOVE: Action = 0;
const SPEED_UP: Action = 1;
const STOP: Action = 2;
const PICK_UP: Action = 3;
const DROP_OFF: Action = 4;

/// How many standard errors two means that are equal may lie apart. The tests compare some hundred.
const SIGMAS: f64 = 4.5;

fn changed(of: &City, change: impl FnOnce(&mut CityScenario)) -> City {
    let mut scenario = of.scenario().clone();
    change(&mut scenario);
    City::new("changed", scenario).expect("good parameters")
}

fn tiny() -> City {
    City::named("tiny").expect("there")
}

/// `tiny` with what it leaves out: more stops, lights and checkpoints, bribes, an impound, a contract and a lease. Radar and
/// crashes are met often enough for their chances to be seen.
fn rich() -> City {
    changed(&tiny(), |scenario| {
        scenario.route.stops = vec![0, 2, 5, 7];
        scenario.route.names = ["A", "B", "C", "D"].map(str::to_owned).to_vec();
        (scenario.bus.capacity, scenario.bus.legal, scenario.bus.board) = (5, 2, 3);
        scenario.demand.queues = vec![2.0, 1.0, 1.0];
        scenario.demand.arrivals = vec![0.0; 3];
        scenario.demand.most = 3;
        scenario.demand.destinations = vec![vec![0.2, 0.5, 0.3], vec![0.6, 0.4], vec![1.0]];
        (scenario.lights.count, scenario.police.checkpoints, scenario.police.impound) = (2, 2, Some(4));
        (scenario.bribe.chance, scenario.bribe.amount, scenario.speed.radar) = (0.4, 0.5, 0.1);
        (scenario.crash.hazard, scenario.crash.share, scenario.lights.crash) = (0.005, 0.2, 0.05);
        (scenario.contract.lease, scenario.contract.fares, scenario.contract.fines) = (0.3, 0.7, 0.6);
    })
}

/// Any state in which a trip may go on, more often than not where something can happen. The first tick, in which the lease is
/// paid, is left to the tests of whole trips.
fn any_state(city: &City, generator: &mut Generator) -> CityState {
    let layout = city.draw(generator);
    let mut below = |n: u8| generator.below(u32::from(n)) as u8;
    let scenario = city.scenario();
    let last = scenario.route.stops[scenario.route.stops.len() - 1];
    let stops: Vec<u8> = scenario.route.stops[..scenario.route.stops.len() - 1].to_vec();
    let position = match below(4) {
        0 => layout.lights[below(scenario.lights.count) as usize].cell,
        1 => layout.checkpoints[below(scenario.police.checkpoints) as usize].cell,
        2 => stops[below(stops.len() as u8) as usize],
        _ => below(last),
    };
    let mut state = city.start(&layout, &mut Generator::new(0, 0));
    (state.position, state.speed, state.steps) = (position, below(4), 1 + u16::from(below(30)));
    for (queue, &stop) in state.queues.iter_mut().zip(&stops) {
        *queue = if stop < position { 0 } else { below(scenario.demand.most + 1) };
    }
    for _ in 0..below(scenario.bus.capacity + 1) {
        let destination = 1 + below(stops.len() as u8) as usize;
        state.aboard[destination] += 1;
    }
    for (place, checkpoint) in layout.checkpoints.iter().enumerate() {
        let stood = checkpoint.cell == position && below(3) == 0;
        if checkpoint.manned && (checkpoint.cell < position || stood) {
            state.satisfied |= 1 << place;
        }
        if checkpoint.manned && stood && below(2) == 0 {
            (state.held, state.speed) = (below(scenario.police.hold + 1), 0);
        }
    }
    state
}

/// The sum of what was met and not expected, and of its variance.
#[derive(Default)]
struct Deviation {
    sum: f64,
    variance: f64,
}

/// What is told apart of the states that follow: numbers whose means and variances the model knows.
const TOLD: usize = 6;

fn told(next: Option<&State>) -> [f64; TOLD] {
    let number = |of: fn(&State) -> u8| next.map_or(0.0, |state| f64::from(of(state)));
    [
        f64::from(u8::from(next.is_none())),
        number(|state| u8::from(state.held > 0)),
        number(|state| state.aboard[1]),
        number(|state| state.aboard[2]),
        number(|state| state.aboard.iter().sum()),
        number(|state| state.position),
    ]
}

/// By how many standard errors the engine deviates from the model, where it does so most; infinity where it does what the
/// model holds impossible. Five actions in each of `states` random states are taken `times` times.
fn worst_deviation(model: &Exact, of: &City, engine: &City, states: u32, times: u32) -> f64 {
    /// The single floats of the engine: what its rewards and costs may be off by, k and micromorts.
    const ROUNDING: f64 = 1e-4;
    let mut generator = Generator::new(11, 0);
    let enforcement = engine.draw(&mut generator).enforcement;
    // By situation and number: reward, cost, and what is told of the next state.
    let mut deviations = BTreeMap::<(usize, usize), Deviation>::new();
    let (mut chi_square, mut freedom) = (0.0, 0.0);
    for _ in 0..states {
        let before = any_state(of, &mut generator);
        for action in 0..ACTIONS as Action {
            let outcome = model.outcome(&before, action).expect("a good state");
            let ends = 1.0 - outcome.next.iter().map(|(_, chance)| chance).sum::<f64>();
            let (mut mean, mut variance) = ([0.0; TOLD], [0.0; TOLD]);
            let all = outcome.next.iter().map(|(state, chance)| (Some(state), *chance)).chain([(None, ends.max(0.0))]);
            for (next, chance) in all.clone() {
                for (mean, number) in mean.iter_mut().zip(told(next)) {
                    *mean += chance * number;
                }
            }
            for (next, chance) in all.clone() {
                for ((variance, mean), number) in variance.iter_mut().zip(mean).zip(told(next)) {
                    *variance += chance * (number - mean).powi(2);
                }
            }
            // Situations overlap: each is often enough met for rare fines and crashes to be met in it.
            let here = |cell: u8| cell == before.position;
            let red = before.layout.lights.iter().any(|light| here(light.cell) && light.is_red(before.steps));
            let police = before.layout.checkpoints.iter().any(|checkpoint| checkpoint.manned && here(checkpoint.cell));
            let overloaded = before.load() > of.scenario().bus.legal;
            let moves = outcome.cost > 0.0;
            let boards = outcome.next.iter().any(|(next, _)| next.aboard.iter().sum::<u8>() > before.load());
            let situations = [
                true,
                red && moves,
                police && moves,
                police && !moves && overloaded,
                overloaded,
                before.speed == 3,
                boards,
                outcome.alighted > 0,
            ];
            let situations: Vec<usize> = (0..situations.len())
                .filter(|&place| situations[place])
                .chain([situations.len() + usize::from(action)])
                .collect();
            let mut met = BTreeMap::<Option<State>, u32>::new();
            for _ in 0..times {
                let mut after = before.clone();
                after.layout.enforcement = enforcement;
                let step = engine.step(&mut after, action, &mut generator, None);
                after.layout.enforcement = before.layout.enforcement;
                let next = if step.terminated { None } else { model.state(&after).ok() };
                let known = outcome.next.iter().any(|(state, _)| Some(state) == next.as_ref());
                if !(known || step.terminated && ends > 1e-12) {
                    return f64::INFINITY;
                }
                let money = [(step.reward, outcome.reward), (step.cost, outcome.cost)];
                let money = money.map(|(met, expected)| f64::from(met) - expected);
                let numbers = told(next.as_ref());
                for &situation in &situations {
                    for (place, off) in money.into_iter().enumerate() {
                        let deviation = deviations.entry((situation, place)).or_default();
                        deviation.sum += off;
                        deviation.variance += off.powi(2) + ROUNDING.powi(2);
                    }
                    for place in 0..TOLD {
                        let deviation = deviations.entry((situation, 2 + place)).or_default();
                        deviation.sum += numbers[place] - mean[place];
                        deviation.variance += variance[place];
                    }
                }
                *met.entry(next).or_default() += 1;
            }
            let expected: Vec<_> = all.map(|(state, chance)| (state, chance * f64::from(times))).collect();
            let often: Vec<_> = expected.into_iter().filter(|(_, expected)| *expected >= 5.0).collect();
            if often.len() > 1 {
                for (state, expected) in &often {
                    let met = f64::from(met.get(&state.copied()).copied().unwrap_or_default());
                    // The binomial variance, not that of a multinomial test: rare states are left out of it.
                    chi_square += (met - expected).powi(2) / (expected * (1.0 - expected / f64::from(times)));
                    freedom += 1.0;
                }
            }
        }
    }
    // Numbers that are sure have no variance but that of sums of floats.
    let apart = |deviation: &Deviation| deviation.sum.abs() / deviation.variance.max(1e-12).sqrt();
    // Entries of a pair depend on each other, so the variance of their sum may be twice that of as many apart.
    let spread = (chi_square - freedom) / (4.0 * freedom).sqrt();
    deviations.values().map(apart).fold(spread.abs(), f64::max)
}

/// Means of a simulated trip's reward and cost, each with its standard error.
fn simulated(city: &City, trips: u32, mut driver: impl FnMut(&CityState, &mut Generator) -> Action) -> [(f64, f64); 2] {
    let mut sums = [[0.0; 2]; 2];
    let mut generator = Generator::new(5, 0);
    for _ in 0..trips {
        let layout = city.draw(&mut generator);
        let mut state = city.start(&layout, &mut generator);
        let mut totals = [0.0; 2];
        loop {
            let action = driver(&state, &mut generator);
            let step = city.step(&mut state, action, &mut generator, None);
            totals[0] += f64::from(step.reward);
            totals[1] += f64::from(step.cost);
            if step.terminated || step.truncated {
                break;
            }
        }
        for ([sum, squares], total) in sums.iter_mut().zip(totals) {
            *sum += total;
            *squares += total * total;
        }
    }
    let trips = f64::from(trips);
    sums.map(|[sum, squares]| (sum / trips, ((squares / trips - (sum / trips).powi(2)) / trips).sqrt()))
}

#[track_caller]
fn agree(simulated: [(f64, f64); 2], exact: Value) {
    for ((mean, error), expected) in simulated.into_iter().zip([exact.reward, exact.cost]) {
        // Single floats add up to some millionths.
        assert!((mean - expected).abs() <= 4.0 * error + 1e-5, "{mean} ± {error}, expected {expected}");
    }
}

/// Picks up to `wanted`, drives at most at `speed`, obeys police and lights at hand, and drops off.
fn careful(city: &City, wanted: u8, speed: u8) -> impl Fn(&CityState) -> Action {
    let stops = city.scenario().route.stops.clone();
    move |state| {
        let here = stops.iter().position(|&stop| stop == state.position);
        if let Some(stop) = here.filter(|_| state.speed <= 1) {
            if state.aboard[stop] > 0 {
                return DROP_OFF;
            }
            if state.load() < wanted && state.queues[stop] > 0 {
                return PICK_UP;
            }
        }
        let red = state.layout.lights.iter().filter(|light| light.is_red(state.steps)).map(|light| light.cell);
        let waits = |place: usize| state.layout.checkpoints[place].manned && state.satisfied >> place & 1 == 0;
        let police = (0..state.layout.checkpoints.len()).filter(|&place| waits(place));
        let police = police.map(|place| state.layout.checkpoints[place].cell);
        let next_stop = stops.iter().copied().filter(|&stop| stop > state.position && stop < stops[stops.len() - 1]);
        let nearest = red.chain(police).chain(next_stop).filter_map(|cell| cell.checked_sub(state.position)).min();
        match nearest {
            Some(0) => STOP,
            Some(1..=3) if state.speed > 1 => STOP,
            None if state.speed < speed => SPEED_UP,
            _ => MOVE,
        }
    }
}

/// Goes by the observation alone: in a hurry as soon as it has earned something.
fn greedy_of_money(city: &City) -> impl Fn(&CityState) -> Action + Sync {
    let spaces = city.spaces();
    let place = |name: &str| spaces.observation.iter().position(|feature| feature.name == name).expect("a feature");
    let (money, passengers, waiting, alight) =
        (place("money"), place("passengers"), place("waiting"), place("alight_here"));
    let (size, city) = (spaces.observation.len(), city.clone());
    move |state| {
        let mut observation = vec![0.0; size];
        city.observe(state, &mut observation);
        let is = |place: usize| observation[place] > -1.0;
        if is(alight) {
            DROP_OFF
        } else if is(money) {
            SPEED_UP
        } else if is(waiting) && observation[passengers] < 0.5 {
            PICK_UP
        } else {
            MOVE
        }
    }
}

/// The plans of the layouts of simulated trips, each made once.
struct Plans<'a> {
    exact: &'a Exact,
    by_layout: BTreeMap<String, Plan<'a>>,
}

impl Plans<'_> {
    fn action(&mut self, state: &CityState) -> Action {
        let CityLayout { lights, checkpoints, .. } = &state.layout;
        let plan = self.by_layout.entry(format!("{lights:?}{checkpoints:?}"));
        let plan = plan.or_insert_with(|| self.exact.plan(&state.layout, Weights::REWARD).expect("a drawn layout"));
        plan.action(state).expect("a state of a trip")
    }
}

#[test]
fn a_tick_of_the_engine_and_of_the_model_are_the_same() {
    let expected = |city: &City| changed(city, |scenario| scenario.crash.mode = CrashMode::Expected);
    for city in [tiny(), rich(), expected(&tiny()), expected(&rich())] {
        let model = Exact::new(&city).expect("small");
        let worst = worst_deviation(&model, &city, &city, 1500, 60);
        assert!(worst < SIGMAS, "{worst} standard errors");
    }
}

#[test]
fn a_constant_that_is_another_shows() {
    type Change = (&'static str, fn(&mut CityScenario));
    let changes: [Change; 30] = [
        ("bus.capacity", |scenario| scenario.bus.capacity += 1),
        ("bus.legal", |scenario| scenario.bus.legal += 1),
        ("bus.board", |scenario| scenario.bus.board -= 1),
        ("bus.alight", |scenario| scenario.bus.alight -= 1),
        ("bus.fare", |scenario| scenario.bus.fare *= 1.1),
        ("demand.destinations", |scenario| scenario.demand.destinations[0][..2].copy_from_slice(&[0.3, 0.4])),
        ("lights.fined", |scenario| scenario.lights.fined *= 1.5),
        ("lights.fine", |scenario| scenario.lights.fine *= 1.5),
        ("lights.crash", |scenario| scenario.lights.crash *= 1.5),
        ("police.inspect", |scenario| scenario.police.inspect *= 1.2),
        ("police.fine", |scenario| scenario.police.fine *= 1.2),
        ("police.hold", |scenario| scenario.police.hold += 1),
        ("police.impound", |scenario| scenario.police.impound = Some(3)),
        ("police.caught", |scenario| scenario.police.caught *= 0.9),
        ("police.flight_fine", |scenario| scenario.police.flight_fine *= 1.1),
        ("speed.radar", |scenario| scenario.speed.radar *= 1.5),
        ("speed.fine", |scenario| scenario.speed.fine *= 1.5),
        ("time.cost", |scenario| scenario.time.cost *= 1.5),
        ("fuel.cost", |scenario| scenario.fuel.cost *= 2.0),
        ("crash.hazard", |scenario| scenario.crash.hazard *= 1.2),
        ("crash.hazard_scale", |scenario| scenario.crash.hazard_scale *= 1.1),
        ("crash.overload", |scenario| scenario.crash.overload *= 1.2),
        ("crash.harm", |scenario| scenario.crash.harm *= 2.0),
        ("crash.harm_aboard", |scenario| scenario.crash.harm_aboard *= 2.0),
        ("crash.share", |scenario| scenario.crash.share *= 2.0),
        ("crash.deaths", |scenario| scenario.crash.deaths *= 1.1),
        ("contract.fares", |scenario| scenario.contract.fares *= 1.1),
        ("contract.fines", |scenario| scenario.contract.fines *= 1.1),
        ("bribe.chance", |scenario| scenario.bribe.chance *= 1.5),
        ("bribe.amount", |scenario| scenario.bribe.amount *= 3.0),
    ];
    let city = rich();
    let model = Exact::new(&city).expect("small");
    // Those that act through rare events are changed by more.
    for (field, change) in changes {
        let worst = worst_deviation(&model, &city, &changed(&city, change), 1600, 50);
        assert!(worst > 1.2 * SIGMAS, "{field}: {worst} standard errors");
    }
}

#[test]
fn an_action_that_the_mask_closes_does_what_an_earlier_one_does() {
    let city = rich();
    let model = Exact::new(&city).expect("small");
    let mut generator = Generator::new(3, 0);
    for _ in 0..2000 {
        let state = any_state(&city, &mut generator);
        let outcome = |action: Action| model.outcome(&state, action).expect("a good state");
        let mask = city.action_mask(&state);
        for closed in (0..ACTIONS as Action).filter(|action| mask >> action & 1 == 0) {
            assert!((0..closed).any(|earlier| outcome(earlier) == outcome(closed)), "{closed} in {state:?}");
        }
    }
}

#[test]
fn what_is_expected_of_drivers_is_what_they_earn() {
    for city in [tiny(), rich()] {
        let exact = Exact::new(&city).expect("small");
        let optimum = exact.optimum(Weights::REWARD);
        let capacity = city.scenario().bus.capacity;
        let careful = [(2, 1), (city.scenario().bus.legal, 2), (capacity, 3)].map(|(wanted, speed)| {
            let driver = careful(&city, wanted, speed);
            Box::new(driver) as Box<dyn Fn(&CityState) -> Action + Sync>
        });
        for driver in careful.into_iter().chain([Box::new(greedy_of_money(&city)) as Box<_>]) {
            let value = exact.evaluate(|state| surely(driver(state)));
            agree(simulated(&city, 40_000, |state, _| driver(state)), value);
            assert!(value.reward < optimum.reward, "{value:?} beats {optimum:?}");
        }
    }
    // By chance a bus may be anywhere, and out of time.
    let city = changed(&tiny(), |scenario| scenario.time.limit = 12);
    let value = Exact::new(&city).expect("small").evaluate(|_| [0.2; ACTIONS]);
    agree(simulated(&city, 60_000, |_, generator| generator.below(5) as Action), value);
}

#[test]
fn the_best_driver_earns_the_optimum() {
    let city = tiny();
    let exact = Exact::new(&city).expect("small");
    assert!(exact.is_observed());
    let mut plans = Plans { exact: &exact, by_layout: BTreeMap::new() };
    let earned = simulated(&city, 100_000, |state, _| plans.action(state));
    agree(earned, exact.optimum(Weights::REWARD));
}

#[test]
fn plans_are_worth_what_following_them_brings_and_nothing_beats_them() {
    for city in [tiny(), rich()] {
        let exact = Exact::new(&city).expect("small");
        let mut generator = Generator::new(8, 0);
        for _ in 0..20 {
            let layout = city.draw(&mut generator);
            for weights in [Weights::REWARD, Weights::priced(0.5), Weights::LEAST_COST] {
                let plan = exact.plan(&layout, weights).expect("drawn");
                let follow = |state: &CityState| surely(plan.action(state).expect("a state of the plan"));
                let followed = exact.evaluate_on(&layout, follow).expect("drawn");
                assert!((followed.reward - plan.value().reward).abs() < 1e-9, "{followed:?} {:?}", plan.value());
                assert!((followed.cost - plan.value().cost).abs() < 1e-9);
                for driver in [careful(&city, 4, 2), careful(&city, 6, 3)] {
                    let value = exact.evaluate_on(&layout, |state| surely(driver(state))).expect("drawn");
                    assert!(weights.of(value) <= weights.of(plan.value()) + 1e-9);
                }
            }
        }
    }
}

/// Concave, non-decreasing, within the limit and at the end the optimum without one.
#[track_caller]
fn check_frontier(limits: &[f64], optimum: Value, solve: impl Fn(f64) -> Option<Constrained>) {
    assert_eq!(solve(-1e-6), None);
    assert_eq!(solve(f64::NAN), None);
    let solved: Vec<_> = limits.iter().map(|&limit| solve(limit).expect("standing still costs nothing")).collect();
    for (found, &limit) in solved.iter().zip(limits) {
        let chances: f64 = found.parts.iter().map(|part| part.chance).sum();
        assert!((chances - 1.0).abs() < 1e-12 && found.parts.iter().all(|part| part.chance >= 0.0));
        assert!(found.value.cost <= limit + 1e-12, "{} for {limit}", found.value.cost);
        assert!(found.price >= 0.0 && found.value.reward <= optimum.reward + 1e-9);
    }
    let places = limits.windows(3).zip(solved.windows(3));
    for (limits, found) in places {
        let slope = |from: usize| {
            let gain = found[from + 1].value.reward - found[from].value.reward;
            gain / (limits[from + 1] - limits[from])
        };
        assert!(slope(0) >= slope(1) - 1e-7 && slope(1) >= -1e-7, "{} {}", slope(0), slope(1));
        // The price is a slope of the frontier here: between those to both sides.
        assert!((slope(1) - 1e-7..=slope(0) + 1e-7).contains(&found[1].price));
    }
    let loose = solve(1e6).expect("loose");
    assert_eq!((loose.value, loose.price), (optimum, 0.0));
}

#[test]
fn the_constrained_optimum_is_concave_and_ends_in_the_optimum() {
    let city = tiny();
    let exact = Exact::new(&city).expect("small");
    let mut generator = Generator::new(9, 0);
    for _ in 0..4 {
        let layout = city.draw(&mut generator);
        let optimum = exact.plan(&layout, Weights::REWARD).expect("drawn").value();
        let limits: Vec<f64> = (0..12).map(|part| optimum.cost * f64::from(part) / 10.0).collect();
        check_frontier(&limits, optimum, |limit| exact.constrained_on(&layout, limit).expect("drawn"));
    }
}

#[test]
fn the_constrained_optimum_over_all_layouts_is_so_too() {
    let exact = Exact::new(&changed(&tiny(), |scenario| scenario.time.limit = 16)).expect("small");
    let optimum = exact.optimum(Weights::REWARD);
    let limits = [0.2, 0.5, 0.8].map(|part| part * optimum.cost);
    check_frontier(&limits, optimum, |limit| exact.constrained(limit));
}

#[test]
fn the_linear_programme_finds_the_same_constrained_optimum() {
    // Short trips, for the simplex method.
    let city = changed(&tiny(), |scenario| scenario.time.limit = 12);
    let exact = Exact::new(&city).expect("small");
    let mut generator = Generator::new(4, 0);
    let mut bound = 0;
    for _ in 0..4 {
        let layout = city.draw(&mut generator);
        let optimum = exact.plan(&layout, Weights::REWARD).expect("drawn").value();
        for part in [0.4, 1.5] {
            let limit = part * optimum.cost;
            let found = exact.constrained_on(&layout, limit).expect("drawn").expect("feasible").value;
            let programme = exact.programme(&layout, limit).expect("solved").expect("feasible");
            assert!((found.reward - programme.reward).abs() < 1e-6, "{found:?} {programme:?}");
            assert!(programme.cost <= limit + 1e-6);
            bound += u32::from(found.reward < optimum.reward - 1e-3);
        }
        assert_eq!(exact.programme(&layout, -0.1).expect("solved"), None);
    }
    assert!(bound >= 2, "limits bind {bound} times");
    let long = changed(&tiny(), |scenario| scenario.time.limit = 1000);
    let layout = long.draw(&mut generator);
    let refused = Exact::new(&long).expect("small").programme(&layout, 1.0);
    assert!(matches!(refused, Err(EnvError::Unsolved(_))));
}

#[test]
fn what_is_no_small_scenario_is_refused() {
    let refused = |city: &City| Exact::new(city).expect_err("refused").to_string();
    assert!(refused(&City::named("dar-es-salaam").expect("there")).contains("demand.arrivals"));
    let tiny = tiny();
    let with = |change: fn(&mut CityScenario)| refused(&changed(&tiny, change));
    assert!(with(|scenario| (scenario.demand.rival, scenario.demand.rival_takes) = (0.1, 1)).contains("demand.rival"));
    let drawn = with(|scenario| {
        scenario.randomize.insert("police.inspect".to_owned(), [0.0, 0.5]);
    });
    assert!(drawn.contains("randomize"));
    assert!(with(|scenario| scenario.lights.green = (1, 60)).contains("lights.count"), "layouts");
    let large = with(|scenario| (scenario.bus.capacity, scenario.demand.most) = (60, 60));
    assert!(large.contains("more than 2000000 states"), "{large}");

    let exact = Exact::new(&tiny).expect("small");
    let unseen = changed(&tiny, |scenario| scenario.police.sight = 2);
    assert!(!Exact::new(&unseen).expect("small").is_observed());
    let mut layout = tiny.draw(&mut Generator::new(1, 0));
    let plan = exact.plan(&layout, Weights::REWARD).expect("drawn");
    let mut state = tiny.start(&layout, &mut Generator::new(1, 0));
    state.layout.lights[0].phase = (state.layout.lights[0].phase + 1) % 5;
    assert!(matches!(plan.action(&state), Err(EnvError::InvalidState(_))), "a state of another layout");
    layout.enforcement.inspect = 0.5;
    state = tiny.start(&layout, &mut Generator::new(1, 0));
    assert!(matches!(exact.outcome(&state, MOVE), Err(EnvError::InvalidLayout(_))), "another enforcement");
    assert!(matches!(exact.plan(&layout, Weights::REWARD), Err(EnvError::InvalidLayout(_))));
    layout.queues.clear();
    assert!(matches!(exact.constrained_on(&layout, 1.0), Err(EnvError::InvalidLayout(_))));
}
