//! `daladala sweep` as people run it.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn daladala(arguments: &[&str]) -> Output {
    Command::new(assert_cmd::cargo::cargo_bin!("daladala"))
        .env("DALADALA_RULES", "classic")
        .args(arguments)
        .output()
        .unwrap()
}

fn error(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let error = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(error.trim_end().lines().count(), 1, "{error}");
    error
}

/// A folder with a grid of two configurations in it, and the arguments of a sweep over it.
struct Sweep {
    folder: tempfile::TempDir,
}

impl Sweep {
    fn new(grid: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("grid.toml"), grid).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn run(&self, out: &str, steps: &str) -> Output {
        let (grid, out) = (self.path("grid.toml"), self.path(out));
        daladala(&[
            "sweep", "--algo", "ppo", "--grid", &grid, "--out", &out, "--seeds", "2", "--steps", steps, "--json",
        ])
    }
}

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What does not depend on the clock.
fn timeless(results: &Value) -> Vec<(String, f64, Vec<Value>)> {
    let configurations = results["configurations"].as_array().unwrap();
    let curve = |run: &Value| {
        run["outcome"]["curve"].as_array().unwrap().iter().map(|point| point["mean_return"].clone()).collect()
    };
    configurations
        .iter()
        .map(|tried| {
            let runs = tried["runs"].as_array().unwrap().iter().map(curve).collect();
            (tried["name"].as_str().unwrap().to_owned(), tried["mean_return"].as_f64().unwrap(), runs)
        })
        .collect()
}

#[test]
fn every_configuration_is_trained_with_every_seed() {
    let sweep = Sweep::new("gamma = [0.5, 0.95]\nhidden = [16]\n");
    let results = json(&sweep.run("out", "6000"));
    assert_eq!((&results["algorithm"], &results["seeds"]), (&"ppo".into(), &serde_json::json!([1, 2])));
    let configurations = results["configurations"].as_array().unwrap();
    assert_eq!(configurations.len(), 2);
    let means: Vec<_> = configurations.iter().map(|tried| tried["mean_return"].as_f64().unwrap()).collect();
    assert!(means[0] >= means[1], "the best first: {means:?}");
    for tried in configurations {
        assert_eq!(tried["hyperparameters"]["hidden"], serde_json::json!([16]));
        let runs = tried["runs"].as_array().unwrap();
        let returns: Vec<_> =
            runs.iter().map(|run| run["outcome"]["unseen"]["mean_return"].as_f64().unwrap()).collect();
        assert_eq!(tried["mean_return"].as_f64().unwrap(), returns.iter().sum::<f64>() / 2.0);
        assert!(runs.iter().all(|run| run["outcome"]["returns"].as_array().unwrap().len() == 1000));
    }
    let file = std::fs::read_to_string(sweep.path("out/results.json")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&file).unwrap(), results);
    for plot in ["learning_curves", "returns", "stability", "generalisation"] {
        let text = std::fs::read_to_string(sweep.path(&format!("out/{plot}.svg"))).unwrap();
        assert!(text.contains("0.95") && text.contains("2 seeds") && !text.contains("NaN"), "{plot}");
    }
    let model = sweep.path("out/runs/gamma=0.5/seed-1/model.safetensors");
    assert!(daladala(&["eval", "--model", &model, "--episodes", "10"]).status.success());
}

#[test]
fn a_sweep_that_was_interrupted_goes_on_with_the_same_command() {
    let sweep = Sweep::new("gamma = [0.5, 0.95]\n");
    let steps = "240000";
    let whole = json(&sweep.run("whole", steps));
    let out = sweep.path("out");
    let grid = sweep.path("grid.toml");
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("daladala"))
        .env("DALADALA_RULES", "classic")
        .args(["sweep", "--algo", "ppo", "--grid", &grid, "--out", &out, "--seeds", "2", "--steps", steps, "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let first = Path::new(&out).join("runs/gamma=0.5/seed-1/progress.csv");
    while std::fs::read_to_string(&first).map_or(0, |text| text.lines().count()) < 5 {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it could be interrupted");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert!(error(&child.wait_with_output().unwrap()).contains("the same command goes on"));
    assert!(!Path::new(&out).join("results.json").exists());
    let folder = first.parent().unwrap();
    assert!(folder.join("resume.state").exists(), "there is nothing to go on from");
    let resumed = sweep.run("out", steps);
    assert_eq!(timeless(&json(&resumed)), timeless(&whole));
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.filter(|name| name.starts_with("events.")).count(), 2, "one for each part of the run");
    assert_eq!(json(&sweep.run("out", steps)), json(&resumed), "what is done is not done again");
}

#[test]
fn what_cannot_be_swept_is_said() {
    let sweep = Sweep::new("gamma = [0.5]\n");
    assert!(sweep.run("out", "2000").status.success());
    assert!(error(&sweep.run("out", "4000")).contains("another sweep"));
    let result = sweep.path("out/runs/defaults/seed-1/result.json");
    let result = if Path::new(&result).exists() { result } else { sweep.path("out/runs/1/seed-1/result.json") };
    std::fs::write(&result, r#"{"seed": 1, "failure": null, "outcome": null}"#).unwrap();
    assert!(error(&sweep.run("out", "2000")).contains("to train it again"));
    assert!(error(&Sweep::new("alchemy = [1]\n").run("out", "2000")).contains("alchemy"));
    assert!(error(&Sweep::new("gamma = [\n").run("out", "2000")).contains("grid.toml"));
}

#[test]
fn a_configuration_that_diverges_does_not_stop_the_others() {
    let sweep = Sweep::new("learning_rate = [0.003, 1e30]\nmax_gradient_norm = 1e30\n");
    let results = json(&sweep.run("out", "4000"));
    let configurations = results["configurations"].as_array().unwrap();
    assert_eq!((&configurations[0]["failed"], &configurations[1]["failed"]), (&0.into(), &2.into()));
    assert!(configurations[1]["runs"][0]["failure"].as_str().unwrap().contains("diverged"));
}
