//! Benches, the load client, and what a server is given.

use super::{daladala, json};

#[test]
fn the_benches_report_their_rates() {
    let env = json(&["bench", "env", "--envs", "100", "--threads", "2", "--seconds", "0.05", "--json"]);
    assert!(env["steps_per_second"].as_f64().unwrap() > 0.0);
    assert_eq!((&env["envs"], &env["threads"], &env["rules"]), (&100.into(), &2.into(), &"classic".into()));
    let policy = json(&["bench", "policy", "--batch", "33", "--seconds", "0.05", "--json"]);
    assert!(policy["observations_per_second"].as_f64().unwrap() > 0.0 && policy["batch"] == 33);
    let train = json(&["bench", "train", "--algo", "dqn", "--seconds", "0.05", "--json"]);
    assert!(train["steps_per_second"].as_f64().unwrap() > 0.0 && train["batch"] == 256 && train["envs"] == 32);
    let rollout = json(&["bench", "rollout", "--envs", "600", "--threads", "2", "--seconds", "0.05", "--json"]);
    assert!(rollout["steps_per_second"].as_f64().unwrap() > 0.0 && rollout["seconds"].as_f64().unwrap() >= 0.05);
    assert_eq!((&rollout["envs"], &rollout["threads"], &rollout["batch"]), (&600.into(), &2.into(), &300.into()));
    assert_eq!(rollout["rules"], "classic");
    for model in ["random", "oracle"] {
        let rollout = json(&["bench", "rollout", "--model", model, "--envs", "9", "--seconds", "0.05", "--json"]);
        assert_eq!((&rollout["envs"], &rollout["batch"], &rollout["threads_used"]), (&9.into(), &9.into(), &1.into()));
    }
}

#[test]
fn the_load_client_measures_a_server_of_its_own() {
    let server =
        json(&["bench", "server", "--viewers", "4", "--fps", "50", "--seconds", "0.5", "--stalled", "0.25", "--json"]);
    assert_eq!((&server["viewers"], &server["stalled"], &server["disconnected"]), (&3.into(), &1.into(), &0.into()));
    assert!(server["frames_per_second"].as_f64().unwrap() > 30.0, "{server}");
    assert!(server["bytes_per_frame"].as_f64().unwrap() < 67.0, "{server}");
}

#[test]
fn tokens_are_made_with_a_secret_that_only_its_owner_can_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    let path = file.to_str().unwrap();
    let made = json(&["token", "--token-secret-file", path, "--role", "drive", "--room", "mine", "--json"]);
    assert_eq!((&made["role"], &made["room"]), (&"drive".into(), &"mine".into()));
    assert_eq!(made["token"].as_str().unwrap().split('.').count(), 3);
    assert!(std::fs::read_to_string(&file).unwrap().len() >= 32);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    std::fs::write(&file, "short").unwrap();
    let refused = daladala(&["token", "--token-secret-file", path], "");
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("32 bytes"));
}

#[test]
fn settings_come_from_a_file_and_flags_go_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("daladala.toml");
    let path = file.to_str().unwrap();
    let refused = |text: &str, flags: &[&str]| {
        std::fs::write(&file, text).unwrap();
        let output = daladala(&[&["serve", "--config", path], flags].concat(), "");
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && error.lines().count() == 1, "{text}: {error}");
        error
    };
    // A setting that makes the server end tells that it was read.
    assert!(refused("model = \"nobody\"", &[]).contains("nobody"));
    assert!(refused("model = \"nobody\"", &["--model", "somebody"]).contains("somebody"));
    for (text, named) in [
        ("modle = \"ppo\"", "modle"),
        ("fps = \"fast\"", "--fps"),
        ("fps = [1, 2]", "fps"),
        ("port = 99999", "--port"),
        ("max-rooms = 0", "--max-rooms"),
        ("allow_host = \"a\"\nallow-host = \"b\"", "twice"),
        ("[limits]\nrooms = 1", "limits"),
        ("fps = ", "line 1"),
        ("config = \"other.toml\"", "config"),
    ] {
        assert!(refused(text, &[]).contains(named), "{text}: {}", refused(text, &[]));
    }
    std::fs::remove_file(&file).unwrap();
    let missing = daladala(&["serve", "--config", path], "");
    assert!(String::from_utf8_lossy(&missing.stderr).contains("daladala.toml"));
}
