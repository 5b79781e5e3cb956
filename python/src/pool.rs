//! Threads of our own for what is shared among several: after a fork those of the parent are gone, and work handed to
//! them would wait for ever.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// More than machines have, and few enough to start.
pub(crate) const MOST_THREADS: usize = 1024;

type Pools = Mutex<HashMap<(u32, usize), Arc<ThreadPool>>>;

/// By process and number of threads.
static POOLS: LazyLock<Pools> = LazyLock::new(Pools::default);

/// A pool of so many threads of this process.
pub(crate) fn of(threads: usize) -> PyResult<Arc<ThreadPool>> {
    // The pools of the process that this one was forked off stay there: they are never dropped, and nobody waits for them.
    let mut pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
    let key = (std::process::id(), threads);
    if let Some(pool) = pools.get(&key) {
        return Ok(pool.clone());
    }
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|error| PyRuntimeError::new_err(format!("{threads} threads can't be started: {error}")))?;
    let pool = Arc::new(pool);
    pools.insert(key, pool.clone());
    Ok(pool)
}

/// A pool of as many threads as there are cores.
pub(crate) fn of_all_cores() -> PyResult<Arc<ThreadPool>> {
    of(std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS))
}
