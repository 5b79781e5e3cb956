//! What can be chosen about a server. Values are checked when they are made, so that nothing is left to check later.

mod access;
mod broker;
mod limits;
mod pages;

use std::path::PathBuf;

pub use daladala_protocol::{FrameRate, FrameRateError, Role, UnknownRole};

use daladala_protocol::RoomSpec;

pub use access::{AccessConfig, Anonymous, Secret, SecretError};
pub use broker::{BrokerConfig, BrokerUrl, BrokerUrlError};
pub use limits::Limits;
pub use pages::{AllowedHost, AllowedOrigin, HostError, Origin, OriginError};
pub(crate) use pages::{split, usual_port};

/// How a [`Server`](crate::Server) is made.
#[derive(Clone)]
pub struct ServerConfig {
    /// The name or address to listen on.
    pub host: String,
    /// The port to listen on; 0 for a free one.
    pub port: u16,
    /// How fast the room `main` drives.
    pub fps: FrameRate,
    /// The seed of the layouts of `main`; by the clock if none is given.
    pub seed: Option<u64>,
    /// How much of everything there may be, and how long it may take.
    pub limits: Limits,
    /// Who may do what.
    pub access: AccessConfig,
    /// The folder of recordings; without one there are none.
    pub recordings: Option<PathBuf>,
    /// The folder of what outlives the server: its rooms; without one, nothing does.
    pub state: Option<PathBuf>,
    /// Rooms that exist from the start, beside `main` and `original`. Each has a code.
    pub rooms: Vec<RoomSpec>,
    /// Whether clients may open a WebSocket; otherwise they have events and polling.
    pub websocket: bool,
    /// Whether events of the original's Socket.IO go out under names with underscores too.
    pub underscored_events: bool,
    /// What connects it with other servers.
    pub broker: Option<BrokerConfig>,
}

impl Default for ServerConfig {
    /// 127.0.0.1, port 5000, which the original's clients expect.
    fn default() -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: 5000,
            fps: FrameRate::default(),
            seed: None,
            limits: Limits::default(),
            access: AccessConfig::default(),
            recordings: None,
            state: None,
            rooms: Vec::new(),
            websocket: true,
            underscored_events: true,
            broker: None,
        }
    }
}
