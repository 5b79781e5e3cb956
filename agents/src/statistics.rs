//! How sure a figure of finitely many episodes, or seeds, is.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// The share of intervals that hold the true figure.
const CONFIDENCE: f64 = 0.95;
/// Such an interval leaves as much out above as below.
const UPPER: f64 = 0.5 + CONFIDENCE / 2.0;

/// A mean and how far what it is of is spread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mean {
    /// How many values.
    pub count: usize,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation, as that of a whole population.
    pub std: f64,
}

impl Mean {
    /// The mean of `values`; NaN where there are none.
    #[must_use]
    pub fn of(values: impl ExactSizeIterator<Item = f64> + Clone) -> Self {
        let count = values.len();
        let mean = values.clone().sum::<f64>() / count as f64;
        let variance = values.map(|value| (value - mean).powi(2)).sum::<f64>() / count as f64;
        Self { count, mean, std: variance.sqrt() }
    }

    /// The 95 % confidence interval of the mean by Student's t, lower end first; a single value has none.
    #[must_use]
    pub fn ci95(&self) -> Option<[f64; 2]> {
        let freedom = self.count.checked_sub(1).filter(|freedom| *freedom > 0)? as f64;
        let t = upper_t(freedom);
        // std / √(n − 1) is the sample's standard deviation over √n.
        let half = t * self.std / freedom.sqrt();
        Some([self.mean - half, self.mean + half])
    }
}

/// Sums of values that are not kept, from which their mean and spread follow. Whole numbers are summed exactly.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sums {
    count: usize,
    sum: f64,
    /// The running mean, and the sum of squares around it (Welford, 1962): squares of large numbers would cancel.
    mean: f64,
    squares: f64,
}

impl Sums {
    /// Adds a value.
    pub fn add(&mut self, value: f64) {
        self.count += 1;
        self.sum += value;
        let off = value - self.mean;
        self.mean += off / self.count as f64;
        self.squares += off * (value - self.mean);
    }

    /// The sum.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// The mean of the values and their spread.
    #[must_use]
    pub fn mean(&self) -> Mean {
        let count = self.count as f64;
        Mean { count: self.count, mean: self.sum / count, std: (self.squares / count).sqrt() }
    }
}

/// What Student's t exceeds in one of forty cases.
fn upper_t(freedom: f64) -> f64 {
    /// Above it statrs loses digits (7 % at ten millions), and two terms of the expansion around the normal
    /// distribution are right to seven.
    const MANY: f64 = 10_000.0;
    match StudentsT::new(0.0, 1.0, freedom) {
        Ok(t) if freedom < MANY => t.inverse_cdf(UPPER),
        _ => {
            let z = Normal::standard().inverse_cdf(UPPER);
            z + (z.powi(3) + z) / (4.0 * freedom)
        }
    }
}

/// The 95 % confidence interval of a rate by Wilson's score, lower end first. Unlike that of the mean it stays within
/// 0 and 1, and says something where all trials or none succeeded.
#[must_use]
pub fn wilson95(successes: usize, trials: usize) -> [f64; 2] {
    let (successes, trials) = (successes as f64, trials as f64);
    let z = Normal::standard().inverse_cdf(UPPER);
    let rate = successes / trials;
    let center = rate + z * z / (2.0 * trials);
    let half = z * (rate * (1.0 - rate) / trials + z * z / (4.0 * trials * trials)).sqrt();
    let scale = 1.0 + z * z / trials;
    // Rounding must not leave the rate outside its own interval.
    [((center - half) / scale).max(0.0).min(rate), ((center + half) / scale).min(1.0).max(rate)]
}

/// The middle of `values`, or the mean of the two in the middle; NaN where there are none.
#[must_use]
pub fn median(values: &mut [f32]) -> f64 {
    let middle = values.len() / 2;
    if values.is_empty() {
        return f64::NAN;
    }
    let odd = values.len() % 2 == 1;
    let (below, upper, _) = values.select_nth_unstable_by(middle, f32::total_cmp);
    let upper = f64::from(*upper);
    match below.iter().copied().max_by(f32::total_cmp) {
        Some(lower) if !odd => f64::midpoint(f64::from(lower), upper),
        _ => upper,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: [f64; 2], expected: [f64; 2], tolerance: f64) {
        let far = found.iter().zip(expected).any(|(found, expected)| (found - expected).abs() > tolerance);
        assert!(!far, "{found:?} instead of {expected:?}");
    }

    /// From the tables: t is 2.776445105 for 4 degrees of freedom and 12.706204736 for 1.
    #[test]
    fn the_interval_of_a_mean_is_students() {
        let mean = Mean::of([1.0, 2.0, 3.0, 4.0, 5.0].into_iter());
        assert_eq!((mean.count, mean.mean, mean.std), (5, 3.0, 2.0_f64.sqrt()));
        near(mean.ci95().unwrap(), [1.036_756_838_522_439, 4.963_243_161_477_561], 1e-9);
        let two = Mean::of([0.0, 1.0].into_iter());
        near(two.ci95().unwrap(), [0.5 - 0.5 * 12.706_204_736, 0.5 + 0.5 * 12.706_204_736], 1e-7);
        for (freedom, t) in [(9999, 1.960_201_264), (10_001, 1.960_201_216), (1_000_000, 1.959_966_357)] {
            let many = Mean { count: freedom + 1, mean: 0.0, std: (freedom as f64).sqrt() };
            near(many.ci95().unwrap(), [-t, t], 1e-7);
        }
        assert_eq!(Mean::of([7.0].into_iter()).ci95(), None);
        assert_eq!(Mean::of([7.0, 7.0].into_iter()).ci95(), Some([7.0, 7.0]));
        assert!(Mean::of(std::iter::empty()).mean.is_nan());
    }

    /// The examples of Newcombe (1998), "Two-sided confidence intervals for the single proportion", method 3.
    #[test]
    fn the_interval_of_a_rate_is_wilsons() {
        for (successes, trials, interval) in [
            (81, 263, [0.2553, 0.3662]),
            (15, 148, [0.0624, 0.1605]),
            (0, 20, [0.0, 0.1611]),
            (1, 29, [0.0061, 0.1718]),
            (29, 29, [0.8830, 1.0]),
        ] {
            near(wilson95(successes, trials), interval, 5e-5);
        }
        for trials in 1..200 {
            assert!(wilson95(0, trials)[0] == 0.0 && wilson95(trials, trials)[1] == 1.0, "{trials}");
        }
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&mut [3.0, -1.0, 2.0]), 2.0);
        assert_eq!(median(&mut [3.0, 4.0, -1.0, 2.0]), 2.5);
        assert_eq!(median(&mut [5.0]), 5.0);
        assert!(median(&mut []).is_nan());
    }

    #[test]
    fn running_sums_are_the_mean_of_all() {
        let values: Vec<f64> = (0..1000).map(|i| 1e6 + f64::from(i * i % 97)).collect();
        let mut sums = Sums::default();
        for &value in &values {
            sums.add(value);
        }
        let (running, whole) = (sums.mean(), Mean::of(values.iter().copied()));
        assert_eq!((running.count, running.mean), (whole.count, whole.mean));
        assert!((running.std - whole.std).abs() < 1e-9, "{} {}", running.std, whole.std);
    }
}
