//! Studies, made small.

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;

fn daladala(arguments: &[&str]) -> Output {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("daladala"));
    command.env_remove("DALADALA_RULES").args(arguments).write_stdin("").output().unwrap()
}

fn json(arguments: &[&str]) -> Value {
    let output = daladala(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn refused(arguments: &[&str]) -> String {
    let output = daladala(arguments);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    error
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

#[test]
fn a_study_says_where_overloading_stops_paying_and_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("study").to_str().unwrap().to_owned();
    let study = ["study", "enforcement", "--episodes", "400", "--out", &out, "--json"];
    let results = json(&study);
    let switch = &results["switch"];
    assert_eq!((&switch["from"], &switch["to"]), (&"greedy".into(), &"legal".into()));
    assert!((0.18..0.28).contains(&number(&switch["simulated"])), "{switch}");
    assert!((0.18..0.28).contains(&number(&switch["closed_form"])), "{switch}");
    assert_eq!(results["points"].as_array().unwrap().len(), 6 * 11);
    for file in ["results.json", "results.csv", "profit.svg", "overloading.svg", "risk.svg"] {
        assert!(std::fs::metadata(Path::new(&out).join(file)).unwrap().len() > 500, "{file}");
    }
    // A line cut off in the middle is driven again; everything else is read.
    let points = Path::new(&out).join("points.jsonl");
    let text = std::fs::read_to_string(&points).unwrap();
    std::fs::write(&points, &text[..text.len() - 30]).unwrap();
    assert_eq!(json(&study), results);
    assert_eq!(std::fs::read_to_string(&points).unwrap(), text);
    assert!(refused(&["study", "enforcement", "--episodes", "500", "--out", &out]).contains("another study"));
}

#[test]
fn a_study_of_safety_trains_once_and_measures_learners_against_the_optimum() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("study").to_str().unwrap().to_owned();
    #[rustfmt::skip]
    let study = [
        "study", "safety", "--steps", "20000", "--tiny-steps", "10000", "--episodes", "200", "--limit", "8", "--price", "0.2",
        "--price", "1", "--set", "imitation_steps=10000", "--set", "hidden=[16]", "--out", &out, "--json",
    ];
    let results = json(&study);
    assert_eq!(results["limits"].as_array().unwrap().len(), 1);
    assert_eq!(results["points"].as_array().unwrap().len(), 3 + 6);
    let tiny = &results["tiny"];
    assert!((number(&tiny["optimum"]["mean_return"]) - 2.5114).abs() < 1e-4, "{tiny}");
    assert!((number(&tiny["limited_optimum"]["micromorts"]) - 0.2).abs() < 1e-6, "{tiny}");
    let learners = tiny["learners"].as_array().unwrap();
    assert_eq!(learners.len(), 5);
    for learner in learners.iter().filter(|learner| learner["algorithm"] != "ppo-lagrangian") {
        assert!(number(&learner["regret"]) >= 0.0, "{learner}");
    }
    for file in ["results.json", "results.csv", "frontier.svg", "models/limit-8.safetensors"] {
        assert!(std::fs::metadata(Path::new(&out).join(file)).unwrap().len() > 500, "{file}");
    }
    // Weights that are there are not trained again: what else drives by them drives the same.
    let weights = Path::new(&out).join("models/price-1.safetensors");
    let changed = std::fs::metadata(&weights).unwrap().modified().unwrap();
    assert_eq!(json(&study), results);
    assert_eq!(std::fs::metadata(&weights).unwrap().modified().unwrap(), changed);
    assert!(refused(&["study", "safety", "--steps", "30000", "--out", &out]).contains("another study"));
    for limit in ["-1", "0", "NaN"] {
        assert!(refused(&["study", "safety", "--limit", limit, "--out", &out]).contains("is not above 0"));
    }
}

#[test]
fn a_study_of_the_police_compares_placements_and_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("study").to_str().unwrap().to_owned();
    #[rustfmt::skip]
    let study = [
        "study", "police", "--sight-steps", "8192", "--train-steps", "1000", "--candidates", "1", "--search-episodes", "100",
        "--episodes", "200", "--sight", "12", "--set", "rollout_steps=16", "--out", &out, "--json",
    ];
    let results = json(&study);
    let cases = results["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 2);
    assert!(cases[0]["placement"].is_null());
    let shares: Vec<f64> = cases[1]["placement"].as_array().unwrap().iter().map(number).collect();
    assert!(shares.len() == 5 && (shares.iter().sum::<f64>() - 1.0).abs() < 0.01, "{shares:?}");
    let (unpoliced, policed) = (&results["unpoliced"], &cases[0]["response"]);
    assert!(number(&unpoliced["mean_return"]) > number(&policed["mean_return"]), "{results}");
    let overload = |point: &Value| number(&point["figures"]["overload_km"][0]);
    let prevented = (overload(unpoliced) - overload(policed)) / number(&results["manned"]);
    assert!((number(&cases[0]["overload_km_prevented"][0]) - prevented).abs() < 1e-9, "{results}");
    for file in ["results.json", "results.csv", "police.svg"] {
        assert!(std::fs::metadata(Path::new(&out).join(file)).unwrap().len() > 300, "{file}");
    }
    // A line cut off in the middle is found out again; everything else is read.
    let points = Path::new(&out).join("points.jsonl");
    let text = std::fs::read_to_string(&points).unwrap();
    assert_eq!(text.lines().count(), 1 + 1 + 9 + 2);
    std::fs::write(&points, &text[..text.len() - 30]).unwrap();
    assert_eq!(json(&study), results);
    assert_eq!(std::fs::read_to_string(&points).unwrap(), text);
}

#[test]
fn what_a_study_of_the_police_cannot_do_is_told_in_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("study").to_str().unwrap().to_owned();
    for (argument, value, said) in [
        ("--model", "legal", "written by hand"),
        ("--model", "nobody", "nobody"),
        ("--sight", "13", "police.sight"),
        ("--set", "police.manned=0", "nobody to place"),
        ("--set", "police.placement=[1, 1, 1, 1, 1]", "searched for"),
        ("--set", "envs=0", "envs is 0"),
    ] {
        let error = refused(&["study", "police", argument, value, "--out", &out]);
        assert!(error.contains(said), "{argument} {value}: {error}");
    }
    assert!(!Path::new(&out).exists());
}
