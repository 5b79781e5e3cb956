//! The engine with a step limit of the caller's over that of the rules, and what it has to remember for that.
//!
//! Gymnasium lets whoever makes an environment cut its episodes off (`max_episode_steps`). Rules have a limit of their
//! own, and the engine knows no other; so where an earlier one is asked for, episodes are ended here.

use std::sync::Arc;

use daladala_env::info::{EndingKind, MAX_FIGURES};
use daladala_env::{
    AnyVecEnv, Autoreset, EnvError, EpisodeStats, ResetOptions, RuleSpec, RulesInfo, StepBuffers, TermBuffers,
    VecEnvConfig,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Environments of one rule set.
pub(crate) struct Core {
    pub(crate) env: Box<dyn AnyVecEnv>,
    pub(crate) autoreset: Autoreset,
    pub(crate) limit: Option<Limit>,
}

/// A step limit below that of the rules.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Limit {
    steps: u32,
    /// `[envs]`: steps of the running episodes.
    lengths: Vec<u32>,
    /// `[envs]`: the last step ended the episode, by the rules or the limit.
    ended: Vec<bool>,
    /// `[envs]`: the last step cut the episode off here; the figures of that.
    cut: Vec<Option<EpisodeStats>>,
}

impl Core {
    pub(crate) fn new(spec: &RuleSpec, envs: usize, config: VecEnvConfig, max_episode_steps: Option<u32>) -> Self {
        let env = spec.vec_env(envs, config);
        let earlier = max_episode_steps.filter(|&steps| steps < env.info().max_steps);
        let limit = earlier.map(|steps| Limit {
            steps,
            lengths: vec![0; envs],
            ended: vec![false; envs],
            cut: vec![None; envs],
        });
        Self { env, autoreset: config.autoreset, limit }
    }

    pub(crate) fn info(&self) -> &Arc<RulesInfo> {
        self.env.info()
    }

    /// See [`daladala_env::VecEnv::reset_with`].
    pub(crate) fn reset(
        &mut self,
        options: &ResetOptions<'_, Value>,
        observations: &mut [f32],
    ) -> Result<(), EnvError> {
        self.env.reset_with(options, observations)?;
        if let Some(limit) = &mut self.limit {
            for index in 0..limit.lengths.len() {
                if options.mask.is_none_or(|mask| mask[index]) {
                    limit.begin(index);
                }
            }
        }
        Ok(())
    }

    /// See [`daladala_env::VecEnv::step`].
    pub(crate) fn step(&mut self, actions: &[u8], out: StepBuffers<'_>) -> Result<(), EnvError> {
        match self.limit {
            None => self.env.step(actions, out),
            Some(_) => self.step_within_limit(actions, out),
        }
    }

    fn step_within_limit(&mut self, actions: &[u8], mut out: StepBuffers<'_>) -> Result<(), EnvError> {
        let Self { env, autoreset, limit: Some(limit) } = self else { return self.env.step(actions, out) };
        if *autoreset == Autoreset::Disabled
            && let Some(index) = limit.ended.iter().position(|&ended| ended)
        {
            return Err(EnvError::NeedsReset { index });
        }
        env.step(actions, reborrowed(&mut out))?;
        let size = out.observations.len() / limit.lengths.len();
        let mut begin = vec![false; limit.lengths.len()];
        for (index, begin) in begin.iter_mut().enumerate() {
            if *autoreset == Autoreset::NextStep && limit.ended[index] {
                // The engine began the episodes that its rules had ended. What it did with those that were cut off
                // here is undone.
                *begin = limit.cut[index].is_some();
                limit.begin(index);
                if *begin {
                    forget(&mut out, index);
                }
                continue;
            }
            limit.lengths[index] += 1;
            limit.cut[index] = None;
            limit.ended[index] = out.terminated[index] || out.truncated[index];
            if !limit.ended[index] && limit.lengths[index] >= limit.steps {
                out.truncated[index] = true;
                limit.ended[index] = true;
                limit.cut[index] = Some(running(&**env, index, limit.lengths[index]));
                if *autoreset == Autoreset::SameStep {
                    let row = index * size..(index + 1) * size;
                    out.final_observations[row.clone()].copy_from_slice(&out.observations[row]);
                    *begin = true;
                }
            }
            if limit.ended[index] && *autoreset == Autoreset::SameStep {
                limit.lengths[index] = 0;
            }
        }
        if begin.contains(&true) {
            env.reset_with(&ResetOptions { mask: Some(&begin), ..ResetOptions::default() }, out.observations)?;
        }
        Ok(())
    }

    /// The figures of the last finished episode of an environment.
    pub(crate) fn last_episode(&self, index: usize) -> Option<EpisodeStats> {
        let cut = self.limit.as_ref().and_then(|limit| limit.cut[index].clone());
        cut.or_else(|| self.env.last_episode(index))
    }
}

impl Limit {
    /// How many environments it is for.
    pub(crate) fn envs(&self) -> usize {
        self.lengths.len()
    }

    /// Has an environment that was put in place count from there.
    pub(crate) fn restored(&mut self, index: usize, length: u32, ended: bool) {
        self.begin(index);
        (self.lengths[index], self.ended[index]) = (length, ended);
    }

    fn begin(&mut self, index: usize) {
        (self.lengths[index], self.ended[index], self.cut[index]) = (0, false, None);
    }
}

/// The figures of an episode that is cut off where it stands.
fn running(env: &dyn AnyVecEnv, index: usize, length: u32) -> EpisodeStats {
    let info = env.info();
    let mut figures = [0.0; MAX_FIGURES];
    let figures = &mut figures[..info.figures.len()];
    env.figures(index, figures);
    let ending = info.endings.iter().position(|ending| ending.kind == EndingKind::Truncated).unwrap_or_default();
    EpisodeStats {
        episode_return: env.episode_return(index),
        length,
        ending: ending as u8,
        figures: figures.iter().copied().collect(),
    }
}

/// What a step brings that begins an episode: nothing.
fn forget(out: &mut StepBuffers<'_>, index: usize) {
    out.rewards[index] = 0.0;
    (out.terminated[index], out.truncated[index]) = (false, false);
    if let Some(costs) = &mut out.costs {
        costs[index] = 0.0;
    }
}

/// The same rows, to be lent again.
fn reborrowed<'a>(out: &'a mut StepBuffers<'_>) -> StepBuffers<'a> {
    StepBuffers {
        observations: out.observations,
        rewards: out.rewards,
        costs: out.costs.as_deref_mut(),
        terminated: out.terminated,
        truncated: out.truncated,
        final_observations: out.final_observations,
        terms: out.terms.as_mut().map(|terms| TermBuffers { reward: terms.reward, cost: terms.cost }),
    }
}
