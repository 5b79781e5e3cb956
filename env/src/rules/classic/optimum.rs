//! The best return of a layout: in closed form where the rules can have drawn it, by dynamic programming over the rules
//! themselves where it was given.
//!
//! Every cell is visited once, so what is still to be earned depends only on the cell, the load and whether the
//! bus was fined: money and speed earn nothing later. The few loads that can be reached make this cheap.

use super::layout::FREE_CELLS;
use super::{ACTIONS, CAPACITY, ClassicLayout, ClassicState, ROUTE_CELLS, advance};

/// The best rest of the return by cell, load and fine; NaN where it is not known yet.
type Memo = [[[f32; 2]; CAPACITY as usize + 1]; ROUTE_CELLS];

/// The greatest sum of rewards that any sequence of actions has on `layout`.
pub(super) fn best_return(layout: &ClassicLayout) -> f32 {
    if layout.can_be_drawn() { closed_form(layout) } else { by_dynamic_programming(layout) }
}

/// Where three checkpoints and four lights stand on seven cells without a stop, and the default numbers wait: pick up at
/// the four stops (60), stop where the bus must (25 each), speed up elsewhere (3 each), go on by 29 steps (1 each) and
/// arrive within the law (150).
fn closed_form(layout: &ClassicLayout) -> f32 {
    let must_stop = (layout.police | layout.red).count_ones() as f32;
    let elsewhere = FREE_CELLS as f32 - must_stop;
    60.0 + 25.0 * must_stop + 3.0 * elsewhere + ROUTE_CELLS as f32 + 150.0
}

fn by_dynamic_programming(layout: &ClassicLayout) -> f32 {
    let mut memo: Memo = [[[f32::NAN; 2]; CAPACITY as usize + 1]; ROUTE_CELLS];
    best_from(&ClassicState::new(*layout), &mut memo)
}

fn best_from(state: &ClassicState, memo: &mut Memo) -> f32 {
    let (position, passengers, fined) =
        (usize::from(state.position), usize::from(state.passengers), usize::from(state.fined));
    let known = memo[position][passengers][fined];
    if !known.is_nan() {
        return known;
    }
    let best = (0..ACTIONS as u8)
        .map(|action| {
            let mut next = *state;
            let transition = advance(&mut next, action);
            let rest = if transition.terminated { 0.0 } else { best_from(&next, memo) };
            transition.reward + rest
        })
        .fold(f32::NEG_INFINITY, f32::max);
    memo[position][passengers][fined] = best;
    best
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::generator::Generator;

    proptest! {
        #[test]
        fn equals_the_closed_form_where_there_is_one(seed: u64) {
            let layout = ClassicLayout::draw(&mut Generator::new(seed, 0));
            prop_assert!(layout.can_be_drawn());
            prop_assert_eq!(by_dynamic_programming(&layout), closed_form(&layout));
        }

        #[test]
        fn equals_dynamic_programming_everywhere_else(seed: u64) {
            let mut generator = Generator::new(seed, 0);
            let drawn = ClassicLayout::draw(&mut generator);
            let crowded = ClassicLayout { waiting: [8, 5, 1, 2], ..drawn };
            let at_a_stop = ClassicLayout { police: drawn.police | 1, ..drawn };
            let shared = ClassicLayout { police: drawn.lights, ..drawn };
            let fewer = ClassicLayout { police: drawn.police & (drawn.police - 1), ..drawn };
            for layout in [crowded, at_a_stop, shared, fewer, ClassicLayout::draw_any(&mut generator)] {
                prop_assert_eq!(best_return(&layout), by_dynamic_programming(&layout), "{:?}", layout);
            }
        }

        #[test]
        fn no_random_driver_beats_it(seed: u64, waiting: [u8; 4]) {
            let mut generator = Generator::new(seed, 0);
            let layout = ClassicLayout { waiting, ..ClassicLayout::draw(&mut generator) };
            let best = best_return(&layout);
            for _ in 0..20 {
                let (mut state, mut total) = (ClassicState::new(layout), 0.0);
                loop {
                    let transition = advance(&mut state, generator.below(5) as u8);
                    total += transition.reward;
                    if transition.terminated {
                        break;
                    }
                }
                prop_assert!(total <= best, "{} > {}", total, best);
            }
        }
    }

    #[test]
    fn mean_over_drawn_layouts_is_424() {
        let layouts = 4000;
        let sum: f32 = (0..layouts).map(|i| best_return(&ClassicLayout::draw(&mut Generator::new(3, i)))).sum();
        assert!((sum / layouts as f32 - 424.0).abs() < 2.0);
    }
}
