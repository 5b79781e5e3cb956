//! The seam for a broker: what rooms publish, handed on to whoever carries it to other machines.
//!
//! Payloads are messages of the protocol as they are, so whoever receives them can hand them to viewers: nothing has to
//! be encoded twice. A delta is over the keyframe last published of its room.

use bytes::Bytes;

/// Carries what rooms publish to other machines.
pub trait Publisher: Send + Sync + 'static {
    /// Called for whatever a room publishes, its frames in order. Rooms wait for it, so it must not wait itself: it hands
    /// the publication to a queue, and drops it where that is full.
    fn publish(&self, publication: Publication<'_>);
}

/// Something that a room has published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication<'a> {
    /// The room's code.
    pub room: &'a str,
    /// What it is.
    pub what: Published,
    /// The message: binary for frames, otherwise JSON.
    pub payload: Bytes,
}

/// What can be published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// A frame.
    Frame {
        /// The room's epoch.
        epoch: u64,
        /// The number of the frame.
        seq: u64,
        /// Whether it can be read without another one before it.
        keyframe: bool,
    },
    /// What the room is: the message `room`.
    Room,
    /// What happened: the message `event`.
    Event,
}
