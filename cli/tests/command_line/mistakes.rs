//! What is wrong ends in one clear line and an exit code.

use super::{daladala, json};

#[test]
fn mistakes_are_one_clear_line_and_an_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let damaged = folder.path().join("damaged.safetensors");
    std::fs::write(&damaged, b"\xff\xff\xff\xff\xff\xff\xff\xffnothing").unwrap();
    let damaged = damaged.to_str().unwrap();
    let folder = folder.path().to_str().unwrap();
    let nothing = format!("{folder}/nothing.safetensors");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let cases: &[(i32, &[&str], &str, &str)] = &[
        (1, &["eval", "--model", "nobody"], "", "nobody"),
        (1, &["eval", "--model", damaged], "", "damaged.safetensors"),
        (1, &["eval", "--model", folder], "", folder),
        (1, &["serve", "--port", &port], "", &port),
        (1, &["serve", "--model", "nobody"], "", "nobody"),
        (1, &["train", "--algo", "ppo", "--out", "/no/such/folder/x.safetensors"], "", "/no/such/folder"),
        (1, &["train", "--algo", "ppo", "--out", folder], "", folder),
        (1, &["predict", "--model", "ppo"], "[1, 2", "line 1"),
        (1, &["predict", "--model", "ppo"], "[1, 2]", "2 numbers"),
        (1, &["predict", "--model", "ppo"], "[1e300,0,0,0,0,0,0,0,0,0,0,0,0,0]", "too large"),
        (1, &["trace"], "{}", "line 1"),
        (1, &["trace"], r#"{"police":[99],"lights":[],"red":[],"actions":[]}"#, "cell 99"),
        (1, &["trace"], r#"{"police":[],"lights":[],"red":[],"actions":[7]}"#, "action 7"),
        (2, &["bench", "env", "--envs", "99999999999"], "", "--envs"),
        (2, &["bench", "rollout", "--envs", "99999999999"], "", "--envs"),
        (1, &["bench", "rollout", "--model", "nobody"], "", "nobody"),
        (
            1,
            &["predict", "--model", "ppo"],
            "[3e38,3e38,3e38,3e38,3e38,3e38,3e38,3e38,3e38,3e38,3e38,3e38,3e38,3e38]",
            "finite",
        ),
        (1, &["eval", "--model", "/dev/zero"], "", "/dev/zero"),
        (1, &["eval", "--model", "dqn", "--sampled"], "", "dqn"),
        (1, &["train", "--algo", "ppo", "--out", "/dev/null"], "", "/dev/null"),
        (2, &["bench", "env", "--threads", "100000000"], "", "--threads"),
        (2, &["eval", "--model", "ppo", "--episodes", "-5"], "", "--episodes"),
        (2, &["eval", "--model", "ppo", "--episodes", "0"], "", "--episodes"),
        (2, &["eval", "--model", "ppo", "--rules", "chess"], "", "classic"),
        (2, &["eval"], "", "--model"),
        (2, &["eval", "--modle", "ppo"], "", "a similar argument exists: '--model'"),
        (2, &["serv"], "", "'serve'"),
        (2, &["eval", "--model", "ppo", "--rules", "citi"], "", "'city'"),
        (2, &["eval", "--model", "ppo", "--episodes", "1.5"], "", "10k"),
        (1, &["scenarios", "night", "--rules", "classic"], "", "'classic' have no scenario 'night'"),
        (1, &["scenarios", "inspect", "--set", "gamma=1"], "", "has a dot in it"),
        (1, &["study", "enforcement", "--set", "police.inspect=0.4", "--out", &nothing], "", "what the study varies"),
        (1, &["study", "share", "--set", "police.inspect=0.4", "--out", &nothing], "", "what the study keeps"),
        (1, &["eval", "--model", "reinforce", "--model", "legal", "--rules", "city"], "", "'reinforce' for 'city'"),
        (
            1,
            &["train", "--algo", "ppo-lagrangian", "--rules", "city", "--cost-limit", "0", "--out", &nothing],
            "",
            "above 0",
        ),
        (2, &["eval", "--model", "ppo", "--device", "tpu"], "", "wgpu"),
        (2, &["train", "--algo", "alchemy", "--out", "x"], "", "alchemy"),
        (2, &["train", "--out", "x"], "", "--algo"),
        (2, &["train", "--algo", "ppo", "--stop-at", "2", "--out", "x"], "", "--stop-at"),
        (2, &["train", "--algo", "ppo", "--resume", "--out", "x"], "", "--resume"),
        (2, &["train", "--resume", "--eval-episodes", "5", "--out", "x"], "", "--eval-episodes"),
        (1, &["train", "--algo", "ppo", "--set", "gamma=nan", "--out", &nothing], "", "gamma"),
        (1, &["train", "--algo", "ppo", "--set", "activation=swish", "--out", &nothing], "", "swish"),
        (1, &["train", "--algo", "dqn", "--set", "learning_starts=60000", "--out", &nothing], "", "learning_starts"),
        (1, &["train", "--resume", "--out", &nothing], "", "no run that was interrupted"),
        (2, &["train", "--algo", "ppo", "--steps", "0", "--out", "x"], "", "--steps"),
        (2, &["serve", "--fps", "NaN"], "", "--fps"),
        (2, &["serve", "--port", "70000"], "", "--port"),
        (2, &["bench", "env", "--envs", "0"], "", "--envs"),
        (2, &["bench", "env", "--seconds", "inf"], "", "--seconds"),
        (2, &["--nonsense"], "", "--nonsense"),
        (2, &["nonsense"], "", "nonsense"),
    ];
    for (code, arguments, input, named) in cases {
        let output = daladala(arguments, input);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(*code), "{arguments:?}: {error}");
        assert_eq!(error.trim_end().lines().count(), 1, "{arguments:?}: {error}");
        assert!(error.starts_with("error: ") && error.contains(named), "{arguments:?}: {error}");
    }
}

#[cfg(not(feature = "cuda"))]
#[test]
fn a_device_that_is_not_built_in_is_one_clear_line_that_says_how_to_have_it() {
    let folder = tempfile::tempdir().unwrap();
    let frames = folder.path().join("frames.jsonl");
    let commands: [&[&str]; 6] = [
        &["eval", "--model", "ppo"],
        &["predict", "--model", "ppo"],
        &["record", "--model", "ppo", "--out", frames.to_str().unwrap()],
        &["serve", "--port", "0"],
        &["bench", "policy"],
        &["bench", "rollout"],
    ];
    for command in commands {
        let output = daladala(&[command, &["--device", "cuda"]].concat(), "");
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), error.trim_end().lines().count()), (Some(1), 1), "{command:?}: {error}");
        assert!(error.contains("`cargo build --release --features cuda`"), "{command:?}: {error}");
    }
    let figures = ["bench", "policy", "--device", "cpu", "--batch", "3", "--seconds", "0.05", "--json"];
    assert_eq!(json(&figures)["device"], "cpu");
}
