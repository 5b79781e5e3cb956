//! Returns over several steps (Sutton, 1988; for DQN in Rainbow, Hessel et al., 2018): the value of an action is learned from
//! the rewards of the next `n` steps and of what is seen after them, so that news of a far reward travels `n` steps in one
//! gradient step. The steps between were chosen with exploration, which is not corrected for: keep `n` and the exploration
//! small.

use std::collections::VecDeque;

use daladala_env::Action;
use ndarray::ArrayView1;
use serde::{Deserialize, Serialize};

use crate::replay_buffer::{ReplayBuffer, Transition};

/// A step whose rewards are not all known yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct PendingStep {
    observation: Vec<f32>,
    action: Action,
    reward: f32,
}

/// What a step led to.
pub(super) struct Next<'a> {
    /// The final observation where the episode ended.
    pub(super) observation: ArrayView1<'a, f32>,
    /// Which actions were open there, where that is kept.
    pub(super) mask: Option<u32>,
    pub(super) terminated: bool,
    pub(super) truncated: bool,
}

/// The last steps of each environment, until they can be remembered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct NStepReturns {
    steps: usize,
    gamma: f32,
    /// `[envs]`, the oldest step first, fewer than `steps` of each.
    pending: Vec<VecDeque<PendingStep>>,
}

impl NStepReturns {
    pub(super) fn new(steps: usize, gamma: f32, envs: usize) -> Self {
        Self { steps, gamma, pending: vec![VecDeque::new(); envs] }
    }

    /// A step of environment `env`; what can be told of it and of those before goes into `memory`.
    pub(super) fn push(
        &mut self,
        env: usize,
        (observation, action, reward): (ArrayView1<f32>, Action, f32),
        next: &Next,
        memory: &mut ReplayBuffer,
    ) {
        let pending = &mut self.pending[env];
        pending.push_back(PendingStep { observation: observation.to_vec(), action, reward });
        let ended = next.terminated || next.truncated;
        while pending.len() == self.steps || (ended && !pending.is_empty()) {
            let (reward, discount) = pending
                .iter()
                .rev()
                .fold((0.0, 1.0), |(after, discount), step| (step.reward + self.gamma * after, discount * self.gamma));
            let Some(oldest) = pending.pop_front() else { break };
            memory.push(&Transition {
                observation: ArrayView1::from(&oldest.observation),
                action: oldest.action,
                reward,
                next_observation: next.observation,
                next_mask: next.mask,
                discount: if next.terminated { 0.0 } else { discount },
            });
        }
    }

    /// Whether `other` is of the same hyperparameters and holds together, with so many actions.
    pub(super) fn is_like(&self, other: &Self, observation_size: usize, actions: usize) -> bool {
        let is_sound =
            |step: &PendingStep| step.observation.len() == observation_size && usize::from(step.action) < actions;
        (self.steps, self.gamma, self.pending.len()) == (other.steps, other.gamma, other.pending.len())
            && other.pending.iter().all(|pending| pending.len() < other.steps && pending.iter().all(is_sound))
    }
}

#[cfg(test)]
mod tests {
    use daladala_env::Generator;

    use super::*;

    /// Episodes of `lengths` with the reward `t + 1` at step `t`, of which all but the last end by their rules.
    fn remembered(steps: usize, lengths: &[usize], truncated_last: bool) -> Vec<(f32, f32, f32, f32)> {
        let mut memory = ReplayBuffer::new(1000, 1, false);
        let mut returns = NStepReturns::new(steps, 0.5, 1);
        for (episode, &length) in lengths.iter().enumerate() {
            let is_last = episode + 1 == lengths.len();
            for t in 0..length {
                let seen = [(100 * episode + t) as f32];
                let next = [seen[0] + 1.0];
                let ended = t + 1 == length;
                let next = Next {
                    observation: ArrayView1::from(&next),
                    mask: None,
                    terminated: ended && !(is_last && truncated_last),
                    truncated: ended && is_last && truncated_last,
                };
                returns.push(0, (ArrayView1::from(&seen), 0, (t + 1) as f32), &next, &mut memory);
            }
        }
        assert!(returns.is_like(&returns, 1, 1) && returns.pending[0].is_empty());
        let batch = memory.sample(2000, &mut Generator::new(0, 0));
        let row = |i: usize| {
            (batch.observations[[i, 0]], batch.rewards[i], batch.next_observations[[i, 0]], batch.discounts[i])
        };
        let mut rows: Vec<_> = (0..2000).map(row).collect();
        rows.sort_by(|a, b| a.0.total_cmp(&b.0));
        rows.dedup();
        rows
    }

    #[test]
    fn rewards_of_n_steps_are_added_up_and_never_over_the_end_of_an_episode() {
        let expected = [
            // Episode 0, of four steps.
            (0.0, 1.0 + 0.5 * 2.0 + 0.25 * 3.0, 3.0, 0.125),
            (1.0, 2.0 + 0.5 * 3.0 + 0.25 * 4.0, 4.0, 0.0),
            (2.0, 3.0 + 0.5 * 4.0, 4.0, 0.0),
            (3.0, 4.0, 4.0, 0.0),
            // Episode 1, of two, which was cut short: what follows still has a value.
            (100.0, 1.0 + 0.5 * 2.0, 102.0, 0.25),
            (101.0, 2.0, 102.0, 0.5),
        ];
        assert_eq!(remembered(3, &[4, 2], true), expected);
    }

    #[test]
    fn one_step_is_what_plain_dqn_remembers() {
        assert_eq!(
            remembered(1, &[2, 1], false),
            [(0.0, 1.0, 1.0, 0.5), (1.0, 2.0, 2.0, 0.0), (100.0, 1.0, 101.0, 0.0)]
        );
    }
}
