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

/// A server of our own, and where it is.
struct Serving(std::process::Child, String);

impl Serving {
    fn start() -> Self {
        use std::io::{BufRead, BufReader};
        let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("daladala"))
            .args(["serve", "--port", "0", "--model", "random"])
            .env("DALADALA_RULES", "classic")
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.split_whitespace().find(|word| word.starts_with("http://")).unwrap();
        Self(child, url.trim_end_matches('/').to_owned())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

#[test]
fn every_flood_reaches_the_server() {
    let server = Serving::start();
    for kind in [
        "frames",
        "episode-data",
        "description",
        "unknown",
        "page",
        "connections",
        "sessions",
        "drivers",
        "requests",
        "messages",
        "speed",
        "unread",
        "streams",
    ] {
        let flags = ["--url", &server.1, "--connections", "2", "--seconds", "0.3", "--json"];
        let flood = json(&[&["bench", "flood", kind][..], &flags].concat());
        let answers = flood["answers_per_second"].as_object().unwrap();
        assert!(answers.keys().any(|status| status != "0"), "{kind}: {flood}");
    }
    let refused = daladala(&["bench", "flood", "frames", "--url", "nowhere"], "");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("http://HOST:PORT"));
}

/// Sixty thousand threads took minutes to begin, and could not be stopped meanwhile.
#[cfg(target_os = "linux")]
#[test]
fn threads_are_bounded_whatever_the_environment_says() {
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("daladala"))
        .args(["eval", "--model", "random", "--episodes", "20000"])
        .envs([("RAYON_NUM_THREADS", "60000"), ("DALADALA_RULES", "classic")])
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let (tasks, mut most) = (format!("/proc/{}/task", child.id()), 0);
    while child.try_wait().unwrap().is_none() {
        most = most.max(std::fs::read_dir(&tasks).map_or(0, Iterator::count));
    }
    assert!(child.wait().unwrap().success());
    let cores = std::thread::available_parallelism().unwrap().get();
    assert!((1..=4 * cores + 8).contains(&most), "{most} threads");
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
