//! What clients ask for.

use daladala_env::Action;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::Refusal;
use crate::config::FrameRate;

/// The longest text as a request's `id`, bytes: room for a UUID and a prefix.
const MAX_ID_BYTES: usize = 64;

/// A request with the `id` that its answer is to have.
#[derive(Debug)]
pub(crate) struct Envelope {
    pub(crate) id: Value,
    pub(crate) request: Result<Request, Refusal>,
}

impl Envelope {
    /// Reads whatever a client has said. What cannot be read is answered to whoever asked, if that can be seen.
    pub(crate) fn read(message: &str) -> Self {
        let head = serde_json::from_str::<Head>(message).unwrap_or_default();
        let request = Request::read(&head, message);
        Self { id: head.sent_back(), request }
    }
}

/// What says whose and which a request is.
#[derive(Default, Deserialize)]
struct Head {
    #[serde(default)]
    id: Value,
    #[serde(default, rename = "type")]
    kind: Value,
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
    fn read(head: &Head, message: &str) -> Result<Self, Refusal> {
        // By itself, a number would be read as the place of a type in the list.
        if !head.kind.is_string() {
            return Err(Refusal::invalid("this is no request: needed is a JSON object with a type, in a text message"));
        }
        serde_json::from_str(message).map_err(|error| Refusal::invalid(format!("this is no request: {error}")))
    }
}

/// A request. Fields that are not known are passed over.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Request {
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
        #[serde(default)]
        action: Option<ActionName>,
    },
    Speed {
        fps: f64,
    },
    Reset {
        #[serde(default)]
        seed: Option<u64>,
    },
    Load {
        model: String,
        #[serde(default)]
        rules: Option<String>,
    },
    Act {
        action: ActionName,
    },
    Release,
    VoteStart {
        #[serde(default)]
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
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Join {
    pub(crate) room: String,
    #[serde(default)]
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) key: Option<String>,
    #[serde(default)]
    pub(crate) resume: Option<ResumeFrom>,
    #[serde(default)]
    pub(crate) frames: Option<Frames>,
}

/// The last frame that a client has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) struct ResumeFrom {
    pub(crate) epoch: u64,
    pub(crate) seq: u64,
}

/// How frames come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Frames {
    /// Keyframes, and deltas over them.
    Delta,
    /// Keyframes only.
    Whole,
}

/// A room to be made. What is left out is as in `main` at the start.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub(crate) struct RoomSpec {
    /// Its code; one is drawn if none is given.
    #[serde(default)]
    pub(crate) code: Option<String>,
    /// `stream` or `driven`.
    #[serde(default)]
    pub(crate) kind: Option<String>,
    /// Who drives.
    #[serde(default)]
    pub(crate) model: Option<String>,
    /// The rules to drive by.
    #[serde(default)]
    pub(crate) rules: Option<String>,
    /// Frames a second.
    #[serde(default)]
    pub(crate) fps: Option<f64>,
    /// The seed of its episodes.
    #[serde(default)]
    pub(crate) seed: Option<u64>,
    /// The recording to play; then there is no model.
    #[serde(default)]
    pub(crate) recording: Option<String>,
}

/// What a recording is to be called.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub(crate) struct RecordName {
    /// Its name; the room's code and the time if none is given.
    #[serde(default)]
    pub(crate) name: Option<String>,
}

/// An action by its index or its name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum ActionName {
    Index(u64),
    Name(String),
}

impl ActionName {
    /// The action among `actions`; names in any case, with spaces or underscores.
    pub(crate) fn find(&self, actions: &[String]) -> Result<Action, Refusal> {
        let place = match self {
            Self::Index(index) => usize::try_from(*index).ok().filter(|&index| index < actions.len()),
            Self::Name(name) => {
                let plain = |text: &str| text.to_lowercase().replace(['_', '-'], " ");
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
    pub(crate) fn frame_rate(&self, max: FrameRate) -> Result<Option<FrameRate>, Refusal> {
        self.fps.map(|fps| frame_rate(fps, max)).transpose()
    }
}

/// A rate that a client asks for, at most `max`.
pub(crate) fn frame_rate(fps: f64, max: FrameRate) -> Result<FrameRate, Refusal> {
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
        for none in ["", "[]", "{}", r#"{"id":{"deep":1}}"#, &format!(r#"{{"id":"{}"}}"#, "x".repeat(65))] {
            assert_eq!(Envelope::read(none).id, Value::Null, "{none}");
        }
    }

    #[test]
    fn actions_go_by_index_or_name() {
        let actions = ["Move", "Pick up"].map(str::to_owned);
        for (name, found) in [("Pick up", 1), ("pick_up", 1), ("MOVE", 0)] {
            assert_eq!(ActionName::Name(name.to_owned()).find(&actions), Ok(found), "{name}");
        }
        assert_eq!(ActionName::Index(1).find(&actions), Ok(1));
        for bad in [ActionName::Index(2), ActionName::Index(u64::MAX), ActionName::Name("fly".to_owned())] {
            assert!(bad.find(&actions).is_err_and(|refusal| refusal.message.contains("Move, Pick up")));
        }
    }
}
