//! How well a policy drives: many episodes at once, without a viewer.
//!
//! Episode `i` is the first episode of environment `i` under the seed, so the figures depend on nothing but the
//! policy, the rules, the seed and the number of episodes.

use std::convert::Infallible;
use std::ops::Range;
use std::time::{Duration, Instant};

use daladala_env::{Buffers, EpisodeStats, Rules, VecEnv, VecEnvConfig};
use rayon::prelude::*;
use serde::Serialize;

use crate::policy::{Policy, policy_generators};
use crate::statistics::{Mean, median, wilson95};

/// Episodes that are stepped together: the best size for the networks here, and enough blocks for every core.
const BLOCK: usize = 128;
/// Episodes that are kept whole until they have been handed on: enough that no core waits long for the last block, few
/// beside millions.
const KEPT: usize = 256 * BLOCK;

/// One evaluated episode.
#[derive(Debug, Clone, Copy, PartialEq)]
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

/// The figures of an evaluation. Rates are fractions of episodes; money is in TSh; intervals are of 95 % confidence,
/// lower end first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// How many episodes.
    pub episodes: usize,
    /// Mean return.
    pub mean_return: f64,
    /// Standard deviation of the returns over the episodes (of a population, not a sample).
    pub std_return: f64,
    /// The interval of the mean return, by Student's t; a single episode has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_ci95: Option<[f64; 2]>,
    /// The median of the returns.
    pub median_return: f64,
    /// The least return.
    pub min_return: f64,
    /// The greatest return.
    pub max_return: f64,
    /// Mean length, steps.
    pub mean_length: f64,
    /// Mean number aboard at the end.
    pub mean_passengers: f64,
    /// Mean fares earned, TSh.
    pub mean_money: f64,
    /// Ended within the legal capacity and without a fine.
    pub legal_rate: f64,
    /// Its interval, by Wilson's score.
    pub legal_rate_ci95: [f64; 2],
    /// Was fined.
    pub fine_rate: f64,
    /// Its interval, by Wilson's score.
    pub fine_rate_ci95: [f64; 2],
    /// Crashed.
    pub crash_rate: f64,
    /// Its interval, by Wilson's score.
    pub crash_rate_ci95: [f64; 2],
    /// Mean over episodes of return ÷ best return of the layout, where the rules let that be known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optimal_fraction: Option<f64>,
    /// Mean over episodes of best return of the layout − return, where the rules let that be known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean_regret: Option<f64>,
    /// Environment steps a second, policy included.
    pub steps_per_second: f64,
}

/// Runs `episodes` episodes on the current rayon pool. `progress` is told how many more have ended.
pub fn evaluate<R: Rules>(
    policy: &dyn Policy,
    rules: &R,
    seed: u64,
    episodes: usize,
    progress: &(dyn Fn(u64) + Sync),
) -> Evaluation {
    let Ok(evaluation) = evaluate_each::<R, Infallible>(policy, rules, seed, episodes, progress, &mut |_, _| Ok(()));
    evaluation
}

/// The same, and `each` gets every episode with its index, in their order. Its error ends the evaluation.
pub fn evaluate_each<R: Rules, E>(
    policy: &dyn Policy,
    rules: &R,
    seed: u64,
    episodes: usize,
    progress: &(dyn Fn(u64) + Sync),
    each: &mut dyn FnMut(usize, &EvaluatedEpisode) -> Result<(), E>,
) -> Result<Evaluation, E> {
    let mut driving = Duration::ZERO;
    let mut tally = Tally::new(episodes);
    for first in (0..episodes).step_by(KEPT) {
        let start = Instant::now();
        let end = (first + KEPT).min(episodes);
        let blocks: Vec<_> = (first..end).step_by(BLOCK).map(|block| block..(block + BLOCK).min(end)).collect();
        let finished: Vec<_> =
            blocks.into_par_iter().flat_map_iter(|block| run_block(policy, rules, seed, block, progress)).collect();
        driving += start.elapsed();
        for (index, episode) in (first..).zip(&finished) {
            tally.add(episode);
            each(index, episode)?;
        }
    }
    Ok(tally.figures(driving))
}

fn run_block<R: Rules>(
    policy: &dyn Policy,
    rules: &R,
    seed: u64,
    block: Range<usize>,
    progress: &(dyn Fn(u64) + Sync),
) -> Vec<EvaluatedEpisode> {
    let config = VecEnvConfig { seed, first_index: block.start as u64, ..VecEnvConfig::default() };
    let mut env = VecEnv::new(rules.clone(), block.len(), config);
    let mut buffers = Buffers::for_env(&env);
    let mut generators = policy_generators(seed, block.clone());
    let mut actions = vec![0; block.len()];
    let mut finished = vec![None; block.len()];
    let mut running = block.len();

    env.reset(&mut buffers.observations);
    let best: Vec<_> = (0..block.len()).map(|i| rules.best_return(&rules.layout(&env.state(i)))).collect();
    while running > 0 {
        policy.act(&buffers.observations, &mut generators, &mut actions);
        env.step(&actions, buffers.as_step()).expect("policies choose among the actions of their rules");
        let before = running;
        for (index, episode) in finished.iter_mut().enumerate() {
            if episode.is_none() && buffers.ended(index) {
                *episode = Some(EvaluatedEpisode {
                    stats: env.last_episode(index),
                    best_return: best[index],
                    terminated: buffers.terminated[index],
                    truncated: buffers.truncated[index],
                });
                running -= 1;
            }
        }
        progress((before - running) as u64);
    }
    finished.into_iter().flatten().collect()
}

/// What is kept of the episodes that have ended: sums, and the returns, which the median is found among.
struct Tally {
    returns: Vec<f32>,
    fractions: Option<f64>,
    regrets: Option<f64>,
    steps: u64,
    passengers: u64,
    money: i64,
    legal: usize,
    fined: usize,
    crashed: usize,
}

impl Tally {
    fn new(episodes: usize) -> Self {
        let returns = Vec::with_capacity(episodes);
        let (fractions, regrets) = (Some(0.0), Some(0.0));
        Self { returns, fractions, regrets, steps: 0, passengers: 0, money: 0, legal: 0, fined: 0, crashed: 0 }
    }

    fn add(&mut self, episode: &EvaluatedEpisode) {
        let stats = &episode.stats;
        let fraction = episode.best_return.map(|best| f64::from(stats.episode_return) / f64::from(best));
        self.returns.push(stats.episode_return);
        self.fractions = self.fractions.zip(fraction).map(|(sum, more)| sum + more);
        self.regrets = self.regrets.zip(episode.regret()).map(|(sum, more)| sum + more);
        self.steps += u64::from(stats.length);
        self.passengers += u64::from(stats.outcome.passengers);
        self.money += stats.outcome.money;
        self.legal += usize::from(stats.outcome.legal);
        self.fined += usize::from(stats.outcome.fined);
        self.crashed += usize::from(stats.outcome.crashed);
    }

    fn figures(mut self, driving: Duration) -> Evaluation {
        let episodes = self.returns.len();
        let count = episodes as f64;
        let returns = || self.returns.iter().copied().map(f64::from);
        let mean = Mean::of(returns());
        let (min_return, max_return) =
            (returns().fold(f64::INFINITY, f64::min), returns().fold(f64::NEG_INFINITY, f64::max));
        Evaluation {
            episodes,
            mean_return: mean.mean,
            std_return: mean.std,
            return_ci95: mean.ci95(),
            median_return: median(&mut self.returns),
            min_return,
            max_return,
            mean_length: self.steps as f64 / count,
            mean_passengers: self.passengers as f64 / count,
            mean_money: self.money as f64 / count,
            legal_rate: self.legal as f64 / count,
            legal_rate_ci95: wilson95(self.legal, episodes),
            fine_rate: self.fined as f64 / count,
            fine_rate_ci95: wilson95(self.fined, episodes),
            crash_rate: self.crashed as f64 / count,
            crash_rate_ci95: wilson95(self.crashed, episodes),
            optimal_fraction: self.fractions.map(|sum| sum / count),
            mean_regret: self.regrets.map(|sum| sum / count),
            steps_per_second: self.steps as f64 / driving.as_secs_f64().max(f64::EPSILON),
        }
    }
}

#[cfg(test)]
mod tests {
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
        assert_eq!((evaluation.legal_rate, evaluation.fine_rate, evaluation.crash_rate), (1.0, 0.0, 0.0));
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
        let told = std::sync::atomic::AtomicU64::new(0);
        let count = |more| {
            told.fetch_add(more, std::sync::atomic::Ordering::Relaxed);
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
            evaluate_each::<_, Infallible>(&random(), &Classic, 5, more_than_kept, &|_| (), &mut |index, e| {
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

        let ended = evaluate_each(&random(), &Classic, 5, 300, &|_| (), &mut |index, _| {
            if index < 7 { Ok(()) } else { Err(index) }
        });
        assert_eq!(ended, Err(7));
    }
}
