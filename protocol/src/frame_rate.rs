//! How fast a room takes steps.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Frames a second, at which a room takes steps.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct FrameRate(f64);

impl FrameRate {
    /// One frame in 100 s. What is slower looks like a room that stands still.
    const MIN: f64 = 0.01;
    /// As many as one core makes and encodes with room to spare. Nobody looks at that many; tests of load do.
    const MAX: f64 = 20_000.0;

    /// The fastest that screens are.
    pub const SCREEN: Self = Self(240.0);

    /// A rate of `fps` frames a second, from 0.01 to 20 000.
    pub fn new(fps: f64) -> Result<Self, FrameRateError> {
        if (Self::MIN..=Self::MAX).contains(&fps) {
            Ok(Self(fps))
        } else {
            Err(FrameRateError { given: format!("{fps:?}") })
        }
    }

    /// Frames a second.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }

    /// The time from one frame to the next.
    #[must_use]
    pub fn period(self) -> Duration {
        Duration::from_secs_f64(self.0.recip())
    }
}

impl Default for FrameRate {
    /// 5 frames a second: slow enough to read each step, fast enough for an episode in six seconds.
    fn default() -> Self {
        Self(5.0)
    }
}

impl fmt::Display for FrameRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for FrameRate {
    type Err = FrameRateError;

    fn from_str(text: &str) -> Result<Self, FrameRateError> {
        text.parse().ok().and_then(|fps| Self::new(fps).ok()).ok_or_else(|| FrameRateError { given: text.to_owned() })
    }
}

/// A number that is no frame rate, or no number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{given}' is no frame rate: give a number from {} to {}, in frames a second", FrameRate::MIN, FrameRate::MAX)]
pub struct FrameRateError {
    given: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_rate_is_a_number_from_one_in_a_hundred_seconds_to_twenty_thousand_a_second() {
        for good in ["0.01", "1", "5", "29.97", "20000"] {
            assert!(good.parse::<FrameRate>().is_ok(), "{good}");
        }
        for bad in ["0", "-1", "1e-300", "20000.1", "inf", "-inf", "NaN", "", "fast"] {
            let error = bad.parse::<FrameRate>().expect_err(bad).to_string();
            assert!(error.contains(&format!("'{bad}'")) && !error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn the_period_is_the_inverse_of_the_rate() {
        assert_eq!(FrameRate::new(4.0).map(FrameRate::period), Ok(Duration::from_millis(250)));
    }
}
