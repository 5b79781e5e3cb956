//! Gradients on GPUs lead where those of the CPU do. Without the cargo features there is nothing to compare, and with them
//! a machine without such a device says SKIPPED: `make test-gpu` shows it.
#![cfg(any(feature = "cuda", feature = "wgpu"))]

use daladala_agents::{Algorithm, DeviceError, DeviceKind};
use daladala_env::rules::Classic;
use daladala_learning::{Trainer, defaults};

#[cfg(feature = "wgpu")]
#[test]
fn gradients_lead_the_same_way_on_wgpu() {
    if is_there(DeviceKind::Wgpu) {
        learn(DeviceKind::Wgpu);
    }
}

#[cfg(feature = "cuda")]
#[test]
fn gradients_lead_the_same_way_on_cuda() {
    if is_there(DeviceKind::Cuda) {
        learn(DeviceKind::Cuda);
    }
}

fn is_there(device: DeviceKind) -> bool {
    match device.open() {
        Ok(_) => true,
        Err(DeviceError::Missing { reason, .. }) => {
            eprintln!("SKIPPED: no {device} device on this machine: {reason}");
            false
        }
        Err(error) => panic!("{error}"),
    }
}

/// The loss after some gradient steps. Rounding makes small gradients differ, and Adam makes these as large as the
/// others, so weights are not compared.
fn learn(device: DeviceKind) {
    for algorithm in Algorithm::ALL {
        let loss = |device: DeviceKind| {
            let config = defaults(algorithm, "classic").config;
            let device = device.open().unwrap();
            let mut trainer = Trainer::new(&config, &Classic, 1, 100_000, device.as_ref()).unwrap();
            (0..3).map(|_| trainer.advance().loss).last().unwrap()
        };
        let (ours, theirs) = (loss(DeviceKind::Cpu), loss(device));
        assert!((ours - theirs).abs() <= 0.02 * ours.abs().max(0.1), "{algorithm}: {theirs} for {ours}");
    }
}
