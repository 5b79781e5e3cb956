//! Recordings: written, read back, and played.

use std::path::Path;

use daladala_server::ServerConfig;
use serde_json::{Value, json};

use crate::harness::{JSON, TestServer, config, number};

fn recording_config(folder: &Path) -> ServerConfig {
    ServerConfig { recordings: Some(folder.join("kept")), ..config() }
}

/// A frame without what differs each time it is shown.
fn plain(mut frame: Value) -> Value {
    for field in ["epoch", "seq", "type"] {
        frame.as_object_mut().expect("an object").remove(field);
    }
    frame
}

#[tokio::test]
async fn what_was_shown_is_played_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = TestServer::start(recording_config(folder.path())).await;
    let mut client = server.client(Some(JSON), "").await;
    client.granted(json!({ "type": "create", "code": "studio", "kind": "driven", "model": "random" })).await;
    client.granted(json!({ "type": "join", "room": "studio" })).await;
    let first = client.frame().await;
    assert_eq!(client.granted(json!({ "type": "record", "name": "one" })).await["recording"], "one");
    assert_eq!(client.event("recording_started").await["recording"], "one");
    assert_eq!(client.refused(json!({ "type": "record", "name": "two" })).await, "CONFLICT");
    let mut shown = vec![plain(first)];
    for _ in 0..70 {
        let seq = client.granted(json!({ "type": "step" })).await["seq"].clone();
        loop {
            let frame = client.frame().await;
            if frame["seq"] == seq {
                shown.push(plain(frame));
                break;
            }
        }
    }
    let stopped = client.granted(json!({ "type": "record_stop" })).await;
    assert_eq!((&stopped["recording"], &stopped["frames"]), (&json!("one"), &json!(71)));
    assert_eq!(client.refused(json!({ "type": "record_stop" })).await, "CONFLICT");

    let list = server.get("/api/recordings").await;
    assert_eq!((&list["recordings"][0]["name"], &list["recordings"][0]["bytes"]), (&json!("one"), &stopped["bytes"]));
    assert_eq!(list["recordings"].as_array().map(Vec::len), Some(1), "the second was never begun");
    assert!(number(&stopped["bytes"]) < 71 * 60 + 7000, "{stopped}");

    client.granted(json!({ "type": "create", "code": "cinema", "recording": "one", "fps": 200 })).await;
    client.granted(json!({ "type": "join", "room": "cinema" })).await;
    let mut played = Vec::new();
    while played.len() < 100 {
        let frame = client.frame().await;
        played.push((number(&frame["seq"]), plain(frame)));
    }
    for (seq, frame) in played {
        assert_eq!(frame, shown[(seq as usize - 1) % shown.len()], "frame {seq}");
    }
    assert_eq!(client.refused(json!({ "type": "act", "action": 0 })).await, "CONFLICT");
    assert_eq!(client.refused(json!({ "type": "load", "model": "ppo" })).await, "CONFLICT");
    client.granted(json!({ "type": "pause" })).await;
    client.granted(json!({ "type": "step" })).await;
}

/// The first frame of the running episode was shown before: it is no part of the recording.
#[tokio::test]
async fn a_recording_that_begins_within_an_episode_has_the_frames_from_then_on_and_no_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = TestServer::start(recording_config(folder.path())).await;
    let mut client = server.client(Some(JSON), "").await;
    client.granted(json!({ "type": "create", "code": "studio", "kind": "driven", "model": "random" })).await;
    client.granted(json!({ "type": "join", "room": "studio" })).await;
    for _ in 0..9 {
        client.granted(json!({ "type": "step" })).await;
    }
    client.granted(json!({ "type": "record", "name": "late" })).await;
    for _ in 0..40 {
        client.granted(json!({ "type": "step" })).await;
    }
    assert_eq!(client.granted(json!({ "type": "record_stop" })).await["frames"], 41);
    client.granted(json!({ "type": "create", "code": "cinema", "recording": "late", "fps": 200 })).await;
    let mut client = server.client(Some(JSON), "?room=cinema").await;
    let mut steps = std::collections::BTreeMap::new();
    while steps.len() < 41 {
        let frame = client.frame().await;
        steps.insert((number(&frame["seq"]) - 1) % 41, (number(&frame["episode"]), number(&frame["step"])));
    }
    let expected = (9..50).map(|step| (1 + step / 30, step % 30));
    assert_eq!(steps.into_values().collect::<Vec<_>>(), expected.collect::<Vec<_>>());
}

/// What a recording says of who drives holds for all of it.
#[tokio::test]
async fn a_recording_ends_where_another_driver_comes() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = TestServer::start(recording_config(folder.path())).await;
    let mut client = server.client(Some(JSON), "?room=main").await;
    client.granted(json!({ "type": "record", "name": "one" })).await;
    for _ in 0..5 {
        client.frame().await;
    }
    client.granted(json!({ "type": "load", "model": "ppo" })).await;
    let stopped = client.event("recording_stopped").await;
    assert_eq!((&stopped["recording"], &stopped["reason"]), (&json!("one"), &json!("another driver has come")));
    client.granted(json!({ "type": "create", "code": "cinema", "recording": "one" })).await;
    let mut client = server.client(Some(JSON), "?room=cinema").await;
    assert_eq!(client.next_of("room").await["model"], "random");
    client.frame().await;
}

#[tokio::test]
async fn a_recording_survives_the_end_of_its_room_and_of_the_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = TestServer::start(recording_config(folder.path())).await;
    let mut client = server.client(Some(JSON), "").await;
    client.granted(json!({ "type": "create", "code": "brief" })).await;
    client.granted(json!({ "type": "join", "room": "brief" })).await;
    client.granted(json!({ "type": "record", "name": "brief" })).await;
    let mut main = server.client(Some(JSON), "?room=main").await;
    main.granted(json!({ "type": "record", "name": "main" })).await;
    let until = number(&main.frame().await["seq"]) + 20;
    while number(&main.frame().await["seq"]) < until {}
    client.granted(json!({ "type": "close", "room": "brief" })).await;
    client.event("room_closed").await;
    drop((client, main));
    server.stop().stopped().await;

    let server = TestServer::start(recording_config(folder.path())).await;
    let mut client = server.client(Some(JSON), "").await;
    for name in ["brief", "main"] {
        let room = format!("play-{name}");
        client.granted(json!({ "type": "create", "code": room, "recording": name })).await;
        client.granted(json!({ "type": "join", "room": room })).await;
        client.frame().await;
    }
}

#[tokio::test]
async fn a_recording_cut_off_by_a_kill_is_played_up_to_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = TestServer::start(recording_config(folder.path())).await;
    let mut client = server.client(Some(JSON), "?room=main").await;
    client.granted(json!({ "type": "record", "name": "whole" })).await;
    let until = number(&client.frame().await["seq"]) + 50;
    while number(&client.frame().await["seq"]) < until {}
    // What the file holds while it is being written is all that a kill would leave.
    let kept = folder.path().join("kept");
    let bytes = std::fs::read(kept.join("whole.dalarec")).expect("a file");
    assert!(bytes.len() > 1500, "{} bytes", bytes.len());
    std::fs::write(kept.join("cut.dalarec"), &bytes[..bytes.len() - 7]).expect("written");
    client.granted(json!({ "type": "create", "code": "cut", "recording": "cut", "fps": 200 })).await;
    client.granted(json!({ "type": "join", "room": "cut" })).await;
    while number(&client.frame().await["seq"]) < 100 {}

    std::fs::write(kept.join("other.dalarec"), b"something else").expect("written");
    std::fs::write(kept.join("head.dalarec"), &bytes[..40]).expect("written");
    for other in ["other", "head"] {
        assert_eq!(client.refused(json!({ "type": "create", "recording": other })).await, "VALIDATION_ERROR");
    }
}

#[tokio::test]
async fn names_of_recordings_lead_nowhere_else() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("secret.dalarec"), b"secret").expect("written");
    let server = TestServer::start(recording_config(folder.path())).await;
    let mut client = server.client(Some(JSON), "?room=main").await;
    for name in ["../secret", "..", "", "a/b", "A", "a.b", &"x".repeat(65)] {
        assert_eq!(client.refused(json!({ "type": "record", "name": name })).await, "VALIDATION_ERROR", "{name}");
        assert_eq!(client.refused(json!({ "type": "create", "recording": name })).await, "VALIDATION_ERROR", "{name}");
    }
    for path in ["/api/recordings/..%2fsecret", "/api/recordings/%2e%2e", "/api/recordings/none"] {
        let (status, _, body) = server.request("GET", path, "").await;
        assert!(status == 400 || status == 404, "{path}: {status}");
        assert!(!body.contains("secret\""), "{path}: {body}");
    }
    client.granted(json!({ "type": "record", "name": "mine" })).await;
    assert_eq!(client.refused(json!({ "type": "record", "name": "mine" })).await, "CONFLICT");
    client.granted(json!({ "type": "record_stop" })).await;
    assert_eq!(
        client.refused(json!({ "type": "record", "name": "mine" })).await,
        "CONFLICT",
        "nothing is written over"
    );
    assert!(server.request("GET", "/api/recordings/mine", "").await.1.contains("filename=\"mine.dalarec\""));
}

#[tokio::test]
async fn a_recording_that_is_stopped_has_all_that_was_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = TestServer::start(recording_config(folder.path())).await;
    let mut client = server.client(Some(JSON), "").await;
    client.granted(json!({ "type": "create", "code": "studio", "kind": "driven" })).await;
    client.granted(json!({ "type": "join", "room": "studio" })).await;
    for round in 0..30 {
        client.granted(json!({ "type": "record", "name": format!("round-{round}") })).await;
        for _ in 0..3 {
            client.granted(json!({ "type": "step" })).await;
        }
        let stopped = client.granted(json!({ "type": "record_stop" })).await;
        assert_eq!(stopped["frames"], 4, "round {round}: what was there, and three steps");
    }
}

#[tokio::test]
async fn a_request_to_record_that_is_hung_up_on_can_be_undone() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = TestServer::start(recording_config(folder.path())).await;
    let mut client = server.client(Some(JSON), "?room=main").await;
    for _ in 0..20 {
        let mut stream = tokio::net::TcpStream::connect(server.address).await.expect("a connection");
        let request =
            format!("POST /api/rooms/main/record HTTP/1.1\r\nHost: {}\r\nContent-Length: 0\r\n\r\n", server.address);
        tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes()).await.expect("sent");
        drop(stream);
        // It has begun or not, but nothing in between.
        loop {
            let stopped = client.ask(json!({ "type": "record_stop" })).await;
            let begun = client.ask(json!({ "type": "record" })).await;
            if begun["type"] == "reply" {
                client.granted(json!({ "type": "record_stop" })).await;
                break;
            }
            drop(stopped);
        }
    }
}

/// By name: how many bytes it has, and whether it is in use.
async fn kept(server: &TestServer) -> Vec<(String, u64, bool)> {
    let list = server.get("/api/recordings").await;
    let one = |recording: &Value| {
        let name = recording["name"].as_str().expect("a name").to_owned();
        (name, number(&recording["bytes"]), recording["in_use"].as_bool().expect("a flag"))
    };
    list["recordings"].as_array().expect("a list").iter().map(one).collect()
}

/// A recording that a server of version 2 made, and some of its frames as that server showed them.
#[tokio::test]
async fn a_recording_of_the_first_format_is_played_as_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let kept = folder.path().join("kept");
    std::fs::create_dir(&kept).expect("made");
    let recording = include_bytes!("../recordings/version-1.dalarec");
    std::fs::write(kept.join("old.dalarec"), recording).expect("written");
    let server = TestServer::start(recording_config(folder.path())).await;
    let mut client = server.client(Some(JSON), "").await;
    client.granted(json!({ "type": "create", "code": "cinema", "recording": "old", "fps": 100 })).await;
    client.granted(json!({ "type": "join", "room": "cinema" })).await;
    let room = client.next_of("room").await;
    let known = ["rules", "model", "capacity", "legal_capacity", "stops"].map(|name| room[name].clone());
    let stops = json!([[4, 14], [8, 14], [14, 8], [14, 3]]);
    assert_eq!(known, [json!("classic"), json!("random"), json!(50), json!(33), stops.clone()]);
    let lines = include_str!("../recordings/version-1.jsonl").lines();
    let mut shown: std::collections::BTreeMap<u64, Value> = lines
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
        .map(|frame| (number(&frame["seq"]), frame))
        .collect();
    assert_eq!(shown.len(), 15);
    while !shown.is_empty() {
        let frame = client.frame().await;
        // It begins again after its 131 frames.
        let Some(old) = shown.remove(&((number(&frame["seq"]) - 1) % 131 + 1)) else { continue };
        for same in [
            "step",
            "position",
            "route_index",
            "action",
            "reward",
            "total_reward",
            "reward_terms",
            "outputs",
            "action_mask",
            "speed",
            "passengers",
            "money",
            "terminated",
            "truncated",
            "ending",
            "episode",
        ] {
            assert_eq!(frame[same], old[same], "{same}");
        }
        for flag in ["must_stop", "fined", "crashed"] {
            assert_eq!(frame[flag], json!(old[flag] == 1), "{flag}");
        }
        assert_eq!((&frame["police"], &frame["lights"]), (&old["police_checkpoints"], &old["traffic_lights"]));
        let by_cell = |cells: &Value, values: &Value| -> Vec<u64> {
            let key = |cell: &Value| format!("{},{}", cell[0], cell[1]);
            cells.as_array().expect("cells").iter().map(|cell| number(&values[key(cell)])).collect()
        };
        assert_eq!(frame["waiting"], json!(by_cell(&stops, &old["waiting"])));
        let red = by_cell(&old["traffic_lights"], &old["traffic_light_states"]);
        assert_eq!(frame["lights_red"], json!(red.iter().map(|&red| red == 1).collect::<Vec<_>>()));
    }
}

#[tokio::test]
async fn recordings_are_removed_one_by_one_or_the_oldest_first_but_not_while_they_are_in_use() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = TestServer::start(recording_config(folder.path())).await;
    let mut client = server.client(Some(JSON), "").await;
    client.granted(json!({ "type": "create", "code": "studio", "kind": "driven" })).await;
    client.granted(json!({ "type": "join", "room": "studio" })).await;
    for name in ["b-first", "c-second", "a-third", "d-running"] {
        client.granted(json!({ "type": "record", "name": name })).await;
        client.granted(json!({ "type": "step" })).await;
        // The clock of a file system ticks every few milliseconds.
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        if name != "d-running" {
            client.granted(json!({ "type": "record_stop" })).await;
        }
    }
    client.granted(json!({ "type": "create", "code": "cinema", "recording": "b-first" })).await;
    let names = |kept: Vec<(String, u64, bool)>| kept.into_iter().map(|(name, ..)| name).collect::<Vec<_>>();
    let in_use = kept(&server).await.into_iter().filter(|recording| recording.2).map(|(name, ..)| name);
    assert_eq!(in_use.collect::<Vec<_>>(), ["b-first", "d-running"]);
    for name in ["b-first", "d-running"] {
        assert_eq!(server.json("DELETE", &format!("/api/recordings/{name}"), &json!({})).await.0, 409, "{name}");
    }
    assert_eq!(server.json("DELETE", "/api/recordings/none", &json!({})).await.0, 404);
    assert_eq!(server.json("DELETE", "/api/recordings/..%2fx", &json!({})).await.0, 400);

    let clean = |what: Value| {
        let server = &server;
        async move { server.json("POST", "/api/recordings/clean", &what).await }
    };
    assert_eq!(clean(json!({})).await.0, 400);
    assert_eq!(clean(json!({ "files": 1 })).await.0, 400);
    assert_eq!(clean(json!({ "recordings": 4 })).await.1["removed"], json!([]));
    assert_eq!(
        clean(json!({ "recordings": 3 })).await.1["removed"],
        json!(["c-second"]),
        "the oldest that is not in use"
    );
    assert_eq!(clean(json!({ "bytes": 0 })).await.1["removed"], json!(["a-third"]));
    assert_eq!(names(kept(&server).await), ["b-first", "d-running"]);

    client.granted(json!({ "type": "record_stop" })).await;
    client.granted(json!({ "type": "close", "room": "cinema" })).await;
    for name in ["d-running", "b-first"] {
        // The room that played it may take a moment to be gone.
        while server.json("DELETE", &format!("/api/recordings/{name}"), &json!({})).await.0 != 200 {}
    }
    assert_eq!(kept(&server).await, []);
}

#[tokio::test]
async fn recordings_share_the_space_that_all_may_take() {
    let folder = tempfile::tempdir().expect("a folder");
    let limits = daladala_server::Limits { max_recordings_bytes: 200 << 10, ..daladala_server::Limits::default() };
    let server = TestServer::start(ServerConfig { limits, ..recording_config(folder.path()) }).await;
    let mut client = server.client(Some(JSON), "?room=main").await;
    assert_eq!(server.get("/api/recordings").await["max_bytes"], 200 << 10);
    // What is being written is taken to become as long as it may.
    client.granted(json!({ "type": "record", "name": "first" })).await;
    client.granted(json!({ "type": "create", "code": "other" })).await;
    client.granted(json!({ "type": "join", "room": "other" })).await;
    assert_eq!(client.refused(json!({ "type": "record", "name": "second" })).await, "ROOM_FULL");
    client.granted(json!({ "type": "join", "room": "main" })).await;
    client.granted(json!({ "type": "record_stop" })).await;
    client.granted(json!({ "type": "record", "name": "second" })).await;
    client.granted(json!({ "type": "record_stop" })).await;
    std::fs::write(folder.path().join("kept/large.dalarec"), vec![0; 190 << 10]).expect("written");
    assert_eq!(client.refused(json!({ "type": "record", "name": "third" })).await, "ROOM_FULL");
    server.json("DELETE", "/api/recordings/large", &json!({})).await;
    client.granted(json!({ "type": "record", "name": "third" })).await;
}
