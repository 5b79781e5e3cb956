//! A client's place in a room: who it is there, and what it sees.

use std::sync::Arc;

use daladala_protocol::{Join, Refusal, Resumed};

use crate::feed::{Feed, Keeping};
use crate::room::{Introduction, Room, Seat};

pub(super) struct Seated {
    pub(super) seat: Seat,
    pub(super) feed: Feed,
}

impl Seated {
    /// Takes a place; also how the client goes on, and how many frames it gets that it has missed.
    pub(super) fn enter(
        room: &Arc<Room>,
        join: Join,
        whole: bool,
        may_drive: bool,
    ) -> Result<(Self, Resumed, u64), Refusal> {
        let seat = room.enter(Introduction { name: join.name, key: join.key, may_drive })?;
        let (feed, resume, missed) = Feed::resume(room, Keeping { all: false, whole }, join.resume);
        Ok((Self { seat, feed }, resume, missed))
    }
}
