//! Weights files: what is written is read back, and no file can do worse than be refused.

use std::collections::HashMap;

use daladala_agents::network::{Activation, MlpWeights};
use daladala_agents::{Algorithm, Checkpoint, CheckpointError, FileError, LoadError, ModelInfo};
use daladala_env::Generator;
use daladala_env::SpecId;
use proptest::prelude::*;
use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize};

fn checkpoint() -> Checkpoint {
    let mut generator = Generator::new(1, 0);
    let mut network = |outputs| MlpWeights::init(&[14, 8, outputs], Activation::Tanh, 1.0, &mut generator);
    let info = ModelInfo {
        algorithm: Algorithm::Ppo,
        spec: SpecId { rules: "classic".into(), scenario: "any".into(), scenario_hash: "00000000000000ff".into() },
        observation_size: 14,
        actions: 5,
        action_masks: false,
        seed: Some(u64::MAX),
        steps: Some(12),
        mean_return: -1.5,
        source: None,
    };
    Checkpoint { info, networks: [("actor".into(), network(5)), ("critic".into(), network(1))].into() }
}

type Tensors = HashMap<String, (Dtype, Vec<usize>, Vec<u8>)>;

/// The file with its tensors and metadata changed.
fn changed(change: impl FnOnce(&mut Tensors, &mut HashMap<String, String>)) -> Vec<u8> {
    let bytes = checkpoint().to_bytes();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut tensors: Tensors = file
        .iter()
        .map(|(name, view)| (name.into(), (view.dtype(), view.shape().to_vec(), view.data().to_vec())))
        .collect();
    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    let mut metadata = header.metadata().clone().unwrap();
    change(&mut tensors, &mut metadata);
    let views = tensors
        .iter()
        .map(|(name, (dtype, shape, data))| (name, TensorView::new(*dtype, shape.clone(), data).unwrap()));
    serialize(views, Some(metadata)).unwrap()
}

fn refused(bytes: &[u8]) -> CheckpointError {
    Checkpoint::from_bytes(bytes).expect_err("must be refused")
}

#[test]
fn what_is_saved_is_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    checkpoint().save(&path).unwrap();
    assert_eq!(Checkpoint::load(&path).unwrap(), checkpoint());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing half-written is left");
}

#[test]
fn the_same_checkpoint_is_the_same_bytes_and_tensors_are_aligned() {
    let bytes = checkpoint().to_bytes();
    for _ in 0..20 {
        assert_eq!(checkpoint().to_bytes(), bytes);
    }
    let (header, _) = SafeTensors::read_metadata(&bytes).unwrap();
    assert_eq!(header % 8, 0);
    // The library's own writer agrees on all but the order of the metadata.
    assert_eq!(changed(|_, _| ()).len(), bytes.len());
    assert_eq!(Checkpoint::from_bytes(&changed(|_, _| ())).unwrap(), checkpoint());
}

#[test]
fn what_is_unknown_stays_unknown() {
    let mut imported = checkpoint();
    (imported.info.seed, imported.info.steps) = (None, None);
    imported.info.source = Some("stable-baselines3 2.7.0".into());
    assert_eq!(Checkpoint::from_bytes(&imported.to_bytes()).unwrap(), imported);
    imported.info.mean_return = f64::NAN;
    assert!(Checkpoint::from_bytes(&imported.to_bytes()).unwrap().info.mean_return.is_nan());
}

#[test]
fn an_archive_hears_of_the_importer() {
    for bytes in [b"PK\x03\x04\x14\0\0\0\0\0".as_slice(), b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."] {
        assert!(refused(bytes).to_string().contains("daladala import"));
    }
}

#[test]
fn errors_name_the_tensor() {
    let bytes = changed(|tensors, _| drop(tensors.remove("actor.1.bias")));
    assert_eq!(refused(&bytes), CheckpointError::MissingTensor("actor.1.bias".into()));

    let bytes = changed(|tensors, _| tensors.get_mut("actor.0.weight").unwrap().1 = vec![14, 8]);
    assert!(matches!(refused(&bytes), CheckpointError::WrongTensor { name, .. } if name == "actor.0.weight"));

    let bytes = changed(|tensors, _| {
        let bias = tensors.get_mut("critic.0.bias").unwrap();
        (bias.0, bias.1) = (Dtype::F16, vec![16]);
    });
    assert!(matches!(refused(&bytes), CheckpointError::WrongTensor { name, .. } if name == "critic.0.bias"));

    let bytes =
        changed(|tensors, _| tensors.get_mut("actor.0.bias").unwrap().2[..4].copy_from_slice(&f32::NAN.to_le_bytes()));
    assert_eq!(refused(&bytes), CheckpointError::NotFinite("actor.0.bias".into()));
}

#[test]
fn metadata_that_lies_is_refused() {
    let set = |key: &str, value: &str| {
        let (key, value) = (key.to_owned(), value.to_owned());
        changed(move |_, metadata| drop(metadata.insert(key, value)))
    };
    for (key, value) in [
        ("format", "other"),
        ("algorithm", "alchemy"),
        ("observation_size", "13"),
        ("actions", "-5"),
        ("steps", "many"),
        ("actions", "257"),
        ("actor.layers", "14,0,5"),
        ("actor.layers", "14"),
        ("actor.layers", "14,99999999999999999999,5"),
        ("actor.layers", ""),
        ("actor.activation", "gelu"),
    ] {
        assert!(matches!(refused(&set(key, value)), CheckpointError::Metadata(_)), "{key} = {value}");
    }
    let bytes = changed(|_, metadata| drop(metadata.remove("actor.layers")));
    assert_eq!(refused(&bytes), CheckpointError::MissingTensor("actor.0.weight".into()));
    let layers = vec!["14"; 100].join(",");
    assert!(matches!(refused(&set("actor.layers", &layers)), CheckpointError::Metadata(_)));
}

#[test]
fn what_is_no_regular_file_is_refused_and_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path(), "/dev/zero".as_ref()] {
        let error = Checkpoint::load(path).unwrap_err();
        assert!(matches!(error, LoadError::File(FileError::NotRegular { .. })), "{error:?}");
    }
}

#[test]
fn saving_over_a_model_replaces_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    std::fs::write(&path, "old").unwrap();
    checkpoint().save(&path).unwrap();
    assert_eq!(Checkpoint::load(&path).unwrap(), checkpoint());
    assert!(checkpoint().save(&folder.path().join("no/such/folder")).is_err());
}

#[test]
fn a_missing_file_is_named() {
    let error = Checkpoint::load("no/such.safetensors".as_ref()).unwrap_err();
    assert!(
        matches!(error, LoadError::File(FileError::Read { .. })) && error.to_string().contains("no/such.safetensors")
    );
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        let _ = Checkpoint::from_bytes(&bytes);
    }

    #[test]
    fn a_damaged_file_is_refused_or_read_but_never_worse(cut in 0usize..4000, at in 0usize..4000, flip in 1u8..) {
        let mut bytes = checkpoint().to_bytes();
        let index = at % bytes.len();
        bytes[index] ^= flip;
        let _ = Checkpoint::from_bytes(&bytes);
        bytes.truncate(cut.min(bytes.len() - 1));
        prop_assert!(Checkpoint::from_bytes(&bytes).is_err());
    }
}
