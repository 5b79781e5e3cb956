//! What a client is told when it asks for what it cannot have.

use serde::{Deserialize, Serialize};

/// Why, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Code {
    /// A token is needed, or the one given is not good.
    AuthRequired,
    /// The role does not suffice, or the origin is not allowed.
    Forbidden,
    /// There is no such room.
    NoRoom,
    /// There is no such route, recording, model or frame.
    NotFound,
    /// That is no code of a room.
    InvalidRoom,
    /// The request cannot be read, or a value is out of range.
    ValidationError,
    /// The request is about a room, and none is joined.
    NotJoined,
    /// It does not fit the room's state.
    Conflict,
    /// Too many requests.
    RateLimited,
    /// As many as there may be are there.
    RoomFull,
    /// The room has too much to do; nothing was done.
    Busy,
    /// What was asked for is being done, or has been: the answer came too late.
    Unanswered,
    /// The server's fault.
    InternalError,
}

impl Code {
    /// Whether the same request may succeed later, and nothing has come of it so far.
    #[must_use]
    pub fn retryable(self) -> bool {
        matches!(self, Self::RateLimited | Self::RoomFull | Self::Busy | Self::InternalError)
    }
}

/// A refusal: the code for programs, words for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which.
    pub code: Code,
    /// What is wrong and what to do.
    pub message: String,
    /// Not before this many milliseconds.
    pub retry_after_ms: Option<u64>,
}

impl Refusal {
    /// A refusal of this code.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), retry_after_ms: None }
    }

    /// What was asked for makes no sense.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::ValidationError, message)
    }

    /// What was asked for does not fit.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(Code::Conflict, message)
    }

    /// Too much was asked for; again after so many milliseconds.
    #[must_use]
    pub fn rate_limited(retry_after_ms: u64) -> Self {
        let refusal = Self::new(Code::RateLimited, "too many requests: wait and send fewer");
        Self { retry_after_ms: Some(retry_after_ms), ..refusal }
    }

    /// To ask again would do it a second time, but for a request with an idempotency key.
    #[must_use]
    pub fn unanswered() -> Self {
        let message = "the room did not answer in time, but does what was asked: look before you ask again, or ask again with the same idempotency_key";
        Self::new(Code::Unanswered, message)
    }

    /// The server could not do it.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(Code::InternalError, "the server could not do it; its log says more")
    }
}
