//! How many threads work is shared by.

use std::thread::available_parallelism;

use rayon::ThreadPoolBuilder;

/// Rayon's own variable.
const VARIABLE: &str = "RAYON_NUM_THREADS";

/// Threads a core at most. More only wait for each other; tens of thousands take minutes to begin and to end.
const THREADS_A_CORE: usize = 4;

/// Holds rayon to a number of threads that the machine can use, whatever its variable says.
pub(crate) fn bound() {
    let most = available_parallelism().map_or(1, |cores| cores.get() * THREADS_A_CORE);
    let asked = std::env::var(VARIABLE).ok().and_then(|text| text.parse().ok());
    if asked.is_some_and(|asked: usize| asked > most) {
        // The program may be part of another that has its threads already: then these stay.
        _ = ThreadPoolBuilder::new().num_threads(most).build_global();
    }
}
