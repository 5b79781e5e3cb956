//! `daladala serve`

mod log;
mod rooms;
mod stop;

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::ArgAction;
use clap::builder::BoolishValueParser;
use daladala_agents::{Choice, Policy, registry};
use daladala_server::{
    AccessConfig, AllowedHost, AllowedOrigin, Anonymous, BrokerConfig, BrokerUrl, Catalog, Driver, FrameRate, Limits,
    Role, RoomSpec, Secret, Server, ServerConfig,
};

use crate::arguments::{DeviceArgs, RulesArgs};
use crate::memory;
use crate::numbers::count_in;
use crate::output::{print, tell_of};
use log::LogFormat;

/// The variable with the secret itself, for those who keep secrets in the environment.
const SECRET_VARIABLE: &str = "DALADALA_TOKEN_SECRET";

/// The most threads: more than any machine has cores.
const MAX_THREADS: u64 = 1024;

/// Each setting can also be in the environment (DALADALA_ and its name) or in a TOML file (--config).
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A TOML file with settings: the long flags without the dashes, such as `fps = 10`.
    #[arg(long, env = "DALADALA_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The address to listen on; 0.0.0.0 lets other machines in, who then need tokens.
    #[arg(long, env = "DALADALA_HOST", default_value = "127.0.0.1")]
    host: String,
    /// The port to listen on; 0 finds a free one.
    #[arg(long, env = "DALADALA_PORT", default_value_t = 5000, allow_negative_numbers = true)]
    port: u16,
    /// Who drives: a built-in name (see `daladala models`) or the path of a weights file.
    #[arg(long, env = "DALADALA_MODEL", default_value = "ppo")]
    model: String,
    /// A folder of weights files that rooms may be driven by, beside the built-in models.
    #[arg(long, env = "DALADALA_MODELS", value_name = "FOLDER")]
    models: Option<PathBuf>,
    #[command(flatten)]
    device: DeviceArgs,
    #[command(flatten)]
    rules: RulesArgs,
    /// Steps a second.
    #[arg(long, env = "DALADALA_FPS", default_value_t, allow_negative_numbers = true)]
    fps: FrameRate,
    /// The seed of the episodes; another one each time if none is given.
    #[arg(long, env = "DALADALA_SEED", allow_negative_numbers = true)]
    seed: Option<u64>,
    /// Threads that answer requests, and as many for those who watch [default: one fewer than there are cores, at least one]
    #[arg(long, env = "DALADALA_THREADS", value_name = "N", allow_negative_numbers = true,
          value_parser = count_in::<usize>(1..=MAX_THREADS))]
    threads: Option<usize>,
    /// A folder to keep recordings of rooms in; made if it is missing. Without one there are none.
    #[arg(long, env = "DALADALA_RECORDINGS", value_name = "FOLDER")]
    recordings: Option<PathBuf>,
    /// A folder to keep the rooms in, so that they survive a restart; made if it is missing. Without one they don't.
    #[arg(long, env = "DALADALA_STATE", value_name = "FOLDER")]
    state: Option<PathBuf>,
    /// A room that is there from the start, such as `{"code": "class", "model": "dqn", "fps": 2}`; can be given several
    /// times. In a file: a table `[[rooms]]` each.
    #[arg(long, value_name = "JSON", value_parser = rooms::room)]
    room: Vec<RoomSpec>,
    /// Redis or Valkey, such as `redis://127.0.0.1:6379`, through which servers show each other's rooms (docs/SCALING.md).
    #[arg(long, env = "DALADALA_BROKER", value_name = "URL")]
    broker: Option<BrokerUrl>,
    /// Run no rooms: show those that other servers of the broker run.
    #[arg(long, env = "DALADALA_EDGE", action = ArgAction::SetTrue, value_parser = yes_or_no(), requires = "broker",
          conflicts_with_all = ["room", "state"])]
    edge: bool,
    /// Do without WebSocket, as for networks that break it: clients fall back to events and polling.
    #[arg(long, env = "DALADALA_NO_WEBSOCKET", action = ArgAction::SetTrue, value_parser = yes_or_no())]
    no_websocket: bool,
    #[command(flatten)]
    access: AccessArgs,
    #[command(flatten)]
    limits: LimitArgs,
    /// Send the events of the original's Socket.IO under their names with dashes alone.
    #[arg(long, env = "DALADALA_NO_UNDERSCORED_EVENTS", action = ArgAction::SetTrue, value_parser = yes_or_no())]
    no_underscored_events: bool,
    /// How the log is written on standard error, for people or for programs. The variable `RUST_LOG` says what is: warn (the
    /// default), info, debug, trace, or parts of it, such as `daladala_server=debug,warn`.
    #[arg(long, env = "DALADALA_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    log_format: LogFormat,
}

/// For switches in the environment and in files: 1, true, yes and on, or 0, false, no and off.
fn yes_or_no() -> BoolishValueParser {
    BoolishValueParser::new()
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Who may do what")]
struct AccessArgs {
    /// The file of the secret that tokens are signed with; made if it is missing. Without one, tokens are good for as
    /// long as the server runs.
    #[arg(long, env = "DALADALA_TOKEN_SECRET_FILE", value_name = "FILE")]
    token_secret_file: Option<PathBuf>,
    /// What those without a token may do: none, watch, drive or admin [default: admin on a loopback address, none
    /// elsewhere]
    #[arg(long, env = "DALADALA_ANONYMOUS", value_name = "ROLE")]
    anonymous: Option<Anonymous>,
    /// An origin whose pages may use the server, such as `https://bus.example`; can be given several times. `*` stands for
    /// all, `null` for pages without an origin, such as files.
    #[arg(long, env = "DALADALA_ALLOW_ORIGIN", value_name = "ORIGIN", value_delimiter = ',')]
    allow_origin: Vec<AllowedOrigin>,
    /// All requests come through a proxy, which names their addresses in X-Forwarded-For: then nobody is trusted for
    /// coming from this machine.
    #[arg(long, env = "DALADALA_BEHIND_PROXY", action = ArgAction::SetTrue, value_parser = yes_or_no())]
    behind_proxy: bool,
    /// A name by which a server on a loopback address may be called, as by a proxy; can be given several times.
    #[arg(long, env = "DALADALA_ALLOW_HOST", value_name = "NAME", value_delimiter = ',')]
    allow_host: Vec<AllowedHost>,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Limits")]
struct LimitArgs {
    /// Connections in all [default: 10000]
    #[arg(long, env = "DALADALA_MAX_CONNECTIONS", value_name = "N", allow_negative_numbers = true)]
    max_connections: Option<NonZeroUsize>,
    /// Connections of one address [default: 2000]
    #[arg(long, env = "DALADALA_MAX_CONNECTIONS_PER_ADDRESS", value_name = "N", allow_negative_numbers = true)]
    max_connections_per_address: Option<NonZeroUsize>,
    /// Rooms [default: 64]
    #[arg(long, env = "DALADALA_MAX_ROOMS", value_name = "N", allow_negative_numbers = true)]
    max_rooms: Option<NonZeroUsize>,
    /// Viewers of one room [default: 10000]
    #[arg(long, env = "DALADALA_MAX_VIEWERS_PER_ROOM", value_name = "N", allow_negative_numbers = true)]
    max_viewers_per_room: Option<NonZeroUsize>,
    /// Requests of one connection a second [default: 200]
    #[arg(long, env = "DALADALA_MAX_REQUESTS", value_name = "N", allow_negative_numbers = true)]
    max_requests: Option<NonZeroU32>,
    /// HTTP requests of one address a second [default: 2000]
    #[arg(long, env = "DALADALA_MAX_REQUESTS_PER_ADDRESS", value_name = "N", allow_negative_numbers = true)]
    max_requests_per_address: Option<NonZeroU32>,
    /// Frames that each room keeps for those who come back [default: 600]
    #[arg(long, env = "DALADALA_HISTORY_FRAMES", value_name = "N", allow_negative_numbers = true)]
    history_frames: Option<NonZeroUsize>,
    /// MiB that all recordings together may take [default: 8192]
    #[arg(long, env = "DALADALA_MAX_RECORDINGS_MIB", value_name = "N", allow_negative_numbers = true)]
    max_recordings_mib: Option<NonZeroU32>,
    /// Seconds after which a room that nobody watches goes to sleep [default: 10]
    #[arg(long, env = "DALADALA_SLEEP_AFTER", value_name = "SECONDS", allow_negative_numbers = true)]
    sleep_after: Option<u32>,
    /// Seconds after which a created room that nobody watches is closed [default: 3600]
    #[arg(long, env = "DALADALA_CLOSE_IDLE_AFTER", value_name = "SECONDS", allow_negative_numbers = true)]
    close_idle_after: Option<u32>,
}

impl Args {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let log_limit = log::begin(self.log_format)?;
        // A viewer is a file to the system. With fewer than were hoped for, the server says so when it comes to it.
        if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
            tracing::debug!(%error, "the limit of open files stays");
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(self.threads.unwrap_or_else(default_threads))
            .enable_all()
            .build()
            .context("cannot start the async runtime")?;
        runtime.spawn(log_limit.tell());
        runtime.spawn(memory::give_back());
        runtime.block_on(self.serve())
    }

    async fn serve(self) -> anyhow::Result<()> {
        let (catalog, edge) = (self.catalog()?, self.edge);
        let config = ServerConfig {
            host: self.host,
            port: self.port,
            fps: self.fps,
            seed: self.seed,
            limits: self.limits.limits(),
            access: self.access.config()?,
            recordings: self.recordings,
            state: self.state,
            rooms: self.room,
            broker: self.broker.map(|url| BrokerConfig { url, edge: self.edge }),
            websocket: !self.no_websocket,
            underscored_events: !self.no_underscored_events,
        };
        // Whoever reads the address may ask it to stop at once.
        let stop = stop::asked()?;
        let server = Server::bind(config, catalog).await?;
        let watch = server.url_for(Role::Watch).unwrap_or_else(|| server.url());
        // Whether anybody reads what it prints is nothing to the server.
        let what = if edge { "An edge" } else { &format!("{} drives", self.model) };
        _ = print(format!("{what}. Watch at {watch} (Ctrl-C ends)"));
        if let Some(admin) = server.url_for(Role::Admin) {
            _ = print(format!("Drive and administer at {admin}"));
        }
        server.run(stop).await?;
        _ = print("Stopped.");
        Ok(())
    }

    fn catalog(&self) -> anyhow::Result<Catalog> {
        let device = self.device.device;
        let spec = self.rules.spec_for(&self.model)?;
        let info = spec.info();
        let loaded = registry::load(&self.model, &info, Choice::Greedy, device)?;
        tell_of(&self.model, &loaded, &info.id);
        let policy: Arc<dyn Policy> = Arc::from(loaded.policy);
        let driver = Driver::new(spec, registry::display_name(&self.model), policy)?;
        let catalog = Catalog::new(driver).on_device(device).with_built_in();
        Ok(match &self.models {
            Some(folder) => catalog.with_folder(folder)?,
            None => catalog,
        })
    }
}

impl AccessArgs {
    fn config(self) -> anyhow::Result<AccessConfig> {
        Ok(AccessConfig {
            secret: secret(self.token_secret_file.as_deref())?,
            anonymous: self.anonymous.unwrap_or_default(),
            allow_origins: self.allow_origin,
            behind_proxy: self.behind_proxy,
            allow_hosts: self.allow_host,
        })
    }
}

/// The secret in `file`, or else the one in the environment, if there is one.
pub(crate) fn secret(file: Option<&Path>) -> anyhow::Result<Option<Secret>> {
    match (file, std::env::var(SECRET_VARIABLE)) {
        (Some(file), _) => secret_in(file).map(Some),
        (None, Ok(secret)) => Secret::new(secret).context(SECRET_VARIABLE).map(Some),
        (None, Err(_)) => Ok(None),
    }
}

/// The secret in a file; a new one that only its owner can read, if there is no such file.
fn secret_in(file: &Path) -> anyhow::Result<Secret> {
    let shown = file.display();
    if !file.exists() {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut created = options.open(file).with_context(|| format!("no secret can be kept in {shown}"))?;
        std::io::Write::write_all(&mut created, Secret::random_text().as_bytes())
            .with_context(|| format!("no secret can be kept in {shown}"))?;
    }
    let text = std::fs::read_to_string(file).with_context(|| format!("the secret in {shown} cannot be read"))?;
    Secret::new(text.trim()).with_context(|| format!("the secret in {shown}"))
}

impl LimitArgs {
    fn limits(self) -> Limits {
        let defaults = Limits::default();
        let count = |given: Option<NonZeroUsize>, default| given.map_or(default, NonZeroUsize::get);
        let rate = |given: Option<NonZeroU32>, default| given.map_or(default, NonZeroU32::get);
        let seconds =
            |given: Option<u32>, default| given.map_or(default, |seconds| Duration::from_secs(seconds.into()));
        let requests_per_second = rate(self.max_requests, defaults.requests_per_second);
        Limits {
            max_connections: count(self.max_connections, defaults.max_connections),
            max_connections_per_address: count(self.max_connections_per_address, defaults.max_connections_per_address),
            max_rooms: count(self.max_rooms, defaults.max_rooms),
            max_viewers_per_room: count(self.max_viewers_per_room, defaults.max_viewers_per_room),
            requests_per_second,
            request_burst: requests_per_second.saturating_mul(2),
            max_requests_per_address: rate(self.max_requests_per_address, defaults.max_requests_per_address),
            history_frames: count(self.history_frames, defaults.history_frames),
            max_recordings_bytes: self
                .max_recordings_mib
                .map_or(defaults.max_recordings_bytes, |mib| u64::from(mib.get()) << 20),
            sleep_after: seconds(self.sleep_after, defaults.sleep_after),
            close_idle_after: seconds(self.close_idle_after, defaults.close_idle_after),
            ..defaults
        }
    }
}

/// The core that is left over serves the network below, and browsers and load clients on the same machine: with all
/// cores taken, thousands of viewers there see their frames twice as late (docs/BENCHMARKS.md).
fn default_threads() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().saturating_sub(1).max(1))
}
