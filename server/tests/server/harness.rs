//! A server to test, and clients to test it with.

use std::net::SocketAddr;
use std::time::Duration;

use daladala_agents::scripted::Random;
use daladala_env::rules::Classic;
use daladala_server::{Driver, FrameRate, Server, ServerConfig, ServerError};
use futures_util::StreamExt;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async, connect_async};

/// When something that ought to happen counts as not happening.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A running server.
pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    running: JoinHandle<Result<(), ServerError>>,
}

/// A free port, and frames fast enough to see several episodes in a second.
pub(crate) fn config() -> ServerConfig {
    ServerConfig { port: 0, fps: FrameRate::new(100.0).expect("a rate"), seed: Some(1), ..ServerConfig::default() }
}

pub(crate) fn driver() -> Driver<Classic> {
    Driver::new(Classic, "random", Box::new(Random)).expect("made for these rules")
}

impl TestServer {
    pub(crate) async fn start(config: ServerConfig) -> Self {
        let server = Server::bind(config, driver()).await.expect("a free port");
        let (stop, stopped) = oneshot::channel();
        let address = server.local_addr();
        let running = tokio::spawn(server.run(async { _ = stopped.await }));
        Self { address, stop, running }
    }

    pub(crate) async fn connect(&self) -> Client {
        let (client, _) = within(connect_async(format!("ws://{}/ws", self.address))).await.expect("a connection");
        client
    }

    /// A client with little room for what it does not read.
    pub(crate) async fn connect_narrow(&self) -> WebSocketStream<TcpStream> {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(4096).expect("a small buffer");
        let stream = within(socket.connect(self.address)).await.expect("a connection");
        let (client, _) = within(client_async(format!("ws://{}/ws", self.address), stream)).await.expect("an upgrade");
        client
    }

    /// Status, head and body of the answer to a request without a body.
    pub(crate) async fn request(&self, method: &str, path: &str, headers: &str) -> (u16, String, String) {
        let mut stream = within(TcpStream::connect(self.address)).await.expect("a connection");
        let host = if headers.contains("Host:") { String::new() } else { format!("Host: {}\r\n", self.address) };
        let request = format!("{method} {path} HTTP/1.1\r\n{host}{headers}Connection: close\r\n\r\n");
        within(stream.write_all(request.as_bytes())).await.expect("a request sent");
        let mut answer = String::new();
        within(stream.read_to_string(&mut answer)).await.expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        (status, head.to_ascii_lowercase(), body.to_owned())
    }

    pub(crate) async fn health(&self) -> Value {
        let (status, _, body) = self.request("GET", "/api/health", "").await;
        assert_eq!(status, 200);
        serde_json::from_str(&body).expect("JSON")
    }

    /// Returns once the server counts `viewers`.
    pub(crate) async fn await_viewers(&self, viewers: u64) {
        within(async {
            while self.health().await["viewers"] != viewers {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
    }

    /// Asks the server to stop; what [`TestServer::stopped`] waits for.
    pub(crate) fn stop(self) -> Stopping {
        self.stop.send(()).expect("a running server");
        Stopping(self.running)
    }
}

pub(crate) struct Stopping(JoinHandle<Result<(), ServerError>>);

impl Stopping {
    pub(crate) async fn stopped(self) {
        within(self.0).await.expect("no panic").expect("a clean end");
    }
}

pub(crate) async fn within<F: Future>(future: F) -> F::Output {
    timeout(PATIENCE, future).await.expect("in time")
}

/// The next frame; pings are passed over.
pub(crate) async fn next_frame<S>(client: &mut WebSocketStream<S>) -> Value
where
    WebSocketStream<S>: StreamExt<Item = Result<Message, tokio_tungstenite::tungstenite::Error>> + Unpin,
{
    loop {
        match within(client.next()).await.expect("a message").expect("a readable one") {
            Message::Text(text) => return serde_json::from_str(&text).expect("JSON"),
            Message::Ping(_) | Message::Pong(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// Reads until the close frame.
pub(crate) async fn close_frame(client: &mut Client) -> CloseFrame {
    loop {
        if let Message::Close(frame) = within(client.next()).await.expect("a message").expect("a readable one") {
            return frame.expect("a close code");
        }
    }
}
