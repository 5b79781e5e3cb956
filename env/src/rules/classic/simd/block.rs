//! How 64 environments are stored: each field of the state as 64 lanes, so that a byte field is one AVX-512 register.
//!
//! A block is one struct of arrays, not one array a field for the whole batch: what a step touches lies together,
//! and lane loops have a length that the compiler knows. Nearly all fields fit a byte. Hazards don't, but only
//! those of the next few cells matter: each mask is kept rotated right by the position, so that its low byte is
//! the cells from here on and no lane needs a shift of its own.

use super::super::layout::DEFAULT_WAITING;
use super::super::{
    CAPACITY, ClassicLayout, ClassicState, FARE, LAST_CELL, MAX_SPEED, ROUTE_CELLS, STOPS, info, mask_of,
};
use crate::episode::EpisodeStats;
use crate::generator::Generator;
use crate::rules::lanes::{Bytes, LANES, Words};
use crate::vec_env::Snapshot;

/// Flags of [`Last`].
pub(super) const FINED: u8 = 1;
/// Flags of [`Last`].
pub(super) const CRASHED: u8 = 2;
/// Flags of [`Last`].
pub(super) const LEGAL: u8 = 4;
/// Flags of [`Last`]: an episode has ended.
pub(super) const ENDED: u8 = 8;

/// The most steps a snapshot may have taken, so that those that can follow still fit a byte.
const MOST_STEPS: u16 = (u8::MAX as usize - ROUTE_CELLS) as u16;

/// 64 environments.
#[derive(Debug, Clone)]
#[repr(align(64))]
pub(super) struct Block {
    /// Route index of the bus; one past the last cell once it has arrived, so that masks and position always turn
    /// together.
    pub(super) position: Bytes,
    /// Steps since the reset, which is also the length of the episode.
    pub(super) steps: Bytes,
    pub(super) passengers: Bytes,
    pub(super) paid: Bytes,
    pub(super) speed: Bytes,
    /// 0 or 1.
    pub(super) fined: Bytes,
    /// How many wait now at each of the four stops.
    pub(super) waiting: [Bytes; 4],
    /// What is where, bit 0 being the cell of the bus.
    pub(super) hazards: Hazards,
    pub(super) episode_return: [f32; LANES],
    /// A bit for each environment whose episode has ended and that has begun no other.
    pub(super) needs_reset: u64,
    /// A bit for each environment whose episode ended in a crash.
    pub(super) crashed: u64,
    /// How many waited at the start.
    pub(super) layout_waiting: [Bytes; 4],
    /// The four words of each generator.
    pub(super) generator: [Words; 4],
    pub(super) last: Last,
}

/// Hazard masks, as in [`ClassicLayout`].
#[derive(Debug, Clone)]
pub(super) struct Hazards {
    pub(super) police: Words,
    pub(super) lights: Words,
    pub(super) red: Words,
}

/// The figures of the last finished episodes.
#[derive(Debug, Clone)]
pub(super) struct Last {
    pub(super) episode_return: [f32; LANES],
    pub(super) length: Bytes,
    pub(super) passengers: Bytes,
    pub(super) paid: Bytes,
    /// [`FINED`], [`CRASHED`], [`LEGAL`] and [`ENDED`].
    pub(super) flags: Bytes,
}

impl Block {
    /// Lanes that are no environment's: buses on an empty route, stepped along and never read.
    pub(super) const UNUSED: Self = Self {
        position: [0; LANES],
        steps: [0; LANES],
        passengers: [0; LANES],
        paid: [0; LANES],
        speed: [0; LANES],
        fined: [0; LANES],
        waiting: [[0; LANES]; 4],
        hazards: Hazards { police: [0; LANES], lights: [0; LANES], red: [0; LANES] },
        episode_return: [0.0; LANES],
        needs_reset: 0,
        crashed: 0,
        layout_waiting: [[0; LANES]; 4],
        generator: [[0; LANES]; 4],
        last: Last {
            episode_return: [0.0; LANES],
            length: [0; LANES],
            passengers: [0; LANES],
            paid: [0; LANES],
            flags: [0; LANES],
        },
    };

    /// Reads one environment.
    pub(super) fn get(&self, lane: usize) -> Snapshot<ClassicState> {
        Snapshot {
            state: self.state(lane),
            generator: Generator::from_words(self.generator.map(|word| word[lane])),
            episode_return: self.episode_return[lane],
            length: u32::from(self.steps[lane]),
            needs_reset: bit(self.needs_reset, lane),
            last_episode: self.last_episode(lane),
        }
    }

    /// Reads the running episode of one environment.
    pub(super) fn state(&self, lane: usize) -> ClassicState {
        let turned = u32::from(self.position[lane]);
        let Hazards { police, lights, red } = &self.hazards;
        let [police, lights, red] = [police, lights, red].map(|mask| mask[lane].rotate_left(turned));
        ClassicState {
            layout: ClassicLayout { police, lights, red, waiting: self.layout_waiting.map(|stop| stop[lane]) },
            waiting: self.waiting.map(|stop| stop[lane]),
            position: self.position[lane].min(LAST_CELL),
            passengers: self.passengers[lane],
            paid: self.paid[lane],
            speed: self.speed[lane],
            fined: self.fined[lane] != 0,
            crashed: bit(self.crashed, lane),
            steps: u16::from(self.steps[lane]),
        }
    }

    /// The action masks, as [`Rules::action_mask`](crate::rules::Rules::action_mask) has them of states.
    pub(super) fn action_masks(&self) -> Bytes {
        std::array::from_fn(|lane| {
            // Past the last cell a bus that has arrived stands in it.
            let (position, passengers) = (self.position[lane].min(LAST_CELL), self.passengers[lane]);
            mask_of(STOPS.contains(&position), passengers)
        })
    }

    /// Reads the figures of the last finished episode of one environment.
    pub(super) fn last_episode(&self, lane: usize) -> Option<EpisodeStats> {
        let last = &self.last;
        let flag = |flag| last.flags[lane] & flag != 0;
        let figures = info::figures(last.passengers[lane], last.paid[lane], flag(LEGAL), flag(FINED), flag(CRASHED));
        flag(ENDED).then(|| EpisodeStats {
            episode_return: last.episode_return[lane],
            length: u32::from(last.length[lane]),
            ending: info::ending(flag(CRASHED), u16::from(last.length[lane])),
            figures: figures.into_iter().collect(),
        })
    }

    /// Replaces one environment. Figures that no episode can reach are brought to the nearest ones that fit.
    pub(super) fn set(&mut self, lane: usize, snapshot: &Snapshot<ClassicState>) {
        let Snapshot { state, last_episode, .. } = snapshot;
        self.set_state(lane, state);
        self.episode_return[lane] = snapshot.episode_return;
        set_bit(&mut self.needs_reset, lane, snapshot.needs_reset);
        for (lanes, word) in self.generator.iter_mut().zip(snapshot.generator.words()) {
            lanes[lane] = word;
        }
        let Some(last) = last_episode else {
            self.last.flags[lane] = 0;
            return;
        };
        let figure = |place: usize| last.figures.get(place).copied().unwrap_or_default();
        let flag = |place, flag| if figure(place) > 0.0 { flag } else { 0 };
        self.last.episode_return[lane] = last.episode_return;
        self.last.length[lane] = last.length.min(u8::MAX.into()) as u8;
        // Casts of floats saturate.
        self.last.passengers[lane] = figure(0) as u8;
        self.last.paid[lane] = (figure(1) / FARE as f32) as u8;
        self.last.flags[lane] = ENDED | flag(2, LEGAL) | flag(3, FINED) | flag(4, CRASHED);
    }

    /// Begins an episode in one lane, on the layout and with the generator that lane `from` of `drawn` has.
    #[inline(always)]
    pub(super) fn begin(&mut self, lane: usize, drawn: &Self, from: usize) {
        let Hazards { police, lights, red } = &drawn.hazards;
        let layout =
            ClassicLayout { police: police[from], lights: lights[from], red: red[from], waiting: DEFAULT_WAITING };
        self.set_state(lane, &ClassicState::new(layout));
        self.episode_return[lane] = 0.0;
        set_bit(&mut self.needs_reset, lane, false);
        for (own, drawn) in self.generator.iter_mut().zip(&drawn.generator) {
            own[lane] = drawn[from];
        }
    }

    #[inline(always)]
    fn set_state(&mut self, lane: usize, state: &ClassicState) {
        let position = state.position.min(LAST_CELL);
        let turned = |mask: u32| mask.rotate_right(u32::from(position));
        self.position[lane] = position;
        self.steps[lane] = state.steps.min(MOST_STEPS) as u8;
        self.passengers[lane] = state.passengers.min(CAPACITY);
        self.paid[lane] = state.paid;
        self.speed[lane] = state.speed.min(MAX_SPEED);
        self.fined[lane] = state.fined.into();
        for stop in 0..4 {
            self.waiting[stop][lane] = state.waiting[stop];
            self.layout_waiting[stop][lane] = state.layout.waiting[stop];
        }
        self.hazards.police[lane] = turned(state.layout.police);
        self.hazards.lights[lane] = turned(state.layout.lights);
        self.hazards.red[lane] = turned(state.layout.red);
        set_bit(&mut self.crashed, lane, state.crashed);
    }
}

fn bit(bits: u64, lane: usize) -> bool {
    bits >> lane & 1 == 1
}

fn set_bit(bits: &mut u64, lane: usize, value: bool) {
    *bits = *bits & !(1 << lane) | u64::from(value) << lane;
}
