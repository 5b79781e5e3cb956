//! What clients send that they should not.

use std::time::Duration;

use daladala_env::Generator;
use daladala_server::{Limits, ServerConfig};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};

use crate::harness::{JSON, TestServer, close_frame, config, within};

#[tokio::test]
async fn whatever_is_said_is_answered_and_harms_nobody() {
    let limits = Limits { requests_per_second: 10_000, request_burst: 10_000, ..Limits::default() };
    let server = TestServer::start(ServerConfig { limits, ..config() }).await;
    let mut client = server.connect().await;
    for text in ["", "null", "{\"type\":\"frame\"}", "[[[[[[[[", "\u{0}\u{ffff}", &"x".repeat(4096), &"[".repeat(4096)]
    {
        client.say(text).await;
        assert_eq!(client.next_of("error").await["code"], "VALIDATION_ERROR", "{text:?}");
        client.socket.send(Message::binary(text.to_owned())).await.expect("sent");
        assert_eq!(client.next_of("error").await["code"], "VALIDATION_ERROR", "{text:?}");
    }
    client.frame().await;
}

/// A value that no request expects, or that one does.
fn any_value(generator: &mut Generator, depth: u32) -> Value {
    let texts =
        ["", "main", "original", "one", "Asha", "ppo", "classic", "delta", "Move", "\u{0}", "../..", "\u{1F68C}"];
    match generator.below(if depth == 0 { 7 } else { 9 }) {
        0 => Value::Null,
        1 => json!(generator.below(2) == 1),
        2 => json!(generator.below(7)),
        3 => json!(u64::from(generator.next_u32()) << generator.below(32)),
        4 => json!(-f64::from(generator.uniform()) * 1e3),
        5 => json!(1e308),
        6 => json!(texts[generator.below(texts.len() as u32) as usize]),
        7 => (0..generator.below(4)).map(|_| any_value(generator, depth - 1)).collect(),
        _ => json!({ "epoch": any_value(generator, 0), "seq": any_value(generator, depth - 1) }),
    }
}

fn any_request(generator: &mut Generator) -> Value {
    const TYPES: [&str; 20] = [
        "ping",
        "join",
        "leave",
        "rooms",
        "seek",
        "live",
        "pause",
        "resume",
        "step",
        "speed",
        "reset",
        "load",
        "act",
        "release",
        "vote_start",
        "vote_stop",
        "vote",
        "create",
        "close",
        "record",
    ];
    const FIELDS: [&str; 17] = [
        "id",
        "room",
        "name",
        "key",
        "resume",
        "frames",
        "seq",
        "play",
        "action",
        "fps",
        "seed",
        "model",
        "rules",
        "turn_seconds",
        "code",
        "kind",
        "sent",
    ];
    let mut request = json!({ "type": TYPES[generator.below(20) as usize] });
    for _ in 0..generator.below(5) {
        request[FIELDS[generator.below(17) as usize]] = any_value(generator, 2);
    }
    request
}

#[tokio::test]
async fn requests_of_all_kinds_in_any_order_leave_the_server_well() {
    let folder = tempfile::tempdir().expect("a folder");
    let limits = Limits {
        requests_per_second: 100_000,
        request_burst: 100_000,
        changes_per_second: 100_000,
        change_burst: 100_000,
        max_rooms: 6,
        ..Limits::default()
    };
    let recordings = Some(folder.path().to_owned());
    let server = TestServer::start(ServerConfig { limits, recordings, ..config() }).await;
    for seed in 0..8 {
        let mut generator = Generator::new(seed, 0);
        let mut clients = Vec::new();
        for number in 0..3 {
            clients.push(server.client(Some(JSON), &format!("?room=main&name=player{number}")).await);
        }
        for _ in 0..120 {
            let client = &mut clients[generator.below(3) as usize];
            let request = any_request(&mut generator);
            // Its own id is overwritten, so that the answer can be told.
            let answer = client.ask(request.clone()).await;
            assert_ne!(answer["code"], "INTERNAL_ERROR", "{request}: {answer}");
        }
    }
    let mut client = server.client(Some(JSON), "?room=main").await;
    client.ask(json!({ "type": "vote_stop" })).await;
    client.granted(json!({ "type": "reset" })).await;
    client.ask(json!({ "type": "resume" })).await;
    client.granted(json!({ "type": "speed", "fps": 100 })).await;
    let seq = client.frame().await["seq"].clone();
    while client.frame().await["seq"] == seq {}
    server.stop().stopped().await;
}

#[tokio::test]
async fn a_subprotocol_of_another_version_is_told_so() {
    let server = TestServer::start(config()).await;
    let mut socket = server.open(Some("daladala.v9.json"), "?room=main").await.expect("a connection");
    let frame = close_frame(&mut socket).await;
    assert_eq!((u16::from(frame.code), frame.reason.as_str()), (4002, "unknown subprotocol"));
}

#[tokio::test]
async fn a_request_whose_head_never_ends_is_given_up() {
    let limits = Limits { header_timeout: Duration::from_millis(200), ..Limits::default() };
    let server = TestServer::start(ServerConfig { limits, ..config() }).await;
    let mut stream = within(TcpStream::connect(server.address)).await.expect("a connection");
    stream.write_all(b"GET /api/hea").await.expect("sent");
    let mut rest = Vec::new();
    // Hung up on, with or without an answer.
    _ = within(stream.read_to_end(&mut rest)).await;
}

#[tokio::test]
async fn a_body_that_never_ends_is_given_up() {
    let limits = Limits { header_timeout: Duration::from_millis(200), ..Limits::default() };
    let server = TestServer::start(ServerConfig { limits, ..config() }).await;
    for head in ["Content-Length: 100\r\n\r\n{", "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"] {
        let mut stream = within(TcpStream::connect(server.address)).await.expect("a connection");
        let request = format!("POST /api/rooms HTTP/1.1\r\nHost: {}\r\n{head}", server.address);
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = [0; 12];
        within(stream.read_exact(&mut answer)).await.expect("an answer");
        assert_eq!(&answer, b"HTTP/1.1 400");
    }
}

#[tokio::test]
async fn bodies_are_limited_and_have_to_be_objects() {
    let server = TestServer::start(config()).await;
    for (body, status) in
        [("[]", 400), ("null", 200), ("7", 400), ("{", 400), ("{}", 200), ("", 200), (&"x".repeat(100_000), 400)]
    {
        let answer = server.send("POST", "/api/reset", "", body).await;
        assert_eq!(answer.0, status, "{}", &body[..body.len().min(20)]);
    }
}

#[tokio::test]
async fn a_message_above_the_limit_closes_its_socket_alone() {
    let server = TestServer::start(config()).await;
    let mut other = server.connect().await;
    for bytes in [4097, 64 * 1024] {
        let mut client = server.connect().await;
        client.say("x".repeat(bytes)).await;
        assert_eq!(client.close_frame().await.code, CloseCode::Size, "{bytes} bytes");
    }
    for _ in 0..20 {
        other.frame().await;
    }
}

#[tokio::test]
async fn a_message_in_parts_is_limited_as_a_whole() {
    let server = TestServer::start(config()).await;
    let mut client = server.connect().await;
    for part in 0..5 {
        let kind = if part == 0 { Data::Binary } else { Data::Continue };
        let frame = Frame::message(vec![0; 1024], OpCode::Data(kind), false);
        client.socket.send(Message::Frame(frame)).await.expect("sent");
    }
    assert_eq!(client.close_frame().await.code, CloseCode::Size);
}

#[tokio::test]
async fn text_that_is_not_utf_8_and_frames_that_are_none_are_told_apart() {
    let server = TestServer::start(config()).await;
    for (frame, code) in [
        (Frame::message(vec![0xff, 0xfe], OpCode::Data(Data::Text), true), CloseCode::Invalid),
        (Frame::message(vec![0], OpCode::Data(Data::Continue), true), CloseCode::Protocol),
        (Frame::message(vec![0], OpCode::Data(Data::Reserved(5)), true), CloseCode::Protocol),
    ] {
        let mut client = server.connect().await;
        client.socket.send(Message::Frame(frame)).await.expect("sent");
        assert_eq!(client.close_frame().await.code, code);
    }
}

#[tokio::test]
async fn a_flood_of_pings_that_is_never_read_from_harms_nobody() {
    let server = TestServer::start(config()).await;
    let mut other = server.connect().await;
    let (mut pings, unread) = server.connect_narrow().await.split();
    for _ in 0..20_000 {
        if pings.send(Message::Ping(vec![0; 125].into())).await.is_err() {
            break;
        }
    }
    for _ in 0..20 {
        other.frame().await;
    }
    drop(unread);
}

#[tokio::test]
async fn bytes_that_are_no_http_are_answered_or_hung_up_on() {
    let server = TestServer::start(config()).await;
    for garbage in [&b"\x00\xff\xfe\r\n\r\n"[..], b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", &vec![b'A'; 100_000]] {
        let mut stream = within(TcpStream::connect(server.address)).await.expect("a connection");
        // The server may have hung up before all is written.
        _ = within(stream.write_all(garbage)).await;
        _ = stream.shutdown().await;
        _ = within(stream.read_to_end(&mut Vec::new())).await;
    }
    assert_eq!(server.health().await["status"], "ok");
}
