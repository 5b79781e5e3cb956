//! A small stochastic rule set with what `classic` lacks: a scenario, randomness in every step, costs and a step limit
//! that is reached; and variants of it that each break one promise, which the checker has to notice.

use std::sync::atomic::{AtomicU32, Ordering};

use daladala_env::checker::DrawAny;
use daladala_env::info::{EndingInfo, EndingKind, Figure, FigureKind, Term};
use daladala_env::rules::FrameContext;
use daladala_env::spaces::{Feature, Spaces};
use daladala_env::{
    Action, Ending, EnvError, FieldType, FieldValue, Frame, FrameField, Generator, Place, Rules, RulesInfo,
    ScalarBatch, SpecId, StepTerms, Transition,
};
use serde::{Deserialize, Serialize};

const CELLS: u32 = 8;
const WAIT: Action = 0;
/// Above this load an inspection fines.
const LEGAL: u32 = 4;
const FULL: u32 = 6;

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    DrawsByAction,
    DrawsMore,
    CostIsTheSum,
    TermsChangeTheStep,
    TermsAreNotWritten,
    TermsAreOff,
    RateIsNoRate,
    FigureIsNotFinite,
    EndingIsNotDeclared,
    EndingContradictsTheFlags,
    TruncatesLate,
    LooksOutside,
    MaskClosesAll,
    MaskHidesAnEffect,
    StateForgetsItsLayout,
    StepsAreMiscounted,
    OwnStateIsRefused,
    ObservationLeavesItsBounds,
    FigureIsThereTwice,
    FrameFieldIsOfAnotherType,
    FrameForgetsAStop,
}

/// The parameters of the rules.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Scenario {
    /// The chance that a full bus is inspected in a tick.
    pub(crate) inspect: f32,
    pub(crate) max_steps: u32,
}

/// A bus waits for passengers or drives on; each tick draws an arrival and an inspection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Toll {
    pub(crate) scenario: Scenario,
    pub(crate) fault: Fault,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct TollState {
    at_start: u32,
    position: u32,
    aboard: u32,
    peak: u32,
    overloaded: u32,
    fines: u32,
    steps: u32,
}

static CALLS: AtomicU32 = AtomicU32::new(0);

impl Toll {
    fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }
}

impl Rules for Toll {
    type Layout = u32;
    type State = TollState;
    type Batch = ScalarBatch<Self>;

    fn info(&self) -> RulesInfo {
        let mut figures = vec![
            Figure::new("passengers", "", FigureKind::Last, "aboard at the end"),
            Figure::new("overloaded", "", FigureKind::Mean, "share of steps with too many aboard"),
            Figure::new("peak", "", FigureKind::Maximum, "most aboard"),
            Figure::new("fine", "", FigureKind::Rate, "was fined"),
        ];
        if self.is(Fault::FigureIsThereTwice) {
            figures[2].name = "passengers".into();
        }
        RulesInfo {
            id: SpecId::new("toll", "test", &self.scenario),
            spaces: Spaces {
                observation: vec![
                    Feature::new("position", "cell / 8", 0.0, 1.0),
                    Feature::new("aboard", "aboard / 6", 0.0, 1.0),
                    Feature::new("time", "steps / step limit", 0.0, 1.0),
                ],
                actions: ["Wait", "Drive", "Drive carefully"].map(str::to_owned).to_vec(),
            },
            route: (0..CELLS as u8).map(|x| (x, 0)).collect(),
            stops: vec![(0, 0)],
            places: vec![Place { cell: (0, 0), name: "Start".into() }],
            grid: (CELLS as u8, 1),
            max_steps: self.scenario.max_steps,
            capacity: FULL,
            legal_capacity: LEGAL,
            max_speed: 1,
            random_words_per_step: 2,
            reward_terms: vec![Term::new("fares", "k", "passengers at the end"), Term::new("fines", "k", "fines")],
            cost_terms: vec![Term::new("risk", "", "load"), Term::new("violations", "", "fines")],
            figures,
            endings: vec![
                EndingInfo::new("arrived", EndingKind::Terminated, "came to the end"),
                EndingInfo::new("out_of_time", EndingKind::Truncated, "took too long"),
            ],
            frame_fields: vec![FrameField::new("peak", "", FieldType::Uint, "Most aboard so far")],
        }
    }

    fn draw(&self, generator: &mut Generator) -> u32 {
        generator.below(3)
    }

    fn start(&self, &layout: &u32, _: &mut Generator) -> TollState {
        let overloaded = u32::from(self.is(Fault::StateForgetsItsLayout));
        TollState {
            at_start: layout + overloaded,
            position: 0,
            aboard: layout,
            peak: layout,
            overloaded: 0,
            fines: 0,
            steps: 0,
        }
    }

    fn step(
        &self,
        state: &mut TollState,
        action: Action,
        generator: &mut Generator,
        terms: Option<StepTerms<'_>>,
    ) -> Transition {
        let arrival = generator.below(2);
        let inspected = generator.uniform() < self.scenario.inspect;
        if self.is(Fault::DrawsMore) || (self.is(Fault::DrawsByAction) && action == WAIT) {
            generator.next_u32();
        }
        if action == WAIT {
            state.aboard = (state.aboard + arrival).min(FULL);
        } else {
            state.position += 1;
        }
        state.peak = state.peak.max(state.aboard);
        state.steps += 1 + u32::from(self.is(Fault::StepsAreMiscounted));
        let overloaded = state.aboard > LEGAL;
        state.overloaded += u32::from(overloaded);
        let fined = overloaded && inspected;
        state.fines += u32::from(fined);
        let terminated = state.position == CELLS - 1;
        let limit = self.scenario.max_steps + u32::from(self.is(Fault::TruncatesLate));
        let truncated = !terminated && state.steps >= limit;
        let fares = if terminated { state.aboard as f32 } else { 0.0 };
        let penalty = -10.0 * f32::from(u8::from(fined));
        let costs = [state.aboard as f32 / 7.0, f32::from(u8::from(fined))];
        let mut reward = fares + penalty;
        if let Some(StepTerms { reward: told, cost }) = terms {
            match self.fault {
                Fault::TermsAreNotWritten => told[0] = fares,
                Fault::TermsAreOff => told.copy_from_slice(&[fares + 1.0, penalty]),
                _ => told.copy_from_slice(&[fares, penalty]),
            }
            cost.copy_from_slice(&costs);
            reward += f32::from(u8::from(self.is(Fault::TermsChangeTheStep)));
        }
        if self.is(Fault::LooksOutside) {
            reward += CALLS.fetch_add(1, Ordering::Relaxed) as f32;
        }
        let cost = if self.is(Fault::CostIsTheSum) { costs.iter().sum() } else { costs[0] };
        Transition { reward, cost, terminated, truncated }
    }

    fn observe(&self, state: &TollState, out: &mut [f32]) {
        let load = if self.is(Fault::ObservationLeavesItsBounds) { LEGAL } else { FULL };
        out[0] = state.position as f32 / CELLS as f32;
        out[1] = state.aboard as f32 / load as f32;
        out[2] = state.steps as f32 / self.scenario.max_steps as f32;
    }

    /// To drive carefully is to drive.
    fn action_mask(&self, _: &TollState) -> u32 {
        match self.fault {
            Fault::MaskClosesAll => 0,
            Fault::MaskHidesAnEffect => 0b100,
            _ => 0b011,
        }
    }

    fn check_layout(&self, &layout: &u32) -> Result<(), EnvError> {
        if layout > FULL { Err(EnvError::InvalidLayout("too many".into())) } else { Ok(()) }
    }

    fn check_state(&self, state: &TollState, _: bool) -> Result<(), EnvError> {
        let most = if self.is(Fault::OwnStateIsRefused) { LEGAL } else { FULL };
        if state.aboard > most { Err(EnvError::InvalidState("too many".into())) } else { Ok(()) }
    }

    fn steps(&self, state: &TollState) -> u32 {
        state.steps
    }

    fn figures(&self, state: &TollState, out: &mut [f32]) {
        let fined = if self.is(Fault::RateIsNoRate) { state.fines + 2 } else { state.fines.min(1) };
        let steps = if self.is(Fault::FigureIsNotFinite) { state.steps } else { state.steps.max(1) };
        let overloaded = state.overloaded as f32 / steps as f32 - f32::from(u8::from(steps == 0)) / steps as f32;
        let overloaded = if self.is(Fault::FigureIsNotFinite) && state.overloaded == 0 { f32::NAN } else { overloaded };
        out.copy_from_slice(&[state.aboard as f32, overloaded, state.peak as f32, fined as f32]);
    }

    fn ending(&self, state: &TollState) -> Ending {
        let arrived = state.position == CELLS - 1;
        match self.fault {
            Fault::EndingIsNotDeclared => 2,
            Fault::EndingContradictsTheFlags => u8::from(arrived),
            _ => u8::from(!arrived),
        }
    }

    fn frame(&self, state: &TollState, context: &FrameContext) -> Frame {
        let peak = match self.fault {
            Fault::FrameFieldIsOfAnotherType => FieldValue::Int(i64::from(state.peak)),
            _ => FieldValue::Uint(u64::from(state.peak)),
        };
        Frame {
            step: state.steps,
            position: (state.position as u8, 0),
            route_index: state.position,
            passengers: state.aboard,
            waiting: if self.is(Fault::FrameForgetsAStop) { Vec::new() } else { vec![0] },
            own: vec![peak],
            ..context.frame()
        }
    }

    fn layout(&self, state: &TollState) -> u32 {
        state.at_start
    }
}

impl DrawAny for Toll {
    fn draw_any(&self, generator: &mut Generator) -> u32 {
        generator.below(FULL + 1)
    }
}
