//! What viewers see.

use std::collections::BTreeMap;
use std::time::Duration;

use daladala_env::{Rules, StateFrame, rules::Classic};
use daladala_server::{Limits, PROTOCOL_VERSION, ServerConfig};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::harness::{TestServer, config, next_frame, within};

#[tokio::test]
async fn the_first_message_describes_the_room_and_no_other_does() {
    let server = TestServer::start(config()).await;
    let mut client = server.connect().await;
    let first = next_frame(&mut client).await;
    let room = &first["room"];
    assert_eq!(room["name"], "main");
    assert_eq!(room["protocol"], PROTOCOL_VERSION);
    assert_eq!(room["server"], env!("CARGO_PKG_VERSION"));
    assert_eq!((&room["rules"], &room["model"]), (&json!("classic"), &json!("random")));
    assert_eq!(room["fps"], 100.0);
    assert_eq!(room["grid"], json!([15, 15]));
    assert_eq!(room["route"], json!(Classic.route()));
    assert_eq!(room["actions"], json!(["Move", "Pick up", "Drop off", "Stop", "Speed up"]));
    let limits = ["max_steps", "physical_max_passengers", "legal_capacity"].map(|name| room[name].clone());
    assert_eq!(limits, [json!(350), json!(50), json!(33)]);
    for _ in 0..5 {
        assert_eq!(next_frame(&mut client).await.get("room"), None);
    }
}

#[tokio::test]
async fn every_frame_is_a_whole_state_frame_with_the_flags_of_the_original() {
    let server = TestServer::start(config()).await;
    let mut client = server.connect().await;
    for _ in 0..50 {
        let frame = next_frame(&mut client).await;
        assert_eq!(frame["type"], "frame");
        assert!(frame["epoch"].as_u64().is_some_and(|epoch| epoch > 0 && epoch < 1 << 53));
        for flag in ["light_red", "police_here", "must_stop", "fined", "crashed"] {
            assert!(frame[flag] == 0 || frame[flag] == 1, "{flag}: {}", frame[flag]);
        }
        let state: StateFrame = serde_json::from_value(frame.clone()).expect("all fields");
        assert_eq!(frame["position"], json!([frame["x"], frame["y"]]));
        assert_eq!(state.position, Classic.route()[state.route_index as usize]);
        assert_eq!(state.traffic_light_states.len(), state.traffic_lights.len());
        assert_eq!(state.hazards.len(), state.traffic_lights.len() + state.police_checkpoints.len());
        assert_eq!(state.waiting.len(), state.high_demand_stops.len());
    }
}

#[tokio::test]
async fn seq_grows_and_episodes_follow_one_another() {
    let server = TestServer::start(config()).await;
    let mut client = server.connect().await;
    let mut before = next_frame(&mut client).await;
    let (mut neighbours, mut episodes) = (0, 0);
    while episodes < 3 || neighbours < 60 {
        let frame = next_frame(&mut client).await;
        let (old, new) = (number(&before, "seq"), number(&frame, "seq"));
        assert!(new > old, "{new} after {old}");
        assert_eq!(frame["epoch"], before["epoch"]);
        if new == old + 1 {
            neighbours += 1;
            if before["terminated"] == true || before["truncated"] == true {
                episodes += 1;
                assert_eq!(number(&frame, "episode"), number(&before, "episode") + 1);
                assert_eq!((&frame["step"], &frame["action"]), (&json!(0), &Value::Null));
            } else {
                assert_eq!(frame["episode"], before["episode"]);
                assert_eq!(number(&frame, "step"), number(&before, "step") + 1);
            }
        }
        before = frame;
    }
}

#[tokio::test]
async fn two_viewers_see_the_same_frames() {
    let server = TestServer::start(config()).await;
    let (mut one, mut other) = (server.connect().await, server.connect().await);
    let (mut seen, mut shared) = (BTreeMap::new(), 0);
    while shared < 50 {
        let (mine, theirs) = tokio::join!(next_frame(&mut one), next_frame(&mut other));
        for mut frame in [mine, theirs] {
            frame.as_object_mut().expect("an object").remove("room");
            match seen.remove(&number(&frame, "seq")) {
                Some(same) => {
                    assert_eq!(frame, same);
                    shared += 1;
                }
                None => drop(seen.insert(number(&frame, "seq"), frame)),
            }
        }
    }
    assert_eq!(server.health().await["viewers"], 2);
}

#[tokio::test]
async fn a_viewer_that_never_reads_slows_nobody_and_is_let_go() {
    let limits = Limits { write_timeout: Duration::from_millis(300), ..Limits::default() };
    let fps = "1000".parse().expect("a rate");
    let server = TestServer::start(ServerConfig { limits, fps, ..config() }).await;
    let mut reader = server.connect().await;
    let mut stuck = server.connect_narrow().await;
    next_frame(&mut stuck).await;
    let mut last = 0;
    let mut read_on = async |frames: usize| {
        for _ in 0..frames {
            let seq = number(&next_frame(&mut reader).await, "seq");
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
    tokio::join!(next_frame(&mut silent), next_frame(&mut alive));
    // A client of this library answers pings while it reads.
    let reading = tokio::spawn(async move { while let Some(Ok(_)) = alive.next().await {} });
    server.await_viewers(1).await;
    assert!(!reading.is_finished());
    drop(silent);
}

#[tokio::test]
async fn pings_are_answered() {
    let server = TestServer::start(config()).await;
    let mut client = server.connect().await;
    client.send(Message::Ping("still there?".into())).await.expect("sent");
    let answered = async {
        while let Some(message) = client.next().await {
            if let Message::Pong(payload) = message.expect("a readable message") {
                return payload;
            }
        }
        panic!("closed");
    };
    assert_eq!(within(answered).await, "still there?".as_bytes());
}

fn number(frame: &Value, name: &str) -> u64 {
    frame[name].as_u64().expect("a whole number")
}
