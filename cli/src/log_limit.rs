//! Keeps the log from being flooded: who sends what cannot be read chooses how often the server has something to say.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tracing::callsite::Identifier;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// Warnings and errors of one kind that are written in a [`PERIOD`]; the others are counted.
const LINES: u64 = 5;

/// How long lines are counted together.
pub(crate) const PERIOD: Duration = Duration::from_secs(1);

/// Lets a few lines of each kind through, where a kind is a place in the code.
#[derive(Clone, Default)]
pub(crate) struct LogLimit(Arc<Mutex<HashMap<Identifier, Lines>>>);

/// Lines of one kind in the present period.
struct Lines {
    began: Instant,
    /// How many there were, those that were left out included.
    count: u64,
    kind: &'static Metadata<'static>,
}

impl LogLimit {
    fn lines(&self) -> MutexGuard<'_, HashMap<Identifier, Lines>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a line is written.
    fn lets_through(&self, kind: &'static Metadata<'static>, now: Instant) -> bool {
        if *kind.level() > Level::WARN {
            return true;
        }
        let mut all = self.lines();
        let lines = all.entry(kind.callsite()).or_insert(Lines { began: now, count: 0, kind });
        lines.count += 1;
        lines.count <= LINES
    }

    /// How many lines were left out in the periods that are over, and of which kind, by its target.
    fn over(&self, now: Instant) -> Vec<(&'static str, u64)> {
        let mut left_out = Vec::new();
        self.lines().retain(|_, lines| {
            let goes_on = now.duration_since(lines.began) < PERIOD;
            if !goes_on && lines.count > LINES {
                left_out.push((lines.kind.target(), lines.count - LINES));
            }
            goes_on
        });
        left_out
    }

    /// Says now and then what was left out, until the runtime ends.
    pub(crate) async fn tell(self) {
        loop {
            tokio::time::sleep(PERIOD).await;
            for (kind, lines) in self.over(Instant::now()) {
                tracing::warn!(kind, lines, "lines like those before were left out");
            }
        }
    }
}

impl<S: Subscriber> Layer<S> for LogLimit {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        self.lets_through(event.metadata(), Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("no panic").write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_flood_of_one_kind_is_a_few_lines_and_a_count() {
        let (limit, written) = (LogLimit::default(), Written::default());
        let writer = written.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish().with(limit.clone());
        tracing::subscriber::with_default(subscriber, || {
            for number in 0..1000 {
                tracing::warn!("a bad packet");
                tracing::info!("a room was opened");
                if number % 500 == 0 {
                    tracing::error!("something else");
                }
            }
        });
        let text = String::from_utf8(written.0.lock().expect("no panic").clone()).expect("text");
        let lines = |of: &str| text.lines().filter(|line| line.contains(of)).count();
        assert_eq!((lines("a bad packet"), lines("something else"), lines("a room was opened")), (5, 2, 1000));
        assert_eq!(limit.over(Instant::now() + PERIOD).iter().map(|(_, lines)| lines).sum::<u64>(), 995);
        assert!(limit.over(Instant::now() + PERIOD).is_empty(), "it is told once");
    }
}
