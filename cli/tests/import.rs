//! `daladala import` as others call it, and what it makes in the other commands.

use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;

fn daladala(arguments: &[&str], input: &str) -> Output {
    Command::new(assert_cmd::cargo::cargo_bin!("daladala")).args(arguments).write_stdin(input).output().unwrap()
}

fn fixture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../agents/tests/fixtures/sb3").join(name);
    path.to_str().unwrap().to_owned()
}

fn out(folder: &tempfile::TempDir) -> (PathBuf, String) {
    let path = folder.path().join("model.safetensors");
    let text = path.to_str().unwrap().to_owned();
    (path, text)
}

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert_eq!(text.trim_end().lines().count(), 1, "one object and nothing else: {text}");
    serde_json::from_str(&text).unwrap()
}

#[test]
fn an_import_tells_what_it_found_and_is_a_model_like_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let (_, out) = out(&folder);
    let found = json(&daladala(&["import", &fixture("ppo_split.zip"), "--out", &out, "--json"], ""));
    assert_eq!(found["algorithm"], "ppo");
    assert_eq!(found["rules"], "classic");
    assert_eq!(found["activation"], "tanh");
    assert_eq!(found["steps"], 1234);
    assert_eq!(found["seed"], 7);
    assert_eq!(found["layers"], serde_json::json!({ "actor": [14, 8, 5], "critic": [14, 12, 4, 1] }));
    assert_eq!(found["parameters"], 14 * 8 + 8 + 8 * 5 + 5 + 14 * 12 + 12 + 12 * 4 + 4 + 4 + 1);
    assert!(found["source"].as_str().unwrap().starts_with("stable-baselines3 "));
    let evaluated = json(&daladala(&["eval", "--model", &out, "--episodes", "20", "--json"], ""));
    assert_eq!(evaluated["episodes"], 20);

    let expected: Value = serde_json::from_str(&std::fs::read_to_string(fixture("expected.json")).unwrap()).unwrap();
    let answer = json(&daladala(&["predict", "--model", &out], &format!("{}\n", expected["observations"][0])));
    let outputs: Vec<f64> = serde_json::from_value(answer["outputs"].clone()).unwrap();
    let theirs: Vec<f64> = serde_json::from_value(expected["models"]["ppo_split.zip"]["outputs"][0].clone()).unwrap();
    assert!(outputs.iter().zip(&theirs).all(|(a, b)| (a - b).abs() < 1e-5), "{outputs:?} {theirs:?}");
}

#[test]
fn people_get_a_table_and_are_told_what_was_assumed() {
    let folder = tempfile::tempdir().unwrap();
    let (_, out) = out(&folder);
    let output = daladala(&["import", &fixture("fc_relu.pth"), "--out", &out], "");
    let (text, notes) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    for part in ["reinforce", "actor 14 → 8 → 8 → 5", "relu", "unknown", "237", "daladala eval --model"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(notes.lines().count() == 2 && notes.lines().all(|line| line.starts_with("note: ")), "{notes}");
    let told = ["import", &fixture("fc_relu.pth"), "--out", &out, "--algo", "dqn", "--activation", "tanh", "--json"];
    let output = daladala(&told, "");
    assert_eq!(json(&output)["layers"]["q"], serde_json::json!([14, 8, 8, 5]));
    assert!(output.stderr.is_empty());
}

#[test]
fn what_cannot_be_imported_is_one_clear_line_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (path, out) = out(&folder);
    let module = fixture("refused_module.pth");
    let zip = fixture("dqn_4.zip");
    let cases: &[(i32, &[&str], &str)] = &[
        (1, &["import", &module, "--out", &out], "'__main__.Policy'"),
        (1, &["import", &zip, "--out", &out, "--algo", "ppo"], "--algo"),
        (1, &["import", "no/such.zip", "--out", &out], "no/such.zip"),
        (1, &["import", &fixture("expected.json"), "--out", &out], "no zip archive"),
        (1, &["import", &zip, "--out", "/no/such/folder/x.safetensors"], "/no/such/folder"),
        (1, &["import", &zip, "--out", &zip], "name another --out"),
        (1, &["import", "/dev/zero", "--out", &out], "/dev/zero"),
        (1, &["eval", "--model", &zip], "daladala import"),
        (1, &["serve", "--model", &module], "daladala import"),
        (2, &["import", &zip], "--out"),
        (2, &["import", &zip, "--out", &out, "--activation", "gelu"], "relu"),
        (2, &["import", &zip, "--out", &out, "--algo", "sac"], "reinforce"),
        (2, &["train", "--algo", "sac", "--out", &out], "sac"),
    ];
    for (code, arguments, named) in cases {
        let output = daladala(arguments, "");
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(*code), "{arguments:?}: {error}");
        assert_eq!(error.trim_end().lines().count(), 1, "{arguments:?}: {error}");
        assert!(error.starts_with("error: ") && error.contains(named), "{arguments:?}: {error}");
        assert!(!path.exists(), "{arguments:?}");
    }
}
