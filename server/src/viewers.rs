//! The threads that sessions of viewers run on.
//!
//! They are others than those that answer requests, so a flood of requests makes no frame late: between the rooms, which
//! have threads of their own too, and their viewers there is nothing that a request can hold up.

use std::future::Future;
use std::io;
use std::num::NonZeroUsize;
use std::thread::available_parallelism;

use tokio::runtime::{Builder, Handle, Runtime};

/// Threads that run sessions until they are dropped.
pub(crate) struct ViewerThreads(Option<Runtime>);

impl ViewerThreads {
    /// As many as the present runtime has to answer requests, but no more than there are cores.
    pub(crate) fn start() -> io::Result<Self> {
        let cores = available_parallelism().map_or(1, NonZeroUsize::get);
        let threads = Handle::current().metrics().num_workers().min(cores);
        // A session may be the one for which a lost connection to the broker is made anew, which takes sockets.
        let runtime =
            Builder::new_multi_thread().worker_threads(threads).thread_name("viewers").enable_all().build()?;
        Ok(Self(Some(runtime)))
    }

    pub(crate) fn run(&self, session: impl Future<Output = ()> + Send + 'static) {
        if let Some(runtime) = &self.0 {
            runtime.spawn(session);
        }
    }
}

impl Drop for ViewerThreads {
    fn drop(&mut self) {
        // The last session may drop them, on one of them: it must not wait for itself.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
