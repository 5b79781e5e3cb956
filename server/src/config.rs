//! What can be chosen about a server. Values are checked when they are made, so that nothing is left to check later.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// How a [`Server`](crate::Server) is made.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// The name or address to listen on.
    pub host: String,
    /// The port to listen on; 0 for a free one.
    pub port: u16,
    /// How fast the room `main` drives.
    pub fps: FrameRate,
    /// The seed of the room's layouts; by the clock if none is given.
    pub seed: Option<u64>,
    /// How long a viewer may take over things.
    pub limits: Limits,
}

impl Default for ServerConfig {
    /// 127.0.0.1, port 5000, which the original's clients expect.
    fn default() -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: 5000,
            fps: FrameRate::default(),
            seed: None,
            limits: Limits::default(),
        }
    }
}

/// How long a viewer may take over things before the server stops waiting for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For one message to leave for the network. A viewer that cannot take a kilobyte in this time will not catch up.
    pub write_timeout: Duration,
    /// Between two pings. Proxies cut connections that rest for a minute; this is well below.
    pub ping_interval: Duration,
    /// Without any sign of life, pongs included. Three pings unanswered: the network between is gone.
    pub idle_timeout: Duration,
    /// For a viewer to answer a close frame. Enough for a way around the world and back.
    pub close_timeout: Duration,
    /// For all connections together to end when the server shuts down; longer than `close_timeout`, and short enough
    /// that nobody presses Ctrl-C twice.
    pub shutdown_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            write_timeout: Duration::from_secs(10),
            ping_interval: Duration::from_secs(20),
            idle_timeout: Duration::from_mins(1),
            close_timeout: Duration::from_secs(1),
            shutdown_timeout: Duration::from_secs(2),
        }
    }
}

/// Frames a second, at which a room takes steps.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct FrameRate(f64);

impl FrameRate {
    /// One frame in 100 s. What is slower looks like a room that stands still.
    const MIN: f64 = 0.01;
    /// One frame a millisecond, the resolution of the timer.
    const MAX: f64 = 1000.0;

    /// A rate of `fps` frames a second, from 0.01 to 1000.
    pub fn new(fps: f64) -> Result<Self, FrameRateError> {
        if (Self::MIN..=Self::MAX).contains(&fps) {
            Ok(Self(fps))
        } else {
            Err(FrameRateError { given: fps.to_string() })
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
    fn a_frame_rate_is_a_number_from_one_in_a_hundred_seconds_to_a_thousand_a_second() {
        for good in ["0.01", "1", "5", "29.97", "1000"] {
            assert!(good.parse::<FrameRate>().is_ok(), "{good}");
        }
        for bad in ["0", "-1", "1e-300", "1000.1", "inf", "-inf", "NaN", "", "fast"] {
            let error = bad.parse::<FrameRate>().expect_err(bad).to_string();
            assert!(error.contains(&format!("'{bad}'")) && !error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn the_period_is_the_inverse_of_the_rate() {
        assert_eq!(FrameRate::new(4.0).map(FrameRate::period), Ok(Duration::from_millis(250)));
    }
}
