//! How far a training is, and what changes with it.

use serde::{Deserialize, Serialize};

/// How a hyperparameter goes on from its value at the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// It stays.
    Constant,
    /// It falls linearly to zero at the last step.
    #[default]
    Linear,
}

impl Schedule {
    /// For hyperparameters that stay unless said otherwise.
    pub(crate) fn constant() -> Self {
        Self::Constant
    }

    /// What has become of `start`.
    pub(crate) fn value(self, start: f64, training: TrainingProgress) -> f64 {
        match self {
            Self::Constant => start,
            Self::Linear => start * (1.0 - training.fraction()),
        }
    }
}

/// How far a training is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TrainingProgress {
    /// Environment steps so far.
    pub(crate) done: u64,
    /// Environment steps in all.
    pub(crate) steps: u64,
}

impl TrainingProgress {
    /// The part of the training that is over, 0 to 1.
    pub(crate) fn fraction(self) -> f64 {
        (self.done as f64 / self.steps as f64).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linear_schedule_ends_at_zero_and_a_constant_one_where_it_began() {
        let at = |done| TrainingProgress { done, steps: 200 };
        let values = [0, 50, 200, 300].map(|done| Schedule::Linear.value(0.4, at(done)));
        assert_eq!(values, [0.4, 0.3, 0.0, 0.0].map(|value: f64| if value == 0.3 { 0.4 * 0.75 } else { value }));
        assert_eq!(Schedule::Constant.value(0.4, at(150)), 0.4);
    }
}
