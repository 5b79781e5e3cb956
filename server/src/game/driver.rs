//! Who drives a room.

use std::fmt;
use std::sync::Arc;

use daladala_agents::{Policy, Stream};
use daladala_env::Rules;
use daladala_env::spaces::Spaces;

use super::{AnyDriver, Game, GameInfo};
use crate::error::ServerError;

/// Rules, a policy that plays by them, and the name that people know it by.
#[derive(Clone)]
pub struct Driver<R> {
    rules: R,
    model: String,
    policy: Arc<dyn Policy>,
}

impl<R: Rules> Driver<R> {
    /// A driver named `model`; an error if the policy was made for other observations or actions.
    ///
    /// The policy acts on the room's own task, so one action should take well below a millisecond.
    pub fn new(rules: R, model: impl Into<String>, policy: impl Into<Arc<dyn Policy>>) -> Result<Self, ServerError> {
        let (model, policy, spaces) = (model.into(), policy.into(), rules.spaces());
        let takes = (policy.observation_size(), policy.actions());
        let have = (spaces.observation.len(), spaces.actions.len());
        if takes == have {
            Ok(Self { rules, model, policy })
        } else {
            Err(ServerError::DriverMismatch { model, rules: rules.name(), takes, have })
        }
    }
}

impl<R: Rules> AnyDriver for Driver<R> {
    fn info(&self) -> GameInfo {
        let (physical_max_passengers, legal_capacity) = self.rules.capacities();
        GameInfo {
            rules: self.rules.name().to_owned(),
            model: self.model.clone(),
            grid: self.rules.grid(),
            route: self.rules.route().to_vec(),
            max_steps: self.rules.max_steps(),
            physical_max_passengers,
            legal_capacity,
            actions: self.rules.spaces().actions.iter().map(|&action| action.to_owned()).collect(),
            reward_terms: self.rules.reward_terms().iter().map(|&term| term.to_owned()).collect(),
            outputs: self.policy.output_kind(),
            places: self.rules.places(),
        }
    }

    fn spaces(&self) -> Option<Spaces> {
        Some(self.rules.spaces())
    }

    fn begin(&self, seed: u64) -> Box<dyn Game> {
        Box::new(Stream::new(self.rules.clone(), Arc::clone(&self.policy), seed))
    }
}

impl<R: fmt::Debug> fmt::Debug for Driver<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").field("rules", &self.rules).field("model", &self.model).finish_non_exhaustive()
    }
}
