//! Viewers: each connects, joins and reads what it is sent, as a program that watches would.
//!
//! A thread has a runtime of its own and its share of the viewers, which write to one recorder without locks.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow, bail, ensure};
use daladala_protocol::{Head, PROTOCOL_VERSION};
use futures_util::StreamExt;
use serde::Deserialize;
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{ClientRequestBuilder, Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::measure::{Board, Progress, Recorder, Room, Tally};

/// How long a viewer may take until its first frame.
const CONNECT_TIME: Duration = Duration::from_secs(30);
/// Viewers that connect at once, of all threads.
const CONNECTING: usize = 256;
/// The longest message taken, bytes: several times the longest frame.
const MAX_MESSAGE: usize = 1 << 20;
/// What the system may hold for a stalled viewer, bytes: the least that Linux allows is near it.
const STALLED_BUFFER: u32 = 4096;
/// How long stalled viewers look, at the end, whether they are still connected: enough to read what was on its way.
const LAST_LOOK: Duration = Duration::from_secs(1);

type Socket = WebSocketStream<TcpStream>;

/// How far the measurement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// One viewer alone, the first.
    Alone,
    All,
    Over,
}

/// Where viewers connect to, and how.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) request: ClientRequestBuilder,
    /// Whether keyframes are bases of deltas.
    pub(crate) deltas: bool,
    /// Bytes read at once.
    pub(crate) buffer: usize,
}

/// The viewers of one thread.
#[derive(Debug)]
pub(crate) struct Crowd {
    pub(crate) target: Target,
    /// The thread with the number 0 has the first viewer.
    pub(crate) thread: usize,
    pub(crate) threads: usize,
    pub(crate) viewers: usize,
    pub(crate) stalled: usize,
    /// Connections a second, of all threads.
    pub(crate) pace: f64,
    pub(crate) board: Arc<Board>,
    pub(crate) stages: watch::Receiver<Stage>,
}

impl Crowd {
    /// Lets the viewers watch on a thread of their own until it is over, then tells what they have counted.
    pub(crate) fn watch(self) -> anyhow::Result<oneshot::Receiver<Tally>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.context("cannot start the async runtime")?;
        let tally = Tally::new()?;
        let (sender, receiver) = oneshot::channel();
        let watch = move || {
            let tally = LocalSet::new().block_on(&runtime, self.run(tally));
            // Nobody is interested any more if the program is ending.
            let _ = sender.send(tally);
        };
        std::thread::Builder::new().name("viewers".to_owned()).spawn(watch).context("cannot start a thread")?;
        Ok(receiver)
    }

    async fn run(mut self, tally: Tally) -> Tally {
        let recorder = Rc::new(Recorder::new(self.board.clone(), tally));
        let target = Rc::new(self.target.clone());
        let doors = Arc::new(Semaphore::new(CONNECTING.div_ceil(self.threads)));
        let mut pace = interval(Duration::from_secs_f64(self.threads as f64 / self.pace));
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for viewer in (self.thread..self.viewers).step_by(self.threads) {
            if viewer > 0 && self.stages.wait_for(|stage| *stage >= Stage::All).await.is_err() {
                break;
            }
            pace.tick().await;
            // The semaphore is never closed.
            let door = doors.clone().acquire_owned().await.ok();
            let stalls = is_stalled(viewer, self.viewers, self.stalled);
            let viewer = Viewer { recorder: recorder.clone(), target: target.clone(), stages: self.stages.clone() };
            spawn_local(viewer.live(stalls, door));
        }
        // An error says that the program is ending, which is over as well.
        let _ = self.stages.wait_for(|stage| *stage == Stage::Over).await;
        let mut tally = recorder.tally();
        if self.stalled > 0 {
            sleep(LAST_LOOK).await;
            tally.stalled_disconnected = recorder.tally().stalled_disconnected;
        }
        tally
    }
}

/// Whether a viewer is among the `stalled` of `viewers`, which are spread evenly; the first never is.
fn is_stalled(viewer: usize, viewers: usize, stalled: usize) -> bool {
    let until = |viewer: usize| viewer * stalled / (viewers - 1).max(1);
    viewer > 0 && until(viewer) > until(viewer - 1)
}

/// One viewer.
struct Viewer {
    recorder: Rc<Recorder>,
    target: Rc<Target>,
    stages: watch::Receiver<Stage>,
}

impl Viewer {
    /// Keeps the door, one of those through which viewers connect, until the first frame has come.
    async fn live(mut self, stalls: bool, door: Option<OwnedSemaphorePermit>) {
        let board = self.recorder.board.clone();
        let opened = timeout(CONNECT_TIME, self.open(stalls)).await.context("no frame came");
        drop(door);
        let mut socket = match opened.and_then(|opened| opened) {
            Ok(socket) => socket,
            Err(error) => return board.failed(&error),
        };
        let mut progress = if stalls { Progress::uncounted() } else { self.recorder.viewer() };
        board.connected();
        if stalls {
            // It reads no more until all is over, and then only to see whether the server has ended the connection.
            let _ = self.stages.wait_for(|stage| *stage == Stage::Over).await;
        }
        let ended = loop {
            if let Err(error) = self.next(&mut socket, &mut progress).await {
                break error;
            }
        };
        if !stalls {
            board.trouble(&ended.context("disconnected"));
        }
        self.recorder.disconnected(stalls);
    }

    /// Connects, joins and waits for the first frame.
    async fn open(&self, stalls: bool) -> anyhow::Result<Socket> {
        let address = self.target.address;
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
        let socket = socket.context("cannot open a socket")?;
        if stalls {
            socket.set_recv_buffer_size(STALLED_BUFFER).context("cannot set the buffer of a socket")?;
        }
        let stream = socket.connect(address).await.with_context(|| format!("cannot connect to {address}"))?;
        let buffer = if stalls { STALLED_BUFFER as usize } else { self.target.buffer };
        let config = WebSocketConfig::default().read_buffer_size(buffer).max_message_size(Some(MAX_MESSAGE));
        let request = self.target.request.clone();
        let mut socket = match client_async_with_config(request, stream, Some(config)).await {
            Ok((socket, _)) => socket,
            Err(Error::Http(response)) => bail!("the server answers {}", response.status()),
            Err(error) => return Err(told(&error).context("no WebSocket")),
        };
        let mut uncounted = Progress::uncounted();
        while !matches!(self.next(&mut socket, &mut uncounted).await?, Head::Frame { .. }) {}
        Ok(socket)
    }

    /// Takes the next message. An error is the end of the connection.
    async fn next(&self, socket: &mut Socket, progress: &mut Progress) -> anyhow::Result<Head> {
        loop {
            let message =
                socket.next().await.context("the server has ended the connection")?.map_err(|error| told(&error))?;
            let (head, bytes) = match &message {
                Message::Binary(bytes) => (Head::of_binary(bytes)?, bytes.len()),
                Message::Text(text) => (Head::of_text(text)?, text.len()),
                Message::Close(Some(close)) => bail!("closed by the server with {}: {}", close.code, close.reason),
                Message::Close(None) => bail!("closed by the server"),
                // tungstenite answers pings by itself.
                _ => continue,
            };
            if let (Head::Hello | Head::Room | Head::Error, Message::Text(text)) = (head, &message) {
                self.heed(head, text)?;
            }
            self.recorder.message(progress, head, bytes, self.target.deltas);
            return Ok(head);
        }
    }

    /// Looks into the few messages that matter beyond being counted.
    fn heed(&self, head: Head, text: &str) -> anyhow::Result<()> {
        #[derive(Deserialize)]
        struct Hello {
            protocol: u32,
        }
        #[derive(Deserialize)]
        struct Refusal {
            message: String,
        }
        match head {
            Head::Hello => {
                let Hello { protocol } = serde_json::from_str(text).context("an unreadable hello")?;
                ensure!(
                    protocol == PROTOCOL_VERSION,
                    "the server speaks version {protocol} of the protocol, not {PROTOCOL_VERSION}"
                );
            }
            Head::Room => {
                let room: Room = serde_json::from_str(text).context("an unreadable room")?;
                self.recorder.board.entered(room);
            }
            _ => {
                let Refusal { message } = serde_json::from_str(text).context("an unreadable error")?;
                bail!("the server refuses: {message}");
            }
        }
        Ok(())
    }
}

/// The error without its cause, which it tells itself.
fn told(error: &Error) -> anyhow::Error {
    anyhow!("{error}")
}

#[cfg(test)]
mod tests {
    use super::is_stalled;

    #[test]
    fn as_many_stall_as_asked_for_and_never_the_first() {
        for (viewers, stalled) in [(1, 0), (2, 1), (10, 1), (10, 9), (100, 10), (101, 33), (5000, 500)] {
            let who: Vec<_> = (0..viewers).filter(|viewer| is_stalled(*viewer, viewers, stalled)).collect();
            assert_eq!(who.len(), stalled, "{viewers}");
            assert!(!who.contains(&0));
        }
    }
}
