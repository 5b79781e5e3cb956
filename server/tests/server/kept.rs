//! What outlives the server, to those who come back to the next one.

use std::path::Path;

use daladala_server::{RoomSpec, ServerConfig};
use serde_json::json;

use crate::harness::{JSON, TestServer, config, number};

fn kept_in(folder: &Path) -> ServerConfig {
    ServerConfig { state: Some(folder.to_owned()), ..config() }
}

#[tokio::test]
async fn players_come_back_to_the_next_server_and_go_on_voting() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = TestServer::start(kept_in(folder.path())).await;
    let mut client = server.client(Some(JSON), "").await;
    client.granted(json!({ "type": "create", "code": "class", "fps": 50, "seed": 9 })).await;
    let joined = client.granted(json!({ "type": "join", "room": "class", "name": "Asha" })).await;
    let mut other = server.client(Some(JSON), "?room=class&name=Juma").await;
    other.granted(json!({ "type": "vote_start", "turn_seconds": 120 })).await;
    client.granted(json!({ "type": "vote", "action": 3 })).await;
    let stopping = server.stop();
    client.close_frame().await;
    other.close_frame().await;
    drop((client, other));
    stopping.stopped().await;

    let server = TestServer::start(kept_in(folder.path())).await;
    let room = server.get("/api/rooms/class").await;
    assert_eq!((&room["mode"], &room["room"]["turn_seconds"]), (&json!("vote"), &json!(120.0)));
    let away: Vec<_> = room["players"].as_array().expect("a list").iter().map(|player| &player["online"]).collect();
    assert_eq!(away, [false, false]);
    let mut client = server.client(Some(JSON), "").await;
    let join = json!({ "type": "join", "room": "class", "key": joined["key"] });
    let again = client.granted(join).await;
    assert_eq!((&again["member"], &again["key"]), (&joined["member"], &joined["key"]));
    // The turn begins with the first who is back; the votes of the one before were cast somewhere else.
    loop {
        let message = client.next().await;
        if message["kind"] == "turn_started" {
            assert_eq!(message["data"]["choosing"], json!([joined["member"]]));
            break;
        }
    }
    client.granted(json!({ "type": "vote", "action": "Stop" })).await;
    // A newcomer is nobody of before.
    let mut newcomer = server.client(Some(JSON), "").await;
    let new = newcomer.granted(json!({ "type": "join", "room": "class", "name": "Neema" })).await;
    assert!(number(&new["member"]) > 2, "{new}");
    server.stop().stopped().await;
}

#[tokio::test]
async fn a_seed_begins_again_with_its_first_episode() {
    let folder = tempfile::tempdir().expect("a folder");
    let layout = async |server: &TestServer| {
        let answer = server.json("POST", "/api/rooms/driven/reset", &json!({})).await;
        assert_eq!(answer.0, 200);
        let page = server.get("/api/rooms/driven/frames?wait=0&frames=whole").await;
        (page["frames"][0]["police"].clone(), page["frames"][0]["lights"].clone())
    };
    let server = TestServer::start(kept_in(folder.path())).await;
    let (status, _) = server.json("POST", "/api/rooms", &json!({ "code": "driven", "kind": "driven" })).await;
    assert_eq!(status, 200);
    server.json("POST", "/api/rooms/driven/reset", &json!({ "seed": 5 })).await;
    let second = layout(&server).await;
    server.stop().stopped().await;
    // The room begins with the first episode of its seed, so the reset draws the second.
    let server = TestServer::start(kept_in(folder.path())).await;
    assert_eq!(layout(&server).await, second);
    server.stop().stopped().await;
}

#[tokio::test]
async fn rooms_of_the_settings_stay_and_nothing_is_kept_without_a_folder() {
    let room = RoomSpec { code: Some("class".to_owned()), model: Some("dqn".to_owned()), ..RoomSpec::default() };
    let server = TestServer::start(ServerConfig { rooms: vec![room], ..config() }).await;
    assert_eq!(server.get("/api/rooms/class").await["model"], "dqn");
    server.json("POST", "/api/rooms", &json!({ "code": "mine" })).await;
    server.stop().stopped().await;
    let server = TestServer::start(config()).await;
    assert_eq!(server.request("GET", "/api/rooms/mine", "").await.0, 404);
    server.stop().stopped().await;
}
