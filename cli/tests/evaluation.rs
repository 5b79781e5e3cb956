//! `daladala eval`: several models over the same episodes, and the files it writes.

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use daladala_agents::Checkpoint;
use serde_json::Value;
use tempfile::TempDir;

fn eval(arguments: &[&str]) -> Output {
    Command::new(assert_cmd::cargo::cargo_bin!("daladala"))
        .env("DALADALA_RULES", "classic")
        .arg("eval")
        .args(arguments)
        .output()
        .unwrap()
}

fn stdout(arguments: &[&str]) -> String {
    let output = eval(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn json(arguments: &[&str]) -> Value {
    let mut figures: Value = serde_json::from_str(&stdout(&[arguments, &["--json"]].concat())).unwrap();
    let models =
        figures.get_mut("models").map_or(Vec::new(), |models| models.as_array_mut().unwrap().iter_mut().collect());
    for model in models {
        assert!(model["steps_per_second"].take().as_f64().unwrap() > 0.0);
    }
    figures
}

fn refused(arguments: &[&str], code: i32, named: &str) {
    let output = eval(arguments);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
    assert_eq!(error.trim_end().lines().count(), 1, "{arguments:?}: {error}");
    assert!(error.starts_with("error: ") && error.contains(named), "{arguments:?}: {error}");
}

fn files_in(folder: &TempDir) -> usize {
    std::fs::read_dir(folder.path()).unwrap().count()
}

fn path(folder: &TempDir, name: &str) -> String {
    folder.path().join(name).to_str().unwrap().to_owned()
}

/// A copy of a trained model, under another name and maybe for other rules.
fn copy_of_a2c(to: &str, rules: &str) {
    let mut checkpoint = Checkpoint::load(Path::new("../models/classic/a2c.safetensors")).unwrap();
    rules.clone_into(&mut checkpoint.info.spec.rules);
    checkpoint.save(Path::new(to)).unwrap();
}

#[test]
fn several_models_drive_the_same_episodes_and_keep_the_figures_they_have_alone() {
    let together = json(&["--model", "random", "--model", "ppo", "--episodes", "200", "--seed", "3"]);
    assert_eq!(
        (&together["rules"], &together["seed"], &together["episodes"]),
        (&"classic".into(), &3.into(), &200.into())
    );
    for (index, model) in ["random", "ppo"].into_iter().enumerate() {
        let mut alone: Value =
            serde_json::from_str(&stdout(&["--model", model, "--episodes", "200", "--seed", "3", "--json"])).unwrap();
        // What it was evaluated on stands beside the figures of one model, and once above those of several.
        let fields = alone.as_object_mut().unwrap();
        for evaluated_on in ["version", "rules", "scenario", "scenario_hash", "seed"] {
            assert_eq!(fields.remove(evaluated_on).as_ref(), Some(&together[evaluated_on]), "{evaluated_on}");
        }
        let listed = fields.remove("models").unwrap();
        assert_eq!(listed, Value::from(vec![alone.clone()]), "one shape, whether there is one model or more");
        alone["steps_per_second"] = Value::Null;
        assert_eq!(together["models"][index], alone);
        let number = |key: &str| alone[key].as_f64().unwrap();
        for (figure, interval) in [
            ("mean_return", "return_ci95"),
            ("legal_rate", "legal_rate_ci95"),
            ("fine_rate", "fine_rate_ci95"),
            ("crash_rate", "crash_rate_ci95"),
        ] {
            let end = |index: usize| alone[interval][index].as_f64().unwrap();
            assert!(end(0) <= number(figure) && number(figure) <= end(1) && end(0) < end(1), "{figure} in {alone}");
        }
        assert!(number("min_return") <= number("median_return") && number("median_return") <= number("max_return"));
        assert!(number("mean_regret") >= 0.0);
        // Some drivers earn nothing, always.
        let money = |end: usize| alone["mean_money_ci95"][end].as_f64().unwrap();
        assert!(money(0) <= number("mean_money") && number("mean_money") <= money(1), "{alone}");
    }
}

#[test]
fn the_table_has_a_column_a_model() {
    let table = stdout(&["--model", "oracle", "--model", "random", "--episodes", "100"]);
    let row = |name: &str| table.lines().find(|line| line.trim_start().starts_with(name)).expect(name).to_owned();
    assert_eq!(row("model").split_whitespace().collect::<Vec<_>>(), ["model", "oracle", "random"]);
    for name in
        ["return, mean ± std", "mean, 95 % interval", "return, median", "legal", "fine", "crash", "ended: arrived"]
    {
        let figures: Vec<_> = row(name).trim().split("  ").filter(|cell| !cell.is_empty()).map(str::to_owned).collect();
        assert_eq!(figures.len(), 3, "{figures:?}");
    }
    assert!(row("of the best return").contains("100.000 %"));
}

#[test]
fn every_episode_is_a_row() {
    let folder = tempfile::tempdir().unwrap();
    let (model, csv) = (path(&folder, "a, b.safetensors"), path(&folder, "episodes.csv"));
    copy_of_a2c(&model, "classic");
    let figures = json(&["--model", "random", "--model", &model, "--episodes", "150", "--seed", "9", "--csv", &csv]);
    let mut reader = csv::Reader::from_path(&csv).unwrap();
    let header: Vec<_> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(
        header.join(" "),
        "model seed episode return best_return regret length passengers money legal fine crash \
         terminated truncated ending"
    );
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 300);
    for (rows, (name, figures)) in
        rows.chunks(150).zip([("random", &figures["models"][0]), (model.as_str(), &figures["models"][1])])
    {
        let number = |row: &csv::StringRecord, column: usize| row[column].parse::<f64>().unwrap();
        for (index, row) in rows.iter().enumerate() {
            assert_eq!((&row[0], &row[1], number(row, 2)), (name, "9", index as f64));
            assert_eq!(number(row, 4) - number(row, 3), number(row, 5));
            assert_ne!(row[12], row[13]);
            assert_eq!((&row[11] == "1", &row[13]), (&row[14] == "crashed", "false"), "{row:?}");
        }
        let mean = rows.iter().map(|row| number(row, 3)).sum::<f64>() / 150.0;
        assert_eq!(mean, figures["mean_return"].as_f64().unwrap());
        for (column, figure) in [(7, "mean_passengers"), (8, "mean_money"), (9, "legal_rate"), (10, "fine_rate")] {
            let mean = rows.iter().map(|row| number(row, column)).sum::<f64>() / 150.0;
            assert_eq!(mean, figures[figure].as_f64().unwrap(), "{figure}");
        }
        for ending in figures["endings"].as_array().unwrap() {
            let ended = rows.iter().filter(|row| row[14] == *ending["name"].as_str().unwrap()).count();
            assert_eq!(ending["episodes"], ended, "{ending}");
        }
    }
}

#[test]
fn a_plot_names_every_model_and_is_the_same_for_the_same_seed() {
    let folder = tempfile::tempdir().unwrap();
    let model = path(&folder, "mine <2> & co.safetensors");
    copy_of_a2c(&model, "classic");
    let draw = |name: &str| {
        let svg = path(&folder, name);
        let table =
            stdout(&["--model", "ppo", "--model", "random", "--model", &model, "--episodes", "100", "--plot", &svg]);
        assert!(table.contains("mine <2> & co"));
        std::fs::read_to_string(svg).unwrap()
    };
    let plot = draw("one.svg");
    for said in [
        "ppo",
        "random",
        "mine &lt;2&gt; &amp; co",
        "100 episodes of classic",
        "Was fined by",
        "Crashed",
        "TSh",
        "interval",
    ] {
        assert!(plot.contains(said), "{said}");
    }
    assert!(plot.starts_with("<svg") && plot.trim_end().ends_with("</svg>") && !plot.contains("NaN"));
    assert_eq!(plot, draw("TWO.SVG"));
}

#[test]
fn mistakes_are_found_before_anything_is_driven() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (path(&folder, "a2c.safetensors"), path(&folder, "city.safetensors"));
    copy_of_a2c(&first, "classic");
    copy_of_a2c(&second, "city");
    let detour = path(&folder, "./a2c.safetensors");
    let (png, svg) = (path(&folder, "x.png"), path(&folder, "x.svg"));
    let hour = ["--episodes", "50000000"];
    for (arguments, code, named) in [
        (vec!["--model", "ppo", "--model", "ppo"], 1, "ppo is named twice"),
        (vec!["--model", &first, "--model", &detour], 1, "named twice"),
        (vec!["--model", "random", "--model", "nobody"], 1, "'nobody'"),
        (vec!["--model", "random", "--model", &second], 1, "city.safetensors: the model was trained on"),
        (vec!["--model", "random", "--plot", &png], 2, ".svg"),
        (vec!["--model", "random", "--plot", "/no/such/folder/x.svg"], 1, "/no/such/folder"),
        (vec!["--model", "random", "--csv", "/no/such/folder/x.csv"], 1, "/no/such/folder"),
        (vec!["--model", "random", "--csv", &svg, "--plot", &svg], 1, "a file each"),
        (vec!["--model", "random", "--model", "ppo", "--model", "dqn"], 1, "100000000 episodes at most"),
    ] {
        refused(&[arguments, hour.to_vec()].concat(), code, named);
    }
    assert_eq!(files_in(&folder), 2);
}

#[test]
fn more_models_than_colours_are_not_plotted() {
    let folder = tempfile::tempdir().unwrap();
    let models: Vec<_> = (0..9).map(|index| path(&folder, &format!("{index}.safetensors"))).collect();
    for model in &models {
        copy_of_a2c(model, "classic");
    }
    let named: Vec<_> = models.iter().flat_map(|model| ["--model", model]).collect();
    let svg = path(&folder, "x.svg");
    refused(&[&named[..], &["--plot", &svg]].concat(), 1, "8 colours");
    let eight = stdout(&[&named[..16], &["--plot", &svg, "--episodes", "20"]].concat());
    assert!(eight.contains("episodes"));
    assert_eq!(files_in(&folder), 10);
}

#[cfg(unix)]
#[test]
fn an_interrupted_evaluation_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (csv, svg) = (path(&folder, "x.csv"), path(&folder, "x.svg"));
    let mut running = std::process::Command::new(assert_cmd::cargo::cargo_bin!("daladala"))
        .env("DALADALA_RULES", "classic")
        .args(["eval", "--model", "random", "--episodes", "100000000", "--csv", &csv, "--plot", &svg])
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    // It can be interrupted from before it makes its files.
    while files_in(&folder) < 2 {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let told = std::process::Command::new("kill").args(["-INT", &running.id().to_string()]).status().unwrap();
    assert!(told.success());
    assert_eq!((running.wait().unwrap().code(), files_in(&folder)), (Some(1), 0));
}
