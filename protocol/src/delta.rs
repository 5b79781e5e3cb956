//! Frames as JSON: keyframes whole, deltas as the fields that differ from their base.

use std::collections::BTreeMap;

use daladala_env::StateFrame;
use serde::Serialize;
use serde_json::value::RawValue;

/// A frame whole.
pub fn keyframe_json(epoch: u64, seq: u64, state: &StateFrame) -> Result<String, serde_json::Error> {
    #[derive(Serialize)]
    struct Keyframe<'a> {
        r#type: &'static str,
        epoch: u64,
        seq: u64,
        #[serde(flatten)]
        state: &'a StateFrame,
    }
    serde_json::to_string(&Keyframe { r#type: "keyframe", epoch, seq, state })
}

/// A frame as what differs from the keyframe `base`, both as [`keyframe_json`] has them. Fields are compared as text,
/// so numbers keep the digits they have there.
pub fn delta_json(seq: u64, base: u64, frame: &str, base_frame: &str) -> Result<String, serde_json::Error> {
    #[derive(Serialize)]
    struct Delta<'a> {
        r#type: &'static str,
        seq: u64,
        base: u64,
        #[serde(flatten)]
        changes: BTreeMap<&'a str, &'a RawValue>,
    }
    let whole: BTreeMap<&str, &RawValue> = serde_json::from_str(base_frame)?;
    let mut changes: BTreeMap<&str, &RawValue> = serde_json::from_str(frame)?;
    changes.retain(|name, value| {
        !matches!(*name, "type" | "epoch" | "seq") && whole.get(name).is_none_or(|old| old.get() != value.get())
    });
    serde_json::to_string(&Delta { r#type: "delta", seq, base, changes })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use daladala_agents::scripted::Random;
    use daladala_agents::{Policy, Stream};
    use daladala_env::rules::Classic;
    use daladala_env::{RuleSet, Rules};
    use serde_json::{Map, Value};

    use super::*;

    #[test]
    fn a_keyframe_and_a_delta_over_it_are_the_frame() -> Result<(), Box<dyn std::error::Error>> {
        let policy: Arc<dyn Policy> = Arc::new(Random::new(&Classic.spaces()));
        let mut game = Stream::new(&RuleSet::Classic.into(), policy, 3);
        let mut base = game.advance(None)?;
        for seq in 2..200 {
            let frame = game.advance(None)?;
            if frame.step == 0 {
                base = frame.clone();
            }
            let (whole, keyframe) = (keyframe_json(9, seq, &frame)?, keyframe_json(9, 1, &base)?);
            let delta = delta_json(seq, 1, &whole, &keyframe)?;
            assert!(delta.len() < 450, "{delta}");
            let mut merged: Map<String, Value> = serde_json::from_str(&keyframe)?;
            merged.extend(serde_json::from_str::<Map<String, Value>>(&delta)?);
            assert_eq!(merged.remove("base"), Some(1.into()));
            merged.insert("type".to_owned(), "keyframe".into());
            assert_eq!(merged, serde_json::from_str(&whole)?);
        }
        Ok(())
    }
}
