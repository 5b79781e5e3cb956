//! What cannot be imported is refused in a line that says why.

use daladala_agents::import::{self, ImportError, ImportFileError, ImportOptions, from_bytes};
use daladala_agents::network::Activation;
use daladala_agents::{Algorithm, WrongSpaces};
use daladala_env::Rules;
use daladala_env::rules::Classic;

use crate::archives::{Described, changed, entries, fixture, import, pickled, pth, redescribed, refused, stored};

#[test]
fn other_kinds_of_models_are_told_what_they_are() {
    let ppo = fixture("ppo_8.zip");
    for (bytes, named) in [
        (fixture("refused_continuous.zip"), "actions of the kind Box"),
        (fixture("refused_dict.zip"), "observations of the kind Dict"),
        (fixture("refused_gelu.zip"), "activation GELU"),
        (fixture("refused_layer_norm.pth"), "normalisation layers ('1.weight')"),
        (fixture("refused_convolution.pth"), "convolutional network ('0.weight')"),
        (fixture("refused_module.pth"), "'__main__.Policy'"),
        (fixture("refused_old_format.pth"), "old format"),
        (redescribed(&ppo, "gymnasium.spaces.box.Box", "gymnasium.spaces.discrete.Discrete"), "the kind Discrete"),
        (redescribed(&ppo, "\"stable_baselines3.common.policies\"", "\"__main__\""), "'__main__'"),
        (redescribed(&ppo, "\"n\": \"5\"", "\"n\": \"4\""), "4 actions"),
        (redescribed(&ppo, "\"clip_range\"", "\"cg_max_steps\""), "TRPO"),
        (redescribed(&ppo, "{", "["), "metadata"),
        (renamed("mlp_extractor.policy_net.0", "mlp_extractor.policy_lstm0"), "recurrent"),
        (renamed("mlp_extractor.policy_net.0", "features_extractor.linear0"), "features extractor"),
        (renamed("mlp_extractor.policy_net.0", "mlp_extractor.policy_net_0"), "no place in the networks"),
        (renamed("action_net", "action_not"), "neither a DQN"),
        (stored(&vec![("parameters".into(), vec![]), ("parameter_list".into(), vec![])]), "Stable-Baselines 2"),
        (stored(&vec![("a/data.pkl".into(), vec![]), ("a/constants.pkl".into(), vec![])]), "TorchScript"),
        (stored(&vec![("readme.txt".into(), vec![])]), "'data.pkl' is missing"),
        (b"\x00\x01".to_vec(), "no zip archive"),
        (Vec::new(), "no zip archive"),
    ] {
        let error = refused(&bytes);
        assert!(error.contains(named), "{named}: {error}");
    }
    let mut entries = entries(&ppo);
    entries.retain(|(name, _)| name != "policy.pth");
    assert!(refused(&stored(&entries)).contains("'policy.pth' is missing"));
}

/// The PPO of the fixtures with a part of its tensors' names changed to another of the same length.
fn renamed(from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    changed(&fixture("ppo_8.zip"), "policy.pth", |policy| {
        *policy = changed(policy, "archive/data.pkl", |pickle| {
            let at: Vec<_> = (0..pickle.len()).filter(|at| pickle[*at..].starts_with(from.as_bytes())).collect();
            assert!(!at.is_empty(), "{from}");
            for at in at {
                pickle[at..at + to.len()].copy_from_slice(to.as_bytes());
            }
        });
    })
}

#[test]
fn what_is_asked_must_not_contradict_the_file() {
    let asked = |name: &str, algorithm: Option<Algorithm>, activation: Option<Activation>| {
        from_bytes(&fixture(name), &Classic.info().id, ImportOptions { algorithm, activation })
    };
    for (name, algorithm, activation) in [
        ("ppo_8.zip", Some(Algorithm::A2c), None),
        ("dqn_4.zip", Some(Algorithm::Ppo), None),
        ("ppo_8.zip", None, Some(Activation::Relu)),
        ("actor_critic.pth", Some(Algorithm::Dqn), None),
    ] {
        let error = asked(name, algorithm, activation).unwrap_err();
        assert!(matches!(error, ImportError::Contradiction(_)), "{name}: {error:?}");
    }
    // A critic beside the policy is the baseline that REINFORCE may have.
    let both = asked("actor_critic.pth", Some(Algorithm::Reinforce), None).unwrap().checkpoint;
    assert_eq!(both.networks.keys().collect::<Vec<_>>(), ["actor", "critic"]);
}

#[test]
fn a_model_that_does_not_fit_the_rules_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("small.pth");
    let pickle = pickled(&[("w.weight", "FloatStorage", "0", 6, 0, &[2, 3], &[3, 1])]);
    std::fs::write(&path, pth(&pickle, &[("0", &[0; 24])])).unwrap();
    let error = import::import(&path, &Classic.info(), ImportOptions::default()).unwrap_err();
    assert!(
        matches!(error, ImportFileError::WrongSpaces(WrongSpaces { model_observation: 3, model_actions: 2, .. })),
        "{error:?}"
    );
    std::fs::write(&path, "nothing").unwrap();
    let error = import::import(&path, &Classic.info(), ImportOptions::default()).unwrap_err();
    assert!(matches!(error, ImportFileError::Import { source: ImportError::NoArchive, .. }), "{error:?}");
}

#[test]
fn tensors_that_do_not_fit_are_named() {
    let two: Described = ("a.weight", "FloatStorage", "0", 6, 0, &[3, 2], &[2, 1]);
    let one = |change: fn(&mut Described)| {
        let mut described = two;
        change(&mut described);
        pickled(&[described])
    };
    for (pickle, named) in [
        (one(|t| t.1 = "LongStorage"), "whole numbers"),
        (one(|t| t.1 = "QInt8Storage"), "'torch.QInt8Storage'"),
        (one(|t| t.2 = "../../secret"), "outside"),
        (one(|t| t.2 = "7"), "'archive/data/7' is missing"),
        (one(|t| t.3 = 7), "more or fewer"),
        (one(|t| t.3 = i32::MAX), "more or fewer"),
        (one(|t| t.4 = 1), "does not fit"),
        (one(|t| t.4 = -1), "negative"),
        (one(|t| t.5 = &[4, 2]), "does not fit"),
        (one(|t| t.5 = &[0, 2]), "does not fit"),
        (one(|t| t.5 = &[i32::MAX, i32::MAX]), "does not fit"),
        (one(|t| (t.5, t.6) = (&[300, 100], &[0, 0])), "does not fit"),
        (one(|t| t.6 = &[i32::MAX, 1]), "does not fit"),
        (one(|t| t.6 = &[1]), "does not fit"),
        (one(|t| t.5 = &[1, 1, 1, 1, 1, 1, 1, 1, 1]), "too many dimensions"),
        (one(|t| t.5 = &[1, 3, 2]), "'a.weight' is of no fully connected layer"),
        (one(|t| t.0 = "a.gain"), "'a.gain' is of no fully connected layer"),
        (pickled(&[two, ("a.bias", "FloatStorage", "0", 6, 0, &[2], &[1])]), "'a.bias' has shape [2]"),
        (pickled(&[two, ("b.weight", "FloatStorage", "0", 6, 0, &[3, 2], &[2, 1])]), "'b.weight' takes 2 numbers"),
        (pickled(&[]), "no tensors"),
    ] {
        let error = refused(&pth(&pickle, &[("0", &[0; 24])]));
        assert!(error.contains(named), "{named}: {error}");
    }
    for number in [f32::NAN, f32::INFINITY] {
        let numbers: Vec<u8> = [0.0, 0.0, 0.0, 0.0, number, 0.0].iter().flat_map(|x: &f32| x.to_le_bytes()).collect();
        let error = refused(&pth(&pickled(&[two]), &[("0", &numbers)]));
        assert!(error.contains("'a.weight' holds numbers that are not finite"), "{error}");
    }
    let huge: Vec<u8> = [1e300_f64; 6].iter().flat_map(|x| x.to_le_bytes()).collect();
    let double = one(|t| t.1 = "DoubleStorage");
    assert!(refused(&pth(&double, &[("0", &huge)])).contains("not finite"));
}

/// They were imported and refused by predict, and drove by whatever NaN compares to in eval and serve.
#[test]
fn weights_whose_outputs_overflow_are_refused() {
    let numbers: Vec<u8> = [3e38_f32; 6].iter().flat_map(|x| x.to_le_bytes()).collect();
    let pickle = pickled(&[("a.weight", "FloatStorage", "0", 6, 0, &[3, 2], &[2, 1])]);
    assert!(refused(&pth(&pickle, &[("0", &numbers)])).contains("outputs may be infinite"));
}

#[test]
fn an_embedding_is_no_linear_layer() {
    let named = |name| pickled(&[(name, "FloatStorage", "0", 6, 0, &[3, 2], &[2, 1])]);
    for name in ["embedding.weight", "emb.weight"] {
        assert!(refused(&pth(&named(name), &[("0", &[0; 24])])).contains("an embedding"), "{name}");
    }
    // It may be called otherwise.
    let imported = import(&pth(&named("places.weight"), &[("0", &[0; 24])])).unwrap();
    assert!(imported.notes.iter().any(|note| note.contains("'places.weight' has no bias")), "{:?}", imported.notes);
}

/// What people's own classes are called last says nothing; numbers that only Python writes are no reason to refuse.
#[test]
fn descriptions_are_read_as_leniently_as_python_does_and_classes_as_strictly_as_it_names_them() {
    let ppo = fixture("ppo_8.zip");
    let infinite = import(&redescribed(&ppo, "\"max_grad_norm\": 0.5", "\"max_grad_norm\": Infinity"));
    assert_eq!(infinite.unwrap().checkpoint.networks, import(&ppo).unwrap().checkpoint.networks);
    let own = redescribed(&ppo, "gymnasium.spaces.box.Box", "mine.Box");
    assert!(refused(&own).contains("mine.Box"));
    let no_clip_range = redescribed(&ppo, "\"clip_range\"", "\"no_clip_range\"");
    assert_eq!(import(&no_clip_range).unwrap().checkpoint.info.algorithm, Algorithm::Ppo);
}

#[test]
fn an_archive_that_was_zipped_again_with_its_folder_is_the_same_model() {
    let ppo = fixture("ppo_8.zip");
    let within = entries(&ppo).into_iter().map(|(name, bytes)| (format!("best/{name}"), bytes)).collect();
    let (again, first) = (import(&stored(&within)).unwrap(), import(&ppo).unwrap());
    assert_eq!((again.checkpoint.networks, again.notes), (first.checkpoint.networks, first.notes));
}

#[test]
fn models_that_could_not_be_read_again_are_refused() {
    let layer: Vec<_> = (0..65).map(|index| format!("net.{index}.weight")).collect();
    let layers: Vec<Described> =
        layer.iter().map(|name| (&**name, "FloatStorage", "0", 1, 0, &[1, 1][..], &[1, 1][..])).collect();
    assert!(import(&pth(&pickled(&layers[..64]), &[("0", &[0; 4])])).is_ok());
    assert!(refused(&pth(&pickled(&layers), &[("0", &[0; 4])])).contains("layers"));
    let many = pickled(&[("w.weight", "FloatStorage", "0", 257, 0, &[257, 1], &[1, 1])]);
    assert!(refused(&pth(&many, &[("0", &[0; 257 * 4])])).contains("257 actions"));
}
