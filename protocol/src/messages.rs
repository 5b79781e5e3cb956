//! What the server sends, as JSON.
#![expect(
    missing_docs,
    reason = "docs/PROTOCOL.md has a table of the fields of each message, and a test compares them"
)]

use std::borrow::Cow;

use daladala_env::Frame;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::game::GameInfo;
use crate::refusal::Code;
use crate::role::Role;

/// A message that is not a frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage {
    Hello {
        protocol: u32,
        server: String,
        connection: String,
        role: Role,
        time: f64,
        limits: HelloLimits,
    },
    Joined {
        id: Value,
        room: String,
        member: u64,
        key: Option<String>,
        resume: Resumed,
        missed: u64,
    },
    Room(Box<RoomInfo>),
    Event {
        #[serde(flatten)]
        event: RoomEvent,
        seq: u64,
    },
    Presence(Presence),
    Reply {
        id: Value,
        result: Value,
    },
    Error {
        id: Value,
        code: Code,
        message: String,
        retryable: bool,
        retry_after_ms: Option<u64>,
    },
    Pong {
        id: Value,
        sent: f64,
        time: f64,
    },
}

impl ServerMessage {
    /// The message as JSON text. None of these can fail to be encoded but for numbers that are not finite, which stand
    /// for nothing; an empty object would.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| "{}".to_owned())
    }
}

/// The limits that a client should know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HelloLimits {
    pub message_bytes: usize,
    pub requests_per_second: u32,
    pub name_chars: usize,
    pub rooms: usize,
    pub viewers_per_room: usize,
    pub history_frames: usize,
}

/// How a viewer who came back goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Resumed {
    /// It has not been here before.
    New,
    /// With all that it missed.
    Missed,
    /// With the latest: some of what it missed is no longer kept.
    Keyframe,
}

/// What drives a room on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Its own clock.
    Stream,
    /// Requests.
    Driven,
    /// Its own clock, over what was recorded.
    Playback,
}

/// Who chooses the actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    Policy,
    Wheel,
    Vote,
}

/// What a room is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoomInfo {
    pub code: String,
    pub epoch: u64,
    pub kind: Kind,
    pub fps: f64,
    pub paused: bool,
    pub mode: Mode,
    pub wheel: Option<u64>,
    pub turn_seconds: f64,
    pub recording: Option<String>,
    /// Of no value where an older server describes a room.
    #[serde(default)]
    pub fault: Option<String>,
    #[serde(flatten)]
    pub game: GameInfo,
}

/// A room in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoomSummary {
    /// Its code.
    pub code: String,
    pub kind: Kind,
    pub rules: String,
    pub model: String,
    /// Frames a second.
    pub fps: f64,
    pub paused: bool,
    pub mode: Mode,
    /// Connections in the room.
    pub viewers: usize,
    pub epoch: u64,
    /// The latest frame.
    pub seq: u64,
}

/// Who is here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    pub viewers: usize,
    pub players: Vec<PlayerInfo>,
}

/// One who gave a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlayerInfo {
    pub member: u64,
    pub name: String,
    pub online: bool,
}

/// An answer to one who polls.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FramesPage {
    /// What the one who asks may do.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub role: Role,
    pub epoch: u64,
    pub resume: Resumed,
    /// The message `room`.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub room: Box<RawValue>,
    /// Messages `keyframe` and `delta`.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    pub frames: Vec<Box<RawValue>>,
    /// For `after` of the next request.
    pub next: u64,
}

/// What happened in a room.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data", rename_all = "snake_case")]
pub enum RoomEvent {
    EpisodeComplete {
        episode: u64,
        steps: u32,
        total_reward: f32,
        money: i64,
        passengers: u32,
        fined: bool,
        crashed: bool,
        /// By the name that the rules have for it.
        #[serde(default)]
        ending: Option<String>,
        status: Cow<'static, str>,
        reason: Cow<'static, str>,
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
    DriverFailed {
        message: String,
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
        by: Cow<'static, str>,
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

/// How an episode ended, in the words of the original system: for programs, and for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    pub status: &'static str,
    pub reason: &'static str,
}

impl Ending {
    /// From the last frame of the episode, which says by its rules how it ended. Those of recordings that are older than
    /// that say less.
    #[must_use]
    pub fn of(last: &Frame) -> Self {
        let fined = last.fined;
        let (status, reason) = match last.ending.as_deref() {
            _ if last.crashed => ("crashed", "the bus has crashed"),
            _ if last.truncated => ("truncated", "the step limit has cut the episode off"),
            Some("impounded") => ("fined", "the police have impounded the bus"),
            Some("arrived") if fined => ("fined", "the bus has arrived, with a fine from the police"),
            _ if fined => ("fined", "the episode has ended, with a fine from the police"),
            Some("arrived") | None => ("success", "the bus has arrived"),
            Some(_) => ("success", "the episode has ended"),
        };
        Self { status, reason }
    }
}

impl RoomEvent {
    /// An episode has ended with `last`.
    #[must_use]
    pub fn episode_complete(last: &Frame) -> Self {
        let Ending { status, reason } = Ending::of(last);
        Self::EpisodeComplete {
            episode: last.episode,
            steps: last.step,
            total_reward: last.total_reward,
            money: last.money,
            passengers: last.passengers,
            fined: last.fined,
            crashed: last.crashed,
            ending: last.ending.clone(),
            status: status.into(),
            reason: reason.into(),
        }
    }
}
