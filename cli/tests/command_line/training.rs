//! Trainings: what they write, and how they go on.

use super::{daladala, json, stdout};

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
    // As it is left where a file was being written, whichever it was.
    std::fs::write(path("killed.run/.resume.state.abcdef.unfinished"), "half").unwrap();
    json(&["train", "--resume", "--out", &killed, "--json"]);
    let left: Vec<_> = std::fs::read_dir(path("killed.run")).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with('.')), "{left:?}");
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
