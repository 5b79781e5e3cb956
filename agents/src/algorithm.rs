//! The learning algorithms, by name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use daladala_env::OutputKind;

/// What trained a model, and so what its outputs mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Algorithm {
    /// Deep Q-network (Mnih et al., 2015): the outputs are action values.
    Dqn,
    /// Proximal policy optimization (Schulman et al., 2017): the outputs are logits.
    Ppo,
    /// PPO under a limit to costs (Ray, Achiam and Amodei, 2019): the outputs are logits.
    #[serde(rename = "ppo-lagrangian")]
    PpoLagrangian,
    /// Advantage actor-critic (Mnih et al., 2016): the outputs are logits.
    A2c,
    /// Policy gradients over whole episodes (Williams, 1992): the outputs are logits.
    Reinforce,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Dqn, Self::Ppo, Self::PpoLagrangian, Self::A2c, Self::Reinforce];

    /// The networks that a checkpoint may hold, by name.
    #[must_use]
    pub fn networks(self) -> &'static [&'static str] {
        match self {
            Self::Dqn => &["q"],
            Self::PpoLagrangian => &["actor", "critic", "cost_critic"],
            Self::Ppo | Self::A2c | Self::Reinforce => &["actor", "critic"],
        }
    }

    /// What the outputs of the acting network are.
    #[must_use]
    pub fn output_kind(self) -> OutputKind {
        match self {
            Self::Dqn => OutputKind::Values,
            Self::Ppo | Self::PpoLagrangian | Self::A2c | Self::Reinforce => OutputKind::Logits,
        }
    }

    /// The one that chooses actions.
    #[must_use]
    pub fn acting_network(self) -> &'static str {
        self.networks()[0]
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dqn => "dqn",
            Self::Ppo => "ppo",
            Self::PpoLagrangian => "ppo-lagrangian",
            Self::A2c => "a2c",
            Self::Reinforce => "reinforce",
        })
    }
}

impl FromStr for Algorithm {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|algorithm| algorithm.to_string() == name);
        found.ok_or_else(|| format!("there is no algorithm '{name}'"))
    }
}
