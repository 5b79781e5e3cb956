//! The oracle of `classic`.

use daladala_env::{Action, OutputKind};

use crate::policy::Policy;

// What the oracle knows of `classic`, the only rules that it drives by; a test compares it with the rules.
const PICK_UP: Action = 1;
const STOP: Action = 3;
const SPEED_UP: Action = 4;
/// Entries of a `classic` observation.
const OBSERVATION_SIZE: usize = 14;
/// Number of `classic` actions.
const ACTIONS: usize = 5;
/// The place of the `must_stop` feature.
const MUST_STOP: usize = 7;
/// The place of the `at_stop` feature.
const AT_STOP: usize = 8;

/// Drives `classic` with the best return that its layout has, for layouts with the default waiting counts: stops
/// where it must, picks up at stops and speeds up elsewhere.
#[derive(Debug, Clone, Copy, Default)]
pub struct Oracle;

impl Oracle {
    fn best(observation: &[f32]) -> Action {
        if observation[MUST_STOP] > 0.0 {
            STOP
        } else if observation[AT_STOP] > 0.0 {
            PICK_UP
        } else {
            SPEED_UP
        }
    }
}

impl Policy for Oracle {
    fn observation_size(&self) -> usize {
        OBSERVATION_SIZE
    }

    fn actions(&self) -> usize {
        ACTIONS
    }

    fn output_kind(&self) -> OutputKind {
        OutputKind::Probabilities
    }

    fn outputs(&self, observations: &[f32], outputs: &mut [f32]) {
        outputs.fill(0.0);
        let rows = observations.chunks_exact(OBSERVATION_SIZE).zip(outputs.chunks_exact_mut(ACTIONS));
        for (observation, outputs) in rows {
            outputs[usize::from(Self::best(observation))] = 1.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use daladala_env::{Rules, rules::Classic};

    use super::*;

    #[test]
    fn it_looks_at_the_features_it_means() {
        let spaces = Classic.spaces();
        assert_eq!(spaces.feature("must_stop"), Some(MUST_STOP));
        assert_eq!(spaces.feature("at_stop"), Some(AT_STOP));
        assert_eq!((spaces.observation_shape(), spaces.actions.len()), ([OBSERVATION_SIZE], ACTIONS));
        let chosen = [PICK_UP, STOP, SPEED_UP].map(|action| spaces.actions[usize::from(action)].as_str());
        assert_eq!(chosen, ["Pick up", "Stop", "Speed up"]);
    }
}
