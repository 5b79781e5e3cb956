//! The HTTP routes.

use serde_json::Value;

use crate::harness::{TestServer, config};

#[tokio::test]
async fn health_tells_what_the_original_tells_and_more() {
    let server = TestServer::start(config()).await;
    let health = server.health().await;
    assert_eq!((&health["status"], &health["current_algo"]), (&"ok".into(), &"RANDOM".into()));
    for yes in ["flask_running", "model_loaded", "env_ready"] {
        assert_eq!(health[yes], true, "{yes}");
    }
    assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!((&health["rules"], &health["room"]), (&"classic".into(), &"main".into()));
    assert_eq!((&health["fps"], &health["viewers"]), (&100.0.into(), &0.into()));
    assert!(health["uptime_seconds"].is_u64());
    let viewer = server.connect().await;
    server.await_viewers(1).await;
    drop(viewer);
    server.await_viewers(0).await;
}

#[tokio::test]
async fn unknown_routes_are_404_in_json() {
    let server = TestServer::start(config()).await;
    for path in ["/api", "/api/", "/api/none", "/api/health/none", "/none", "/ws/none", "/assets/none.js", "/%00"] {
        let (status, head, body) = server.request("GET", path, "").await;
        assert_eq!(status, 404, "{path}");
        assert!(head.contains("content-type: application/json"), "{path}: {head}");
        let body: Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!(body["success"], false, "{path}");
        assert!(body["message"].is_string(), "{path}");
    }
}

#[tokio::test]
async fn methods_that_nothing_answers_to_are_405() {
    let server = TestServer::start(config()).await;
    for (method, path) in [("POST", "/"), ("DELETE", "/api/health"), ("PUT", "/ws"), ("GET", "/api/step")] {
        assert_eq!(server.request(method, path, "").await.0, 405, "{method} {path}");
    }
}

#[tokio::test]
async fn the_page_is_served_and_may_load_from_here_only() {
    let server = TestServer::start(config()).await;
    let (status, head, body) = server.request("GET", "/", "").await;
    assert_eq!(status, 200);
    assert!(head.contains("content-type: text/html; charset=utf-8"), "{head}");
    assert!(head.contains("cache-control: no-cache"), "{head}");
    assert!(head.contains("x-content-type-options: nosniff"), "{head}");
    assert!(head.contains("content-security-policy: default-src 'self'"), "{head}");
    // A notebook on this machine may show the page, and nobody else's page.
    assert!(head.contains("frame-ancestors 'self' http://localhost:* http://127.0.0.1:*\r\n"), "{head}");
    assert!(body.contains("Daladala"), "{body}");
}

#[tokio::test]
async fn a_socket_without_an_upgrade_is_400() {
    let server = TestServer::start(config()).await;
    assert_eq!(server.request("GET", "/ws", "").await.0, 400);
}

#[tokio::test]
async fn on_loopback_other_names_are_refused() {
    let server = TestServer::start(config()).await;
    let port = server.address.port();
    for (host, status) in [
        (format!("localhost:{port}"), 200),
        ("[::1]".to_owned(), 200),
        (format!("evil.example:{port}"), 403),
        ("10.0.0.1".to_owned(), 403),
    ] {
        let answer = server.request("GET", "/api/health", &format!("Host: {host}\r\n")).await;
        assert_eq!(answer.0, status, "{host}");
    }
}

#[tokio::test]
async fn health_checks_by_http_1_0_are_answered() {
    let server = TestServer::start(config()).await;
    for (path, status) in [("/healthz", "200"), ("/readyz", "200"), ("/api/health", "200"), ("/none", "404")] {
        for host in ["", "Host: localhost\r\n"] {
            let answer = server.raw(&format!("GET {path} HTTP/1.0\r\n{host}\r\n")).await;
            assert!(answer.split(' ').nth(1) == Some(status), "{path}: {answer}");
        }
    }
    let answer = server.raw("GET /healthz HTTP/1.0\r\nHost: evil.example\r\n\r\n").await;
    assert!(answer.contains("403"), "{answer}");
}

#[tokio::test]
async fn pages_of_other_origins_may_send_what_event_streams_need() {
    let server = TestServer::start(config()).await;
    for asked in ["last-event-id", "cache-control", "authorization,content-type,idempotency-key"] {
        let headers = format!(
            "Origin: http://localhost:3000\r\nAccess-Control-Request-Method: GET\r\n\
             Access-Control-Request-Headers: {asked}\r\n"
        );
        let (status, head, _) = server.request("OPTIONS", "/api/rooms/main/events", &headers).await;
        assert_eq!(status, 200, "{head}");
        assert!(head.contains(&format!("access-control-allow-headers: {asked}")), "{head}");
    }
}

#[tokio::test]
async fn long_answers_are_compressed_for_those_who_take_it_and_streams_never() {
    let server = TestServer::start(config()).await;
    let packed = "Accept-Encoding: gzip, br\r\n";
    for path in ["/api/openapi.json", "/api/docs/swagger-ui.css"] {
        let (_, head, body) = server.request("GET", path, packed).await;
        let (_, plain_head, plain) = server.request("GET", path, "").await;
        assert!(head.contains("content-encoding: gzip") && head.contains("vary: "), "{path}: {head}");
        assert!(!plain_head.contains("content-encoding"), "{path}: {plain_head}");
        assert!(body.len() < plain.len(), "{path}: {} of {} bytes", body.len(), plain.len());
    }
    // Short ones, and those that are asked for so often that packing them would be the work.
    for path in ["/healthz", "/api/health", "/api/rooms/main/frames?wait=0", "/api/episode-data"] {
        let (_, head, _) = server.request("GET", path, packed).await;
        assert!(!head.contains("content-encoding"), "{path}: {head}");
    }
}

/// Under a proxy that mounts the server at a path, an address that begins with a slash leads out of it.
#[tokio::test]
async fn pages_have_relative_addresses_alone() {
    let server = TestServer::start(config()).await;
    for path in ["/admin", "/admin.js", "/api/docs/", "/api/docs/swagger-initializer.js"] {
        let (status, _, body) = server.request("GET", path, "").await;
        assert_eq!(status, 200, "{path}");
        for absolute in ["src=\"/", "href=\"/", "\"/api", "`/api", "url: \"/"] {
            assert!(!body.contains(absolute), "{path}: {absolute}");
        }
    }
    let (status, head, _) = server.request("GET", "/api/docs", "").await;
    assert_eq!(status, 308);
    assert!(head.contains("location: docs/"), "{head}");
    let document = server.get("/api/openapi.json").await;
    assert_eq!(document["servers"], serde_json::json!([{ "url": ".." }]));
}
