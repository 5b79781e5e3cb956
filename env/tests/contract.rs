//! Every registered rule set keeps the contract, and the checker notices one that doesn't.

use std::sync::atomic::{AtomicU32, Ordering};

use daladala_env::checker::check_rules;
use daladala_env::rules::{Classic, ClassicLayout, ClassicState, FrameContext};
use daladala_env::spaces::Spaces;
use daladala_env::{Action, EnvError, Generator, Outcome, Place, RuleSet, Rules, ScalarBatch, StateFrame, Transition};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn every_registered_rule_set_keeps_the_contract(seed: u64) {
        for rules in RuleSet::ALL {
            let checked = match rules {
                RuleSet::Classic => check_rules(&Classic, seed, 200),
            };
            prop_assert_eq!(checked, Ok(()));
        }
    }
}

/// The document lists the features and actions that the data describes, in their order, and no others.
#[test]
fn the_document_and_the_spaces_agree() {
    let document = include_str!("../../docs/ENVIRONMENT.md");
    let spaces = Classic.spaces();
    assert_eq!(spaces.observation_shape(), [14]);
    let listed = |place: usize, name: &str| document.contains(&format!("| {place} | {name} |"));
    for (place, feature) in spaces.observation.iter().enumerate() {
        assert!(listed(place, &format!("`{}`", feature.name)), "{place} {}", feature.name);
        assert_eq!(spaces.feature(feature.name), Some(place));
    }
    for (place, action) in spaces.actions.iter().enumerate() {
        assert!(listed(place, action), "{place} {action}");
    }
    let (low, high) = spaces.observation_bounds();
    assert!(low.iter().all(|&low| low == -1.0) && high.iter().filter(|&&high| high > 1.0).count() == 1);
    let rows = document.matches("| `").count();
    assert_eq!(rows, spaces.observation.len(), "a row of the table is no feature");
}

/// What the checker drives by reaches every corner of the rules.
#[test]
fn any_layout_leads_to_fines_crashes_full_buses_and_early_ends() {
    let mut generator = Generator::new(1, 0);
    let (mut fined, mut crashed, mut full, mut early) = (0, 0, 0, 0);
    for _ in 0..500 {
        let layout = Classic.draw_any(&mut generator);
        let mut state = Classic.start(&layout, &mut generator);
        loop {
            let action = generator.below(5) as Action;
            let transition = Classic.step(&mut state, action, &mut generator);
            full += u32::from(state.passengers == 50);
            if transition.terminated {
                fined += u32::from(state.fined);
                crashed += u32::from(state.crashed);
                early += u32::from(state.steps < 29);
                break;
            }
        }
    }
    assert!([fined, crashed, full, early].iter().all(|&seen| seen >= 20), "{fined} {crashed} {full} {early}");
}

#[test]
fn a_rule_set_is_found_by_its_name() {
    for rules in RuleSet::ALL {
        assert_eq!(rules.name().parse(), Ok(*rules));
    }
    assert!("chess".parse::<RuleSet>().unwrap_err().to_string().contains("classic"));
}

/// What rules must not look at: something outside of state and generator.
static CALLS: AtomicU32 = AtomicU32::new(0);

/// Classic with one thing wrong.
#[derive(Debug, Clone, Copy)]
enum Broken {
    Observation,
    Randomness,
    Truncation,
    Terms,
    Mask,
    Frame,
    Layout,
}

impl Rules for Broken {
    type Layout = ClassicLayout;
    type State = ClassicState;
    type Batch = ScalarBatch<Self>;

    fn name(&self) -> &'static str {
        "broken"
    }
    fn spaces(&self) -> Spaces {
        Classic.spaces()
    }
    fn route(&self) -> &[(u8, u8)] {
        Classic.route()
    }
    fn grid(&self) -> (u8, u8) {
        Classic.grid()
    }
    fn max_steps(&self) -> u32 {
        Classic.max_steps()
    }
    fn capacities(&self) -> (u32, u32) {
        Classic.capacities()
    }
    fn draw(&self, generator: &mut Generator) -> ClassicLayout {
        Classic.draw(generator)
    }
    fn draw_any(&self, generator: &mut Generator) -> ClassicLayout {
        Classic.draw_any(generator)
    }
    fn start(&self, layout: &ClassicLayout, generator: &mut Generator) -> ClassicState {
        Classic.start(layout, generator)
    }
    fn step(&self, state: &mut ClassicState, action: Action, generator: &mut Generator) -> Transition {
        let mut transition = Classic.step(state, action, generator);
        match self {
            Self::Randomness => transition.reward += CALLS.fetch_add(1, Ordering::Relaxed) as f32,
            Self::Truncation => transition.truncated |= state.steps == 3,
            _ => {}
        }
        transition
    }
    fn places(&self) -> Vec<Place> {
        Classic.places()
    }
    fn reward_terms(&self) -> &'static [&'static str] {
        Classic.reward_terms()
    }
    fn explain(&self, before: &ClassicState, action: Action, after: &ClassicState) -> Vec<f32> {
        let mut terms = Classic.explain(before, action, after);
        if matches!(self, Self::Terms) {
            terms[0] += 1.0;
        }
        terms
    }
    fn observe(&self, state: &ClassicState, out: &mut [f32]) {
        Classic.observe(state, out);
        if matches!(self, Self::Observation) {
            out[3] = f32::from(state.steps);
        }
    }
    fn action_mask(&self, state: &ClassicState) -> u32 {
        if matches!(self, Self::Mask) { 1 } else { Classic.action_mask(state) }
    }
    fn check_layout(&self, layout: &ClassicLayout) -> Result<(), EnvError> {
        Classic.check_layout(layout)
    }
    fn check_state(&self, state: &ClassicState, ended: bool) -> Result<(), EnvError> {
        Classic.check_state(state, ended)
    }
    fn steps(&self, state: &ClassicState) -> u32 {
        Classic.steps(state)
    }
    fn outcome(&self, state: &ClassicState) -> Outcome {
        Classic.outcome(state)
    }
    fn frame(&self, state: &ClassicState, context: &FrameContext) -> StateFrame {
        let frame = Classic.frame(state, context);
        if matches!(self, Self::Frame) { StateFrame { money: frame.money + 1, ..frame } } else { frame }
    }
    fn layout(&self, state: &ClassicState) -> ClassicLayout {
        let lost = ClassicLayout { red: 0, ..state.layout };
        if matches!(self, Self::Layout) { lost } else { state.layout }
    }
}

#[test]
fn the_checker_notices_what_is_wrong() {
    for (broken, said) in [
        (Broken::Observation, "feature money"),
        (Broken::Randomness, "gave something else"),
        (Broken::Truncation, "truncated"),
        (Broken::Terms, "its terms"),
        (Broken::Mask, "masked out"),
        (Broken::Frame, "frame"),
        (Broken::Layout, "layout"),
    ] {
        let failure = check_rules(&broken, 3, 200).expect_err("something is wrong").to_string();
        assert!(failure.contains(said), "{broken:?}: {failure}");
    }
}
