//! Where networks are computed: on the CPU, which every machine has, or on a GPU, if the program was built for it and
//! the machine has one.

use std::fmt;
use std::str::FromStr;

#[cfg(feature = "burn")]
use burn::tensor::Device;
use serde::Serialize;

/// A device that networks cannot be computed on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// The program was built without it.
    #[error("this program was built without {device}: `cargo build --release --features {device}` builds it with it")]
    NotBuiltIn {
        /// What was asked for.
        device: DeviceKind,
    },
    /// This machine does not have it, or it does not work.
    #[error("no network can be computed on {device} here: {reason}")]
    Missing {
        /// What was asked for.
        device: DeviceKind,
        /// Why not.
        reason: String,
    },
}

/// A kind of device that networks can be computed on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceKind {
    /// The CPU, with kernels of our own.
    #[default]
    Cpu,
    /// A GPU through Vulkan, Metal or DirectX; needs the cargo feature `wgpu`.
    Wgpu,
    /// An NVIDIA GPU; needs the cargo feature `cuda`.
    Cuda,
}

impl DeviceKind {
    /// All of them, also those that the program was built without.
    pub const ALL: [Self; 3] = [Self::Cpu, Self::Wgpu, Self::Cuda];

    /// burn's device, after it was seen to compute; none for the CPU, which does without burn.
    #[cfg(feature = "burn")]
    pub fn open(self) -> Result<Option<Device>, DeviceError> {
        match self {
            Self::Cpu => Ok(None),
            #[cfg(feature = "wgpu")]
            Self::Wgpu => gpu::open_wgpu().map(Some),
            #[cfg(feature = "cuda")]
            Self::Cuda => gpu::open_cuda().map(Some),
            #[cfg(not(feature = "wgpu"))]
            Self::Wgpu => Err(DeviceError::NotBuiltIn { device: self }),
            #[cfg(not(feature = "cuda"))]
            Self::Cuda => Err(DeviceError::NotBuiltIn { device: self }),
        }
    }
}

impl fmt::Display for DeviceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cpu => "cpu",
            Self::Wgpu => "wgpu",
            Self::Cuda => "cuda",
        })
    }
}

impl FromStr for DeviceKind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|device| device.to_string() == name);
        found.ok_or_else(|| format!("there is no device '{name}'"))
    }
}

/// burn opens a device when it is first used, and panics where that fails: without a driver, without a compiler for its
/// kernels. So it is used here, where a panic can still become an error.
#[cfg(any(feature = "cuda", feature = "wgpu"))]
mod gpu {
    use std::panic::{UnwindSafe, catch_unwind, set_hook, take_hook};
    use std::sync::{Arc, Mutex, OnceLock, PoisonError};

    use burn::tensor::{Device, DeviceType, Tensor};

    use super::{DeviceError, DeviceKind};
    use crate::network::values;

    /// The fastest adapter. One that is software counts too where there is no other.
    #[cfg(feature = "wgpu")]
    pub(super) fn open_wgpu() -> Result<Device, DeviceError> {
        open(DeviceKind::Wgpu, DeviceType::Wgpu, || Device::wgpu(burn::tensor::DeviceKind::DefaultDevice))
    }

    /// The first GPU that `CUDA_VISIBLE_DEVICES` leaves.
    #[cfg(feature = "cuda")]
    pub(super) fn open_cuda() -> Result<Device, DeviceError> {
        open(DeviceKind::Cuda, DeviceType::Cuda, || Device::cuda(0))
    }

    fn open(kind: DeviceKind, devices: DeviceType, device: fn() -> Device) -> Result<Device, DeviceError> {
        let (used, reason) = quietly(|| {
            let device = (!Device::enumerate(devices).is_empty()).then(device);
            device.inspect(|device| assert!(computes(device), "it computes wrong results"))
        });
        match used {
            Some(Some(device)) => Ok(device),
            Some(None) => Err(DeviceError::Missing { device: kind, reason: "there is none, or no driver".to_owned() }),
            None => Err(DeviceError::Missing { device: kind, reason }),
        }
    }

    /// What `work` returns, or none and the reason if it panics. The reason is that of the first panic, which may be of
    /// one of burn's threads: what reaches this one is often no more than that the other is gone.
    fn quietly<T>(work: impl FnOnce() -> T + UnwindSafe) -> (Option<T>, String) {
        /// The hook is the whole program's, so one at a time.
        static HOOK: Mutex<()> = Mutex::new(());
        let _one_at_a_time = HOOK.lock().unwrap_or_else(PoisonError::into_inner);
        let first = Arc::new(OnceLock::new());
        let told = Arc::clone(&first);
        let hook = take_hook();
        set_hook(Box::new(move |panic| {
            let text = panic.payload_as_str().unwrap_or("it fails without a reason");
            told.get_or_init(|| text.split_whitespace().collect::<Vec<_>>().join(" "));
        }));
        let returned = catch_unwind(work).ok();
        set_hook(hook);
        (returned, first.get().cloned().unwrap_or_default())
    }

    fn computes(device: &Device) -> bool {
        let matrix = Tensor::<2>::from_floats([[1.0, 2.0], [3.0, 4.0]], device);
        values(matrix.clone().matmul(matrix)) == [7.0, 10.0, 15.0, 22.0]
    }
}
