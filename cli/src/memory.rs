//! Memory that is no longer needed goes back to the system.
//!
//! The allocator (mimalloc) gives back what has been free for a while whenever pages of memory come or go, in whichever
//! thread. On a server that rests after a rush none do, and all that the rush took would stay.

use std::hint::black_box;
use std::time::Duration;

/// How often a page comes and goes.
const PERIOD: Duration = Duration::from_secs(2);
/// Bytes that have pages of their own.
const PAGE: usize = 1 << 20;

/// Lets the allocator look after what is free, until the runtime ends.
pub(crate) async fn give_back() {
    loop {
        tokio::time::sleep(PERIOD).await;
        // It is not written to, so it costs no memory.
        drop(black_box(Vec::<u8>::with_capacity(PAGE)));
    }
}
