//! Who may do what.

use std::time::Duration;

use daladala_server::{AccessConfig, Anonymous, Claims, Limits, Role, Secret, Server, ServerConfig, make_token};
use serde_json::json;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;

use crate::harness::{JSON, TestServer, catalog, config, within};

fn secret() -> Secret {
    Secret::new([7; 32]).expect("long enough")
}

fn closed() -> ServerConfig {
    let access = AccessConfig { secret: Some(secret()), anonymous: Anonymous::Nothing, ..AccessConfig::default() };
    ServerConfig { access, ..config() }
}

fn token(role: Role) -> String {
    make_token(&secret(), &Claims::new(role, Duration::from_mins(1))).expect("signed")
}

fn token_for(role: Role, room: &str) -> String {
    let claims = Claims { room: Some(room.to_owned()), ..Claims::new(role, Duration::from_mins(1)) };
    make_token(&secret(), &claims).expect("signed")
}

fn status(answer: Result<impl std::fmt::Debug, Error>) -> u16 {
    match answer {
        Err(Error::Http(answer)) => answer.status().as_u16(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn without_a_token_nothing_is_shown() {
    let server = TestServer::start(closed()).await;
    assert_eq!(status(server.open(None, "").await), 401);
    assert_eq!(status(server.open(None, "?token=a.b.c").await), 401);
    for path in [
        "/api/rooms",
        "/api/rooms/main",
        "/api/rooms/main/frames",
        "/api/rooms/main/events",
        "/metrics",
        "/api/admin/totals",
        "/api/catalog",
        "/api/models",
        "/api/current-state",
        "/api/ws-status",
        "/api/recordings",
    ] {
        let (status, head, body) = server.request("GET", path, "").await;
        assert_eq!(status, 401, "{path}");
        assert!(head.contains("www-authenticate: bearer") && body.contains("AUTH_REQUIRED"), "{path}: {head}");
    }
    for path in ["/api/rooms", "/api/rooms/main/pause", "/api/reset", "/api/step", "/api/load-model"] {
        assert_eq!(server.json("POST", path, &json!({})).await.0, 401, "{path}");
    }
    // What monitors and browsers need to begin with.
    for path in ["/", "/healthz", "/readyz", "/api/health", "/admin", "/admin.js", "/api/openapi.json"] {
        assert_eq!(server.request("GET", path, "").await.0, 200, "{path}");
    }
}

#[tokio::test]
async fn each_role_may_what_it_may() {
    let server = TestServer::start(closed()).await;
    for (role, drive, admin) in [(Role::Watch, 403, 403), (Role::Drive, 200, 403), (Role::Admin, 200, 200)] {
        let token = token(role);
        let bearer = format!("Authorization: Bearer {token}\r\n");
        assert_eq!(server.request("GET", "/api/rooms", &bearer).await.0, 200);
        assert_eq!(server.request("POST", "/api/rooms/main/pause", &bearer).await.0, drive, "{role}");
        assert_eq!(server.request("POST", "/api/reset", &bearer).await.0, drive, "{role}");
        assert_eq!(server.request("GET", "/metrics", &bearer).await.0, admin, "{role}");
        let room = format!("room-{role}");
        let admin_token = self::token(Role::Admin);
        server.json("POST", &format!("/api/rooms?token={admin_token}"), &json!({ "code": room })).await;
        assert_eq!(server.request("DELETE", &format!("/api/rooms/{room}"), &bearer).await.0, admin, "{role}");

        let mut client = server.client(Some(JSON), &format!("?room=main&token={token}")).await;
        client.frame().await;
        let answer = client.ask(json!({ "type": "pause" })).await;
        assert_eq!(answer["code"], if drive == 200 { json!(null) } else { json!("FORBIDDEN") }, "{role}");
        let answer = client.ask(json!({ "type": "close", "room": "main" })).await;
        assert_eq!(answer["code"], if admin == 200 { "CONFLICT" } else { "FORBIDDEN" }, "{role}");
        server.json("POST", &format!("/api/rooms/main/resume?token={admin_token}"), &json!({})).await;
    }
}

#[tokio::test]
async fn a_token_for_one_room_opens_no_other() {
    let server = TestServer::start(closed()).await;
    let token = token_for(Role::Admin, "main");
    let mut client = server.client(Some(JSON), &format!("?room=main&token={token}")).await;
    client.frame().await;
    assert_eq!(client.refused(json!({ "type": "join", "room": "original" })).await, "FORBIDDEN");
    assert_eq!(client.refused(json!({ "type": "create" })).await, "FORBIDDEN");
    let rooms = client.granted(json!({ "type": "rooms" })).await;
    assert_eq!(rooms["rooms"].as_array().map(Vec::len), Some(1));
    for (path, status) in
        [("/api/rooms/main", 200), ("/api/rooms/original", 403), ("/metrics", 403), ("/api/models", 403)]
    {
        let answer = server.request("GET", path, &format!("Authorization: Bearer {token}\r\n")).await;
        assert_eq!(answer.0, status, "{path}");
    }
}

#[tokio::test]
async fn a_connection_ends_with_its_token() {
    let server = TestServer::start(closed()).await;
    let claims = Claims::new(Role::Watch, Duration::from_secs(2));
    let token = make_token(&secret(), &claims).expect("signed");
    let mut client = server.client(None, &format!("?token={token}")).await;
    client.frame().await;
    let close = client.close_frame().await;
    assert_eq!((u16::from(close.code), close.reason.as_str()), (4001, "token expired"));
    // It is good up to the end of its last second.
    while server.open(None, &format!("?token={token}")).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(status(server.open(None, &format!("?token={token}")).await), 401);
}

#[tokio::test]
async fn pages_of_other_origins_are_kept_out() {
    let access = AccessConfig {
        allow_origins: vec!["https://bus.example".parse().expect("an origin")],
        ..AccessConfig::default()
    };
    let server = TestServer::start(ServerConfig { access, ..config() }).await;
    let url = format!("ws://{}/ws", server.address);
    let own = format!("http://{}", server.address);
    for (origin, allowed) in [
        ("http://evil.example", false),
        ("null", false),
        ("http://localhost.evil.example", false),
        (own.as_str(), true),
        ("https://bus.example", true),
        ("http://localhost:3000", true),
    ] {
        let mut request = url.as_str().into_client_request().expect("a request");
        request.headers_mut().insert("Origin", HeaderValue::from_str(origin).expect("a header"));
        let answer = within(connect_async(request)).await;
        assert_eq!(answer.is_ok(), allowed, "{origin}");
        let header = format!("Origin: {origin}\r\n");
        let (status, head, _) = server.request("POST", "/api/reset", &header).await;
        assert_eq!(status, if allowed { 200 } else { 403 }, "{origin}");
        let told = head.contains(&format!("access-control-allow-origin: {}", origin.to_lowercase()));
        assert!(told == allowed || origin == own, "{origin}: {head}");
    }
}

#[tokio::test]
async fn a_star_lets_in_all_pages_and_null_those_without_an_origin() {
    for (said, open) in [("*", ["http://evil.example", "null"].as_slice()), ("null", &["null"])] {
        let access = AccessConfig { allow_origins: vec![said.parse().expect("an origin")], ..AccessConfig::default() };
        let server = TestServer::start(ServerConfig { access, ..config() }).await;
        for origin in ["http://evil.example", "null"] {
            let (status, head, _) = server.request("POST", "/api/reset", &format!("Origin: {origin}\r\n")).await;
            assert_eq!(status == 200, open.contains(&origin), "{said}: {origin}");
            let told = head.contains(&format!("access-control-allow-origin: {origin}"));
            assert_eq!(told, open.contains(&origin), "{head}");
        }
    }
}

#[tokio::test]
async fn a_client_that_asks_too_often_is_told_and_then_let_go() {
    let limits = Limits { requests_per_second: 1, request_burst: 3, ..Limits::default() };
    let server = TestServer::start(ServerConfig { limits, ..config() }).await;
    let mut client = server.client(Some(JSON), "").await;
    for _ in 0..3 {
        client.granted(json!({ "type": "rooms" })).await;
    }
    let refused = client.ask(json!({ "type": "rooms" })).await;
    assert_eq!((&refused["code"], &refused["retryable"]), (&json!("RATE_LIMITED"), &json!(true)));
    assert!(refused["retry_after_ms"].as_u64().is_some_and(|wait| wait > 0), "{refused}");
    let mut other = server.client(Some(JSON), "").await;
    other.granted(json!({ "type": "rooms" })).await;
    for _ in 0..1100 {
        client.say("{}").await;
    }
    assert_eq!(u16::from(client.close_frame().await.code), 4029);
}

#[tokio::test]
async fn an_address_that_asks_too_often_is_told() {
    let limits = Limits { max_requests_per_address: 2, ..Limits::default() };
    let server = TestServer::start(ServerConfig { limits, ..config() }).await;
    let mut answers = Vec::new();
    for _ in 0..30 {
        answers.push(server.request("GET", "/healthz", "").await);
    }
    let (status, head, body) = answers.last().expect("answers");
    assert_eq!(*status, 429);
    assert!(head.contains("retry-after: ") && body.contains("RATE_LIMITED"), "{head} {body}");
}

#[tokio::test]
async fn an_address_has_only_so_many_connections() {
    let limits = Limits { max_connections_per_address: 2, ..Limits::default() };
    let server = TestServer::start(ServerConfig { limits, ..config() }).await;
    let (first, _second) = (server.connect().await, server.connect().await);
    assert!(server.open(None, "").await.is_err());
    drop(first);
    while server.open(None, "").await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// In the query it would be in the log of every proxy on the way.
#[tokio::test]
async fn a_printed_address_carries_its_token_where_no_proxy_sees_it() {
    let server = Server::bind(closed(), catalog()).await.expect("a free port");
    for role in [Role::Watch, Role::Admin] {
        let url = server.url_for(role).expect("nobody may without a token");
        let (sent, token) = url.split_once("#token=").expect("a fragment");
        assert_eq!((sent, token.split('.').count()), (server.url().as_str(), 3), "{url}");
    }
    within(server.run(tokio::time::sleep(Duration::ZERO))).await.expect("a clean end");
}
