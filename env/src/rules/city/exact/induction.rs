//! Backward induction over the ticks: the best action of every state, from the last tick to the first.

use super::graph::Graph;
use super::layouts::World;
use super::{Exact, Value};
use crate::error::EnvError;
use crate::rules::{Action, CityState};

/// What a driver is after: a weighted sum of a trip's reward and cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    /// Of a k.
    pub reward: f64,
    /// Of a micromort; negative where it is a price.
    pub cost: f64,
}

impl Weights {
    /// The reward alone.
    pub const REWARD: Self = Self { reward: 1.0, cost: 0.0 };
    /// As little cost as possible, whatever it earns.
    pub const LEAST_COST: Self = Self { reward: 0.0, cost: -1.0 };

    /// The reward, less a price of each micromort, k.
    #[must_use]
    pub const fn priced(price: f64) -> Self {
        Self { reward: 1.0, cost: -price }
    }

    /// The weighted sum.
    #[must_use]
    pub fn of(self, value: Value) -> f64 {
        self.reward * value.reward + self.cost * value.cost
    }
}

/// What the rest of a trip is worth to the best driver, by state, from the first tick on. `actions` gets the best actions, by
/// tick and then by state.
pub(super) fn induction(
    graph: &Graph,
    world: &World,
    ticks: u16,
    weights: Weights,
    mut actions: Option<&mut Vec<u8>>,
) -> Vec<Value> {
    let states = graph.states.len();
    let mut after = vec![Value::default(); states];
    let mut values = after.clone();
    if let Some(actions) = &mut actions {
        actions.resize(states * usize::from(ticks), 0);
    }
    for tick in (0..ticks).rev() {
        let red = world.red(tick);
        for (place, value) in values.iter_mut().enumerate() {
            let mut greatest = f64::NEG_INFINITY;
            for (action, row) in graph.distinct(red, place) {
                let mut rest = Value { reward: row.reward, cost: row.cost };
                for &(next, chance) in graph.next(row) {
                    let next = after[next as usize];
                    rest.reward += chance * next.reward;
                    rest.cost += chance * next.cost;
                }
                let weighted = weights.of(rest);
                if weighted > greatest {
                    (greatest, *value) = (weighted, rest);
                    if let Some(actions) = &mut actions {
                        actions[usize::from(tick) * states + place] = action as u8;
                    }
                }
            }
        }
        std::mem::swap(&mut values, &mut after);
    }
    after
}

/// How to act for the optimum on one layout, and what that is worth.
#[derive(Debug)]
pub struct Plan<'a> {
    pub(super) exact: &'a Exact,
    pub(super) graph: &'a Graph,
    pub(super) world: World,
    /// By tick, then by state.
    pub(super) actions: Vec<u8>,
    pub(super) value: Value,
}

impl Plan<'_> {
    /// What may be expected of a trip on the layout.
    #[must_use]
    pub fn value(&self) -> Value {
        self.value
    }

    /// The best action in a state of a trip. It may stand on the layout with other queues.
    pub fn action(&self, state: &CityState) -> Result<Action, EnvError> {
        let own = self.exact.state(state)?;
        let place = self.graph.place(&own).filter(|_| World::new(&state.layout) == self.world);
        let place = place.ok_or_else(|| EnvError::InvalidState("no trip on the layout comes to it".to_owned()))?;
        Ok(self.actions[usize::from(state.steps) * self.graph.states.len() + place])
    }
}
