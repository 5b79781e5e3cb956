//! What the policy-gradient methods learn from: some steps of all environments, and how much better each went than expected.

use daladala_agents::network::FusedMlp;
use daladala_agents::statistics::Mean;
use ndarray::{Array2, ArrayView1, ArrayView2, Axis};

/// A rollout, time-major: row `t · envs + i` is step `t` of environment `i`.
#[derive(Debug, Default)]
pub(crate) struct Rollout {
    /// What the agent saw, `[rows, observation_size]`.
    pub(crate) observations: Array2<f32>,
    /// Which actions were open, where the agent chose among these; empty where it chose among all.
    pub(crate) masks: Vec<u32>,
    /// What it did.
    pub(crate) actions: Vec<u8>,
    /// The log-probability that its policy gave this.
    pub(crate) log_probabilities: Vec<f32>,
    /// What its critic expected of the state.
    pub(crate) values: Vec<f32>,
    /// What came, scaled.
    pub(crate) rewards: Vec<f32>,
    /// What it cost; empty where the rules have no costs.
    pub(crate) costs: Vec<f32>,
    /// The value of what followed the step where the episode ended with it: zero after termination, the critic's
    /// value of the final observation after truncation; none where the episode went on.
    pub(crate) ends: Vec<Option<f32>>,
    /// The rows whose episodes were truncated.
    pub(crate) truncated: Vec<usize>,
    /// What was seen last in these, `[truncated, observation_size]`.
    pub(crate) final_observations: Array2<f32>,
}

/// What a step of an environment brought.
pub(crate) struct Outcome<'a> {
    /// Scaled.
    pub(crate) reward: f32,
    /// Where the rules have costs.
    pub(crate) cost: Option<f32>,
    /// The episode ended with it.
    pub(crate) ended: bool,
    /// What was seen last, where the episode was truncated and not terminated.
    pub(crate) truncated_with: Option<ArrayView1<'a, f32>>,
}

impl Rollout {
    /// An empty one, of observations of a size.
    pub(crate) fn new(observation_size: usize) -> Self {
        let none = || Array2::zeros((0, observation_size));
        Self { observations: none(), final_observations: none(), ..Self::default() }
    }

    pub(crate) fn clear(&mut self) {
        clear_rows(&mut self.observations);
        self.masks.clear();
        self.actions.clear();
        self.log_probabilities.clear();
        self.values.clear();
        self.rewards.clear();
        self.costs.clear();
        self.ends.clear();
        self.truncated.clear();
        clear_rows(&mut self.final_observations);
    }

    pub(crate) fn rows(&self) -> usize {
        self.actions.len()
    }

    /// Adds what the agent sees, a row an environment.
    pub(crate) fn push_observations(&mut self, observations: ArrayView2<f32>) {
        push_rows(&mut self.observations, observations);
    }

    /// Adds what a step of an environment brought.
    pub(crate) fn push_outcome(&mut self, outcome: &Outcome) {
        self.rewards.push(outcome.reward);
        self.costs.extend(outcome.cost);
        if let Some(last) = outcome.truncated_with {
            self.truncated.push(self.ends.len());
            push_row(&mut self.final_observations, last);
        }
        self.ends.push(outcome.ended.then_some(0.0));
    }

    /// Lets the critic value all that was seen.
    pub(crate) fn value_by(&mut self, critic: &FusedMlp) {
        self.values = values_of(critic, self.observations.view());
        let final_values = values_of(critic, self.final_observations.view());
        for (&row, value) in self.truncated.iter().zip(final_values) {
            self.ends[row] = Some(value);
        }
    }

    /// Generalized advantage estimation (Schulman et al., 2016): the advantage of each row. `last_values` are the
    /// critic's values of the observations after the last step.
    pub(crate) fn advantages(&self, last_values: &[f32], gamma: f32, lambda: f32) -> Vec<f32> {
        generalized_advantages(&self.rewards, &self.values, &self.ends, last_values, gamma, lambda)
    }

    /// The part of the variance of the returns that the critic foresaw: 1 for all of it, 0 for none, less where it
    /// made things worse; NaN where the returns don't vary.
    pub(crate) fn explained_variance(&self, returns: &[f32]) -> f64 {
        let unforeseen = returns.iter().zip(&self.values).map(|(came, expected)| came - expected);
        1.0 - variance(unforeseen) / variance(returns.iter().copied())
    }

    /// The rows of the first episode of each environment, as far as it is there. Those that a short one leaves time for
    /// are left out: they would only be there for being short too.
    pub(crate) fn rows_of_first_episodes(&self, envs: usize) -> Vec<usize> {
        let mut going_on = vec![true; envs];
        let mut is_first = |row: &usize| {
            let first = going_on[row % envs];
            going_on[row % envs] = first && self.ends[*row].is_none();
            first
        };
        (0..self.ends.len()).filter(|row| is_first(row)).collect()
    }
}

/// Generalized advantage estimation of anything that comes step by step, as [`Rollout`] keeps it.
pub(crate) fn generalized_advantages(
    rewards: &[f32],
    values: &[f32],
    ends: &[Option<f32>],
    last_values: &[f32],
    gamma: f32,
    lambda: f32,
) -> Vec<f32> {
    let count = last_values.len();
    let mut advantages = vec![0.0; rewards.len()];
    let mut running = vec![0.0; count];
    let mut next_values = last_values.to_vec();
    for row in (0..rewards.len()).rev() {
        let env = row % count;
        let (next_value, continues) = match ends[row] {
            Some(value) => (value, 0.0),
            None => (next_values[env], 1.0),
        };
        let delta = rewards[row] + gamma * next_value - values[row];
        running[env] = delta + gamma * lambda * continues * running[env];
        advantages[row] = running[env];
        next_values[env] = values[row];
    }
    advantages
}

fn variance(values: impl ExactSizeIterator<Item = f32> + Clone) -> f64 {
    Mean::of(values.map(f64::from)).std.powi(2)
}

/// The critic's values of observations, a row each.
pub(crate) fn values_of(critic: &FusedMlp, observations: ArrayView2<f32>) -> Vec<f32> {
    let mut values = vec![0.0; observations.nrows()];
    critic.forward(observations.as_slice().expect("rows follow one another"), &mut values);
    values
}

/// Adds one row.
pub(crate) fn push_row(array: &mut Array2<f32>, row: ArrayView1<f32>) {
    push_rows(array, row.insert_axis(Axis(0)));
}

/// Adds rows.
pub(crate) fn push_rows(array: &mut Array2<f32>, rows: ArrayView2<f32>) {
    array.append(Axis(0), rows).expect("rows of the same length");
}

/// Takes away all rows, and keeps their memory.
fn clear_rows(array: &mut Array2<f32>) {
    let size = array.ncols();
    let (mut numbers, _) = std::mem::take(array).into_raw_vec_and_offset();
    numbers.clear();
    *array = Array2::from_shape_vec((0, size), numbers).expect("no rows are no numbers");
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::{Rollout, clear_rows, push_rows};

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
    fn a_cleared_rollout_takes_rows_of_the_same_size_without_new_memory() {
        let mut rows = Array2::zeros((0, 2));
        push_rows(&mut rows, array![[1.0, 2.0], [3.0, 4.0]].view());
        let memory = rows.as_ptr();
        clear_rows(&mut rows);
        assert_eq!(rows.shape(), [0, 2]);
        push_rows(&mut rows, array![[5.0, 6.0]].view());
        assert_eq!((rows.as_ptr(), &rows), (memory, &array![[5.0, 6.0]]));
    }

    #[test]
    fn environments_do_not_mix() {
        let rollout = rollout(&[1.0, 10.0, 2.0, 20.0], &[0.0; 4], &[None, Some(0.0), None, None]);
        assert_eq!(rollout.advantages(&[4.0, 40.0], 1.0, 1.0), [7.0, 10.0, 6.0, 60.0]);
    }

    #[test]
    fn episodes_after_the_first_are_left_out() {
        let ends = [None, Some(0.0), Some(1.0), None, None, Some(0.0), None, None];
        assert_eq!(rollout(&[0.0; 8], &[0.0; 8], &ends).rows_of_first_episodes(2), [0, 1, 2]);
    }
}
