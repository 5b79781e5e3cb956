//! Sessions of Socket.IO: who may go on with one, and what is shown of their ids.
//!
//! Over polling, who knows a session's id can speak as its owner. So ids are never shown as they are, and a session
//! goes on with the token alone that it was opened with.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use daladala_protocol::{Code, Refusal};

use crate::access::token_of;
use crate::http::Refused;

/// Where Socket.IO is.
pub(crate) const SOCKET_IO: &str = "/socket.io";

/// The sessions whose clients were let in.
#[derive(Default)]
pub(crate) struct Sessions {
    /// By id, a hash of the token that the opening request brought; none where it brought none.
    opened: Mutex<HashMap<String, Option<u64>>>,
    /// Its key is drawn anew for each server, so ids that are shown lead to no other.
    hasher: RandomState,
}

impl Sessions {
    /// A session was opened by a request.
    pub(super) fn open(&self, id: &str, headers: &HeaderMap, uri: &Uri) {
        let token = self.token(headers, uri);
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned(), token);
    }

    pub(super) fn close(&self, id: &str) {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    /// What is shown of an id: always the same, and good for nothing.
    pub(super) fn shown(&self, id: &str) -> String {
        format!("{:016x}", self.hasher.hash_one(id))
    }

    fn token(&self, headers: &HeaderMap, uri: &Uri) -> Option<u64> {
        token_of(headers, uri).map(|token| self.hasher.hash_one(token))
    }

    /// An error where a request goes on with a session that another token opened.
    fn check(&self, headers: &HeaderMap, uri: &Uri) -> Result<(), Refusal> {
        let id = uri.query().and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("sid=")));
        let opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        match id.and_then(|id| opened.get(id)) {
            Some(token) if *token != self.token(headers, uri) => {
                Err(Refusal::new(Code::Forbidden, "this session was opened with another token"))
            }
            _ => Ok(()),
        }
    }
}

/// Lets requests of Socket.IO through that go on with a session of their own.
pub(crate) async fn own_session(State(sessions): State<Arc<Sessions>>, request: Request, next: Next) -> Response {
    if request.uri().path().starts_with(SOCKET_IO)
        && let Err(refusal) = sessions.check(request.headers(), request.uri())
    {
        return Refused(refusal).into_response();
    }
    next.run(request).await
}
