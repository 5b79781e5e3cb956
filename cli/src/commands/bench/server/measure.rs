//! When frames come, and what is made of it.
//!
//! A frame does not say when it was made. Its lateness is therefore measured against the schedule that the room keeps:
//! frame `seq` is due at `t0 + (seq - seq0) / fps`, and `t0` is the best case, the earliest that any frame came to any
//! viewer while it was measured, counted back to `seq0`. So a frame that comes as soon after its time as the promptest
//! one is not late at all, and what the room itself is late with counts as well. The spread of a frame is the time
//! since the first viewer had it.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde::Serialize;

use daladala_protocol::Head;

/// Frames whose first arrival is kept, 8 bytes each: of longer measurements the spread is that of the beginning.
const MAX_TRACKED: usize = 1 << 22;
/// Frames after the measured ones whose first arrival is kept as well, seconds.
const TRACKED_MARGIN: f64 = 5.0;
/// How much earlier than in the warm-up a frame may come and still be told apart exactly, nanoseconds.
const GUARD: i64 = 10_000_000;
/// The longest delay told apart, microseconds.
const MAX_DELAY: u64 = 120_000_000;
/// Digits of a delay that are kept: a microsecond up to 32 ms, hence `GUARD` costs no precision.
const DIGITS: u8 = 4;

/// What the measurement needs to know of a room, and what must not change meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, serde::Deserialize)]
pub(crate) struct Room {
    pub(crate) epoch: u64,
    pub(crate) fps: f64,
    pub(crate) paused: bool,
}

/// What the viewers of all threads share: hardly ever written, so that reading it is cheap.
#[derive(Debug)]
pub(crate) struct Board {
    origin: Instant,
    room: OnceLock<Room>,
    room_changed: AtomicBool,
    /// Set when all viewers are connected.
    schedule: OnceLock<Schedule>,
    /// The highest number of a frame.
    latest: AtomicU64,
    /// The smallest offset of a frame, nanoseconds; see [`Schedule::offset`].
    earliest: AtomicI64,
    /// What `earliest` was in the warm-up.
    reference: AtomicI64,
    /// The measured time, nanoseconds since `origin`.
    from: AtomicU64,
    until: AtomicU64,
    connected: AtomicUsize,
    failed: AtomicUsize,
    trouble: Mutex<Option<String>>,
}

/// When frames are due, up to the constant that only the whole measurement tells.
#[derive(Debug)]
struct Schedule {
    first_seq: u64,
    /// Nanoseconds between frames.
    period: f64,
    /// By number from `first_seq`: when the first viewer had the frame, nanoseconds since the origin; 0 not yet.
    arrivals: Box<[AtomicU64]>,
}

/// What the viewers of one thread have counted while it was measured.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
    pub(crate) skipped: u64,
    pub(crate) duplicates: u64,
    pub(crate) presences: u64,
    pub(crate) events: u64,
    /// Viewers that lost their connection, at any time before the end.
    pub(crate) disconnected: u64,
    pub(crate) stalled_disconnected: u64,
    /// By viewer that reads.
    pub(crate) frames_of: Vec<u64>,
    lateness: Delays,
    spread: Delays,
}

/// Delays in microseconds.
#[derive(Clone, Debug)]
struct Delays(Histogram<u64>);

/// Delays at which so much of all has come, milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Percentiles {
    pub(crate) p50: f64,
    pub(crate) p90: f64,
    pub(crate) p99: f64,
    pub(crate) max: f64,
}

/// What the viewers of one thread write to.
#[derive(Debug)]
pub(crate) struct Recorder {
    pub(crate) board: Arc<Board>,
    tally: RefCell<Tally>,
}

/// How far one viewer is.
#[derive(Debug)]
pub(crate) struct Progress {
    /// Its place in [`Tally::frames_of`]; none for a viewer that is not counted.
    place: Option<usize>,
    last: Option<u64>,
}

impl Board {
    pub(crate) fn new() -> Self {
        Self {
            origin: Instant::now(),
            room: OnceLock::new(),
            room_changed: AtomicBool::new(false),
            schedule: OnceLock::new(),
            latest: AtomicU64::new(0),
            earliest: AtomicI64::new(i64::MAX),
            reference: AtomicI64::new(0),
            from: AtomicU64::new(u64::MAX),
            until: AtomicU64::new(u64::MAX),
            connected: AtomicUsize::new(0),
            failed: AtomicUsize::new(0),
            trouble: Mutex::new(None),
        }
    }

    /// Nanoseconds since the origin; never 0.
    fn now(&self) -> u64 {
        (self.origin.elapsed().as_nanos() as u64).max(1)
    }

    /// A viewer was told of its room. All are in the same, and it may not change while it is measured.
    pub(crate) fn entered(&self, room: Room) {
        if *self.room.get_or_init(|| room) != room {
            self.room_changed.store(true, Relaxed);
        }
    }

    pub(crate) fn room(&self) -> Option<Room> {
        self.room.get().copied()
    }

    pub(crate) fn room_changed(&self) -> bool {
        self.room_changed.load(Relaxed)
    }

    pub(crate) fn latest(&self) -> u64 {
        self.latest.load(Relaxed)
    }

    /// One more viewer has its first frame.
    pub(crate) fn connected(&self) {
        self.connected.fetch_add(1, Relaxed);
    }

    /// One more viewer could not connect.
    pub(crate) fn failed(&self, error: &anyhow::Error) {
        self.failed.fetch_add(1, Relaxed);
        self.trouble(error);
    }

    /// How many are connected, and how many could not.
    pub(crate) fn arrived(&self) -> (usize, usize) {
        (self.connected.load(Relaxed), self.failed.load(Relaxed))
    }

    /// Keeps the first error, which tells more than how many there were.
    pub(crate) fn trouble(&self, error: &anyhow::Error) {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| format!("{error:#}"));
    }

    pub(crate) fn take_trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// From now on it is kept when frames come, but not counted yet.
    pub(crate) fn warm_up(&self, fps: f64, warm_up: Duration, measured: Duration) {
        let frames = fps * (warm_up.as_secs_f64() + measured.as_secs_f64() + TRACKED_MARGIN);
        self.schedule.get_or_init(|| Schedule::new(self.latest() + 1, fps, (frames as usize).min(MAX_TRACKED)));
    }

    /// Counts from now on, unless no frame came in the warm-up.
    pub(crate) fn begin(&self) -> bool {
        let earliest = self.earliest.swap(i64::MAX, Relaxed);
        self.reference.store(earliest, Relaxed);
        self.from.store(self.now(), Relaxed);
        earliest != i64::MAX
    }

    /// Counts no more. Returns how long it was counted.
    pub(crate) fn end(&self) -> Duration {
        let now = self.now();
        self.until.store(now, Relaxed);
        Duration::from_nanos(now.saturating_sub(self.from.load(Relaxed)))
    }

    /// How late frames were; none if none came.
    pub(crate) fn lateness(&self, tally: &Tally) -> Option<Percentiles> {
        let earlier = self.reference.load(Relaxed).saturating_sub(self.earliest.load(Relaxed));
        tally.lateness.percentiles(earlier.saturating_sub(GUARD))
    }

    fn is_measured(&self, now: u64) -> bool {
        (self.from.load(Relaxed)..self.until.load(Relaxed)).contains(&now)
    }
}

impl Schedule {
    fn new(first_seq: u64, fps: f64, tracked: usize) -> Self {
        let arrivals = std::iter::repeat_with(AtomicU64::default).take(tracked).collect();
        Self { first_seq, period: 1e9 / fps, arrivals }
    }

    /// When a frame came, counted back by the frames since `first_seq`: the same for all that come on time.
    fn offset(&self, seq: u64, now: u64) -> i64 {
        let frames = seq.wrapping_sub(self.first_seq).cast_signed();
        now.cast_signed().saturating_sub((frames as f64 * self.period) as i64)
    }

    /// Nanoseconds since the first viewer had the frame; none for frames that are not kept.
    fn spread(&self, seq: u64, now: u64) -> Option<u64> {
        let index = usize::try_from(seq.checked_sub(self.first_seq)?).ok()?;
        let arrival = self.arrivals.get(index)?;
        match arrival.load(Relaxed) {
            // Of two threads at the same instant, either is the first.
            0 => Some(now.saturating_sub(arrival.compare_exchange(0, now, Relaxed, Relaxed).err().unwrap_or(now))),
            first => Some(now.saturating_sub(first)),
        }
    }
}

impl Delays {
    fn new() -> anyhow::Result<Self> {
        Ok(Self(Histogram::new_with_bounds(1, MAX_DELAY, DIGITS)?))
    }

    fn record(&mut self, nanoseconds: i64) {
        self.0.saturating_record((nanoseconds / 1000).max(0) as u64);
    }

    /// With `more` nanoseconds added to each; none if there are none.
    fn percentiles(&self, more: i64) -> Option<Percentiles> {
        let shifted = |microseconds: u64| ((microseconds.cast_signed() + more / 1000).max(0)) as f64 / 1000.0;
        let at = |quantile| shifted(self.0.value_at_quantile(quantile));
        let max = shifted(self.0.max());
        (!self.0.is_empty()).then(|| Percentiles { p50: at(0.5), p90: at(0.9), p99: at(0.99), max })
    }
}

impl Tally {
    pub(crate) fn new() -> anyhow::Result<Self> {
        Ok(Self {
            frames: 0,
            bytes: 0,
            skipped: 0,
            duplicates: 0,
            presences: 0,
            events: 0,
            disconnected: 0,
            stalled_disconnected: 0,
            frames_of: Vec::new(),
            lateness: Delays::new()?,
            spread: Delays::new()?,
        })
    }

    /// Adds what another thread has counted.
    pub(crate) fn merge(&mut self, other: &Self) -> anyhow::Result<()> {
        self.frames += other.frames;
        self.bytes += other.bytes;
        self.skipped += other.skipped;
        self.duplicates += other.duplicates;
        self.presences += other.presences;
        self.events += other.events;
        self.disconnected += other.disconnected;
        self.stalled_disconnected += other.stalled_disconnected;
        self.frames_of.extend_from_slice(&other.frames_of);
        self.lateness.0.add(&other.lateness.0)?;
        self.spread.0.add(&other.spread.0)?;
        Ok(())
    }

    pub(crate) fn spread(&self) -> Option<Percentiles> {
        self.spread.percentiles(0)
    }
}

impl Progress {
    /// That of a viewer whose frames are not counted.
    pub(crate) fn uncounted() -> Self {
        Self { place: None, last: None }
    }
}

impl Recorder {
    pub(crate) fn new(board: Arc<Board>, tally: Tally) -> Self {
        Self { board, tally: RefCell::new(tally) }
    }

    /// One more viewer that reads.
    pub(crate) fn viewer(&self) -> Progress {
        let frames_of = &mut self.tally.borrow_mut().frames_of;
        frames_of.push(0);
        Progress { place: Some(frames_of.len() - 1), last: None }
    }

    /// A message has come. `deltas` says that keyframes are bases of deltas.
    pub(crate) fn message(&self, progress: &mut Progress, head: Head, bytes: usize, deltas: bool) {
        if progress.place.is_none() {
            return;
        }
        let now = self.board.now();
        if let Head::Frame { seq, whole } = head {
            self.frame(progress, seq, whole && deltas, bytes, now);
        } else if self.board.is_measured(now) {
            let mut tally = self.tally.borrow_mut();
            match head {
                Head::Presence => tally.presences += 1,
                Head::Event => tally.events += 1,
                _ => {}
            }
        }
    }

    fn frame(&self, progress: &mut Progress, seq: u64, keyframe: bool, bytes: usize, now: u64) {
        let board = &*self.board;
        let missing = progress.last.map_or(0, |last| seq.saturating_sub(last + 1));
        let duplicate = progress.last.is_some_and(|last| seq <= last);
        progress.last = progress.last.max(Some(seq));
        if seq > board.latest.load(Relaxed) {
            board.latest.fetch_max(seq, Relaxed);
        }
        // After a gap, a keyframe may be the first frame of an episode, sent only because the latest one is a delta to
        // it: older than what the viewer is shown, so its age says nothing.
        let base = keyframe && (missing > 0 || duplicate);
        let timed = board.schedule.get().filter(|_| !base).map(|schedule| {
            let offset = schedule.offset(seq, now);
            if offset < board.earliest.load(Relaxed) {
                board.earliest.fetch_min(offset, Relaxed);
            }
            (offset, schedule.spread(seq, now))
        });
        if !board.is_measured(now) {
            return;
        }
        let tally = &mut *self.tally.borrow_mut();
        tally.frames += 1;
        tally.bytes += bytes as u64;
        tally.skipped += missing;
        tally.duplicates += u64::from(duplicate);
        if let Some(frames) = progress.place.and_then(|place| tally.frames_of.get_mut(place)) {
            *frames += 1;
        }
        if let Some((offset, spread)) = timed {
            tally.lateness.record(offset.saturating_sub(board.reference.load(Relaxed)).saturating_add(GUARD));
            if let Some(spread) = spread {
                tally.spread.record(spread.cast_signed());
            }
        }
    }

    /// A viewer has lost its connection.
    pub(crate) fn disconnected(&self, stalled: bool) {
        let mut tally = self.tally.borrow_mut();
        *(if stalled { &mut tally.stalled_disconnected } else { &mut tally.disconnected }) += 1;
    }

    /// What has been counted so far.
    pub(crate) fn tally(&self) -> Tally {
        self.tally.borrow().clone()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::{Board, Percentiles, Recorder, Relaxed, Tally};

    const MS: u64 = 1_000_000;
    /// Frames of 20 a second.
    const PERIOD: u64 = 50 * MS;
    const FIRST: u64 = 1000;

    /// A board whose warm-up began after frame `FIRST - 1`, and a viewer's recorder.
    fn warmed_up() -> Recorder {
        let board = Board::new();
        board.latest.store(FIRST - 1, Relaxed);
        board.warm_up(20.0, Duration::from_secs(2), Duration::from_secs(10));
        Recorder::new(Arc::new(board), Tally::new().unwrap())
    }

    /// Frames come to one viewer, each so many milliseconds after its time.
    fn come(recorder: &Recorder, first: u64, late: &[u64]) {
        let mut progress = recorder.viewer();
        for (seq, late) in (first..).zip(late) {
            recorder.frame(&mut progress, seq, false, 10, 5000 * MS + (seq - FIRST) * PERIOD + late * MS);
        }
    }

    fn begin(recorder: &Recorder) {
        assert!(recorder.board.begin());
        // The arrivals are made up, so all are within the measured time.
        recorder.board.from.store(0, Relaxed);
    }

    #[test]
    fn lateness_is_told_against_the_promptest_frame() {
        let recorder = warmed_up();
        come(&recorder, FIRST, &[7, 9, 30]);
        begin(&recorder);
        // Of the 100 frames, 5 ms after their time is the best case.
        come(&recorder, FIRST + 3, &[[5; 50].as_slice(), &[6; 40], &[25; 9], &[1005]].concat());
        let tally = recorder.tally();
        assert_eq!((tally.frames, tally.bytes, tally.skipped, tally.duplicates), (100, 1000, 0, 0));
        let lateness = recorder.board.lateness(&tally).unwrap();
        assert_eq!((lateness.p50, lateness.p90), (0.0, 1.0));
        assert!((lateness.p99 - 20.0).abs() < 0.01 && (lateness.max - 1000.0).abs() < 0.1, "{lateness:?}");
        // The viewer is alone, so it is always the first.
        assert_eq!(tally.spread(), Some(Percentiles { p50: 0.0, p90: 0.0, p99: 0.0, max: 0.0 }));
    }

    #[test]
    fn a_warm_up_without_hurry_does_not_blur_the_rest() {
        let recorder = warmed_up();
        // In the warm-up all came 9 ms later than they could.
        come(&recorder, FIRST, &[9, 9]);
        begin(&recorder);
        come(&recorder, FIRST + 2, &[0, 1, 2, 3]);
        let tally = recorder.tally();
        let lateness = recorder.board.lateness(&tally).unwrap();
        assert_eq!((lateness.p50, lateness.p99, lateness.max), (1.0, 3.0, 3.0));
    }

    #[test]
    fn a_room_that_cannot_keep_its_rate_is_late() {
        let recorder = warmed_up();
        come(&recorder, FIRST, &[0, 1]);
        begin(&recorder);
        // A tenth too slow: each frame is 5 ms later than the one before it.
        come(&recorder, FIRST + 2, &(0..101).map(|frame| 5 * frame).collect::<Vec<_>>());
        let tally = recorder.tally();
        let lateness = recorder.board.lateness(&tally).unwrap();
        assert!((lateness.p50 - 250.0).abs() < 0.1 && (lateness.max - 500.0).abs() < 0.1, "{lateness:?}");
    }

    #[test]
    fn the_spread_is_told_against_the_first_viewer() {
        let recorder = warmed_up();
        come(&recorder, FIRST, &[0]);
        begin(&recorder);
        for late in [2, 3, 12] {
            come(&recorder, FIRST + 1, &[late; 10]);
        }
        let spread = recorder.tally().spread().unwrap();
        assert_eq!((spread.p50, spread.p99, spread.max), (1.0, 10.0, 10.0));
    }

    #[test]
    fn gaps_duplicates_and_late_keyframes_are_told_apart() {
        let recorder = warmed_up();
        come(&recorder, FIRST, &[0]);
        begin(&recorder);
        let mut progress = recorder.viewer();
        let mut frame = |seq, keyframe| {
            let due = 5000 * MS + (1010 - FIRST) * PERIOD;
            recorder.frame(&mut progress, seq, keyframe, 10, due);
        };
        // It got frame 1001 as the latest, missed 1002 to 1004, and at 1010 gets the base of what it is to be shown.
        frame(1001, true);
        frame(1005, true);
        frame(1010, false);
        frame(1010, false);
        let tally = recorder.tally();
        assert_eq!((tally.frames, tally.skipped, tally.duplicates), (4, 3 + 4, 1));
        // The keyframe after the gap is not held to be late.
        assert_eq!(tally.lateness.0.len(), 3);
        assert_eq!(tally.frames_of, [0, 4]);
    }

    #[test]
    fn another_room_is_noticed() {
        let board = Board::new();
        let room = super::Room { epoch: 1, fps: 20.0, paused: false };
        board.entered(room);
        board.entered(room);
        assert!(!board.room_changed());
        board.entered(super::Room { epoch: 2, ..room });
        assert!(board.room_changed());
    }
}
