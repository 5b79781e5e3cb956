//! A check of any rule set against the contract, by driving it at random.
//!
//! It is for whoever writes rules, and runs over every registered rule set in the tests. What it finds is told as the
//! first thing that does not hold.

use crate::generator::Generator;
use crate::rules::{Action, FrameContext, Rules, Transition};
use crate::vec_env::{Autoreset, Buffers, ResetOptions, ScalarBatch, Seeds, Snapshot, VecEnv, VecEnvConfig};

/// Environments of the batches that are compared: more than one SIMD block, and no whole number of them.
const ENVS: usize = 70;

/// What does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{rules}: {what}")]
pub struct CheckFailure {
    rules: &'static str,
    what: String,
}

/// Drives `rules` for `steps` steps from `seed` and checks what [`Rules`] and [`VecEnv`] promise: spaces, bounds,
/// determinism, flags, masks, frames, figures, final observations, auto-reset, snapshots, and that the rule set's own
/// batch does what the plain one does.
pub fn check_rules<R: Rules>(rules: &R, seed: u64, steps: usize) -> Result<(), CheckFailure> {
    let checks = [check_spaces, check_episodes, check_snapshots, check_autoreset, check_batch];
    let fail = |what| CheckFailure { rules: rules.name(), what };
    checks.into_iter().try_for_each(|check| check(rules, seed, steps)).map_err(fail)
}

type Checked = Result<(), String>;

fn ensure(holds: bool, what: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(what()) }
}

fn check_spaces<R: Rules>(rules: &R, _: u64, _: usize) -> Checked {
    let spaces = rules.spaces();
    ensure(!spaces.observation.is_empty(), || "there is nothing to observe".into())?;
    ensure((1..=32).contains(&spaces.actions.len()), || "needed are 1 to 32 actions: masks have 32 bits".into())?;
    for (index, feature) in spaces.observation.iter().enumerate() {
        ensure(feature.low < feature.high, || format!("feature {} has no range", feature.name))?;
        let unique = spaces.observation[..index].iter().all(|other| other.name != feature.name);
        ensure(unique, || format!("feature {} is there twice", feature.name))?;
    }
    let (width, height) = rules.grid();
    let on_grid = rules.route().iter().all(|&(x, y)| x < width && y < height);
    ensure(on_grid && !rules.route().is_empty(), || "the route is not on the grid".into())
}

/// One environment, step by step, on the rules alone.
fn check_episodes<R: Rules>(rules: &R, seed: u64, steps: usize) -> Checked {
    let spaces = rules.spaces();
    let mut begun = 0;
    let mut generator = Generator::new(seed, 0);
    let mut choosing = Generator::new(seed, 1);
    let mut observation = vec![0.0; spaces.observation.len()];
    let mut state = begin(rules, &mut generator, &mut begun)?;
    let (mut length, mut total) = (0, 0.0);
    for step in 0..steps {
        rules
            .check_state(&state, false)
            .map_err(|error| format!("step {step}: a state it made itself is refused: {error}"))?;
        rules.observe(&state, &mut observation);
        for (value, feature) in observation.iter().zip(spaces.observation) {
            let within = (feature.low..=feature.high).contains(value);
            ensure(within, || format!("step {step}: feature {} is {value}", feature.name))?;
        }
        check_mask(rules, &state, &generator).map_err(|what| format!("step {step}: {what}"))?;

        let action = choosing.below(spaces.actions.len() as u32) as Action;
        let before = state.clone();
        let (mut again, mut again_generator) = (state.clone(), generator.clone());
        let transition = rules.step(&mut state, action, &mut generator);
        let same = rules.step(&mut again, action, &mut again_generator) == transition
            && again == state
            && again_generator == generator;
        ensure(same, || format!("step {step}: the same state, action and generator gave something else"))?;
        length += 1;
        total += transition.reward;
        check_flags(rules, transition, length).map_err(|what| format!("step {step}: {what}"))?;
        check_terms(rules, &rules.explain(&before, action, &state), transition.reward)
            .map_err(|what| format!("step {step}: {what}"))?;
        check_frame(rules, &state, action, transition, total).map_err(|what| format!("step {step}: {what}"))?;
        if transition.terminated || transition.truncated {
            let last = rules.check_state(&state, true);
            last.map_err(|error| format!("step {step}: a last state it made itself is refused: {error}"))?;
            state = begin(rules, &mut generator, &mut begun)?;
            (length, total) = (0, 0.0);
        }
    }
    Ok(())
}

/// Drawn layouts and any other in turn.
fn begin<R: Rules>(rules: &R, generator: &mut Generator, begun: &mut u32) -> Result<R::State, String> {
    *begun += 1;
    let layout = if begun.is_multiple_of(2) { rules.draw(generator) } else { rules.draw_any(generator) };
    rules.check_layout(&layout).map_err(|error| format!("a layout it drew itself is refused: {error}"))?;
    let state = rules.start(&layout, generator);
    ensure(rules.layout(&state) == layout, || "a state does not tell the layout it was started on".into())?;
    Ok(state)
}

/// A mask is honest if some action is always open, and what is masked out does no more than an open action would.
fn check_mask<R: Rules>(rules: &R, state: &R::State, generator: &Generator) -> Checked {
    let actions = rules.spaces().actions.len();
    let mask = rules.action_mask(state);
    ensure(mask != 0, || "all actions are masked out".into())?;
    ensure(mask.checked_shr(actions as u32).unwrap_or(0) == 0, || "an action that isn't there is open".into())?;
    let after = |action: usize| {
        let mut state = state.clone();
        rules.step(&mut state, action as Action, &mut generator.clone());
        state
    };
    let is_open = |action: &usize| mask >> action & 1 == 1;
    let open: Vec<_> = (0..actions).filter(is_open).map(after).collect();
    let dishonest = (0..actions).filter(|action| !is_open(action)).find(|&action| !open.contains(&after(action)));
    ensure(dishonest.is_none(), || format!("action {dishonest:?} is masked out and has an effect of its own"))
}

fn check_flags<R: Rules>(rules: &R, transition: Transition, length: u32) -> Checked {
    ensure(transition.reward.is_finite(), || "the reward is not finite".into())?;
    let at_limit = length >= rules.max_steps();
    ensure(transition.truncated == at_limit || transition.terminated, || {
        format!("truncated is {} after {length} of {} steps", transition.truncated, rules.max_steps())
    })?;
    ensure(!(transition.terminated && transition.truncated) || at_limit, || "both flags without cause".into())
}

/// The terms of a reward are named, and their sum is the reward, but for rounding.
fn check_terms<R: Rules>(rules: &R, terms: &[f32], reward: f32) -> Checked {
    const ROUNDING: f32 = 1e-5;
    let (sum, size) = terms.iter().fold((0.0, 1.0), |(sum, size), term| (sum + term, size + term.abs()));
    let told = terms.len() == rules.reward_terms().len() && (sum - reward).abs() <= ROUNDING * size;
    ensure(told, || format!("the reward is {reward}, its terms are {terms:?}"))
}

fn check_frame<R: Rules>(
    rules: &R,
    state: &R::State,
    action: Action,
    transition: Transition,
    total_reward: f32,
) -> Checked {
    let frame = rules.frame(state, &FrameContext { episode: 1, action: Some(action), transition, total_reward });
    let outcome = rules.outcome(state);
    let cell = rules.route().get(frame.route_index as usize).copied();
    ensure(cell == Some(frame.position), || format!("frame: cell {:?} is not on the route", frame.position))?;
    let same_outcome = (frame.passengers, frame.money, frame.fined, frame.crashed)
        == (outcome.passengers, outcome.money, outcome.fined.into(), outcome.crashed.into());
    ensure(same_outcome, || format!("frame and outcome tell different things: {outcome:?}"))?;
    let name = rules.spaces().actions[usize::from(action)];
    let same_step = frame.action == Some(action)
        && frame.action_name.as_deref() == Some(name)
        && (frame.reward, frame.total_reward) == (transition.reward, total_reward)
        && (frame.terminated, frame.truncated) == (transition.terminated, transition.truncated);
    ensure(same_step, || "frame: it does not tell the step it was given".into())?;
    let capacities = (frame.capacity, frame.legal_capacity);
    ensure(capacities == rules.capacities(), || "frame: it tells other capacities than the rules".into())
}

/// A restored run goes on as the original does, in another place of another batch.
fn check_snapshots<R: Rules>(rules: &R, seed: u64, steps: usize) -> Checked {
    let mut run = Run::<R>::new(rules, seed, 3, Autoreset::SameStep);
    let mut copy = Run::<R>::new(rules, seed.wrapping_add(1), 5, Autoreset::SameStep);
    for _ in 0..steps / 2 {
        run.step(|index| index);
    }
    let saved: Vec<Snapshot<R::State>> = (0..3).map(|index| run.env.snapshot(index)).collect();
    copy.env.restore(&[4, 0, 2], &saved).map_err(|error| error.to_string())?;
    copy.step = run.step;
    for step in 0..steps {
        run.step(|index| index);
        copy.step(|index| [1, 9, 2, 9, 0][index]);
        for (index, place) in [4, 0, 2].into_iter().enumerate() {
            let same = run.row(index) == copy.row(place) && run.env.snapshot(index) == copy.env.snapshot(place);
            ensure(same, || format!("{step} steps after it was restored, a run differs from the original"))?;
        }
    }
    Ok(())
}

/// The three auto-resets tell the same episodes, and none loses the final observation.
fn check_autoreset<R: Rules>(rules: &R, seed: u64, steps: usize) -> Checked {
    let run = |autoreset| Run::<R>::new(rules, seed, 1, autoreset);
    let (mut same, mut next, mut none) = (run(Autoreset::SameStep), run(Autoreset::NextStep), run(Autoreset::Disabled));
    for step in 0..steps {
        same.step(|index| index);
        next.step(|index| index);
        none.step(|index| index);
        let ended = same.buffers.ended(0);
        ensure((next.buffers.ended(0), none.buffers.ended(0)) == (ended, ended), || {
            format!("step {step}: flags differ")
        })?;
        if ended {
            let last = &same.buffers.final_observations;
            let kept = *last == next.buffers.observations && *last == none.buffers.observations;
            ensure(kept, || format!("step {step}: the final observation differs between auto-resets"))?;
            ensure(none.env.step(&[0], none.buffers.as_step()).is_err(), || {
                "a finished episode was stepped on".into()
            })?;
            next.step -= 1;
            next.step(|index| index);
            none.env.reset(&mut none.buffers.observations);
            let silent = next.buffers.rewards == [0.0] && !next.buffers.ended(0);
            ensure(silent, || format!("step {step}: the resetting step of NextStep has a reward or a flag"))?;
        } else {
            let rewards = next.buffers.rewards == same.buffers.rewards && none.buffers.rewards == same.buffers.rewards;
            ensure(rewards, || format!("step {step}: rewards differ between auto-resets"))?;
        }
        let observations = &same.buffers.observations;
        let begun = *observations == next.buffers.observations && *observations == none.buffers.observations;
        ensure(begun, || format!("step {step}: observations differ between auto-resets"))?;
    }
    Ok(())
}

/// The rule set's own batch against the plain one.
fn check_batch<R: Rules>(rules: &R, seed: u64, steps: usize) -> Checked {
    for autoreset in [Autoreset::SameStep, Autoreset::NextStep, Autoreset::Disabled] {
        let mut fast = Run::<R>::new(rules, seed, ENVS, autoreset);
        let mut plain = Run::<R, ScalarBatch<R>>::new(rules, seed, ENVS, autoreset);
        let mut stirring = Generator::new(seed, 2);
        for step in 0..steps {
            fast.step(|index| index);
            plain.step(|index| index);
            let differs =
                |index| fast.row(index) != plain.row(index) || fast.env.snapshot(index) != plain.env.snapshot(index);
            let found = (0..ENVS).find(|&index| differs(index));
            ensure(found.is_none(), || format!("step {step}, {autoreset:?}: the batch differs from the plain one"))?;
            // Now and then some begin anew, and on layouts that are never drawn, so that no two go in step for long.
            let ended = |index| autoreset == Autoreset::Disabled && plain.buffers.ended(index);
            let mask: Vec<bool> = (0..ENVS).map(|index| stirring.below(16) == 0 || ended(index)).collect();
            let mut any = |_| (stirring.below(2) == 0).then(|| rules.draw_any(&mut stirring));
            let layouts: Vec<_> = (0..ENVS).map(&mut any).collect();
            let options = ResetOptions { seeds: Seeds::Continue, mask: Some(&mask), layouts: Some(&layouts) };
            fast.env.reset_with(&options, &mut fast.buffers.observations).map_err(|error| error.to_string())?;
            plain.env.reset_with(&options, &mut plain.buffers.observations).map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}

/// A batch driven by actions that depend on the place and the step.
struct Run<R: Rules, B: crate::Batch<R> = <R as Rules>::Batch> {
    env: VecEnv<R, B>,
    buffers: Buffers,
    actions: Vec<Action>,
    step: u32,
}

impl<R: Rules, B: crate::Batch<R>> Run<R, B> {
    fn new(rules: &R, seed: u64, envs: usize, autoreset: Autoreset) -> Self {
        let config = VecEnvConfig { autoreset, ..VecEnvConfig::default() };
        let mut env = VecEnv::with_batch(rules.clone(), envs, config);
        let mut buffers = Buffers::for_env(&env);
        let options = ResetOptions { seeds: Seeds::One(seed), ..ResetOptions::default() };
        env.reset_with(&options, &mut buffers.observations).expect("observations fit");
        Self { env, buffers, actions: vec![0; envs], step: 0 }
    }

    /// One step; `index` says which environment each place stands in for.
    fn step(&mut self, index: impl Fn(usize) -> usize) {
        let count = self.env.rules().spaces().actions.len() as u32;
        for (place, action) in self.actions.iter_mut().enumerate() {
            *action = Generator::new(u64::from(self.step), index(place) as u64).below(count) as Action;
        }
        self.env.step(&self.actions, self.buffers.as_step()).expect("these actions are the rules'");
        self.step += 1;
    }

    fn row(&self, index: usize) -> (&[f32], f32, bool, bool, Option<&[f32]>) {
        let (buffers, size) = (&self.buffers, self.env.observation_size());
        let row = index * size..(index + 1) * size;
        // Only auto-reset in the same step writes final observations.
        let last = buffers.ended(index).then(|| &buffers.final_observations[row.clone()]);
        (&buffers.observations[row], buffers.rewards[index], buffers.terminated[index], buffers.truncated[index], last)
    }
}
