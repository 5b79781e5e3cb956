//! Connections: set up for many small messages that are worth nothing when they are late, and limited in number.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::SockRef;
use tokio::net::{TcpListener, TcpSocket, TcpStream, lookup_host};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};
use tower::ServiceExt;

use crate::access::Share;
use crate::app::App;
use crate::error::ServerError;
use crate::metrics::Counted;
use crate::original::SOCKET_IO;
use crate::severable::{Mark, Severable};
use crate::unstuck::Unstuck;

/// Bytes that the system may hold for one connection that does not read. Left alone it grows to megabytes, minutes
/// of frames that a slow viewer would all get late. This is some 50 frames, and enough for a page to load quickly
/// over all but the longest lines.
const SEND_BUFFER_BYTES: u32 = 64 * 1024;

/// Connections that may wait to be accepted: a room full of viewers that reconnect at once.
const BACKLOG: u32 = 4096;

/// Bytes of a request's head, and of what is gathered before it is written.
const HTTP_BUFFER_BYTES: usize = 16 * 1024;

/// For how long nothing is read from a connection whose request was one too many: so to refuse costs little, however
/// fast it asks. It is the least that `Retry-After` can say.
const REST: Duration = Duration::from_secs(1);

/// Before accepting again when the system cannot give another connection.
const OUT_OF_FILES: Duration = Duration::from_millis(50);

/// Listens on the first address of `host` that can be listened on.
pub(crate) async fn bind(host: &str, port: u16) -> Result<TcpListener, ServerError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::AddrInUse => ServerError::PortInUse { host: host.to_owned(), port },
        _ => ServerError::Bind { host: host.to_owned(), port, source },
    };
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    // An IPv6 address may come in the brackets that it has in a URL.
    let name = host.trim_start_matches('[').trim_end_matches(']');
    for address in lookup_host((name, port)).await.map_err(failed)? {
        match listen(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => last = error,
        }
    }
    Err(failed(last))
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // On Unix this lets a server start anew beside the resting connections of the one before. On Windows it would
    // let two servers share a port.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    // Accepted connections inherit it.
    socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// The other end of a connection, known to every request on it. Whoever takes the connection over keeps it, so that
/// the connection counts as long as it lives.
#[derive(Clone)]
pub(crate) struct Peer(Arc<Connection>);

struct Connection {
    address: IpAddr,
    _of_all: OwnedSemaphorePermit,
    _of_address: Option<Share>,
    _counted: Counted,
}

impl Peer {
    pub(crate) fn ip(&self) -> IpAddr {
        self.0.address
    }
}

/// Accepts connections until the server stops, and waits for their requests to end.
pub(crate) async fn serve(listener: TcpListener, router: Router, app: Arc<App>) {
    let places = Arc::new(Semaphore::new(app.limits.max_connections.min(Semaphore::MAX_PERMITS)));
    let mut stop = app.stop.subscribe();
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            _ = stop.wait_for(|&down| down) => return,
        };
        let (stream, address, place) = accepted;
        set_up(&stream, app.limits.idle_timeout);
        match app.access.connect(address.ip()) {
            Ok(of_address) => {
                let counted = Counted::new(&app.metrics.connections);
                let address = address.ip();
                let peer =
                    Peer(Arc::new(Connection { address, _of_all: place, _of_address: of_address, _counted: counted }));
                tokio::spawn(converse(stream, router.clone(), Arc::clone(&app), peer));
            }
            Err(refusal) => {
                tracing::debug!(%address, refusal.message, "connection refused");
                tokio::spawn(turn_away(stream));
            }
        }
    }
}

async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    loop {
        let Ok(place) = Arc::clone(places).acquire_owned().await else { std::future::pending().await };
        match listener.accept().await {
            Ok((stream, address)) => return (stream, address, place),
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be accepted");
                tokio::time::sleep(OUT_OF_FILES).await;
            }
        }
    }
}

fn set_up(stream: &TcpStream, silence: Duration) {
    // Frames are small and due now: waiting to fill a packet only makes them late.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY");
    }
    // Whoever takes nothing for this long is gone, whatever it is that is being sent.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let Err(error) = SockRef::from(stream).set_tcp_user_timeout(Some(silence)) {
        tracing::debug!(%error, "TCP_USER_TIMEOUT");
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = (SockRef::from(stream), silence);
}

/// Answers the requests of one connection.
async fn converse(stream: TcpStream, router: Router, app: Arc<App>, peer: Peer) {
    let original = Mark::default();
    let stream = Unstuck::new(stream, app.limits.write_timeout);
    let stream = Severable::new(stream, original.clone(), app.sever.clone());
    let rest = Arc::new(Mutex::new(None));
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        if request.uri().path().starts_with(SOCKET_IO) {
            original.set();
        }
        request.extensions_mut().insert(peer.clone());
        let (answered, rest) = (router.clone().oneshot(request), Arc::clone(&rest));
        async move {
            let until = rest.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(until) = until {
                sleep_until(until).await;
            }
            let answer = answered.await;
            if answer.as_ref().is_ok_and(|answer| answer.status() == StatusCode::TOO_MANY_REQUESTS) {
                *rest.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + REST);
            }
            answer
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(app.limits.header_timeout)
        .max_buf_size(HTTP_BUFFER_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let mut stop = app.stop.subscribe();
    let stopped = async move { _ = stop.wait_for(|&down| down).await };
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = stopped => None,
    };
    let ended = if let Some(ended) = ended {
        ended
    } else {
        connection.as_mut().graceful_shutdown();
        connection.await
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection");
    }
}

async fn turn_away(stream: TcpStream) {
    const ANSWER: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    if stream.writable().await.is_ok() {
        // Whoever opens too many connections may have to do without the reason.
        _ = stream.try_write(ANSWER);
    }
}
