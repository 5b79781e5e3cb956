//! Rooms beyond one server: workers that run them, edges that show them, and a real Redis between.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use daladala_server::{BrokerConfig, FrameRate, Limits, ServerConfig};
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::harness::{Client, JSON, TestServer, config, number, within};

/// A Redis of the test's own, which keeps nothing on disk.
struct Redis {
    port: u16,
    child: Child,
    folder: tempfile::TempDir,
}

impl Redis {
    async fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let folder = tempfile::tempdir().expect("a folder");
        let child = Self::run(port, folder.path().to_owned());
        let redis = Self { port, child, folder };
        redis.is_there().await;
        redis
    }

    fn run(port: u16, folder: PathBuf) -> Child {
        let mut redis = Command::new("redis-server");
        redis.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir"]);
        redis.arg(folder).stdout(Stdio::null());
        redis.spawn().expect("redis-server, which these tests need: `apt-get install redis-server` has it")
    }

    async fn is_there(&self) {
        within(async {
            while TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
    }

    fn stop(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }

    /// Another one in its place, which knows nothing of what was before.
    async fn start_again(&mut self) {
        self.child = Self::run(self.port, self.folder.path().to_owned());
        self.is_there().await;
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().expect("kill");
        assert!(sent.success());
    }

    fn config(&self, edge: bool) -> ServerConfig {
        let url = format!("redis://127.0.0.1:{}", self.port).parse().expect("an address");
        ServerConfig { broker: Some(BrokerConfig { url, edge }), ..config() }
    }

    async fn worker(&self) -> TestServer {
        TestServer::start(self.config(false)).await
    }

    async fn edge(&self) -> TestServer {
        TestServer::start(self.config(true)).await
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // It may have ended.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// The next frames, but for a first one that is there only for deltas to be laid over.
async fn frames(client: &mut Client, count: usize) -> Vec<Value> {
    let (first, second) = (client.frame().await, client.frame().await);
    let follows = number(&second["seq"]) == number(&first["seq"]) + 1;
    let mut frames = if follows { vec![first, second] } else { vec![second] };
    while frames.len() < count {
        frames.push(client.frame().await);
    }
    frames
}

fn seqs(frames: &[Value]) -> Vec<u64> {
    frames.iter().map(|frame| number(&frame["seq"])).collect()
}

fn resume(frame: &Value) -> String {
    format!("?room=main&epoch={}&seq={}", frame["epoch"], frame["seq"])
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edge_shows_what_a_worker_makes() {
    let redis = Redis::start().await;
    let (worker, edge) = (redis.worker().await, redis.edge().await);
    let mut there = worker.client(Some(JSON), "?room=main").await;
    let mut here = edge.client(Some(JSON), "?room=main").await;
    let shown = frames(&mut here, 100).await;
    let made = frames(&mut there, 250).await;
    let first = number(&shown[0]["seq"]);
    assert_eq!(seqs(&shown), (first..first + 100).collect::<Vec<_>>(), "without gaps, and each once");
    let same = |frame: &&Value| made.iter().any(|made| made == *frame);
    assert!(shown.iter().filter(same).count() >= 90, "the same frames, under the same epoch and numbers");
    // Every way to watch is there, and all of them tell of the same room.
    let there = worker.get("/api/rooms/main").await;
    let mut here = edge.get("/api/rooms/main").await;
    assert_eq!((&here["room"], &here["model"]), (&there["room"], &there["model"]));
    assert_eq!(edge.get("/api/rooms").await["rooms"][0]["code"], "main");
    here = edge.get("/api/rooms/main/frames?wait=5").await;
    assert_eq!(here["epoch"], there["epoch"]);
    let (status, _, _) = edge.request("GET", "/api/rooms/none", "").await;
    assert_eq!(status, 404);
    worker.stop().stopped().await;
    edge.stop().stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_goes_on_from_an_edge_to_another_and_to_the_worker() {
    let redis = Redis::start().await;
    let worker = redis.worker().await;
    let mut servers = vec![redis.edge().await, redis.edge().await];
    servers.push(worker);
    let mut last = servers[0].client(Some(JSON), "?room=main").await.frame().await;
    for server in &servers {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let mut back = server.client(Some(JSON), &resume(&last)).await;
        let joined = back.next_of("joined").await;
        assert_eq!(joined["resume"], "missed", "{joined}");
        let seq = number(&last["seq"]);
        let mut missed = frames(&mut back, 20).await;
        missed.retain(|frame| number(&frame["seq"]) > seq);
        assert_eq!(seqs(&missed)[..15], (seq + 1..=seq + 15).collect::<Vec<_>>()[..]);
        last = missed.pop().expect("frames");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_an_edge_are_done_where_the_room_runs() {
    let redis = Redis::start().await;
    let (worker, edge) = (redis.worker().await, redis.edge().await);
    let mut there = worker.client(Some(JSON), "?room=main").await;
    let mut here = edge.client(Some(JSON), "?room=main&name=Asha").await;
    let member = number(&here.next_of("joined").await["member"]);
    assert_eq!(number(&there.event("player_joined").await["member"]), member);
    here.granted(json!({ "type": "pause" })).await;
    there.event("paused").await;
    let before = number(&worker.get("/api/rooms/main").await["seq"]);
    let stepped = here.granted(json!({ "type": "act", "action": 0 })).await;
    assert_eq!(number(&stepped["seq"]), before + 1, "{stepped}");
    assert_eq!(there.event("wheel_taken").await["member"], member);
    // What was acknowledged is shown.
    while number(&here.frame().await["seq"]) < before + 1 {}
    assert_eq!(here.refused(json!({ "type": "act", "action": 99 })).await, "VALIDATION_ERROR");
    let mut other = edge.client(Some(JSON), "?room=main&name=Juma").await;
    assert_eq!(other.refused(json!({ "type": "act", "action": 0 })).await, "CONFLICT");
    // Whoever has the wheel and leaves an edge gives it up.
    drop(here);
    assert_eq!(other.event("wheel_released").await["member"], member);
    assert_eq!(there.event("player_left").await["member"], member);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_with_a_key_is_done_once_on_whatever_server_it_is_asked() {
    let redis = Redis::start().await;
    let (worker, a, b) = (redis.worker().await, redis.edge().await, redis.edge().await);
    let make = json!({ "code": "driven", "kind": "driven" });
    assert_eq!(worker.json("POST", "/api/rooms", &make).await.0, 200);
    let mut answers = Vec::new();
    for server in [&a, &b, &worker] {
        let mut client = server.client(Some(JSON), "?room=driven").await;
        let step = json!({ "type": "step", "action": 0, "idempotency_key": "0123456789abcdef" });
        answers.push(client.granted(step).await);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(number(&worker.get("/api/rooms/driven").await["seq"]), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn votes_are_counted_across_servers() {
    let redis = Redis::start().await;
    let (worker, a, b) = (redis.worker().await, redis.edge().await, redis.edge().await);
    let mut clients = Vec::new();
    for (server, name) in [(&worker, "Asha"), (&a, "Juma"), (&b, "Neema")] {
        clients.push(server.client(Some(JSON), &format!("?room=main&name={name}")).await);
    }
    // The worker knows all three before the turn begins.
    within(async {
        while worker.get("/api/rooms/main").await["players"].as_array().is_none_or(|players| players.len() < 3) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    clients[1].granted(json!({ "type": "vote_start", "turn_seconds": 60 })).await;
    for client in &mut clients {
        let turn = client.event("turn_started").await;
        assert_eq!(turn["choosing"].as_array().map(Vec::len), Some(3), "{turn}");
    }
    for client in &mut clients {
        client.granted(json!({ "type": "vote", "action": 0 })).await;
    }
    for client in &mut clients {
        let resolved = client.event("turn_resolved").await;
        assert_eq!((&resolved["by"], &resolved["votes"][0]), (&json!("votes"), &json!(3)), "{resolved}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_player_comes_back_on_another_edge() {
    let redis = Redis::start().await;
    let (worker, a, b) = (redis.worker().await, redis.edge().await, redis.edge().await);
    let mut watcher = worker.client(Some(JSON), "?room=main").await;
    let mut asha = a.client(Some(JSON), "?room=main&name=Asha").await;
    let joined = asha.next_of("joined").await;
    assert_eq!(watcher.event("player_joined").await["name"], "Asha");
    drop(asha);
    assert_eq!(watcher.event("player_left").await["member"], joined["member"]);
    let mut back = b.client(Some(JSON), "").await;
    let again = back.granted(json!({ "type": "join", "room": "main", "key": joined["key"] })).await;
    assert_eq!((&again["member"], &again["key"]), (&joined["member"], &joined["key"]));
    assert_eq!(watcher.event("player_returned").await["name"], "Asha");
    // Presence is the same everywhere.
    within(async {
        loop {
            let (there, here) = (worker.get("/api/rooms/main").await, b.get("/api/rooms/main").await);
            if there["players"] == here["players"] && there["players"][0]["online"] == true && there["viewers"] == 2 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rooms_are_made_and_closed_from_an_edge() {
    let redis = Redis::start().await;
    let (worker, a, b) = (redis.worker().await, redis.edge().await, redis.edge().await);
    let (status, made) = a.json("POST", "/api/rooms", &json!({ "code": "class", "fps": 50 })).await;
    assert_eq!((status, &made["code"]), (200, &json!("class")));
    assert_eq!(a.json("POST", "/api/rooms", &json!({ "code": "class" })).await.0, 409);
    let mut viewer = b.client(Some(JSON), "?room=class").await;
    frames(&mut viewer, 3).await;
    assert_eq!(worker.get("/api/rooms/class").await["fps"], 50.0);
    let (status, _, _) = a.request("DELETE", "/api/rooms/class", "").await;
    assert_eq!(status, 200);
    viewer.event("room_closed").await;
    within(async {
        while b.request("GET", "/api/rooms/class", "").await.0 != 404 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_has_one_server() {
    let redis = Redis::start().await;
    let first = redis.worker().await;
    // It waits a while for the first, which may be dead, and then shows its room.
    let second = redis.worker().await;
    let (there, here) = (first.get("/api/rooms/main").await, second.get("/api/rooms/main").await);
    assert_eq!(there["epoch"], here["epoch"]);
    assert_eq!(first.json("POST", "/api/rooms", &json!({ "code": "mine" })).await.0, 200);
    let (status, refusal) = second.json("POST", "/api/rooms", &json!({ "code": "mine" })).await;
    assert_eq!((status, &refusal["code"]), (409, &json!("CONFLICT")), "{refusal}");
    // Once it is given up, another may have it, and its epoch is later than all that was there.
    let epoch = number(&there["epoch"]);
    first.stop().stopped().await;
    let third = redis.worker().await;
    assert!(number(&third.get("/api/rooms/main").await["epoch"]) > epoch);
}

/// Frames come again, each once and in order; those that are no longer fresh are left out, but kept for who asks.
async fn shown_again_without_gaps(edge: &TestServer, viewer: &mut Client, before: &[Value]) {
    let last = before.last().expect("frames");
    let mut seen = vec![number(&last["seq"])];
    while seen.len() < 100 || seen.last() < Some(&(seen[0] + 300)) {
        let frame = viewer.frame().await;
        assert_eq!(frame["epoch"], last["epoch"]);
        seen.push(number(&frame["seq"]));
    }
    assert!(seen.is_sorted_by(|a, b| a < b), "{seen:?}");
    let mut back = edge.client(Some(JSON), &resume(last)).await;
    assert_eq!(back.next_of("joined").await["resume"], "missed");
    let mut missed = seqs(&frames(&mut back, 200).await);
    missed.retain(|seq| *seq > seen[0]);
    assert_eq!(missed, (seen[0] + 1..).take(missed.len()).collect::<Vec<_>>());
}

/// The worker goes on while the broker is gone, and its edges go on from where they were, whatever the broker still knows.
#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_was_gone_and_knows_nothing_any_more_loses_no_frame() {
    let mut redis = Redis::start().await;
    let (worker, edge) = (redis.worker().await, redis.edge().await);
    let mut viewer = edge.client(Some(JSON), "?room=main").await;
    let before = frames(&mut viewer, 20).await;
    redis.stop();
    tokio::time::sleep(Duration::from_secs(1)).await;
    // The page of the edge is there, and says that it cannot ask.
    assert_eq!(edge.request("GET", "/readyz", "").await.0, 200);
    assert_eq!(viewer.refused(json!({ "type": "pause" })).await, "BUSY");
    redis.start_again().await;
    shown_again_without_gaps(&edge, &mut viewer, &before).await;
    viewer.granted(json!({ "type": "pause" })).await;
    viewer.event("paused").await;
    assert_eq!(worker.get("/api/rooms/main").await["paused"], true);
}

/// As in a partition: nothing is refused, and nothing comes.
#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_stands_still_for_a_while_loses_no_frame() {
    let redis = Redis::start().await;
    let (_worker, edge) = (redis.worker().await, redis.edge().await);
    let mut viewer = edge.client(Some(JSON), "?room=main").await;
    let before = frames(&mut viewer, 20).await;
    redis.signal("-STOP");
    tokio::time::sleep(Duration::from_secs(3)).await;
    redis.signal("-CONT");
    shown_again_without_gaps(&edge, &mut viewer, &before).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_comes_back_is_shown_to_those_who_stayed() {
    let redis = Redis::start().await;
    let (worker, edge) = (redis.worker().await, redis.edge().await);
    let mut viewer = edge.client(Some(JSON), "?room=main&name=Asha").await;
    let member = number(&viewer.next_of("joined").await["member"]);
    let epoch = number(&frames(&mut viewer, 10).await[0]["epoch"]);
    worker.stop().stopped().await;
    // One who comes meanwhile hears that the room is away, and not that there is none.
    let other = redis.edge().await;
    let (status, refusal) = other.json("GET", "/api/rooms/main", &json!({})).await;
    assert_eq!((status, &refusal["code"]), (503, &json!("BUSY")), "{refusal}");
    let worker = redis.worker().await;
    let mut frame = viewer.frame().await;
    while number(&frame["epoch"]) == epoch {
        frame = viewer.frame().await;
    }
    assert!(number(&frame["epoch"]) > epoch);
    // It knows who is there.
    within(async {
        while worker.get("/api/rooms/main").await["players"][0]["member"] != member {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_nobody_watches_anywhere_sleeps() {
    let redis = Redis::start().await;
    let limits = Limits { sleep_after: Duration::from_millis(300), ..Limits::default() };
    let worker = TestServer::start(ServerConfig { limits, ..redis.config(false) }).await;
    let edge = TestServer::start(ServerConfig { limits, ..redis.config(true) }).await;
    let mut viewer = edge.client(Some(JSON), "?room=main").await;
    frames(&mut viewer, 100).await;
    drop(viewer);
    let seq = async || number(&worker.get("/api/rooms").await["rooms"][0]["seq"]);
    within(async {
        loop {
            let before = seq().await;
            tokio::time::sleep(Duration::from_secs(1)).await;
            if seq().await == before {
                break;
            }
        }
    })
    .await;
    let before = seq().await;
    // And wakes.
    let mut viewer = edge.client(Some(JSON), "?room=main").await;
    let shown = seqs(&frames(&mut viewer, 20).await);
    assert!(shown.iter().all(|&seq| seq >= before), "{shown:?} {before}");
}

/// The log is cut by whole episodes: what is kept begins with a keyframe.
#[tokio::test(flavor = "multi_thread")]
async fn logs_are_bounded_and_no_delta_loses_its_keyframe() {
    let redis = Redis::start().await;
    let limits = Limits { history_frames: 50, ..Limits::default() };
    let fps = FrameRate::new(500.0).expect("a rate");
    let _worker = TestServer::start(ServerConfig { limits, fps, ..redis.config(false) }).await;
    let edge = TestServer::start(ServerConfig { limits, ..redis.config(true) }).await;
    let mut viewer = edge.client(Some(JSON), "?room=main").await;
    while number(&viewer.frame().await["seq"]) < 1500 {}
    let ask = |arguments: &[&str]| {
        let asked = Command::new("redis-cli").args(["-p", &redis.port.to_string()]).args(arguments).output();
        asked.expect("redis-cli").stdout
    };
    let length = String::from_utf8(ask(&["XLEN", "daladala:{main}:frames"])).expect("text");
    // An episode of these rules has at most 350 steps, and two of them are begun.
    assert!(length.trim().parse::<u32>().expect("a number") < 50 + 2 * 351, "{length}");
    let first = ask(&["--raw", "XRANGE", "daladala:{main}:frames", "-", "+", "COUNT", "1"]);
    // The id, the field's name, and the frame, whose first byte says what it is.
    let frame = first.split(|&byte| byte == b'\n').nth(2).expect("a frame");
    assert_eq!(frame[0], 1, "a keyframe: {frame:?}");
    // Whoever comes now can be shown all that is kept.
    let fresh = TestServer::start(ServerConfig { limits, ..redis.config(true) }).await;
    frames(&mut fresh.client(Some(JSON), "?room=main").await, 20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_originals_clients_are_served_by_an_edge() {
    let redis = Redis::start().await;
    let (worker, edge) = (redis.worker().await, redis.edge().await);
    let (status, reset) = edge.json("POST", "/api/reset", &json!({ "seed": 3 })).await;
    assert_eq!(status, 200, "{reset}");
    let (status, stepped) = edge.json("POST", "/api/step", &json!({ "action": 0 })).await;
    assert_eq!((status, &stepped["action"]), (200, &json!("Move")), "{stepped}");
    assert_eq!(worker.get("/api/current-state").await["state"]["step"], 1);
    assert_eq!(edge.get("/api/current-state").await["state"], worker.get("/api/current-state").await["state"]);
    assert_eq!(edge.get("/api/environment-info").await, worker.get("/api/environment-info").await);
    assert_eq!(edge.health().await["status"], "ok");
}
