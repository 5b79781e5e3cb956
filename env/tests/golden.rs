//! The 120 episodes recorded from the original environment, reproduced.

use daladala_env::trace::{Trace, TraceError, TraceRequest, act_out};
use proptest::prelude::*;
use serde_json::Value;

const GOLDEN: &str = include_str!("golden/classic.jsonl");
/// The original rounds its observations to six places.
const TOLERANCE: f64 = 1e-5;

fn assert_equal(path: &str, ours: &Value, golden: &Value) {
    match (ours, golden) {
        (Value::Number(ours), Value::Number(golden)) => {
            let (ours, golden) = (ours.as_f64().unwrap(), golden.as_f64().unwrap());
            assert!((ours - golden).abs() <= TOLERANCE, "{path}: {ours} for {golden}");
        }
        (Value::Array(ours), Value::Array(golden)) => {
            assert_eq!(ours.len(), golden.len(), "{path}: lengths");
            for (i, (ours, golden)) in ours.iter().zip(golden).enumerate() {
                assert_equal(&format!("{path}[{i}]"), ours, golden);
            }
        }
        (Value::Object(ours), Value::Object(golden)) => {
            assert!(ours.keys().eq(golden.keys()), "{path}: {:?} for {:?}", ours.keys(), golden.keys());
            for (key, golden) in golden {
                assert_equal(&format!("{path}.{key}"), &ours[key], golden);
            }
        }
        _ => assert_eq!(ours, golden, "{path}"),
    }
}

#[test]
fn every_golden_episode_is_reproduced() {
    let mut episodes = 0;
    for (number, line) in GOLDEN.lines().enumerate() {
        let golden: Value = serde_json::from_str(line).unwrap();
        let trace = act_out(serde_json::from_str(line).unwrap()).unwrap();
        assert_equal(&format!("episode {number}"), &serde_json::to_value(trace).unwrap(), &golden);
        episodes += 1;
    }
    assert_eq!(episodes, 120);
}

fn request(layout: &str, actions: &[u8]) -> TraceRequest {
    let mut value: Value = serde_json::from_str(layout).unwrap();
    value["actions"] = actions.into();
    serde_json::from_value(value).unwrap()
}

#[test]
fn actions_past_the_end_are_an_error_that_names_the_step() {
    let layout = r#"{"police": [], "lights": [], "red": []}"#;
    let error = act_out(request(layout, &[0; 30])).unwrap_err();
    assert_eq!(error, TraceError::Ended { steps: 29, actions: 30 });
    assert!(act_out(request(layout, &[5])).is_err());
}

proptest! {
    #[test]
    fn a_trace_survives_json(actions in prop::collection::vec(0u8..5, 0..10), waiting in prop::array::uniform4(0u8..20)) {
        let layout = format!(r#"{{"police": [1, 9], "lights": [3], "red": [1], "waiting": {waiting:?}}}"#);
        let trace = act_out(request(&layout, &actions)).unwrap();
        let back: Trace = serde_json::from_str(&serde_json::to_string(&trace).unwrap()).unwrap();
        prop_assert_eq!(back, trace);
    }
}
