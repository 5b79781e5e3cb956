//! Has the crate built again when the viewer was: its files are embedded, and cargo does not see that by itself.

use std::path::Path;

fn main() {
    // Cargo takes a missing path for a change and would build this crate every time, so until there is a built
    // viewer, the folder that it will appear in is watched.
    let watched = ["../viewer/dist", "../viewer", "build.rs"].into_iter().find(|path| Path::new(path).exists());
    println!("cargo:rerun-if-changed={}", watched.unwrap_or("build.rs"));
}
