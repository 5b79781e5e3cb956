//! How well a policy drives: many episodes at once, without a viewer.
//!
//! Episode `i` is the first episode of environment `i` under the seed, so the figures depend on nothing but the
//! policy, the rules, the seed and the number of episodes.

use std::convert::Infallible;
use std::ops::Range;
use std::time::Duration;

use daladala_env::info::{EndingInfo, Figure, FigureKind};
use daladala_env::{Buffers, EpisodeStats, Rules, RulesInfo, VecEnv, VecEnvConfig};
#[cfg(feature = "threads")]
use rayon::prelude::*;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
// The standard clock, and the browser's where there is none.
use web_time::Instant;

use crate::policy::{Policy, policy_generators};
use crate::statistics::{Mean, Sums, median, wilson95};

/// Episodes that are stepped together: the best size for the networks here, and enough blocks for every core.
const BLOCK: usize = 128;
/// Episodes that are kept whole until they have been handed on: enough that no core waits long for the last block, few
/// beside millions.
const KEPT: usize = 256 * BLOCK;

/// One evaluated episode.
#[derive(Debug, Clone, PartialEq)]
pub struct EvaluatedEpisode {
    /// Its figures.
    pub stats: EpisodeStats,
    /// The best return of its layout, where the rules let it be known.
    pub best_return: Option<f32>,
    /// The rules ended it.
    pub terminated: bool,
    /// The step limit cut it off.
    pub truncated: bool,
}

impl EvaluatedEpisode {
    /// What the best driver would have had more, where that is known.
    #[must_use]
    pub fn regret(&self) -> Option<f64> {
        Some(f64::from(self.best_return?) - f64::from(self.stats.episode_return))
    }
}

/// The figures of an evaluation. Intervals are of 95 % confidence, lower end first.
///
/// As JSON it is one flat object: a figure that the rules declare stands under its [mean name](Figure::mean_name),
/// with its interval under the same name and `_ci95`; `endings` holds the share of each way to end.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// How many episodes.
    pub episodes: usize,
    /// Mean return.
    pub mean_return: f64,
    /// Standard deviation of the returns over the episodes (of a population, not a sample).
    pub std_return: f64,
    /// The interval of the mean return, by Student's t; a single episode has none.
    pub return_ci95: Option<[f64; 2]>,
    /// The median of the returns.
    pub median_return: f64,
    /// The least return.
    pub min_return: f64,
    /// The greatest return.
    pub max_return: f64,
    /// Mean length, steps.
    pub mean_length: f64,
    /// The figures that the rules declare, in their order.
    pub figures: Vec<FigureEstimate>,
    /// The ways to end that the rules declare, in their order.
    pub endings: Vec<EndingShare>,
    /// Mean over episodes of return ÷ best return of the layout, where the rules let that be known.
    pub optimal_fraction: Option<f64>,
    /// Mean over episodes of best return of the layout − return, where the rules let that be known.
    pub mean_regret: Option<f64>,
    /// Environment steps a second, policy included.
    pub steps_per_second: f64,
}

/// A figure of many episodes.
#[derive(Debug, Clone, PartialEq)]
pub struct FigureEstimate {
    /// What it is.
    pub figure: Figure,
    /// Its mean over the episodes; of a rate, the share of them.
    pub mean: f64,
    /// The interval of the mean: by Wilson's score for a rate, by Student's t for others, of which a single episode
    /// has none.
    pub ci95: Option<[f64; 2]>,
}

/// How many episodes ended in some way.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EndingShare {
    /// The way to end.
    #[serde(rename = "name")]
    pub ending: String,
    /// How many episodes ended so.
    pub episodes: usize,
    /// The share of all.
    pub rate: f64,
    /// Its interval, by Wilson's score.
    pub rate_ci95: [f64; 2],
}

impl Evaluation {
    /// A figure by its name, where the rules declare it.
    #[must_use]
    pub fn figure(&self, name: &str) -> Option<&FigureEstimate> {
        self.figures.iter().find(|estimate| estimate.figure.name == name)
    }
}

impl Serialize for Evaluation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("episodes", &self.episodes)?;
        map.serialize_entry("mean_return", &self.mean_return)?;
        map.serialize_entry("std_return", &self.std_return)?;
        serialize_known(&mut map, "return_ci95", self.return_ci95.as_ref())?;
        map.serialize_entry("median_return", &self.median_return)?;
        map.serialize_entry("min_return", &self.min_return)?;
        map.serialize_entry("max_return", &self.max_return)?;
        map.serialize_entry("mean_length", &self.mean_length)?;
        for FigureEstimate { figure, mean, ci95 } in &self.figures {
            let name = figure.mean_name();
            map.serialize_entry(&name, mean)?;
            serialize_known(&mut map, &format!("{name}_ci95"), ci95.as_ref())?;
        }
        map.serialize_entry("endings", &self.endings)?;
        serialize_known(&mut map, "optimal_fraction", self.optimal_fraction.as_ref())?;
        serialize_known(&mut map, "mean_regret", self.mean_regret.as_ref())?;
        map.serialize_entry("steps_per_second", &self.steps_per_second)?;
        map.end()
    }
}

/// An entry, where there is a value for it.
fn serialize_known<M: SerializeMap>(map: &mut M, name: &str, value: Option<&impl Serialize>) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| map.serialize_entry(name, value))
}

/// Runs `episodes` episodes, on all threads of the current rayon pool with the feature `threads` unless the policy wants
/// [one](Policy::on_one_thread). `progress` is told how many more have ended.
pub fn evaluate<R: Rules>(
    policy: &dyn Policy,
    rules: &R,
    seed: u64,
    episodes: usize,
    progress: &(dyn Fn(u64) + Sync),
) -> Evaluation {
    let progress = |more| {
        progress(more);
        Ok(())
    };
    let Ok(evaluation) = evaluate_each::<R, Infallible>(policy, rules, seed, episodes, &progress, &mut |_, _| Ok(()));
    evaluation
}

/// The same, and `each` gets every episode with its index, in their order. An error of it ends the evaluation, and so does
/// one of `progress`, which is asked after each step of some episodes: the one ends it after the episodes that have been
/// handed on, the other at once.
pub fn evaluate_each<R: Rules, E: Send>(
    policy: &dyn Policy,
    rules: &R,
    seed: u64,
    episodes: usize,
    progress: &(dyn Fn(u64) -> Result<(), E> + Sync),
    each: &mut dyn FnMut(usize, &EvaluatedEpisode) -> Result<(), E>,
) -> Result<Evaluation, E> {
    let mut driving = Duration::ZERO;
    let mut tally = Tally::new(rules.info(), episodes);
    for first in (0..episodes).step_by(KEPT) {
        let start = Instant::now();
        let end = (first + KEPT).min(episodes);
        let blocks: Vec<_> = (first..end).step_by(BLOCK).map(|block| block..(block + BLOCK).min(end)).collect();
        let finished = run_blocks(policy, blocks, &|block| run_block(policy, rules, seed, block, progress))?;
        driving += start.elapsed();
        for (index, episode) in (first..).zip(finished.iter().flatten()) {
            tally.add(episode);
            each(index, episode)?;
        }
    }
    Ok(tally.figures(driving))
}

/// The episodes of blocks, which are run on all threads or, where the policy wants that, one after another on this one.
#[cfg_attr(not(feature = "threads"), expect(unused_variables, reason = "there is one thread"))]
fn run_blocks<E: Send>(
    policy: &dyn Policy,
    blocks: Vec<Range<usize>>,
    run: &(dyn Fn(Range<usize>) -> Result<Vec<EvaluatedEpisode>, E> + Sync),
) -> Result<Vec<Vec<EvaluatedEpisode>>, E> {
    #[cfg(feature = "threads")]
    if !policy.on_one_thread() {
        return blocks.into_par_iter().map(run).collect();
    }
    blocks.into_iter().map(run).collect()
}

fn run_block<R: Rules, E>(
    policy: &dyn Policy,
    rules: &R,
    seed: u64,
    block: Range<usize>,
    progress: &(dyn Fn(u64) -> Result<(), E> + Sync),
) -> Result<Vec<EvaluatedEpisode>, E> {
    let config = VecEnvConfig { seed, first_index: block.start as u64, ..VecEnvConfig::default() };
    let mut env = VecEnv::new(rules.clone(), block.len(), config);
    let mut buffers = Buffers::for_env(&env);
    let mut generators = policy_generators(seed, block.clone());
    let mut actions = vec![0; block.len()];
    let mut finished = vec![None; block.len()];
    let mut running = block.len();
    let mut masks = policy.masked().then(|| vec![0; block.len()]);

    env.reset(&mut buffers.observations);
    let best: Vec<_> = (0..block.len()).map(|index| rules.best_return(&env.layout(index))).collect();
    while running > 0 {
        if let Some(masks) = &mut masks {
            env.action_masks(masks);
        }
        policy.act(&buffers.observations, masks.as_deref(), &mut generators, &mut actions);
        env.step(&actions, buffers.as_step()).expect("policies choose among the actions of their rules");
        let before = running;
        for (index, stats) in env.ended_episodes(&buffers.terminated, &buffers.truncated) {
            if finished[index].is_none() {
                finished[index] = Some(EvaluatedEpisode {
                    stats,
                    best_return: best[index],
                    terminated: buffers.terminated[index],
                    truncated: buffers.truncated[index],
                });
                running -= 1;
            }
        }
        progress((before - running) as u64)?;
    }
    Ok(finished.into_iter().flatten().collect())
}

/// What is kept of the episodes that have ended: sums, and the returns, which the median is found among.
struct Tally {
    info: RulesInfo,
    returns: Vec<f32>,
    fractions: Option<f64>,
    regrets: Option<f64>,
    steps: u64,
    /// By figure.
    figures: Vec<Sums>,
    /// By ending.
    endings: Vec<usize>,
}

impl Tally {
    fn new(info: RulesInfo, episodes: usize) -> Self {
        Self {
            returns: Vec::with_capacity(episodes.min(KEPT)),
            fractions: Some(0.0),
            regrets: Some(0.0),
            steps: 0,
            figures: vec![Sums::default(); info.figures.len()],
            endings: vec![0; info.endings.len()],
            info,
        }
    }

    fn add(&mut self, episode: &EvaluatedEpisode) {
        let stats = &episode.stats;
        let fraction = episode.best_return.map(|best| f64::from(stats.episode_return) / f64::from(best));
        self.returns.push(stats.episode_return);
        self.fractions = self.fractions.zip(fraction).map(|(sum, more)| sum + more);
        self.regrets = self.regrets.zip(episode.regret()).map(|(sum, more)| sum + more);
        self.steps += u64::from(stats.length);
        for (sums, figure) in self.figures.iter_mut().zip(&stats.figures) {
            sums.add(f64::from(*figure));
        }
        self.endings[usize::from(stats.ending)] += 1;
    }

    fn figures(mut self, driving: Duration) -> Evaluation {
        let episodes = self.returns.len();
        let count = episodes as f64;
        let returns = || self.returns.iter().copied().map(f64::from);
        let mean = Mean::of(returns());
        let (min_return, max_return) =
            (returns().fold(f64::INFINITY, f64::min), returns().fold(f64::NEG_INFINITY, f64::max));
        let estimate = |(figure, sums): (Figure, &Sums)| {
            let mean = sums.mean();
            let ci95 = match figure.kind {
                FigureKind::Rate => Some(wilson95(sums.sum() as usize, episodes)),
                _ => mean.ci95(),
            };
            FigureEstimate { figure, mean: mean.mean, ci95 }
        };
        let share = |(ending, &ended): (EndingInfo, &usize)| EndingShare {
            ending: ending.name,
            episodes: ended,
            rate: ended as f64 / count,
            rate_ci95: wilson95(ended, episodes),
        };
        Evaluation {
            episodes,
            mean_return: mean.mean,
            std_return: mean.std,
            return_ci95: mean.ci95(),
            median_return: median(&mut self.returns),
            min_return,
            max_return,
            mean_length: self.steps as f64 / count,
            figures: self.info.figures.into_iter().zip(&self.figures).map(estimate).collect(),
            endings: self.info.endings.into_iter().zip(&self.endings).map(share).collect(),
            optimal_fraction: self.fractions.map(|sum| sum / count),
            mean_regret: self.regrets.map(|sum| sum / count),
            steps_per_second: self.steps as f64 / driving.as_secs_f64().max(f64::EPSILON),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread::ThreadId;

    use daladala_env::OutputKind;
    use daladala_env::rules::Classic;

    use super::*;
    use crate::scripted::{Oracle, Random};

    fn random() -> Random {
        Random::new(&Classic.spaces())
    }

    fn without_speed(policy: &dyn Policy, seed: u64, threads: usize) -> Evaluation {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        Evaluation { steps_per_second: 0.0, ..pool.install(|| evaluate(policy, &Classic, seed, 300, &|_| ())) }
    }

    #[test]
    fn the_oracle_is_exactly_optimal() {
        let evaluation = evaluate(&Oracle, &Classic, 3, 1000, &|_| ());
        assert_eq!(evaluation.optimal_fraction, Some(1.0));
        let rate = |name| evaluation.figure(name).map(|estimate| estimate.mean);
        assert_eq!(["legal", "fine", "crash"].map(rate), [Some(1.0), Some(0.0), Some(0.0)]);
        let ended: Vec<_> = evaluation.endings.iter().map(|share| (&*share.ending, share.episodes)).collect();
        assert_eq!(ended, [("arrived", 1000), ("crashed", 0), ("impounded", 0), ("out_of_time", 0)]);
        assert_eq!((evaluation.mean_length, evaluation.mean_regret), (29.0, Some(0.0)));
    }

    #[test]
    fn figures_depend_on_the_seed_and_not_on_the_threads() {
        for policy in [&Oracle as &dyn Policy, &random()] {
            assert_eq!(without_speed(policy, 1, 1), without_speed(policy, 1, 3));
            assert_ne!(without_speed(policy, 1, 1), without_speed(policy, 2, 1));
        }
    }

    #[test]
    fn every_episode_is_reported_once() {
        let told = AtomicU64::new(0);
        let count = |more| {
            told.fetch_add(more, Ordering::Relaxed);
        };
        assert_eq!(evaluate(&random(), &Classic, 0, 257, &count).episodes, 257);
        assert_eq!(told.into_inner(), 257);
    }

    #[test]
    fn each_episode_is_handed_on_in_order_and_its_error_ends_the_rest() {
        let more_than_kept = KEPT + 300;
        let mut returns = Vec::new();
        let mut regrets = 0.0;
        let evaluation =
            evaluate_each::<_, Infallible>(&random(), &Classic, 5, more_than_kept, &|_| Ok(()), &mut |index, e| {
                assert_eq!(index, returns.len());
                assert!(e.terminated != e.truncated);
                returns.push(e.stats.episode_return);
                regrets += e.regret().unwrap();
                Ok(())
            });
        let Ok(evaluation) = evaluation;
        assert_eq!((evaluation.episodes, returns.len()), (more_than_kept, more_than_kept));
        assert_eq!(evaluation.mean_regret, Some(regrets / more_than_kept as f64));
        assert_eq!(evaluation.median_return, median(&mut returns));
        assert!(evaluation.min_return <= evaluation.median_return && evaluation.median_return <= evaluation.max_return);
        let [low, high] = evaluation.return_ci95.unwrap();
        assert!(low < evaluation.mean_return && evaluation.mean_return < high);

        let ended = evaluate_each(&random(), &Classic, 5, 300, &|_| Ok(()), &mut |index, _| {
            if index < 7 { Ok(()) } else { Err(index) }
        });
        assert_eq!(ended, Err(7));
    }

    #[test]
    fn an_error_of_the_progress_ends_it_at_once() {
        let told = AtomicU64::new(0);
        let progress = |_| if told.fetch_add(1, Ordering::Relaxed) < 5 { Ok(()) } else { Err("enough") };
        let ended = evaluate_each(&random(), &Classic, 5, usize::MAX >> 8, &progress, &mut |_, _| Ok(()));
        assert_eq!(ended.unwrap_err(), "enough");
        // Each thread may be in a block.
        assert!(told.into_inner() < 6 + rayon::current_num_threads() as u64 * 2);
    }

    /// Chooses at random, and notes who asks.
    struct Alone(Random, Mutex<HashSet<ThreadId>>);

    impl Policy for Alone {
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
            self.1.lock().unwrap().insert(std::thread::current().id());
            self.0.outputs(observations, outputs);
        }
        fn on_one_thread(&self) -> bool {
            true
        }
    }

    #[test]
    fn a_policy_that_wants_one_thread_is_asked_on_that_of_the_caller() {
        let alone = Alone(random(), Mutex::default());
        evaluate(&alone, &Classic, 0, 10 * BLOCK, &|_| ());
        assert_eq!(alone.1.into_inner().unwrap(), HashSet::from([std::thread::current().id()]));
    }
}
