//! Rooms that are made, driven and closed.

use std::time::Duration;

use daladala_server::{Limits, ServerConfig};
use serde_json::{Value, json};

use crate::harness::{Client, JSON, TestServer, config, number};

async fn join(server: &TestServer, room: &str, name: &str) -> Client {
    server.client(Some(JSON), &format!("?room={room}&name={name}")).await
}

/// A driven room, in which nothing moves by itself.
async fn still_room(server: &TestServer, code: &str) -> Client {
    let mut client = server.client(Some(JSON), "").await;
    let made =
        client.granted(json!({ "type": "create", "code": code, "kind": "driven", "model": "oracle", "seed": 5 })).await;
    assert_eq!(made["code"], code);
    client
}

#[tokio::test]
async fn rooms_are_made_listed_and_closed() {
    let limits = Limits { max_rooms: 4, ..Limits::default() };
    let server = TestServer::start(ServerConfig { limits, ..config() }).await;
    let mut client = server.client(Some(JSON), "").await;
    assert_eq!(
        client.granted(json!({ "type": "create", "code": "one", "fps": 50, "model": "ppo" })).await["code"],
        "one"
    );
    let (status, made) = server.json("POST", "/api/rooms", &json!({ "model": "dqn" })).await;
    assert_eq!(status, 200, "{made}");
    let drawn = made["code"].as_str().expect("a code").to_owned();
    assert_eq!(client.refused(json!({ "type": "create", "code": "five" })).await, "ROOM_FULL");
    assert_eq!(client.refused(json!({ "type": "create", "code": "one" })).await, "CONFLICT");

    let rooms = client.granted(json!({ "type": "rooms" })).await["rooms"].clone();
    let rooms: Vec<_> = rooms.as_array().expect("a list").iter().collect();
    assert_eq!(server.get("/api/rooms").await["rooms"].as_array().expect("a list").len(), 4);
    let one = rooms.iter().find(|room| room["code"] == "one").expect("listed");
    assert_eq!((&one["model"], &one["fps"], &one["kind"]), (&json!("ppo"), &json!(50.0), &json!("stream")));
    assert!(rooms.iter().any(|room| room["code"] == drawn.as_str() && room["model"] == "dqn"));

    let mut inside = join(&server, "one", "Asha").await;
    inside.frame().await;
    client.granted(json!({ "type": "close", "room": "one" })).await;
    assert_eq!(inside.event("room_closed").await["reason"], "an admin has closed it");
    // It has left the room, and may join another.
    assert_eq!(inside.refused(json!({ "type": "pause" })).await, "NOT_JOINED");
    inside.granted(json!({ "type": "join", "room": "main" })).await;
    inside.frame().await;

    assert_eq!(server.json("DELETE", &format!("/api/rooms/{drawn}"), &json!({})).await.0, 200);
    for (room, code) in [("one", "NO_ROOM"), ("main", "CONFLICT"), ("original", "CONFLICT"), ("../x", "INVALID_ROOM")] {
        assert_eq!(client.refused(json!({ "type": "close", "room": room })).await, code, "{room}");
    }
}

#[tokio::test]
async fn bad_rooms_are_refused() {
    let server = TestServer::start(config()).await;
    let mut client = server.client(Some(JSON), "").await;
    for (spec, code) in [
        (json!({ "code": "" }), "INVALID_ROOM"),
        (json!({ "code": "Main" }), "INVALID_ROOM"),
        (json!({ "code": "x".repeat(33) }), "INVALID_ROOM"),
        (json!({ "code": "main" }), "CONFLICT"),
        (json!({ "fps": 0 }), "VALIDATION_ERROR"),
        (json!({ "fps": 1e300 }), "VALIDATION_ERROR"),
        (json!({ "kind": "playback" }), "VALIDATION_ERROR"),
        (json!({ "model": "nobody" }), "NOT_FOUND"),
        (json!({ "model": "/etc/passwd" }), "NOT_FOUND"),
        (json!({ "rules": "chess" }), "NOT_FOUND"),
        (json!({ "seed": -1 }), "VALIDATION_ERROR"),
        (json!({ "recording": "none" }), "NOT_FOUND"),
    ] {
        let mut request = spec.clone();
        request["type"] = "create".into();
        assert_eq!(client.refused(request).await, code, "{spec}");
        let (status, body) = server.json("POST", "/api/rooms", &spec).await;
        assert!((400..500).contains(&status), "{spec}: {status}");
        assert_eq!(body["code"], code, "{spec}");
    }
    assert_eq!(client.refused(json!({ "type": "join", "room": "none" })).await, "NO_ROOM");
    assert_eq!(client.refused(json!({ "type": "step" })).await, "NOT_JOINED");
}

#[tokio::test]
async fn what_happens_in_a_room_stays_there() {
    let server = TestServer::start(config()).await;
    let mut one = still_room(&server, "one").await;
    one.granted(json!({ "type": "join", "room": "one", "name": "Asha" })).await;
    let mut other = still_room(&server, "other").await;
    other.granted(json!({ "type": "join", "room": "other", "name": "Juma" })).await;
    for _ in 0..3 {
        one.granted(json!({ "type": "step" })).await;
    }
    one.granted(json!({ "type": "reset" })).await;
    // Whatever had come would have come before the answer.
    other.granted(json!({ "type": "step" })).await;
    other.granted(json!({ "type": "leave" })).await;
    other.say("{}").await;
    loop {
        let message = other.next().await;
        match message["type"].as_str().expect("a type") {
            "event" => {
                assert_eq!((&message["kind"], &message["data"]["name"]), (&json!("player_joined"), &json!("Juma")));
            }
            "presence" => assert!(!message.to_string().contains("Asha"), "{message}"),
            "keyframe" | "delta" => assert!(number(&message["seq"]) <= 2, "{message}"),
            "error" => break,
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_stream_is_paused_stepped_hurried_and_begun_anew() {
    let server = TestServer::start(config()).await;
    let mut client = server.client(Some(JSON), "?room=main").await;
    client.granted(json!({ "type": "pause" })).await;
    client.event("paused").await;
    let at = number(&server.get("/api/rooms/main").await["seq"]);
    for step in 1..=3 {
        assert_eq!(client.granted(json!({ "type": "step" })).await["seq"], at + step);
    }
    let stepped = client.granted(json!({ "type": "step", "action": "Stop" })).await;
    loop {
        let frame = client.frame().await;
        if frame["seq"] == stepped["seq"] {
            assert!(frame["action"] == 3 || frame["step"] == 0, "{frame}");
            break;
        }
    }
    assert_eq!(client.granted(json!({ "type": "speed", "fps": 200 })).await["fps"], 200.0);
    assert_eq!(client.refused(json!({ "type": "speed", "fps": 241 })).await, "VALIDATION_ERROR");
    let reset = client.granted(json!({ "type": "reset", "seed": 9 })).await;
    let first = loop {
        let frame = client.frame().await;
        if frame["seq"] == reset["seq"] {
            break frame;
        }
    };
    assert_eq!(first["step"], 0);
    client.granted(json!({ "type": "resume" })).await;
    client.event("resumed").await;
    while number(&client.frame().await["seq"]) < number(&reset["seq"]) + 100 {}
    let again = client.granted(json!({ "type": "reset", "seed": 9 })).await;
    loop {
        let frame = client.frame().await;
        if frame["seq"] == again["seq"] {
            assert_eq!((&frame["police"], &frame["lights"]), (&first["police"], &first["lights"]));
            return;
        }
    }
}

#[tokio::test]
async fn the_same_is_had_by_routes() {
    let server = TestServer::start(config()).await;
    let post =
        async |command: &str, body: Value| server.json("POST", &format!("/api/rooms/main/{command}"), &body).await;
    assert_eq!(post("pause", json!({})).await, (200, json!({})));
    let room = server.get("/api/rooms/main").await;
    assert_eq!((&room["paused"], &room["room"]["paused"]), (&json!(true), &json!(true)));
    assert_eq!(post("step", json!({ "action": 4 })).await.1["seq"], number(&room["seq"]) + 1);
    let loaded = post("load", json!({ "model": "dqn" })).await.1;
    assert_eq!(
        (&loaded["model"], &loaded["rules"], &loaded["scenario"]),
        (&json!("dqn"), &json!("classic"), &json!("original"))
    );
    for (command, body, status, code) in [
        ("step", json!({ "action": 5 }), 400, "VALIDATION_ERROR"),
        ("step", json!({ "action": -1 }), 400, "VALIDATION_ERROR"),
        ("step", json!({ "action": [] }), 400, "VALIDATION_ERROR"),
        ("speed", json!({}), 400, "VALIDATION_ERROR"),
        ("speed", json!({ "fps": "fast" }), 400, "VALIDATION_ERROR"),
        ("vote_start", json!({ "turn_seconds": 0 }), 400, "VALIDATION_ERROR"),
        ("load", json!({ "model": "nobody" }), 404, "NOT_FOUND"),
        ("vote_stop", json!({}), 409, "CONFLICT"),
        ("fly", json!({}), 404, "NOT_FOUND"),
        ("join", json!({ "room": "main" }), 404, "NOT_FOUND"),
        ("record", json!({}), 404, "NOT_FOUND"),
    ] {
        let (found, answer) = post(command, body.clone()).await;
        assert_eq!((found, &answer["code"]), (status, &json!(code)), "{command} {body}");
        assert!(answer["error"].is_string() && answer["retryable"] == false, "{answer}");
    }
    let body = "[1,2".to_owned();
    assert_eq!(server.send("POST", "/api/rooms/main/step", "", &body).await.0, 400);
}

#[tokio::test]
async fn what_is_enforced_is_changed_while_a_room_drives_and_stays_for_the_next_model() {
    let server = TestServer::start(config()).await;
    let post =
        async |command: &str, body: Value| server.json("POST", &format!("/api/rooms/main/{command}"), &body).await;
    post("pause", json!({})).await;
    let night = json!({ "model": "legal", "rules": "city", "scenario": "night" });
    let loaded = post("load", night).await.1;
    assert_eq!((&loaded["rules"], &loaded["scenario"]), (&json!("city"), &json!("night")));
    let counted =
        post("load", json!({ "model": "greedy", "set": { "police.inspect": 0.5, "police.sight": 3 } })).await.1;
    assert_eq!(counted["rules"], "city");
    assert_eq!(counted["scenario"], "night police.inspect=0.5 police.sight=3");
    assert_ne!(counted["scenario_hash"], loaded["scenario_hash"]);
    let mut client = server.connect().await;
    let frame = client.frame().await;
    assert_eq!((&frame["inspect"], &frame["sight"]), (&json!(0.5), &json!(3)), "{frame}");
    // Of what was set, the rest stays.
    let less = post("load", json!({ "model": "outlaw", "set": { "police.inspect": 0.1 } })).await.1;
    assert_ne!(less["scenario_hash"], counted["scenario_hash"]);
    let back = post("load", json!({ "model": "outlaw", "scenario": "night" })).await.1;
    assert_eq!(back["scenario_hash"], loaded["scenario_hash"]);
    for (set, named) in [
        (json!({ "police.inspect": 7 }), "no chance"),
        (json!({ "police.inspected": 0.1 }), "unknown field"),
        (json!({ "police.inspect": null }), "needed is a number"),
        (json!({ "police.inspect": { "a": [] } }), "police.inspect"),
        (json!({ "": 1 }), ""),
    ] {
        let (status, answer) = post("load", json!({ "model": "outlaw", "set": set })).await;
        assert_eq!((status, &answer["code"]), (400, &json!("VALIDATION_ERROR")), "{answer}");
        assert!(answer["error"].as_str().unwrap().contains(named), "{answer}");
    }
    let (status, answer) = post("load", json!({ "model": "outlaw", "scenario": "mars" })).await;
    assert_eq!((status, &answer["code"]), (404, &json!("NOT_FOUND")), "{answer}");

    // Two rooms on the same randomness, with another enforcement in one.
    let make = async |code: &str, inspect: f64| {
        let room = json!({
            "code": code, "kind": "driven", "model": "greedy", "rules": "city", "seed": 5, "set": { "police.inspect": inspect },
        });
        assert_eq!(server.json("POST", "/api/rooms", &room).await.0, 200);
        let mut returns = 0.0;
        for _ in 0..60 {
            let (_, stepped) = server.json("POST", &format!("/api/rooms/{code}/step"), &json!({})).await;
            returns += stepped["reward"].as_f64().unwrap();
        }
        returns
    };
    let (never, always) = (make("never", 0.0).await, make("always", 1.0).await);
    assert!(never > always, "{never} without inspections, {always} with");
}

#[tokio::test]
async fn one_at_a_time_has_the_wheel() {
    let limits = Limits { wheel_timeout: Duration::from_millis(500), ..Limits::default() };
    let server = TestServer::start(ServerConfig { limits, ..config() }).await;
    let (mut asha, mut juma) = (join(&server, "main", "Asha").await, join(&server, "main", "Juma").await);
    let acted = asha.granted(json!({ "type": "act", "action": "pick_up" })).await;
    assert_eq!(juma.event("wheel_taken").await["name"], "Asha");
    assert_eq!(juma.refused(json!({ "type": "act", "action": 0 })).await, "CONFLICT");
    assert_eq!(juma.refused(json!({ "type": "step" })).await, "CONFLICT");
    assert_eq!(juma.refused(json!({ "type": "release" })).await, "CONFLICT");
    // While someone has the wheel, the room moves by that alone.
    assert_eq!(asha.granted(json!({ "type": "act", "action": 0 })).await["seq"], number(&acted["seq"]) + 1);
    asha.granted(json!({ "type": "release" })).await;
    assert_eq!(juma.event("wheel_released").await["name"], "Asha");
    // Who leaves gives it back, and so does who does nothing.
    asha.granted(json!({ "type": "act", "action": 0 })).await;
    drop(asha);
    juma.event("wheel_released").await;
    juma.granted(json!({ "type": "act", "action": 0 })).await;
    juma.event("wheel_released").await;
    juma.frame().await;
}

#[tokio::test]
async fn those_present_vote_and_the_most_votes_are_taken() {
    let server = TestServer::start(config()).await;
    let mut asha = still_room(&server, "votes").await;
    asha.granted(json!({ "type": "join", "room": "votes", "name": "Asha" })).await;
    let (mut juma, mut neema) = (join(&server, "votes", "Juma").await, join(&server, "votes", "Neema").await);
    let mut watcher = server.client(Some(JSON), "?room=votes").await;
    let [first, second, third] = [&mut asha, &mut juma, &mut neema];
    first.granted(json!({ "type": "vote_start", "turn_seconds": 300 })).await;
    let turn = watcher.event("turn_started").await;
    assert_eq!(turn["choosing"].as_array().expect("members").len(), 3);
    for player in [&mut *first, &mut *second] {
        player.granted(json!({ "type": "vote", "action": "Stop" })).await;
    }
    assert_eq!(watcher.event("vote_cast").await["choosing"].as_array().expect("members").len(), 2);
    assert_eq!(watcher.event("vote_cast").await["choosing"].as_array().expect("members").len(), 1);
    assert_eq!(watcher.refused(json!({ "type": "vote", "action": 0 })).await, "CONFLICT");
    assert_eq!(first.refused(json!({ "type": "act", "action": 0 })).await, "CONFLICT");
    third.granted(json!({ "type": "vote", "action": "Move" })).await;
    let resolved = watcher.event("turn_resolved").await;
    assert_eq!((&resolved["action"], &resolved["by"]), (&json!(3), &json!("votes")));
    assert_eq!(resolved["votes"], json!([1, 0, 0, 2, 0]));

    // Who leaves is not waited for.
    assert_eq!(watcher.event("turn_started").await["turn"], 2);
    asha.granted(json!({ "type": "vote", "action": 0 })).await;
    juma.granted(json!({ "type": "vote", "action": 0 })).await;
    drop(neema);
    assert_eq!(watcher.event("turn_resolved").await["action"], 0);

    // Nobody chooses in time: the policy does.
    asha.granted(json!({ "type": "vote_stop" })).await;
    asha.granted(json!({ "type": "vote_start", "turn_seconds": 1 })).await;
    assert_eq!(watcher.event("turn_resolved").await["by"], "policy");
    asha.granted(json!({ "type": "vote_stop" })).await;
    assert_eq!(asha.refused(json!({ "type": "vote", "action": 0 })).await, "CONFLICT");
}

#[tokio::test]
async fn voting_goes_on_over_the_end_of_an_episode() {
    let server = TestServer::start(config()).await;
    let mut asha = still_room(&server, "votes").await;
    asha.granted(json!({ "type": "join", "room": "votes", "name": "Asha" })).await;
    for _ in 0..28 {
        asha.granted(json!({ "type": "step", "action": 0 })).await;
    }
    asha.granted(json!({ "type": "vote_start", "turn_seconds": 300 })).await;
    asha.event("turn_started").await;
    asha.granted(json!({ "type": "vote", "action": 0 })).await;
    asha.event("episode_complete").await;
    asha.event("turn_started").await;
    asha.granted(json!({ "type": "vote", "action": 0 })).await;
    while asha.frame().await["episode"] != 2 {}
}

#[tokio::test]
async fn players_come_leave_and_come_back() {
    let server = TestServer::start(config()).await;
    let mut watcher = server.client(Some(JSON), "?room=main").await;
    let mut asha = join(&server, "main", "Asha").await;
    let joined = asha.next_of("joined").await;
    let key = joined["key"].as_str().expect("a key").to_owned();
    let event = watcher.event("player_joined").await;
    assert_eq!((&event["name"], &event["member"]), (&json!("Asha"), &joined["member"]));
    loop {
        let presence = watcher.next_of("presence").await;
        if presence["viewers"] == 2 {
            assert_eq!(presence["players"], json!([{ "member": joined["member"], "name": "Asha", "online": true }]));
            break;
        }
    }
    drop(asha);
    watcher.event("player_left").await;
    while watcher.next_of("presence").await["players"][0]["online"] != false {}
    let mut back = server.client(Some(JSON), &format!("?room=main&key={key}&name=Asha")).await;
    assert_eq!(back.next_of("joined").await["member"], joined["member"]);
    assert_eq!(watcher.event("player_returned").await["member"], joined["member"]);
    for name in ["", " ", &"x".repeat(33), "a\nb"] {
        let refused = back.refused(json!({ "type": "join", "room": "main", "name": name })).await;
        assert_eq!(refused, "VALIDATION_ERROR", "{name:?}");
    }
}

#[tokio::test]
async fn a_full_room_says_so() {
    let limits = Limits { max_viewers_per_room: 2, max_players_per_room: 1, ..Limits::default() };
    let server = TestServer::start(ServerConfig { limits, ..config() }).await;
    let mut first = join(&server, "main", "Asha").await;
    assert!(first.next_of("joined").await["key"].is_string());
    let mut second = join(&server, "main", "Juma").await;
    assert!(second.next_of("joined").await["key"].is_null(), "no place for another name");
    let mut third = server.client(Some(JSON), "").await;
    assert_eq!(third.refused(json!({ "type": "join", "room": "main" })).await, "ROOM_FULL");
    assert_eq!(server.request("GET", "/api/rooms/main/events", "").await.0, 503);
    drop(first);
    server.await_viewers(1).await;
    third.granted(json!({ "type": "join", "room": "main" })).await;
}

#[tokio::test]
async fn a_created_room_that_nobody_watches_is_closed() {
    let limits = Limits { close_idle_after: Duration::from_millis(200), ..Limits::default() };
    let server = TestServer::start(ServerConfig { limits, ..config() }).await;
    let mut client = server.client(Some(JSON), "").await;
    client.granted(json!({ "type": "create", "code": "brief" })).await;
    while server.get("/api/rooms").await["rooms"].as_array().expect("a list").len() > 2 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_program_that_steps_a_room_misses_no_frame_and_learns_what_each_step_brought() {
    let server = TestServer::start(config()).await;
    let mut client = still_room(&server, "gym").await;
    client.granted(json!({ "type": "join", "room": "gym" })).await;
    let begin = number(&client.frame().await["seq"]);
    for id in 0..40 {
        client.say(json!({ "type": "step", "id": format!("step {id}"), "action": 4 }).to_string()).await;
    }
    let (mut frames, mut replies) = (Vec::new(), Vec::new());
    while frames.len() < 40 || replies.len() < 40 {
        let message = client.next().await;
        match message["type"].as_str() {
            Some("reply") => replies.push(message["result"].clone()),
            Some("keyframe" | "delta") => frames.push(number(&message["seq"])),
            _ => {}
        }
    }
    assert_eq!(frames, (begin + 1..=begin + 40).collect::<Vec<_>>());
    assert!(replies.iter().all(|result| result["observation"].as_array().map(Vec::len) == Some(14)));
    // Move, Stop and Speed up always have an effect; the bus gets on and off passengers at four of its cells.
    let masks: Vec<_> = replies.iter().map(|result| number(&result["action_mask"])).collect();
    assert!(masks.iter().all(|mask| mask & 0b1_1001 == 0b1_1001 && mask >> 5 == 0), "{masks:?}");
    assert!(masks.iter().any(|mask| mask & 0b10 != 0) && masks.contains(&0b1_1001), "{masks:?}");
    let ends: Vec<_> = replies.iter().filter(|result| result["terminated"] == true).collect();
    assert_eq!(ends.len(), 1, "29 steps, a reset, 10 steps");
    assert!(ends[0]["reward"].as_f64().is_some_and(|reward| reward > 50.0));
}

#[tokio::test]
async fn those_who_come_and_go_without_end_drive_nobody_out() {
    let server = TestServer::start(config()).await;
    let mut viewer = server.client(Some(JSON), "?room=main").await;
    let mut restless = Vec::new();
    for number in 0..4 {
        let mut client = join(&server, "main", &format!("player{number}")).await;
        let key = client.next_of("joined").await["key"].clone();
        restless.push((client, key));
    }
    for _ in 0..100 {
        for (client, key) in &mut restless {
            client.granted(json!({ "type": "leave" })).await;
            client.granted(json!({ "type": "join", "room": "main", "key": key })).await;
        }
    }
    // 800 comings and goings are far more than the lane of events holds.
    assert_eq!(viewer.ask(json!({ "type": "ping", "sent": 0 })).await["type"], "pong");
    while viewer.frame().await["step"] != 29 {}
}

#[tokio::test]
async fn names_of_those_who_left_make_place_for_others() {
    let limits = Limits { max_players_per_room: 2, ..Limits::default() };
    let server = TestServer::start(ServerConfig { limits, ..config() }).await;
    let mut one = server.client(Some(JSON), "").await;
    for name in ["a", "b", "c", "d", "e"] {
        one.granted(json!({ "type": "join", "room": "main", "name": name })).await;
    }
    let mut other = join(&server, "main", "Asha").await;
    assert!(other.next_of("joined").await["key"].is_string());
}

#[tokio::test]
async fn a_join_that_fails_changes_nothing() {
    let server = TestServer::start(config()).await;
    let mut client = server.client(Some(JSON), "?room=main").await;
    client.frame().await;
    for room in ["none", "No", "original"] {
        assert_eq!(client.ask(json!({ "type": "join", "room": room, "name": "" })).await["type"], "error");
    }
    client.granted(json!({ "type": "pause" })).await;
}

#[tokio::test]
async fn loading_a_model_gives_the_wheel_back_and_tells_so() {
    let server = TestServer::start(config()).await;
    let mut asha = join(&server, "main", "Asha").await;
    asha.granted(json!({ "type": "act", "action": 0 })).await;
    assert_eq!(asha.refused(json!({ "type": "pause" })).await, "CONFLICT");
    asha.granted(json!({ "type": "load", "model": "ppo" })).await;
    assert_eq!(asha.event("wheel_released").await["name"], "Asha");
    asha.granted(json!({ "type": "vote_start" })).await;
    assert_eq!(asha.refused(json!({ "type": "vote_start" })).await, "CONFLICT");
    assert_eq!(asha.refused(json!({ "type": "pause" })).await, "CONFLICT");
    asha.granted(json!({ "type": "load", "model": "dqn" })).await;
    asha.event("vote_stopped").await;
}
