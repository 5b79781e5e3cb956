//! Episodes and observations in, figures and actions out.

use daladala_env::trace::Trace;
use serde_json::Value;

use super::{GOLDEN, daladala, json, stdout};

#[test]
fn trace_reproduces_the_golden_episodes() {
    let text = stdout(&daladala(&["trace"], GOLDEN));
    assert_eq!(text.lines().count(), 120);
    for (ours, golden) in text.lines().zip(GOLDEN.lines()) {
        let ours: Trace = serde_json::from_str(ours).unwrap();
        let golden: Value = serde_json::from_str(golden).unwrap();
        let obs: Vec<Vec<f32>> = serde_json::from_value(golden["obs"].clone()).unwrap();
        assert_eq!(ours.obs.len(), obs.len());
        assert!(ours.obs.iter().flatten().zip(obs.iter().flatten()).all(|(a, b)| (a - b).abs() < 1e-5));
        assert_eq!(ours.reward, serde_json::from_value::<Vec<f32>>(golden["reward"].clone()).unwrap());
        assert_eq!(ours.terminated, serde_json::from_value::<Vec<bool>>(golden["terminated"].clone()).unwrap());
    }
}

#[test]
fn eval_has_the_fields_that_are_relied_on_and_depends_only_on_the_seed() {
    let eval = |seed: &str| {
        let mut figures = json(&["eval", "--model", "random", "--episodes", "300", "--seed", seed, "--json"]);
        assert!(figures["steps_per_second"].take().as_f64().unwrap() > 0.0);
        figures["models"][0]["steps_per_second"].take();
        figures
    };
    let figures = eval("4");
    for field in
        "episodes mean_return std_return min_return max_return mean_length mean_passengers mean_money legal_rate \
                  fine_rate crash_rate optimal_fraction"
            .split_whitespace()
    {
        assert!(figures[field].is_number(), "{field} in {figures}");
    }
    assert_eq!(figures, eval("4"));
    assert_ne!(figures, eval("5"));
}

#[test]
fn the_oracle_is_exactly_optimal() {
    assert_eq!(json(&["eval", "--model", "oracle", "--json"])["optimal_fraction"], 1.0);
}

#[test]
fn predict_answers_each_line() {
    let row = format!("[{}]", ["0.25"; 14].join(","));
    let text = stdout(&daladala(&["predict", "--model", "dqn", "--json"], &format!("{row}\n\n{row}\n")));
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    let outputs: Vec<f64> = lines[0]["outputs"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    assert_eq!(outputs.len(), 5);
    let action = usize::try_from(lines[0]["action"].as_u64().unwrap()).unwrap();
    assert!(outputs.iter().all(|output| *output <= outputs[action]));
}

/// A second implementation gets the random words, and what came of them.
#[test]
fn an_episode_of_city_is_acted_out_with_its_random_words() {
    let request = "{\"seed\": 4, \"actions\": [3, 3, 0, 1, 2, 2]}";
    let text = stdout(&daladala(&["trace", "--rules", "city"], request));
    let trace: Value = serde_json::from_str(&text).unwrap();
    let words = trace["words"].as_array().unwrap();
    assert!(words.len() == 6 && words.iter().all(|words| words.as_array().unwrap().len() == 22), "{trace}");
    assert_eq!((trace["obs"].as_array().unwrap().len(), trace["states"].as_array().unwrap().len()), (7, 7));
    let again = serde_json::json!({ "seed": 4, "layout": trace["layout"], "actions": [3] });
    let again: Value =
        serde_json::from_str(&stdout(&daladala(&["trace", "--rules", "city"], &again.to_string()))).unwrap();
    assert_eq!(again["layout"], trace["layout"]);
    let wrong = daladala(&["trace", "--rules", "city"], "{\"seed\": 4, \"actions\": [9]}");
    assert_eq!(wrong.status.code(), Some(1));
}

#[test]
fn good_lines_before_a_bad_one_are_answered() {
    let good = r#"{"police":[],"lights":[],"red":[],"actions":[0]}"#;
    let output = daladala(&["trace"], &format!("{good}\nnonsense\n"));
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 1);
    assert!(String::from_utf8(output.stderr).unwrap().contains("line 2"));
}
