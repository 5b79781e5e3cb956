//! Studies, made small.

use std::collections::HashSet;
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
        assert!(refused(&["study", "safety", "--limit", limit, "--out", &out]).contains("a number above 0"));
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

/// The parts of a contract and bribes move the place where overloading stops paying: spec, closed form 4.
#[test]
fn closed_forms_go_by_the_contract_and_by_bribes() {
    let folder = tempfile::tempdir().unwrap();
    let switch = |name: &str, set: &[&str]| {
        let out = folder.path().join(name).to_str().unwrap().to_owned();
        let set: Vec<&str> = set.iter().flat_map(|set| ["--set", set]).collect();
        let few = ["study", "enforcement", "--episodes", "1500", "--out", &out, "--json"];
        json(&[&few[..], &set].concat())["switch"].clone()
    };
    for (name, set) in [
        ("half", &["contract.fines=0.5"][..]),
        ("double", &["contract.fines=2"]),
        ("bribes", &["bribe.chance=0.5", "bribe.amount=10"]),
    ] {
        let switch = switch(name, set);
        let (simulated, closed) = (number(&switch["simulated"]), number(&switch["closed_form"]));
        assert!((simulated / closed - 1.0).abs() < 0.15, "{name}: {switch}");
    }
    assert!(switch("drawn", &["randomize.police.fine=[10, 50]"])["closed_form"].is_null());
    assert!(switch("nobody", &["police.manned=0"])["closed_form"].is_null());
}

#[test]
fn a_study_sets_what_it_varies_and_nobody_else_does() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("study").to_str().unwrap().to_owned();
    for (study, set, said) in [
        ("enforcement", "police.inspect=0.4", "what the study varies"),
        ("enforcement", "randomize.police.inspect=[0, 0.5]", "what the study varies"),
        ("radar", "randomize.speed.radar=[0, 0.001]", "what the study varies"),
        ("share", "police.inspect=0.4", "what the study keeps"),
    ] {
        let error = refused(&["study", study, "--set", set, "--out", &out]);
        assert!(error.contains(said), "{error}");
    }
    assert!(!Path::new(&out).exists());
}

#[test]
fn drivers_of_a_study_are_told_apart_by_their_weights() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let text = |name: &str| place(name).to_str().unwrap().to_owned();
    let model = |name: &str| format!("{}/../models/city/{name}.safetensors", env!("CARGO_MANIFEST_DIR"));
    for (from, to) in [("ppo", "one/x"), ("ppo-safe", "two/x"), ("a2c", "one/legal")] {
        let to = place(&format!("{to}.safetensors"));
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(model(from), to).unwrap();
    }
    let (one, two, legal) = (text("one/x.safetensors"), text("two/x.safetensors"), text("one/legal.safetensors"));
    let out = text("study");
    let few = ["study", "contract", "--episodes", "100", "--out", &out];
    assert!(refused(&[&few[..], &["--model", &one, "--model", &two]].concat()).contains("'x' already"));
    assert!(refused(&[&few[..], &["--model", &legal]].concat()).contains("'legal' already"));
    assert!(refused(&[&few[..], &["--model", "legal"]].concat()).contains("'legal' already"));
    assert!(refused(&[&few[..], &["--model", "nobody"]].concat()).contains("nobody"));
    assert!(!Path::new(&out).exists(), "nothing was driven before all drivers were there");
    let profits = |results: &Value| -> Vec<Value> {
        let points = results["points"].as_array().unwrap();
        points.iter().filter(|point| point["driver"] == "x").map(|point| point["mean_return"].clone()).collect()
    };
    let study = [&few[..], &["--model", &one, "--json"]].concat();
    let first = json(&study);
    std::fs::copy(&two, &one).unwrap();
    let second = json(&study);
    assert!(profits(&first).len() == 9 && profits(&first) != profits(&second), "weights that changed drive again");
}

#[test]
fn plots_say_how_many_drivers_they_leave_out() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let mut study = vec!["study", "share", "--episodes", "100", "--json", "--out", out];
    let heading = |study: &[&str]| {
        let results = json(study);
        let points = results["points"].as_array().unwrap();
        let drivers: HashSet<_> = points.iter().map(|point| point["driver"].as_str().unwrap()).collect();
        (drivers.len(), std::fs::read_to_string(folder.path().join("profit.svg")).unwrap())
    };
    assert!(!heading(&study).1.contains("drivers of"));
    for model in ["ppo", "dqn", "a2c", "ppo-safe", "random", "timid"] {
        study.extend(["--model", model]);
    }
    let (drivers, plot) = heading(&study);
    assert!(drivers > 8 && plot.contains(&format!("the first 8 drivers of {drivers}")), "{drivers}");
}

#[test]
fn files_of_others_stay_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    for (name, holds) in [
        ("points.jsonl", "my precious data without a line's end"),
        ("points.jsonl", "{\"x\":1}\n{\"a part of a row\":"),
        ("results.json", "mine"),
        ("profit.svg", "mine"),
    ] {
        let out = folder.path().join("study");
        _ = std::fs::remove_dir_all(&out);
        std::fs::create_dir_all(&out).unwrap();
        std::fs::write(out.join(name), holds).unwrap();
        std::fs::write(out.join("lock"), "mine too").unwrap();
        let error = refused(&["study", "share", "--episodes", "100", "--out", out.to_str().unwrap()]);
        assert!(error.contains("name another folder"), "{error}");
        assert_eq!(std::fs::read_to_string(out.join(name)).unwrap(), holds);
        assert_eq!(std::fs::read_to_string(out.join("lock")).unwrap(), "mine too");
    }
    let out = folder.path().join("sweep");
    std::fs::create_dir_all(&out).unwrap();
    std::fs::write(out.join("results.json"), "mine").unwrap();
    let error = refused(&["sweep", "--algo", "ppo", "--steps", "1000", "--out", out.to_str().unwrap()]);
    assert!(error.contains("name another folder"), "{error}");
    let run = folder.path().join("run");
    std::fs::create_dir_all(&run).unwrap();
    for name in ["config.toml", "rules.json", "best-so-far.safetensors", "resume.state"] {
        let file = run.join(name);
        std::fs::write(&file, "mine").unwrap();
        let weights = folder.path().join("x.safetensors");
        let (weights, run) = (weights.to_str().unwrap(), run.to_str().unwrap());
        refused(&["train", "--algo", "ppo", "--steps", "1000", "--run", run, "--restart", "--out", weights]);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine", "{name}");
        std::fs::remove_file(&file).unwrap();
    }
}

/// Weights in the folder of a study that was never begun there are not those of this one.
#[test]
fn a_study_takes_no_weights_that_lie_there() {
    let folder = tempfile::tempdir().unwrap();
    let models = folder.path().join("models");
    std::fs::create_dir_all(&models).unwrap();
    std::fs::write(models.join("limit-4.safetensors"), "anything").unwrap();
    let out = folder.path().to_str().unwrap();
    assert!(refused(&["study", "safety", "--steps", "1000", "--out", out]).contains("holds models of something else"));
}
