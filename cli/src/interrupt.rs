//! Ctrl-C, for work that has something to put in order before it stops.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;

static ASKED: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C only asks to stop, and whoever works has to look; the second time it ends the program.
pub(crate) fn catch() -> anyhow::Result<()> {
    let handler = || {
        if ASKED.swap(true, Ordering::Relaxed) {
            std::process::exit(1);
        }
    };
    ctrlc::set_handler(handler).context("Ctrl-C cannot be caught")
}

/// Asks for the same where work is done at several places and one of them cannot go on.
pub(crate) fn ask() {
    ASKED.store(true, Ordering::Relaxed);
}

/// Whether somebody wants the program to stop.
pub(crate) fn asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}
