//! Who drives a room.

use std::fmt;
use std::sync::Arc;

use daladala_agents::{Policy, Stream};
use daladala_env::spaces::Spaces;
use daladala_env::{RuleSpec, RulesInfo};

use super::{AnyDriver, Game, GameInfo};
use crate::error::ServerError;

/// Rules, a policy that plays by them, and the name that people know it by.
#[derive(Clone)]
pub struct Driver {
    spec: RuleSpec,
    info: RulesInfo,
    model: String,
    policy: Arc<dyn Policy>,
}

impl Driver {
    /// A driver named `model`; an error if the policy was made for other observations or actions.
    ///
    /// The policy acts on the room's own task, so one action should take well below a millisecond.
    pub fn new(
        rules: impl Into<RuleSpec>,
        model: impl Into<String>,
        policy: impl Into<Arc<dyn Policy>>,
    ) -> Result<Self, ServerError> {
        let (spec, model, policy) = (rules.into(), model.into(), policy.into());
        let info = spec.info();
        let takes = (policy.observation_size(), policy.actions());
        let have = (info.observation_size(), info.actions());
        if takes == have {
            Ok(Self { spec, info, model, policy })
        } else {
            Err(ServerError::DriverMismatch { model, rules: info.id.rules, takes, have })
        }
    }
}

impl Driver {
    /// The rules and the scenario it drives by.
    pub(crate) fn rules(&self) -> &RuleSpec {
        &self.spec
    }

    /// The same policy on another scenario of the rules.
    pub(crate) fn on(&self, spec: RuleSpec) -> Result<Self, ServerError> {
        Self::new(spec, self.model.clone(), Arc::clone(&self.policy))
    }
}

impl AnyDriver for Driver {
    fn info(&self) -> GameInfo {
        GameInfo::of(&self.info, &self.model, self.policy.output_kind())
    }

    fn spaces(&self) -> Option<Spaces> {
        Some(self.info.spaces.clone())
    }

    fn spec(&self) -> Option<&RuleSpec> {
        Some(&self.spec)
    }

    fn begin(&self, seed: u64) -> Box<dyn Game> {
        Box::new(Stream::new(&self.spec, Arc::clone(&self.policy), seed))
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").field("spec", &self.spec).field("model", &self.model).finish_non_exhaustive()
    }
}
