//! The HTTP routes.

use serde_json::Value;

use crate::harness::{TestServer, config};

#[tokio::test]
async fn health_tells_what_the_original_tells_and_more() {
    let server = TestServer::start(config()).await;
    let health = server.health().await;
    assert_eq!((&health["status"], &health["current_algo"]), (&"healthy".into(), &"RANDOM".into()));
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
