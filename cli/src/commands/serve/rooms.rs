//! Rooms that settings ask for.

use daladala_server::RoomSpec;
use serde_json::{Map, Value};

/// What can be said of a room.
const FIELDS: [&str; 9] = ["code", "kind", "model", "rules", "scenario", "set", "fps", "seed", "recording"];

/// A room as JSON. What is misspelt is refused, where a client's request would be read without it.
pub(super) fn room(text: &str) -> Result<RoomSpec, String> {
    let fields: Map<String, Value> = serde_json::from_str(text)
        .map_err(|error| format!("needed is a JSON object, such as {{\"code\": \"class\"}}: {error}"))?;
    if let Some(unknown) = fields.keys().find(|key| !FIELDS.contains(&key.as_str())) {
        return Err(format!("a room has no '{unknown}': name one of {}", FIELDS.join(", ")));
    }
    serde_json::from_value(Value::Object(fields)).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_are_read_and_mistakes_named() {
        let class = room(r#"{"code": "class", "model": "dqn", "fps": 2.5, "set": {"police.inspect": 0.3}}"#);
        let class = class.expect("a room");
        assert_eq!((class.code.as_deref(), class.fps), (Some("class"), Some(2.5)));
        assert_eq!(class.scenario.set["police.inspect"], 0.3);
        for (wrong, named) in [("class", "JSON"), (r#"{"modle": "dqn"}"#, "modle"), (r#"{"fps": "fast"}"#, "fast")] {
            assert!(room(wrong).expect_err(wrong).contains(named), "{wrong}");
        }
    }
}
