//! Multi-layer perceptrons: the networks as plain numbers that are stored, as burn modules that learn, and packed for
//! the CPU that acts.
//!
//! The three are apart on purpose. [`MlpWeights`] is what checkpoints, importers and initialisers speak of, on no
//! device and in PyTorch's layout; `Mlp` is what any of burn's devices computes and trains with; [`FusedMlp`] only
//! computes, on the CPU, several times as fast.

mod fused;
#[cfg(feature = "burn")]
mod mlp;
mod weights;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use fused::{FusedMlp, tanh};
#[cfg(feature = "burn")]
pub use mlp::{Mlp, values};
pub use weights::{LayerWeights, MlpWeights};

/// The most layers that a network may have.
pub const MAX_LAYERS: usize = 64;

/// What follows each hidden layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Activation {
    /// max(0, x)
    Relu,
    /// tanh(x)
    Tanh,
}

impl Activation {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Relu, Self::Tanh];
}

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Relu => "relu",
            Self::Tanh => "tanh",
        })
    }
}

impl FromStr for Activation {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|activation| activation.to_string() == name);
        found.ok_or_else(|| format!("unknown activation '{name}'"))
    }
}
