//! What a client is told when it asks for what it cannot have.

use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// Why, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Code {
    AuthRequired,
    Forbidden,
    NoRoom,
    NotFound,
    InvalidRoom,
    ValidationError,
    NotJoined,
    Conflict,
    RateLimited,
    RoomFull,
    Busy,
    InternalError,
}

impl Code {
    /// Whether the same request may succeed later.
    pub(crate) fn retryable(self) -> bool {
        matches!(self, Self::RateLimited | Self::RoomFull | Self::Busy | Self::InternalError)
    }

    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::AuthRequired => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NoRoom | Self::NotFound => StatusCode::NOT_FOUND,
            Self::InvalidRoom | Self::ValidationError | Self::NotJoined => StatusCode::BAD_REQUEST,
            Self::Conflict => StatusCode::CONFLICT,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::RoomFull | Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// A refusal: the code for programs, words for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) retry_after_ms: Option<u64>,
}

impl Refusal {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), retry_after_ms: None }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::ValidationError, message)
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(Code::Conflict, message)
    }

    pub(crate) fn rate_limited(retry_after_ms: u64) -> Self {
        let refusal = Self::new(Code::RateLimited, "too many requests: wait and send fewer");
        Self { retry_after_ms: Some(retry_after_ms), ..refusal }
    }

    pub(crate) fn internal() -> Self {
        Self::new(Code::InternalError, "the server could not do it; its log says more")
    }
}
