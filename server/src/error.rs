//! Why a server cannot be had, or stops by itself. Each is one line, its sources the rest of the story.

use std::io;
use std::path::PathBuf;

use daladala_agents::{PolicyFault, StreamError};
use daladala_env::EnvError;

use crate::recording::RecordingError;

/// A server that cannot start or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// Another program listens there.
    #[error(
        "port {port} on {host} is already in use: stop the program that has it, or choose another with --port \
         (0 finds a free one)"
    )]
    PortInUse {
        /// Where it was to listen.
        host: String,
        /// The port asked for.
        port: u16,
    },
    /// The address cannot be listened on for another reason.
    #[error("cannot listen on {host}, port {port}")]
    Bind {
        /// Where it was to listen.
        host: String,
        /// The port asked for.
        port: u16,
        /// Why not.
        source: io::Error,
    },
    /// The policy was made for other rules.
    #[error(
        "model '{model}' does not fit the rules '{rules}': it reads {} features and chooses among {} actions, \
         the rules have {} and {}",
        .takes.0, .takes.1, .have.0, .have.1
    )]
    DriverMismatch {
        /// The model.
        model: String,
        /// The rules.
        rules: String,
        /// Observation size and actions of the policy.
        takes: (usize, usize),
        /// Observation size and actions of the rules.
        have: (usize, usize),
    },
    /// A room cannot go on.
    #[error("room '{room}' has stopped")]
    Room {
        /// Which room.
        room: String,
        /// Why.
        source: RoomError,
    },
    /// Recordings cannot be kept where they are to be kept.
    #[error("recordings cannot be kept in {folder}")]
    Recordings {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// What outlives the server cannot be kept or read where it is to be kept.
    #[error("rooms cannot be kept in {folder}")]
    State {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The broker that connects servers cannot be reached.
    #[error("the broker at {url} cannot be reached: is it there, and is the password right?")]
    Broker {
        /// Where it was to be.
        url: String,
        /// Why not.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A setting that cannot be followed.
    #[error("{0}")]
    Setting(String),
    /// The listener failed.
    #[error("the server has stopped")]
    Serve(#[source] io::Error),
}

/// Why a room cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RoomError {
    /// The policy chose what the rules do not know.
    #[error(transparent)]
    Env(#[from] EnvError),
    /// The policy has no action. The room goes on once it has one.
    #[error("its driver failed: {0}")]
    Driver(#[from] PolicyFault),
    /// A recording has become unreadable.
    #[error("its recording cannot be played")]
    Playback(#[from] RecordingError),
    /// The policy or the rules panicked; what they said is in the log.
    #[error("its driver panicked")]
    Panicked,
}

impl From<StreamError> for RoomError {
    fn from(error: StreamError) -> Self {
        match error {
            StreamError::Env(error) => Self::Env(error),
            StreamError::Policy(fault) => Self::Driver(fault),
        }
    }
}
