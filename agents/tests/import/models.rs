//! What is imported answers as it did where it was made.

use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, TensorData};
use daladala_agents::import::{self, ImportOptions, Imported, from_bytes};
use daladala_agents::network::{Activation, Mlp, MlpWeights};
use daladala_agents::{Checkpoint, Choice, NeuralPolicy, Policy, evaluate};
use daladala_env::Rules;
use daladala_env::rules::Classic;
use serde_json::Value;
use zip::CompressionMethod;

use crate::archives::{entries, fixture, import, redescribed, zipped};

/// The expected numbers are rounded to six places.
const TOLERANCE: f32 = 1e-5;

type Rows = Vec<Vec<f32>>;

fn rows(value: &Value) -> Rows {
    serde_json::from_value(value.clone()).unwrap()
}

fn answers(network: &MlpWeights, observations: &Rows) -> Rows {
    let device = Device::flex();
    let shape = [observations.len(), network.inputs()];
    let output =
        Mlp::new(network, &device).forward(Tensor::from_data(TensorData::new(observations.concat(), shape), &device));
    let numbers: Vec<f32> = output.into_data().try_into_vec().unwrap();
    numbers.chunks(network.outputs()).map(<[f32]>::to_vec).collect()
}

fn deviation(ours: &Rows, theirs: &Rows) -> f32 {
    assert_eq!((ours.len(), ours[0].len()), (theirs.len(), theirs[0].len()));
    ours.concat().iter().zip(theirs.concat()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

fn expected() -> Value {
    serde_json::from_slice(&fixture("expected.json")).unwrap()
}

fn of_sb3(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "zip")
}

/// With what the file leaves open told.
fn told(name: &str, model: &Value) -> Imported {
    let options = ImportOptions {
        algorithm: Some(model["algorithm"].as_str().unwrap().parse().unwrap()),
        activation: Some(model["activation"].as_str().unwrap().parse().unwrap()),
    };
    from_bytes(&fixture(name), &Classic.info().id, options).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn every_fixture_answers_as_it_did_in_python() {
    let expected = expected();
    let observations = rows(&expected["observations"]);
    for (name, model) in expected["models"].as_object().unwrap() {
        let Imported { checkpoint, notes } = told(name, model);
        assert!(notes.is_empty(), "{name}: {notes:?}");
        let info = &checkpoint.info;
        assert_eq!((&*info.spec.rules, info.observation_size, info.actions), ("classic", 14, 5), "{name}");
        assert_eq!((info.seed, info.steps), (model["seed"].as_u64(), model["steps"].as_u64()), "{name}");
        assert!(info.mean_return.is_nan());
        let library = if of_sb3(name) { "stable-baselines3 " } else { "pytorch" };
        assert!(info.source.as_deref().unwrap().starts_with(library), "{name}: {info:?}");
        for (network, layers) in model["layers"].as_object().unwrap() {
            let found = &checkpoint.networks[network];
            assert_eq!(serde_json::to_value(found.sizes()).unwrap(), *layers, "{name}: {network}");
            assert_eq!(found.activation.to_string(), model["activation"].as_str().unwrap(), "{name}: {network}");
        }
        let acting = checkpoint.acting().unwrap();
        let off = deviation(&answers(acting, &observations), &rows(&model["outputs"]));
        assert!(off < TOLERANCE, "{name}: {off}");
        if let Some(values) = model.get("values") {
            let off = deviation(&answers(&checkpoint.networks["critic"], &observations), &rows(values));
            assert!(off < TOLERANCE, "{name}: {off}");
        }
        let read_again = Checkpoint::from_bytes(&checkpoint.to_bytes()).unwrap();
        assert_eq!((&read_again.networks, &read_again.info.source), (&checkpoint.networks, &info.source), "{name}");
    }
}

#[test]
fn an_archive_of_stable_baselines_says_all_there_is_to_know() {
    for (name, model) in expected()["models"].as_object().unwrap().iter().filter(|(name, _)| of_sb3(name)) {
        let Imported { checkpoint, notes } = import(&fixture(name)).unwrap();
        assert_eq!((checkpoint.to_bytes(), notes), (told(name, model).checkpoint.to_bytes(), vec![]), "{name}");
    }
}

#[test]
fn what_a_state_dict_leaves_open_is_assumed_and_told() {
    let imported = import(&fixture("fc_relu.pth")).unwrap();
    assert_eq!(imported.checkpoint.info.algorithm.to_string(), "reinforce");
    assert_eq!(imported.checkpoint.acting().unwrap().activation, Activation::Relu);
    assert!(imported.notes.len() == 2 && imported.notes[1].contains("--activation"), "{:?}", imported.notes);

    let both = import(&fixture("actor_critic.pth")).unwrap().checkpoint;
    assert_eq!(both.info.algorithm.to_string(), "ppo");
    assert_eq!(both.networks.keys().collect::<Vec<_>>(), ["actor", "critic"]);
}

#[test]
fn archives_may_be_packed_or_not_and_their_weights_given_alone() {
    let zip = fixture("ppo_8.zip");
    let whole = import(&zip).unwrap().checkpoint.to_bytes();
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        assert_eq!(import(&zipped(&entries(&zip), method)).unwrap().checkpoint.to_bytes(), whole);
    }
    let policy = entries(&zip).into_iter().find(|(name, _)| name == "policy.pth").unwrap().1;
    let alone = import(&policy).unwrap();
    assert_eq!(alone.checkpoint.networks, import(&zip).unwrap().checkpoint.networks);
    assert_eq!(alone.notes.len(), 2);
}

#[test]
fn big_endian_numbers_are_turned_around() {
    let little = fixture("fc_relu.pth");
    let mut big = entries(&little);
    for (name, content) in &mut big {
        if name.ends_with("/byteorder") {
            *content = b"big".to_vec();
        } else if name.contains("/data/") {
            content.chunks_mut(4).for_each(<[u8]>::reverse);
        }
    }
    let read = |bytes: &[u8]| import(bytes).unwrap().checkpoint.networks;
    assert_eq!(read(&zipped(&big, CompressionMethod::Stored)), read(&little));
}

#[test]
fn unknown_seeds_and_versions_stay_unknown() {
    let seedless = redescribed(&fixture("dqn_4.zip"), "\"seed\": 7", "\"seed\": null");
    let checkpoint = import(&seedless).unwrap().checkpoint;
    assert_eq!((checkpoint.info.seed, checkpoint.info.steps), (None, Some(1234)));
    assert_eq!(Checkpoint::from_bytes(&checkpoint.to_bytes()).unwrap().info.seed, None);
    let mut entries = entries(&seedless);
    entries.retain(|(name, _)| name != "_stable_baselines3_version");
    let info = import(&zipped(&entries, CompressionMethod::Stored)).unwrap().checkpoint.info;
    assert_eq!(info.source.as_deref(), Some("stable-baselines3"));
}

/// The models of the original, which are not ours to pass on: beside the repository, or where a variable says.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn shared() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let folder = std::env::var_os("DALADALA_SHARED").map_or_else(beside, PathBuf::from).join("sb3");
    if !folder.is_dir() {
        eprintln!("SKIPPED: the models of the original are not at {} (DALADALA_SHARED)", folder.display());
        return None;
    }
    Some(folder)
}

#[test]
fn the_models_of_the_original_answer_as_they_did_and_drive_well() {
    let Some(folder) = shared() else { return };
    for (file, algorithm) in
        [("best_dqn.zip", "dqn"), ("best_ppo.zip", "ppo"), ("best_reinforce_policy.pth", "reinforce")]
    {
        let imported = import::import(&folder.join(file), &Classic.info(), ImportOptions::default()).unwrap();
        assert_eq!(imported.checkpoint.info.algorithm.to_string(), algorithm);
        let expected = folder.join(file).with_extension("expected.json");
        let expected: Value = serde_json::from_slice(&std::fs::read(expected).unwrap()).unwrap();
        let policy = NeuralPolicy::new(&imported.checkpoint, Choice::Greedy).unwrap();
        let (observations, outputs) = (rows(&expected["obs"]), rows(&expected["out"]));
        let mut ours = vec![0.0; observations.len() * policy.actions()];
        policy.outputs(&observations.concat(), &mut ours);
        let ours = ours.chunks(policy.actions()).map(<[f32]>::to_vec).collect();
        let off = deviation(&ours, &outputs);
        assert!(observations.len() == 256 && off < 1e-4, "{file}: {off}");
        let evaluation = evaluate(&policy, &Classic, 0, 1000, &|_| ());
        eprintln!("{file}: off by {off:e}, {} of the best return", evaluation.optimal_fraction.unwrap());
        assert!(evaluation.optimal_fraction.unwrap() > 0.9, "{file}: {evaluation:?}");
    }
}
