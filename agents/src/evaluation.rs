//! How well a policy drives: many episodes at once, without a viewer.
//!
//! Episode `i` is the first episode of environment `i` under the seed, so the figures depend on nothing but the
//! policy, the rules, the seed and the number of episodes.

use std::ops::Range;
use std::time::Instant;

use daladala_env::{Buffers, EpisodeStats, Rules, VecEnv, VecEnvConfig};
use rayon::prelude::*;
use serde::Serialize;

use crate::policy::{Policy, policy_generators};

/// Episodes that are stepped together: the best size for the networks here, and enough blocks for every core.
const BLOCK: usize = 128;

/// One evaluated episode.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EvaluatedEpisode {
    /// Its figures.
    pub stats: EpisodeStats,
    /// The best return of its layout, where the rules let it be known.
    pub best_return: Option<f32>,
}

/// The figures of an evaluation. Rates are fractions of episodes; money is in TSh.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// How many episodes.
    pub episodes: usize,
    /// Mean return.
    pub mean_return: f64,
    /// Standard deviation of the returns over the episodes (of a population, not a sample).
    pub std_return: f64,
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
    /// Was fined.
    pub fine_rate: f64,
    /// Crashed.
    pub crash_rate: f64,
    /// Mean over episodes of return ÷ best return of the layout, where the rules let that be known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optimal_fraction: Option<f64>,
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
    let start = Instant::now();
    let blocks: Vec<_> = (0..episodes).step_by(BLOCK).map(|first| first..(first + BLOCK).min(episodes)).collect();
    let finished: Vec<_> =
        blocks.into_par_iter().flat_map_iter(|block| run_block(policy, rules, seed, block, progress)).collect();
    summarize(&finished, start.elapsed().as_secs_f64())
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
                *episode = Some(EvaluatedEpisode { stats: env.last_episode(index), best_return: best[index] });
                running -= 1;
            }
        }
        progress((before - running) as u64);
    }
    finished.into_iter().flatten().collect()
}

fn summarize(episodes: &[EvaluatedEpisode], seconds: f64) -> Evaluation {
    let count = episodes.len() as f64;
    let mean = |value: &dyn Fn(&EvaluatedEpisode) -> f64| episodes.iter().map(value).sum::<f64>() / count;
    let rate = |holds: &dyn Fn(&EvaluatedEpisode) -> bool| mean(&|episode| f64::from(u8::from(holds(episode))));
    let returns = || episodes.iter().map(|episode| f64::from(episode.stats.episode_return));
    let mean_return = mean(&|episode| f64::from(episode.stats.episode_return));
    let fractions: Option<Vec<f64>> = episodes
        .iter()
        .map(|episode| Some(f64::from(episode.stats.episode_return) / f64::from(episode.best_return?)))
        .collect();
    let steps: u64 = episodes.iter().map(|episode| u64::from(episode.stats.length)).sum();
    Evaluation {
        episodes: episodes.len(),
        mean_return,
        std_return: mean(&|episode| (f64::from(episode.stats.episode_return) - mean_return).powi(2)).sqrt(),
        min_return: returns().fold(f64::INFINITY, f64::min),
        max_return: returns().fold(f64::NEG_INFINITY, f64::max),
        mean_length: mean(&|episode| f64::from(episode.stats.length)),
        mean_passengers: mean(&|episode| f64::from(episode.stats.outcome.passengers)),
        mean_money: mean(&|episode| episode.stats.outcome.money as f64),
        legal_rate: rate(&|episode| episode.stats.outcome.legal),
        fine_rate: rate(&|episode| episode.stats.outcome.fined),
        crash_rate: rate(&|episode| episode.stats.outcome.crashed),
        optimal_fraction: fractions.map(|fractions| fractions.iter().sum::<f64>() / count),
        steps_per_second: steps as f64 / seconds.max(f64::EPSILON),
    }
}

#[cfg(test)]
mod tests {
    use daladala_env::rules::Classic;

    use super::*;
    use crate::scripted::{Oracle, Random};

    fn without_speed(policy: &dyn Policy, seed: u64, threads: usize) -> Evaluation {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        Evaluation { steps_per_second: 0.0, ..pool.install(|| evaluate(policy, &Classic, seed, 300, &|_| ())) }
    }

    #[test]
    fn the_oracle_is_exactly_optimal() {
        let evaluation = evaluate(&Oracle, &Classic, 3, 1000, &|_| ());
        assert_eq!(evaluation.optimal_fraction, Some(1.0));
        assert_eq!((evaluation.legal_rate, evaluation.fine_rate, evaluation.crash_rate), (1.0, 0.0, 0.0));
        assert_eq!(evaluation.mean_length, 29.0);
    }

    #[test]
    fn figures_depend_on_the_seed_and_not_on_the_threads() {
        for policy in [&Oracle as &dyn Policy, &Random] {
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
        assert_eq!(evaluate(&Random, &Classic, 0, 257, &count).episodes, 257);
        assert_eq!(told.into_inner(), 257);
    }
}
