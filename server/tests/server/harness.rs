//! A server to test, and clients to test it with.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use daladala_agents::Policy;
use daladala_agents::scripted::Random;
use daladala_env::rules::Classic;
use daladala_env::{RuleSet, Rules};
use daladala_server::{Catalog, Driver, FrameRate, Server, ServerConfig, ServerError};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Map, Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async, connect_async};

/// When something that ought to happen counts as not happening.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) const JSON: &str = "daladala.v3.json";
pub(crate) const BINARY: &str = "daladala.v3.binary";

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A running server.
pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    pub(crate) stop: oneshot::Sender<()>,
    pub(crate) running: JoinHandle<Result<(), ServerError>>,
}

/// A free port, and frames fast enough to see several episodes in a second.
pub(crate) fn config() -> ServerConfig {
    ServerConfig { port: 0, fps: FrameRate::new(100.0).expect("a rate"), seed: Some(1), ..ServerConfig::default() }
}

pub(crate) fn driver(policy: impl Policy + 'static) -> Driver {
    let policy: Arc<dyn Policy> = Arc::new(policy);
    Driver::new(RuleSet::Classic, "random", policy).expect("made for these rules")
}

pub(crate) fn catalog() -> Catalog {
    Catalog::new(driver(Random::new(&Classic.spaces()))).with_built_in()
}

impl TestServer {
    pub(crate) async fn start(config: ServerConfig) -> Self {
        Self::of(Server::bind(config, catalog()).await.expect("a free port"))
    }

    /// A server, running.
    pub(crate) fn of(server: Server) -> Self {
        let (stop, stopped) = oneshot::channel();
        let address = server.local_addr();
        let running = tokio::spawn(server.run(async { _ = stopped.await }));
        Self { address, stop, running }
    }

    /// A socket by `protocol`, at the address `/ws` and `query`.
    pub(crate) async fn open(&self, protocol: Option<&str>, query: &str) -> Result<Socket, Error> {
        let mut request = format!("ws://{}/ws{query}", self.address).into_client_request()?;
        if let Some(protocol) = protocol {
            let value = HeaderValue::from_str(protocol).expect("a header");
            request.headers_mut().insert("Sec-WebSocket-Protocol", value);
        }
        within(connect_async(request)).await.map(|(socket, _)| socket)
    }

    /// A client without a subprotocol: in `main`, with whole frames.
    pub(crate) async fn connect(&self) -> Client {
        self.client(None, "").await
    }

    pub(crate) async fn client(&self, protocol: Option<&str>, query: &str) -> Client {
        let socket = self.open(protocol, query).await.expect("a connection");
        let mut client = Client { socket, seen: VecDeque::new(), base: Map::new(), asked: 0 };
        assert_eq!(client.next().await["type"], "hello");
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
        self.send(method, path, headers, "").await
    }

    /// Status and JSON body of the answer to a request with a JSON body.
    pub(crate) async fn json(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let (status, _, answer) =
            self.send(method, path, "Content-Type: application/json\r\n", &body.to_string()).await;
        (status, serde_json::from_str(&answer).expect("JSON"))
    }

    /// Status, head and body of the answer.
    pub(crate) async fn send(&self, method: &str, path: &str, headers: &str, body: &str) -> (u16, String, String) {
        let mut stream = within(TcpStream::connect(self.address)).await.expect("a connection");
        let host = if headers.contains("Host:") { String::new() } else { format!("Host: {}\r\n", self.address) };
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let request = format!("{method} {path} HTTP/1.1\r\n{host}{headers}{length}Connection: close\r\n\r\n{body}");
        within(stream.write_all(request.as_bytes())).await.expect("a request sent");
        let mut answer = Vec::new();
        within(stream.read_to_end(&mut answer)).await.expect("an answer");
        let answer = String::from_utf8_lossy(&answer);
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        (status, head.to_ascii_lowercase(), body.to_owned())
    }

    /// All that comes back for what is sent as it stands.
    pub(crate) async fn raw(&self, request: &str) -> String {
        let mut stream = within(TcpStream::connect(self.address)).await.expect("a connection");
        within(stream.write_all(request.as_bytes())).await.expect("a request sent");
        let mut answer = Vec::new();
        within(stream.read_to_end(&mut answer)).await.expect("an answer");
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// The JSON body of a good answer.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, _, body) = self.request("GET", path, "").await;
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).expect("JSON")
    }

    pub(crate) async fn health(&self) -> Value {
        self.get("/api/health").await
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

/// A client of the protocol: what it is sent, in order, with its deltas laid over their keyframes.
pub(crate) struct Client {
    pub(crate) socket: Socket,
    /// What came before the answer that was waited for.
    seen: VecDeque<Value>,
    base: Map<String, Value>,
    asked: u64,
}

impl Client {
    /// The next message; a binary frame as `{"type": "binary", "bytes": …}`.
    pub(crate) async fn next(&mut self) -> Value {
        let message = match self.seen.pop_front() {
            Some(seen) => seen,
            None => self.receive().await,
        };
        if let Value::Object(fields) = &message
            && fields["type"] == "keyframe"
        {
            self.base.clone_from(fields);
        }
        message
    }

    async fn receive(&mut self) -> Value {
        loop {
            match within(self.socket.next()).await.expect("a message").expect("a readable one") {
                Message::Text(text) => return serde_json::from_str(&text).expect("JSON"),
                Message::Binary(bytes) => return json!({ "type": "binary", "bytes": bytes.to_vec() }),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The next message of a type; those before it are passed over.
    pub(crate) async fn next_of(&mut self, kind: &str) -> Value {
        loop {
            let message = self.next().await;
            if message["type"] == kind {
                return message;
            }
        }
    }

    /// The next event of a kind.
    pub(crate) async fn event(&mut self, kind: &str) -> Value {
        loop {
            let event = self.next_of("event").await;
            if event["kind"] == kind {
                return event["data"].clone();
            }
        }
    }

    /// The next frame, whole: deltas are laid over their keyframes.
    pub(crate) async fn frame(&mut self) -> Value {
        loop {
            let message = self.next().await;
            let Value::Object(mut fields) = message else { panic!("{message}") };
            match fields["type"].as_str() {
                Some("keyframe") => return fields.into(),
                Some("delta") => {
                    assert_eq!(fields.remove("base"), self.base.get("seq").cloned(), "an unknown base");
                    let mut frame = self.base.clone();
                    fields.insert("type".to_owned(), "keyframe".into());
                    frame.extend(fields);
                    return frame.into();
                }
                _ => {}
            }
        }
    }

    pub(crate) async fn say(&mut self, text: impl Into<String>) {
        self.socket.send(Message::text(text.into())).await.expect("sent");
    }

    /// Sends a request and waits for what answers it; what comes before that can still be read.
    pub(crate) async fn ask(&mut self, mut request: Value) -> Value {
        self.asked += 1;
        let id = json!(self.asked);
        request["id"] = id.clone();
        self.say(request.to_string()).await;
        loop {
            let message = self.receive().await;
            if message["id"] == id {
                return message;
            }
            self.seen.push_back(message);
        }
    }

    /// The result of a request that is granted.
    pub(crate) async fn granted(&mut self, request: Value) -> Value {
        let answer = self.ask(request.clone()).await;
        assert_ne!(answer["type"], "error", "{request}: {answer}");
        if answer["type"] == "reply" { answer["result"].clone() } else { answer }
    }

    /// The code of the error that a request meets with.
    pub(crate) async fn refused(&mut self, request: Value) -> String {
        let answer = self.ask(request.clone()).await;
        assert_eq!(answer["type"], "error", "{request}: {answer}");
        answer["code"].as_str().expect("a code").to_owned()
    }

    /// Reads until the close frame.
    pub(crate) async fn close_frame(&mut self) -> CloseFrame {
        close_frame(&mut self.socket).await
    }
}

/// Reads until the close frame.
pub(crate) async fn close_frame(socket: &mut Socket) -> CloseFrame {
    loop {
        if let Message::Close(frame) = within(socket.next()).await.expect("a message").expect("a readable one") {
            return frame.expect("a close code");
        }
    }
}

pub(crate) fn number(value: &Value) -> u64 {
    value.as_u64().expect("a whole number")
}
