//! The frames of the last while, for those who come back and those who go back.

use std::collections::VecDeque;
use std::sync::Arc;

use super::RoomFrame;

/// Frames of one epoch, one after another without gaps.
#[derive(Debug)]
pub(crate) struct History {
    frames: VecDeque<Arc<RoomFrame>>,
    capacity: usize,
}

impl History {
    pub(super) fn new(capacity: usize) -> Self {
        Self { frames: VecDeque::new(), capacity: capacity.max(1) }
    }

    /// Adds the next frame; one that does not follow the last makes all before it forgotten.
    pub(super) fn push(&mut self, frame: Arc<RoomFrame>) {
        let follows =
            |last: &Arc<RoomFrame>| last.epoch() == frame.epoch() && last.seq().checked_add(1) == Some(frame.seq());
        if self.frames.back().is_some_and(|last| !follows(last)) {
            self.frames.clear();
        }
        if self.frames.len() == self.capacity {
            self.frames.pop_front();
        }
        self.frames.push_back(frame);
    }

    /// The place of frame `seq`, if it is kept.
    fn place(&self, seq: u64) -> Option<usize> {
        let first = self.frames.front()?.seq();
        let place = usize::try_from(seq.checked_sub(first)?).ok()?;
        (place < self.frames.len()).then_some(place)
    }

    pub(crate) fn get(&self, epoch: u64, seq: u64) -> Option<Arc<RoomFrame>> {
        self.frames.get(self.place(seq)?).filter(|frame| frame.epoch() == epoch).cloned()
    }

    /// Up to `limit` frames that follow frame `seq` of `epoch`; none if the next one is no longer kept, or not yet made.
    pub(crate) fn after(&self, epoch: u64, seq: u64, limit: usize) -> Vec<Arc<RoomFrame>> {
        let next = seq.checked_add(1).and_then(|next| self.place(next));
        let of_epoch = |place: &usize| self.frames[*place].epoch() == epoch;
        let following = next.filter(of_epoch).map(|place| self.frames.range(place..).take(limit).cloned().collect());
        following.unwrap_or_default()
    }

    /// The oldest frame.
    pub(crate) fn first(&self) -> Option<&Arc<RoomFrame>> {
        self.frames.front()
    }

    /// Whether every frame after `seq` of `epoch` is kept: then one who has `seq` can go on from it.
    pub(crate) fn continues(&self, epoch: u64, seq: u64) -> bool {
        let (Some(first), Some(last)) = (self.frames.front(), self.frames.back()) else { return false };
        first.epoch() == epoch && (first.seq()..=last.seq().saturating_add(1)).contains(&seq.saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use daladala_agents::Policy;
    use daladala_agents::scripted::Random;
    use daladala_env::rules::Classic;
    use daladala_env::{RuleSet, Rules};

    use super::*;
    use crate::game::{AnyDriver, Driver};

    fn history(frames: std::ops::RangeInclusive<u64>, capacity: usize) -> History {
        let policy: Arc<dyn Policy> = Arc::new(Random::new(&Classic.spaces()));
        let driver = Driver::new(RuleSet::Classic, "random", policy).expect("fits");
        let (played, mut game) = (Arc::new(driver.info()), driver.begin(1));
        let mut history = History::new(capacity);
        for seq in frames {
            history.push(RoomFrame::new(7, seq, game.advance(None).expect("a frame"), Arc::clone(&played), None));
        }
        history
    }

    fn seqs(frames: &[Arc<RoomFrame>]) -> Vec<u64> {
        frames.iter().map(|frame| frame.seq()).collect()
    }

    #[test]
    fn the_last_frames_are_kept() {
        let history = history(1..=10, 4);
        assert_eq!(seqs(&history.after(7, 6, 10)), [7, 8, 9, 10]);
        assert_eq!(seqs(&history.after(7, 8, 1)), [9]);
        for (epoch, seq) in [(7, 5), (7, 10), (7, 11), (8, 8), (7, u64::MAX), (0, 0)] {
            assert!(history.after(epoch, seq, 10).is_empty(), "{epoch} {seq}");
        }
        assert!(history.get(7, 7).is_some() && history.get(7, 6).is_none() && history.get(8, 7).is_none());
    }

    #[test]
    fn one_who_has_the_latest_has_missed_nothing() {
        let history = history(1..=10, 4);
        for (seq, continues) in [(5, false), (6, true), (10, true), (11, false), (u64::MAX, false)] {
            assert_eq!(history.continues(7, seq), continues, "{seq}");
        }
        assert!(!history.continues(6, 8));
    }

    #[test]
    fn another_epoch_forgets_the_one_before() {
        let mut history = history(1..=10, 4);
        let last = history.get(7, 10).expect("kept");
        history.push(RoomFrame::new(8, 1, last.state().clone(), Arc::new(last.game().clone()), None));
        assert!(history.get(7, 10).is_none() && history.get(8, 1).is_some());
    }
}
