//! What servers write to each other. Both ends are of one version of Daladala, or understand each other as far as JSON goes.

use daladala_protocol::{Code, Refusal};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Errand;
use crate::room::Guests;

/// A letter.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "mail", rename_all = "snake_case")]
pub(super) enum Mail {
    /// Something to do. The answer goes to `from`, under the same number.
    Ask {
        from: String,
        number: u64,
        /// The room that it is asked of; none where it is asked of the server.
        room: Option<String>,
        errand: Box<Errand>,
        /// Nobody waits for the answer after so many milliseconds: then it must not be done any more.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        within_ms: Option<u64>,
    },
    /// What came of it.
    Answer { number: u64, answer: Result<Value, Refused> },
    /// Who watches a room on `from`, all of them; none once it no longer shows the room.
    Guests { from: String, room: String, guests: Option<Guests> },
}

/// A refusal, on its way.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Refused {
    code: Code,
    message: String,
    retry_after_ms: Option<u64>,
}

impl Mail {
    pub(super) fn write(&self) -> Vec<u8> {
        // Numbers and texts: nothing in it can fail.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

impl From<Refusal> for Refused {
    fn from(Refusal { code, message, retry_after_ms }: Refusal) -> Self {
        Self { code, message, retry_after_ms }
    }
}

impl From<Refused> for Refusal {
    fn from(Refused { code, message, retry_after_ms }: Refused) -> Self {
        Self { code, message, retry_after_ms }
    }
}
