//! The Daladala server: rooms in which agents drive, and everything that people and programs watch and drive them by.
//!
//! The messages of `docs/PROTOCOL.md` are those of the crate `daladala_protocol`. The parts, from the game outwards; each
//! knows only those above it, but that a game may be a recording, so that `game` knows the file format of `recording`:
//!
//! * `game`: [`Driver`]s (rules, a policy and its name), recordings to play, and the [`Catalog`] that finds both;
//! * `room`: an actor that owns a game and publishes its frames, each encoded once. It knows no viewer, so none can slow
//!   it; `rooms` has all of them;
//! * `feed`: what one viewer gets and in which order, whatever carries it; `recording` writes a feed to a file;
//! * `access`: roles, tokens, origins and rates; `commands`: what may be asked of rooms, and by whom;
//!   `answers`: what was answered, for those who ask again;
//! * `session`: one native client's WebSocket; `original`: the Socket.IO events and REST routes of the original;
//!   `http`: all other routes, and the embedded viewer;
//! * `broker`: rooms that other servers run, and rooms that other servers show;
//! * `viewers`: the threads of sessions, which nothing else runs on;
//! * `listener` and [`Server`]: connections, and the order in which all this starts and stops.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use daladala_agents::{Policy, scripted::Oracle};
//! use daladala_env::RuleSet;
//! use daladala_server::{Catalog, Driver, Server, ServerConfig, ServerError};
//!
//! # async fn serve() -> Result<(), ServerError> {
//! let policy: Arc<dyn Policy> = Arc::new(Oracle);
//! let catalog = Catalog::new(Driver::new(RuleSet::Classic, "oracle", policy)?).with_built_in();
//! let server = Server::bind(ServerConfig::default(), catalog).await?;
//! println!("{}", server.url());
//! server.run(async { _ = tokio::signal::ctrl_c().await }).await?;
//! # Ok(())
//! # }
//! ```

mod access;
mod answers;
mod app;
mod broker;
mod commands;
mod config;
mod error;
mod feed;
mod game;
mod http;
mod listener;
mod metrics;
mod original;
mod recording;
mod room;
mod rooms;
mod server;
mod session;
mod severable;
mod shared;
mod state;
mod unstuck;
mod viewers;

pub use access::{Claims, make_token};
pub use config::{
    AccessConfig, AllowedHost, AllowedOrigin, Anonymous, BrokerConfig, BrokerUrl, BrokerUrlError, FrameRate,
    FrameRateError, HostError, Limits, Origin, OriginError, Role, Secret, SecretError, ServerConfig, UnknownRole,
};
pub use daladala_protocol::RoomSpec;

pub use error::{RoomError, ServerError};
pub use game::{Catalog, CatalogError, Driver};
pub use recording::{Header, RecordingError};
pub use server::{Server, Stage};
