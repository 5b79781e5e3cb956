//! The `daladala` program.

use std::process::ExitCode;

/// Training makes and drops thousands of tensors a second, which the C library's allocator gives back to the system and
/// asks for again: a third of the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    daladala::run(&arguments, option_env!("DALADALA_COMMIT")).into()
}
