//! What every driver has in common, trained or written by hand.

use daladala_env::{Action, Generator, OutputKind, RulesInfo, SpecId};

use crate::seeds::SeedStream;

/// The fewest rows that are worth a thread of their own: handing them over and waiting for it takes some microseconds,
/// in which a network of two layers of 64 units is through with a hundred rows.
const LEAST_ROWS: usize = 256;

/// Why a policy has no action, in a line for people. Those that are written in another language fail like any program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PolicyFault(pub String);

/// Chooses actions from observations, many environments at a time.
///
/// Everything happens on the calling thread, and rows do not depend on each other: who has several threads hands each of
/// them [as many rows](rows_per_thread) as it is worth.
pub trait Policy: Send + Sync {
    /// Entries of an observation.
    fn observation_size(&self) -> usize;

    /// Number of actions to choose from.
    fn actions(&self) -> usize;

    /// What the outputs are.
    fn output_kind(&self) -> OutputKind;

    /// What the choice is made by, `[batch, actions]` from `observations` `[batch, observation_size]`: action values
    /// of a Q-network, logits of an actor, 1 for the choice of a scripted driver and 0 for the others.
    fn outputs(&self, observations: &[f32], outputs: &mut [f32]);

    /// Whether only one thread may ask it, the one that an evaluation is called on. What is written in another language may
    /// keep what it computes in itself, and be interrupted on that thread alone.
    fn on_one_thread(&self) -> bool {
        false
    }

    /// Whether it is to choose among open actions alone, as it did while it learnt: then callers hand it action masks.
    fn masked(&self) -> bool {
        false
    }

    /// One action a row of `outputs`, among those that are open in the row's mask where `masks` are given (bit `a` for
    /// action `a`, at least one of them set). Row `i` draws from `generators[i]` and from nothing else, so that choices
    /// do not depend on the batch; a deterministic policy draws nothing. Unless a policy has it otherwise, the greatest
    /// output is chosen.
    fn choose(&self, outputs: &[f32], masks: Option<&[u32]>, generators: &mut [Generator], actions: &mut [Action]) {
        let _ = generators;
        choose_greatest(outputs, masks, self.actions(), actions);
    }

    /// Outputs and choice together, one action a row of `observations`.
    fn act(&self, observations: &[f32], masks: Option<&[u32]>, generators: &mut [Generator], actions: &mut [Action]) {
        let mut outputs = vec![0.0; actions.len() * self.actions()];
        self.outputs(observations, &mut outputs);
        self.choose(&outputs, masks, generators, actions);
    }

    /// The same for one observation, whose outputs are written too. It is what rooms and recordings ask, who can tell of a
    /// policy that fails.
    fn decide(
        &self,
        observation: &[f32],
        mask: Option<u32>,
        generator: &mut Generator,
        outputs: &mut [f32],
    ) -> Result<Action, PolicyFault> {
        let mut actions = [0];
        self.outputs(observation, outputs);
        let mask = mask.as_ref().map(std::slice::from_ref);
        self.choose(outputs, mask, std::slice::from_mut(generator), &mut actions);
        Ok(actions[0])
    }
}

/// How many of `rows` each of up to `threads` threads should get: all, where there is too little to share.
#[must_use]
pub fn rows_per_thread(rows: usize, threads: usize) -> usize {
    rows.div_ceil((rows / LEAST_ROWS).clamp(1, threads.max(1)))
}

/// A model made for other observations or actions than the rules have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the model takes {model_observation} numbers and has {model_actions} actions, '{spec}' has {observation} and {actions}"
)]
pub struct WrongSpaces {
    /// The rules and the scenario.
    pub spec: SpecId,
    /// Entries of the model's observation.
    pub model_observation: usize,
    /// Actions of the model.
    pub model_actions: usize,
    /// Entries of the rules' observation.
    pub observation: usize,
    /// Actions of the rules.
    pub actions: usize,
}

/// Refuses a model that sees or does other things than the rules have.
pub(crate) fn ensure_fits(
    rules: &RulesInfo,
    model_observation: usize,
    model_actions: usize,
) -> Result<(), WrongSpaces> {
    let (observation, actions) = (rules.observation_size(), rules.actions());
    if (model_observation, model_actions) == (observation, actions) {
        return Ok(());
    }
    Err(WrongSpaces { spec: rules.id.clone(), model_observation, model_actions, observation, actions })
}

/// The index of the greatest of each row of `count` outputs, among those that are open where there are masks.
pub(crate) fn choose_greatest(outputs: &[f32], masks: Option<&[u32]>, count: usize, actions: &mut [Action]) {
    let rows = outputs.chunks_exact(count).zip(actions);
    match masks {
        None => rows.for_each(|(outputs, action)| *action = argmax(outputs)),
        Some(masks) => {
            rows.zip(masks).for_each(|((outputs, action), &mask)| *action = masked_argmax(outputs, mask));
        }
    }
}

/// The index of the greatest value, the first of equals.
#[must_use]
pub fn argmax(values: &[f32]) -> Action {
    let mut best = 0;
    for (index, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = index;
        }
    }
    best as Action
}

/// The index of the greatest value among the actions that are open in `mask`, the first of equals; 0 if none is open.
#[must_use]
pub fn masked_argmax(values: &[f32], mask: u32) -> Action {
    let open = values.iter().enumerate().filter(|(action, _)| is_open(mask, *action));
    let best = open.reduce(|best, other| if other.1 > best.1 { other } else { best });
    best.map_or(0, |(action, _)| action as Action)
}

/// Whether an action is open in a mask.
#[must_use]
pub fn is_open(mask: u32, action: usize) -> bool {
    u32::try_from(action).ok().and_then(|action| mask.checked_shr(action)).is_some_and(|rest| rest & 1 == 1)
}

/// A policy that chooses among all actions, whether it learnt to or not: to see what masks do.
pub struct Unmasked(pub Box<dyn Policy>);

impl Policy for Unmasked {
    fn observation_size(&self) -> usize {
        self.0.observation_size()
    }

    fn actions(&self) -> usize {
        self.0.actions()
    }

    fn output_kind(&self) -> OutputKind {
        self.0.output_kind()
    }

    fn outputs(&self, observations: &[f32], outputs: &mut [f32]) {
        self.0.outputs(observations, outputs);
    }

    fn on_one_thread(&self) -> bool {
        self.0.on_one_thread()
    }

    fn choose(&self, outputs: &[f32], _: Option<&[u32]>, generators: &mut [Generator], actions: &mut [Action]) {
        self.0.choose(outputs, None, generators, actions);
    }
}

/// The generators a policy draws from while it drives environments `indices` under `seed`: apart from those of the
/// environments, so that layouts do not depend on who drives.
#[must_use]
pub fn policy_generators(seed: u64, indices: std::ops::Range<usize>) -> Vec<Generator> {
    indices.map(|index| policy_generator(seed, index as u64)).collect()
}

pub(crate) fn policy_generator(seed: u64, index: u64) -> Generator {
    Generator::new(SeedStream::Policy.seed(seed), index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_thread_gets_fewer_rows_than_it_is_worth() {
        for (rows, threads, share) in [(1, 8, 1), (511, 2, 511), (512, 2, 256), (1000, 8, 334), (4096, 2, 2048)] {
            assert_eq!(rows_per_thread(rows, threads), share, "{rows} rows, {threads} threads");
        }
    }

    #[test]
    fn a_closed_action_is_never_the_best() {
        let values = [3.0, 1.0, 2.0, 2.0];
        assert_eq!(masked_argmax(&values, 0b1111), argmax(&values));
        assert_eq!(masked_argmax(&values, 0b1110), 2, "the first of equals");
        assert_eq!(masked_argmax(&values, 0b0010), 1);
        assert_eq!(masked_argmax(&[f32::NEG_INFINITY; 3], 0b100), 2);
        assert!(!is_open(u32::MAX, 32) && is_open(u32::MAX, 31));
    }
}
