//! Frames as JSON, by the schema of their room: keyframes whole, deltas as the fields that differ from their base.

use daladala_env::{Frame, FrameField};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

/// The message `keyframe`.
pub fn keyframe_json(epoch: u64, seq: u64, frame: &Frame, schema: &[FrameField]) -> Result<String, serde_json::Error> {
    #[derive(Serialize)]
    struct Keyframe<'a> {
        r#type: &'static str,
        epoch: u64,
        seq: u64,
        #[serde(flatten)]
        fields: Fields<'a>,
    }
    serde_json::to_string(&Keyframe { r#type: "keyframe", epoch, seq, fields: Fields { frame, schema, base: None } })
}

/// The message `delta`: `frame` as what differs from `base`, the keyframe of the number `base_seq`.
pub fn delta_json(
    seq: u64,
    frame: &Frame,
    base_seq: u64,
    base: &Frame,
    schema: &[FrameField],
) -> Result<String, serde_json::Error> {
    #[derive(Serialize)]
    struct Delta<'a> {
        r#type: &'static str,
        seq: u64,
        base: u64,
        #[serde(flatten)]
        fields: Fields<'a>,
    }
    let fields = Fields { frame, schema, base: Some(base) };
    serde_json::to_string(&Delta { r#type: "delta", seq, base: base_seq, fields })
}

/// A frame alone, as an object.
pub fn frame_json(frame: &Frame, schema: &[FrameField]) -> Result<String, serde_json::Error> {
    serde_json::to_string(&Fields { frame, schema, base: None })
}

/// The frame in an object: a keyframe, or one with the fields of a delta laid over it. None if a field is missing or
/// of another type.
#[must_use]
pub fn frame_from_json(object: &Map<String, Value>, schema: &[FrameField]) -> Option<Frame> {
    let mut frame = Frame::empty(schema);
    for (number, field) in schema.iter().enumerate() {
        frame.set(number, field.kind.from_json(object.get(&field.name)?)?)?;
    }
    Some(frame)
}

/// The fields of a frame by name; with a base, those alone that differ from it.
struct Fields<'a> {
    frame: &'a Frame,
    schema: &'a [FrameField],
    base: Option<&'a Frame>,
}

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let mut base = self.base.map(Frame::values);
        for (field, value) in self.schema.iter().zip(self.frame.values()) {
            let old = base.as_mut().and_then(Iterator::next);
            if old.is_none_or(|old| !value.is_same(&old)) {
                map.serialize_entry(&field.name, &value)?;
            }
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use daladala_agents::scripted::Random;
    use daladala_agents::{Policy, Stream};
    use daladala_env::rules::Classic;
    use daladala_env::{RuleSet, Rules};

    use super::*;

    #[test]
    fn a_keyframe_and_a_delta_over_it_are_the_frame() -> Result<(), Box<dyn std::error::Error>> {
        let policy: Arc<dyn Policy> = Arc::new(Random::new(&Classic.spaces()));
        let schema = Classic.info().frame_schema();
        let mut game = Stream::new(&RuleSet::Classic.into(), policy, 3);
        let mut base = game.advance(None)?;
        for seq in 2..200 {
            let frame = game.advance(None)?;
            if frame.step == 0 {
                base = frame.clone();
            }
            let (whole, keyframe) = (keyframe_json(9, seq, &frame, &schema)?, keyframe_json(9, 1, &base, &schema)?);
            let delta = delta_json(seq, &frame, 1, &base, &schema)?;
            assert!(delta.len() < 420, "{delta}");
            let mut merged: Map<String, Value> = serde_json::from_str(&keyframe)?;
            merged.extend(serde_json::from_str::<Map<String, Value>>(&delta)?);
            assert_eq!(frame_from_json(&merged, &schema).as_ref(), Some(&frame));
            assert_eq!(merged.remove("base"), Some(1.into()));
            merged.insert("type".to_owned(), "keyframe".into());
            assert_eq!(merged, serde_json::from_str(&whole)?);
        }
        Ok(())
    }

    #[test]
    fn an_object_without_a_field_or_with_another_type_is_no_frame() -> Result<(), serde_json::Error> {
        let schema = Classic.info().frame_schema();
        let whole: Map<String, Value> = serde_json::from_str(&frame_json(&Frame::empty(&schema), &schema)?)?;
        assert_eq!(frame_from_json(&whole, &schema), Some(Frame::empty(&schema)));
        for field in &schema {
            let mut less = whole.clone();
            less.remove(&field.name);
            assert_eq!(frame_from_json(&less, &schema), None, "without {}", field.name);
            less.insert(field.name.clone(), serde_json::json!({}));
            assert_eq!(frame_from_json(&less, &schema), None, "{} as an object", field.name);
        }
        Ok(())
    }
}
