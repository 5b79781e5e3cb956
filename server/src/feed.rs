//! What one viewer of a room gets, and in which order: live, catching up, or back in time. Knows no transport.

use std::sync::Arc;

use daladala_protocol::{Code, Refusal, ResumeFrom, Resumed};
use tokio::sync::broadcast::error::TryRecvError;
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, sleep_until};

use crate::room::{Described, Happened, Noted, Room, RoomFrame, Snapshot};

/// Items handed over at once, so that what is written at once stays small.
const BATCH: usize = 64;

/// Something to send.
#[derive(Debug, Clone)]
pub(crate) enum Item {
    Room(Arc<Described>),
    /// A frame whole, for the deltas that follow to be laid over. It has been shown before, or is too old to be.
    Base(Arc<RoomFrame>),
    /// A frame whole.
    Keyframe(Arc<RoomFrame>),
    /// A frame over its base, which has been handed over before.
    Delta(Arc<RoomFrame>),
    Event(Arc<Happened>),
    Presence(Arc<Noted>),
}

/// Why a feed has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FeedEnd {
    /// The room has closed.
    Closed,
    /// Too many events waited.
    TooSlow,
}

/// Which frames a viewer gets, and in which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Keeping {
    /// All that the room keeps, however late; otherwise only what is fresh.
    pub(crate) all: bool,
    /// Each whole; otherwise over its keyframe.
    pub(crate) whole: bool,
}

/// Where a viewer looks.
#[derive(Debug, Clone, Copy)]
enum View {
    Live,
    /// At what has been missed, up to what is live.
    CatchingUp,
    /// At one frame.
    Held,
    /// At old frames, the next one then.
    Playing {
        next: Instant,
    },
}

/// A viewer's place in a room's stream.
pub(crate) struct Feed {
    room: Arc<Room>,
    keeping: Keeping,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    events: broadcast::Receiver<Arc<Happened>>,
    view: View,
    described: Option<Arc<Described>>,
    presence: Option<Arc<Noted>>,
    /// Epoch and number of the last frame handed over.
    last: Option<(u64, u64)>,
    /// Epoch and number of the last keyframe handed over.
    base: Option<(u64, u64)>,
    /// A frame that was asked for.
    sought: Option<Arc<RoomFrame>>,
    /// Frames passed over since [`Feed::take_skipped`].
    skipped: u64,
}

impl Feed {
    /// From the latest frame on.
    pub(crate) fn new(room: &Arc<Room>, keeping: Keeping) -> Self {
        let events = room.events();
        let mut snapshots = room.watch();
        snapshots.mark_changed();
        // It does not know of this viewer yet; the next one will.
        let presence = Some(Arc::clone(&snapshots.borrow().presence));
        Self {
            room: Arc::clone(room),
            keeping,
            snapshots,
            events,
            view: View::Live,
            described: None,
            presence,
            last: None,
            base: None,
            sought: None,
            skipped: 0,
        }
    }

    /// From the frame after `from` on, if all since then are kept, otherwise from the latest on. Also tells how many
    /// frames that is, before the live ones.
    pub(crate) fn resume(room: &Arc<Room>, keeping: Keeping, from: Option<ResumeFrom>) -> (Self, Resumed, u64) {
        let mut feed = Self::new(room, keeping);
        let Some(from) = from else { return (feed, Resumed::New, 0) };
        let latest = Arc::clone(&room.now().frame);
        if !room.history(|history| history.continues(from.epoch, from.seq)) {
            return (feed, Resumed::Keyframe, 0);
        }
        feed.last = Some((from.epoch, from.seq));
        feed.view = View::CatchingUp;
        (feed, Resumed::Missed, latest.seq().saturating_sub(from.seq))
    }

    /// Goes on from the frame after `from`, as one does who has lost all since then. What has happened is not told again.
    pub(crate) fn go_back_to(&mut self, from: ResumeFrom) {
        self.last = Some((from.epoch, from.seq));
        self.base = None;
        self.view = View::CatchingUp;
        self.snapshots.mark_changed();
    }

    pub(crate) fn room(&self) -> &Arc<Room> {
        &self.room
    }

    /// Goes back to frame `seq`, and stays there or plays on from it.
    pub(crate) fn seek(&mut self, seq: u64, play: bool) -> Result<(), Refusal> {
        let epoch = self.snapshots.borrow().frame.epoch();
        let frame = self.room.history(|history| history.get(epoch, seq));
        let missing = || Refusal::new(Code::NotFound, format!("frame {seq} is not kept, or not yet made"));
        self.sought = Some(frame.ok_or_else(missing)?);
        self.view = if play { View::Playing { next: Instant::now() + self.period() } } else { View::Held };
        Ok(())
    }

    /// Returns to the latest frame; its number.
    pub(crate) fn live(&mut self) -> u64 {
        let latest = self.snapshots.borrow().frame.seq();
        if !matches!(self.view, View::Live) {
            self.view = View::Live;
            self.last = None;
            self.snapshots.mark_changed();
        }
        latest
    }

    /// How many frames were passed over since this was last called.
    pub(crate) fn take_skipped(&mut self) -> u64 {
        std::mem::take(&mut self.skipped)
    }

    fn period(&self) -> std::time::Duration {
        std::time::Duration::from_secs_f64(self.snapshots.borrow().described.info().fps.recip())
    }

    /// Waits for something to send, and adds it to `items`. Nothing is lost when this is broken off.
    pub(crate) async fn next(&mut self, items: &mut Vec<Item>) -> Result<(), FeedEnd> {
        loop {
            let closed = self.gather(items)?;
            if !items.is_empty() {
                return Ok(());
            }
            if closed {
                return Err(FeedEnd::Closed);
            }
            let playing = match self.view {
                View::Playing { next } => Some(next),
                View::Live | View::CatchingUp | View::Held => None,
            };
            tokio::select! {
                // The room holds the sender as long as the feed holds the room. Whatever happens is followed by a
                // snapshot, so there is one thing to wait for, which matters to thousands of viewers.
                _ = self.snapshots.changed() => {}
                () = sleep_until(playing.unwrap_or_else(Instant::now)), if playing.is_some() => {}
            }
        }
    }

    /// Adds what is there already; whether nothing will follow.
    fn gather(&mut self, items: &mut Vec<Item>) -> Result<bool, FeedEnd> {
        let now = Arc::clone(&self.snapshots.borrow_and_update());
        // What happened came before what it led to, but for those who enter, who first learn where they are.
        let entering = self.described.is_none();
        if entering {
            self.describe(&now, items);
        }
        while items.len() < BATCH {
            match self.events.try_recv() {
                Ok(event) => items.push(Item::Event(event)),
                Err(TryRecvError::Lagged(_)) => self.events_lost()?,
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        if !entering {
            self.describe(&now, items);
        }
        if let Some(frame) = self.sought.take() {
            self.push(&frame, items);
        }
        if self.last.is_some_and(|(epoch, _)| epoch != now.frame.epoch()) {
            // What one was looking at is gone.
            self.view = View::Live;
        }
        match self.view {
            View::Held => {}
            View::Playing { next } => self.play(&now, next, items),
            View::Live | View::CatchingUp => self.follow(&now, items),
        }
        if self.presence.as_ref().is_none_or(|sent| !Arc::ptr_eq(sent, &now.presence)) {
            items.push(Item::Presence(Arc::clone(&now.presence)));
            self.presence = Some(Arc::clone(&now.presence));
        }
        Ok(now.closed)
    }

    /// Too many events have waited. Those who are here for the frames do without them.
    fn events_lost(&self) -> Result<(), FeedEnd> {
        if self.keeping.all { Ok(()) } else { Err(FeedEnd::TooSlow) }
    }

    fn describe(&mut self, now: &Snapshot, items: &mut Vec<Item>) {
        if self.described.as_ref().is_none_or(|sent| !Arc::ptr_eq(sent, &now.described)) {
            items.push(Item::Room(Arc::clone(&now.described)));
            self.described = Some(Arc::clone(&now.described));
        }
    }

    /// Adds what has been made since the last frame handed over, or the latest alone if that is too much.
    fn follow(&mut self, now: &Snapshot, items: &mut Vec<Item>) {
        let latest = &now.frame;
        let last = match self.last {
            Some((epoch, last)) if epoch == latest.epoch() => last,
            _ => {
                self.view = View::Live;
                return self.push(latest, items);
            }
        };
        match latest.seq().saturating_sub(last) {
            0 => self.view = View::Live,
            1 => {
                self.view = View::Live;
                self.push(latest, items);
            }
            behind => self.catch_up(latest, last, behind, items),
        }
    }

    /// Adds what follows frame `last`, without what is no longer fresh unless all is wanted.
    fn catch_up(&mut self, latest: &Arc<RoomFrame>, last: u64, behind: u64, items: &mut Vec<Item>) {
        let all = self.keeping.all || matches!(self.view, View::CatchingUp);
        let mut missed = self.room.history(|history| history.after(latest.epoch(), last, BATCH));
        let found = missed.len() as u64;
        if !all {
            missed.retain(|frame| frame.is_fresh());
        }
        if missed.is_empty() {
            // Some are no longer kept, or none of those looked at is fresh: then the latest does.
            self.skipped += behind - 1;
            self.push(latest, items);
            return;
        }
        self.skipped += found - missed.len() as u64;
        if found < behind {
            self.snapshots.mark_changed();
        }
        for frame in &missed {
            self.push(frame, items);
        }
    }

    fn play(&mut self, now: &Snapshot, next: Instant, items: &mut Vec<Item>) {
        if next > Instant::now() {
            return;
        }
        let following =
            self.last.and_then(|(epoch, last)| self.room.history(|history| history.after(epoch, last, 1)).pop());
        match following {
            Some(frame) if frame.seq() < now.frame.seq() => {
                self.view = View::Playing { next: (next + self.period()).max(Instant::now()) };
                self.push(&frame, items);
            }
            // It has come to what is live, or what it played is no longer kept.
            _ => {
                self.view = View::Live;
                self.follow(now, items);
            }
        }
    }

    fn push(&mut self, frame: &Arc<RoomFrame>, items: &mut Vec<Item>) {
        self.last = Some((frame.epoch(), frame.seq()));
        match frame.base() {
            Some(base) if !self.keeping.whole => {
                let place = (base.epoch(), base.seq());
                if self.base != Some(place) {
                    self.base = Some(place);
                    items.push(Item::Base(Arc::clone(base)));
                }
                items.push(Item::Delta(Arc::clone(frame)));
            }
            _ => {
                self.base = Some((frame.epoch(), frame.seq()));
                items.push(Item::Keyframe(Arc::clone(frame)));
            }
        }
    }
}
