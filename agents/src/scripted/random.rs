//! A driver without a thought: the floor that any other should be above.

use daladala_env::spaces::Spaces;
use daladala_env::{Action, Generator, OutputKind};

use crate::policy::{Policy, is_open};

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
    use super::*;

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
