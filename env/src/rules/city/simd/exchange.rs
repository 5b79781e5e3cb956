//! Boarding and alighting, trip by trip but in the lanes: where a bus stands at a stop, nothing else can happen to it.

use super::block::Trips;
use crate::rules::Action;
use crate::rules::city::PICK_UP;
use crate::rules::city::parameters::Parameters;
use crate::rules::city::tick::{TickRandom, boarding, destination};

/// Lets passengers board or alight where a bus stands, and tells how many alighted.
pub(super) fn exchange(
    parameters: &Parameters,
    trips: &mut Trips,
    words: &impl TickRandom,
    lane: usize,
    action: Action,
) -> u8 {
    let Some(stop) = parameters.stop_at(trips.position[lane]) else { return 0 };
    if action == PICK_UP {
        let boarding = boarding(parameters, trips.queues[stop][lane], trips.load(parameters, lane));
        trips.queues[stop][lane] -= boarding;
        for place in 0..usize::from(boarding) {
            trips.aboard[destination(parameters, stop, words.destination(place))][lane] += 1;
        }
        return 0;
    }
    let alighting = trips.aboard[stop][lane].min(parameters.scenario.bus.alight);
    trips.aboard[stop][lane] -= alighting;
    trips.paid[lane] = trips.paid[lane].wrapping_add(alighting.into());
    alighting
}
