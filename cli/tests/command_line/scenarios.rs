//! What there is to name: models and scenarios.

use super::{daladala, json, stdout};

#[test]
fn models_lists_every_name() {
    let text = stdout(&daladala(&["models"], ""));
    for name in ["ppo", "dqn", "a2c", "reinforce", "oracle", "random"] {
        assert!(text.contains(name));
        assert!(stdout(&daladala(&["models", name], "")).starts_with(&format!("# {name}")));
    }
    for name in ["a2c", "dqn", "ppo-safe", "ppo-enforcement", "informed", "selective", "legal", "fugitive", "random"] {
        assert!(text.contains(name));
        assert!(stdout(&daladala(&["models", name, "--rules", "city"], "")).starts_with(&format!("# {name}")));
    }
    assert_eq!(json(&["models", "--json"])["models"].as_array().unwrap().len(), 21);
}

#[test]
fn scenarios_are_listed_printed_changed_and_read_back() {
    let text = stdout(&daladala(&["scenarios"], ""));
    assert!(["original", "dar-es-salaam", "night", "tiny"].iter().all(|name| text.contains(name)), "{text}");
    let all = json(&["scenarios", "--json"])["scenarios"].as_array().unwrap().clone();
    let hash = |name: &str| all.iter().find(|one| one["scenario"] == name).unwrap()["scenario_hash"].clone();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.toml");
    let show = |more: &[&str]| stdout(&daladala(&[&["scenarios", "--rules", "city", "--toml"], more].concat(), ""));
    let night = show(&["night"]);
    assert!(night.contains("# the chance that the load is counted") || night.contains("(0 to 1)"), "{night}");
    std::fs::write(&file, night).unwrap();
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
        (vec!["--set", "police.inspect=[1"], "needed is a number"),
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

#[test]
fn a_part_of_a_scenario_is_told_where_the_whole_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("part.toml");
    for (text, said) in
        [("[police]\ninspect = 0.3\n", "daladala scenarios NAME --toml"), ("police = 3\n", "expected a table")]
    {
        std::fs::write(&file, text).unwrap();
        let refused =
            daladala(&["eval", "--rules", "city", "--model", "legal", "--scenario", file.to_str().unwrap()], "");
        let error = String::from_utf8(refused.stderr).unwrap();
        assert!(error.contains(said) && error.lines().count() == 1, "{error}");
    }
}

#[test]
fn lists_are_of_the_rules_that_are_asked_for() {
    let names = |of: &str, arguments: &[&str]| -> Vec<String> {
        let one = json(&[arguments, &["--json"]].concat());
        one[of].as_array().unwrap().iter().map(|one| one["rules"].as_str().unwrap().to_owned()).collect()
    };
    for (list, of) in [("models", "models"), ("scenarios", "scenarios")] {
        assert!(names(of, &[list]).contains(&"city".to_owned()) && names(of, &[list]).contains(&"classic".to_owned()));
        assert!(names(of, &[list, "--rules", "city"]).iter().all(|rules| rules == "city"));
    }
    assert!(!stdout(&daladala(&["scenarios", "--rules", "classic"], "")).contains("tiny"));
    assert!(stdout(&daladala(&["scenarios"], "")).contains("at night: fewer wait"));
}

#[test]
fn a_file_that_is_called_as_a_built_in_model_is_not_ignored_in_silence() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/../models/classic/a2c.safetensors"), folder.path().join("ppo"))
        .unwrap();
    let eval = |model: &str| {
        let mut program = assert_cmd::Command::new(assert_cmd::cargo::cargo_bin!("daladala"));
        let arguments = ["eval", "--rules", "classic", "--episodes", "10", "--model", model];
        let output = program.current_dir(folder.path()).args(arguments).output().unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(eval("ppo").contains("the file of that name is ./ppo"));
    assert!(!eval("./ppo").contains("note"));
}

#[test]
fn a_weights_file_says_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.safetensors");
    std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/../models/city/ppo.safetensors"), &file).unwrap();
    let path = file.to_str().unwrap();
    let text = stdout(&daladala(&["models", path], ""));
    assert!(text.contains("actor: 44 → 64 → 64 → 5") && text.contains("chosen among open ones"), "{text}");
    let one = json(&["models", path, "--json"]);
    assert_eq!((&one["model"], &one["info"]["spec"]["rules"]), (&"mine".into(), &"city".into()));
    assert_eq!(one["networks"]["critic"]["layers"], serde_json::json!([44, 64, 64, 1]));
    assert_eq!(json(&["models", "oracle", "--json"])["rules"], "classic");
    let missing = daladala(&["models", "none.safetensors"], "");
    assert!(
        missing.status.code() == Some(1) && String::from_utf8(missing.stderr).unwrap().contains("none.safetensors")
    );
}

/// Every field with its value, unit, bounds, meaning and source, for people and for programs.
#[test]
fn a_scenario_is_told_field_by_field() {
    let text = stdout(&daladala(&["scenarios", "night", "--set", "police.inspect=0.3"], ""));
    let row = text.lines().find(|line| line.contains("police.inspect ")).unwrap();
    assert!(row.contains("0.3") && row.contains("0 to 1") && row.contains("no count was found"), "{row}");
    let one = json(&["scenarios", "tiny", "--set", "randomize.police.inspect=[0, 0.5]", "--json"]);
    assert_eq!((&one["rules"], &one["parameters"]["bus"]["capacity"]), (&"city".into(), &6.into()));
    let fare = one["fields"].as_array().unwrap().iter().find(|field| field["name"] == "bus.fare").unwrap();
    assert_eq!((&fare["unit"], &fare["bounds"]), (&"k".into(), &"0 to 1 000 000".into()));
    assert!(stdout(&daladala(&["scenarios", "original"], "")).contains("no parameters"));
    let unknown = daladala(&["scenarios", "nihgt", "--rules", "city"], "");
    assert!(unknown.status.code() == Some(1) && String::from_utf8(unknown.stderr).unwrap().contains("morning-peak"));
}
