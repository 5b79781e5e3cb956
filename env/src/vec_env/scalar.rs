//! The plain batch: one state after another. It serves any rule set, and is what faster batches are held equal to.

use super::batch::{Batch, Snapshot};
use super::{Autoreset, StepBuffers};
use crate::episode::EpisodeStats;
use crate::rules::{Action, Rules, Transition};

/// States one after another.
#[derive(Debug, Clone)]
pub struct ScalarBatch<R: Rules> {
    environments: Vec<Snapshot<R::State>>,
}

impl<R: Rules> Batch<R> for ScalarBatch<R> {
    fn new(_: &R, snapshots: Vec<Snapshot<R::State>>) -> Self {
        Self { environments: snapshots }
    }

    fn envs(&self) -> usize {
        self.environments.len()
    }

    fn snapshot(&self, _: &R, index: usize) -> Snapshot<R::State> {
        self.environments[index].clone()
    }

    fn restore(&mut self, _: &R, index: usize, snapshot: &Snapshot<R::State>) {
        self.environments[index] = snapshot.clone();
    }

    fn first_that_needs_reset(&self) -> Option<usize> {
        self.environments.iter().position(|environment| environment.needs_reset)
    }

    fn step(&mut self, rules: &R, autoreset: Autoreset, actions: &[Action], mut out: StepBuffers<'_>) {
        let size = out.observations.len() / self.envs().max(1);
        for (index, (environment, &action)) in self.environments.iter_mut().zip(actions).enumerate() {
            let transition = if environment.needs_reset {
                environment.begin(rules);
                Transition::default()
            } else {
                environment.advance(rules, action)
            };
            if environment.needs_reset && autoreset == Autoreset::SameStep {
                rules.observe(&environment.state, out.final_observation(index, size));
                environment.begin(rules);
            }
            out.rewards[index] = transition.reward;
            out.terminated[index] = transition.terminated;
            out.truncated[index] = transition.truncated;
            rules.observe(&environment.state, out.observation(index, size));
        }
    }
}

impl<S> Snapshot<S> {
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

    fn advance<R: Rules<State = S>>(&mut self, rules: &R, action: Action) -> Transition {
        let transition = rules.step(&mut self.state, action, &mut self.generator);
        self.episode_return += transition.reward;
        self.length += 1;
        if transition.terminated || transition.truncated {
            let outcome = rules.outcome(&self.state);
            self.last_episode = EpisodeStats { episode_return: self.episode_return, length: self.length, outcome };
            self.needs_reset = true;
        }
        transition
    }
}
