//! One step of 64 environments at once: the rules of [`advance`](super::super::advance) without a branch.

use fearless_simd::prelude::*;
use fearless_simd::{Select, Simd};

use super::super::observation::SIGHT;
use super::super::{
    CAPACITY, DANGEROUS_LOAD, DROP_OFF, LAST_CELL, LEAST_EXCHANGE, LEGAL_CAPACITY, MAX_SPEED, PICK_UP, SPEED_UP, STOP,
    STOPS,
};
use super::block::{Block, Hazards};
use super::rows::{ROW, RawRows};
use crate::rules::lanes::{Bytes, LANES, load, low_bytes, splat, store};

/// The corner of the route in the features x and y.
const CORNER: u8 = LAST_CELL / 2;

/// Rewards are whole numbers from −57 to 176 and are added up as bytes, modulo 256, with this on top.
const REWARD_ZERO: u8 = 64;
/// What an action earns, with [`REWARD_ZERO`] and the 1 of every step: by the action, a speeding up that crashes
/// being the sixth, and 8 more where the bus must stop. Exchanges are taken to fail here.
const ACTION_REWARDS: Bytes = {
    const REWARDS: [[i8; 8]; 2] = [[2, -5, -8, -3, 3, -30, 0, 0], [-38, -15, -18, 25, -15, -45, 0, 0]];
    let mut table = [0; 16];
    let mut i = 0;
    while i < 16 {
        table[i] = REWARD_ZERO.wrapping_add_signed(REWARDS[i / 8][i % 8] + 1);
        i += 1;
    }
    repeated(table)
};
/// What an exchange that succeeds earns more than one that fails.
const EXCHANGE: u8 = 20;
/// What the police take from an overloaded bus, and what more from one so full that they keep it.
const FINE: u8 = 20;
const IMPOUNDMENT: u8 = 30;
/// What the end of an episode earns, and what more where the law was kept.
const END: u8 = 100;
const LEGAL_END: u8 = 50;

/// Cells to the nearest hazard, by the four bits of the next four cells; at [`SIGHT`] cells it looks like none.
const DISTANCES: Bytes = {
    let mut distances = [0; 16];
    let mut ahead = 0;
    while ahead < 16 {
        let distance = (ahead as u32).trailing_zeros() + 1;
        distances[ahead] = if distance < SIGHT { distance } else { SIGHT } as u8;
        ahead += 1;
    }
    repeated(distances)
};

/// What a step brought.
pub(super) struct Advance {
    /// Rewards as bytes; [`reward`] makes them floats.
    pub(super) rewards: Bytes,
    /// 0 or 1.
    pub(super) terminated: Bytes,
    /// A bit for each environment.
    pub(super) ended: u64,
    /// A bit for each environment.
    pub(super) crashed: u64,
}

/// The reward that a byte of [`Advance::rewards`] stands for.
#[inline(always)]
pub(super) fn reward(byte: u8) -> f32 {
    f32::from(byte) - f32::from(REWARD_ZERO)
}

/// What is where, bit 0 being the cell of the bus and bits 1 to 4 the cells after it.
struct Windows<S: Simd> {
    police: S::u8s,
    lights: S::u8s,
    red: S::u8s,
}

impl<S: Simd> Windows<S> {
    #[inline(always)]
    fn new(simd: S, hazards: &Hazards, at: usize) -> Self {
        Self {
            police: low_bytes(simd, &hazards.police, at),
            lights: low_bytes(simd, &hazards.lights, at),
            red: low_bytes(simd, &hazards.red, at),
        }
    }

    /// The same one cell on; where the bus has arrived there are no more cells, and it stays.
    #[inline(always)]
    fn after_move(self, arrived: S::mask8s) -> Self {
        Self {
            police: arrived.select(self.police & 1, self.police >> 1),
            lights: arrived.select(self.lights & 1, self.lights >> 1),
            red: arrived.select(self.red & 1, self.red >> 1),
        }
    }
}

/// Moves all lanes on by one step and fills `rows` with what is seen then.
#[inline(always)]
pub(super) fn advance<S: Simd>(simd: S, block: &mut Block, actions: &Bytes, rows: &mut RawRows) -> Advance {
    let mut advance = Advance { rewards: [0; LANES], terminated: [0; LANES], ended: 0, crashed: 0 };
    for at in (0..LANES).step_by(S::u8s::LEN) {
        let windows = advance_part(simd, block, actions, at, &mut advance);
        rows.fill(simd, features(simd, block, &windows, at), at);
    }
    for mask in [&mut block.hazards.police, &mut block.hazards.lights, &mut block.hazards.red] {
        for mask in mask {
            *mask = mask.rotate_right(1);
        }
    }
    advance
}

/// Fills `rows` with what is seen now. It is right for buses that are under way: what is where an arrived one stands
/// has been turned out of sight.
#[inline(always)]
pub(super) fn observe<S: Simd>(simd: S, block: &Block, rows: &mut RawRows) {
    for at in (0..LANES).step_by(S::u8s::LEN) {
        let windows = Windows::new(simd, &block.hazards, at);
        rows.fill(simd, features(simd, block, &windows, at), at);
    }
}

/// Moves a register of lanes on, all but their hazards.
#[inline(always)]
fn advance_part<S: Simd>(simd: S, block: &mut Block, actions: &Bytes, at: usize, advance: &mut Advance) -> Windows<S> {
    let none = splat(simd, 0);
    let windows = Windows::<S>::new(simd, &block.hazards, at);
    let action = load(simd, actions, at);
    let position = load(simd, &block.position, at);
    let passengers = load(simd, &block.passengers, at);
    let must_stop = ((windows.police | windows.red) & 1).simd_ne(none);
    let (picks_up, drops_off) = (action.simd_eq(PICK_UP), action.simd_eq(DROP_OFF));
    let (brakes, speeds_up) = (action.simd_eq(STOP), action.simd_eq(SPEED_UP));

    let (at_stop, waiting_here) = stop_here(simd, block, position, at);
    let boards = picks_up & at_stop & passengers.simd_lt(CAPACITY);
    let alights = drops_off & at_stop & passengers.simd_gt(none);
    let boarding = waiting_here.max(LEAST_EXCHANGE).min(splat(simd, CAPACITY) - passengers);
    let boarding = boards.select(boarding, none);
    let alighting = ((passengers >> 1) + 1).max(LEAST_EXCHANGE).min(passengers);
    let alighting = alights.select(alighting, none);
    for (stop, waiting) in STOPS.into_iter().zip(&mut block.waiting) {
        let here = position.simd_eq(stop);
        store(load(simd, waiting, at).saturating_sub(here.select(boarding, none)), waiting, at);
    }
    let crashed = speeds_up & passengers.simd_gt(DANGEROUS_LOAD);
    let passengers = passengers + boarding - alighting;
    let speed = load(simd, &block.speed, at);
    let faster = (speed + 1).min(MAX_SPEED);
    let speed = (speeds_up & !crashed & !must_stop).select(faster, speed);
    let speed = brakes.select(speed.saturating_sub(1), speed);

    let arrived = position.simd_eq(LAST_CELL);
    let windows = windows.after_move(arrived);
    let police_here = (windows.police & 1).simd_ne(none);
    let fined_now = police_here & passengers.simd_gt(LEGAL_CAPACITY);
    let impounded = police_here & passengers.simd_gt(DANGEROUS_LOAD);
    let fined = fined_now.select(splat(simd, 1), load(simd, &block.fined, at));
    let terminated = arrived | crashed | impounded;
    let legal = passengers.simd_le(LEGAL_CAPACITY) & fined.simd_eq(none);

    let entry = action + must_stop.select(splat(simd, 8), none) + crashed.select(splat(simd, 1), none);
    let mut rewards = load(simd, &ACTION_REWARDS, 0).swizzle_dyn_within_blocks(entry);
    rewards += (boards | alights).select(splat(simd, EXCHANGE), none);
    rewards -= fined_now.select(splat(simd, FINE), none) + impounded.select(splat(simd, IMPOUNDMENT), none);
    rewards += terminated.select(legal.select(splat(simd, END + LEGAL_END), splat(simd, END)), none);

    store(position + 1, &mut block.position, at);
    store(load(simd, &block.steps, at) + 1, &mut block.steps, at);
    store(passengers, &mut block.passengers, at);
    store(load(simd, &block.paid, at) + alighting, &mut block.paid, at);
    store(speed, &mut block.speed, at);
    store(fined, &mut block.fined, at);
    store(rewards, &mut advance.rewards, at);
    store(terminated.select(splat(simd, 1), none), &mut advance.terminated, at);
    advance.ended |= terminated.to_bitmask() << at;
    advance.crashed |= crashed.to_bitmask() << at;
    windows
}

/// Where `position` is a stop, and how many wait there, 0 elsewhere.
#[inline(always)]
fn stop_here<S: Simd>(simd: S, block: &Block, position: S::u8s, at: usize) -> (S::mask8s, S::u8s) {
    let mut at_stop = S::mask8s::splat(simd, false);
    let mut waiting_here = splat(simd, 0);
    for (stop, waiting) in STOPS.into_iter().zip(&block.waiting) {
        let here = position.simd_eq(stop);
        at_stop |= here;
        waiting_here = here.select(load(simd, waiting, at), waiting_here);
    }
    (at_stop, waiting_here)
}

/// The raw features of a register of lanes.
#[inline(always)]
fn features<S: Simd>(simd: S, block: &Block, windows: &Windows<S>, at: usize) -> [S::u8s; ROW] {
    let none = splat(simd, 0);
    let position = load(simd, &block.position, at).min(LAST_CELL);
    let at_end = position.simd_eq(LAST_CELL);
    let must_stop = windows.police | windows.red;
    let must_stop_here = must_stop & 1;
    let must_stop_next = (must_stop >> 1 & 1) | at_end.select(must_stop_here, none);
    let (at_stop, waiting_here) = stop_here(simd, block, position, at);
    [
        position.min(CORNER),
        splat(simd, LAST_CELL) - position.max(CORNER),
        load(simd, &block.passengers, at),
        load(simd, &block.paid, at),
        load(simd, &block.speed, at),
        windows.red & 1,
        windows.police & 1,
        must_stop_here,
        at_stop.select(splat(simd, 1), none),
        waiting_here,
        must_stop_next,
        distance(simd, windows.lights, at_end),
        distance(simd, windows.police, at_end),
        load(simd, &block.steps, at),
    ]
}

/// Cells to the nearest hazard of a window among the next [`SIGHT`].
#[inline(always)]
fn distance<S: Simd>(simd: S, window: S::u8s, at_end: S::mask8s) -> S::u8s {
    let ahead = at_end.select(splat(simd, 0), window >> 1 & 15);
    load(simd, &DISTANCES, 0).swizzle_dyn_within_blocks(ahead)
}

/// A table of 16 bytes in each 128-bit part of a register, for `swizzle_dyn_within_blocks`.
const fn repeated(table: [u8; 16]) -> Bytes {
    let mut bytes = [0; LANES];
    let mut i = 0;
    while i < LANES {
        bytes[i] = table[i % 16];
        i += 1;
    }
    bytes
}
