//! The transitions that DQN learns from: a ring in which the newest replace the oldest.

use daladala_env::Generator;
use ndarray::{Array2, ArrayView1, Axis};
use serde::{Deserialize, Serialize};

/// A minibatch of transitions; row `i` of each is transition `i`.
#[derive(Debug)]
pub(crate) struct Batch {
    /// `[rows, observation_size]`.
    pub(crate) observations: Array2<f32>,
    pub(crate) actions: Vec<i64>,
    pub(crate) rewards: Vec<f32>,
    /// What followed: after an episode's end its final observation, not the first of the next episode.
    pub(crate) next_observations: Array2<f32>,
    /// Which actions were open in what followed, where that is kept.
    pub(crate) next_masks: Option<Vec<u32>>,
    /// What the value of what followed counts: 0 where the rules ended the episode, which truncation does not.
    pub(crate) discounts: Vec<f32>,
}

/// A step to be remembered.
pub(crate) struct Transition<'a> {
    pub(crate) observation: ArrayView1<'a, f32>,
    pub(crate) action: u8,
    /// With several steps, what they brought.
    pub(crate) reward: f32,
    /// What followed, the final observation where the episode ended.
    pub(crate) next_observation: ArrayView1<'a, f32>,
    /// Which actions were open there, where that is kept.
    pub(crate) next_mask: Option<u32>,
    /// What the value of what followed counts.
    pub(crate) discount: f32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ReplayBuffer {
    capacity: usize,
    next: usize,
    /// `[rows, observation_size]`, as of what follows.
    observations: Array2<f32>,
    actions: Vec<u8>,
    rewards: Vec<f32>,
    next_observations: Array2<f32>,
    next_masks: Option<Vec<u32>>,
    discounts: Vec<f32>,
}

impl ReplayBuffer {
    pub(crate) fn new(capacity: usize, observation_size: usize, with_masks: bool) -> Self {
        Self {
            capacity,
            next: 0,
            observations: Array2::zeros((0, observation_size)),
            actions: Vec::with_capacity(capacity),
            rewards: Vec::with_capacity(capacity),
            next_observations: Array2::zeros((0, observation_size)),
            next_masks: with_masks.then(|| Vec::with_capacity(capacity)),
            discounts: Vec::with_capacity(capacity),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.actions.len()
    }

    /// Whether both keep as many of the same transitions, and this one holds together, with so many actions.
    pub(crate) fn is_like(&self, other: &Self, actions: usize) -> bool {
        let rows = self.len();
        let shapes = [self.observations.shape(), self.next_observations.shape()];
        self.capacity == other.capacity
            && rows <= self.capacity
            && self.actions.iter().all(|&action| usize::from(action) < actions)
            && self.next < self.capacity
            && shapes == [[rows, other.observations.ncols()]; 2]
            && [self.rewards.len(), self.discounts.len()] == [rows; 2]
            && self.next_masks.is_some() == other.next_masks.is_some()
            && self.next_masks.as_ref().is_none_or(|masks| masks.len() == rows)
    }

    pub(crate) fn push(&mut self, step: &Transition) {
        if self.len() < self.capacity {
            self.observations.push_row(step.observation).expect("as long as the others");
            self.actions.push(step.action);
            self.rewards.push(step.reward);
            self.next_observations.push_row(step.next_observation).expect("as long as the others");
            if let (Some(masks), Some(mask)) = (&mut self.next_masks, step.next_mask) {
                masks.push(mask);
            }
            self.discounts.push(step.discount);
            return;
        }
        self.observations.row_mut(self.next).assign(&step.observation);
        self.actions[self.next] = step.action;
        self.rewards[self.next] = step.reward;
        self.next_observations.row_mut(self.next).assign(&step.next_observation);
        if let (Some(masks), Some(mask)) = (&mut self.next_masks, step.next_mask) {
            masks[self.next] = mask;
        }
        self.discounts[self.next] = step.discount;
        self.next = (self.next + 1) % self.capacity;
    }

    /// `size` transitions, drawn with replacement. There must be at least one.
    pub(crate) fn sample(&self, size: usize, generator: &mut Generator) -> Batch {
        let rows: Vec<usize> = (0..size).map(|_| generator.below(self.len() as u32) as usize).collect();
        Batch {
            observations: self.observations.select(Axis(0), &rows),
            actions: rows.iter().map(|&row| i64::from(self.actions[row])).collect(),
            rewards: rows.iter().map(|&row| self.rewards[row]).collect(),
            next_observations: self.next_observations.select(Axis(0), &rows),
            next_masks: self.next_masks.as_ref().map(|masks| rows.iter().map(|&row| masks[row]).collect()),
            discounts: rows.iter().map(|&row| self.discounts[row]).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_replace_the_oldest() {
        let mut buffer = ReplayBuffer::new(3, 1, true);
        for i in 0..5u8 {
            buffer.push(&Transition {
                observation: ArrayView1::from(&[f32::from(i)]),
                action: i,
                reward: f32::from(i),
                next_observation: ArrayView1::from(&[f32::from(i) + 0.5]),
                next_mask: Some(10 + u32::from(i)),
                discount: if i == 4 { 0.0 } else { 0.9 },
            });
        }
        assert_eq!(buffer.len(), 3);
        let batch = buffer.sample(100, &mut Generator::new(0, 0));
        assert!((2..5).all(|i| batch.actions.contains(&i)) && batch.actions.iter().all(|i| (2..5).contains(i)));
        for i in 0..100 {
            let action = batch.actions[i] as f32;
            assert_eq!((batch.observations[[i, 0]], batch.rewards[i]), (action, action));
            assert_eq!(batch.next_observations[[i, 0]], action + 0.5);
            assert_eq!(batch.next_masks.as_ref().map(|masks| masks[i]), Some(10 + batch.actions[i] as u32));
            assert_eq!(batch.discounts[i], if batch.actions[i] == 4 { 0.0 } else { 0.9 });
        }
    }
}
