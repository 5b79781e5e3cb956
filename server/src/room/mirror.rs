//! A room that another server runs, as it is shown here: what comes from there is put where viewers find it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use daladala_protocol::{FrameReader, GameInfo, Head, Presence, RoomEvent, RoomInfo, ServerMessage};

use super::{Basis, Described, Happened, Keeper, Making, Members, Noted, Room, RoomFrame, Snapshot};
use crate::broker::{Entry, Owner};
use crate::config::Limits;

/// The writing side of a room that runs elsewhere.
pub(crate) struct Mirror {
    room: Arc<Room>,
    reader: FrameReader,
    /// What is played.
    played: Arc<GameInfo>,
    base: Option<Arc<RoomFrame>>,
    frame: Arc<RoomFrame>,
    described: Arc<Described>,
    presence: Arc<Noted>,
    closed: bool,
}

/// Why a frame cannot be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It is over a keyframe that is not known here, or damaged. The next keyframe is good again.
    Passed,
    /// It is of another epoch than what is known of the room.
    OtherEpoch,
}

impl Mirror {
    /// The room as `info` describes it, with the first of `frames` that can be read; none if there is none.
    pub(crate) fn open(
        info: RoomInfo,
        presence: Presence,
        frames: Vec<Entry>,
        owner: Arc<dyn Owner>,
        limits: &Limits,
    ) -> Option<(Arc<Room>, Self)> {
        if !info.game.is_consistent() {
            return None;
        }
        let mut reader = FrameReader::new(info.game.frame.clone());
        let played = Arc::new(info.game.clone());
        let mut frames = frames.into_iter();
        let first = frames.by_ref().find_map(|(place, bytes)| {
            let read = reader.read(&bytes).ok().filter(|_| place.epoch == info.epoch)?;
            Some(RoomFrame::received(read, Arc::clone(&played), None, bytes, Instant::now()))
        })?;
        let described = Described::new(info);
        let presence = Noted::new(presence);
        let shown = Snapshot {
            described: Arc::clone(&described),
            frame: Arc::clone(&first),
            presence: Arc::clone(&presence),
            closed: false,
        };
        let room = Room::new(Making {
            code: described.info().code.clone(),
            limits: *limits,
            shown,
            members: Members::default(),
            keeper: Keeper::Elsewhere(owner),
            // What it would be begun with is known where it runs.
            basis: Basis { spec: None, seed: 0 },
            changed: Arc::default(),
        });
        let base = Some(Arc::clone(&first));
        let mut mirror =
            Self { room: Arc::clone(&room), reader, played, base, frame: first, described, presence, closed: false };
        for frame in frames {
            // What cannot be read is passed over, up to the next keyframe.
            _ = mirror.take(frame, Duration::ZERO);
        }
        mirror.show();
        Some((room, mirror))
    }

    pub(crate) fn room(&self) -> &Arc<Room> {
        &self.room
    }

    /// Whether the room has been closed where it ran.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Frames a second.
    pub(crate) fn fps(&self) -> f64 {
        self.described.info().fps
    }

    /// Waits until somebody comes, leaves or looks.
    pub(crate) async fn stirred(&self) {
        self.room.stirred.notified().await;
    }

    pub(crate) fn is_watched(&self) -> bool {
        self.room.snapshots.receiver_count() > 0
    }

    /// Takes a message of the room's.
    pub(crate) fn hear(&mut self, message: ServerMessage) {
        match message {
            ServerMessage::Room(info) => self.describe(*info),
            ServerMessage::Presence(presence) => self.presence = Noted::new(presence),
            ServerMessage::Event { event, seq } => {
                self.closed |= matches!(event, RoomEvent::RoomClosed { .. });
                // Without anybody to hear there is nobody to tell.
                _ = self.room.events.send(Arc::new(Happened::new(event, seq)));
            }
            // Of these, rooms have none.
            _ => {}
        }
    }

    /// What the room is from now on. One of an epoch before is passed over, and so is what cannot be shown.
    pub(crate) fn describe(&mut self, info: RoomInfo) {
        let known = self.described.info();
        if info.epoch < known.epoch || !info.game.is_consistent() {
            return;
        }
        if info.epoch > known.epoch {
            self.reader = FrameReader::new(info.game.frame.clone());
            self.played = Arc::new(info.game.clone());
            self.base = None;
        }
        self.described = Described::new(info);
    }

    /// Takes a frame that was made `ago`. One that is not newer than what is shown is passed over.
    pub(crate) fn take(&mut self, (place, bytes): Entry, ago: Duration) -> Result<(), Unreadable> {
        if place.epoch > self.described.info().epoch {
            return Err(Unreadable::OtherEpoch);
        }
        if place.epoch < self.described.info().epoch || self.frame.place() >= place {
            return Ok(());
        }
        let whole = matches!(Head::of_binary(&bytes), Ok(Head::Frame { whole: true, .. }));
        let base = if whole { None } else { Some(self.base.clone().ok_or(Unreadable::Passed)?) };
        let read = self.reader.read(&bytes).map_err(|_| Unreadable::Passed)?;
        let made = Instant::now().checked_sub(ago).unwrap_or_else(Instant::now);
        self.frame = RoomFrame::received(read, Arc::clone(&self.played), base, bytes, made);
        if whole {
            self.base = Some(Arc::clone(&self.frame));
        }
        self.room.keep(&self.frame);
        Ok(())
    }

    /// Shows the latest of everything.
    pub(crate) fn show(&self) {
        self.room.show(&self.described, &self.frame, &self.presence, self.closed);
    }

    /// Nothing will follow.
    pub(crate) fn close(&mut self) {
        self.closed = true;
        self.show();
    }
}
