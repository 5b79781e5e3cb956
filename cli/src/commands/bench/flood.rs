//! `daladala bench flood`: what a hostile client does to a server, so that it can be done again while others watch.
//!
//! `benches/floods` runs every kind at low priority beside `daladala bench server`, whose viewers tell what came of it.

mod http;
mod socket;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, ensure};
use serde::Serialize;
use tokio::net::lookup_host;
use tokio::task::LocalSet;
use tokio::time::sleep;
use tokio_tungstenite::tungstenite::http::Uri;

use super::parse_seconds;
use super::server::allow_files;
use crate::output::{print, print_json};

/// Files that are open besides the connections.
const SPARE_FILES: u64 = 64;
/// The most connections: what one address has ports for, less some for everybody else.
const MAX_CONNECTIONS: u64 = 25_000;
/// Before a connection that was refused is opened again.
const AGAIN: Duration = Duration::from_millis(20);

/// What the server is flooded with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    /// Polling for all frames that the room keeps.
    Frames,
    /// The frames of the original's episode.
    EpisodeData,
    /// The description of the API.
    Description,
    /// Paths that do not exist.
    Unknown,
    /// The page.
    Page,
    /// Connections that are opened and given up.
    Connections,
    /// Sessions of Socket.IO over polling that are opened, polled once and left.
    Sessions,
    /// Sessions of Socket.IO over polling that drive as fast as they may and read next to nothing.
    Drivers,
    /// Clients that ask somewhat less often than they may.
    Requests,
    /// Clients that ask as fast as they can.
    Messages,
    /// A driver that changes the speed as fast as it can.
    Speed,
    /// Clients that ask for all frames that the room keeps, and read no answer.
    Unread,
    /// Event streams that nobody reads.
    Streams,
}

#[derive(Debug, clap::Args)]
pub(crate) struct FloodArgs {
    /// What the server is flooded with.
    #[arg(value_enum)]
    kind: Kind,
    /// The server, such as `http://127.0.0.1:5000`. Flood your own alone.
    #[arg(long)]
    url: String,
    /// Connections at once [default: by kind]
    #[arg(long, allow_negative_numbers = true,
          value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=MAX_CONNECTIONS))]
    connections: Option<usize>,
    /// How long, seconds.
    #[arg(long, default_value = "10", allow_negative_numbers = true, value_parser = parse_seconds)]
    seconds: f64,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// What a connection of a flood works on.
#[derive(Clone)]
struct Target {
    address: SocketAddr,
    host: String,
    count: Rc<Count>,
}

/// What has come of it.
#[derive(Default)]
struct Count {
    /// Answers by status; 0 for connections that were refused or broke.
    answers: Cell<BTreeMap<u16, u64>>,
    bytes: Cell<u64>,
}

#[derive(Debug, Serialize)]
struct Report {
    kind: Kind,
    connections: usize,
    seconds: f64,
    /// Answers a second by HTTP's status, or close codes and errors of a WebSocket; 0 for broken connections.
    answers_per_second: BTreeMap<u16, f64>,
    bytes_per_second: f64,
}

impl Count {
    fn answer(&self, status: u16, bytes: usize) {
        let mut answers = self.answers.take();
        *answers.entry(status).or_default() += 1;
        self.answers.set(answers);
        self.bytes.set(self.bytes.get() + bytes as u64);
    }
}

impl Kind {
    fn connections(self) -> usize {
        match self {
            Self::Speed => 1,
            Self::Frames | Self::EpisodeData | Self::Description | Self::Unknown | Self::Page | Self::Messages => 16,
            Self::Connections | Self::Sessions | Self::Drivers => 48,
            Self::Requests => 500,
            Self::Unread | Self::Streams => 1900,
        }
    }

    async fn go_on(self, target: Target) {
        loop {
            let ended = match self {
                Self::Frames => http::ring(&target).await,
                Self::EpisodeData => http::ask(&target, "/api/episode-data").await,
                Self::Description => http::ask(&target, "/api/openapi.json").await,
                Self::Unknown => http::ask(&target, "/api/nothing/here").await,
                Self::Page => http::ask(&target, "/").await,
                Self::Connections => http::connect(&target).await,
                Self::Sessions => http::session(&target).await,
                Self::Drivers => http::driver(&target).await,
                Self::Requests => socket::within_limits(&target).await,
                Self::Messages => socket::flood(&target, r#"{"type":"rooms"}"#).await,
                Self::Speed => socket::flood(&target, r#"{"type":"speed","fps":20}"#).await,
                Self::Unread => http::unread(&target, "/api/rooms/main/frames?after=1&frames=whole&wait=0").await,
                Self::Streams => http::unread(&target, "/api/rooms/main/events?frames=whole").await,
            };
            if ended.is_err() {
                target.count.answer(0, 0);
                sleep(AGAIN).await;
            }
        }
    }
}

impl FloodArgs {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let connections = self.connections.unwrap_or_else(|| self.kind.connections());
        allow_files(connections as u64 + SPARE_FILES)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.context("cannot start the async runtime")?;
        let report = LocalSet::new().block_on(&runtime, self.flood(connections))?;
        if self.json {
            return print_json(&report);
        }
        let answers = report.answers_per_second.iter().map(|(status, rate)| format!("{status}: {rate:.0}"));
        let answers: Vec<_> = answers.collect();
        print(format!(
            "{} connections, {:.1} MB/s, answers a second by status: {}",
            report.connections,
            report.bytes_per_second / 1e6,
            answers.join(", ")
        ))
    }

    async fn flood(&self, connections: usize) -> anyhow::Result<Report> {
        let form = || format!("--url {:?}: give http://HOST:PORT", self.url);
        let uri: Uri = self.url.parse().with_context(form)?;
        ensure!(uri.scheme_str() == Some("http"), "{}", form());
        let host = uri.authority().with_context(form)?.to_string();
        let place = (uri.host().unwrap_or_default().trim_matches(['[', ']']), uri.port_u16().unwrap_or(80));
        let found = lookup_host(place).await.ok().and_then(|mut addresses| addresses.next());
        let address = found.with_context(|| format!("cannot find the host of {}", self.url))?;
        let target = Target { address, host, count: Rc::default() };
        for _ in 0..connections {
            tokio::task::spawn_local(self.kind.go_on(target.clone()));
        }
        sleep(Duration::from_secs_f64(self.seconds)).await;
        let rate = |count: u64| count as f64 / self.seconds;
        let answers = target.count.answers.take();
        Ok(Report {
            kind: self.kind,
            connections,
            seconds: self.seconds,
            answers_per_second: answers.into_iter().map(|(status, count)| (status, rate(count))).collect(),
            bytes_per_second: rate(target.count.bytes.get()),
        })
    }
}
