//! The policies that can be named.

use burn::tensor::Device;
use daladala_agents::registry::{BUILT_IN, BuiltIn, built_in, display_name};
use daladala_agents::{
    AgentError, Checkpoint, Choice, DeviceKind, Evaluation, NeuralPolicy, Policy, evaluate, policy_generators, registry,
};
use daladala_env::rules::Classic;
use daladala_env::{Generator, RuleSpec, Rules, RulesInfo};

/// The policy of a name, to drive `classic`.
fn load(name: &str, choice: Choice, device: DeviceKind) -> Result<Box<dyn Policy>, AgentError> {
    Ok(registry::load(name, &Classic.info(), choice, device)?.policy)
}

fn observations(rows: usize) -> Vec<f32> {
    rows_of(14, rows)
}

fn rows_of(size: usize, rows: usize) -> Vec<f32> {
    let mut generator = Generator::new(9, 9);
    (0..rows * size).map(|_| generator.uniform() * 2.0 - 1.0).collect()
}

/// What describes the rules that a built-in model drives by.
fn info_of(model: &BuiltIn) -> RulesInfo {
    RuleSpec::named(model.rules, None).unwrap().info()
}

#[test]
fn every_built_in_policy_loads_and_has_a_card() {
    for model in BUILT_IN {
        let info = info_of(model);
        let policy = registry::load(model.name, &info, Choice::Greedy, DeviceKind::Cpu).unwrap().policy;
        let takes = (policy.observation_size(), policy.actions());
        assert_eq!(takes, (info.observation_size(), info.actions()), "{}", model.name);
        assert!(model.card.starts_with(&format!("# {}", model.name)) && model.summary().len() > 20, "{}", model.name);
    }
}

#[test]
fn the_built_in_trained_policies_are_optimal() {
    for name in ["ppo", "dqn"] {
        let evaluation = evaluate(&*load(name, Choice::Greedy, DeviceKind::Cpu).unwrap(), &Classic, 77, 2000, &|_| ());
        assert!(evaluation.optimal_fraction.unwrap() >= 0.999, "{name}: {evaluation:?}");
        let rate = |name| evaluation.figure(name).unwrap().mean;
        assert_eq!((rate("fine"), rate("crash")), (0.0, 0.0), "{name}");
    }
}

/// Row by row, in one batch and in batches that do not fit the blocks.
#[test]
fn a_row_gets_the_same_outputs_in_every_batch() {
    for model in BUILT_IN {
        let choice = if model.name == "ppo" { Choice::Sampled } else { Choice::Greedy };
        let info = info_of(model);
        let policy = registry::load(model.name, &info, choice, DeviceKind::Cpu).unwrap().policy;
        let (rows, size) = (300, info.observation_size());
        let observations = rows_of(size, rows);
        let outputs = |policy: &dyn Policy, rows: &[f32]| {
            let mut outputs = vec![0.0; rows.len() / size * 5];
            policy.outputs(rows, &mut outputs);
            outputs
        };
        let mut actions = vec![0; rows];
        policy.act(&observations, None, &mut policy_generators(3, 0..rows), &mut actions);
        let together = outputs(&*policy, &observations);
        for (row, observation) in observations.chunks_exact(size).enumerate() {
            assert_eq!(outputs(&*policy, observation), together[row * 5..][..5], "{} row {row}", model.name);
            let mut action = [0];
            policy.act(observation, None, &mut policy_generators(3, row..row + 1), &mut action);
            assert_eq!(action[0], actions[row], "{} row {row}", model.name);
        }
    }
}

#[test]
fn a_network_gives_the_same_outputs_on_a_device_of_burns() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/classic/ppo.safetensors");
    let checkpoint = Checkpoint::load(path.as_ref()).unwrap();
    let observations = observations(300);
    let outputs = |policy: NeuralPolicy| {
        let mut outputs = vec![0.0; 300 * 5];
        policy.outputs(&observations, &mut outputs);
        outputs
    };
    let ours = outputs(NeuralPolicy::new(&checkpoint, Choice::Greedy).unwrap());
    let burn = outputs(NeuralPolicy::on_device(&checkpoint, Choice::Greedy, Device::flex()).unwrap());
    for (ours, burn) in ours.iter().zip(burn) {
        assert!((ours - burn).abs() <= 1e-5 * burn.abs().max(1.0), "{ours} for {burn}");
    }
}

#[test]
fn an_unknown_name_hears_of_the_names_there_are() {
    let error = load("pppo", Choice::Greedy, DeviceKind::Cpu).err().unwrap().to_string();
    assert!(error.contains("'pppo'") && error.contains("ppo, dqn, a2c, reinforce, oracle, random"), "{error}");
    assert!(built_in("classic", "ppo.safetensors").is_err());
    let error = load("folder/pppo", Choice::Greedy, DeviceKind::Cpu).err().unwrap().to_string();
    assert!(error.contains("folder/pppo"), "{error}");
}

#[test]
fn only_logits_are_sampled_from() {
    assert!(load("ppo", Choice::Sampled, DeviceKind::Cpu).is_ok());
    for name in ["dqn", "oracle", "random"] {
        let error = load(name, Choice::Sampled, DeviceKind::Cpu).err().unwrap();
        assert!(matches!(error, AgentError::NothingToSample { .. }), "{error:?}");
    }
}

#[test]
fn a_model_of_other_rules_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chess.safetensors");
    let built_in = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/classic/dqn.safetensors");
    let mut checkpoint = Checkpoint::load(built_in.as_ref()).unwrap();
    checkpoint.info.spec.rules = "chess".into();
    checkpoint.save(&path).unwrap();
    let error = load(path.to_str().unwrap(), Choice::Greedy, DeviceKind::Cpu).err().unwrap();
    assert!(matches!(error, AgentError::OtherRules { .. }), "{error:?}");
}

/// It may drive on another scenario, and says so.
#[test]
fn a_model_of_another_scenario_drives_and_tells_where_it_comes_from() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("elsewhere.safetensors");
    let built_in = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/classic/ppo.safetensors");
    let mut checkpoint = Checkpoint::load(built_in.as_ref()).unwrap();
    assert_eq!(checkpoint.info.spec, Classic.info().id, "files that name no scenario are of the default one");
    let load = |path: &std::path::Path| {
        registry::load(path.to_str().unwrap(), &Classic.info(), Choice::Greedy, DeviceKind::Cpu).unwrap()
    };
    checkpoint.info.spec.scenario = "called otherwise".into();
    checkpoint.save(&path).unwrap();
    assert_eq!(load(&path).other_scenario, None, "the name alone makes no other scenario");
    checkpoint.info.spec.scenario_hash = "0123456789abcdef".into();
    checkpoint.save(&path).unwrap();
    assert_eq!(load(&path).other_scenario, Some(checkpoint.info.spec));
}

#[test]
fn figures_of_networks_do_not_depend_on_the_threads() {
    for (name, choice) in [("ppo", Choice::Greedy), ("ppo", Choice::Sampled), ("dqn", Choice::Greedy)] {
        let policy = load(name, choice, DeviceKind::Cpu).unwrap();
        let figures = [1, 2, 3].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            Evaluation { steps_per_second: 0.0, ..pool.install(|| evaluate(&*policy, &Classic, 5, 500, &|_| ())) }
        });
        assert!(figures[0] == figures[1] && figures[0] == figures[2], "{name} {choice:?}: {figures:?}");
    }
}

#[test]
fn viewers_do_not_learn_where_a_model_lies() {
    assert_eq!(display_name("ppo"), "ppo");
    assert_eq!(display_name("/home/someone/secret/best.safetensors"), "best");
    for (path, name) in [("lr-0.1", "lr-0.1"), ("out/lr-0.2.safetensors", "lr-0.2"), (".safetensors", ".safetensors")] {
        assert_eq!(display_name(path), name, "what stands after a dot tells models apart");
    }
}
