//! The Daladala server: one running stream of episodes, and everything that people and programs watch it by.
//!
//! The parts, from the game outwards; arrows go down this list only:
//!
//! * [`Driver`]: rules, a policy and its name: who drives. `episodes` turns it into an endless row of state frames;
//! * `protocol`: the messages of `docs/PROTOCOL.md`, and nothing that sends them;
//! * `room`: an actor that ticks, encodes each frame once and publishes it, the latest only. It knows no viewer, so
//!   no viewer can slow it;
//! * `session`: one viewer's WebSocket, from its first frame to its close code;
//! * `http`: the routes, who may use them, and the embedded viewer;
//! * [`Server`]: the listener and the order in which all this starts and stops.
//!
//! ```no_run
//! use daladala_agents::scripted::Oracle;
//! use daladala_env::rules::Classic;
//! use daladala_server::{Driver, Server, ServerConfig, ServerError};
//!
//! # async fn serve() -> Result<(), ServerError> {
//! let driver = Driver::new(Classic, "oracle", Box::new(Oracle))?;
//! let server = Server::bind(ServerConfig::default(), driver).await?;
//! println!("{}", server.url());
//! server.run(async { _ = tokio::signal::ctrl_c().await }).await?;
//! # Ok(())
//! # }
//! ```

mod config;
mod driver;
mod episodes;
mod error;
mod http;
mod listener;
mod protocol;
mod room;
mod server;
mod session;

pub use config::{FrameRate, FrameRateError, Limits, ServerConfig};
pub use driver::Driver;
pub use error::{RoomError, ServerError};
pub use protocol::PROTOCOL_VERSION;
pub use server::Server;
