//! What clients ask for.
#![expect(missing_docs, reason = "docs/PROTOCOL.md has a table of the fields of each request")]

use std::collections::BTreeMap;

use daladala_env::Action;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::frame_rate::FrameRate;
use crate::refusal::Refusal;

/// The longest text as a request's `id`, bytes: room for a UUID and a prefix.
const MAX_ID_BYTES: usize = 64;

/// A request with the `id` that its answer is to have.
#[derive(Debug)]
pub struct Envelope {
    pub id: Value,
    pub request: Result<Request, Refusal>,
    /// With it, a request that changes something is done once, however often it comes.
    pub idempotency_key: Option<String>,
    /// All that was said, but the id.
    pub said: Value,
}

impl Envelope {
    /// Reads whatever a client has said. What cannot be read is answered to whoever asked, if that can be seen.
    #[must_use]
    pub fn read(message: &str) -> Self {
        // A list would be read as well, as its entries in order.
        let is_object = message.trim_start().starts_with('{');
        let head = if is_object { serde_json::from_str::<Head>(message).unwrap_or_default() } else { Head::default() };
        let request = Request::read(&head, message);
        let mut said = Value::Null;
        // Only who gives a key has to be understood twice.
        // What is no text is no key either, which is told as such.
        let idempotency_key =
            (!head.idempotency_key.is_null()).then(|| head.idempotency_key.as_str().unwrap_or_default().to_owned());
        if idempotency_key.is_some() {
            said = serde_json::from_str(message).unwrap_or_default();
            if let Some(fields) = said.as_object_mut() {
                fields.remove("id");
            }
        }
        Self { request, idempotency_key, said, id: head.sent_back() }
    }
}

/// What says whose and which a request is.
#[derive(Default, Deserialize)]
struct Head {
    #[serde(default)]
    id: Value,
    #[serde(default, rename = "type")]
    kind: Value,
    #[serde(default)]
    idempotency_key: Value,
}

impl Head {
    /// The `id`, if it is one that can be sent back, otherwise null.
    fn sent_back(self) -> Value {
        match self.id {
            Value::String(text) if text.len() <= MAX_ID_BYTES => Value::String(text),
            Value::Number(number) => Value::Number(number),
            _ => Value::Null,
        }
    }
}

impl Request {
    /// Whether it asks something of the server, and not of a room.
    #[must_use]
    pub fn is_of_server(&self) -> bool {
        matches!(self, Self::Rooms | Self::Create(_) | Self::Close { .. })
    }

    fn read(head: &Head, message: &str) -> Result<Self, Refusal> {
        // By itself, a number would be read as the place of a type in the list.
        if !head.kind.is_string() {
            return Err(Refusal::invalid("this is no request: needed is a JSON object with a type, in a text message"));
        }
        serde_json::from_str(message).map_err(|error| Refusal::invalid(format!("this is no request: {error}")))
    }
}

/// A request. Fields that are not known are passed over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Request {
    Ping {
        sent: f64,
    },
    Join(Join),
    Leave,
    Rooms,
    Seek {
        seq: u64,
        #[serde(default)]
        play: bool,
    },
    Live,
    Pause,
    Resume,
    Step {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        action: Option<ActionName>,
    },
    Speed {
        fps: f64,
    },
    Reset {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seed: Option<u64>,
    },
    Load {
        model: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rules: Option<String>,
        #[serde(flatten)]
        scenario: ScenarioChoice,
    },
    Act {
        action: ActionName,
    },
    Release,
    VoteStart {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        turn_seconds: Option<f64>,
    },
    VoteStop,
    Vote {
        action: ActionName,
    },
    Create(RoomSpec),
    Close {
        room: String,
    },
    Record(RecordName),
    RecordStop,
}

/// What is to be joined, and how.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Join {
    pub room: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume: Option<ResumeFrom>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frames: Option<Frames>,
}

/// The last frame that a client has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResumeFrom {
    pub epoch: u64,
    pub seq: u64,
}

/// How frames come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Frames {
    /// Keyframes, and deltas over them.
    Delta,
    /// Keyframes only.
    Whole,
}

/// The scenario to drive by. What is left out stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScenarioChoice {
    /// One that the rules have, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    /// Fields of it, by their dotted names, with other values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub set: BTreeMap<String, Value>,
}

/// A room to be made. What is left out is as in `main` at the start.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoomSpec {
    /// Its code; one is drawn if none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// `stream` or `driven`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Who drives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The rules to drive by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<String>,
    /// Their scenario.
    #[serde(flatten)]
    pub scenario: ScenarioChoice,
    /// Frames a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fps: Option<f64>,
    /// The seed of its episodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// The recording to play; then there is no model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recording: Option<String>,
}

/// What a recording is to be called.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecordName {
    /// Its name; the room's code and the time if none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// An action by its index or its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum ActionName {
    Index(u64),
    Name(String),
}

impl ActionName {
    /// The action among `actions`; names in any case, their words apart or not: "Pick up", "`pick_up`", "Pickup".
    pub fn find(&self, actions: &[String]) -> Result<Action, Refusal> {
        let place = match self {
            Self::Index(index) => usize::try_from(*index).ok().filter(|&index| index < actions.len()),
            Self::Name(name) => {
                let plain = |text: &str| text.to_lowercase().replace([' ', '_', '-'], "");
                actions.iter().position(|action| plain(action) == plain(name))
            }
        };
        place.and_then(|place| Action::try_from(place).ok()).ok_or_else(|| {
            let last = actions.len().saturating_sub(1);
            Refusal::invalid(format!("there is no such action: name one of {}, or 0 to {last}", actions.join(", ")))
        })
    }
}

impl RoomSpec {
    pub fn frame_rate(&self, max: FrameRate) -> Result<Option<FrameRate>, Refusal> {
        self.fps.map(|fps| frame_rate(fps, max)).transpose()
    }
}

/// A rate that a client asks for, at most `max`.
pub fn frame_rate(fps: f64, max: FrameRate) -> Result<FrameRate, Refusal> {
    match FrameRate::new(fps) {
        Ok(fps) if fps <= max => Ok(fps),
        Ok(_) => Err(Refusal::invalid(format!("this server's rooms make at most {max} frames a second"))),
        Err(error) => Err(Refusal::invalid(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Request, Refusal> {
        Envelope::read(text).request
    }

    #[test]
    fn requests_are_read_with_what_they_leave_out() {
        assert!(matches!(read(r#"{"type":"step","id":1}"#), Ok(Request::Step { action: None })));
        assert!(matches!(
            read(r#"{"type":"step","action":2}"#),
            Ok(Request::Step { action: Some(ActionName::Index(2)) })
        ));
        assert!(matches!(read(r#"{"type":"seek","seq":7}"#), Ok(Request::Seek { seq: 7, play: false })));
        assert!(matches!(read(r#"{"type":"vote_stop","new":[]}"#), Ok(Request::VoteStop)));
        match read(r#"{"type":"join","room":"main","resume":{"epoch":5,"seq":6},"frames":"whole"}"#) {
            Ok(Request::Join(join)) => {
                assert_eq!(join.resume, Some(ResumeFrom { epoch: 5, seq: 6 }));
                assert_eq!(join.frames, Some(Frames::Whole));
            }
            other => panic!("{other:?}"),
        }
        for bad in [
            "",
            "null",
            "[]",
            "{}",
            r#"{"type":"fly"}"#,
            r#"{"type":"seek"}"#,
            r#"{"type":"seek","seq":-1}"#,
            r#"{"type":2}"#,
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn ids_are_found_even_where_nothing_else_is() {
        assert_eq!(Envelope::read(r#"{"type":5,"id":7}"#).id, 7);
        assert_eq!(Envelope::read(r#"{"id":"a"}"#).id, "a");
        for none in
            ["", "[]", "[1]", "[7,5]", "{}", r#"{"id":{"deep":1}}"#, &format!(r#"{{"id":"{}"}}"#, "x".repeat(65))]
        {
            assert_eq!(Envelope::read(none).id, Value::Null, "{none}");
        }
    }

    #[test]
    fn actions_go_by_index_or_name() {
        let actions = ["Move", "Pick up"].map(str::to_owned);
        for (name, found) in [("Pick up", 1), ("pick_up", 1), ("Pickup", 1), ("MOVE", 0)] {
            assert_eq!(ActionName::Name(name.to_owned()).find(&actions), Ok(found), "{name}");
        }
        assert_eq!(ActionName::Index(1).find(&actions), Ok(1));
        for bad in [ActionName::Index(2), ActionName::Index(u64::MAX), ActionName::Name("fly".to_owned())] {
            assert!(bad.find(&actions).is_err_and(|refusal| refusal.message.contains("Move, Pick up")));
        }
    }
}
