//! `docs/PROTOCOL.md` and the server name the same fields, both ways.

use std::collections::BTreeSet;

use daladala_server::PROTOCOL_VERSION;
use serde_json::Value;

use crate::harness::{TestServer, config, next_frame};

const DOCUMENT: &str = include_str!("../../../docs/PROTOCOL.md");

/// The fields in the table under `heading`.
fn documented(heading: &str) -> BTreeSet<&'static str> {
    let section = DOCUMENT.split_once(&format!("\n### {heading}\n")).expect("the heading").1;
    let section = section.split("\n#").next().unwrap_or_default();
    section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect()
}

fn fields(object: &Value) -> BTreeSet<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[tokio::test]
async fn the_tables_have_the_fields_that_are_sent() {
    let server = TestServer::start(config()).await;
    let mut client = server.connect().await;
    let first = next_frame(&mut client).await;
    assert_eq!(documented("frame"), fields(&first));
    assert_eq!(documented("room"), fields(&first["room"]));
    assert_eq!(documented("GET /api/health"), fields(&server.health().await));
}

#[test]
fn the_version_is_the_one_that_is_spoken() {
    assert!(DOCUMENT.contains(&format!("This is **version {PROTOCOL_VERSION}**")));
}
