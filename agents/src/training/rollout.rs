//! What the policy-gradient methods learn from: some steps of all environments, and how much better each went than expected.

/// A rollout, time-major: row `t · envs + i` is step `t` of environment `i`.
#[derive(Debug, Default)]
pub(super) struct Rollout {
    /// What the agent saw, `[rows, observation_size]`.
    pub(super) observations: Vec<f32>,
    /// What it did.
    pub(super) actions: Vec<u8>,
    /// The log-probability that its policy gave this.
    pub(super) log_probabilities: Vec<f32>,
    /// What its critic expected of the state.
    pub(super) values: Vec<f32>,
    /// What came, scaled.
    pub(super) rewards: Vec<f32>,
    /// The value of what followed the step as far as it is known at once: zero after termination, the critic's
    /// value of the final observation after truncation, and none where the episode went on.
    pub(super) ends: Vec<Option<f32>>,
}

impl Rollout {
    pub(super) fn clear(&mut self) {
        self.observations.clear();
        self.actions.clear();
        self.log_probabilities.clear();
        self.values.clear();
        self.rewards.clear();
        self.ends.clear();
    }

    /// Generalized advantage estimation (Schulman et al., 2016): the advantage of each row. `last_values` are the
    /// critic's values of the observations after the last step.
    pub(super) fn advantages(&self, last_values: &[f32], gamma: f32, lambda: f32) -> Vec<f32> {
        let envs = last_values.len();
        let mut advantages = vec![0.0; self.rewards.len()];
        let mut running = vec![0.0; envs];
        let mut next_values = last_values.to_vec();
        for row in (0..self.rewards.len()).rev() {
            let env = row % envs;
            let (next_value, continues) = match self.ends[row] {
                Some(value) => (value, 0.0),
                None => (next_values[env], 1.0),
            };
            let delta = self.rewards[row] + gamma * next_value - self.values[row];
            running[env] = delta + gamma * lambda * continues * running[env];
            advantages[row] = running[env];
            next_values[env] = self.values[row];
        }
        advantages
    }

    /// The rows of episodes that end within the rollout.
    pub(super) fn rows_of_whole_episodes(&self, envs: usize) -> Vec<usize> {
        let mut last_ends = vec![None; envs];
        for (row, _) in self.ends.iter().enumerate().filter(|(_, end)| end.is_some()) {
            last_ends[row % envs] = Some(row);
        }
        (0..self.ends.len()).filter(|row| last_ends[row % envs].is_some_and(|end| *row <= end)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Rollout;

    fn rollout(rewards: &[f32], values: &[f32], ends: &[Option<f32>]) -> Rollout {
        Rollout { rewards: rewards.to_vec(), values: values.to_vec(), ends: ends.to_vec(), ..Rollout::default() }
    }

    #[test]
    fn with_lambda_one_the_advantage_is_the_return_less_the_value() {
        let rollout = rollout(&[1.0, 2.0, 4.0], &[0.5, 0.25, 0.125], &[None; 3]);
        let advantages = rollout.advantages(&[8.0], 0.5, 1.0);
        assert_eq!(advantages, [1.0 + 1.0 + 1.0 + 1.0 - 0.5, 2.0 + 2.0 + 2.0 - 0.25, 4.0 + 4.0 - 0.125]);
    }

    #[test]
    fn termination_ends_the_value_and_truncation_bootstraps() {
        let terminated = rollout(&[1.0, 1.0], &[0.0, 5.0], &[Some(0.0), None]);
        assert_eq!(terminated.advantages(&[3.0], 1.0, 1.0), [1.0, 1.0 + 3.0 - 5.0]);
        let truncated = rollout(&[1.0, 1.0], &[0.0, 5.0], &[Some(7.0), None]);
        assert_eq!(truncated.advantages(&[3.0], 1.0, 1.0), [1.0 + 7.0, 1.0 + 3.0 - 5.0]);
    }

    #[test]
    fn environments_do_not_mix() {
        let rollout = rollout(&[1.0, 10.0, 2.0, 20.0], &[0.0; 4], &[None, Some(0.0), None, None]);
        assert_eq!(rollout.advantages(&[4.0, 40.0], 1.0, 1.0), [7.0, 10.0, 6.0, 60.0]);
    }

    #[test]
    fn episodes_that_are_cut_off_by_the_end_are_left_out() {
        let ends = [None, Some(0.0), Some(1.0), None, None, Some(0.0), None, None];
        assert_eq!(rollout(&[0.0; 8], &[0.0; 8], &ends).rows_of_whole_episodes(2), [0, 1, 2, 3, 5]);
    }
}
