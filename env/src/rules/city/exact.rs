//! The exact optimum of scenarios that are small enough, `tiny` above all: what every learner is measured against.
//!
//! A trip is a Markov decision process with a finite horizon, the tick limit. Given the layout a driver who sees all of it
//! has nothing to learn on the way, so the optimum is found layout by layout, by backward induction over the ticks, and
//! averaged over the distribution of layouts. With a limit on expected micromorts it is a constrained one, solved by its
//! Lagrangian dual ([`Exact::constrained`]), which a linear programme over occupancy measures confirms on single layouts
//! ([`Exact::programme`]).
//!
//! The chances of a tick are written a second time here (`dynamics.rs`), so the engine and this model check each other.

mod constrained;
mod dynamics;
mod evaluation;
mod graph;
mod induction;
mod layouts;
mod programme;

use std::collections::BTreeMap;

use rayon::prelude::*;

pub use constrained::{Constrained, Part};
pub use dynamics::{Outcome, State};
pub use evaluation::surely;
pub use graph::ACTIONS;
pub use induction::{Plan, Weights};

use super::{City, CityLayout, CityScenario, CityState, SIGHT, Totals};
use crate::error::EnvError;
use crate::rules::{Action, Rules};
use dynamics::Road;
use graph::Graph;
use layouts::{Drawn, World};

/// The most states over all places of lights and checkpoints. A state takes some 500 bytes, its five actions with what they
/// lead to among them: 1 GB.
const MOST_STATES: usize = 2_000_000;

/// What may be expected of a trip, or of the rest of one.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Value {
    /// The sum of rewards, k.
    pub reward: f64,
    /// The sum of costs, micromorts.
    pub cost: f64,
}

impl Value {
    /// The mean of values with their chances.
    fn mean(values: impl IntoIterator<Item = (f64, Self)>) -> Self {
        values.into_iter().fold(Self::default(), |sum, (chance, value)| Self {
            reward: sum.reward + chance * value.reward,
            cost: sum.cost + chance * value.cost,
        })
    }
}

/// The exact model of a scenario.
#[derive(Debug)]
pub struct Exact {
    city: City,
    /// One for each set of cells where lights and manned checkpoints stand.
    graphs: Vec<Graph>,
    graph_of: BTreeMap<Road, usize>,
    layouts: Vec<Drawn>,
    /// What differs of the layouts for a driver, with the graph and the chance.
    worlds: Vec<(World, usize, f64)>,
}

impl Exact {
    /// The model of the scenario of `city`. Scenarios are refused whose queues change by chance, which draw what is enforced,
    /// which place checkpoints by stretch, or which have too many layouts or states.
    pub fn new(city: &City) -> Result<Self, EnvError> {
        let scenario = city.scenario();
        let refused = |field: &str, problem: String| EnvError::InvalidScenario {
            scenario: city.parameters.name.clone(),
            field: field.to_owned(),
            problem,
        };
        if scenario.demand.arrivals.iter().any(|&mean| mean > 0.0) {
            return Err(refused("demand.arrivals", "the exact optimum needs trips on which nobody comes".to_owned()));
        }
        if scenario.demand.rival > 0.0 && scenario.demand.rival_takes > 0 {
            return Err(refused("demand.rival", "the exact optimum needs trips without a rival".to_owned()));
        }
        if !scenario.randomize.is_empty() {
            return Err(refused("randomize", "the exact optimum needs one enforcement for all trips".to_owned()));
        }
        if scenario.police.placement.is_some() {
            return Err(refused(
                "police.placement",
                "the exact optimum needs checkpoints on any cell alike".to_owned(),
            ));
        }
        let stops = &scenario.route.stops;
        let free: Vec<u8> = (0..stops[stops.len() - 1]).filter(|cell| !stops.contains(cell)).collect();
        let count = layouts::count(scenario, free.len());
        if count > layouts::MOST_LAYOUTS {
            let most = layouts::MOST_LAYOUTS;
            return Err(refused(
                "lights.count",
                format!("{count:.0} layouts are too many for the exact optimum: {most}"),
            ));
        }
        let layouts = layouts::layouts(scenario, &free);
        let mut chances = BTreeMap::<World, f64>::new();
        for drawn in &layouts {
            *chances.entry(World::new(&drawn.layout)).or_default() += drawn.chance;
        }
        let mut graph_of = BTreeMap::new();
        for world in chances.keys() {
            let new = graph_of.len();
            graph_of.entry(world.road.clone()).or_insert(new);
        }
        let too_many =
            || refused("bus.capacity", format!("more than {MOST_STATES} states are too many for the exact optimum"));
        let queues = layouts::start_queues(scenario, MOST_STATES).ok_or_else(too_many)?;
        let mut roads: Vec<_> = graph_of.iter().collect();
        roads.sort_unstable_by_key(|&(_, place)| place);
        let most = MOST_STATES / roads.len();
        let graph = |&(road, _): &(&Road, &usize)| Graph::new(scenario, road.clone(), &queues, most);
        let graphs: Option<Vec<Graph>> = roads.par_iter().map(graph).collect();
        let graphs = graphs.ok_or_else(too_many)?;
        let worlds = chances.into_iter().map(|(world, chance)| {
            let graph = graph_of[&world.road];
            (world, graph, chance)
        });
        let worlds = worlds.collect();
        Ok(Self { city: city.clone(), graphs, graph_of, layouts, worlds })
    }

    fn scenario(&self) -> &CityScenario {
        self.city.scenario()
    }

    /// How many states there are, over all places of lights and checkpoints.
    #[must_use]
    pub fn states(&self) -> usize {
        self.graphs.iter().map(|graph| graph.states.len()).sum()
    }

    /// How many layouts there are, start queues apart.
    #[must_use]
    pub fn layouts(&self) -> usize {
        self.layouts.len()
    }

    /// Whether a driver that goes by the observation alone can know all that matters. If not, the optima are bounds that
    /// no such driver may reach.
    #[must_use]
    pub fn is_observed(&self) -> bool {
        let CityScenario { route, lights, police, demand, observation, .. } = self.scenario();
        let last = route.stops[route.stops.len() - 1];
        let is_told = observation.hidden.is_empty() && demand.most <= 30;
        // The next two of a kind are told, and a queue here beside the next.
        let are_few = lights.count <= 2 && police.checkpoints <= 2 && demand.queues.len() <= 2;
        let has_one_cycle = lights.green.0 == lights.green.1 && lights.red.0 == lights.red.1;
        let is_short = lights.green.1.max(lights.red.1) <= 20;
        is_told && are_few && last <= SIGHT && last <= police.sight && has_one_cycle && is_short
    }

    /// The greatest expected weighted sum of a trip's reward and cost over all layouts: with [`Weights::REWARD`] the optimum.
    #[must_use]
    pub fn optimum(&self, weights: Weights) -> Value {
        let values: Vec<_> = self
            .worlds
            .par_iter()
            .map(|&(ref world, graph, chance)| {
                let graph = &self.graphs[graph];
                let values = induction::induction(graph, world, self.scenario().time.limit, weights, None);
                let start = graph.start.iter().map(|&(place, chance)| (chance, values[place as usize]));
                (chance, Value::mean(start))
            })
            .collect();
        self.after_lease(Value::mean(values))
    }

    /// The optimum on one layout, and how to act for it.
    pub fn plan(&self, layout: &CityLayout, weights: Weights) -> Result<Plan<'_>, EnvError> {
        let (world, graph, start) = self.locate(layout)?;
        let mut actions = Vec::new();
        let values = induction::induction(graph, &world, self.scenario().time.limit, weights, Some(&mut actions));
        let value = self.after_lease(values[start]);
        Ok(Plan { exact: self, graph, world, actions, value })
    }

    /// The greatest expected reward of a trip over all layouts whose expected cost is at most `limit`, micromorts; none where
    /// every trip costs more.
    #[must_use]
    pub fn constrained(&self, limit: f64) -> Option<Constrained> {
        constrained::constrained(limit, |weights| self.optimum(weights))
    }

    /// The same on one layout.
    pub fn constrained_on(&self, layout: &CityLayout, limit: f64) -> Result<Option<Constrained>, EnvError> {
        let (world, graph, start) = self.locate(layout)?;
        let ticks = self.scenario().time.limit;
        let solve = |weights| self.after_lease(induction::induction(graph, &world, ticks, weights, None)[start]);
        Ok(constrained::constrained(limit, solve))
    }

    /// What an action leads to in a state of a trip.
    pub fn outcome(&self, state: &CityState, action: Action) -> Result<Outcome, EnvError> {
        let world = World::new(&state.layout);
        let own = self.state(state)?;
        Ok(dynamics::outcome(self.scenario(), &world.road, world.red(state.steps), &own, action))
    }

    /// What of the state of a trip that goes on the rest of it depends on.
    pub fn state(&self, state: &CityState) -> Result<State, EnvError> {
        self.city.check_state(state, false)?;
        self.check_enforcement(&state.layout)?;
        let road = World::new(&state.layout).road;
        let mut own = State { position: state.position, speed: state.speed, held: state.held, ..State::default() };
        for (place, checkpoint) in state.layout.checkpoints.iter().enumerate() {
            let rank = road.checkpoints.iter().position(|&cell| cell == checkpoint.cell);
            if let Some(rank) = rank.filter(|_| state.satisfied >> place & 1 == 1) {
                own.satisfied |= 1 << rank;
            }
        }
        own.aboard[..state.aboard.len()].copy_from_slice(&state.aboard);
        for (stop, &queue) in state.queues.iter().enumerate() {
            let passed = self.scenario().route.stops[stop] < state.position;
            own.queues[stop] = if passed { 0 } else { queue };
        }
        Ok(own)
    }

    /// A state as the engine has it, so that a driver can be asked.
    fn engine_state(&self, layout: &CityLayout, road: &Road, own: &State, tick: u16, paid: u16) -> CityState {
        let stops = self.scenario().route.stops.len();
        let mut state = CityState::new(layout.clone(), stops);
        (state.position, state.speed, state.held, state.steps) = (own.position, own.speed, own.held, tick);
        state.queues.copy_from_slice(&own.queues[..stops - 1]);
        state.aboard.copy_from_slice(&own.aboard[..stops]);
        for (place, checkpoint) in layout.checkpoints.iter().enumerate() {
            let rank = road.checkpoints.iter().position(|&cell| cell == checkpoint.cell);
            if rank.is_some_and(|rank| own.satisfied >> rank & 1 == 1) {
                state.satisfied |= 1 << place;
            }
        }
        state.totals = Totals { paid, ..Totals::default() };
        state
    }

    /// The world of a layout, the graph of its road, and where a trip on it begins.
    fn locate(&self, layout: &CityLayout) -> Result<(World, &Graph, usize), EnvError> {
        self.city.check_layout(layout)?;
        self.check_enforcement(layout)?;
        let world = World::new(layout);
        let graph = self.graph_of.get(&world.road).map(|&graph| &self.graphs[graph]);
        let mut start = State::default();
        start.queues[..layout.queues.len()].copy_from_slice(&layout.queues);
        let found = graph.and_then(|graph| Some((graph, graph.place(&start)?)));
        let (graph, start) = found
            .ok_or_else(|| EnvError::InvalidLayout("the scenario of the exact model never draws it".to_owned()))?;
        Ok((world, graph, start))
    }

    /// An error where a layout enforces something else than the scenario.
    fn check_enforcement(&self, layout: &CityLayout) -> Result<(), EnvError> {
        let is_ours = self.layouts.first().is_some_and(|drawn| drawn.layout.enforcement == layout.enforcement);
        let told = || EnvError::InvalidLayout("it enforces something else than the exact model's scenario".to_owned());
        is_ours.then_some(()).ok_or_else(told)
    }

    /// What is left of a trip's value when the lease is paid.
    fn after_lease(&self, value: Value) -> Value {
        Value { reward: value.reward - self.scenario().contract.lease, ..value }
    }
}
