//! How a server starts and stops.

use std::sync::Arc;
use std::time::Duration;

use daladala_agents::Policy;
use daladala_agents::scripted::Random;
use daladala_env::rules::Classic;
use daladala_env::{Action, Generator, OutputKind, RuleSet, Rules};
use daladala_server::{Catalog, Driver, Server, ServerConfig, ServerError};
use futures_util::StreamExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::harness::{TestServer, catalog, config, driver, within};

#[tokio::test]
async fn a_port_in_use_is_one_clear_line() {
    let server = TestServer::start(config()).await;
    let port = server.address.port();
    match Server::bind(ServerConfig { port, ..config() }, catalog()).await {
        Err(error @ ServerError::PortInUse { .. }) => {
            let line = error.to_string();
            assert!(line.contains(&format!("port {port}")) && line.contains("--port"), "{line}");
            assert!(!line.contains('\n'), "{line}");
        }
        other => panic!("{:?}", other.err()),
    }
}

#[tokio::test]
async fn a_host_that_is_not_here_is_an_error() {
    let host = "192.0.2.1".to_owned();
    let bound = Server::bind(ServerConfig { host, ..config() }, catalog()).await;
    assert!(matches!(bound, Err(ServerError::Bind { .. })));
}

#[tokio::test]
async fn shutdown_tells_viewers_why() {
    let server = TestServer::start(config()).await;
    let mut clients = [server.connect().await, server.connect().await];
    for client in &mut clients {
        client.frame().await;
    }
    let stopping = server.stop();
    for client in &mut clients {
        let frame = client.close_frame().await;
        assert_eq!((frame.code, frame.reason.as_str()), (CloseCode::Away, "server shutting down"));
        // Reading on answers the close frame; then the connection ends.
        while within(client.socket.next()).await.is_some() {}
    }
    stopping.stopped().await;
}

#[tokio::test]
async fn shutdown_waits_for_nobody_who_hangs() {
    let fps = "1000".parse().expect("a rate");
    let server = TestServer::start(ServerConfig { fps, ..config() }).await;
    let never_reads = server.connect_narrow().await;
    let never_answers = server.connect().await;
    let mut half_a_request = within(TcpStream::connect(server.address)).await.expect("a connection");
    half_a_request.write_all(b"GET /api/hea").await.expect("sent");
    server.await_viewers(2).await;
    server.stop().stopped().await;
    drop((never_reads, never_answers, half_a_request));
}

#[tokio::test]
async fn a_stopped_server_leaves_its_port() {
    let server = TestServer::start(config()).await;
    let port = server.address.port();
    let mut client = server.connect().await;
    client.frame().await;
    let stopping = server.stop();
    while within(client.socket.next()).await.is_some() {}
    stopping.stopped().await;
    let again = TestServer::start(ServerConfig { port, ..config() }).await;
    assert_eq!(again.health().await["status"], "ok");
}

/// Takes what `classic` gives, and chooses what it does not know.
struct Broken {
    panics: bool,
}

impl Policy for Broken {
    fn observation_size(&self) -> usize {
        Random::new(&Classic.spaces()).observation_size()
    }

    fn actions(&self) -> usize {
        Random::new(&Classic.spaces()).actions()
    }

    fn output_kind(&self) -> OutputKind {
        Random::new(&Classic.spaces()).output_kind()
    }

    fn outputs(&self, _: &[f32], _: &mut [f32]) {}

    fn choose(&self, _: &[f32], _: Option<&[u32]>, _: &mut [Generator], actions: &mut [Action]) {
        assert!(!self.panics, "a policy that panics on purpose");
        actions.fill(Action::MAX);
    }
}

#[tokio::test]
async fn a_room_that_cannot_go_on_ends_the_server_with_an_error() {
    for panics in [false, true] {
        let server = Server::bind(config(), Catalog::new(driver(Broken { panics }))).await.expect("a free port");
        let ended = within(server.run(std::future::pending())).await.expect_err("an error");
        assert!(ended.to_string().contains("room 'main' has stopped"), "{ended}");
    }
}

/// A policy for other rules.
struct Foreign;

impl Policy for Foreign {
    fn observation_size(&self) -> usize {
        3
    }

    fn actions(&self) -> usize {
        2
    }

    fn output_kind(&self) -> OutputKind {
        OutputKind::Probabilities
    }

    fn outputs(&self, _: &[f32], _: &mut [f32]) {}

    fn choose(&self, _: &[f32], _: Option<&[u32]>, _: &mut [Generator], _: &mut [Action]) {}
}

#[test]
fn a_policy_for_other_rules_is_refused() {
    let refused = Driver::new(RuleSet::Classic, "foreign", Arc::new(Foreign) as Arc<dyn Policy>);
    let line = refused.expect_err("an error").to_string();
    assert!(line.contains("3 features") && line.contains("14 and 5"), "{line}");
}

#[tokio::test]
async fn the_url_is_one_that_a_browser_can_open() {
    let host = "0.0.0.0".to_owned();
    let server = Server::bind(ServerConfig { host, ..config() }, catalog()).await.expect("a free port");
    assert_eq!(server.url(), format!("http://127.0.0.1:{}/", server.local_addr().port()));
    within(server.run(tokio::time::sleep(Duration::ZERO))).await.expect("a clean end");
}
