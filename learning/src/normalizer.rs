//! Observations with mean 0 and standard deviation 1, and rewards of the order of 1, whatever the rules.
//!
//! For the policy-gradient methods statistics stay as they are while a rollout is gathered and learnt from, and take it in
//! afterwards: the policy that acted and the policy that learns see the same numbers. What is saved needs no statistics: normalising is linear, and
//! becomes part of the first layer.

use daladala_agents::network::MlpWeights;
use ndarray::{ArrayView2, ArrayViewMut2};
use serde::{Deserialize, Serialize};

/// Added to variances, so that what hardly varies is not divided by next to nothing. What varies less is not looked at.
const EPSILON: f64 = 1e-8;

/// Mean and variance of what has been seen so far (Chan and others, 1979: batches are merged exactly).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Moments {
    count: f64,
    mean: f64,
    /// The sum of squares around the mean.
    squares: f64,
}

impl Moments {
    fn add(&mut self, values: impl Iterator<Item = f64> + Clone) {
        let (count, sum) = values.clone().fold((0.0, 0.0), |(count, sum), value| (count + 1.0, sum + value));
        let mean = sum / count;
        let squares: f64 = values.map(|value| (value - mean).powi(2)).sum();
        self.merge(Self { count, mean, squares });
    }

    /// Takes in what has been seen elsewhere.
    fn merge(&mut self, Self { count, mean, squares }: Self) {
        if count == 0.0 {
            return;
        }
        let (all, off) = (self.count + count, mean - self.mean);
        self.squares += squares + off * off * self.count * count / all;
        self.mean += off * count / all;
        self.count = all;
    }

    /// 1 before anything has been seen.
    fn std(&self) -> f64 {
        if self.count == 0.0 { 1.0 } else { (self.squares / self.count + EPSILON).sqrt() }
    }

    /// What a distance from the mean is multiplied by. Of an entry that has never varied nothing can be learnt, so it counts
    /// for nothing: where it is another one day, as under another law, the policy drives on as it learnt to.
    fn scale(&self) -> f64 {
        let has_varied = self.count == 0.0 || self.squares / self.count > EPSILON;
        if has_varied { 1.0 / self.std() } else { 0.0 }
    }
}

/// Normalises observations, entry by entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct ObservationNormalizer {
    entries: Vec<Moments>,
}

impl ObservationNormalizer {
    fn new(observation_size: usize) -> Self {
        Self { entries: vec![Moments::default(); observation_size] }
    }

    /// Takes rows of observations in: row by row, as they lie in memory.
    fn add(&mut self, observations: ArrayView2<f32>) {
        let count = observations.nrows() as f64;
        let mut seen = vec![Moments { count, ..Moments::default() }; self.entries.len()];
        for row in observations.rows() {
            seen.iter_mut().zip(row).for_each(|(moments, &value)| moments.mean += f64::from(value));
        }
        for moments in &mut seen {
            moments.mean /= count;
        }
        for row in observations.rows() {
            for (moments, &value) in seen.iter_mut().zip(row) {
                moments.squares += (f64::from(value) - moments.mean).powi(2);
            }
        }
        self.entries.iter_mut().zip(seen).for_each(|(moments, seen)| moments.merge(seen));
    }

    /// Normalises rows of observations.
    fn apply(&self, mut observations: ArrayViewMut2<f32>) {
        let scales: Vec<(f64, f64)> = self.entries.iter().map(|moments| (moments.mean, moments.scale())).collect();
        for mut row in observations.rows_mut() {
            for (value, (mean, scale)) in row.iter_mut().zip(&scales) {
                *value = ((f64::from(*value) - mean) * scale) as f32;
            }
        }
    }

    /// The network that does with raw observations what `weights` do with normalised ones.
    fn folded_into(&self, weights: &MlpWeights) -> MlpWeights {
        let mut folded = weights.clone();
        let Some(first) = folded.layers.first_mut() else { return folded };
        for (mut row, bias) in first.weight.rows_mut().into_iter().zip(&mut first.bias) {
            let mut shift = 0.0;
            for (weight, moments) in row.iter_mut().zip(&self.entries) {
                let scaled = f64::from(*weight) * moments.scale();
                shift += scaled * moments.mean;
                *weight = scaled as f32;
            }
            *bias = (f64::from(*bias) - shift) as f32;
        }
        folded
    }
}

/// Divides rewards by the standard deviation of the discounted return (as `VecNormalize` of Stable-Baselines3 does).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct RewardNormalizer {
    gamma: f64,
    /// Of the running episodes, one an environment.
    returns: Vec<f64>,
    moments: Moments,
}

impl RewardNormalizer {
    fn new(envs: usize, gamma: f32) -> Self {
        Self { gamma: f64::from(gamma), returns: vec![0.0; envs], moments: Moments::default() }
    }

    /// Takes in the rewards of a step of all environments.
    fn add(&mut self, rewards: &[f32], ended: impl Fn(usize) -> bool) {
        for (so_far, &reward) in self.returns.iter_mut().zip(rewards) {
            *so_far = *so_far * self.gamma + f64::from(reward);
        }
        self.moments.add(self.returns.iter().copied());
        for (index, so_far) in self.returns.iter_mut().enumerate() {
            if ended(index) {
                *so_far = 0.0;
            }
        }
    }

    /// What rewards are multiplied by.
    fn scale(&self) -> f32 {
        (1.0 / self.moments.std()) as f32
    }
}

/// What is to be normalised.
pub(crate) struct Normalizing {
    pub(crate) observations: bool,
    pub(crate) rewards: bool,
    /// Environments that tell rewards.
    pub(crate) envs: usize,
    /// Discount of a step.
    pub(crate) gamma: f32,
}

/// What networks see of observations and rewards: as they are, unless it is asked otherwise.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Normalizers {
    observations: Option<ObservationNormalizer>,
    rewards: Option<RewardNormalizer>,
}

impl Normalizers {
    pub(crate) fn new(options: &Normalizing, observation_size: usize) -> Self {
        Self {
            observations: options.observations.then(|| ObservationNormalizer::new(observation_size)),
            rewards: options.rewards.then(|| RewardNormalizer::new(options.envs, options.gamma)),
        }
    }

    /// Takes rows of observations in.
    pub(crate) fn add_observations(&mut self, observations: ArrayView2<f32>) {
        if let Some(normalizer) = &mut self.observations {
            normalizer.add(observations);
        }
    }

    /// Takes in the rewards of a step of all environments.
    pub(crate) fn add_rewards(&mut self, rewards: &[f32], ended: impl Fn(usize) -> bool) {
        if let Some(normalizer) = &mut self.rewards {
            normalizer.add(rewards, ended);
        }
    }

    /// Normalises rows of observations.
    pub(crate) fn apply(&self, observations: ArrayViewMut2<f32>) {
        if let Some(normalizer) = &self.observations {
            normalizer.apply(observations);
        }
    }

    /// What rewards are multiplied by.
    pub(crate) fn reward_scale(&self) -> f32 {
        self.rewards.as_ref().map_or(1.0, RewardNormalizer::scale)
    }

    /// Whether networks see other observations than the environments show.
    pub(crate) fn changes_observations(&self) -> bool {
        self.observations.is_some()
    }

    /// The network that does with raw observations what `weights` do with those that [`Self::apply`] gives.
    pub(crate) fn folded_into(&self, weights: &MlpWeights) -> MlpWeights {
        self.observations.as_ref().map_or_else(|| weights.clone(), |normalizer| normalizer.folded_into(weights))
    }

    /// Whether both normalise the same.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let observations = |this: &Self| this.observations.as_ref().map(|normalizer| normalizer.entries.len());
        let rewards = |this: &Self| this.rewards.as_ref().map(|normalizer| normalizer.returns.len());
        observations(self) == observations(other) && rewards(self) == rewards(other)
    }
}

#[cfg(test)]
mod tests {
    use daladala_agents::network::{Activation, FusedMlp};
    use daladala_env::Generator;
    use ndarray::{Array2, Axis};

    use super::*;

    #[test]
    fn normalised_observations_have_mean_0_and_deviation_1() {
        let mut generator = Generator::new(1, 0);
        let draw = |(_, column)| if column == 0 { generator.uniform() * 6.0 + 40.0 } else { 7.0 };
        let mut rows = Array2::from_shape_fn((3000, 2), draw);
        let mut normalizer = ObservationNormalizer::new(2);
        rows.axis_chunks_iter(Axis(0), 250).for_each(|rows| normalizer.add(rows));
        normalizer.apply(rows.view_mut());
        let mut after = Moments::default();
        after.add(rows.column(0).iter().map(|&value| f64::from(value)));
        assert!(after.mean.abs() < 1e-3 && (after.std() - 1.0).abs() < 1e-3, "{after:?}");
        assert!(rows.column(1).iter().all(|&value| value == 0.0), "what never varies is not looked at");
    }

    #[test]
    fn an_entry_that_never_varied_in_training_changes_nothing_where_it_is_another() {
        let mut generator = Generator::new(3, 0);
        let weights = MlpWeights::init(&[2, 16, 4], Activation::Relu, 1.0, &mut generator);
        let mut normalizer = ObservationNormalizer::new(2);
        // In several batches, as 0.15 has no exact mean.
        for _ in 0..7 {
            let columns = |(_, column)| if column == 0 { generator.uniform() } else { 0.15 };
            normalizer.add(Array2::from_shape_fn((33, 2), columns).view());
        }
        let folded = FusedMlp::new(&normalizer.folded_into(&weights));
        let outputs = |constant: f32| {
            let mut outputs = vec![0.0; 4];
            folded.forward(&[0.7, constant], &mut outputs);
            outputs
        };
        assert_eq!(outputs(0.15), outputs(0.5));
        let mut seen = ndarray::array![[0.7, 0.15], [0.7, 0.5]];
        normalizer.apply(seen.view_mut());
        assert_eq!(seen.row(0), seen.row(1));
    }

    #[test]
    fn a_folded_network_does_with_raw_observations_what_the_other_does_with_normalised_ones() {
        let mut generator = Generator::new(2, 0);
        let weights = MlpWeights::init(&[3, 16, 4], Activation::Tanh, 1.0, &mut generator);
        let raw = Array2::from_shape_fn((20, 3), |(_, column)| generator.uniform() * 5.0 + column as f32 * 3.0);
        let mut normalizer = ObservationNormalizer::new(3);
        normalizer.add(raw.view());
        let mut scaled = raw.clone();
        normalizer.apply(scaled.view_mut());
        let outputs = |weights: &MlpWeights, observations: &Array2<f32>| {
            let mut outputs = vec![0.0; 80];
            FusedMlp::new(weights).forward(observations.as_slice().expect("row by row"), &mut outputs);
            outputs
        };
        let folded = outputs(&normalizer.folded_into(&weights), &raw);
        for (folded, plain) in folded.iter().zip(outputs(&weights, &scaled)) {
            assert!((folded - plain).abs() < 1e-5, "{folded} for {plain}");
        }
    }

    #[test]
    fn rewards_are_scaled_by_the_deviation_of_the_discounted_return() {
        let mut normalizer = RewardNormalizer::new(2, 0.5);
        assert_eq!(normalizer.scale(), 1.0);
        normalizer.add(&[4.0, 0.0], |index| index == 1);
        normalizer.add(&[2.0, 8.0], |_| false);
        // Returns so far: 4, 0, then 2 + 0.5 · 4 = 4, and 8 after an end.
        let deviation = 8.0f64.sqrt();
        assert!((f64::from(normalizer.scale()) - 1.0 / deviation).abs() < 1e-6, "{}", normalizer.scale());
    }
}
