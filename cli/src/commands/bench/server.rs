//! `daladala bench server`: a crowd of viewers that watch a server, one started for it or one that runs already.
//!
//! The viewers connect gradually. When the last one has its first frame all watch for a while uncounted, then what
//! comes is counted. What a frame's lateness is, [`measure`] says.

mod client;
mod measure;
mod process;
mod report;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use client::{Crowd, Stage, Target};
use indicatif::ProgressBar;
use measure::{Board, Tally};
use process::{OwnServer, own_usage};
use report::Report;
use serde::Serialize;
use tokio::net::lookup_host;
use tokio::sync::watch;
use tokio::time::{sleep, sleep_until};
use tokio_tungstenite::tungstenite::ClientRequestBuilder;
use tokio_tungstenite::tungstenite::http::Uri;

use super::parse_seconds;
use crate::numbers::count_in;
use crate::output::progress_bar;

/// The most viewers: what one address has ports for, less some for everybody else.
const MAX_VIEWERS: u64 = 25_000;
/// The most threads of the client.
const MAX_THREADS: u64 = 64;
/// The rates that a room can have, frames a second.
const RATES: std::ops::RangeInclusive<f64> = 0.01..=20_000.0;
/// The rate of a server of our own unless another is given.
const DEFAULT_RATE: f64 = 20.0;
/// How long the first viewer watches alone before the server's memory with one viewer is read.
const ALONE: Duration = Duration::from_secs(1);
/// How long all watch before it counts, and the fewest frames that the room makes meanwhile.
const WARM_UP: Duration = Duration::from_secs(2);
const WARM_UP_FRAMES: f64 = 2.0;
/// How often the progress bar moves.
const LOOK: Duration = Duration::from_millis(50);
/// Connections a second: to a server of our own, which is told to allow it, and to others, which by default refuse
/// more than 200 from an address.
const OWN_PACE: f64 = 1000.0;
const PACE: f64 = 150.0;
/// The most connections a second: the runtime's clock ticks in milliseconds.
const MAX_PACE: f64 = 1000.0;
/// Memory for what viewers read at once, in all, and the bounds of one viewer's share, bytes. Few viewers may get
/// hundreds of frames at once, each of thousands gets one.
const BUFFERS: usize = 16 << 20;
const BUFFER: std::ops::RangeInclusive<usize> = 4 << 10..=64 << 10;
/// Files that are open besides the connections.
const SPARE_FILES: u64 = 64;

/// What the figures mean, for the help.
const LATENESS: &str = "\
A frame carries no time, so its lateness is measured against the schedule that the room keeps: frame s is due at \
t0 + (s - s0) / fps. t0 is the best case: the earliest that any frame came to any viewer while it was measured, \
counted back to s0. So the lateness includes what the room itself is late with, and the time that this client takes to \
read. The spread of a frame is the time since the first viewer had it.";

/// How frames come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Encoding {
    /// Binary keyframes and deltas.
    Binary,
    /// JSON keyframes and deltas.
    Json,
    /// Whole frames in JSON, as without a subprotocol.
    Plain,
}

#[derive(Debug, clap::Args)]
#[command(after_long_help = LATENESS)]
pub(crate) struct ServerArgs {
    /// Viewers that connect.
    #[arg(long, default_value = "100", allow_negative_numbers = true,
          value_parser = count_in::<usize>(1..=MAX_VIEWERS))]
    viewers: usize,
    /// Frames a second of the server that is started, by default 20. With --url, the rate that the room must have.
    #[arg(long, allow_negative_numbers = true, value_parser = parse_rate)]
    fps: Option<f64>,
    /// How long to measure, seconds.
    #[arg(long, default_value = "10", allow_negative_numbers = true, value_parser = parse_seconds)]
    seconds: f64,
    /// The part of the viewers, from 0 to below 1, that connect and then read no more. They are reported apart.
    #[arg(long, default_value = "0", allow_negative_numbers = true, value_parser = parse_fraction)]
    stalled: f64,
    /// How frames come.
    #[arg(long, value_enum, default_value_t = Encoding::Binary)]
    encoding: Encoding,
    /// Watch the server at ws://HOST:PORT/ws instead of one that is started for this and ended after it.
    #[arg(long)]
    url: Option<String>,
    /// The room to watch, by default main.
    #[arg(long, value_parser = parse_room)]
    room: Option<String>,
    /// The token that lets the viewers in.
    #[arg(long)]
    token: Option<String>,
    /// Connections a second while the viewers connect, by default 150 with --url, otherwise 1000.
    #[arg(long, allow_negative_numbers = true, value_parser = parse_pace)]
    connects_per_second: Option<f64>,
    /// Threads of the client.
    #[arg(long, default_value_t = 1, allow_negative_numbers = true,
          value_parser = count_in::<usize>(1..=MAX_THREADS))]
    threads: usize,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

fn parse_rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok().filter(|rate| RATES.contains(rate));
    rate.ok_or_else(|| format!("give a number from {} to {}", RATES.start(), RATES.end()))
}

fn parse_fraction(text: &str) -> Result<f64, String> {
    let fraction = text.parse().ok().filter(|fraction| (0.0..1.0).contains(fraction));
    fraction.ok_or_else(|| "give a number from 0 to below 1".to_owned())
}

fn parse_pace(text: &str) -> Result<f64, String> {
    let pace = text.parse().ok().filter(|pace| (1.0..=MAX_PACE).contains(pace));
    pace.ok_or_else(|| format!("give a number from 1 to {MAX_PACE}"))
}

fn parse_room(text: &str) -> Result<String, String> {
    let valid = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    let fits = (1..=32).contains(&text.len()) && text.bytes().all(valid);
    fits.then(|| text.to_owned()).ok_or_else(|| "give 1 to 32 of a-z, 0-9 and -".to_owned())
}

impl Encoding {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Json => "json",
            Self::Plain => "plain",
        }
    }

    fn subprotocol(self) -> Option<&'static str> {
        match self {
            Self::Binary => Some(daladala_protocol::BINARY),
            Self::Json => Some(daladala_protocol::JSON),
            Self::Plain => None,
        }
    }
}

impl ServerArgs {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        allow_files(self.viewers as u64 + SPARE_FILES)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let report = runtime.context("cannot start the async runtime")?.block_on(async {
            // Whichever ends first, a server of our own ends with it.
            tokio::select! {
                report = self.measure() => report,
                interrupted = interrupted() => interrupted.and_then(|()| bail!("interrupted")),
            }
        })?;
        report.print(self.json)
    }

    async fn measure(&self) -> anyhow::Result<Report> {
        let server = match self.url {
            Some(_) => None,
            None => Some(OwnServer::start(self.viewers, self.fps.unwrap_or(DEFAULT_RATE)).await?),
        };
        let url = self.url.as_deref().or(server.as_ref().map(|server| &*server.url)).unwrap_or_default();
        let board = Arc::new(Board::new());
        let report = self.watch(self.target(url).await?, &board, server.as_ref()).await?;
        if let Some(server) = server {
            server.stop().await?;
        }
        Ok(report)
    }

    /// Where `url` leads.
    async fn target(&self, url: &str) -> anyhow::Result<Target> {
        let uri = websocket(url, self.room.as_deref())?;
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let found = lookup_host((&*host, uri.port_u16().unwrap_or(80))).await.map(|mut addresses| addresses.next());
        let address = found.ok().flatten().with_context(|| format!("cannot find the host {host:?}"))?;
        let mut request = ClientRequestBuilder::new(uri);
        if let Some(token) = &self.token {
            ensure!(token.bytes().all(|byte| byte.is_ascii_graphic()), "--token has characters that no token has");
            request = request.with_header("Authorization", format!("Bearer {token}"));
        }
        if let Some(subprotocol) = self.encoding.subprotocol() {
            request = request.with_sub_protocol(subprotocol);
        }
        let buffer = (BUFFERS / self.viewers).clamp(*BUFFER.start(), *BUFFER.end());
        Ok(Target { address, request, deltas: self.encoding != Encoding::Plain, buffer })
    }

    async fn watch(&self, target: Target, board: &Arc<Board>, server: Option<&OwnServer>) -> anyhow::Result<Report> {
        let stalled = ((self.viewers as f64 * self.stalled).round() as usize).min(self.viewers - 1);
        let threads = self.threads.min(self.viewers);
        let pace = self.connects_per_second.unwrap_or(if server.is_some() { OWN_PACE } else { PACE });
        let (stage, stages) = watch::channel(Stage::Alone);
        let mut crowds = Vec::new();
        for thread in 0..threads {
            let (target, board, stages) = (target.clone(), board.clone(), stages.clone());
            let viewers = self.viewers;
            crowds.push(Crowd { target, thread, threads, viewers, stalled, pace, board, stages }.watch()?);
        }

        let bar = progress_bar(self.viewers as u64, "viewers", self.json);
        arrivals(1, board, &bar).await?;
        let room = board.room().context("the server sends frames and does not say of which room")?;
        ensure!(RATES.contains(&room.fps), "the server says its room has {} frames a second", room.fps);
        ensure!(!room.paused, "the room is paused: no frames come");
        if let Some(fps) = self.fps {
            ensure!(room.fps == fps, "the room has {} frames a second, not {fps}", room.fps);
        }
        sleep(ALONE).await;
        let usage_of_one = server.and_then(OwnServer::usage);
        let start = Instant::now();
        stage.send_replace(Stage::All);
        let connect_errors = arrivals(self.viewers, board, &bar).await?;
        let connect_seconds = start.elapsed().as_secs_f64();
        bar.finish_and_clear();

        let warm_up = WARM_UP.max(Duration::from_secs_f64(WARM_UP_FRAMES / room.fps));
        let time = Duration::from_secs_f64(self.seconds);
        board.warm_up(room.fps, warm_up, time);
        sleep(warm_up).await;
        let bar = progress_bar(time.as_millis() as u64, "ms", self.json);
        let usage = || (server.and_then(OwnServer::usage), own_usage(), board.latest());
        ensure!(board.begin(), "no frame came while all were connected: does the room wait to be stepped?");
        let (server_before, client_before, seq_before) = usage();
        wait(time, &bar).await;
        let (server_after, client_after, seq_after) = usage();
        let seconds = board.end().as_secs_f64();
        bar.finish_and_clear();

        stage.send_replace(Stage::Over);
        let mut tally = Tally::new()?;
        for crowd in crowds {
            tally.merge(&crowd.await.context("a thread of viewers has failed")?)?;
        }
        ensure!(!board.room_changed(), "the room was changed or paused meanwhile, so this says nothing: measure again");
        let viewers = tally.frames_of.len();
        if tally.disconnected >= viewers as u64 {
            bail!("all viewers lost their connection, {}", board.take_trouble().unwrap_or_default());
        }
        ensure!(tally.frames > 0, "no frame came while it was measured");

        let rate = |count: u64| count as f64 / seconds;
        let others = self.viewers - connect_errors - 1;
        let memory = usage_of_one.zip(server_after).filter(|_| others > 0);
        let cores = |before: Option<process::Usage>, after: Option<process::Usage>| {
            before.zip(after).map(|(before, after)| (after.processor - before.processor) / seconds)
        };
        Ok(Report {
            viewers,
            fps: room.fps,
            seconds,
            encoding: self.encoding,
            room_frames_per_second: rate(seq_after - seq_before),
            frames_per_second: rate(tally.frames),
            frames_per_second_per_viewer: rate(tally.frames) / viewers as f64,
            frames_per_second_slowest_viewer: rate(tally.frames_of.iter().copied().min().unwrap_or_default()),
            bytes_per_frame: tally.bytes as f64 / tally.frames as f64,
            lateness_ms: board.lateness(&tally),
            spread_ms: tally.spread(),
            skipped: tally.skipped,
            duplicates: tally.duplicates,
            presences: tally.presences,
            events: tally.events,
            connect_errors,
            disconnected: tally.disconnected,
            stalled,
            stalled_disconnected: tally.stalled_disconnected,
            first_error: board.take_trouble(),
            connect_seconds,
            server_rss_kib_per_viewer: memory.map(|(one, all)| (all.memory as f64 - one.memory as f64) / others as f64),
            server_rss_peak_kib: server_after.map(|usage| usage.peak),
            server_cpu: cores(server_before, server_after),
            client_cpu: cores(client_before, client_after),
        })
    }
}

/// Waits until so many viewers are connected or could not, and returns how many could not.
async fn arrivals(viewers: usize, board: &Board, bar: &ProgressBar) -> anyhow::Result<usize> {
    loop {
        let (connected, failed) = board.arrived();
        bar.set_position((connected + failed) as u64);
        if connected + failed >= viewers {
            if connected == 0 {
                bail!("{}", board.take_trouble().unwrap_or_default());
            }
            return Ok(failed);
        }
        sleep(LOOK).await;
    }
}

async fn wait(time: Duration, bar: &ProgressBar) {
    let start = tokio::time::Instant::now();
    while start.elapsed() < time {
        bar.set_position(start.elapsed().as_millis() as u64);
        sleep_until((start + time).min(tokio::time::Instant::now() + LOOK)).await;
    }
}

/// The address of the WebSocket, with the room in its query.
fn websocket(url: &str, room: Option<&str>) -> anyhow::Result<Uri> {
    let form = || format!("--url {url:?}: give ws://HOST:PORT/ws");
    let uri: Uri = url.parse().with_context(form)?;
    ensure!(uri.scheme_str() != Some("wss") && uri.scheme_str() != Some("https"), "{} (no TLS is spoken here)", form());
    let authority = uri.authority().filter(|_| matches!(uri.scheme_str(), Some("ws" | "http"))).with_context(form)?;
    let path = if uri.path() == "/" { "/ws" } else { uri.path() };
    let query = uri.query().unwrap_or_default();
    let named = query.split('&').any(|parameter| parameter.starts_with("room="));
    ensure!(!named || room.is_none(), "the address names a room already: leave out --room");
    let and = if query.is_empty() { "" } else { "&" };
    let room = if named { String::new() } else { format!("{and}room={}", room.unwrap_or("main")) };
    format!("ws://{authority}{path}?{query}{room}").parse().with_context(form)
}

/// Lets this program, and what it starts, have so many files open.
pub(super) fn allow_files(files: u64) -> anyhow::Result<()> {
    let allowed = rlimit::increase_nofile_limit(files).context("cannot find out how many files may be open")?;
    ensure!(
        allowed >= files,
        "only {allowed} files may be open, and this takes {files}: raise it with `ulimit -n {files}`"
    );
    Ok(())
}

/// Returns when the program is asked to end: by Ctrl-C, a service manager, or a terminal that goes away.
async fn interrupted() -> anyhow::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (mut terminate, mut hang_up) = (signal(SignalKind::terminate())?, signal(SignalKind::hangup())?);
        tokio::select! {
            result = tokio::signal::ctrl_c() => result?,
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{parse_fraction, parse_pace, parse_rate, parse_room, websocket};

    #[test]
    fn addresses_lead_to_the_socket_of_a_room() {
        let cases = [
            ("ws://127.0.0.1:5000/ws", None, "ws://127.0.0.1:5000/ws?room=main"),
            ("http://127.0.0.1:5000/", None, "ws://127.0.0.1:5000/ws?room=main"),
            ("http://127.0.0.1:5000", Some("bus-2"), "ws://127.0.0.1:5000/ws?room=bus-2"),
            ("ws://[::1]:7/live/ws?frames=whole", None, "ws://[::1]:7/live/ws?frames=whole&room=main"),
            ("ws://host/ws?room=b", None, "ws://host/ws?room=b"),
        ];
        for (url, room, expected) in cases {
            assert_eq!(websocket(url, room).unwrap().to_string(), expected);
        }
        for url in ["", "/ws", "127.0.0.1:5000", "wss://host/ws", "https://host/", "ftp://host/", "ws:///ws"] {
            assert!(websocket(url, None).is_err(), "{url}");
        }
        assert!(websocket("ws://host/ws?room=b", Some("c")).is_err());
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(["0", "-1", "NaN", "20001", "x"].iter().all(|text| parse_rate(text).is_err()));
        assert!(["1", "-0.1", "NaN", "x"].iter().all(|text| parse_fraction(text).is_err()));
        assert!(["0", "NaN", "inf"].iter().all(|text| parse_pace(text).is_err()));
        assert!(["", "Main", "a&b", &"a".repeat(33)].iter().all(|text| parse_room(text).is_err()));
        assert_eq!(parse_room("bus-2").unwrap(), "bus-2");
    }
}
