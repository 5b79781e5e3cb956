//! Going away and coming back, going back in time and returning.

use std::time::Duration;

use daladala_server::{Limits, ServerConfig};
use serde_json::{Value, json};

use crate::harness::{Client, JSON, TestServer, config, number};

/// Reads frames up to `seq`; the base of a delta may come before.
async fn up_to(client: &mut Client, seq: u64) -> Vec<Value> {
    let mut frames = Vec::new();
    while frames.last().is_none_or(|frame: &Value| number(&frame["seq"]) < seq) {
        frames.push(client.frame().await);
    }
    frames
}

fn seqs(frames: &[Value]) -> Vec<u64> {
    frames.iter().map(|frame| number(&frame["seq"])).collect()
}

#[tokio::test]
async fn one_who_comes_back_soon_gets_all_that_was_missed() {
    let server = TestServer::start(config()).await;
    let mut stayed = server.client(Some(JSON), "?room=main").await;
    let mut left = server.client(Some(JSON), "?room=main").await;
    let last = left.frame().await;
    drop(left);
    let seq = number(&last["seq"]);
    let kept = up_to(&mut stayed, seq + 40).await;
    for (protocol, frames) in [(Some(JSON), ""), (None, "&frames=delta"), (None, "&frames=whole")] {
        let query = format!("?room=main&epoch={}&seq={seq}{frames}", last["epoch"]);
        let mut back = server.client(protocol, &query).await;
        let joined = back.next_of("joined").await;
        assert_eq!(joined["resume"], "missed");
        assert!(number(&joined["missed"]) >= 40, "{joined}");
        let missed: Vec<_> = up_to(&mut back, seq + 40).await;
        let missed: Vec<_> = missed.into_iter().filter(|frame| number(&frame["seq"]) > seq).collect();
        assert_eq!(seqs(&missed), (seq + 1..=seq + 40).collect::<Vec<_>>());
        for frame in missed {
            if let Some(same) = kept.iter().find(|kept| kept["seq"] == frame["seq"]) {
                assert_eq!(&frame, same);
            }
        }
    }
}

#[tokio::test]
async fn one_who_comes_back_late_or_from_elsewhere_gets_the_latest() {
    let limits = Limits { history_frames: 10, ..Limits::default() };
    let server = TestServer::start(ServerConfig { limits, ..config() }).await;
    let mut client = server.client(Some(JSON), "?room=main").await;
    let first = client.frame().await;
    let now = up_to(&mut client, number(&first["seq"]) + 30).await;
    let now = number(&now.last().expect("frames")["seq"]);
    let epoch = number(&first["epoch"]);
    for (epoch, seq) in
        [(epoch, number(&first["seq"])), (epoch - 1, now), (epoch, now + 1_000_000), (0, 0), (u64::MAX, u64::MAX)]
    {
        let mut back = server.client(Some(JSON), &format!("?room=main&epoch={epoch}&seq={seq}")).await;
        assert_eq!(back.next_of("joined").await["resume"], "keyframe", "{epoch} {seq}");
        up_to(&mut back, now).await;
    }
}

#[tokio::test]
async fn a_new_model_is_a_new_epoch_with_its_room_told_first() {
    let server = TestServer::start(config()).await;
    let mut client = server.client(Some(JSON), "?room=main").await;
    let before = client.frame().await;
    assert_eq!(client.granted(json!({ "type": "load", "model": "ppo" })).await["model"], "ppo");
    let room = loop {
        let room = client.next_of("room").await;
        if room["model"] == "ppo" {
            break room;
        }
    };
    assert!(number(&room["epoch"]) > number(&before["epoch"]));
    let frame = client.frame().await;
    assert_eq!((&frame["epoch"], &frame["step"]), (&room["epoch"], &json!(0)));
    let query = format!("?room=main&epoch={}&seq={}", before["epoch"], before["seq"]);
    let mut back = server.client(Some(JSON), &query).await;
    assert_eq!(back.next_of("joined").await["resume"], "keyframe");
}

#[tokio::test]
async fn a_viewer_goes_back_stays_there_plays_on_and_returns() {
    let server = TestServer::start(config()).await;
    let mut other = server.client(Some(JSON), "?room=main").await;
    let mut client = server.client(Some(JSON), "?room=main").await;
    let first = number(&client.frame().await["seq"]);
    let seen = up_to(&mut client, first + 50).await;
    let goal = first + 20;
    let old = seen.iter().find(|frame| number(&frame["seq"]) == goal).expect("seen").clone();

    assert_eq!(client.granted(json!({ "type": "seek", "seq": goal })).await["seq"], goal);
    // What was on its way comes first; then the frame that was sought, and none after it.
    while client.frame().await != old {}
    up_to(&mut other, first + 100).await;
    assert_eq!(client.ask(json!({ "type": "ping", "sent": 0 })).await["type"], "pong");

    client.granted(json!({ "type": "seek", "seq": goal, "play": true })).await;
    while client.frame().await != old {}
    for seq in goal + 1..goal + 10 {
        assert_eq!(number(&client.frame().await["seq"]), seq);
    }

    let live = number(&client.granted(json!({ "type": "live" })).await["seq"]);
    while number(&client.frame().await["seq"]) < live {}

    for seq in [0, live + 1_000_000, u64::MAX] {
        assert_eq!(client.refused(json!({ "type": "seek", "seq": seq })).await, "NOT_FOUND");
    }
}

#[tokio::test]
async fn a_room_that_nobody_watches_sleeps_and_wakes() {
    let limits = Limits { sleep_after: Duration::from_millis(50), ..Limits::default() };
    let server = TestServer::start(ServerConfig { limits, ..config() }).await;
    let mut client = server.connect().await;
    client.frame().await;
    drop(client);
    server.await_viewers(0).await;
    let seq = async || number(&server.get("/api/rooms/main").await["seq"]);
    let mut before = seq().await;
    loop {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let now = seq().await;
        if now == before {
            break;
        }
        before = now;
    }
    let mut client = server.connect().await;
    assert_eq!(number(&client.frame().await["seq"]), before);
    assert!(number(&client.frame().await["seq"]) > before);
}
