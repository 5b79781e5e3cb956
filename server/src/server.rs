//! The server as a whole: what it is made of, and the order in which it starts and stops.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use daladala_env::Frame;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::access::{Access, Claims, make_token};
use crate::app::App;
use crate::config::{Role, Secret, ServerConfig};
use crate::error::ServerError;
use crate::game::Catalog;
use crate::metrics::Metrics;
use crate::original::Original;
use crate::recording::Recordings;
use crate::room::{Pollers, Room};
use crate::rooms::{Lost, MAIN, Means, Rooms};
use crate::shared::Shared;
use crate::state::StateFolder;
use crate::viewers::ViewerThreads;
use crate::{http, listener};

/// For a token in an address that is printed when the server starts: a working day.
const PRINTED_TOKEN: Duration = Duration::from_hours(12);

/// A server that listens but does not run yet: connections wait until [`Server::run`].
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    app: Arc<App>,
    secret: Secret,
    losses: mpsc::UnboundedReceiver<Lost>,
    underscored_events: bool,
    state: Option<StateFolder>,
}

/// The room `main` of a server that shows what another program plays.
#[derive(Clone)]
pub struct Stage(Arc<Room>);

impl Stage {
    /// Shows the next frame, from any thread and without waiting. False where the room is gone, or has more to do than it
    /// can, so that this frame is left out.
    #[must_use]
    pub fn show(&self, frame: Frame) -> bool {
        self.0.tell(|actor| actor.show(frame))
    }
}

impl Server {
    /// Listens, and opens the rooms that always exist with the first driver of `catalog` in them.
    pub async fn bind(config: ServerConfig, catalog: Catalog) -> Result<Self, ServerError> {
        let recordings = match &config.recordings {
            Some(folder) => Some(
                Recordings::in_folder(folder)
                    .map_err(|source| ServerError::Recordings { folder: folder.clone(), source })?,
            ),
            None => None,
        };
        let (state, kept) = match &config.state {
            Some(folder) => StateFolder::open(folder).map(|(state, kept)| (Some(state), kept))?,
            None => (None, None),
        };
        let listener = listener::bind(&config.host, config.port).await?;
        let address = listener.local_addr().map_err(ServerError::Serve)?;
        let secret = config.access.secret.clone().unwrap_or_else(Secret::random);
        let metrics = Arc::new(Metrics::new());
        let link = match &config.broker {
            Some(broker) => Some(broker.connect(&config.limits).await?),
            None => None,
        };
        let (rooms, losses) = Rooms::new(Means {
            catalog,
            recordings,
            fps: config.fps,
            limits: config.limits,
            metrics: Arc::clone(&metrics),
            link,
        });
        if let Err(error) = rooms.begin(config.seed, config.rooms, kept).await {
            // Those that are open already run.
            rooms.stop().await;
            return Err(error);
        }
        if let Some(link) = &rooms.link {
            // Others may ask it for rooms as soon as it listens.
            link.renew(&rooms).await;
        }
        let app = Arc::new(App {
            rooms,
            access: Access::new(&config.access, &secret, &config.limits, address),
            limits: config.limits,
            metrics,
            pollers: Pollers::new(config.limits.poller_gone_after),
            websocket: config.websocket,
            sever: CancellationToken::new(),
            stop: watch::Sender::new(false),
            viewers: ViewerThreads::start().map_err(ServerError::Serve)?,
            episode_data: Shared::default(),
            started: Instant::now(),
        });
        let underscored_events = config.underscored_events;
        Ok(Self { listener, address, app, secret, losses, underscored_events, state })
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

    /// The address with a token for `role` in it, for those who may not do that without one; good for twelve hours. The
    /// token is in the fragment, which browsers keep to themselves: no proxy can log it.
    #[must_use]
    pub fn url_for(&self, role: Role) -> Option<String> {
        if self.app.access.anonymous().is_some_and(|anonymous| anonymous >= role) {
            return None;
        }
        let token = make_token(&self.secret, &Claims::new(role, PRINTED_TOKEN)).ok()?;
        Some(format!("{}#token={token}", self.url()))
    }

    /// Where a program that plays itself shows what it does; none where the server was given a driver.
    #[must_use]
    pub fn stage(&self) -> Option<Stage> {
        let room = self.app.rooms.find_here(MAIN)?;
        self.app.rooms.catalog().first().is_shown().then_some(Stage(room))
    }

    /// Serves until `shutdown` is done, then closes every socket and waits for them at most
    /// [`Limits::shutdown_timeout`](crate::Limits::shutdown_timeout). An error if a room that always exists cannot go on before that.
    pub async fn run(mut self, shutdown: impl Future<Output = ()>) -> Result<(), ServerError> {
        let app = self.app;
        let original = Original::new(&app, self.underscored_events);
        let router = http::router(&app, &original);
        let mut serving = tokio::spawn(listener::serve(self.listener, router, Arc::clone(&app)));
        let (end_keeping, keep_on) = watch::channel(false);
        let (stop_linking, end_linking) = watch::channel(false);
        let linking = app.rooms.link.clone().map(|link| tokio::spawn(link.run(Arc::clone(&app.rooms), end_linking)));
        let keeping = self.state.map(|state| tokio::spawn(state.keep(Arc::clone(&app.rooms), keep_on)));
        tracing::info!(address = %self.address, "serving");
        let outcome = tokio::select! {
            () = shutdown => Ok(()),
            Some((room, source)) = self.losses.recv() => Err(ServerError::Room { room, source }),
            _ = &mut serving => Err(ServerError::Serve(io::Error::other("it no longer accepts connections"))),
        };
        tracing::info!("shutting down");
        // While all rooms and players are still there.
        end_keeping.send_replace(true);
        if let Some(keeping) = keeping {
            // It says itself what went wrong.
            _ = keeping.await;
        }
        app.stop.send_replace(true);
        app.sever.cancel();
        // Each session and each connection holds a receiver, so the channel closes with the last of them.
        let drained = async {
            if !serving.is_finished() {
                _ = serving.await;
            }
            app.rooms.stop_recordings().await;
            app.stop.closed().await;
            app.rooms.stop().await;
            stop_linking.send_replace(true);
            if let Some(linking) = linking {
                _ = linking.await;
            }
        };
        if timeout(app.limits.shutdown_timeout, drained).await.is_err() {
            tracing::warn!("some connections did not end in time");
        }
        outcome
    }
}
