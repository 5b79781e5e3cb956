//! The `classic` rules with a batch of their own that does one thing wrong.

use daladala_env::checker::DrawAny;
use daladala_env::rules::{Classic, ClassicLayout, ClassicState, FrameContext};
use daladala_env::{
    Action, Autoreset, Batch, Ending, EnvError, EpisodeStats, Frame, Generator, Rules, RulesInfo, ScalarBatch,
    Snapshot, StepBuffers, StepTerms, Transition,
};

/// What the batch does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BatchFault {
    /// One reward in a batch is another.
    Reward,
    /// The figures of the last episode are lost.
    LastEpisode,
    /// The state that is lent is not the one in the snapshot.
    LentState,
    /// A reward is another only where terms are asked for.
    TermsOnly,
}

/// Rules with such a batch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hasty {
    pub(crate) fault: BatchFault,
}

/// A plain batch, but for the fault.
#[derive(Debug, Clone)]
pub(crate) struct HastyBatch {
    plain: ScalarBatch<Hasty>,
    fault: BatchFault,
}

impl Batch<Hasty> for HastyBatch {
    fn new(rules: &Hasty, snapshots: Vec<Snapshot<ClassicState>>) -> Self {
        Self { plain: ScalarBatch::new(rules, snapshots), fault: rules.fault }
    }
    fn envs(&self) -> usize {
        self.plain.envs()
    }
    fn snapshot(&self, rules: &Hasty, index: usize) -> Snapshot<ClassicState> {
        self.plain.snapshot(rules, index)
    }
    fn with_state<T>(&self, rules: &Hasty, index: usize, read: impl FnOnce(&ClassicState) -> T) -> T {
        let hurried = u8::from(self.fault == BatchFault::LentState);
        self.plain.with_state(rules, index, |state| read(&ClassicState { speed: state.speed + hurried, ..*state }))
    }
    fn episode_return(&self, index: usize) -> f32 {
        self.plain.episode_return(index)
    }
    fn last_episode(&self, index: usize) -> Option<EpisodeStats> {
        self.plain.last_episode(index).filter(|_| self.fault != BatchFault::LastEpisode)
    }
    fn restore(&mut self, rules: &Hasty, index: usize, snapshot: &Snapshot<ClassicState>) {
        self.plain.restore(rules, index, snapshot);
    }
    fn first_that_needs_reset(&self) -> Option<usize> {
        self.plain.first_that_needs_reset()
    }
    fn step(&mut self, rules: &Hasty, autoreset: Autoreset, actions: &[Action], out: StepBuffers<'_>) {
        let StepBuffers { observations, rewards, costs, terminated, truncated, final_observations, terms } = out;
        let with_terms = terms.is_some();
        let again = StepBuffers {
            observations,
            rewards: &mut *rewards,
            costs,
            terminated,
            truncated,
            final_observations,
            terms,
        };
        self.plain.step(rules, autoreset, actions, again);
        let wrong = self.fault == BatchFault::Reward || self.fault == BatchFault::TermsOnly && with_terms;
        if wrong && let Some(last) = rewards.last_mut() {
            *last += 0.5;
        }
    }
}

impl Rules for Hasty {
    type Layout = ClassicLayout;
    type State = ClassicState;
    type Batch = HastyBatch;

    fn info(&self) -> RulesInfo {
        Classic.info()
    }
    fn draw(&self, generator: &mut Generator) -> ClassicLayout {
        Classic.draw(generator)
    }
    fn start(&self, layout: &ClassicLayout, generator: &mut Generator) -> ClassicState {
        Classic.start(layout, generator)
    }
    fn step(
        &self,
        state: &mut ClassicState,
        action: Action,
        generator: &mut Generator,
        terms: Option<StepTerms<'_>>,
    ) -> Transition {
        Classic.step(state, action, generator, terms)
    }
    fn observe(&self, state: &ClassicState, out: &mut [f32]) {
        Classic.observe(state, out);
    }
    fn action_mask(&self, state: &ClassicState) -> u32 {
        Classic.action_mask(state)
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
    fn figures(&self, state: &ClassicState, out: &mut [f32]) {
        Classic.figures(state, out);
    }
    fn ending(&self, state: &ClassicState) -> Ending {
        Classic.ending(state)
    }
    fn frame(&self, state: &ClassicState, context: &FrameContext) -> Frame {
        Classic.frame(state, context)
    }
    fn layout(&self, state: &ClassicState) -> ClassicLayout {
        Classic.layout(state)
    }
}

impl DrawAny for Hasty {
    fn draw_any(&self, generator: &mut Generator) -> ClassicLayout {
        Classic.draw_any(generator)
    }
}
