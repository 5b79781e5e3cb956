//! Networks on GPUs give what they give on the CPU. Without the cargo features there is nothing to compare, and with
//! them a machine without such a device says SKIPPED: `make test-gpu` shows it.

use daladala_agents::registry::{self, LoadedPolicy};
use daladala_agents::{AgentError, Choice, DeviceError, DeviceKind};
use daladala_env::Rules;
use daladala_env::rules::Classic;

fn load(name: &str, choice: Choice, device: DeviceKind) -> Result<LoadedPolicy, AgentError> {
    registry::load(name, &Classic.info(), choice, device)
}

/// A program without a device says how to get one with it. Drivers without a network need none.
#[cfg(not(all(feature = "cuda", feature = "wgpu")))]
#[test]
fn a_device_that_is_not_built_in_is_refused_with_advice() {
    let (cuda, wgpu) = (cfg!(feature = "cuda"), cfg!(feature = "wgpu"));
    for (device, built_in) in [(DeviceKind::Cuda, cuda), (DeviceKind::Wgpu, wgpu)] {
        if built_in {
            continue;
        }
        let error = load("ppo", Choice::Greedy, device).err().unwrap();
        assert!(matches!(error, AgentError::Device(DeviceError::NotBuiltIn { .. })), "{error:?}");
        assert!(error.to_string().contains(&format!("`cargo build --release --features {device}`")), "{error}");
        assert!(load("oracle", Choice::Greedy, device).is_ok());
    }
}

#[test]
fn devices_go_by_their_names() {
    for device in DeviceKind::ALL {
        assert_eq!(device.to_string().parse(), Ok(device));
    }
    assert!("tpu".parse::<DeviceKind>().is_err());
}

#[cfg(any(feature = "cuda", feature = "wgpu"))]
mod gpu {
    use std::collections::BTreeMap;

    use daladala_agents::network::{Activation, MlpWeights};
    use daladala_agents::{Algorithm, Checkpoint, ModelInfo, NeuralPolicy, Policy, evaluate};
    use daladala_env::Generator;

    use super::*;

    /// One row, a few, many, and more than a GPU gets at a time.
    const ROWS: [usize; 5] = [1, 7, 128, 1000, 70_000];

    #[cfg(feature = "wgpu")]
    #[test]
    fn networks_give_the_same_on_wgpu() {
        if is_there(DeviceKind::Wgpu) {
            compare(DeviceKind::Wgpu, 1e-4);
        }
    }

    /// Tensor cores round what they multiply to TF32, which keeps 11 bits: about 0.0005 of each factor.
    #[cfg(feature = "cuda")]
    #[test]
    fn networks_give_the_same_on_cuda() {
        if is_there(DeviceKind::Cuda) {
            compare(DeviceKind::Cuda, 1e-2);
        }
    }

    #[cfg(feature = "wgpu")]
    #[test]
    fn a_trained_policy_drives_as_well_on_wgpu() {
        if is_there(DeviceKind::Wgpu) {
            drive(DeviceKind::Wgpu);
        }
    }

    #[cfg(feature = "cuda")]
    #[test]
    fn a_trained_policy_drives_as_well_on_cuda() {
        if is_there(DeviceKind::Cuda) {
            drive(DeviceKind::Cuda);
        }
    }

    fn is_there(device: DeviceKind) -> bool {
        match load("ppo", Choice::Greedy, device) {
            Ok(_) => true,
            Err(AgentError::Device(DeviceError::Missing { reason, .. })) => {
                eprintln!("SKIPPED: no {device} device on this machine: {reason}");
                false
            }
            Err(error) => panic!("{error}"),
        }
    }

    fn compare(device: DeviceKind, tolerance: f32) {
        let mut generator = Generator::new(7, 0);
        for sizes in [&[14, 5][..], &[3, 1], &[14, 64, 64, 5], &[20, 33, 17, 9, 2], &[14, 256, 256, 5]] {
            for activation in Activation::ALL {
                let network = checkpoint(MlpWeights::init(sizes, activation, 1.0, &mut generator));
                let policy = |device| NeuralPolicy::on(device, &network, Choice::Greedy).unwrap().unwrap();
                let (ours, theirs) = (policy(DeviceKind::Cpu), policy(device));
                for rows in ROWS {
                    let observations: Vec<_> =
                        (0..rows * ours.observation_size()).map(|_| generator.uniform() * 4.0 - 2.0).collect();
                    let outputs = |policy: &dyn Policy| {
                        let mut outputs = vec![f32::NAN; rows * policy.actions()];
                        policy.outputs(&observations, &mut outputs);
                        outputs
                    };
                    for (ours, theirs) in outputs(&ours).iter().zip(outputs(&theirs)) {
                        let off = (ours - theirs).abs();
                        assert!(off <= tolerance, "{theirs} for {ours}: {sizes:?} {activation}, {rows} rows");
                    }
                }
            }
        }
    }

    fn checkpoint(network: MlpWeights) -> Checkpoint {
        let info = ModelInfo {
            algorithm: Algorithm::Dqn,
            spec: Classic.info().id,
            observation_size: network.inputs(),
            actions: network.outputs(),
            action_masks: false,
            seed: None,
            steps: None,
            mean_return: f64::NAN,
            source: None,
        };
        Checkpoint { info, networks: BTreeMap::from([("q".to_owned(), network)]) }
    }

    fn drive(device: DeviceKind) {
        let evaluation = evaluate(&*load("ppo", Choice::Greedy, device).unwrap().policy, &Classic, 77, 200, &|_| ());
        assert!(evaluation.optimal_fraction.unwrap() >= 0.999, "{evaluation:?}");
    }
}
