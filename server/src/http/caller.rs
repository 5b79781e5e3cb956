//! Who makes a request.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::access::Grant;
use crate::app::App;

use super::Refused;

/// What the maker of a request may do.
#[derive(Debug)]
pub(crate) struct Caller(pub(crate) Grant);

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Refused> {
        Ok(Self(app.access.admit(&parts.headers, &parts.uri, None)?))
    }
}
