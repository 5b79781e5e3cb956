//! When the server is to stop: Ctrl-C, the request to end that service managers send, or a terminal that closes.

use anyhow::Context;

/// Done when somebody asks the server to stop.
#[cfg(unix)]
pub(super) fn asked() -> anyhow::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let listen = |kind| signal(kind).context("the server cannot be told to stop");
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    // Under nohup it has to go on.
    let mut hangup = if hangup_is_ignored() { None } else { Some(listen(SignalKind::hangup())?) };
    Ok(async move {
        let hung_up = async {
            match &mut hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hung_up => {}
        }
    })
}

/// Whether the program was started with SIGHUP ignored, as nohup does it. Where the system does not tell, it was not.
#[cfg(unix)]
fn hangup_is_ignored() -> bool {
    /// The mask has a bit a signal, the first for the signal 1, which is SIGHUP.
    const HANGUP: u64 = 1;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & HANGUP != 0)
}

/// Done when somebody asks the server to stop.
#[cfg(not(unix))]
pub(super) fn asked() -> anyhow::Result<impl Future<Output = ()>> {
    Ok(async {
        // Without a way to be told, the server runs until it is killed.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
