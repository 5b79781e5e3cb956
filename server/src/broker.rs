//! Rooms beyond one server: some run them (workers), any number show them (edges), and a broker stands between.
//!
//! What a broker has to be able to do is [`Broker`]: claims on rooms that expire, a log of frames and one of notes for
//! each room, a box of mail for each server, and lists of who is there. [`redis`] does it with Redis or Valkey; another
//! one, such as `JetStream` of NATS, fits behind the same trait. Nothing else here knows which it is.
//!
//! * [`outlet`]: a worker's side of one room. It is one more viewer of it, and writes what it sees into the logs.
//! * [`mirrors`]: an edge's side. A room is read from the logs once, however many watch it here.
//! * [`mail`]: what servers write to each other: requests, answers, and who watches on an edge.
//! * [`link`]: one server's connection to all this.
//!
//! A frame's place in its log is `epoch-seq`, as clients know it, and places only rise. So a worker that has lost its
//! claim without knowing is refused by the log itself, and whatever is written twice is there once.

mod link;
mod mail;
mod mirrors;
mod outlet;
pub(crate) mod redis;

use std::time::Duration;

use bytes::Bytes;
use daladala_protocol::{Refusal, Request};
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::commands::Asker;
use crate::original::Driving;
use crate::room::Guest;
pub(crate) use link::{Link, Part, errand};

/// How long a claim on a room, or a word of a server, holds unless it is renewed. A worker that was killed can be
/// started again after this.
pub(crate) const CLAIM: Duration = Duration::from_secs(5);

/// Between two renewals: three in the time of a claim, so that one may be late.
const RENEWAL: Duration = Duration::from_millis(1500);

/// The place of an entry in a log: of a frame, its epoch and its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) epoch: u64,
    pub(crate) seq: u64,
}

/// The last places of a room's logs; none where a log is empty.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Last {
    pub(crate) frame: Option<Place>,
    pub(crate) note: Option<Place>,
}

/// An entry of a log: of frames as bytes of the protocol, of notes as its messages in JSON.
pub(crate) type Entry = (Place, Bytes);

/// What a worker writes of a room, at once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Batch {
    pub(crate) notes: Vec<Entry>,
    pub(crate) frames: Vec<Entry>,
    /// The latest message `room`, if it is new.
    pub(crate) description: Option<Bytes>,
    /// The latest message `presence`, if it is new.
    pub(crate) presence: Option<Bytes>,
    /// The players with their keys, if somebody has come or gone.
    pub(crate) players: Option<Vec<Guest>>,
    /// Frames before this one, which is a keyframe, are no longer needed.
    pub(crate) keep_from: Option<Place>,
}

/// All that is kept of a room.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) description: Bytes,
    pub(crate) presence: Option<Bytes>,
    pub(crate) frames: Vec<Entry>,
    pub(crate) last: Last,
}

/// What a worker renews of a room that it runs.
#[derive(Debug, Clone)]
pub(crate) struct Renewal {
    pub(crate) room: String,
    /// Its line in lists, as JSON.
    pub(crate) summary: String,
}

/// The broker cannot be asked, or did not answer in time. What was asked may have been done.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the broker does not answer: {0}")]
pub(crate) struct Away(pub(crate) String);

/// Why a room cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClaimError {
    #[error("another server runs this room")]
    Taken,
    #[error(transparent)]
    Away(#[from] Away),
}

/// What has come for this server.
#[derive(Debug)]
pub(crate) enum Arrival {
    Mail(Bytes),
    /// Of a room that is followed, in order.
    Of {
        room: String,
        notes: Vec<Entry>,
        frames: Vec<Entry>,
    },
}

/// What stands between servers. Each of them has one, by a name of its own.
pub(crate) trait Broker: Send + Sync + 'static {
    /// This server's name at the broker; no other has had it.
    fn name(&self) -> &str;

    /// A number that no other server of this broker has had.
    fn number(&self) -> u64;

    /// Claims a room for this server; the last place of its frames, whoever made them.
    fn claim<'a>(&'a self, room: &'a str) -> BoxFuture<'a, Result<Option<Place>, ClaimError>>;

    /// Renews claims, and this server's word that it is there (as a worker where it takes rooms that others ask for);
    /// the rooms that others have claimed meanwhile.
    fn renew(&self, rooms: Vec<Renewal>, worker: bool) -> BoxFuture<'_, Result<Vec<String>, Away>>;

    /// Gives a room up, for another server to have it at once; one that has closed is no longer described.
    fn release<'a>(&'a self, room: &'a str, closed: bool) -> BoxFuture<'a, Result<(), Away>>;

    /// Where a room's logs end.
    fn last<'a>(&'a self, room: &'a str) -> BoxFuture<'a, Result<Last, Away>>;

    /// Adds to a room's logs, all of it or nothing; whether all of it was new. Nothing is added for one who no longer has
    /// the claim, and no entry whose place does not rise.
    fn append<'a>(&'a self, room: &'a str, batch: &'a Batch) -> BoxFuture<'a, Result<bool, Away>>;

    /// All that is kept of a room.
    fn read<'a>(&'a self, room: &'a str) -> BoxFuture<'a, Result<Option<Kept>, Away>>;

    /// The latest message `room`.
    fn description<'a>(&'a self, room: &'a str) -> BoxFuture<'a, Result<Option<Bytes>, Away>>;

    /// The players of a room with their keys.
    fn players<'a>(&'a self, room: &'a str) -> BoxFuture<'a, Result<Vec<Guest>, Away>>;

    /// The server that has a room.
    fn owner<'a>(&'a self, room: &'a str) -> BoxFuture<'a, Result<Option<String>, Away>>;

    /// The lines of all rooms that somebody runs.
    fn rooms(&self) -> BoxFuture<'_, Result<Vec<String>, Away>>;

    /// A worker that is there, one or another.
    fn any_worker(&self) -> BoxFuture<'_, Result<Option<String>, Away>>;

    /// Writes to a server.
    fn post<'a>(&'a self, server: &'a str, mail: Vec<u8>) -> BoxFuture<'a, Result<(), Away>>;

    /// From now on, entries of this room's logs after these places arrive.
    fn follow(&self, room: &str, after: Last);

    /// They no longer do.
    fn leave(&self, room: &str);

    /// What comes for this server, in order and without gaps, also over a time in which the broker was away. It can be
    /// had once; nothing comes before.
    fn arrivals(&self) -> mpsc::Receiver<Arrival>;
}

/// What is asked of the server that runs a room.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "errand", rename_all = "snake_case")]
pub(crate) enum Errand {
    /// To write the room's logs from now on, and to answer once what is there now is written.
    Open,
    /// What a client of the original does to the room.
    Drive(Driving),
    /// A client's request.
    Request {
        asker: Asker,
        request: Box<Request>,
        key: Option<String>,
        /// All that the client said, where there is a key.
        said: Value,
    },
}

/// Another server, which runs a room that is shown here.
pub(crate) trait Owner: Send + Sync {
    /// Has it do something, and waits for the answer, but not for ever.
    fn ask(&self, errand: Errand) -> BoxFuture<'_, Result<Value, Refusal>>;

    /// The player of a key, if the room knows one.
    fn player<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Option<Guest>>;

    /// A number for one who enters the room here.
    fn next_member(&self) -> u64;
}
