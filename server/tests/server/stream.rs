//! What viewers see.

use std::collections::BTreeMap;
use std::time::Duration;

use daladala_env::{FrameField, Rules, rules::Classic};
use daladala_protocol::{FrameReader, PROTOCOL_VERSION, frame_from_json, frame_json};
use daladala_server::{Limits, ServerConfig};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::harness::{BINARY, JSON, TestServer, config, number, within};

#[tokio::test]
async fn a_connection_begins_with_what_a_viewer_has_to_know() {
    let server = TestServer::start(config()).await;
    let mut socket = server.open(None, "").await.expect("a connection");
    let mut first = Vec::new();
    while first.len() < 4 {
        if let Message::Text(text) = within(socket.next()).await.expect("a message").expect("a readable one") {
            first.push(serde_json::from_str::<Value>(&text).expect("JSON"));
        }
    }
    let kinds: Vec<_> = first.iter().map(|message| message["type"].as_str().expect("a type")).collect();
    assert_eq!(kinds, ["hello", "joined", "room", "keyframe"]);
    let [hello, joined, room, keyframe] = [0, 1, 2, 3].map(|i| first[i].clone());
    assert_eq!((&hello["protocol"], &hello["role"]), (&PROTOCOL_VERSION.into(), &"admin".into()));
    assert_eq!(hello["server"], env!("CARGO_PKG_VERSION"));
    assert_eq!((&joined["room"], &joined["resume"], &joined["missed"]), (&json!("main"), &json!("new"), &json!(0)));
    assert_eq!((&room["code"], &room["kind"], &room["mode"]), (&json!("main"), &json!("stream"), &json!("policy")));
    assert_eq!((&room["rules"], &room["model"]), (&json!("classic"), &json!("random")));
    assert_eq!((&room["fps"], &room["grid"]), (&json!(100.0), &json!([15, 15])));
    assert_eq!(room["route"], json!(Classic.info().route));
    assert_eq!(room["actions"], json!(["Move", "Pick up", "Drop off", "Stop", "Speed up"]));
    assert_eq!(room["frame"], json!(Classic.info().frame_schema()));
    assert_eq!(room["stops"], json!(Classic.info().stops));
    let limits = ["max_steps", "capacity", "legal_capacity"].map(|name| room[name].clone());
    assert_eq!(limits, [json!(350), json!(50), json!(33)]);
    assert_eq!(keyframe["epoch"], room["epoch"]);
}

#[tokio::test]
async fn without_a_subprotocol_every_frame_is_whole() {
    let server = TestServer::start(config()).await;
    let mut client = server.connect().await;
    for _ in 0..50 {
        let frame = client.next_of("keyframe").await;
        assert!(frame["epoch"].as_u64().is_some_and(|epoch| epoch > 0 && epoch < 1 << 53));
        let info = Classic.info();
        let object = frame.as_object().expect("an object");
        let state = frame_from_json(object, &info.frame_schema()).expect("all fields");
        assert_eq!(state.position, info.route[state.route_index as usize]);
        assert_eq!(state.lights_red.len(), state.lights.len());
        assert_eq!(state.waiting.len(), info.stops.len());
        assert_eq!(frame["must_stop"], json!(state.light_red() || state.police_here()));
    }
}

#[tokio::test]
async fn the_encodings_carry_the_same_frames() {
    let server = TestServer::start(config()).await;
    let mut plain = server.connect().await;
    let mut deltas = server.client(Some(JSON), "?room=main").await;
    let mut binary = server.client(Some(BINARY), "?room=main").await;
    let schema: Vec<FrameField> =
        serde_json::from_value(binary.next_of("room").await["frame"].clone()).expect("fields");
    let mut reader = FrameReader::new(schema.clone());
    let (mut seen, mut in_three) = (BTreeMap::<u64, (usize, Value)>::new(), 0);
    let (mut bytes, mut frames) = (0, 0);
    while in_three < 60 {
        let (one, other, third) = tokio::join!(plain.frame(), deltas.frame(), binary.next_of("binary"));
        let payload: Vec<u8> = serde_json::from_value(third["bytes"].clone()).expect("bytes");
        (bytes, frames) = (bytes + payload.len(), frames + 1);
        let third = reader.read(&payload).expect("a binary frame");
        let mut message: Value = serde_json::from_str(&frame_json(&third.frame, &schema).expect("JSON")).expect("JSON");
        message["type"] = "keyframe".into();
        message["epoch"] = third.epoch.into();
        message["seq"] = third.seq.into();
        for frame in [one, other, message] {
            let seen = seen.entry(number(&frame["seq"])).or_insert((0, frame.clone()));
            assert_eq!(frame, seen.1);
            seen.0 += 1;
            in_three += usize::from(seen.0 == 3);
        }
    }
    assert!(bytes < 67 * frames, "{} bytes a frame", bytes / frames);
}

#[tokio::test]
async fn one_who_joins_in_the_middle_gets_the_keyframe_first() {
    let server = TestServer::start(config()).await;
    let mut client = server.client(Some(JSON), "?room=main").await;
    while client.frame().await["step"] != 5 {}
    let mut late = server.client(Some(JSON), "?room=main").await;
    loop {
        let frame = late.frame().await;
        // Only the base may be older than what is shown now.
        if frame["step"] != 0 {
            assert!(number(&frame["step"]) >= 5);
            break;
        }
    }
}

#[tokio::test]
async fn seq_grows_and_episodes_follow_one_another() {
    let server = TestServer::start(config()).await;
    let mut client = server.connect().await;
    let mut before = client.frame().await;
    let (mut neighbours, mut episodes) = (0, 0);
    while episodes < 3 || neighbours < 60 {
        let frame = client.frame().await;
        let (old, new) = (number(&before["seq"]), number(&frame["seq"]));
        assert!(new > old, "{new} after {old}");
        assert_eq!(frame["epoch"], before["epoch"]);
        if new == old + 1 {
            neighbours += 1;
            if before["terminated"] == true || before["truncated"] == true {
                episodes += 1;
                assert_eq!(number(&frame["episode"]), number(&before["episode"]) + 1);
                assert_eq!((&frame["step"], &frame["action"]), (&json!(0), &Value::Null));
            } else {
                assert_eq!(frame["episode"], before["episode"]);
                assert_eq!(number(&frame["step"]), number(&before["step"]) + 1);
            }
        }
        before = frame;
    }
}

#[tokio::test]
async fn episodes_that_end_are_told_with_their_figures() {
    let server = TestServer::start(config()).await;
    let mut client = server.connect().await;
    let (mut completed, mut frames) = (None, BTreeMap::new());
    loop {
        match client.next().await {
            event if event["type"] == "event" => completed = Some(event),
            frame if frame["type"] == "keyframe" => drop(frames.insert(number(&frame["seq"]), frame)),
            _ => {}
        }
        // It comes before its last frame or after it.
        if let Some(event) = &completed
            && let Some(last) = frames.get(&number(&event["seq"]))
        {
            let data = &event["data"];
            assert_eq!((&event["kind"], &last["terminated"]), (&json!("episode_complete"), &json!(true)));
            assert_eq!((&data["episode"], &data["steps"]), (&last["episode"], &json!(29)));
            assert_eq!(data["total_reward"], last["total_reward"]);
            assert_eq!((&data["status"], &data["reason"]), (&json!("success"), &json!("the bus has arrived")));
            return;
        }
    }
}

#[tokio::test]
async fn a_room_of_thousands_of_frames_a_second_loses_none() {
    let fps = "5000".parse().expect("a rate");
    let server = TestServer::start(ServerConfig { fps, ..config() }).await;
    let mut client = server.client(Some(BINARY), "?room=main").await;
    let schema = serde_json::from_value(client.next_of("room").await["frame"].clone()).expect("fields");
    let mut reader = FrameReader::new(schema);
    let (mut last, mut neighbours, mut gaps) = (0, 0, 0);
    while neighbours + gaps < 5000 {
        let message = client.next_of("binary").await;
        let bytes: Vec<u8> = serde_json::from_value(message["bytes"].clone()).expect("bytes");
        let seq = reader.read(&bytes).expect("a frame").seq;
        // The base of the first delta, and whatever a busy machine makes late.
        if seq == last + 1 {
            neighbours += 1;
        } else {
            gaps += 1;
        }
        last = seq;
    }
    assert!(neighbours > 50 * gaps, "{gaps} gaps in {neighbours} frames");
}

#[tokio::test]
async fn a_viewer_that_never_reads_slows_nobody_and_is_let_go() {
    let limits = Limits { write_timeout: Duration::from_millis(300), ..Limits::default() };
    let fps = "1000".parse().expect("a rate");
    let server = TestServer::start(ServerConfig { limits, fps, ..config() }).await;
    let mut reader = server.connect().await;
    let stuck = server.connect_narrow().await;
    server.await_viewers(2).await;
    let mut last = 0;
    let mut read_on = async |frames: usize| {
        for _ in 0..frames {
            let seq = number(&reader.frame().await["seq"]);
            assert!(seq > last, "{seq} after {last}");
            last = seq;
        }
    };
    tokio::select! {
        () = server.await_viewers(1) => {}
        () = read_on(usize::MAX) => {}
    }
    read_on(100).await;
    drop(stuck);
}

#[tokio::test]
async fn a_viewer_that_answers_no_ping_is_let_go_and_one_that_does_stays() {
    let idle_timeout = Duration::from_secs(1);
    let limits = Limits { ping_interval: idle_timeout / 10, idle_timeout, ..Limits::default() };
    let fps = "0.01".parse().expect("a rate");
    let server = TestServer::start(ServerConfig { limits, fps, ..config() }).await;
    let (mut silent, mut alive) = (server.connect().await, server.connect().await);
    tokio::join!(silent.frame(), alive.frame());
    // A client of this library answers pings while it reads.
    let reading = tokio::spawn(async move { while let Some(Ok(_)) = alive.socket.next().await {} });
    server.await_viewers(1).await;
    assert!(!reading.is_finished());
    drop(silent);
}

#[tokio::test]
async fn pings_of_both_kinds_are_answered() {
    let server = TestServer::start(config()).await;
    let mut client = server.connect().await;
    let pong = client.ask(json!({ "type": "ping", "sent": 12.5 })).await;
    assert_eq!((&pong["type"], &pong["sent"]), (&json!("pong"), &json!(12.5)));
    assert!(pong["time"].as_f64().is_some_and(|time| time > 1.7e12), "{pong}");
    client.socket.send(Message::Ping("still there?".into())).await.expect("sent");
    let answered = async {
        while let Some(message) = client.socket.next().await {
            if let Message::Pong(payload) = message.expect("a readable message") {
                return payload;
            }
        }
        panic!("closed");
    };
    assert_eq!(within(answered).await, "still there?".as_bytes());
}
