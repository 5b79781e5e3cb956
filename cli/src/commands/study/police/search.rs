//! The outer search: CMA-ES (Hansen, 2016, "The CMA Evolution Strategy: A Tutorial") over placements.
//!
//! It goes by which of some placements are better alone, not by how much: what drivers learn is noisy, and who of them does
//! best can change from one placement to the next.

use anyhow::anyhow;
use cmaes::{CMAESOptions, DVector};

/// How far the first placements lie from each other, in logarithms of weights: e times as much or as little.
const SPREAD: f64 = 1.0;
/// Shares are whole numbers of this, so that a placement is the same wherever it is written down.
const GRAIN: f64 = 0.001;

/// A search over shares of checkpoints by stretch.
pub(super) struct Search {
    /// Logarithms of the first shares, each over that of the last stretch, which stays 0: shares sum to 1.
    begin: Vec<f64>,
    population: usize,
    generations: usize,
    seed: u64,
}

impl Search {
    /// One that begins at some shares, all above 0, and tries as many `candidates`, rounded up to whole generations.
    pub(super) fn new(shares: &[f64], candidates: usize, seed: u64) -> Self {
        let (last, others) = shares.split_last().unwrap_or((&1.0, &[]));
        let begin: Vec<f64> = others.iter().map(|share| (share.max(GRAIN) / last.max(GRAIN)).ln()).collect();
        // As Hansen has it.
        let population = 4 + (3.0 * (begin.len() as f64).ln()).floor() as usize;
        Self { begin, population, generations: candidates.div_ceil(population), seed }
    }

    /// How many placements are tried at most.
    pub(super) fn candidates(&self) -> usize {
        1 + self.population * self.generations
    }

    /// The placement of which `value` is least among those tried.
    pub(super) fn least(&self, mut value: impl FnMut(Vec<f64>) -> anyhow::Result<f64>) -> anyhow::Result<Vec<f64>> {
        // What is found is not to be worse than where the search begins, which no generation tries itself.
        let first = shares(&self.begin);
        let of_first = value(first.clone())?;
        let mut failure = None;
        // A value that is no number ends the search.
        let objective = |point: &DVector<f64>| {
            let value = value(shares(point.as_slice()));
            value.unwrap_or_else(|error| {
                failure.get_or_insert(error);
                f64::NAN
            })
        };
        let options = CMAESOptions::new(self.begin.clone(), SPREAD).population_size(self.population).seed(self.seed);
        let search = options.max_generations(self.generations).build(objective);
        let mut search = search.map_err(|error| anyhow!("the search cannot begin: {error:?}"))?;
        let best = search.run().overall_best.filter(|best| best.value < of_first);
        drop(search);
        failure.map_or(Ok(best.map_or(first, |best| shares(best.point.as_slice()))), Err)
    }
}

/// The shares of a point of the search, which are never 0.
fn shares(logarithms: &[f64]) -> Vec<f64> {
    let greatest = logarithms.iter().copied().fold(0.0, f64::max);
    let weights: Vec<f64> = logarithms.iter().chain([&0.0]).map(|of| (of - greatest).exp()).collect();
    let whole: f64 = weights.iter().sum();
    let grains = |weight: f64| (weight / whole / GRAIN).round().max(1.0);
    // A quotient of whole numbers is written down as it is.
    weights.iter().map(|&weight| grains(weight) / (1.0 / GRAIN)).collect()
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    #[test]
    fn shares_of_a_point_sum_to_one_and_begin_where_they_should() {
        let begin = [0.139, 0.139, 0.443, 0.177, 0.102];
        let search = Search::new(&begin, 17, 0);
        assert_eq!((search.population, search.candidates()), (8, 25));
        let first = shares(&search.begin);
        assert!(first.iter().zip(begin).all(|(share, begin)| (share - begin).abs() < 0.0011), "{first:?}");
        let far = shares(&[800.0, -800.0]);
        assert_eq!(far, [1.0, 0.001, 0.001]);
    }

    #[test]
    fn the_search_finds_the_stretch_that_pays_most() {
        let search = Search::new(&[0.2; 5], 200, 3);
        let best = search.least(|shares| Ok(1.0 - shares[3])).unwrap();
        assert!(best[3] > 0.9, "{best:?}");
        assert_eq!(search.least(|shares| Ok(1.0 - shares[3])).unwrap(), best);
    }

    #[test]
    fn nothing_worse_is_found_than_where_the_search_begins() {
        let search = Search::new(&[0.2; 5], 8, 3);
        let best = search.least(|shares| Ok(shares.iter().map(|share| (share - 0.2).abs()).sum())).unwrap();
        assert_eq!(best, [0.2; 5]);
    }

    #[test]
    fn what_goes_wrong_at_a_placement_ends_the_search() {
        let mut tried = 0;
        let ended = Search::new(&[0.5, 0.5], 100, 0).least(|_| {
            tried += 1;
            bail!("no trips today")
        });
        assert_eq!(ended.unwrap_err().to_string(), "no trips today");
        assert!(tried < 10, "{tried} were tried");
    }
}
