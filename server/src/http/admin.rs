//! `GET /admin`: a page that pulls totals every two seconds. What it shows needs the role `admin`, the page itself not.

use axum::http::header;
use axum::response::{Html, IntoResponse};

pub(super) async fn page() -> Html<&'static str> {
    Html(include_str!("admin/page.html"))
}

pub(super) async fn script() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("admin/script.js"))
}
