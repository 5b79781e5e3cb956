//! Files of Stable-Baselines3 and PyTorch as they come: archives whose checksums and lengths may be anything.
#![no_main]

use daladala_agents::import::{ImportOptions, from_bytes};
use daladala_env::{RuleSet, RuleSpec};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(imported) = from_bytes(bytes, &RuleSpec::of(RuleSet::Classic).id(), ImportOptions::default()) {
        _ = imported.checkpoint.acting();
    }
});
