//! What the server sends, as JSON.

use axum::extract::ws::Utf8Bytes;
use daladala_env::StateFrame;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::Code;
use crate::config::Role;
use crate::game::GameInfo;

/// A message that is not a frame.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ServerMessage<'a> {
    Hello {
        protocol: u32,
        server: &'a str,
        connection: &'a str,
        role: Role,
        time: f64,
        limits: HelloLimits,
    },
    Joined {
        id: &'a Value,
        room: &'a str,
        member: u64,
        key: Option<&'a str>,
        resume: Resumed,
        missed: u64,
    },
    Room(&'a RoomInfo),
    Event {
        #[serde(flatten)]
        event: &'a Event,
        seq: u64,
    },
    Presence(&'a Presence),
    Reply {
        id: &'a Value,
        result: &'a Value,
    },
    Error {
        id: &'a Value,
        code: Code,
        message: &'a str,
        retryable: bool,
        retry_after_ms: Option<u64>,
    },
    Pong {
        id: &'a Value,
        sent: f64,
        time: f64,
    },
}

/// The message as JSON text. None of these can fail to be encoded; an empty object stands for one that would.
pub(crate) fn to_json(message: &ServerMessage<'_>) -> Utf8Bytes {
    serde_json::to_string(message).map_or_else(
        |error| {
            tracing::error!(%error, "a message cannot be encoded");
            Utf8Bytes::from_static("{}")
        },
        Utf8Bytes::from,
    )
}

/// The limits that a client should know.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct HelloLimits {
    pub(crate) message_bytes: usize,
    pub(crate) requests_per_second: u32,
    pub(crate) name_chars: usize,
    pub(crate) rooms: usize,
    pub(crate) viewers_per_room: usize,
    pub(crate) history_frames: usize,
}

/// How a viewer who came back goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Resumed {
    /// It has not been here before.
    New,
    /// With all that it missed.
    Missed,
    /// With the latest: some of what it missed is no longer kept.
    Keyframe,
}

/// What drives a room on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Its own clock.
    Stream,
    /// Requests.
    Driven,
    /// Its own clock, over what was recorded.
    Playback,
}

/// Who chooses the actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    Policy,
    Wheel,
    Vote,
}

/// What a room is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct RoomInfo {
    pub(crate) code: String,
    pub(crate) epoch: u64,
    pub(crate) kind: Kind,
    pub(crate) fps: f64,
    pub(crate) paused: bool,
    pub(crate) mode: Mode,
    pub(crate) wheel: Option<u64>,
    pub(crate) turn_seconds: f64,
    pub(crate) recording: Option<String>,
    #[serde(flatten)]
    pub(crate) game: GameInfo,
}

/// A room in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct RoomSummary {
    /// Its code.
    pub(crate) code: String,
    pub(crate) kind: Kind,
    pub(crate) rules: String,
    pub(crate) model: String,
    /// Frames a second.
    pub(crate) fps: f64,
    pub(crate) paused: bool,
    pub(crate) mode: Mode,
    /// Connections in the room.
    pub(crate) viewers: usize,
    pub(crate) epoch: u64,
    /// The latest frame.
    pub(crate) seq: u64,
}

/// Who is here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Presence {
    pub(crate) viewers: usize,
    pub(crate) players: Vec<PlayerInfo>,
}

/// One who gave a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct PlayerInfo {
    pub(crate) member: u64,
    pub(crate) name: String,
    pub(crate) online: bool,
}

/// An answer to one who polls.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FramesPage {
    /// What the one who asks may do.
    #[schema(value_type = String)]
    pub(crate) role: Role,
    pub(crate) epoch: u64,
    pub(crate) resume: Resumed,
    /// The message `room`.
    #[schema(value_type = Object)]
    pub(crate) room: Box<RawValue>,
    /// Messages `keyframe` and `delta`.
    #[schema(value_type = Vec<Object>)]
    pub(crate) frames: Vec<Box<RawValue>>,
    /// For `after` of the next request.
    pub(crate) next: u64,
}

/// What happened in a room.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", content = "data", rename_all = "snake_case")]
pub(crate) enum Event {
    EpisodeComplete {
        episode: u64,
        steps: u32,
        total_reward: f32,
        money: i64,
        passengers: u32,
        fined: bool,
        crashed: bool,
        status: &'static str,
        reason: &'static str,
    },
    Paused {},
    Resumed {},
    Speed {
        fps: f64,
    },
    Reset {
        seed: Option<u64>,
    },
    ModelLoaded {
        model: String,
        rules: String,
    },
    WheelTaken {
        member: u64,
        name: Option<String>,
    },
    WheelReleased {
        member: u64,
        name: Option<String>,
    },
    VoteStarted {
        turn_seconds: f64,
    },
    VoteStopped {
        turn_seconds: f64,
    },
    TurnStarted {
        turn: u64,
        seconds: f64,
        choosing: Vec<u64>,
    },
    VoteCast {
        turn: u64,
        member: u64,
        choosing: Vec<u64>,
    },
    TurnResolved {
        turn: u64,
        action: u8,
        votes: Vec<u32>,
        by: &'static str,
    },
    PlayerJoined {
        member: u64,
        name: String,
    },
    PlayerLeft {
        member: u64,
        name: String,
    },
    PlayerReturned {
        member: u64,
        name: String,
    },
    RecordingStarted {
        recording: String,
    },
    RecordingStopped {
        recording: String,
        reason: Option<String>,
    },
    RoomClosed {
        reason: String,
    },
}

/// How an episode ended: for programs, and in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ending {
    pub(crate) status: &'static str,
    pub(crate) reason: &'static str,
}

impl Ending {
    /// From the last frame of the episode, and the cell where its route ends.
    pub(crate) fn of(last: &StateFrame, terminus: Option<(u8, u8)>) -> Self {
        let arrived = terminus == Some(last.position);
        let (status, reason) = match (last.crashed == 1, last.truncated, last.fined == 1) {
            (true, ..) => ("crashed", "the bus has crashed"),
            (false, true, _) => ("truncated", "the step limit has cut the episode off"),
            (false, false, true) if arrived => ("fined", "the bus has arrived, with a fine from the police"),
            (false, false, true) => ("fined", "the police have impounded the bus"),
            (false, false, false) => ("success", "the bus has arrived"),
        };
        Self { status, reason }
    }
}

impl Event {
    /// An episode has ended with `last`.
    pub(crate) fn episode_complete(last: &StateFrame, Ending { status, reason }: Ending) -> Self {
        Self::EpisodeComplete {
            episode: last.episode,
            steps: last.step,
            total_reward: last.total_reward,
            money: last.money,
            passengers: last.passengers,
            fined: last.fined == 1,
            crashed: last.crashed == 1,
            status,
            reason,
        }
    }
}
