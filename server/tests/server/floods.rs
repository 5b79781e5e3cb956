//! What clients may cost others by how much they ask for, and how much of it they leave unread.

use std::io::Read;
use std::time::{Duration, Instant};

use daladala_server::{FrameRate, Limits, ServerConfig};
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::Message;

use crate::harness::{JSON, PATIENCE, TestServer, close_frame, config, number, within};

/// A room was driven by the clock of those who answer requests, and its viewers served by them, and both stood still while
/// they were busy. The test has one thread for all of them, and keeps it.
#[tokio::test]
async fn a_room_drives_on_and_is_shown_while_nothing_is_answered() {
    let server = TestServer::start(config()).await;
    let mut stream = within(TcpStream::connect(server.address)).await.expect("a connection");
    let request = format!(
        "GET /ws?room=main HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        server.address
    );
    stream.write_all(request.as_bytes()).await.expect("sent");
    let (mut seen, mut part) = (Vec::new(), [0; 4096]);
    let frames = |seen: &[u8]| seen.windows(11).filter(|window| window == b"\"keyframe\",").count();
    while frames(&seen) == 0 {
        let read = within(stream.read(&mut part)).await.expect("a frame");
        seen.extend_from_slice(&part[..read]);
    }
    assert!(seen.starts_with(b"HTTP/1.1 101"));
    // From here on the only thread does nothing but read.
    let mut stream = stream.into_std().expect("a stream");
    stream.set_nonblocking(false).expect("a stream that waits");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
    while frames(&seen) < 50 {
        let read = stream.read(&mut part).expect("frames");
        assert_ne!(read, 0, "the server has hung up");
        seen.extend_from_slice(&part[..read]);
    }
}

/// Each refusal is an answer, and a client that asks in a loop got thousands a second.
#[tokio::test]
async fn a_connection_that_asks_too_much_is_not_read_from_for_a_while() {
    let limits = Limits { max_requests_per_address: 1, ..Limits::default() };
    let server = TestServer::start(ServerConfig { limits, ..config() }).await;
    let mut stream = within(TcpStream::connect(server.address)).await.expect("a connection");
    let start = Instant::now();
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n", server.address);
    stream.write_all(request.repeat(100).as_bytes()).await.expect("sent");
    let (mut seen, mut part) = (Vec::new(), [0; 4096]);
    while !seen.windows(12).any(|window| window == b"HTTP/1.1 429") {
        let read = within(stream.read(&mut part)).await.expect("answers");
        seen.extend_from_slice(&part[..read]);
    }
    // Whatever comes without waiting.
    while let Ok(Ok(read)) = tokio::time::timeout(Duration::from_millis(300), stream.read(&mut part)).await {
        assert_ne!(read, 0, "the server has hung up");
        seen.extend_from_slice(&part[..read]);
        if start.elapsed() > Duration::from_secs(5) {
            break;
        }
    }
    let answers = seen.windows(9).filter(|window| window == b"HTTP/1.1 ").count();
    // Two at once and one each second are granted; of those that are refused a second brings one.
    let most = 4 + 2 * start.elapsed().as_secs() as usize;
    assert!(answers <= most, "{answers} answers after {:?}", start.elapsed());
    assert!(String::from_utf8_lossy(&seen).to_ascii_lowercase().contains("retry-after: "));
}

/// Sessions of Socket.IO stay for the better part of a minute, whoever has opened them.
#[tokio::test]
async fn sessions_of_the_original_are_not_opened_by_thousands() {
    let limits = Limits { max_requests_per_address: 50, ..Limits::default() };
    let server = TestServer::start(ServerConfig { limits, ..config() }).await;
    let start = Instant::now();
    let mut opened = 0;
    for _ in 0..20 {
        let (status, head, _) = server.request("GET", "/socket.io/?EIO=4&transport=polling", "").await;
        match status {
            200 => opened += 1,
            429 => assert!(head.contains("retry-after"), "{head}"),
            other => panic!("{other}"),
        }
    }
    let most = 4 + 2 * (start.elapsed().as_secs() + 1);
    assert!((4..=most).contains(&opened), "{opened} sessions");
}

/// Has asked for all frames that are kept, and reads none. There are more of them than the system holds.
async fn reader_that_does_not_read(server: &TestServer) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4096).expect("a small buffer");
    let mut stream = within(socket.connect(server.address)).await.expect("a connection");
    let latest = number(&server.get("/api/rooms/main").await["seq"]);
    let path = format!("/api/rooms/main/frames?after={}&frames=whole&wait=0", latest - 500);
    let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", server.address);
    within(stream.write_all(request.as_bytes())).await.expect("sent");
    let mut first = [0; 12];
    within(stream.read_exact(&mut first)).await.expect("an answer");
    assert_eq!(&first, b"HTTP/1.1 200");
    stream
}

/// A room that keeps a thousand frames and makes no more.
async fn full_room(limits: &Limits) -> TestServer {
    let fps = FrameRate::new(2000.0).expect("a rate");
    let server = TestServer::start(ServerConfig { limits: *limits, fps, ..config() }).await;
    while number(&server.get("/api/rooms/main").await["seq"]) < 1000 {}
    assert_eq!(server.json("POST", "/api/rooms/main/pause", &json!({})).await.0, 200);
    server
}

/// It was held for a minute, or for ever where the system's own limit is not to be had.
#[tokio::test]
async fn an_answer_that_nobody_reads_is_given_up() {
    let write_timeout = Duration::from_millis(300);
    let limits = Limits { write_timeout, idle_timeout: Duration::from_hours(1), ..Limits::default() };
    let server = full_room(&limits).await;
    let reader = reader_that_does_not_read(&server).await;
    within(async {
        // The one that asks is the only one left.
        while server.get("/api/admin/totals").await["connections"] != 1 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    drop(reader);
}

#[tokio::test]
async fn answers_that_wait_to_be_read_are_limited_in_bytes() {
    let write_timeout = Duration::from_hours(1);
    let limits = Limits { max_answer_bytes_per_address: 1 << 20, write_timeout, ..Limits::default() };
    let server = full_room(&limits).await;
    let latest = number(&server.get("/api/rooms/main").await["seq"]);
    let path = format!("/api/rooms/main/frames?after={}&frames=whole&wait=0", latest - 500);
    let page = server.get(&path).await;
    assert_eq!(page["frames"].as_array().map(Vec::len), Some(500));
    let mut readers = Vec::new();
    let refused = loop {
        match server.request("GET", &path, "").await {
            (200, ..) => readers.push(reader_that_does_not_read(&server).await),
            refused => break refused,
        }
        assert!(readers.len() < 10, "all of them are held");
    };
    assert!(refused.0 == 503 && refused.2.contains("BUSY"), "{}", refused.2);
    assert_eq!(server.health().await["status"], "ok", "short answers are no matter");
    drop(readers);
    within(async { while server.request("GET", &path, "").await.0 != 200 {} }).await;
}

/// A request that was granted excused all that had been refused.
#[tokio::test]
async fn a_client_that_floods_is_cut_off() {
    let server = TestServer::start(config()).await;
    let mut other = server.connect().await;
    let (mut say, mut hear) = server.open(Some(JSON), "").await.expect("a connection").split();
    let speaking = tokio::spawn(async move {
        for _ in 0..30_000 {
            if say.send(Message::text(r#"{"type":"rooms"}"#)).await.is_err() {
                break;
            }
        }
        say
    });
    let code = within(async {
        loop {
            if let Message::Close(frame) = hear.next().await.expect("a close frame").expect("a readable one") {
                break frame.expect("a code").code;
            }
        }
    })
    .await;
    assert_eq!(u16::from(code), 4029);
    _ = speaking.await;
    other.frame().await;
}

/// Five hundred clients, each within its limit, were a hundred thousand requests a second.
#[tokio::test]
async fn sockets_of_an_address_share_what_it_may_ask() {
    let limits = Limits { max_requests_per_address: 20, ..Limits::default() };
    let server = TestServer::start(ServerConfig { limits, ..config() }).await;
    let start = Instant::now();
    let mut clients = Vec::new();
    for _ in 0..4 {
        clients.push(server.client(Some(JSON), "").await);
    }
    let (mut granted, mut refused) = (0, 0);
    for client in &mut clients {
        for _ in 0..50 {
            let answer = client.ask(json!({ "type": "rooms" })).await;
            if answer["code"] == "RATE_LIMITED" { refused += 1 } else { granted += 1 }
        }
    }
    let most = 40 + 20 * (start.elapsed().as_secs() + 1);
    assert!(granted <= most && granted + refused == 200, "{granted} of them");
    // Whoever steps a room of their own is not meant.
    let (status, _) = within(async {
        loop {
            let made = server.json("POST", "/api/rooms", &json!({ "code": "mine", "kind": "driven" })).await;
            if made.0 != 429 {
                break made;
            }
        }
    })
    .await;
    assert_eq!(status, 200);
    let mut driver = loop {
        if let Ok(socket) = server.open(Some(JSON), "?room=mine").await {
            break socket;
        }
    };
    for _ in 0..100 {
        driver.send(Message::text(r#"{"type":"step","id":1}"#)).await.expect("sent");
    }
    let mut stepped = 0;
    while stepped < 100 {
        let message = within(driver.next()).await.expect("a message").expect("a readable one");
        let message = message.into_text().expect("text");
        assert!(!message.contains("RATE_LIMITED"), "{message}");
        stepped += u32::from(message.contains(r#""type":"reply""#));
    }
}

#[tokio::test]
async fn steps_of_a_driven_room_are_not_held_to_the_limit_of_requests() {
    let limits = Limits { requests_per_second: 1, request_burst: 10, ..Limits::default() };
    let server = TestServer::start(ServerConfig { limits, ..config() }).await;
    server.json("POST", "/api/rooms", &json!({ "code": "mine", "kind": "driven" })).await;
    let mut driver = server.client(Some(JSON), "?room=mine").await;
    for seq in 2..200 {
        assert_eq!(driver.granted(json!({ "type": "step" })).await["seq"], seq);
    }
    // Whoever steps a room that drives itself asks like everybody else.
    let mut passenger = server.client(Some(JSON), "?room=main").await;
    let mut refused = 0;
    for _ in 0..100 {
        refused += u32::from(passenger.ask(json!({ "type": "step" })).await["code"] == "RATE_LIMITED");
    }
    assert!(refused > 50, "{refused}");
}

/// One driver could send fifty thousand events to everybody.
#[tokio::test]
async fn changes_that_all_are_told_of_are_few() {
    let limits = Limits {
        requests_per_second: 100_000,
        request_burst: 100_000,
        changes_per_second: 1,
        change_burst: 10,
        ..Limits::default()
    };
    let server = TestServer::start(ServerConfig { limits, ..config() }).await;
    let start = Instant::now();
    let mut watcher = server.client(Some(JSON), "?room=main").await;
    let mut driver = server.client(Some(JSON), "?room=main").await;
    let mut granted = 0;
    for request in 0..300 {
        let request = match request % 3 {
            0 => json!({ "type": "speed", "fps": 100 }),
            1 => json!({ "type": "reset" }),
            _ => json!({ "type": "load", "model": "oracle" }),
        };
        let answer = driver.ask(request).await;
        match answer["code"].as_str() {
            None => granted += 1,
            Some(code) => {
                assert_eq!(code, "RATE_LIMITED");
                assert!(answer["retry_after_ms"].is_u64(), "{answer}");
            }
        }
    }
    assert!((10..=11 + start.elapsed().as_secs()).contains(&granted), "{granted}");
    // All that was granted is told, and no more.
    let mut told = 0;
    while told < granted {
        let event = watcher.next_of("event").await;
        told += u64::from(["speed", "reset", "model_loaded"].map(Into::into).contains(&event["kind"]));
    }
    // A room that is stepped may be reset as often as its episodes end.
    server.json("POST", "/api/rooms", &json!({ "code": "mine", "kind": "driven" })).await;
    driver.granted(json!({ "type": "join", "room": "mine" })).await;
    for _ in 0..100 {
        driver.granted(json!({ "type": "reset" })).await;
    }
}

/// Each change began the time to the next frame anew, so that none came.
#[tokio::test]
async fn a_room_whose_speed_is_changed_all_the_time_drives_on() {
    let limits = Limits {
        requests_per_second: 100_000,
        request_burst: 100_000,
        changes_per_second: 100_000,
        change_burst: 100_000,
        ..Limits::default()
    };
    let server = TestServer::start(ServerConfig { limits, ..config() }).await;
    let mut driver = server.client(Some(JSON), "?room=main").await;
    let first = number(&driver.frame().await["seq"]);
    within(async {
        // A frame takes a hundred changes and more.
        while number(&driver.frame().await["seq"]) < first + 5 {
            for _ in 0..3 {
                driver.granted(json!({ "type": "speed", "fps": 20 })).await;
            }
        }
    })
    .await;
}

/// It was noticed at the next ping alone, up to twenty seconds later than PROTOCOL.md says.
#[tokio::test]
async fn a_socket_that_says_nothing_is_dropped_when_its_time_is_up() {
    let (ping_interval, idle_timeout) = (Duration::from_hours(1), Duration::from_millis(500));
    let limits = Limits { ping_interval, idle_timeout, ..Limits::default() };
    let server = TestServer::start(ServerConfig { limits, ..config() }).await;
    let mut socket = server.open(None, "").await.expect("a connection");
    within(async { while let Some(Ok(_)) = socket.next().await {} }).await;
    // Whoever says something stays.
    let mut talker = server.client(None, "").await;
    let start = Instant::now();
    while start.elapsed() < idle_timeout * 3 {
        talker.ask(json!({ "type": "ping", "sent": 1 })).await;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A vote can be cast again and again, which changes nothing that others may know.
#[tokio::test]
async fn who_votes_again_is_told_of_once() {
    let server = TestServer::start(config()).await;
    let mut one = server.client(Some(JSON), "?room=main&name=Asha").await;
    let _other = server.client(Some(JSON), "?room=main&name=Juma").await;
    one.granted(json!({ "type": "vote_start", "turn_seconds": 300 })).await;
    for action in [0, 1, 2, 0, 1, 2] {
        one.granted(json!({ "type": "vote", "action": action })).await;
    }
    one.granted(json!({ "type": "vote_stop" })).await;
    let mut casts = 0;
    loop {
        let event = one.next_of("event").await;
        casts += u32::from(event["kind"] == "vote_cast");
        if event["kind"] == "vote_stopped" {
            break;
        }
    }
    assert_eq!(casts, 1);
}

/// Answers were cut into pieces of frames that all share; together they are the length that is told.
#[tokio::test]
async fn a_page_of_frames_is_whole_json_of_the_length_it_tells() {
    let server = full_room(&Limits::default()).await;
    for query in ["", "?after=1&wait=0", "?after=990&limit=3&wait=0", "?after=800&frames=whole&wait=0"] {
        let (status, head, body) = server.request("GET", &format!("/api/rooms/main/frames{query}"), "").await;
        assert_eq!(status, 200, "{query}");
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{query}: {head}");
        let page: serde_json::Value = serde_json::from_str(&body).expect("JSON");
        let frames = page["frames"].as_array().expect("frames");
        assert_eq!(frames.last().map(|frame| &frame["seq"]), Some(&page["next"]), "{query}");
    }
}

/// Close frames are read by who floods as well.
#[tokio::test]
async fn messages_that_cannot_be_read_count_like_others() {
    let limits = Limits { requests_per_second: 1, request_burst: 5, ..Limits::default() };
    let server = TestServer::start(ServerConfig { limits, ..config() }).await;
    let mut socket = server.open(Some(JSON), "").await.expect("a connection");
    for _ in 0..1100 {
        if socket.send(Message::text("nonsense")).await.is_err() {
            break;
        }
    }
    assert_eq!(u16::from(close_frame(&mut socket).await.code), 4029);
}
