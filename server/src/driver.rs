//! Who drives a room.

use std::fmt;

use daladala_agents::Policy;
use daladala_env::Rules;

use crate::error::ServerError;

/// Rules, a policy that plays by them, and the name that people know it by.
pub struct Driver<R> {
    pub(crate) rules: R,
    pub(crate) model: String,
    pub(crate) policy: Box<dyn Policy>,
}

impl<R: Rules> Driver<R> {
    /// A driver named `model`; an error if the policy was made for other observations or actions.
    ///
    /// The policy acts on the room's own task, so one action should take well below a millisecond.
    pub fn new(rules: R, model: impl Into<String>, policy: Box<dyn Policy>) -> Result<Self, ServerError> {
        let (model, spaces) = (model.into(), rules.spaces());
        let takes = (policy.observation_size(), policy.actions());
        let have = (spaces.observation.len(), spaces.actions.len());
        if takes == have {
            Ok(Self { rules, model, policy })
        } else {
            Err(ServerError::DriverMismatch { model, rules: rules.name(), takes, have })
        }
    }
}

impl<R: fmt::Debug> fmt::Debug for Driver<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").field("rules", &self.rules).field("model", &self.model).finish_non_exhaustive()
    }
}
