//! A check of any rule set against the contract, by driving it at random.
//!
//! It is for whoever writes rules, and runs over every registered rule set in the tests. What it finds is told as the
//! first thing that does not hold.

use crate::generator::Generator;
use crate::info::{EndingKind, FigureKind, MAX_FIGURES, RulesInfo};
use crate::rules::{Action, FrameContext, Rules, StepTerms, Transition};
use crate::vec_env::{Autoreset, Buffers, ResetOptions, ScalarBatch, Seeds, Snapshot, VecEnv, VecEnvConfig};

/// Environments of the batches that are compared: more than one SIMD block, and no whole number of them.
const ENVS: usize = 70;

/// What the checker needs of rules, and nobody else.
pub trait DrawAny: Rules {
    /// Draws any layout that can be given, however far from the drawn ones, to reach every corner of the rules.
    fn draw_any(&self, generator: &mut Generator) -> Self::Layout;
}

/// What does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{rules}: {what}")]
pub struct CheckFailure {
    rules: String,
    what: String,
}

/// Drives `rules` for `steps` steps from `seed` and checks what [`Rules`] and [`VecEnv`] promise: what describes them,
/// bounds, determinism, random words, flags, reward terms, costs, masks, frames, figures, endings, final observations,
/// auto-reset, snapshots, and that the rule set's own batch does what the plain one does.
pub fn check_rules<R: DrawAny>(rules: &R, seed: u64, steps: usize) -> Result<(), CheckFailure> {
    let checks = [check_info, check_episodes, check_snapshots, check_autoreset, check_batch];
    let fail = |what| CheckFailure { rules: rules.info().id.to_string(), what };
    checks.into_iter().try_for_each(|check| check(rules, seed, steps)).map_err(fail)
}

type Checked = Result<(), String>;

fn ensure(holds: bool, what: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(what()) }
}

fn check_info<R: DrawAny>(rules: &R, _: u64, _: usize) -> Checked {
    let info = rules.info();
    let spaces = &info.spaces;
    ensure(info == rules.info(), || "the same rules describe themselves in two ways".into())?;
    ensure(!spaces.observation.is_empty(), || "there is nothing to observe".into())?;
    ensure((1..=32).contains(&spaces.actions.len()), || "needed are 1 to 32 actions: masks have 32 bits".into())?;
    let feature = spaces.observation.iter().find(|feature| feature.low >= feature.high);
    ensure(feature.is_none(), || format!("feature {:?} has no range", feature.map(|feature| &feature.name)))?;
    ensure(info.figures.len() <= MAX_FIGURES, || format!("there are more than {MAX_FIGURES} figures"))?;
    ensure(!info.endings.is_empty(), || "an episode has no way to end".into())?;
    let on_grid = info.route.iter().all(|&(x, y)| x < info.grid.0 && y < info.grid.1);
    ensure(on_grid && !info.route.is_empty(), || "the route is not on the grid".into())?;
    let place = info.places.iter().find(|place| !info.route.contains(&place.cell));
    ensure(place.is_none(), || format!("the place {:?} is not on the route", place.map(|place| &place.name)))?;
    unique("feature", spaces.observation.iter().map(|feature| &feature.name))?;
    unique("action", spaces.actions.iter())?;
    unique("reward term", info.reward_terms.iter().map(|term| &term.name))?;
    unique("cost term", info.cost_terms.iter().map(|term| &term.name))?;
    unique("figure", info.figures.iter().map(|figure| &figure.name))?;
    unique("ending", info.endings.iter().map(|ending| &ending.name))
}

fn unique<'a>(what: &str, names: impl Iterator<Item = &'a String>) -> Checked {
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    let twice = names.windows(2).find(|pair| pair[0] == pair[1]);
    ensure(twice.is_none(), || format!("{what} {} is there twice", twice.map_or("", |pair| pair[0])))
}

/// One environment, step by step, on the rules alone.
fn check_episodes<R: DrawAny>(rules: &R, seed: u64, steps: usize) -> Checked {
    let info = rules.info();
    let mut begun = 0;
    let mut generator = Generator::new(seed, 0);
    let mut choosing = Generator::new(seed, 1);
    let mut observation = vec![0.0; info.observation_size()];
    let mut state = begin(rules, &mut generator, &mut begun)?;
    let (mut length, mut total) = (0, 0.0);
    for step in 0..steps {
        let at = |what: String| format!("step {step}: {what}");
        rules.check_state(&state, false).map_err(|error| at(format!("a state it made itself is refused: {error}")))?;
        rules.observe(&state, &mut observation);
        for (value, feature) in observation.iter().zip(&info.spaces.observation) {
            let within = (feature.low..=feature.high).contains(value);
            ensure(within, || at(format!("feature {} is {value}", feature.name)))?;
        }
        check_mask(rules, &info, &state, &generator).map_err(at)?;
        check_random_words(rules, &info, &state, &generator).map_err(at)?;

        let action = choosing.below(info.actions() as u32) as Action;
        let told = Told::step(rules, &info, &state, action, &generator);
        let mut same = Told::step(rules, &info, &state, action, &generator) == told;
        let transition = rules.step(&mut state, action, &mut generator, None);
        same &= (transition, &state, &generator) == (told.transition, &told.state, &told.generator);
        ensure(same, || at("the same state, action and generator gave something else, or with terms".into()))?;
        length += 1;
        total += transition.reward;
        ensure(rules.steps(&state) == length, || at(format!("{length} steps were counted differently")))?;
        check_flags(&info, transition, length).map_err(at)?;
        told.check_terms().map_err(at)?;
        check_frame(rules, &info, &state, action, transition, total).map_err(at)?;
        check_figures(rules, &info, &state).map_err(at)?;
        if transition.terminated || transition.truncated {
            check_ending(rules, &info, &state, transition).map_err(at)?;
            let last = rules.check_state(&state, true);
            last.map_err(|error| at(format!("a last state it made itself is refused: {error}")))?;
            state = begin(rules, &mut generator, &mut begun)?;
            (length, total) = (0, 0.0);
        }
    }
    Ok(())
}

/// A step with all that it tells.
#[derive(PartialEq)]
struct Told<S> {
    state: S,
    generator: Generator,
    transition: Transition,
    reward_terms: Vec<f32>,
    cost_terms: Vec<f32>,
}

impl<S: Clone> Told<S> {
    fn step<R: Rules<State = S>>(
        rules: &R,
        info: &RulesInfo,
        state: &S,
        action: Action,
        generator: &Generator,
    ) -> Self {
        let (mut state, mut generator) = (state.clone(), generator.clone());
        // What is not written shows: it equals nothing.
        let mut reward_terms = vec![f32::NAN; info.reward_terms.len()];
        let mut cost_terms = vec![f32::NAN; info.cost_terms.len()];
        let terms = StepTerms { reward: &mut reward_terms, cost: &mut cost_terms };
        let transition = rules.step(&mut state, action, &mut generator, Some(terms));
        Self { state, generator, transition, reward_terms, cost_terms }
    }

    /// The sum of the reward terms is the reward, but for rounding; the first cost term is the cost.
    fn check_terms(&self) -> Checked {
        const ROUNDING: f32 = 1e-5;
        let Self { transition: Transition { reward, cost, .. }, reward_terms: terms, cost_terms: costs, .. } = self;
        let (sum, size) = terms.iter().fold((0.0, 1.0), |(sum, size), term| (sum + term, size + term.abs()));
        ensure((sum - reward).abs() <= ROUNDING * size, || format!("the reward is {reward}, its terms are {terms:?}"))?;
        let scalar = costs.first().copied().unwrap_or_default();
        let told = scalar == *cost && costs.iter().all(|cost| cost.is_finite());
        ensure(told, || format!("the cost is {cost}, the cost terms are {costs:?}"))
    }
}

/// As many random words are drawn as the rules say, whatever the action.
fn check_random_words<R: Rules>(rules: &R, info: &RulesInfo, state: &R::State, generator: &Generator) -> Checked {
    let mut needed = generator.clone();
    (0..info.random_words_per_step).for_each(|_| _ = needed.next_u32());
    for action in 0..info.actions() as Action {
        let drawn = Told::step(rules, info, state, action, generator).generator;
        ensure(drawn == needed, || {
            format!("action {action} draws another number of random words than {}", info.random_words_per_step)
        })?;
    }
    Ok(())
}

fn check_figures<R: Rules>(rules: &R, info: &RulesInfo, state: &R::State) -> Checked {
    let mut figures = vec![f32::NAN; info.figures.len()];
    rules.figures(state, &mut figures);
    for (value, figure) in figures.iter().zip(&info.figures) {
        let good = value.is_finite() && (figure.kind != FigureKind::Rate || [0.0, 1.0].contains(value));
        ensure(good, || format!("the figure {} is {value}", figure.name))?;
    }
    Ok(())
}

fn check_ending<R: Rules>(rules: &R, info: &RulesInfo, state: &R::State, transition: Transition) -> Checked {
    let ending = info.endings.get(usize::from(rules.ending(state)));
    let ending = ending.ok_or("the episode ended in a way that the rules do not declare")?;
    let fits = match ending.kind {
        EndingKind::Terminated => transition.terminated,
        EndingKind::Truncated => transition.truncated && !transition.terminated,
    };
    ensure(fits, || format!("the ending {} does not fit the flags of the last step", ending.name))
}

/// Drawn layouts and any other in turn.
fn begin<R: DrawAny>(rules: &R, generator: &mut Generator, begun: &mut u32) -> Result<R::State, String> {
    *begun += 1;
    let layout = if begun.is_multiple_of(2) { rules.draw(generator) } else { rules.draw_any(generator) };
    rules.check_layout(&layout).map_err(|error| format!("a layout it drew itself is refused: {error}"))?;
    let state = rules.start(&layout, generator);
    ensure(rules.layout(&state) == layout, || "a state does not tell the layout it was started on".into())?;
    Ok(state)
}

/// A mask is honest if some action is always open, and what is masked out does no more than an open action would.
fn check_mask<R: Rules>(rules: &R, info: &RulesInfo, state: &R::State, generator: &Generator) -> Checked {
    let actions = info.actions();
    let mask = rules.action_mask(state);
    ensure(mask != 0, || "all actions are masked out".into())?;
    ensure(mask & !info.open_mask() == 0, || "an action that isn't there is open".into())?;
    let after = |action: usize| {
        let mut state = state.clone();
        rules.step(&mut state, action as Action, &mut generator.clone(), None);
        state
    };
    let is_open = |action: &usize| mask >> action & 1 == 1;
    let open: Vec<_> = (0..actions).filter(is_open).map(after).collect();
    let dishonest = (0..actions).filter(|action| !is_open(action)).find(|&action| !open.contains(&after(action)));
    ensure(dishonest.is_none(), || format!("action {dishonest:?} is masked out and has an effect of its own"))
}

fn check_flags(info: &RulesInfo, transition: Transition, length: u32) -> Checked {
    ensure(transition.reward.is_finite(), || "the reward is not finite".into())?;
    let at_limit = length >= info.max_steps;
    ensure(transition.truncated == at_limit || transition.terminated, || {
        format!("truncated is {} after {length} of {} steps", transition.truncated, info.max_steps)
    })?;
    ensure(!(transition.terminated && transition.truncated) || at_limit, || "both flags without cause".into())
}

fn check_frame<R: Rules>(
    rules: &R,
    info: &RulesInfo,
    state: &R::State,
    action: Action,
    transition: Transition,
    total_reward: f32,
) -> Checked {
    let frame = rules.frame(state, &FrameContext { episode: 1, action: Some(action), transition, total_reward });
    let cell = info.route.get(frame.route_index as usize).copied();
    ensure(cell == Some(frame.position), || format!("frame: cell {:?} is not on the route", frame.position))?;
    let mut figures = vec![f32::NAN; info.figures.len()];
    rules.figures(state, &mut figures);
    let same = |name, told: f32| info.figure(name).is_none_or(|place| figures[place] == told);
    let same_figures = same("passengers", frame.passengers as f32) && same("money", frame.money as f32);
    ensure(same_figures, || format!("frame and figures tell different things: {figures:?}"))?;
    let same_step = frame.action == Some(action)
        && (frame.reward, frame.total_reward) == (transition.reward, total_reward)
        && (frame.terminated, frame.truncated) == (transition.terminated, transition.truncated);
    ensure(same_step, || "frame: it does not tell the step it was given".into())?;
    let schema = info.frame_schema();
    let as_declared = frame.values().map(|value| value.kind()).eq(schema.iter().map(|field| field.kind));
    ensure(as_declared, || format!("frame: its own fields {:?} are not the declared ones", frame.own))?;
    let lists = (frame.waiting.len(), frame.lights_red.len()) == (info.stops.len(), frame.lights.len());
    ensure(lists, || "frame: a number for each stop and a colour for each light are needed".into())
}

/// A restored run goes on as the original does, in another place of another batch.
fn check_snapshots<R: DrawAny>(rules: &R, seed: u64, steps: usize) -> Checked {
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
fn check_autoreset<R: DrawAny>(rules: &R, seed: u64, steps: usize) -> Checked {
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
fn check_batch<R: DrawAny>(rules: &R, seed: u64, steps: usize) -> Checked {
    for autoreset in [Autoreset::SameStep, Autoreset::NextStep, Autoreset::Disabled] {
        let mut fast = Run::<R>::new(rules, seed, ENVS, autoreset);
        let mut plain = Run::<R, ScalarBatch<R>>::new(rules, seed, ENVS, autoreset);
        let mut stirring = Generator::new(seed, 2);
        for step in 0..steps {
            fast.step(|index| index);
            plain.step(|index| index);
            let differs = |index| {
                let (ours, told) = (&fast.env, &plain.env);
                fast.row(index) != plain.row(index)
                    || ours.snapshot(index) != told.snapshot(index)
                    || ours.state(index) != ours.snapshot(index).state
                    || ours.episode_return(index) != told.episode_return(index)
                    || ours.last_episode(index) != told.last_episode(index)
            };
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
    with_terms: bool,
}

impl<R: Rules, B: crate::Batch<R>> Run<R, B> {
    fn new(rules: &R, seed: u64, envs: usize, autoreset: Autoreset) -> Self {
        let config = VecEnvConfig { autoreset, ..VecEnvConfig::default() };
        let mut env = VecEnv::with_batch(rules.clone(), envs, config);
        let mut buffers = Buffers::for_env(&env);
        let options = ResetOptions { seeds: Seeds::One(seed), ..ResetOptions::default() };
        env.reset_with(&options, &mut buffers.observations).expect("observations fit");
        Self { env, buffers, actions: vec![0; envs], step: 0, with_terms: false }
    }

    /// One step; `index` says which environment each place stands in for. Every fourth one asks for terms.
    fn step(&mut self, index: impl Fn(usize) -> usize) {
        let count = self.env.info().actions() as u32;
        for (place, action) in self.actions.iter_mut().enumerate() {
            *action = Generator::new(u64::from(self.step), index(place) as u64).below(count) as Action;
        }
        self.with_terms = self.step.is_multiple_of(4);
        let out = if self.with_terms { self.buffers.as_step_with_terms() } else { self.buffers.as_step() };
        self.env.step(&self.actions, out).expect("these actions are the rules'");
        self.step += 1;
    }

    fn row(&self, index: usize) -> Row<'_> {
        let (buffers, info) = (&self.buffers, self.env.info());
        let part = |rows: &'_ [f32], size: usize| rows[index * size..][..size].to_vec();
        Row {
            observation: part(&buffers.observations, info.observation_size()),
            reward: buffers.rewards[index],
            cost: buffers.costs.get(index),
            flags: (buffers.terminated[index], buffers.truncated[index]),
            // Only auto-reset in the same step writes final observations.
            last: buffers.ended(index).then(|| part(&buffers.final_observations, info.observation_size())),
            terms: self.with_terms.then(|| {
                (part(&buffers.reward_terms, info.reward_terms.len()), part(&buffers.cost_terms, info.cost_terms.len()))
            }),
        }
    }
}

/// What a step wrote for one environment.
#[derive(PartialEq)]
struct Row<'a> {
    observation: Vec<f32>,
    reward: f32,
    cost: Option<&'a f32>,
    flags: (bool, bool),
    last: Option<Vec<f32>>,
    terms: Option<(Vec<f32>, Vec<f32>)>,
}
