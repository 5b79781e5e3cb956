//! The states that a bus can come to on one road, and what every action leads to in each of them: a table, for nearly all
//! the time of an induction goes into reading it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::super::{ACTION_NAMES, CityScenario, MAX_STOPS};
use super::dynamics::{Outcome, Road, State, outcome};
use crate::rules::Action;

/// How many actions there are.
pub const ACTIONS: usize = ACTION_NAMES.len();

/// What an action leads to; `next` is where its states stand in [`Graph::next`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) reward: f64,
    pub(super) cost: f64,
    pub(super) alighted: u8,
    next: (u32, u32),
}

/// The rows of a state while some lights are red.
#[derive(Debug, Clone, Copy, Default)]
struct Choices {
    rows: [u32; ACTIONS],
    /// Bit `a` for an action `a` that does what none before it does.
    distinct: u8,
}

#[derive(Debug)]
pub(super) struct Graph {
    pub(super) road: Road,
    pub(super) states: Vec<State>,
    /// Where a trip begins, with its chances.
    pub(super) start: Vec<(u32, f64)>,
    places: HashMap<State, u32>,
    rows: Vec<Row>,
    next: Vec<(u32, f64)>,
    /// By the set of the lights that are red, then by state.
    choices: Vec<Choices>,
}

impl Graph {
    /// None where there are more than `most` states.
    pub(super) fn new(
        scenario: &CityScenario,
        road: Road,
        queues: &[([u8; MAX_STOPS], f64)],
        most: usize,
    ) -> Option<Self> {
        let (states, start) = (Vec::new(), Vec::new());
        let (places, rows, next) = (HashMap::new(), Vec::new(), Vec::new());
        let mut graph = Self { road, states, start, places, rows, next, choices: Vec::new() };
        for &(queues, chance) in queues {
            let place = graph.add(State { queues, ..State::default() });
            graph.start.push((place, chance));
        }
        let sets = 1 << graph.road.lights.len();
        let mut by_set = vec![Vec::new(); sets];
        // States are found while the table is filled.
        let mut place = 0;
        while place < graph.states.len() {
            let mut known: Vec<(Outcome, u32)> = Vec::new();
            for (red, choices) in by_set.iter_mut().enumerate() {
                choices.push(graph.choices_of(scenario, red, place, &mut known));
            }
            if graph.states.len() > most {
                return None;
            }
            place += 1;
        }
        graph.choices = by_set.concat();
        Some(graph)
    }

    fn add(&mut self, state: State) -> u32 {
        let new = self.states.len() as u32;
        match self.places.entry(state) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(free) => {
                self.states.push(state);
                *free.insert(new)
            }
        }
    }

    /// The rows of a state; `known` are those that it has while other lights are red.
    fn choices_of(
        &mut self,
        scenario: &CityScenario,
        red: usize,
        place: usize,
        known: &mut Vec<(Outcome, u32)>,
    ) -> Choices {
        let state = self.states[place];
        let mut choices = Choices::default();
        for action in 0..ACTIONS {
            let outcome = outcome(scenario, &self.road, red, &state, action as Action);
            let same = known.iter().find(|(other, _)| *other == outcome).map(|&(_, row)| row);
            let row = same.unwrap_or_else(|| {
                let row = self.add_row(&outcome);
                known.push((outcome, row));
                row
            });
            if !choices.rows[..action].contains(&row) {
                choices.distinct |= 1 << action;
            }
            choices.rows[action] = row;
        }
        choices
    }

    fn add_row(&mut self, outcome: &Outcome) -> u32 {
        let first = self.next.len() as u32;
        for &(state, chance) in &outcome.next {
            let place = self.add(state);
            self.next.push((place, chance));
        }
        let Outcome { reward, cost, alighted, .. } = *outcome;
        self.rows.push(Row { reward, cost, alighted, next: (first, self.next.len() as u32) });
        self.rows.len() as u32 - 1
    }

    /// Where a state stands, if it can be reached.
    pub(super) fn place(&self, state: &State) -> Option<usize> {
        self.places.get(state).map(|&place| place as usize)
    }

    fn choices(&self, red: usize, place: usize) -> &Choices {
        &self.choices[red * self.states.len() + place]
    }

    /// What an action leads to.
    pub(super) fn row(&self, red: usize, place: usize, action: usize) -> &Row {
        &self.rows[self.choices(red, place).rows[action] as usize]
    }

    /// The states that a row leads to, with their chances.
    pub(super) fn next(&self, row: &Row) -> &[(u32, f64)] {
        &self.next[row.next.0 as usize..row.next.1 as usize]
    }

    /// The actions that do what none before them does, with their rows.
    pub(super) fn distinct(&self, red: usize, place: usize) -> impl Iterator<Item = (usize, &Row)> {
        let choices = self.choices(red, place);
        let distinct = (0..ACTIONS).filter(|action| choices.distinct >> action & 1 == 1);
        distinct.map(|action| (action, &self.rows[choices.rows[action] as usize]))
    }
}
