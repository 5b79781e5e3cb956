//! `daladala serve`

use anyhow::Context;
use daladala_agents::{Choice, registry};
use daladala_env::RuleSet;
use daladala_env::rules::Classic;
use daladala_server::{Driver, FrameRate, Server, ServerConfig};
use tracing_subscriber::EnvFilter;

use crate::output::print;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The address to listen on; 0.0.0.0 lets other machines in.
    #[arg(long, default_value = "127.0.0.1")]
    host: String,
    /// The port to listen on; 0 finds a free one.
    #[arg(long, default_value_t = 5000, allow_negative_numbers = true)]
    port: u16,
    /// Who drives: a built-in name (see `daladala models`) or the path of a weights file.
    #[arg(long, default_value = "ppo")]
    model: String,
    /// The rules to drive by.
    #[arg(long, default_value_t)]
    rules: RuleSet,
    /// Steps a second.
    #[arg(long, default_value_t, allow_negative_numbers = true)]
    fps: FrameRate,
    /// The seed of the episodes; another one each time if none is given.
    #[arg(long, allow_negative_numbers = true)]
    seed: Option<u64>,
}

impl Args {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
        let runtime = tokio::runtime::Runtime::new().context("cannot start the async runtime")?;
        runtime.block_on(self.serve())
    }

    async fn serve(self) -> anyhow::Result<()> {
        let RuleSet::Classic = self.rules;
        let policy = registry::load_for(&self.model, &Classic, Choice::Greedy)?;
        let driver = Driver::new(Classic, registry::display_name(&self.model), policy)?;
        let config = ServerConfig {
            host: self.host,
            port: self.port,
            fps: self.fps,
            seed: self.seed,
            ..ServerConfig::default()
        };
        let server = Server::bind(config, driver).await?;
        print(format!("{} drives. Watch at {} (Ctrl-C ends)", self.model, server.url()))?;
        server.run(interrupted()).await?;
        print("Stopped.")
    }
}

/// Ctrl-C, or the request to end that service managers send.
async fn interrupted() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            tokio::select! {
                Ok(()) = interrupt => {}
                Some(()) = terminate.recv() => {}
                else => std::future::pending().await,
            }
            return;
        }
    }
    // Without a way to be told, the server runs until it is killed.
    if interrupt.await.is_err() {
        std::future::pending::<()>().await;
    }
}
