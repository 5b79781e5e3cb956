//! The seam for a broker: what rooms publish, handed on to whoever carries it to other machines.
//!
//! A frame's payload is its binary message, so whoever receives it can hand it to viewers as it is: nothing has to be
//! encoded twice. A delta is over the keyframe last published of its room and epoch.

use bytes::Bytes;

/// Carries what rooms publish to other machines.
pub trait Publisher: Send + Sync + 'static {
    /// Called by the room's own task for each frame, in order: it must not wait, so it hands the publication to a
    /// queue, and drops it where that is full.
    fn publish(&self, publication: Publication<'_>);
}

/// One frame of one room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication<'a> {
    /// The room's code.
    pub room: &'a str,
    /// The room's epoch.
    pub epoch: u64,
    /// The number of the frame.
    pub seq: u64,
    /// Whether it can be read without another one before it.
    pub keyframe: bool,
    /// The binary message.
    pub payload: Bytes,
}
