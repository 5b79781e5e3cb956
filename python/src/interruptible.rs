//! Work that takes long, without the interpreter's lock, and ends on Ctrl-C.
//!
//! Python handles signals on its main thread alone, and only while that runs Python. So the work is done on a thread of
//! its own, and the caller's waits for it and looks after signals; on another thread than the main one there are none.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use pyo3::prelude::*;

/// Between two looks at signals: short beside what people notice, and seldom enough to cost nothing.
const LOOKED_AFTER: Duration = Duration::from_millis(50);

/// Does `work`, which tells of itself by the function it is given, and goes on where that says so. `told` gets this on the
/// calling thread.
///
/// An error of `told`, or of a signal's handler, sets `stop`. It is returned beside what the work came to by then.
pub(crate) fn run<T: Send, U: Send>(
    py: Python<'_>,
    stop: &AtomicBool,
    work: impl FnOnce(&dyn Fn(U) -> bool) -> T + Send,
    told: &mut dyn FnMut(U) -> PyResult<bool>,
) -> (T, PyResult<()>) {
    let (tell, mut is_told) = mpsc::channel();
    let (answer, answers) = mpsc::channel();
    std::thread::scope(|scope| {
        let worker = scope
            .spawn(move || work(&|update| tell.send(update).is_ok() && answers.recv().is_ok_and(|goes_on| goes_on)));
        let mut outcome = Ok(());
        loop {
            let waited = move || {
                let next = is_told.recv_timeout(LOOKED_AFTER);
                (is_told, next)
            };
            let next;
            (is_told, next) = py.detach(waited);
            let asked = match next {
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => None,
                Ok(update) => Some(update),
            };
            let is_answered = asked.is_some();
            let goes_on = if outcome.is_ok() {
                py.check_signals().and_then(|()| asked.map_or(Ok(true), &mut *told)).unwrap_or_else(|error| {
                    stop.store(true, Ordering::Relaxed);
                    outcome = Err(error);
                    false
                })
            } else {
                false
            };
            if is_answered {
                // Who does not wait for it any more has ended.
                _ = answer.send(goes_on);
            }
        }
        let done = py.detach(|| worker.join()).unwrap_or_else(|panic| resume_unwind(panic));
        (done, outcome)
    })
}
