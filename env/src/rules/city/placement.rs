//! Where checkpoints stand when some stretches of the road are likelier than others.
//!
//! A checkpoint takes one random word here as it does where all cells are alike, so two placements can be compared on the
//! same lights, queues and chances.

use std::ops::Range;

use super::parameters::Parameters;
use crate::generator::Generator;

/// How likely each stretch is.
pub(super) struct Placement<'a> {
    parameters: &'a Parameters,
    /// A relative weight for each stretch between two stops.
    weights: &'a [f64],
}

impl<'a> Placement<'a> {
    pub(super) fn new(parameters: &'a Parameters, weights: &'a [f64]) -> Self {
        Self { parameters, weights }
    }

    /// Draws a cell for each of the `places` of `free` from those that stand there or after it, and brings it there: first
    /// its stretch by weight, then any cell of that. A stretch without a cell that is left takes no part.
    pub(super) fn bring_forward(&self, free: &mut [u8], places: Range<usize>, generator: &mut Generator) {
        for place in places {
            let other = place + self.draw(&free[place..], generator);
            free.swap(place, other);
        }
    }

    /// The index of one of the cells that are `left`.
    fn draw(&self, left: &[u8], generator: &mut Generator) -> usize {
        let stretches = || left.iter().map(|&cell| self.parameters.stretch_of(cell));
        let mut cells = vec![0_u32; self.weights.len()];
        for stretch in stretches() {
            cells[stretch] += 1;
        }
        // A cell has its share of what its stretch weighs.
        let weight = |stretch: usize| self.weights[stretch] / f64::from(cells[stretch]);
        let whole: f64 = stretches().map(weight).sum();
        let mut rest = f64::from(generator.next_u32()) / f64::from(u32::MAX) * whole;
        let mut last = 0;
        for (index, weight) in stretches().map(weight).enumerate().filter(|(_, weight)| *weight > 0.0) {
            // The last of them takes what rounding leaves.
            last = index;
            if rest < weight {
                break;
            }
            rest -= weight;
        }
        last
    }
}
