//! The viewer's files, embedded when the program is built, or a page that says how to get them.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use daladala_protocol::{Code, Refusal};
use rust_embed::{Embed, EmbeddedFile};

use super::Refused;
use super::compress::Coding;

/// The built viewer; empty if there was none when this crate was built.
#[derive(Embed)]
#[folder = "../viewer/dist"]
#[allow_missing = true]
struct Viewer;

/// The page of the viewer.
const INDEX: &str = "index.html";

/// Where the viewer's build puts files that have a hash of their content in their name.
const HASHED: &str = "assets/";

/// What is shown where no viewer was built in.
const NO_VIEWER: &str = include_str!("no_viewer.html");

/// The file at a path.
pub(super) async fn page(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    answer::<Viewer>(&method, uri.path(), &headers)
}

fn answer<E: Embed>(method: &Method, path: &str, headers: &HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response();
    }
    let path = match path.trim_start_matches('/') {
        "" => INDEX,
        path => path,
    };
    match E::get(path) {
        Some(file) => serve::<E>(path, file, headers),
        None if path == INDEX => ([(header::CACHE_CONTROL, "no-cache")], Html(NO_VIEWER)).into_response(),
        None => Refused(Refusal::new(Code::NotFound, "there is no such page")).into_response(),
    }
}

/// The file, or its packed form where there is one that the client takes.
fn serve<E: Embed>(path: &str, file: EmbeddedFile, headers: &HeaderMap) -> Response {
    let mut taken = Coding::ALL.into_iter().filter(|coding| coding.is_taken(headers));
    let packed = |coding: Coding| Some((E::get(&format!("{path}.{}", coding.ending()))?, coding.name()));
    let packed = taken.find_map(packed);
    let tag = etag(&file, packed.as_ref().map_or("", |(_, coding)| coding));
    // A name with a hash never gets other content. Any other file is asked for again, and mostly not sent again.
    let caching = if path.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let vary = HeaderValue::from_static("accept-encoding");
    let caching =
        [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, HeaderValue::from_static(caching)), (header::VARY, vary)];
    if is_known(headers, &tag) {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    let kind = [(header::CONTENT_TYPE, content_type(&file))];
    match packed {
        Some((packed, coding)) => {
            (caching, kind, [(header::CONTENT_ENCODING, coding)], Body::from(packed.data)).into_response()
        }
        None => (caching, kind, Body::from(file.data)).into_response(),
    }
}

/// The start of the content's SHA-256 in hexadecimal digits, and how it is packed, in quotes.
fn etag(file: &EmbeddedFile, coding: &str) -> HeaderValue {
    let start = file.metadata.sha256_hash().first_chunk().map_or(0, |start| u128::from_be_bytes(*start));
    let dash = if coding.is_empty() { "" } else { "-" };
    HeaderValue::from_str(&format!("\"{start:032x}{dash}{coding}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

fn is_known(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let known = headers.get_all(header::IF_NONE_MATCH).into_iter().filter_map(|value| value.to_str().ok());
    known.flat_map(|tags| tags.split(',')).map(|known| known.trim().trim_start_matches("W/")).any(|known| tag == known)
}

fn content_type(file: &EmbeddedFile) -> String {
    match file.metadata.mimetype() {
        text if text.starts_with("text/") => format!("{text}; charset=utf-8"),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Embed)]
    #[folder = "tests/viewer"]
    struct Sample;

    #[derive(Embed)]
    #[folder = "tests/no-such-folder"]
    #[allow_missing = true]
    struct Missing;

    fn get<E: Embed>(path: &str) -> Response {
        answer::<E>(&Method::GET, path, &HeaderMap::new())
    }

    fn named(response: &Response, name: header::HeaderName) -> &str {
        response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    #[test]
    fn the_page_is_asked_for_again_and_hashed_files_are_not() {
        let page = get::<Sample>("/");
        assert_eq!(page.status(), StatusCode::OK);
        assert_eq!(named(&page, header::CONTENT_TYPE), "text/html; charset=utf-8");
        assert_eq!(named(&page, header::CACHE_CONTROL), "no-cache");
        let script = get::<Sample>("/assets/app-0123abcd.js");
        assert_eq!(named(&script, header::CONTENT_TYPE), "text/javascript; charset=utf-8");
        assert!(named(&script, header::CACHE_CONTROL).contains("immutable"));
    }

    #[test]
    fn what_a_browser_has_is_not_sent_again() {
        let tag = named(&get::<Sample>("/"), header::ETAG).to_owned();
        for (asked, status) in [
            (tag.clone(), StatusCode::NOT_MODIFIED),
            (format!("\"other\", W/{tag}"), StatusCode::NOT_MODIFIED),
            ("\"other\"".to_owned(), StatusCode::OK),
        ] {
            let asked = HeaderValue::from_str(&asked).expect("a header");
            let headers = HeaderMap::from_iter([(header::IF_NONE_MATCH, asked)]);
            assert_eq!(answer::<Sample>(&Method::GET, "/", &headers).status(), status);
        }
    }

    #[test]
    fn files_come_packed_to_those_who_take_it() {
        for (accepted, coding, vary) in [
            ("gzip, br", "br", "accept-encoding"),
            ("gzip", "gzip", "accept-encoding"),
            ("br;q=0, gzip;q=0", "", "accept-encoding"),
        ] {
            let accepted = HeaderValue::from_static(accepted);
            let mut headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, accepted)]);
            let path = "/assets/app-0123abcd.js";
            let script = answer::<Sample>(&Method::GET, path, &headers);
            let told = (named(&script, header::CONTENT_ENCODING), named(&script, header::VARY));
            assert_eq!(told, (coding, vary));
            assert_eq!(named(&script, header::CONTENT_TYPE), "text/javascript; charset=utf-8");
            // What a cache has of one form is not taken for another.
            headers.insert(header::IF_NONE_MATCH, script.headers()[header::ETAG].clone());
            assert_eq!(answer::<Sample>(&Method::GET, path, &headers).status(), StatusCode::NOT_MODIFIED);
            headers.remove(header::ACCEPT_ENCODING);
            let plain = answer::<Sample>(&Method::GET, path, &headers).status();
            assert_eq!(plain == StatusCode::NOT_MODIFIED, coding.is_empty());
        }
        // What the build could not make smaller has no packed form.
        let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip, br"))]);
        assert_eq!(named(&answer::<Sample>(&Method::GET, "/", &headers), header::CONTENT_ENCODING), "");
    }

    #[test]
    fn without_a_viewer_a_page_says_how_to_get_one() {
        let page = get::<Missing>("/");
        assert_eq!(page.status(), StatusCode::OK);
        assert_eq!(named(&page, header::CONTENT_TYPE), "text/html; charset=utf-8");
        assert!(NO_VIEWER.contains("make run") && NO_VIEWER.contains("/api/health"));
    }

    #[test]
    fn only_what_is_there_can_be_read() {
        for path in ["/none", "/../Cargo.toml", "/assets/../../../Cargo.toml", "/assets", "/%2e%2e/Cargo.toml"] {
            assert_eq!(get::<Sample>(path).status(), StatusCode::NOT_FOUND, "{path}");
        }
        let posted = answer::<Sample>(&Method::POST, "/", &HeaderMap::new());
        assert_eq!(posted.status(), StatusCode::METHOD_NOT_ALLOWED);
    }
}
