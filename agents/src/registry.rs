//! Policies by name.

use crate::error::AgentError;
use crate::policy::Policy;
use crate::scripted::{Oracle, Random};

/// The policy of a built-in name or of a weights file.
pub fn load(name: &str) -> Result<Box<dyn Policy>, AgentError> {
    match name {
        "oracle" => Ok(Box::new(Oracle)),
        "random" => Ok(Box::new(Random)),
        _ => Err(AgentError::UnknownModel { name: name.to_owned(), known: "oracle, random".to_owned() }),
    }
}
