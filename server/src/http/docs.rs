//! The API's description, and the page to read and try it. All addresses are relative: a proxy may mount the server at
//! any path.

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use daladala_protocol::{Code, Refusal};
use utoipa_swagger_ui::{Config, serve};

use super::{Refused, openapi};

/// The routes below `/api`.
pub(super) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    // Made once: it is the longest answer of all.
    let document = Bytes::from(openapi::document().to_json().unwrap_or_default());
    let config = Arc::new(Config::from("../openapi.json"));
    let of_page = move |path: Option<Path<String>>| {
        let config = Arc::clone(&config);
        async move { file(path.as_ref().map_or("", |Path(path)| path), config) }
    };
    Router::new()
        .route("/openapi.json", get(async move || ([(header::CONTENT_TYPE, "application/json")], document.clone())))
        .route("/docs", get(async || (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, "docs/")])))
        .route("/docs/", get(of_page.clone()))
        .route("/docs/{*path}", get(of_page))
}

/// A file of the page.
fn file(path: &str, config: Arc<Config<'static>>) -> Response {
    match serve(path, config) {
        Ok(Some(file)) => {
            let kind = HeaderValue::from_str(&file.content_type);
            let kind = kind.unwrap_or(HeaderValue::from_static("application/octet-stream"));
            ([(header::CONTENT_TYPE, kind)], file.bytes.into_owned()).into_response()
        }
        Ok(None) => Refused(Refusal::new(Code::NotFound, "there is no such page")).into_response(),
        Err(error) => {
            tracing::error!(error, "a file of the API's page");
            Refused(Refusal::internal()).into_response()
        }
    }
}
