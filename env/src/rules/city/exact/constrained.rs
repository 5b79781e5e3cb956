//! The constrained optimum, by the Lagrangian dual: a price of a micromort at which the best driver is just as careful as the
//! limit demands.
//!
//! A constrained Markov decision process is a linear programme, so there is no gap between it and its dual (Altman, 1999). The
//! least upper bound `max(reward − price · cost) + price · limit` over all prices is the optimum, and two drivers who are both
//! best at that price reach it, one drawn for each trip: one costs no more than the limit, the other no less.

use super::{Value, Weights};

/// How far above a line a driver has to be to count as above it, k and micromorts: rounding errors are far below.
const NOTHING: f64 = 1e-10;

/// A constrained optimum.
#[derive(Debug, Clone, PartialEq)]
pub struct Constrained {
    /// What may be expected of a trip.
    pub value: Value,
    /// What a micromort more would bring, k; 0 where the limit doesn't bind.
    pub price: f64,
    /// The drivers of whom one is drawn for each trip.
    pub parts: Vec<Part>,
}

/// One of the drivers of a constrained optimum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    /// The chance that it is drawn.
    pub chance: f64,
    /// What it is after: [`Exact::plan`](super::Exact::plan) tells how it acts.
    pub weights: Weights,
    /// What may be expected of its trips.
    pub value: Value,
}

/// `solve` finds the best value by weights of reward and cost.
pub(super) fn constrained(limit: f64, solve: impl Fn(Weights) -> Value) -> Option<Constrained> {
    let part = |weights: Weights| Part { chance: 1.0, weights, value: solve(weights) };
    let mut bold = part(Weights::REWARD);
    if bold.value.cost <= limit {
        return Some(Constrained { value: bold.value, price: 0.0, parts: vec![bold] });
    }
    let mut careful = part(Weights::LEAST_COST);
    // Not a number is no limit.
    if careful.value.cost > limit || limit.is_nan() {
        return None;
    }
    // The best at the price of the line through both are on it, or above it and take the place of one of them. Drivers
    // are finitely many, so this ends.
    loop {
        let price = (bold.value.reward - careful.value.reward) / (bold.value.cost - careful.value.cost);
        let best = part(Weights::priced(price));
        if best.weights.of(best.value) <= best.weights.of(careful.value) + NOTHING * (1.0 + price) {
            bold.chance = (limit - careful.value.cost) / (bold.value.cost - careful.value.cost);
            careful.chance = 1.0 - bold.chance;
            let value = Value::mean([(careful.chance, careful.value), (bold.chance, bold.value)]);
            return Some(Constrained { value, price, parts: vec![careful, bold] });
        }
        if best.value.cost <= limit {
            careful = best;
        } else {
            bold = best;
        }
    }
}
