//! Weights files: safetensors with our metadata.
#![no_main]

use daladala_agents::{Checkpoint, Choice, NeuralPolicy, Policy};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(checkpoint) = Checkpoint::from_bytes(bytes) else { return };
    let again = Checkpoint::from_bytes(&checkpoint.to_bytes()).expect("what was written can be read");
    assert_eq!(again.to_bytes(), checkpoint.to_bytes());
    if let Ok(policy) = NeuralPolicy::new(&checkpoint, Choice::Greedy) {
        let mut outputs = vec![0.0; policy.actions()];
        policy.outputs(&vec![0.5; policy.observation_size()], &mut outputs);
    }
});
