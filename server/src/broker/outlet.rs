//! A worker's side of a room that is shown elsewhere: one more viewer of it, who writes all that it sees into the logs.
//!
//! Frames that could not be written are still in the room's history when the broker is back, and notes wait here. What was
//! written without an answer coming back is written again under the same place, which the log passes over.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use daladala_protocol::ResumeFrom;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::{Batch, Broker, CLAIM, Entry, Last, Place};
use crate::feed::{Feed, FeedEnd, Item, Keeping};
use crate::room::Room;

/// Before the broker is asked again when it did not answer.
const RETRY: Duration = Duration::from_millis(250);

/// Between two looks whether anybody still shows the room.
const LOOK: Duration = Duration::from_secs(1);

/// Notes that wait while the broker is away. Older ones are of a time that nobody asks about.
const MOST_NOTES: usize = 1024;

/// Writes a room's logs.
pub(super) struct Outlet {
    room: Arc<Room>,
    broker: Arc<dyn Broker>,
    feed: Feed,
    items: Vec<Item>,
    /// What is to be written; its frames are dropped when it fails, as the room keeps them.
    batch: Batch,
    /// The notes of `batch` that wait, oldest first.
    notes: VecDeque<Entry>,
    /// The place of the last note.
    noted: Place,
    /// The last frame that is in the log.
    written: Option<Place>,
    /// The frame that was the latest at the beginning.
    begun_at: Place,
    /// Keyframes in the log, oldest first.
    keyframes: VecDeque<Place>,
    /// Frames to keep in the log.
    history_frames: u64,
    /// Turns true when all that was there at the beginning is written.
    primed: watch::Sender<bool>,
}

/// Why an outlet has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// Nobody shows the room elsewhere any more, or it has closed.
    Done,
    /// Another server has written frames of a later epoch: it has the room.
    Overtaken,
}

impl Outlet {
    pub(super) fn new(
        room: Arc<Room>,
        broker: Arc<dyn Broker>,
        history_frames: usize,
        primed: watch::Sender<bool>,
    ) -> Self {
        let feed = Feed::new(&room, Keeping { all: true, whole: false });
        Self {
            room,
            broker,
            feed,
            items: Vec::new(),
            batch: Batch::default(),
            notes: VecDeque::new(),
            noted: Place { epoch: 0, seq: 0 },
            written: None,
            begun_at: Place { epoch: 0, seq: 0 },
            keyframes: VecDeque::new(),
            history_frames: history_frames as u64,
            primed,
        }
    }

    /// The room's code.
    pub(super) fn code(&self) -> &str {
        self.room.code()
    }

    /// Writes until nobody reads any more.
    pub(super) async fn run(mut self) -> Ended {
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let last = loop {
                match self.broker.last(self.room.code()).await {
                    Ok(last) => break last,
                    Err(error) => tracing::debug!(room = self.room.code(), %error, "a room waits for its broker"),
                }
                if self.wait().await.is_err() {
                    return Ended::Done;
                }
            };
            if self.is_overtaken(last) {
                return Ended::Overtaken;
            }
            self.begin_after(last);
            // Until something goes wrong, and then again from what is really there.
            loop {
                tokio::select! {
                    filled = self.feed.next(&mut self.items) => {
                        let closed = filled.is_err();
                        self.gather();
                        if !self.write().await {
                            break;
                        }
                        if closed {
                            return Ended::Done;
                        }
                    }
                    _ = look.tick() => if !self.room.is_shown_elsewhere(CLAIM) {
                        return Ended::Done;
                    },
                }
            }
            if self.wait().await.is_err() {
                return Ended::Done;
            }
        }
    }

    fn is_overtaken(&self, last: Last) -> bool {
        last.frame.is_some_and(|last| last.epoch > self.room.now().frame.epoch())
    }

    /// Goes on after what is in the logs: from the next frame if it is kept, otherwise with all that is kept.
    fn begin_after(&mut self, last: Last) {
        let begins = self.noted.epoch == 0;
        self.noted = self.noted.max(last.note.unwrap_or(self.noted)).max(Place { epoch: self.epoch(), seq: 0 });
        if begins {
            // What was noted before it was known where the log ends.
            for (place, _) in &mut self.notes {
                self.noted.seq += 1;
                *place = self.noted;
            }
        } else {
            // Notes that were written without our hearing of it are in the log.
            self.notes.retain(|(place, _)| last.note.is_none_or(|last| *place > last));
        }
        self.begun_at = self.room.now().frame.place();
        self.written = last.frame;
        if last.frame.is_none() {
            self.keyframes.clear();
        }
        let kept = |place: Place| self.room.history(|history| history.continues(place.epoch, place.seq));
        let first = self.room.history(|history| history.first().map(|frame| frame.place()));
        let from = last.frame.filter(|&place| kept(place));
        let from = from.or(first.map(|first| Place { seq: first.seq.saturating_sub(1), ..first }));
        if let Some(Place { epoch, seq }) = from {
            self.feed.go_back_to(ResumeFrom { epoch, seq });
        }
    }

    fn epoch(&self) -> u64 {
        self.room.now().frame.epoch()
    }

    /// Puts what the room has shown into the batch.
    fn gather(&mut self) {
        let items = std::mem::take(&mut self.items);
        for item in &items {
            match item {
                Item::Room(described) => {
                    let message = Bytes::from(described.json());
                    self.batch.description = Some(message.clone());
                    self.note(message);
                }
                Item::Presence(noted) => {
                    let message = Bytes::from(noted.json());
                    self.batch.presence = Some(message.clone());
                    self.batch.players = Some(self.room.known_players());
                    self.note(message);
                }
                Item::Event(happened) => {
                    // Presence follows later, and a player may be on another server by then.
                    if happened.is_of_players() {
                        self.batch.players = Some(self.room.known_players());
                    }
                    self.note(happened.json().into());
                }
                Item::Base(frame) if self.written >= Some(frame.place()) => {}
                Item::Base(frame) | Item::Keyframe(frame) => {
                    self.keyframes.push_back(frame.place());
                    self.batch.frames.push((frame.place(), frame.whole_binary()));
                }
                Item::Delta(frame) => self.batch.frames.push((frame.place(), frame.delta_binary())),
            }
        }
        self.items = items;
        self.items.clear();
    }

    fn note(&mut self, message: Bytes) {
        self.noted.seq += 1;
        if self.notes.len() == MOST_NOTES {
            self.notes.pop_front();
        }
        self.notes.push_back((self.noted, message));
    }

    /// Writes the batch; false if it has to be looked what is in the logs.
    async fn write(&mut self) -> bool {
        self.batch.notes = self.notes.iter().cloned().collect();
        self.batch.keep_from = self.no_longer_needed(self.batch.frames.last().map(|(place, _)| *place));
        let written = self.broker.append(self.room.code(), &self.batch).await;
        let frames = std::mem::take(&mut self.batch.frames);
        match written {
            Ok(true) => {
                self.notes.clear();
                self.batch = Batch::default();
                self.written = frames.last().map(|(place, _)| *place).or(self.written);
                if self.written >= Some(self.begun_at) {
                    self.primed.send_replace(true);
                }
                true
            }
            Ok(false) => false,
            Err(error) => {
                tracing::debug!(room = self.room.code(), %error, "a room cannot be written");
                false
            }
        }
    }

    /// The keyframe from which on the log is kept: whole episodes, as many as hold the frames that are wanted.
    fn no_longer_needed(&mut self, last: Option<Place>) -> Option<Place> {
        let last = last?;
        let mut from = None;
        while let [_, next, ..] = self.keyframes.make_contiguous()
            && (next.epoch < last.epoch || last.seq.saturating_sub(next.seq) >= self.history_frames)
        {
            from = Some(*next);
            self.keyframes.pop_front();
        }
        from
    }

    /// Lets a while pass, in which nothing that happens is missed.
    async fn wait(&mut self) -> Result<(), FeedEnd> {
        let until = Instant::now() + RETRY;
        loop {
            tokio::select! {
                filled = self.feed.next(&mut self.items) => {
                    filled?;
                    // The room keeps the frames.
                    self.items.retain(|item| matches!(item, Item::Room(_) | Item::Presence(_) | Item::Event(_)));
                    self.gather();
                }
                () = sleep_until(until) => return Ok(()),
            }
        }
    }
}
