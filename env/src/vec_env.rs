//! The vectorized engine: many environments of one rule set, stepped together into slices that the caller owns.
//!
//! The engine owns what every rule set needs alike: generators, auto-reset, episode figures and the checks on what
//! the caller hands in. Rules never see a batch, callers never see a state they did not ask for.

mod buffers;

pub use buffers::{Buffers, StepBuffers};

use crate::episode::EpisodeStats;
use crate::error::EnvError;
use crate::frame::StateFrame;
use crate::generator::Generator;
use crate::rules::{Action, FrameContext, Rules, Transition};

/// What happens to an environment whose episode has ended, with the meaning that Gymnasium 1.x gives the names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Autoreset {
    /// The next step ignores the action and returns the new episode's first observation with reward 0.
    NextStep,
    /// The same step returns the new episode's first observation; the last one of the old episode is in
    /// [`StepBuffers::final_observations`].
    #[default]
    SameStep,
    /// Nothing: stepping it again is [`EnvError::NeedsReset`].
    Disabled,
}

/// How a [`VecEnv`] is made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VecEnvConfig {
    /// The seed of all generators.
    pub seed: u64,
    /// The index of the first environment. A batch split in several engines keeps the trajectories of the whole
    /// when each part starts at its place.
    pub first_index: u64,
    /// What follows the end of an episode.
    pub autoreset: Autoreset,
}

/// Many environments of one rule set.
#[derive(Debug, Clone)]
pub struct VecEnv<R: Rules> {
    rules: R,
    autoreset: Autoreset,
    observation_size: usize,
    actions: usize,
    generators: Vec<Generator>,
    states: Vec<R::State>,
    /// Figures of the running episode; `outcome` is filled in at its end.
    running: Vec<EpisodeStats>,
    /// Figures of the last finished episode.
    finished: Vec<EpisodeStats>,
    needs_reset: Vec<bool>,
}

impl<R: Rules> VecEnv<R> {
    /// `envs` environments. Their first episodes begin with [`VecEnv::reset`].
    #[must_use]
    pub fn new(rules: R, envs: usize, config: VecEnvConfig) -> Self {
        let spaces = rules.spaces();
        let generators: Vec<_> =
            (0..envs as u64).map(|i| Generator::new(config.seed, config.first_index.wrapping_add(i))).collect();
        let states = generators.iter().map(|generator| begin(&rules, &mut generator.clone())).collect();
        Self {
            rules,
            autoreset: config.autoreset,
            observation_size: spaces.observation.len(),
            actions: spaces.actions.len(),
            generators,
            states,
            running: vec![EpisodeStats::default(); envs],
            finished: vec![EpisodeStats::default(); envs],
            needs_reset: vec![true; envs],
        }
    }

    /// How many environments there are.
    #[must_use]
    pub fn envs(&self) -> usize {
        self.states.len()
    }

    /// Entries of one observation.
    #[must_use]
    pub fn observation_size(&self) -> usize {
        self.observation_size
    }

    /// The rules.
    #[must_use]
    pub fn rules(&self) -> &R {
        &self.rules
    }

    /// The state of environment `index`.
    #[must_use]
    pub fn state(&self, index: usize) -> &R::State {
        &self.states[index]
    }

    /// The figures of the last finished episode of environment `index`.
    #[must_use]
    pub fn last_episode(&self, index: usize) -> &EpisodeStats {
        &self.finished[index]
    }

    /// Starts a new episode everywhere and writes the first observations, `[envs, observation_size]`.
    ///
    /// # Panics
    /// If `observations` has another length.
    pub fn reset(&mut self, observations: &mut [f32]) {
        assert_eq!(observations.len(), self.envs() * self.observation_size, "observations have another length");
        for (index, observation) in observations.chunks_exact_mut(self.observation_size).enumerate() {
            self.start(index);
            self.rules.observe(&self.states[index], observation);
        }
    }

    /// Starts a new episode of environment `index` on a given layout.
    ///
    /// # Panics
    /// If there is no such environment.
    pub fn reset_to(&mut self, index: usize, layout: &R::Layout, observation: &mut [f32]) {
        self.states[index] = self.rules.start(layout, &mut self.generators[index]);
        self.running[index] = EpisodeStats::default();
        self.needs_reset[index] = false;
        self.rules.observe(&self.states[index], observation);
    }

    /// Moves every environment on by one step.
    ///
    /// On an error nothing has changed.
    pub fn step(&mut self, actions: &[Action], mut out: StepBuffers<'_>) -> Result<(), EnvError> {
        self.check(actions, &out)?;
        for (index, &action) in actions.iter().enumerate() {
            let transition = if self.needs_reset[index] {
                self.start(index);
                Transition::default()
            } else {
                self.advance(index, action, &mut out)
            };
            out.rewards[index] = transition.reward;
            out.terminated[index] = transition.terminated;
            out.truncated[index] = transition.truncated;
            self.rules.observe(&self.states[index], out.observation(index, self.observation_size));
        }
        Ok(())
    }

    /// The frame of environment `index` after a step that brought `transition`, or after a reset.
    #[must_use]
    pub fn frame(&self, index: usize, episode: u64, step: Option<(Action, Transition)>) -> StateFrame {
        let (action, transition) = step.unzip();
        let total_reward = self.running[index].episode_return;
        let context = FrameContext { episode, action, transition: transition.unwrap_or_default(), total_reward };
        self.rules.frame(&self.states[index], &context)
    }

    fn advance(&mut self, index: usize, action: Action, out: &mut StepBuffers<'_>) -> Transition {
        let transition = self.rules.step(&mut self.states[index], action, &mut self.generators[index]);
        let running = &mut self.running[index];
        running.episode_return += transition.reward;
        running.length += 1;
        if transition.terminated || transition.truncated {
            running.outcome = self.rules.outcome(&self.states[index]);
            self.finished[index] = *running;
            if self.autoreset == Autoreset::SameStep {
                self.rules.observe(&self.states[index], out.final_observation(index, self.observation_size));
                self.start(index);
            } else {
                self.needs_reset[index] = true;
            }
        }
        transition
    }

    fn start(&mut self, index: usize) {
        self.states[index] = begin(&self.rules, &mut self.generators[index]);
        self.running[index] = EpisodeStats::default();
        self.needs_reset[index] = false;
    }

    fn check(&self, actions: &[Action], out: &StepBuffers<'_>) -> Result<(), EnvError> {
        let envs = self.envs();
        if actions.len() != envs {
            return Err(EnvError::WrongLength { what: "actions", given: actions.len(), needed: envs });
        }
        out.check(envs, self.observation_size)?;
        if let Some(index) = actions.iter().position(|&action| usize::from(action) >= self.actions) {
            return Err(EnvError::InvalidAction { index, action: actions[index], actions: self.actions });
        }
        if self.autoreset != Autoreset::NextStep
            && let Some(index) = self.needs_reset.iter().position(|&needed| needed)
        {
            return Err(EnvError::NeedsReset { index });
        }
        Ok(())
    }
}

fn begin<R: Rules>(rules: &R, generator: &mut Generator) -> R::State {
    let layout = rules.draw(generator);
    rules.start(&layout, generator)
}
