//! `docs/PROTOCOL.md` and the server name the same fields, both ways.

use std::collections::{BTreeMap, BTreeSet};

use daladala_env::rules::Classic;
use daladala_env::{FieldType, FrameField, Rules};
use daladala_protocol::PROTOCOL_VERSION;
use daladala_server::Limits;
use serde_json::{Value, json};

use crate::harness::{JSON, TestServer, config};

const DOCUMENT: &str = include_str!("../../../docs/PROTOCOL.md");

/// The lines of the tables under `heading`.
fn table(heading: &str) -> Vec<Vec<&'static str>> {
    let section = DOCUMENT.split_once(&format!("\n{heading}\n")).expect("the heading").1;
    let section = section.split("\n#").next().unwrap_or_default();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| row.trim_matches('|').split(" | ").map(str::trim).collect()).collect()
}

/// What stands in backquotes in the first column.
fn documented(heading: &str) -> BTreeSet<&'static str> {
    let first = table(heading).into_iter().map(|row| row[0]);
    first.flat_map(|cell| cell.split('`').skip(1).step_by(2).collect::<Vec<_>>()).collect()
}

fn fields(object: &Value) -> BTreeSet<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[tokio::test]
async fn the_tables_have_the_fields_that_are_sent() {
    let schema = Classic.info().frame_schema();
    let server = TestServer::start(config()).await;
    // The first message of all, which the harness has taken.
    let mut socket = server.open(Some(JSON), "?room=main").await.expect("a connection");
    let hello: Value = loop {
        use futures_util::StreamExt;
        if let Some(Ok(message)) = socket.next().await
            && let Ok(text) = message.to_text()
        {
            break serde_json::from_str(text).expect("JSON");
        }
    };
    assert_eq!(documented("### hello"), fields(&hello));
    let limits: BTreeSet<_> = fields(&hello["limits"]);
    let row = table("### hello").into_iter().find(|row| row[0] == "`limits`").expect("a row");
    let named: BTreeSet<_> = row[2].split('`').skip(1).step_by(2).collect();
    assert_eq!(named, limits);

    let mut client = server.client(Some(JSON), "?room=main&name=Asha").await;
    for heading in ["joined", "room", "keyframe", "presence"] {
        let message = client.next_of(heading).await;
        let mut documented = documented(&format!("### {heading}"));
        if heading == "keyframe" {
            documented.extend(schema.iter().map(|field| field.name.as_str()));
        }
        assert_eq!(documented, fields(&message));
    }
    let event = client.next_of("event").await;
    assert_eq!(
        table("### event").iter().take(4).map(|row| row[0].trim_matches('`')).collect::<BTreeSet<_>>(),
        fields(&event)
    );
    let delta = client.next_of("delta").await;
    assert!(documented("### delta").is_subset(&fields(&delta)));
    let of_a_frame = |name: &str| schema.iter().any(|field| field.name == name);
    let delta_names = documented("### delta");
    assert!(fields(&delta).iter().all(|name| of_a_frame(name) || delta_names.contains(name)));
    assert_eq!(documented("### reply"), fields(&client.ask(json!({ "type": "rooms" })).await));
    assert_eq!(documented("### pong"), fields(&client.ask(json!({ "type": "ping", "sent": 1 })).await));
    let error = client.ask(json!({ "type": "fly" })).await;
    assert_eq!(
        documented("### error")
            .into_iter()
            .filter(|name| name.chars().any(char::is_lowercase))
            .collect::<BTreeSet<_>>(),
        fields(&error)
    );
    let page = server.get("/api/rooms/main/frames").await;
    assert_eq!(documented("## Without a WebSocket"), fields(&page));
}

#[tokio::test]
async fn every_documented_request_is_known_and_asks_for_what_it_says() {
    let server = TestServer::start(config()).await;
    let mut client = server.client(Some(JSON), "").await;
    for name in documented("## Requests").into_iter().filter(|name| !name.contains(['"', ':', '{'])) {
        if ["sent", "room", "name", "key", "resume"].contains(&name) && name != "resume" {
            continue;
        }
        let answer = client.ask(json!({ "type": name })).await;
        let message = answer["message"].as_str().unwrap_or_default();
        assert!(!message.contains("unknown variant"), "{name}: {message}");
    }
    let unknown = client.ask(json!({ "type": "fly" })).await;
    let message = unknown["message"].as_str().expect("words");
    // The error lists all requests that there are.
    let listed: BTreeSet<_> = message.split('`').skip(3).step_by(2).collect();
    assert_eq!(listed, documented("## Requests"));
}

#[tokio::test]
async fn the_http_table_has_the_statuses_and_codes_that_are_sent() {
    let rows: BTreeMap<_, _> = table("### error")
        .into_iter()
        .filter(|row| row.len() == 4)
        .map(|row| (row[0].trim_matches('`'), row[1]))
        .collect();
    let server = TestServer::start(config()).await;
    for (method, path, code) in [
        ("GET", "/api/rooms/none", "NO_ROOM"),
        ("GET", "/api/rooms/No", "INVALID_ROOM"),
        ("GET", "/api/none", "NOT_FOUND"),
        ("POST", "/api/rooms/main/speed", "VALIDATION_ERROR"),
        ("DELETE", "/api/rooms/main", "CONFLICT"),
    ] {
        let (status, body) = server.json(method, path, &json!({})).await;
        assert_eq!((body["code"].as_str(), rows[code]), (Some(code), status.to_string().as_str()), "{path}");
    }
}

/// The fields of every frame with all that is said of them, those of `classic`, and how each type is written.
#[test]
fn the_fields_of_a_frame_are_the_ones_of_the_schema() {
    let info = Classic.info();
    let (schema, own) = (info.frame_schema(), &info.frame_fields);
    let kind = |field: &FrameField| json!(field.kind).as_str().expect("a name").to_owned();
    let section = DOCUMENT.split_once("\n## Fields of a frame\n").expect("the heading").1;
    let rows: Vec<_> = section.lines().take_while(|line| !line.starts_with("## ")).collect();
    let numbered =
        |row: &&&str| row.strip_prefix("| ").is_some_and(|row| row.starts_with(|first: char| first.is_ascii_digit()));
    let told: Vec<String> = rows.iter().filter(numbered).map(|row| (*row).to_owned()).collect();
    let common = schema.iter().take(schema.len() - own.len()).enumerate();
    let declared = common.map(|(number, field)| {
        let FrameField { name, unit, meaning, .. } = field;
        format!("| {number} | `{name}` | {} | {unit} | {meaning} |", kind(field))
    });
    assert_eq!(told, declared.collect::<Vec<_>>());
    for field in own {
        let told = format!("`classic` adds `{}` ({})", field.name, kind(field));
        assert!(DOCUMENT.contains(&told), "{told}");
    }
    for ending in &info.endings {
        assert!(DOCUMENT.contains(&format!("`\"{}\"`", ending.name)), "{}", ending.name);
    }
    let types: Vec<_> =
        FieldType::ALL.iter().map(|kind| format!("| `{}` |", json!(kind).as_str().expect("a name"))).collect();
    let told: Vec<_> = rows.iter().filter(|row| types.iter().any(|kind| row.starts_with(kind.as_str()))).collect();
    assert_eq!(told.len(), types.len());
}

#[test]
fn the_version_and_the_limits_are_the_ones_that_hold() {
    assert!(DOCUMENT.contains(&format!("This is **version {PROTOCOL_VERSION}**")));
    let limits = Limits::default();
    assert_eq!(limits.steps_per_second, 50_000);
    for (limit, value) in [
        ("Rooms", limits.max_rooms.to_string()),
        ("Players of a room", limits.max_players_per_room.to_string()),
        (
            "Requests of a connection",
            format!("{} a second, {} at once", limits.requests_per_second, limits.request_burst),
        ),
        ("Connections, of an address", limits.max_connections_per_address.to_string()),
        ("Time for the head of an HTTP request to arrive", format!("{} s", limits.header_timeout.as_secs())),
        ("Steps of a connection, in a driven room", "50 000 a second".to_owned()),
        (
            "Changes of a room that all are told of, by everybody in it",
            format!("{} a second, {} at once", limits.changes_per_second, limits.change_burst),
        ),
        ("Answers that wait to be read, of an address", format!("{} MiB", limits.max_answer_bytes_per_address >> 20)),
        ("Answers that wait to be read", format!("{} MiB", limits.max_answer_bytes >> 20)),
        ("Clients of the original, of an address", limits.max_originals_per_address.to_string()),
        ("Clients of the original", limits.max_originals.to_string()),
        (
            "Time for one message, or any part of an answer, to leave the server",
            format!("{} s", limits.write_timeout.as_secs()),
        ),
        ("Time without anything from the client, pongs included", format!("{} s", limits.idle_timeout.as_secs())),
    ] {
        assert!(DOCUMENT.contains(&format!("| {limit} | {value} |")), "{limit}: {value}");
    }
}
