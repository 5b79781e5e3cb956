//! A vectorized environment whose rules are known by name alone: what servers, bindings and browsers hold.
//!
//! Rows are slices of the caller here too, so that nothing is copied or allocated in a step. What differs in type from
//! rule set to rule set, layouts and snapshots, is JSON.

use std::fmt::Debug;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::episode::EpisodeStats;
use crate::error::EnvError;
use crate::frame::Frame;
use crate::info::RulesInfo;
use crate::rule_spec::{RuleSpec, RulesVisitor};
use crate::rules::{Action, Rules, Transition};
use crate::vec_env::{Batch, ResetOptions, StepBuffers, VecEnv, VecEnvConfig};

/// [`VecEnv`] without its type. Methods do what those of the same name there do, panics included.
pub trait AnyVecEnv: Debug + Send + Sync {
    /// What describes the rules.
    fn info(&self) -> &Arc<RulesInfo>;
    /// How many environments there are.
    fn envs(&self) -> usize;
    /// Begins episodes. A layout that is none of the rules' is an error, and nothing has changed.
    fn reset_with(&mut self, options: &ResetOptions<'_, Value>, observations: &mut [f32]) -> Result<(), EnvError>;
    /// Moves every environment on by one step.
    fn step(&mut self, actions: &[Action], out: StepBuffers<'_>) -> Result<(), EnvError>;
    /// Writes the observations of the states as they are.
    fn observe(&self, observations: &mut [f32]);
    /// Writes the action masks of the states as they are.
    fn action_masks(&self, masks: &mut [u32]);
    /// Writes the figures of a running episode.
    fn figures(&self, index: usize, figures: &mut [f32]);
    /// The sum of rewards of a running episode.
    fn episode_return(&self, index: usize) -> f32;
    /// The figures of the last finished episode.
    fn last_episode(&self, index: usize) -> Option<EpisodeStats>;
    /// The frame of an environment.
    fn frame(&self, index: usize, episode: u64, step: Option<(Action, Transition)>) -> Frame;
    /// What a running episode was drawn from, or given.
    fn layout(&self, index: usize) -> Value;
    /// The greatest return that any driver could have in a running episode, where the rules let it be known.
    fn best_return(&self, index: usize) -> Option<f32>;
    /// An environment, whole.
    fn snapshot(&self, index: usize) -> Value;
    /// Puts snapshots in the places of environments. One that is none of the rules' is an error, and nothing has
    /// changed.
    fn restore(&mut self, indices: &[usize], snapshots: &[Value]) -> Result<(), EnvError>;
    /// A copy that goes on by itself.
    fn boxed_clone(&self) -> Box<dyn AnyVecEnv>;
}

impl RuleSpec {
    /// `envs` environments of these rules. Their first episodes begin with a reset.
    #[must_use]
    pub fn vec_env(&self, envs: usize, config: VecEnvConfig) -> Box<dyn AnyVecEnv> {
        struct New(usize, VecEnvConfig);
        impl RulesVisitor for New {
            type Output = Box<dyn AnyVecEnv>;
            fn visit<R: Rules>(self, rules: R) -> Box<dyn AnyVecEnv> {
                Box::new(VecEnv::new(rules, self.0, self.1))
            }
        }
        self.visit(New(envs, config))
    }
}

impl<R: Rules, B: Batch<R> + 'static> AnyVecEnv for VecEnv<R, B> {
    fn info(&self) -> &Arc<RulesInfo> {
        self.info()
    }

    fn envs(&self) -> usize {
        self.envs()
    }

    fn reset_with(&mut self, options: &ResetOptions<'_, Value>, observations: &mut [f32]) -> Result<(), EnvError> {
        let ResetOptions { seeds, mask, layouts } = *options;
        let typed = |layout: &Option<Value>| {
            layout.as_ref().map(|layout| read(layout).map_err(EnvError::InvalidLayout)).transpose()
        };
        let layouts: Option<Vec<Option<R::Layout>>> =
            layouts.map(|layouts| layouts.iter().map(typed).collect::<Result<_, _>>()).transpose()?;
        self.reset_with(&ResetOptions { seeds, mask, layouts: layouts.as_deref() }, observations)
    }

    fn step(&mut self, actions: &[Action], out: StepBuffers<'_>) -> Result<(), EnvError> {
        self.step(actions, out)
    }

    fn observe(&self, observations: &mut [f32]) {
        self.observe(observations);
    }

    fn action_masks(&self, masks: &mut [u32]) {
        self.action_masks(masks);
    }

    fn figures(&self, index: usize, figures: &mut [f32]) {
        self.figures(index, figures);
    }

    fn episode_return(&self, index: usize) -> f32 {
        self.episode_return(index)
    }

    fn last_episode(&self, index: usize) -> Option<EpisodeStats> {
        self.last_episode(index)
    }

    fn frame(&self, index: usize, episode: u64, step: Option<(Action, Transition)>) -> Frame {
        self.frame(index, episode, step)
    }

    fn layout(&self, index: usize) -> Value {
        written(&self.layout(index))
    }

    fn best_return(&self, index: usize) -> Option<f32> {
        self.rules().best_return(&self.layout(index))
    }

    fn snapshot(&self, index: usize) -> Value {
        written(&self.snapshot(index))
    }

    fn restore(&mut self, indices: &[usize], snapshots: &[Value]) -> Result<(), EnvError> {
        let typed: Vec<_> = snapshots.iter().map(read).collect::<Result<_, _>>().map_err(EnvError::InvalidState)?;
        self.restore(indices, &typed)
    }

    fn boxed_clone(&self) -> Box<dyn AnyVecEnv> {
        Box::new(self.clone())
    }
}

fn read<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    T::deserialize(value).map_err(|error| error.to_string())
}

/// Layouts and states are plain data, which can always be written.
fn written(value: &impl Serialize) -> Value {
    serde_json::to_value(value).expect("layouts and states are plain data")
}
