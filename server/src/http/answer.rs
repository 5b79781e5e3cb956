//! Refusals over HTTP, and bodies that are read as JSON.

use std::time::Duration;

use axum::Json;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;
use tokio::time::timeout;
use utoipa::ToSchema;

use daladala_protocol::{Code, Refusal};

/// For a body to arrive: they are short.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// A refusal, with the fields that clients of the original look for.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RefusalBody {
    /// Always false.
    success: bool,
    /// What is wrong and what to do, for people.
    error: String,
    /// The same.
    message: String,
    code: Code,
    /// Whether the same request may succeed later.
    retryable: bool,
}

/// A refusal as an answer over HTTP.
#[derive(Debug)]
pub(crate) struct Refused(pub(crate) Refusal);

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self(refusal)
    }
}

fn status(code: Code) -> StatusCode {
    match code {
        Code::AuthRequired => StatusCode::UNAUTHORIZED,
        Code::Forbidden => StatusCode::FORBIDDEN,
        Code::NoRoom | Code::NotFound => StatusCode::NOT_FOUND,
        Code::InvalidRoom | Code::ValidationError | Code::NotJoined => StatusCode::BAD_REQUEST,
        Code::Conflict => StatusCode::CONFLICT,
        Code::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        Code::RoomFull | Code::Busy => StatusCode::SERVICE_UNAVAILABLE,
        Code::Unanswered => StatusCode::GATEWAY_TIMEOUT,
        Code::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Self(refusal) = self;
        let body = RefusalBody {
            success: false,
            error: refusal.message.clone(),
            message: refusal.message,
            code: refusal.code,
            retryable: refusal.code.retryable(),
        };
        let mut response = (status(refusal.code), Json(body)).into_response();
        let headers = response.headers_mut();
        if let Some(wait) = refusal.retry_after_ms {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.div_ceil(1000)));
        }
        if refusal.code == Code::AuthRequired {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// A body that is a JSON object, or nothing or null, which are an empty one. Whatever it calls itself.
#[derive(Debug)]
pub(crate) struct Body(pub(crate) serde_json::Map<String, Value>);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refused> {
        let bytes = timeout(BODY_TIMEOUT, Bytes::from_request(request, state)).await;
        let bytes = bytes.map_err(|_| Refusal::invalid("the body has not arrived in time"))?;
        let bytes = bytes.map_err(|_| Refusal::invalid("the body is too long, or has not arrived whole"))?;
        if bytes.is_empty() {
            return Ok(Self(serde_json::Map::new()));
        }
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(Value::Null) => Ok(Self(serde_json::Map::new())),
            Ok(_) => Err(Refusal::invalid("the body is JSON, but no object").into()),
            Err(error) => Err(Refusal::invalid(format!("the body is no JSON: {error}")).into()),
        }
    }
}

pub(super) async fn no_such_route() -> Refused {
    Refusal::new(Code::NotFound, "there is no such route").into()
}

pub(super) async fn no_such_method() -> Response {
    let refusal = Refusal::invalid("this route takes another method");
    let mut response = Refused(refusal).into_response();
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    response
}
