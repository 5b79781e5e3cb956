//! The program as others call it: arguments in, lines and exit codes out.

use std::process::Output;

use assert_cmd::Command;
use daladala_env::trace::Trace;
use daladala_env::{RuleSet, RuleSpec};
use daladala_protocol::frame_from_json;
use serde_json::Value;

const GOLDEN: &str = include_str!("../../env/tests/golden/classic.jsonl");

/// With `classic` for rules where a test names none.
fn daladala(arguments: &[&str], input: &str) -> Output {
    Command::new(assert_cmd::cargo::cargo_bin!("daladala"))
        .env("DALADALA_RULES", "classic")
        .args(arguments)
        .write_stdin(input)
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn json(arguments: &[&str]) -> Value {
    let text = stdout(&daladala(arguments, ""));
    assert_eq!(text.trim_end().lines().count(), 1, "one object and nothing else: {text}");
    serde_json::from_str(&text).unwrap()
}

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
fn what_is_trained_can_be_evaluated_by_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let path = path.to_str().unwrap();
    for algorithm in ["ppo", "dqn"] {
        let trained = json(&["train", "--algo", algorithm, "--steps", "4000", "--seed", "1", "--out", path, "--json"]);
        assert!(trained["steps"].as_u64().unwrap() >= 4000);
        let evaluated = json(&["eval", "--model", path, "--episodes", "50", "--json"]);
        assert_eq!(evaluated["episodes"], 50);
    }
}

#[test]
fn a_training_that_was_killed_goes_on_as_if_it_had_not_been() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (whole, killed) = (path("whole.safetensors"), path("killed.safetensors"));
    let steps = ["--steps", "2000000", "--eval-every", "200000", "--seed", "4"];
    let train = |out: &str| [&["train", "--algo", "a2c", "--out", out][..], &steps].concat().join(" ");
    let first = train(&whole);
    json(&[&first.split(' ').collect::<Vec<_>>()[..], &["--json"]].concat());

    let arguments = train(&killed);
    let arguments: Vec<_> = arguments.split(' ').collect();
    let progress = folder.path().join("killed.run/progress.csv");
    let stop_after = |arguments: &[&str], rows: usize, signal: &str| {
        let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("daladala"))
            .env("DALADALA_RULES", "classic")
            .args(arguments)
            .stderr(std::process::Stdio::piped())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        while std::fs::read_to_string(&progress).map_or(0, |text| text.lines().count()) < rows {
            assert!(child.try_wait().unwrap().is_none(), "it ended before it could be interrupted");
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        assert!(std::process::Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, error) = stop_after(&arguments, 50, "-INT");
    assert_eq!(code, Some(1), "{error}");
    assert!(error.contains("--resume") && error.trim_end().lines().count() == 1, "{error}");
    let (code, error) = stop_after(&["train", "--resume", "--save-every", "0.01", "--out", &killed], 400, "-KILL");
    assert_eq!((code, error.as_str()), (None, ""));
    assert!(!std::path::Path::new(&killed).exists(), "nothing is said to be finished");

    let refused = String::from_utf8(daladala(&arguments, "").stderr).unwrap();
    assert!(refused.contains("--restart"), "{refused}");
    json(&["train", "--resume", "--out", &killed, "--json"]);
    assert!(std::fs::read(&killed).unwrap() == std::fs::read(&whole).unwrap(), "other weights");
    let rows = |name: &str| {
        let text = std::fs::read_to_string(folder.path().join(name).join("progress.csv")).unwrap();
        // Without wall-clock seconds and speed.
        let cells = |line: &str| {
            line.split(',').enumerate().filter(|(i, _)| ![1, 7].contains(i)).map(|c| c.1.to_owned()).collect()
        };
        text.lines().map(cells).collect::<Vec<Vec<_>>>()
    };
    assert_eq!(rows("whole.run"), rows("killed.run"));
    assert!(!folder.path().join("killed.run/resume.state").exists(), "there is nothing left to resume");
}

#[test]
fn a_training_touches_nothing_of_others_in_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let train =
        |out: &str, run: &str| daladala(&["train", "--algo", "dqn", "--steps", "1000", "--out", out, "--run", run], "");
    let refused = |output: std::process::Output, named: &str| {
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(1) && error.contains(named), "{error}");
    };
    for (out, run) in [("x.run", "x.run"), ("inside/model.safetensors", "inside")] {
        std::fs::create_dir_all(path("inside")).unwrap();
        refused(train(&path(out), &path(run)), "another place");
    }
    // The log of another program, as it is called too.
    std::fs::create_dir(path("foreign")).unwrap();
    std::fs::write(path("foreign/progress.csv"), "time/fps,loss\n1,2\n").unwrap();
    std::fs::write(path("foreign/events.out.tfevents.1.other"), "x").unwrap();
    refused(train(&path("m.safetensors"), &path("foreign")), "not of a training of ours");
    assert_eq!(std::fs::read_to_string(path("foreign/progress.csv")).unwrap(), "time/fps,loss\n1,2\n");
    // One of ours is replaced, and what else lies there stays.
    assert!(train(&path("m.safetensors"), &path("ours")).status.success());
    std::fs::write(path("ours/notes.txt"), "mine").unwrap();
    assert!(train(&path("m.safetensors"), &path("ours")).status.success());
    assert_eq!(std::fs::read_to_string(path("ours/notes.txt")).unwrap(), "mine");
    let names = std::fs::read_dir(path("ours")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.filter(|name| name.starts_with("events.")).count(), 1, "one run, one curve");
}

#[test]
fn weights_that_differ_by_their_extension_alone_do_not_share_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let train = |arguments: &[&str]| daladala(&[&["train"], arguments].concat(), "");
    let new = ["--algo", "dqn", "--steps", "1000", "--out"];
    assert!(train(&[&new[..], &[&path("m.safetensors")]].concat()).status.success());
    let progress = std::fs::read(path("m.run/progress.csv")).unwrap();
    for arguments in [[&new[..], &[&path("m")]].concat(), vec!["--resume", "--out", &path("m")]] {
        let output = train(&arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(1) && error.contains("'m.safetensors'"), "{error}");
    }
    assert_eq!(std::fs::read(path("m.run/progress.csv")).unwrap(), progress);
    assert!(!std::fs::exists(path("m")).unwrap());
    assert!(train(&[&new[..], &[&path("m"), "--run", &path("other.run")]].concat()).status.success());
    assert!(train(&[&new[..], &[&path("m.safetensors")]].concat()).status.success());
}

#[test]
fn a_folder_that_another_training_writes_into_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("m.safetensors").to_str().unwrap().to_owned();
    let run = folder.path().join("m.run");
    std::fs::create_dir(&run).unwrap();
    let lock = std::fs::File::create(run.join("lock")).unwrap();
    lock.lock().unwrap();
    let output = daladala(&["train", "--algo", "ppo", "--out", &out], "");
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && error.contains("another process"), "{error}");
    drop(lock);
    assert!(daladala(&["train", "--algo", "ppo", "--steps", "3000", "--out", &out], "").status.success());
}

#[test]
fn a_run_that_diverged_is_not_offered_to_be_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("m.safetensors").to_str().unwrap().to_owned();
    let settings = ["--set", "learning_rate=1e30", "--set", "max_gradient_norm=1e30", "--save-every", "0"];
    let output = daladala(&[&["train", "--algo", "ppo", "--out", &out][..], &settings].concat(), "");
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && error.contains("learning_rate"), "{error}");
    assert!(!folder.path().join("m.run/resume.state").exists());
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
fn models_lists_every_name() {
    let text = stdout(&daladala(&["models"], ""));
    for name in ["ppo", "dqn", "a2c", "reinforce", "oracle", "random"] {
        assert!(text.contains(name));
        assert!(stdout(&daladala(&["models", name], "")).starts_with(&format!("# {name}")));
    }
    for name in ["ppo-enforcement", "informed", "selective", "legal", "fugitive", "random"] {
        assert!(text.contains(name));
        assert!(stdout(&daladala(&["models", name, "--rules", "city"], "")).starts_with(&format!("# {name}")));
    }
    assert_eq!(json(&["models", "--json"])["models"].as_array().unwrap().len(), 18);
}

#[test]
fn scenarios_are_listed_printed_changed_and_read_back() {
    let text = stdout(&daladala(&["scenarios"], ""));
    assert!(["original", "dar-es-salaam", "night", "tiny"].iter().all(|name| text.contains(name)), "{text}");
    let all = json(&["scenarios", "--json"])["scenarios"].as_array().unwrap().clone();
    let hash = |name: &str| all.iter().find(|one| one["scenario"] == name).unwrap()["scenario_hash"].clone();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.toml");
    let show = |more: &[&str]| stdout(&daladala(&[&["scenarios", "--rules", "city", "--show"], more].concat(), ""));
    std::fs::write(&file, show(&["--scenario", "night"])).unwrap();
    let path = file.to_str().unwrap();
    let eval = |more: &[&str]| {
        let few = ["eval", "--rules", "city", "--model", "legal", "--episodes", "50", "--json"];
        json(&[&few, more].concat())
    };
    let (named, read) = (eval(&["--scenario", "night"]), eval(&["--scenario", path]));
    assert_eq!((&read["scenario"], &read["scenario_hash"]), (&"mine".into(), &hash("night")));
    assert_eq!(named["mean_return"], read["mean_return"]);
    let changed = eval(&["--set", "police.inspect=0.3", "--set", "speed.radar = 0.01"]);
    assert_ne!(changed["scenario_hash"], hash("dar-es-salaam"));
    assert!(show(&["--set", "police.inspect=0.3"]).contains("inspect = 0.3"));

    let broken = show(&[]).replace("inspect = 0.15", "inspect = 15");
    std::fs::write(&file, broken).unwrap();
    for (arguments, said) in [
        (vec!["--scenario", path], "police.inspect (line"),
        (vec!["--scenario", "nihgt"], "dar-es-salaam, morning-peak"),
        (vec!["--scenario", "none.toml"], "none.toml"),
        (vec!["--set", "police.inspected=1"], "unknown field `inspected`"),
        (vec!["--set", "inspect=1"], "has a dot in it"),
        (vec!["--set", "police.inspect"], "FIELD=VALUE"),
    ] {
        let refused = daladala(&[&["eval", "--rules", "city", "--model", "legal"], &arguments[..]].concat(), "");
        let error = String::from_utf8(refused.stderr).unwrap();
        assert!(refused.status.code() == Some(1) && error.contains(said) && error.lines().count() == 1, "{error}");
    }
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
        (1, &["bench", "env", "--envs", "99999999999"], "", "--envs"),
        (1, &["bench", "rollout", "--envs", "99999999999"], "", "--envs"),
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

#[test]
fn good_lines_before_a_bad_one_are_answered() {
    let good = r#"{"police":[],"lights":[],"red":[],"actions":[0]}"#;
    let output = daladala(&["trace"], &format!("{good}\nnonsense\n"));
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 1);
    assert!(String::from_utf8(output.stderr).unwrap().contains("line 2"));
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

#[test]
fn an_episode_is_recorded_as_animation_picture_and_frames() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let record = |name: &str, more: &[&str]| {
        json(&[&["record", "--model", "ppo", "--seed", "3", "--json", "--out", &path(name)], more].concat())
    };

    let frames = record("x.jsonl", &["--episodes", "2"]);
    assert_eq!((&frames["frames"], &frames["episodes"]), (&60.into(), &2.into()));
    let text = std::fs::read_to_string(path("x.jsonl")).unwrap();
    let schema = RuleSpec::from(RuleSet::Classic).info().frame_schema();
    let frame = |line: &str| frame_from_json(&serde_json::from_str(line).unwrap(), &schema).unwrap();
    let read: Vec<_> = text.lines().map(frame).collect();
    assert_eq!((read.len(), read[0].step, read[59].step, read[59].episode), (60, 0, 29, 2));
    assert_eq!(read[59].total_reward, frames["returns"][1].as_f64().unwrap() as f32);
    assert_eq!((read[59].outputs.len(), read[59].reward_terms.iter().sum::<f32>()), (5, read[59].reward));

    let picture = record("x.PNG", &["--step", "8"]);
    let file = std::io::BufReader::new(std::fs::File::open(path("x.PNG")).unwrap());
    let mut decoder = png::Decoder::new(file).read_info().unwrap();
    let mut pixels = vec![0; decoder.output_buffer_size().unwrap()];
    let size = decoder.next_frame(&mut pixels).unwrap();
    assert_eq!((size.width, size.height, picture["frames"].as_u64()), (960, 540, Some(30)));

    let animation = record("x.gif", &["--fps", "10"]);
    let bytes = std::fs::read(path("x.gif")).unwrap();
    assert_eq!(animation["bytes"], bytes.len());
    let mut decoder = gif::DecodeOptions::new().read_info(bytes.as_slice()).unwrap();
    assert_eq!((decoder.width(), decoder.height(), decoder.repeat()), (960, 540, gif::Repeat::Infinite));
    let (mut pictures, mut hundredths) = (0, 0);
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        pictures += 1;
        hundredths += u32::from(frame.delay);
        assert!(pictures > 1 || (frame.width, frame.height) == (960, 540));
    }
    // The reset, two pictures each of 29 steps a tenth of a second long, and a rest of 1.6 s on the last of them.
    assert_eq!((pictures, hundredths), (59, 5 * 58 + 160));
}

#[test]
fn a_recording_that_cannot_be_made_is_one_clear_line_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    for (arguments, code, named) in [
        (vec!["--out", "x.mp4"], 2, ".gif, .png or .jsonl"),
        (vec!["--out", "x.gif", "--fps", "0"], 2, "0.1 to 25"),
        (vec!["--out", "x.png", "--episodes", "0"], 2, "--episodes"),
        (vec!["--out", &path("x.gif"), "--step", "3"], 1, "--step is for a .png"),
        (vec!["--out", &path("x.png"), "--step", "30"], 1, "choose --step from 0 to 29"),
        (vec!["--out", &path("no/x.png")], 1, "no"),
    ] {
        let output = daladala(&[&["record", "--model", "ppo"], arguments.as_slice()].concat(), "");
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
        assert!(error.contains(named) && !error.contains("panicked"), "{arguments:?}: {error}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn hyperparameters_come_from_a_file_and_single_ones_go_over_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ppo.toml");
    std::fs::write(&file, "envs = 8\nrollout_steps = 16\nhidden = [8]\n").unwrap();
    let file = file.to_str().unwrap();
    let shown = stdout(&daladala(
        &["train", "--algo", "ppo", "--config", file, "--set", "envs=4", "--set", "gamma=0.5", "--show-config"],
        "",
    ));
    let shown: toml::Table = shown.parse().unwrap();
    let value = |key: &str| shown[key].to_string();
    assert_eq!(["envs", "rollout_steps", "hidden", "gamma", "epochs"].map(value), ["4", "16", "[8]", "0.5", "4"]);

    let out = folder.path().join("small.safetensors");
    let out = out.to_str().unwrap();
    for algorithm in ["dqn", "ppo", "a2c", "reinforce"] {
        let small = ["--set", "hidden=[8]", "--set", "envs=4", "--steps", "600", "--seed", "2", "--json"];
        let trained = json(&[&["train", "--algo", algorithm, "--out", out], &small[..]].concat());
        assert_eq!(trained["algorithm"], algorithm);
    }
    for (wrong, said) in [
        ("envs=0", "envs is 0"),
        ("hidden=[8, 0]", "hidden is 0"),
        ("speed=3", "unknown field"),
        ("gamma=\"high\"", "expected f32"),
        ("gamma", "--set gamma"),
    ] {
        let output = daladala(&["train", "--algo", "ppo", "--set", wrong, "--out", out], "");
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), error.trim_end().lines().count()), (Some(1), 1), "{error}");
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn a_training_on_a_scenario_of_its_own_goes_on_without_being_told_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("city.safetensors").to_str().unwrap().to_owned();
    let begun = [
        "train",
        "--algo",
        "ppo",
        "--rules",
        "city",
        "--scenario",
        "tiny",
        "--set",
        "police.inspect=0.4",
        "--steps",
        "4000000",
        "--out",
        &out,
    ];
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("daladala"))
        .env("DALADALA_RULES", "classic")
        .args(begun)
        .stderr(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let progress = folder.path().join("city.run/progress.csv");
    while std::fs::read_to_string(&progress).map_or(0, |text| text.lines().count()) < 3 {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it could be interrupted");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    assert!(std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(1));

    let refused = |more: &[&str]| {
        let output = daladala(&[&["train", "--resume", "--out", &out], more].concat(), "");
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(refused(&["--rules", "city", "--scenario", "night"]).contains("city/tiny"));
    // It goes on where it was: with an end in sight it would be done.
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("daladala"))
        .env_remove("DALADALA_RULES")
        .args(["train", "--resume", "--out", &out])
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let rows = std::fs::read_to_string(&progress).unwrap().lines().count();
    while std::fs::read_to_string(&progress).map_or(0, |text| text.lines().count()) < rows + 2 {
        assert!(child.try_wait().unwrap().is_none(), "it did not go on");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_study_says_where_overloading_stops_paying_and_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("study").to_str().unwrap().to_owned();
    let study = ["study", "enforcement", "--episodes", "400", "--out", &out, "--json"];
    let results = json(&study);
    let switch = &results["switch"];
    let number = |value: &serde_json::Value| value.as_f64().unwrap();
    assert_eq!((&switch["from"], &switch["to"]), (&"greedy".into(), &"legal".into()));
    assert!((0.18..0.28).contains(&number(&switch["simulated"])), "{switch}");
    assert!((0.18..0.28).contains(&number(&switch["closed_form"])), "{switch}");
    assert_eq!(results["points"].as_array().unwrap().len(), 6 * 11);
    for file in ["results.json", "results.csv", "profit.svg", "overloading.svg", "risk.svg"] {
        assert!(std::fs::metadata(std::path::Path::new(&out).join(file)).unwrap().len() > 500, "{file}");
    }
    // A line cut off in the middle is driven again; everything else is read.
    let points = std::path::Path::new(&out).join("points.jsonl");
    let text = std::fs::read_to_string(&points).unwrap();
    std::fs::write(&points, &text[..text.len() - 30]).unwrap();
    assert_eq!(json(&study), results);
    assert_eq!(std::fs::read_to_string(&points).unwrap(), text);
    let other = daladala(&["study", "enforcement", "--episodes", "500", "--out", &out], "");
    assert_eq!(other.status.code(), Some(1));
    assert!(String::from_utf8(other.stderr).unwrap().contains("another study"));
}
