//! The plain batch: one state after another. It serves any rule set, and is what faster batches are held equal to.

use super::batch::{Batch, Snapshot};
use super::buffers::StepRow;
use super::{Autoreset, StepBuffers};
use crate::episode::EpisodeStats;
use crate::rules::{Action, Rules, StepTerms, Transition};

/// States one after another.
#[derive(Debug, Clone)]
pub struct ScalarBatch<R: Rules> {
    environments: Vec<Snapshot<R::State>>,
    /// How many figures an episode has.
    figures: usize,
}

impl<R: Rules> Batch<R> for ScalarBatch<R> {
    fn new(rules: &R, snapshots: Vec<Snapshot<R::State>>) -> Self {
        Self { environments: snapshots, figures: rules.info().figures.len() }
    }

    fn envs(&self) -> usize {
        self.environments.len()
    }

    fn snapshot(&self, _: &R, index: usize) -> Snapshot<R::State> {
        self.environments[index].clone()
    }

    fn with_state<T>(&self, _: &R, index: usize, read: impl FnOnce(&R::State) -> T) -> T {
        read(&self.environments[index].state)
    }

    fn episode_return(&self, index: usize) -> f32 {
        self.environments[index].episode_return
    }

    fn last_episode(&self, index: usize) -> Option<EpisodeStats> {
        self.environments[index].last_episode.clone()
    }

    fn restore(&mut self, _: &R, index: usize, snapshot: &Snapshot<R::State>) {
        self.environments[index].clone_from(snapshot);
    }

    fn first_that_needs_reset(&self) -> Option<usize> {
        self.environments.iter().position(|environment| environment.needs_reset)
    }

    fn step(&mut self, rules: &R, autoreset: Autoreset, actions: &[Action], mut out: StepBuffers<'_>) {
        for (index, (environment, &action)) in self.environments.iter_mut().zip(actions).enumerate() {
            environment.step(rules, autoreset, action, self.figures, &mut out.row(index));
        }
    }
}

impl<S> Snapshot<S> {
    /// One step of one environment, or, where it needs a reset, the beginning of its next episode.
    pub(crate) fn step<R: Rules<State = S>>(
        &mut self,
        rules: &R,
        autoreset: Autoreset,
        action: Action,
        figures: usize,
        out: &mut StepRow<'_>,
    ) {
        if self.needs_reset {
            self.begin(rules);
            out.rest();
        } else {
            let transition = self.advance(rules, action, figures, out.terms.take());
            out.tell(transition);
        }
        if self.needs_reset && autoreset == Autoreset::SameStep {
            rules.observe(&self.state, out.final_observation);
            self.begin(rules);
        }
        rules.observe(&self.state, out.observation);
    }

    /// Begins an episode on a layout drawn for it.
    pub(crate) fn begin<R: Rules<State = S>>(&mut self, rules: &R) {
        let layout = rules.draw(&mut self.generator);
        self.begin_on(rules, &layout);
    }

    /// Begins an episode on a given layout.
    pub(crate) fn begin_on<R: Rules<State = S>>(&mut self, rules: &R, layout: &R::Layout) {
        self.state = rules.start(layout, &mut self.generator);
        self.episode_return = 0.0;
        self.length = 0;
        self.needs_reset = false;
    }

    /// One step. `figures` is how many figures the rules declare.
    fn advance<R: Rules<State = S>>(
        &mut self,
        rules: &R,
        action: Action,
        figures: usize,
        terms: Option<StepTerms<'_>>,
    ) -> Transition {
        let transition = rules.step(&mut self.state, action, &mut self.generator, terms);
        self.episode_return += transition.reward;
        self.length += 1;
        if transition.terminated || transition.truncated {
            let stats = EpisodeStats::of(rules, &self.state, self.episode_return, self.length, figures);
            self.last_episode = Some(stats);
            self.needs_reset = true;
        }
        transition
    }
}
