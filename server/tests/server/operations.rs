//! What those need who run a server.

use crate::harness::{TestServer, config, number};

#[tokio::test]
async fn metrics_count_what_happens() {
    let server = TestServer::start(config()).await;
    let mut client = server.connect().await;
    for _ in 0..20 {
        client.frame().await;
    }
    let (status, head, text) = server.request("GET", "/metrics", "").await;
    assert_eq!(status, 200);
    assert!(head.contains("application/openmetrics-text"), "{head}");
    let value = |name: &str| -> f64 {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("{name} in {text}"))
    };
    assert_eq!(value("daladala_rooms"), 2.0);
    assert_eq!(value("daladala_viewers{transport=\"websocket\"}"), 1.0);
    assert!(value("daladala_frames_made_total") >= 15.0 && value("daladala_frames_sent_total") >= 15.0);
    assert!(value("daladala_sent_bytes_total") > 10_000.0 && text.ends_with("# EOF\n"));
    let totals = server.get("/api/admin/totals").await;
    assert_eq!((&totals["rooms"], &totals["viewers"]), (&2.into(), &1.into()));
    assert!(number(&totals["frames_made"]) >= 15);
}

#[tokio::test]
async fn a_server_says_whether_it_is_well_and_ready() {
    let server = TestServer::start(config()).await;
    assert_eq!(server.request("GET", "/healthz", "").await.2, "ok\n");
    assert_eq!(server.request("GET", "/readyz", "").await.2, "ready\n");
}

#[tokio::test]
async fn the_api_describes_itself() {
    let server = TestServer::start(config()).await;
    let document = server.get("/api/openapi.json").await;
    let paths = document["paths"].as_object().expect("paths");
    for path in ["/api/rooms", "/api/rooms/{code}/{command}", "/api/rooms/{code}/frames", "/api/health", "/metrics"] {
        assert!(paths.contains_key(path), "{path}");
    }
    // What it describes without a parameter can be had.
    for (path, methods) in paths {
        if methods.get("get").is_some() && !path.contains('{') && path != "/api/recordings" {
            assert_eq!(server.request("GET", path, "").await.0, 200, "{path}");
        }
    }
    let (status, _, page) = server.request("GET", "/api/docs/", "").await;
    assert!(status == 200 && page.contains("swagger-ui"), "{page}");
}

#[tokio::test]
async fn the_admins_page_and_its_script_are_there() {
    let server = TestServer::start(config()).await;
    let (status, _, page) = server.request("GET", "/admin", "").await;
    assert!(status == 200 && page.contains("<script src=\"admin.js\">"), "{page}");
    let (status, head, _) = server.request("GET", "/admin.js", "").await;
    assert!(status == 200 && head.contains("content-type: text/javascript"), "{head}");
}

#[tokio::test]
async fn totals_can_be_the_first_thing_that_is_asked_for() {
    let server = TestServer::start(config()).await;
    assert_eq!(server.get("/api/admin/totals").await["requests_refused"], 0);
    assert_eq!(server.get("/api/admin/totals").await["requests_granted"], 0);
}
