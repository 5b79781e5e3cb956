//! The `classic` rules: the environment of the original Python system, exactly as its code behaves.
//!
//! The bus moves one cell every step whatever the action, so each of the 29 cells is visited once and an episode
//! lasts at most 29 steps. `docs/ENVIRONMENT.md` tells the rules in prose; the constants here are the original's.

mod info;
mod layout;
mod observation;
mod optimum;
mod simd;
mod view;

use serde::{Deserialize, Serialize};

pub use layout::{ClassicLayout, LayoutSpec};
pub use simd::ClassicBatch;

use super::{Action, Ending, FrameContext, Rules, StepTerms, Transition};
use crate::checker::DrawAny;
use crate::error::EnvError;
use crate::frame::Frame;
use crate::generator::Generator;
use crate::info::RulesInfo;

/// The name of the rules.
pub(crate) const NAME: &str = "classic";
/// The name of their one scenario.
pub(crate) const SCENARIO: &str = "original";

/// Cells of the route.
pub(crate) const ROUTE_CELLS: usize = 29;
/// The last cell: a step from here ends the episode.
pub(crate) const LAST_CELL: u8 = ROUTE_CELLS as u8 - 1;
/// The route indices of the high-demand stops.
pub(crate) const STOPS: [u8; 4] = [4, 8, 20, 25];
/// The same as a bit mask over route indices.
pub(crate) const STOP_MASK: u32 = 1 << 4 | 1 << 8 | 1 << 20 | 1 << 25;
/// Passengers the bus can hold.
pub(crate) const CAPACITY: u8 = 50;
/// Passengers it may hold: above this a checkpoint fines.
pub(crate) const LEGAL_CAPACITY: u8 = 33;
/// Above this load a checkpoint impounds the bus and speeding up crashes it.
pub(crate) const DANGEROUS_LOAD: u8 = 40;
/// The most passengers that can pay in an episode: half of a full bus and one more at every other of the four stops,
/// where the bus was filled before.
pub(crate) const MOST_PAID: u8 = 2 * (CAPACITY / 2 + 1);
/// The fastest speed notch.
pub(crate) const MAX_SPEED: u8 = 3;
/// What a passenger pays on alighting, TSh.
pub(crate) const FARE: u32 = 1000;
/// Step limit; the route ends long before it.
pub(crate) const MAX_STEPS: u16 = 350;
/// The least number that boards or alights in one go.
pub(crate) const LEAST_EXCHANGE: u8 = 3;

const MOVE: Action = 0;
const PICK_UP: Action = 1;
const DROP_OFF: Action = 2;
const STOP: Action = 3;
const SPEED_UP: Action = 4;
/// How many actions there are.
const ACTIONS: usize = 5;

/// What a reward is the sum of, in the order of `info`.
const TERMS: usize = 7;
const ACTION: usize = 0;
const MUST_STOP: usize = 1;
const POLICE: usize = 2;
const CRASH: usize = 3;
const STEP: usize = 4;
const END: usize = 5;
const LEGAL: usize = 6;

/// The `classic` rules. They have no parameters: models made with the original expect just these.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Classic;

/// One running episode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassicState {
    /// Where the hazards are and how many waited at the start.
    pub layout: ClassicLayout,
    /// How many wait now at each of the four stops.
    pub waiting: [u8; 4],
    /// Route index of the bus.
    pub position: u8,
    /// How many are aboard.
    pub passengers: u8,
    /// How many have alighted and paid.
    pub paid: u8,
    /// Speed notch, 0 to 3.
    pub speed: u8,
    /// Fined in this episode.
    pub fined: bool,
    /// Ended by a crash.
    pub crashed: bool,
    /// Steps since the reset.
    pub steps: u16,
}

impl ClassicState {
    /// The state at the start of the route.
    #[must_use]
    pub fn new(layout: ClassicLayout) -> Self {
        Self {
            layout,
            waiting: layout.waiting,
            position: 0,
            passengers: 0,
            paid: 0,
            speed: 0,
            fined: false,
            crashed: false,
            steps: 0,
        }
    }

    /// Fares earned, TSh.
    #[must_use]
    pub fn money(&self) -> u32 {
        FARE * u32::from(self.paid)
    }

    fn red_here(&self) -> bool {
        self.layout.red >> self.position & 1 == 1
    }

    fn police_here(&self) -> bool {
        self.layout.police >> self.position & 1 == 1
    }

    fn must_stop(&self) -> bool {
        self.red_here() || self.police_here()
    }

    /// Which of the four stops the bus is at.
    fn stop_here(&self) -> Option<usize> {
        STOPS.iter().position(|&stop| stop == self.position)
    }

    fn legal(&self) -> bool {
        self.passengers <= LEGAL_CAPACITY && !self.fined
    }

    fn pick_up(&mut self) -> f32 {
        match self.stop_here() {
            Some(stop) if self.passengers < CAPACITY => {
                let boarding = self.waiting[stop].max(LEAST_EXCHANGE).min(CAPACITY - self.passengers);
                self.passengers += boarding;
                self.waiting[stop] = self.waiting[stop].saturating_sub(boarding);
                15.0
            }
            _ => -5.0,
        }
    }

    fn drop_off(&mut self) -> f32 {
        if self.stop_here().is_some() && self.passengers > 0 {
            let alighting = (self.passengers / 2 + 1).max(LEAST_EXCHANGE).min(self.passengers);
            self.passengers -= alighting;
            self.paid += alighting;
            12.0
        } else {
            -8.0
        }
    }

    /// What the action brings where the bus stands, term by term.
    fn act(&mut self, action: Action, terms: &mut [f32; TERMS]) {
        let must_stop = self.must_stop();
        let (worth, passing) = match action {
            MOVE => (2.0, -40.0),
            PICK_UP => (self.pick_up(), -10.0),
            DROP_OFF => (self.drop_off(), -10.0),
            STOP => {
                self.speed = self.speed.saturating_sub(1);
                if must_stop { (0.0, 25.0) } else { (-3.0, 0.0) }
            }
            _ => {
                self.crashed = self.passengers > DANGEROUS_LOAD;
                if self.crashed {
                    terms[CRASH] = -30.0;
                } else if !must_stop {
                    self.speed = (self.speed + 1).min(MAX_SPEED);
                }
                (if self.crashed || must_stop { 0.0 } else { 3.0 }, -15.0)
            }
        };
        terms[ACTION] = worth;
        terms[MUST_STOP] = if must_stop { passing } else { 0.0 };
    }
}

impl Rules for Classic {
    type Layout = ClassicLayout;
    type State = ClassicState;
    type Batch = ClassicBatch;

    fn info(&self) -> RulesInfo {
        info::info()
    }

    fn draw(&self, generator: &mut Generator) -> ClassicLayout {
        ClassicLayout::draw(generator)
    }

    fn start(&self, layout: &ClassicLayout, _: &mut Generator) -> ClassicState {
        ClassicState::new(*layout)
    }

    fn step(
        &self,
        state: &mut ClassicState,
        action: Action,
        _: &mut Generator,
        terms: Option<StepTerms<'_>>,
    ) -> Transition {
        let (told, transition) = advance_by_terms(state, action);
        if let Some(terms) = terms {
            terms.reward.copy_from_slice(&told);
        }
        transition
    }

    fn observe(&self, state: &ClassicState, out: &mut [f32]) {
        observation::observe(state, out);
    }

    /// Picking up needs a stop and room, dropping off a stop and someone aboard; elsewhere both do what Move does.
    fn action_mask(&self, state: &ClassicState) -> u32 {
        mask_of(state.stop_here().is_some(), state.passengers).into()
    }

    fn check_layout(&self, layout: &ClassicLayout) -> Result<(), EnvError> {
        layout.check()
    }

    fn check_state(&self, state: &ClassicState, ended: bool) -> Result<(), EnvError> {
        state.layout.check()?;
        let within = [
            ("position", u16::from(state.position), u16::from(LAST_CELL)),
            ("passengers", u16::from(state.passengers), u16::from(CAPACITY)),
            ("paid", u16::from(state.paid), u16::from(MOST_PAID)),
            ("speed", u16::from(state.speed), u16::from(MAX_SPEED)),
        ];
        if let Some((what, value, most)) = within.into_iter().find(|(_, value, most)| value > most) {
            return Err(EnvError::InvalidState(format!("{what} is {value}, at most it is {most}")));
        }
        // The bus moves every step, but for the last, which ends the episode as a crash does.
        let arrived = state.position == LAST_CELL && state.steps == ROUTE_CELLS as u16;
        if (arrived || state.crashed) && !ended {
            return Err(EnvError::InvalidState("it has arrived or crashed and drives on".into()));
        }
        if u16::from(state.position) + u16::from(arrived) != state.steps {
            return Err(EnvError::InvalidState(format!(
                "it is at cell {} after {} steps",
                state.position, state.steps
            )));
        }
        Ok(())
    }

    fn steps(&self, state: &ClassicState) -> u32 {
        u32::from(state.steps)
    }

    fn figures(&self, state: &ClassicState, out: &mut [f32]) {
        out.copy_from_slice(&info::figures(state.passengers, state.paid, state.legal(), state.fined, state.crashed));
    }

    fn ending(&self, state: &ClassicState) -> Ending {
        info::ending(state.crashed, state.steps)
    }

    fn frame(&self, state: &ClassicState, context: &FrameContext) -> Frame {
        view::frame(state, context)
    }

    fn layout(&self, state: &ClassicState) -> ClassicLayout {
        state.layout
    }

    fn best_return(&self, layout: &ClassicLayout) -> Option<f32> {
        Some(optimum::best_return(layout))
    }
}

impl DrawAny for Classic {
    fn draw_any(&self, generator: &mut Generator) -> ClassicLayout {
        ClassicLayout::draw_any(generator)
    }
}

/// The action mask of a bus that is at a stop or not, by how many are aboard.
fn mask_of(at_stop: bool, passengers: u8) -> u8 {
    let pick_up = u8::from(at_stop && passengers < CAPACITY) << PICK_UP;
    let drop_off = u8::from(at_stop && passengers > 0) << DROP_OFF;
    1 << MOVE | pick_up | drop_off | 1 << STOP | 1 << SPEED_UP
}

/// One step.
fn advance(state: &mut ClassicState, action: Action) -> Transition {
    advance_by_terms(state, action).1
}

/// One step, with its reward term by term. The action is judged at the cell before the move, the police at the cell
/// after it.
fn advance_by_terms(state: &mut ClassicState, action: Action) -> ([f32; TERMS], Transition) {
    let mut terms = [0.0; TERMS];
    state.act(action, &mut terms);
    state.steps += 1;
    let arrived = state.position == LAST_CELL;
    if !arrived {
        state.position += 1;
    }
    let mut impounded = false;
    if state.police_here() && state.passengers > LEGAL_CAPACITY {
        state.fined = true;
        impounded = state.passengers > DANGEROUS_LOAD;
        terms[POLICE] = if impounded { -50.0 } else { -20.0 };
    }
    terms[STEP] = 1.0;
    let terminated = arrived || state.crashed || impounded;
    if terminated {
        terms[END] = 100.0;
        terms[LEGAL] = if state.legal() { 50.0 } else { 0.0 };
    }
    let reward = terms.iter().sum();
    (terms, Transition { reward, cost: 0.0, terminated, truncated: state.steps >= MAX_STEPS })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(position: u8, passengers: u8) -> ClassicState {
        let layout = ClassicLayout { police: 1 << 10, lights: 1 << 12 | 1 << 13, red: 1 << 12, waiting: [8, 5, 1, 1] };
        ClassicState { position, passengers, ..ClassicState::new(layout) }
    }

    fn act(mut state: ClassicState, action: Action) -> (ClassicState, Transition) {
        let transition = advance(&mut state, action);
        (state, transition)
    }

    #[test]
    fn moving_is_automatic() {
        for action in 0..5 {
            assert_eq!(act(at(3, 0), action).0.position, 4);
        }
    }

    #[test]
    fn an_overloaded_bus_that_speeds_up_at_a_red_light_pays_for_both() {
        let (state, transition) = act(at(12, 41), 4);
        assert!(state.crashed && transition.terminated);
        assert_eq!(transition.reward, -15.0 - 30.0 + 1.0 + 100.0);
    }

    #[test]
    fn a_reward_is_told_by_its_terms() {
        let info = Classic.info();
        let told = |mut state: ClassicState, action| {
            let mut reward = [f32::NAN; TERMS];
            let terms = StepTerms { reward: &mut reward, cost: &mut [] };
            Classic.step(&mut state, action, &mut Generator::new(0, 0), Some(terms));
            let named = info.reward_terms.iter().map(|term| term.name.as_str()).zip(reward);
            named.filter(|(_, term)| *term != 0.0).collect::<Vec<_>>()
        };
        assert_eq!(told(at(12, 5), STOP), [("must_stop", 25.0), ("step", 1.0)]);
        assert_eq!(told(at(12, 5), MOVE), [("action", 2.0), ("must_stop", -40.0), ("step", 1.0)]);
        assert_eq!(told(at(12, 41), 4), [("must_stop", -15.0), ("crash", -30.0), ("step", 1.0), ("end", 100.0)]);
        assert_eq!(told(at(28, 5), 4), [("action", 3.0), ("step", 1.0), ("end", 100.0), ("legal", 50.0)]);
    }

    #[test]
    fn police_fine_above_33_and_impound_above_40() {
        let (state, transition) = act(at(9, 34), 0);
        assert!(state.fined && !transition.terminated);
        assert_eq!(transition.reward, 2.0 - 20.0 + 1.0);
        let (state, transition) = act(at(9, 41), 0);
        assert!(state.fined && transition.terminated && !state.crashed);
        assert_eq!(transition.reward, 2.0 - 50.0 + 1.0 + 100.0);
    }

    #[test]
    fn the_last_step_is_policed_at_the_cell_it_does_not_leave() {
        let layout = ClassicLayout { police: 1 << 28, lights: 0, red: 0, waiting: [0; 4] };
        let (state, transition) = act(ClassicState { position: 28, passengers: 35, ..ClassicState::new(layout) }, 3);
        assert_eq!((state.position, state.fined), (28, true));
        assert_eq!(transition.reward, 25.0 - 20.0 + 1.0 + 100.0);
    }
}
