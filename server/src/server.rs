//! The server as a whole: what it is made of, and the order in which it starts and stops.

use std::future::{Future, IntoFuture};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;

use axum::serve::ListenerExt;
use daladala_env::Rules;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::config::{Limits, ServerConfig};
use crate::driver::Driver;
use crate::error::{RoomError, ServerError};
use crate::http::{self, App};
use crate::listener;
use crate::room::{Room, RoomActor};

/// The room that always exists.
const MAIN: &str = "main";

/// A server that listens but does not run yet: connections wait until [`Server::run`].
pub struct Server<R: Rules> {
    listener: TcpListener,
    address: SocketAddr,
    room: Arc<Room>,
    actor: RoomActor<R>,
    limits: Limits,
}

impl<R: Rules> Server<R> {
    /// Listens, and opens the room `main` with `driver` in it.
    pub async fn bind(config: ServerConfig, driver: Driver<R>) -> Result<Self, ServerError> {
        let listener = listener::bind(&config.host, config.port).await?;
        let address = listener.local_addr().map_err(ServerError::Serve)?;
        let (room, actor) = Room::open(MAIN, driver, config.fps, config.seed).map_err(stopped)?;
        Ok(Self { listener, address, room, actor, limits: config.limits })
    }

    /// Where the server listens, with the port it was given if port 0 was asked for.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The address for a browser on this machine, such as `http://127.0.0.1:5000/`.
    #[must_use]
    pub fn url(&self) -> String {
        let mut address = self.address;
        if address.ip().is_unspecified() {
            let loopback = if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
            address.set_ip(loopback);
        }
        format!("http://{address}/")
    }

    /// Serves until `shutdown` is done, then closes every socket and waits for them at most
    /// [`Limits::shutdown_timeout`]. An error if the room cannot go on before that.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), ServerError> {
        let stop = watch::Sender::new(false);
        let mut rooms = JoinSet::new();
        rooms.spawn(self.actor.run());

        let app = App::new(self.room, stop.clone(), self.limits);
        let router = http::router(app, self.address.ip().is_loopback());
        // Frames are small and due now: waiting to fill a packet only makes them late.
        let listener = self.listener.tap_io(|connection| {
            if let Err(error) = connection.set_nodelay(true) {
                tracing::debug!(%error, "TCP_NODELAY");
            }
        });
        let mut told = stop.subscribe();
        let stopping = async move { _ = told.wait_for(|&down| down).await };
        let serving = axum::serve(listener, router).with_graceful_shutdown(stopping).into_future();
        let mut serving = pin!(serving);
        tracing::info!(address = %self.address, "serving");

        let outcome = tokio::select! {
            () = shutdown => Ok(()),
            Some(ended) = rooms.join_next() => {
                let Err(error) = ended.unwrap_or(Err(RoomError::Panicked));
                Err(stopped(error))
            }
            served = &mut serving => return served.map_err(ServerError::Serve),
        };
        tracing::info!("shutting down");
        stop.send_replace(true);
        // Each session holds a receiver, so the channel closes with the last of them.
        let drained = async {
            _ = serving.await;
            stop.closed().await;
        };
        if timeout(self.limits.shutdown_timeout, drained).await.is_err() {
            tracing::warn!("some connections did not end in time");
        }
        outcome
    }
}

fn stopped(source: RoomError) -> ServerError {
    ServerError::Room { room: MAIN.to_owned(), source }
}
