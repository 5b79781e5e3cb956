//! Which rules are driven by where nobody says.

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

#[test]
fn a_model_that_knows_several_rules_drives_by_city() {
    for model in ["ppo", "random", "selective"] {
        let figures = json(&["eval", "--model", model, "--episodes", "20", "--json"]);
        assert_eq!(figures["rules"], "city", "{model}");
        let figures = json(&["eval", "--model", model, "--episodes", "20", "--set", "police.inspect=0.3", "--json"]);
        assert!(figures["scenario"].as_str().unwrap().contains("police.inspect"), "{figures}");
    }
    let bench = json(&["bench", "env", "--envs", "8", "--seconds", "0.01", "--json"]);
    assert_eq!(bench["rules"], "city");
}

#[test]
fn a_model_that_knows_classic_alone_drives_by_it_without_being_told() {
    for model in ["oracle", "reinforce"] {
        assert_eq!(json(&["eval", "--model", model, "--episodes", "20", "--json"])["rules"], "classic", "{model}");
    }
    let bench = json(&["bench", "policy", "--model", "reinforce", "--batch", "4", "--seconds", "0.01", "--json"]);
    assert_eq!(bench["rules"], "classic");
}

#[test]
fn a_weights_file_drives_by_the_rules_that_it_was_made_for() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("small.safetensors");
    let out = out.to_str().unwrap();
    let train = ["train", "--algo", "ppo", "--steps", "2000", "--rules", "classic", "--out", out, "--json"];
    assert_eq!(json(&train)["rules"], "classic");
    assert_eq!(json(&["eval", "--model", out, "--episodes", "20", "--json"])["rules"], "classic");
    let refused = daladala(&["eval", "--model", out, "--rules", "city", "--episodes", "20"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("classic"), "{refused:?}");
}

#[test]
fn a_model_that_is_not_there_is_an_error_of_one_line() {
    for model in ["nobody", "no/such/file.safetensors"] {
        let refused = daladala(&["eval", "--model", model, "--episodes", "20"]);
        assert_eq!(refused.status.code(), Some(1));
        assert_eq!(String::from_utf8_lossy(&refused.stderr).lines().count(), 1, "{refused:?}");
    }
}
