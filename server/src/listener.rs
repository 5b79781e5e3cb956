//! The listening socket, set up for many small messages that are worth nothing when they are late.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket, lookup_host};

use crate::error::ServerError;

/// Bytes that the system may hold for one connection that does not read. Left alone it grows to megabytes, minutes
/// of frames that a slow viewer would all get late. This is some 50 frames, and enough for a page to load quickly
/// over all but the longest lines.
const SEND_BUFFER_BYTES: u32 = 64 * 1024;

/// Connections that may wait to be accepted: a room full of viewers that reconnect at once.
const BACKLOG: u32 = 1024;

/// Listens on the first address of `host` that can be listened on.
pub(crate) async fn bind(host: &str, port: u16) -> Result<TcpListener, ServerError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::AddrInUse => ServerError::PortInUse { host: host.to_owned(), port },
        _ => ServerError::Bind { host: host.to_owned(), port, source },
    };
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in lookup_host((host, port)).await.map_err(failed)? {
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
