//! The server that is measured, as a process of its own, and what the system knows of processes.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::io::{AsyncBufReadExt, BufReader, copy, sink};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// How long the server may take to say where it listens: it loads a policy first.
const START_TIME: Duration = Duration::from_secs(30);
/// Connections besides the viewers that the server is to allow.
const SPARE_CONNECTIONS: usize = 16;
/// Units of processor time in a second as `/proc` counts it, on every architecture that Rust's Linux runs on.
const TICKS_PER_SECOND: f64 = 100.0;
/// Where in `/proc/PID/stat`, after the name of the program, the time in the program and in the system are.
const TIMES: std::ops::Range<usize> = 11..13;

/// A server of our own; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct OwnServer {
    child: Child,
    pub(crate) url: String,
}

/// What a process has used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Usage {
    /// Memory in use now, KiB.
    pub(crate) memory: u64,
    /// The most memory it has used, KiB.
    pub(crate) peak: u64,
    /// Seconds of processor time since it began.
    pub(crate) processor: f64,
}

impl OwnServer {
    /// Starts this very program as a server that lets so many viewers in.
    pub(crate) async fn start(viewers: usize, fps: f64) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("cannot find the program to start a server with")?;
        let limit = (viewers + SPARE_CONNECTIONS).to_string();
        let mut command = Command::new(program);
        command.args(["serve", "--host", "127.0.0.1", "--port", "0", "--model", "random", "--seed", "1"]);
        command.args(["--fps", &fps.to_string()]);
        for flag in [
            "--max-connections",
            "--max-connections-per-address",
            "--max-viewers-per-room",
            "--max-requests-per-address",
        ] {
            command.args([flag, &limit]);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().context("cannot start a server")?;
        let mut output = BufReader::new(child.stdout.take().context("a server without output")?);
        let mut line = String::new();
        let read = timeout(START_TIME, output.read_line(&mut line)).await;
        read.context("the server did not say where it listens")?.context("cannot read what the server says")?;
        let Some(url) = address(&line) else {
            bail!("the server ended or did not say where it listens: {:?}", line.trim());
        };
        // What it says from now on is read so that it never waits to be heard.
        tokio::spawn(async move { copy(&mut output, &mut sink()).await });
        Ok(Self { child, url: url.to_owned() })
    }

    /// What it has used; none where the system does not tell.
    pub(crate) fn usage(&self) -> Option<Usage> {
        usage(&self.child.id()?.to_string())
    }

    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("cannot stop the server")
    }
}

/// What this program has used.
pub(crate) fn own_usage() -> Option<Usage> {
    usage("self")
}

fn usage(process: &str) -> Option<Usage> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    parse_usage(&status, &stat)
}

fn parse_usage(status: &str, stat: &str) -> Option<Usage> {
    let kib =
        |name: &str| status.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok();
    // The name of the program stands in brackets, and may itself have some in it.
    let fields: Vec<_> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: Option<u64> = fields.get(TIMES)?.iter().map(|field| field.parse::<u64>().ok()).sum();
    Some(Usage { memory: kib("VmRSS:")?, peak: kib("VmHWM:")?, processor: ticks? as f64 / TICKS_PER_SECOND })
}

/// The address in the line with which the server tells people where to look.
fn address(line: &str) -> Option<&str> {
    line.split_whitespace().find(|word| word.starts_with("http://"))
}

#[cfg(test)]
mod tests {
    use super::{Usage, address, parse_usage};

    #[test]
    fn usage_is_read_from_what_the_system_writes() {
        let status = "Name:\tdala) (dala\nVmHWM:\t   2048 kB\nVmRSS:\t   1024 kB\nThreads:\t3\n";
        let stat = "71 (dala) (dala) S 1 71 71 0 -1 4194304 100 0 0 0 250 50 7 8 20 0 3 0 12345 1 256";
        assert_eq!(parse_usage(status, stat), Some(Usage { memory: 1024, peak: 2048, processor: 3.0 }));
        assert_eq!(parse_usage("", stat), None);
        assert_eq!(parse_usage(status, "71 (dala) S 1"), None);
        assert_eq!(parse_usage(status, ""), None);
    }

    #[test]
    fn the_address_is_found_in_the_greeting() {
        assert_eq!(
            address("random drives. Watch at http://127.0.0.1:5000/ (Ctrl-C ends)\n"),
            Some("http://127.0.0.1:5000/")
        );
        assert_eq!(address("nothing"), None);
    }
}
