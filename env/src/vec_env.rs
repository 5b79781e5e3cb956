//! The vectorized engine: many environments of one rule set, stepped together into slices that the caller owns.
//!
//! The engine owns what every rule set needs alike: generators, auto-reset, episode figures and the checks on what
//! the caller hands in. Rules never see a batch, callers never see a state they did not ask for.

mod batch;
mod buffers;
mod reset;
mod scalar;
mod shards;

pub use batch::{Batch, Snapshot};
pub(crate) use buffers::StepRow;
pub use buffers::{Buffers, StepBuffers, TermBuffers};
pub use reset::{ResetOptions, Seeds};
pub use scalar::ScalarBatch;
use shards::Shards;

use std::sync::Arc;

use crate::episode::EpisodeStats;
use crate::error::EnvError;
use crate::frame::Frame;
use crate::generator::Generator;
use crate::info::RulesInfo;
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VecEnvConfig {
    /// The seed of all generators.
    pub seed: u64,
    /// The index of the first environment. A batch split in several engines keeps the trajectories of the whole
    /// when each part starts at its place.
    pub first_index: u64,
    /// What follows the end of an episode.
    pub autoreset: Autoreset,
    /// The most threads of the current rayon pool that a step may use. Fewer are used where a step is too little
    /// work to share.
    pub threads: usize,
}

impl Default for VecEnvConfig {
    fn default() -> Self {
        Self { seed: 0, first_index: 0, autoreset: Autoreset::default(), threads: 1 }
    }
}

/// Many environments of one rule set, stored as `B`.
#[derive(Debug, Clone)]
pub struct VecEnv<R: Rules, B: Batch<R> = <R as Rules>::Batch> {
    rules: R,
    info: Arc<RulesInfo>,
    autoreset: Autoreset,
    first_index: u64,
    shards: Shards<R, B>,
    /// Which environments have never been reset, and how many they are.
    unbegun: (Vec<bool>, usize),
}

impl<R: Rules> VecEnv<R> {
    /// `envs` environments. Their first episodes begin with [`VecEnv::reset`].
    #[must_use]
    pub fn new(rules: R, envs: usize, config: VecEnvConfig) -> Self {
        Self::with_batch(rules, envs, config)
    }
}

impl<R: Rules, B: Batch<R>> VecEnv<R, B> {
    /// The same, stored as a batch of the caller's choice: `VecEnv::<_, ScalarBatch<_>>::with_batch(…)`.
    #[must_use]
    pub fn with_batch(rules: R, envs: usize, config: VecEnvConfig) -> Self {
        let info = Arc::new(rules.info());
        let fresh = |index| {
            let generator = Generator::new(config.seed, config.first_index.wrapping_add(index));
            let mut drawing = generator.clone();
            let layout = rules.draw(&mut drawing);
            Snapshot {
                state: rules.start(&layout, &mut drawing),
                generator,
                episode_return: 0.0,
                length: 0,
                needs_reset: true,
                last_episode: None,
            }
        };
        Self {
            info,
            autoreset: config.autoreset,
            first_index: config.first_index,
            shards: Shards::new(&rules, (0..envs as u64).map(fresh).collect(), config.threads),
            unbegun: (vec![true; envs], envs),
            rules,
        }
    }

    /// How many environments there are.
    #[must_use]
    pub fn envs(&self) -> usize {
        self.shards.envs()
    }

    /// Entries of one observation.
    #[must_use]
    pub fn observation_size(&self) -> usize {
        self.info.observation_size()
    }

    /// What describes the rules.
    #[must_use]
    pub fn info(&self) -> &Arc<RulesInfo> {
        &self.info
    }

    /// The rules.
    #[must_use]
    pub fn rules(&self) -> &R {
        &self.rules
    }

    /// How many threads a step uses.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.shards.count()
    }

    /// Environment `index`, whole: its episode, its generator and its figures.
    ///
    /// # Panics
    /// If there is no such environment.
    #[must_use]
    pub fn snapshot(&self, index: usize) -> Snapshot<R::State> {
        assert!(index < self.envs(), "there is no environment {index}");
        self.shards.snapshot(&self.rules, index)
    }

    /// Puts snapshots in the places of the environments `indices`, one each: to go on from a saved run, or to branch
    /// off copies of one. What was snapshot goes on as it would have. On an error nothing has changed.
    pub fn restore(&mut self, indices: &[usize], snapshots: &[Snapshot<R::State>]) -> Result<(), EnvError> {
        if indices.len() != snapshots.len() {
            return Err(EnvError::WrongLength { what: "snapshots", given: snapshots.len(), needed: indices.len() });
        }
        if let Some(&index) = indices.iter().find(|&&index| index >= self.envs()) {
            return Err(EnvError::NoSuchEnvironment { index, envs: self.envs() });
        }
        snapshots.iter().try_for_each(|snapshot| self.check_snapshot(snapshot))?;
        for (&index, snapshot) in indices.iter().zip(snapshots) {
            self.shards.restore(&self.rules, index, snapshot);
            self.begun(index);
        }
        Ok(())
    }

    fn check_snapshot(&self, snapshot: &Snapshot<R::State>) -> Result<(), EnvError> {
        self.rules.check_state(&snapshot.state, snapshot.needs_reset)?;
        if !snapshot.episode_return.is_finite() || snapshot.length != self.rules.steps(&snapshot.state) {
            return Err(EnvError::InvalidState("its return or length is not that of an episode".into()));
        }
        let told = |last: &EpisodeStats| {
            let ending = usize::from(last.ending) < self.info.endings.len();
            let figures = last.figures.len() == self.info.figures.len() && last.figures.iter().all(|f| f.is_finite());
            ending && figures && last.episode_return.is_finite()
        };
        if !snapshot.last_episode.as_ref().is_none_or(told) {
            return Err(EnvError::InvalidState("the figures of its last episode are not those of the rules".into()));
        }
        Ok(())
    }

    /// Environment `index` has an episode that the caller knows of.
    fn begun(&mut self, index: usize) {
        if std::mem::replace(&mut self.unbegun.0[index], false) {
            self.unbegun.1 -= 1;
        }
    }

    /// Writes the observations of the states as they are, `[envs, observation_size]`.
    ///
    /// # Panics
    /// If `observations` has another length.
    pub fn observe(&self, observations: &mut [f32]) {
        let size = self.observation_size();
        assert_eq!(observations.len(), self.envs() * size, "observations have another length");
        for (index, observation) in observations.chunks_exact_mut(size).enumerate() {
            self.with_state(index, |state| self.rules.observe(state, observation));
        }
    }

    /// Writes the action masks of the states as they are, `[envs]`: bit `a` is set where action `a` is open.
    ///
    /// # Panics
    /// If `masks` has another length.
    pub fn action_masks(&self, masks: &mut [u32]) {
        assert_eq!(masks.len(), self.envs(), "masks have another length");
        self.shards.action_masks(&self.rules, masks);
    }

    /// Writes the figures of the running episode of environment `index`, in the order of [`RulesInfo::figures`].
    ///
    /// # Panics
    /// If there is no such environment, or `figures` has another length than there are figures.
    pub fn figures(&self, index: usize, figures: &mut [f32]) {
        assert_eq!(figures.len(), self.info.figures.len(), "figures have another length");
        self.with_state(index, |state| self.rules.figures(state, figures));
    }

    /// Lends the running episode of environment `index`.
    ///
    /// # Panics
    /// If there is no such environment.
    pub fn with_state<T>(&self, index: usize, read: impl FnOnce(&R::State) -> T) -> T {
        assert!(index < self.envs(), "there is no environment {index}");
        self.shards.with_state(&self.rules, index, read)
    }

    /// What the running episode of environment `index` was drawn from, or given.
    ///
    /// # Panics
    /// If there is no such environment.
    #[must_use]
    pub fn layout(&self, index: usize) -> R::Layout {
        self.with_state(index, |state| self.rules.layout(state))
    }

    /// The state of environment `index`.
    ///
    /// # Panics
    /// If there is no such environment.
    #[must_use]
    pub fn state(&self, index: usize) -> R::State {
        self.with_state(index, Clone::clone)
    }

    /// The figures of the last finished episode of environment `index`; none before one has ended.
    ///
    /// # Panics
    /// If there is no such environment.
    #[must_use]
    pub fn last_episode(&self, index: usize) -> Option<EpisodeStats> {
        assert!(index < self.envs(), "there is no environment {index}");
        self.shards.last_episode(index)
    }

    /// The figures of the episodes that ended in the last step, by environment, from the flags that it wrote.
    pub fn ended_episodes<'a>(
        &'a self,
        terminated: &'a [bool],
        truncated: &'a [bool],
    ) -> impl Iterator<Item = (usize, EpisodeStats)> + 'a {
        let flags = terminated.iter().zip(truncated).take(self.envs()).enumerate();
        let ended = flags.filter(|(_, (terminated, truncated))| **terminated || **truncated);
        ended.filter_map(|(index, _)| Some((index, self.last_episode(index)?)))
    }

    /// Moves every environment on by one step.
    ///
    /// On an error nothing has changed.
    pub fn step(&mut self, actions: &[Action], out: StepBuffers<'_>) -> Result<(), EnvError> {
        self.check(actions, &out)?;
        self.shards.step(&self.rules, self.autoreset, actions, out);
        Ok(())
    }

    /// The frame of environment `index` as it is now, after a step that brought a transition, or after a reset. Under
    /// [`Autoreset::SameStep`] the step that ends an episode is a reset as well: its frame is that of the new
    /// episode, and a stream that wants to show the end runs with [`Autoreset::Disabled`].
    #[must_use]
    pub fn frame(&self, index: usize, episode: u64, step: Option<(Action, Transition)>) -> Frame {
        let (action, transition) = step.unzip();
        let total_reward = self.episode_return(index);
        let transition = transition.unwrap_or_default();
        let context = FrameContext { episode, action, transition, total_reward };
        self.with_state(index, |state| {
            let mut frame = self.rules.frame(state, &context);
            if transition.terminated || transition.truncated {
                let ending = self.info.endings.get(usize::from(self.rules.ending(state)));
                frame.ending = ending.map(|ending| ending.name.clone());
            }
            frame
        })
    }

    /// The sum of rewards of the running episode of environment `index`.
    ///
    /// # Panics
    /// If there is no such environment.
    #[must_use]
    pub fn episode_return(&self, index: usize) -> f32 {
        assert!(index < self.envs(), "there is no environment {index}");
        self.shards.episode_return(index)
    }

    fn check(&self, actions: &[Action], out: &StepBuffers<'_>) -> Result<(), EnvError> {
        let envs = self.envs();
        if actions.len() != envs {
            return Err(EnvError::WrongLength { what: "actions", given: actions.len(), needed: envs });
        }
        out.check(envs, &self.info)?;
        // The greatest first: without an early exit the search runs in SIMD lanes, and almost always finds nothing.
        let greatest = actions.iter().copied().fold(0, Action::max);
        let known = self.info.actions();
        if usize::from(greatest) >= known
            && let Some(index) = actions.iter().position(|&action| usize::from(action) >= known)
        {
            return Err(EnvError::InvalidAction { index, action: actions[index], actions: known });
        }
        if self.unbegun.1 > 0 {
            let index = self.unbegun.0.iter().position(|&unbegun| unbegun).unwrap_or_default();
            return Err(EnvError::NeedsReset { index });
        }
        if self.autoreset != Autoreset::NextStep
            && let Some(index) = self.shards.first_that_needs_reset()
        {
            return Err(EnvError::NeedsReset { index });
        }
        Ok(())
    }
}
