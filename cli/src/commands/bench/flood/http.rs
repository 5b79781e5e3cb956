//! Floods over HTTP, by a client as small as it can be: what it costs the attacker is not what is measured.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::sleep;

use super::Target;

/// Bytes that are read at once.
const READ: usize = 64 << 10;
/// What the system may hold for one who reads nothing, bytes: the least that Linux allows is near it.
const UNREAD_BUFFER: u32 = 4096;
/// The longest that an unread answer is waited for: longer than any flood.
const FOR_EVER: Duration = Duration::from_hours(1);
/// Frames that a room keeps by default, less those that are made meanwhile.
const RING: u64 = 590;
/// Where Socket.IO is polled.
const POLL: &str = "/socket.io/?EIO=4&transport=polling";
/// Steps that a driver asks for in one request.
const STEPS: usize = 32;

/// A connection that stays.
struct Connection<'a> {
    stream: TcpStream,
    target: &'a Target,
    read: Vec<u8>,
}

impl<'a> Connection<'a> {
    async fn open(target: &'a Target) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(target.address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, target, read: Vec::with_capacity(READ) })
    }

    async fn get(&mut self, path: &str) -> anyhow::Result<String> {
        self.request("GET", path, "").await
    }

    /// The body of the answer.
    async fn request(&mut self, method: &str, path: &str, body: &str) -> anyhow::Result<String> {
        let (host, length) = (&self.target.host, body.len());
        let request = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n{body}");
        self.stream.write_all(request.as_bytes()).await?;
        self.read.clear();
        let head = loop {
            if let Some(end) = find(&self.read, b"\r\n\r\n") {
                break end + 4;
            }
            self.more().await?;
        };
        let text = String::from_utf8_lossy(&self.read[..head]).to_ascii_lowercase();
        let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).context("no status")?;
        if let Some(length) = text.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next()) {
            let whole = head + length.parse::<usize>()?;
            while self.read.len() < whole {
                self.more().await?;
            }
        } else {
            while !self.read.ends_with(b"0\r\n\r\n") {
                self.more().await?;
            }
        }
        self.target.count.answer(status, self.read.len());
        if text.contains("connection: close") {
            bail!("the server has ended the connection");
        }
        Ok(String::from_utf8_lossy(&self.read[head..]).into_owned())
    }

    async fn more(&mut self) -> anyhow::Result<()> {
        self.read.reserve(READ);
        ensure!(self.stream.read_buf(&mut self.read).await? > 0, "the server has ended the connection");
        Ok(())
    }
}

/// Asks for one path without end.
pub(super) async fn ask(target: &Target, path: &str) -> anyhow::Result<()> {
    let mut connection = Connection::open(target).await?;
    loop {
        connection.get(path).await?;
    }
}

/// Asks for all frames that are kept, without end.
pub(super) async fn ring(target: &Target) -> anyhow::Result<()> {
    let mut connection = Connection::open(target).await?;
    let mut latest = 1;
    loop {
        let after = u64::saturating_sub(latest, RING).max(1);
        let path = format!("/api/rooms/main/frames?after={after}&frames=whole&wait=0");
        let answer = connection.get(&path).await?;
        let next = answer.rsplit("\"next\":").next().unwrap_or_default();
        latest = next.split(|other: char| !other.is_ascii_digit()).next().unwrap_or_default().parse().unwrap_or(latest);
    }
}

/// A connection that asks for nothing.
pub(super) async fn connect(target: &Target) -> anyhow::Result<()> {
    drop(TcpStream::connect(target.address).await?);
    target.count.answer(200, 0);
    Ok(())
}

/// Asks, and reads nothing.
pub(super) async fn unread(target: &Target, path: &str) -> anyhow::Result<()> {
    let socket = if target.address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_recv_buffer_size(UNREAD_BUFFER)?;
    let mut stream = socket.connect(target.address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", target.host);
    stream.write_all(request.as_bytes()).await?;
    target.count.answer(200, 0);
    sleep(FOR_EVER).await;
    Ok(())
}

/// Opens a session of Socket.IO, enters and polls once; then leaves it behind.
pub(super) async fn session(target: &Target) -> anyhow::Result<()> {
    let mut connection = Connection::open(target).await?;
    loop {
        open(&mut connection).await?;
    }
}

/// Opens a session of Socket.IO and drives, without a look at what comes of it.
pub(super) async fn driver(target: &Target) -> anyhow::Result<()> {
    let mut connection = Connection::open(target).await?;
    let path = open(&mut connection).await?;
    connection.request("POST", &path, "42[\"start-episode\"]").await?;
    let steps = vec!["42[\"step\",{\"action\":0}]"; STEPS].join("\u{1e}");
    loop {
        connection.request("POST", &path, &steps).await?;
        connection.request("POST", &path, "42[\"reset\"]").await?;
    }
}

/// The address of a new session.
async fn open(connection: &mut Connection<'_>) -> anyhow::Result<String> {
    let opened = connection.get(POLL).await?;
    let id = opened.split("\"sid\":\"").nth(1).and_then(|rest| rest.split('"').next()).context("no session")?;
    let path = format!("{POLL}&sid={id}");
    connection.request("POST", &path, "40").await?;
    connection.get(&path).await?;
    Ok(path)
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
