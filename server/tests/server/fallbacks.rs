//! The same frames without a WebSocket.

use std::time::Duration;

use daladala_server::{Limits, ServerConfig};
use serde_json::{Map, Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;

use crate::harness::{TestServer, config, number, within};

/// A reader of server-sent events: name, id and data.
struct EventSource {
    lines: Lines<BufReader<TcpStream>>,
}

impl EventSource {
    async fn open(server: &TestServer, path: &str, headers: &str) -> Self {
        let mut stream = within(TcpStream::connect(server.address)).await.expect("a connection");
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{headers}\r\n", server.address);
        within(stream.write_all(request.as_bytes())).await.expect("sent");
        let mut lines = BufReader::new(stream).lines();
        let status = within(lines.next_line()).await.expect("readable").expect("a status");
        assert!(status.contains("200"), "{status}");
        Self { lines }
    }

    async fn next(&mut self) -> (String, Option<String>, Value) {
        let (mut name, mut id) = (String::new(), None);
        loop {
            let line = within(self.lines.next_line()).await.expect("readable").expect("a line");
            match line.split_once(": ") {
                Some(("event", event)) => event.clone_into(&mut name),
                // The id comes after the data.
                Some(("data", data)) => {
                    let data = serde_json::from_str(data).expect("JSON");
                    let next = within(self.lines.next_line()).await.expect("readable").expect("a line");
                    if let Some(("id", after)) = next.split_once(": ") {
                        id = Some(after.to_owned());
                    }
                    return (name, id, data);
                }
                _ => {}
            }
        }
    }
}

#[tokio::test]
async fn server_sent_events_carry_the_frames_and_resume_by_themselves() {
    let server = TestServer::start(config()).await;
    let mut socket = server.connect().await;
    let mut source = EventSource::open(&server, "/api/rooms/main/events?frames=whole", "").await;
    for expected in ["hello", "joined", "room"] {
        let (name, _, data) = source.next().await;
        assert_eq!((name.as_str(), &data["type"]), (expected, &json!(expected)));
    }
    let mut seen = std::collections::BTreeMap::new();
    let (mut both, mut last) = (0, String::new());
    while both < 20 {
        let (name, id, data) = source.next().await;
        if name == "keyframe" {
            assert_eq!(id, Some(format!("{}-{}", data["epoch"], data["seq"])));
            last = id.expect("an id");
            both += usize::from(seen.insert(number(&data["seq"]), data).is_some());
        }
        let frame = socket.frame().await;
        if let Some(same) = seen.get(&number(&frame["seq"])) {
            assert_eq!(&frame, same);
            both += 1;
        }
        seen.insert(number(&frame["seq"]), frame);
    }
    drop(source);
    let mut source = EventSource::open(&server, "/api/rooms/main/events", &format!("Last-Event-ID: {last}\r\n")).await;
    loop {
        let (name, _, data) = source.next().await;
        if name == "joined" {
            assert_eq!(data["resume"], "missed");
        }
        if name == "delta" {
            let after: u64 = last.split_once('-').expect("two numbers").1.parse().expect("a number");
            assert_eq!(number(&data["seq"]), after + 1);
            break;
        }
        // The missed frames may begin an episode.
        if name == "keyframe" && format!("{}-{}", data["epoch"], data["seq"]) > last {
            break;
        }
    }
}

#[tokio::test]
async fn polling_misses_nothing() {
    let server = TestServer::start(config()).await;
    let first = server.get("/api/rooms/main/frames").await;
    assert_eq!((&first["resume"], &first["room"]["type"]), (&json!("new"), &json!("room")));
    assert_eq!(first["role"], "admin");
    let (epoch, mut after) = (number(&first["epoch"]), number(&first["next"]));
    let mut base: Map<String, Value> = Map::new();
    let mut seqs = Vec::new();
    while seqs.len() < 100 {
        let page = server.get(&format!("/api/rooms/main/frames?after={after}&epoch={epoch}")).await;
        assert_eq!(page["resume"], "missed");
        for frame in page["frames"].as_array().expect("a list") {
            let fields = frame.as_object().expect("an object");
            if fields["type"] == "keyframe" {
                base.clone_from(fields);
            } else {
                assert_eq!(fields["base"], base["seq"]);
            }
            let seq = number(&frame["seq"]);
            if seq > after {
                seqs.push(seq);
            }
        }
        after = number(&page["next"]);
    }
    assert!(seqs.windows(2).all(|pair| pair[1] == pair[0] + 1), "{seqs:?}");
}

#[tokio::test]
async fn a_poll_is_bounded_and_waits_no_longer_than_it_may() {
    let server = TestServer::start(config()).await;
    server.json("POST", "/api/rooms/main/pause", &json!({})).await;
    let seq = number(&server.get("/api/rooms/main").await["seq"]);
    let page = server.get(&format!("/api/rooms/main/frames?after={seq}&wait=0.05")).await;
    assert_eq!((&page["frames"], &page["next"]), (&json!([]), &json!(seq)));
    for _ in 0..5 {
        server.json("POST", "/api/rooms/main/step", &json!({})).await;
    }
    let page = server.get(&format!("/api/rooms/main/frames?after={seq}&limit=3&frames=whole")).await;
    assert_eq!((page["frames"].as_array().map(Vec::len), &page["next"]), (Some(3), &json!(seq + 3)));
    let page = server.get("/api/rooms/main/frames?after=0&epoch=7").await;
    assert_eq!((&page["resume"], &page["next"]), (&json!("keyframe"), &json!(seq + 5)));
    for bad in ["after=x", "after=-1", "wait=26", "wait=-1", "wait=NaN", "limit=x", "frames=half"] {
        let (status, _, body) = server.request("GET", &format!("/api/rooms/main/frames?{bad}"), "").await;
        assert_eq!(status, 400, "{bad}: {body}");
        assert!(body.contains("VALIDATION_ERROR"), "{bad}: {body}");
    }
    assert_eq!(server.request("GET", "/api/rooms/none/frames", "").await.0, 404);
}

#[tokio::test]
async fn polling_one_frame_at_a_time_gets_on() {
    let server = TestServer::start(config()).await;
    let first = server.get("/api/rooms/main/frames?limit=1").await;
    assert!(number(&first["next"]) + 100 > number(&server.get("/api/rooms/main").await["seq"]), "not the latest");
    let begin = number(&first["next"]);
    for after in begin..begin + 40 {
        let page = server.get(&format!("/api/rooms/main/frames?after={after}&limit=1")).await;
        assert_eq!(number(&page["next"]), after + 1);
    }
}

/// They had no place in the room, and nobody saw them.
#[tokio::test]
async fn who_polls_and_who_follows_events_is_a_viewer() {
    let limits = Limits { poller_gone_after: Duration::from_millis(200), max_viewers_per_room: 2, ..Limits::default() };
    let server = TestServer::start(ServerConfig { limits, ..config() }).await;
    let poll = "/api/rooms/main/frames?wait=0&viewer=0123456789abcdef";
    let source = EventSource::open(&server, "/api/rooms/main/events", "").await;
    for _ in 0..5 {
        server.get(poll).await;
        assert_eq!(server.get("/api/rooms/main").await["viewers"], 2, "one who polls and one who follows");
        let metrics = server.request("GET", "/metrics", "").await.2;
        assert!(metrics.contains("viewers{transport=\"polling\"} 1"), "{metrics}");
    }
    let (status, _, body) = server.request("GET", "/api/rooms/main/frames?wait=0", "").await;
    assert!(status == 503 && body.contains("ROOM_FULL"), "{status}: {body}");
    assert_eq!(server.request("GET", "/api/rooms/main/frames?wait=0&viewer=me", "").await.0, 400);
    drop(source);
    server.await_viewers(0).await;
}
