//! What may be expected of a given driver: the chances of all states that it comes to, from the first tick to the last.

use rayon::prelude::*;

use super::layouts::{Drawn, World};
use super::{ACTIONS, Exact, Value};
use crate::error::EnvError;
use crate::rules::{Action, CityLayout, CityState};

/// The chances of a driver that is sure of an action.
#[must_use]
pub fn surely(action: Action) -> [f64; ACTIONS] {
    std::array::from_fn(|other| f64::from(u8::from(other == usize::from(action))))
}

impl Exact {
    /// What may be expected of a driver over all layouts. It is asked for the chances of its actions in every state that it
    /// comes to. Of what came together in the trip a state holds how many have paid, and nothing else; of queues at stops that
    /// were passed, nothing.
    pub fn evaluate(&self, driver: impl Fn(&CityState) -> [f64; ACTIONS] + Sync) -> Value {
        let values: Vec<_> = self
            .layouts
            .par_iter()
            .map(|Drawn { layout, chance }| {
                let world = World::new(layout);
                let graph = self.graph_of[&world.road];
                (*chance, self.follow(layout, &world, graph, &self.graphs[graph].start, &driver))
            })
            .collect();
        self.after_lease(Value::mean(values))
    }

    /// The same on one layout.
    pub fn evaluate_on(
        &self,
        layout: &CityLayout,
        driver: impl Fn(&CityState) -> [f64; ACTIONS],
    ) -> Result<Value, EnvError> {
        let (world, _, start) = self.locate(layout)?;
        let graph = self.graph_of[&world.road];
        Ok(self.after_lease(self.follow(layout, &world, graph, &[(start as u32, 1.0)], driver)))
    }

    fn follow(
        &self,
        layout: &CityLayout,
        world: &World,
        graph: usize,
        start: &[(u32, f64)],
        driver: impl Fn(&CityState) -> [f64; ACTIONS],
    ) -> Value {
        let graph = &self.graphs[graph];
        let mut value = Value::default();
        // How many have paid is kept beside the states: observations tell it.
        let most = start
            .iter()
            .map(|&(place, _)| graph.states[place as usize].queues.iter().map(|&count| usize::from(count)).sum());
        let levels = most.max().unwrap_or(0usize) + 1;
        let mut here = Occupied::new(graph.states.len() * levels);
        let mut after = here.clone();
        for &(place, chance) in start {
            here.add(place as usize * levels, chance);
        }
        for tick in 0..self.scenario().time.limit {
            let red = world.red(tick);
            here.drain(|at, reached| {
                let (place, paid) = (at / levels, at % levels);
                let state = self.engine_state(layout, &world.road, &graph.states[place], tick, paid as u16);
                for (action, taken) in driver(&state).into_iter().enumerate().filter(|(_, taken)| *taken > 0.0) {
                    let row = graph.row(red, place, action);
                    value.reward += reached * taken * row.reward;
                    value.cost += reached * taken * row.cost;
                    let paid = paid + usize::from(row.alighted);
                    for &(next, chance) in graph.next(row) {
                        after.add(next as usize * levels + paid, reached * taken * chance);
                    }
                }
            });
            std::mem::swap(&mut here, &mut after);
        }
        value
    }
}

/// The chances of the few of many places where a trip may be.
#[derive(Clone)]
struct Occupied {
    chances: Vec<f64>,
    /// Those with a chance, in the order in which they got one.
    places: Vec<usize>,
}

impl Occupied {
    fn new(places: usize) -> Self {
        Self { chances: vec![0.0; places], places: Vec::new() }
    }

    fn add(&mut self, place: usize, chance: f64) {
        if self.chances[place] == 0.0 && chance > 0.0 {
            self.places.push(place);
        }
        self.chances[place] += chance;
    }

    /// Takes all out.
    fn drain(&mut self, mut taken: impl FnMut(usize, f64)) {
        for place in self.places.drain(..) {
            taken(place, std::mem::take(&mut self.chances[place]));
        }
    }
}
