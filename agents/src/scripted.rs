//! Drivers written by hand: yardsticks for the trained ones.

use daladala_env::spaces::Spaces;
use daladala_env::{Action, Generator, OutputKind};

use crate::policy::{Policy, argmax, is_open};

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

/// Chooses among all actions with equal chances, whatever the rules.
#[derive(Debug, Clone, Copy)]
pub struct Random {
    observation_size: usize,
    actions: usize,
}

impl Random {
    /// For the rules that have these spaces.
    #[must_use]
    pub fn new(spaces: &Spaces) -> Self {
        Self { observation_size: spaces.observation.len(), actions: spaces.actions.len() }
    }
}

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

    fn choose(&self, outputs: &[f32], _: Option<&[u32]>, _: &mut [Generator], actions: &mut [Action]) {
        for (outputs, action) in outputs.chunks_exact(ACTIONS).zip(actions) {
            *action = argmax(outputs);
        }
    }
}

impl Policy for Random {
    fn observation_size(&self) -> usize {
        self.observation_size
    }

    fn actions(&self) -> usize {
        self.actions
    }

    fn output_kind(&self) -> OutputKind {
        OutputKind::Probabilities
    }

    fn outputs(&self, _: &[f32], outputs: &mut [f32]) {
        outputs.fill(1.0 / self.actions as f32);
    }

    fn choose(&self, _: &[f32], masks: Option<&[u32]>, generators: &mut [Generator], actions: &mut [Action]) {
        for (row, (generator, action)) in generators.iter_mut().zip(actions).enumerate() {
            *action = match masks {
                None => generator.below(self.actions as u32) as Action,
                Some(masks) => random_open_action(masks[row], self.actions, generator),
            };
        }
    }
}

/// One of the actions that are open in `mask`, with equal chances; 0 if none is.
#[must_use]
pub fn random_open_action(mask: u32, actions: usize, generator: &mut Generator) -> Action {
    let open = (0..actions).filter(|&action| is_open(mask, action));
    let chosen = generator.below(open.clone().count() as u32) as usize;
    open.clone().nth(chosen).unwrap_or_default() as Action
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

    #[test]
    fn any_number_of_actions_can_be_chosen_from() {
        let spaces = Spaces { observation: Vec::new(), actions: ["left", "right", "wait"].map(str::to_owned).to_vec() };
        let random = Random::new(&spaces);
        assert_eq!((random.observation_size(), random.actions()), (0, 3));
        let mut generators: Vec<_> = (0..300).map(|index| Generator::new(0, index)).collect();
        let (mut outputs, mut actions) = (vec![0.0; 900], vec![0; 300]);
        random.outputs(&[], &mut outputs);
        random.choose(&outputs, None, &mut generators, &mut actions);
        assert_eq!(outputs, [1.0 / 3.0; 900]);
        assert!((0..3).all(|action| actions.contains(&action)));
        assert!(actions.iter().all(|action| *action < 3));
        random.choose(&outputs, Some(&[0b101; 300]), &mut generators, &mut actions);
        assert!(actions.contains(&0) && actions.contains(&2) && !actions.contains(&1), "a closed action was chosen");
    }
}
