//! Episodes acted out from a given layout and given actions, step by step.
//!
//! This is how another implementation of the rules is compared with this one. Golden episodes of `classic`, recorded from
//! the original system, are in a form of their own; all other rules have the one of [`AnyTrace`].

mod any;

pub use any::{AnyTrace, AnyTraceRequest, act_out_any};
use serde::{Deserialize, Serialize};

use crate::error::EnvError;
use crate::rules::{Action, Classic, ClassicLayout, LayoutSpec};
use crate::vec_env::{Autoreset, Buffers, ResetOptions, VecEnv, VecEnvConfig};

/// An episode to act out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TraceRequest {
    /// The layout.
    #[serde(flatten)]
    pub layout: LayoutSpec,
    /// One action a step.
    pub actions: Vec<Action>,
}

/// What happened: `obs` has one row more than there are steps, the first from the reset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// What was asked for.
    #[serde(flatten)]
    pub request: TraceRequest,
    /// Observations, a row each.
    pub obs: Vec<Vec<f32>>,
    /// Rewards.
    pub reward: Vec<f32>,
    /// Whether the rules ended the episode.
    pub terminated: Vec<bool>,
    /// Whether the step limit cut it off.
    pub truncated: Vec<bool>,
    /// Passengers aboard after each step.
    pub passengers: Vec<u32>,
    /// TSh earned after each step.
    pub money: Vec<i64>,
    /// Speed notch after each step.
    pub speed: Vec<u32>,
    /// 1 once the bus has been fined.
    pub fined: Vec<u8>,
}

/// Why an episode cannot be acted out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TraceError {
    /// The layout or an action is none of the rules'.
    #[error(transparent)]
    Env(#[from] EnvError),
    /// There are more actions than steps.
    #[error("the episode ended at step {steps}, but {actions} actions were given")]
    Ended {
        /// Steps taken.
        steps: usize,
        /// Actions given.
        actions: usize,
    },
}

/// Acts out one episode under the `classic` rules.
pub fn act_out(request: TraceRequest) -> Result<Trace, TraceError> {
    let layout = ClassicLayout::try_from(request.layout.clone())?;
    let config = VecEnvConfig { autoreset: Autoreset::Disabled, ..VecEnvConfig::default() };
    let mut env = VecEnv::new(Classic, 1, config);
    let mut buffers = Buffers::for_env(&env);
    let layouts = [Some(layout)];
    let options = ResetOptions { layouts: Some(&layouts), ..ResetOptions::default() };
    env.reset_with(&options, &mut buffers.observations)?;

    let steps = request.actions.len();
    let mut trace = Trace {
        obs: vec![buffers.observations.clone()],
        reward: Vec::with_capacity(steps),
        terminated: Vec::with_capacity(steps),
        truncated: Vec::with_capacity(steps),
        passengers: Vec::with_capacity(steps),
        money: Vec::with_capacity(steps),
        speed: Vec::with_capacity(steps),
        fined: Vec::with_capacity(steps),
        request,
    };
    for step in 0..steps {
        env.step(&[trace.request.actions[step]], buffers.as_step()).map_err(|error| match error {
            EnvError::NeedsReset { .. } => TraceError::Ended { steps: step, actions: steps },
            EnvError::InvalidAction { action, actions, .. } => {
                TraceError::Env(EnvError::InvalidAction { index: step, action, actions })
            }
            other => TraceError::Env(other),
        })?;
        let state = env.state(0);
        trace.obs.push(buffers.observations.clone());
        trace.reward.push(buffers.rewards[0]);
        trace.terminated.push(buffers.terminated[0]);
        trace.truncated.push(buffers.truncated[0]);
        trace.passengers.push(u32::from(state.passengers));
        trace.money.push(i64::from(state.money()));
        trace.speed.push(u32::from(state.speed));
        trace.fined.push(state.fined.into());
    }
    Ok(trace)
}
