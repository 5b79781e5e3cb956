//! What clients send that they should not.

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::harness::{TestServer, close_frame, config, next_frame, within};

#[tokio::test]
async fn what_a_viewer_says_is_dropped() {
    let server = TestServer::start(config()).await;
    let mut client = server.connect().await;
    for text in ["", "null", "{\"type\":\"frame\"}", "[[[[[[[[", "\u{0}\u{ffff}", &"x".repeat(4096)] {
        client.send(Message::text(text)).await.expect("sent");
        client.send(Message::binary(text.to_owned())).await.expect("sent");
    }
    for _ in 0..20 {
        assert_eq!(next_frame(&mut client).await["type"], "frame");
    }
}

#[tokio::test]
async fn a_message_above_the_limit_closes_its_socket_alone() {
    let server = TestServer::start(config()).await;
    let mut other = server.connect().await;
    for bytes in [4097, 64 * 1024] {
        let mut client = server.connect().await;
        client.send(Message::text("x".repeat(bytes))).await.expect("sent");
        assert_eq!(close_frame(&mut client).await.code, CloseCode::Size, "{bytes} bytes");
    }
    for _ in 0..20 {
        assert_eq!(next_frame(&mut other).await["type"], "frame");
    }
}

#[tokio::test]
async fn a_message_in_parts_is_limited_as_a_whole() {
    let server = TestServer::start(config()).await;
    let mut client = server.connect().await;
    for part in 0..5 {
        let kind = if part == 0 { Data::Binary } else { Data::Continue };
        let frame = Frame::message(vec![0; 1024], OpCode::Data(kind), false);
        client.send(Message::Frame(frame)).await.expect("sent");
    }
    assert_eq!(close_frame(&mut client).await.code, CloseCode::Size);
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
        client.send(Message::Frame(frame)).await.expect("sent");
        assert_eq!(close_frame(&mut client).await.code, code);
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
        assert_eq!(next_frame(&mut other).await["type"], "frame");
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
    assert_eq!(server.health().await["status"], "healthy");
}

#[tokio::test]
async fn pages_of_another_origin_may_not_watch() {
    let server = TestServer::start(config()).await;
    let url = format!("ws://{}/ws", server.address);
    for foreign in ["http://evil.example", "null", "http://127.0.0.1:1"] {
        let mut request = url.as_str().into_client_request().expect("a request");
        request.headers_mut().insert("Origin", HeaderValue::from_static(foreign));
        match within(connect_async(request)).await {
            Err(Error::Http(answer)) => assert_eq!(answer.status(), 403, "{foreign}"),
            other => panic!("{foreign}: {other:?}"),
        }
    }
    let mut request = url.as_str().into_client_request().expect("a request");
    let own = HeaderValue::from_str(&format!("http://{}", server.address)).expect("a header");
    request.headers_mut().insert("Origin", own);
    let (mut client, _) = within(connect_async(request)).await.expect("a connection");
    assert_eq!(next_frame(&mut client).await["type"], "frame");
}
