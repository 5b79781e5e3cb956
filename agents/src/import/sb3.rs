//! Stable-Baselines3's `.zip`: a description in JSON beside PyTorch's weights.
//!
//! The description says what names of tensors cannot: the algorithm, the activation, how long it was trained, and
//! whether observations are changed on their way into the network.

use daladala_env::SpecId;

use super::archive::Archive;
use super::description::Description;
use super::error::ImportError;
use super::layers::{Naming, Origin, checkpoint, linears, plan};
use super::torch::TorchFile;
use super::{ImportOptions, Imported, MAX_SIZE, pickle};
use crate::algorithm::Algorithm;
use crate::network::Activation;

/// The entry with the description.
const DATA: &str = "data";
/// The entry with the weights.
const POLICY: &str = "policy.pth";
/// The entry with the library's version.
const VERSION: &str = "_stable_baselines3_version";
/// The longest description, bytes: its last observations grow with the environments, some 100 bytes each.
const MAX_DATA: u64 = 4 << 20;
/// The longest version, bytes.
const MAX_VERSION: u64 = 32;

/// The folder of the archive that a model is in, if there is one: archives that were unpacked and zipped again have one.
pub(super) fn folder(archive: &Archive) -> Option<String> {
    if archive.contains(DATA) {
        return Some(String::new());
    }
    let folders = archive.names().filter_map(|name| name.strip_suffix(DATA));
    let whole = |folder: &&str| folder.ends_with('/') && archive.contains(&format!("{folder}{POLICY}"));
    folders.filter(whole).min_by_key(|folder| folder.len()).map(str::to_owned)
}

/// The model in a folder of an archive.
pub(super) fn import(
    archive: &mut Archive,
    folder: &str,
    rules: &SpecId,
    options: ImportOptions,
) -> Result<Imported, ImportError> {
    let mut data = Description::read(&archive.read(&format!("{folder}{DATA}"), MAX_DATA)?)?;
    data.understood()?;
    let source = match version(archive, folder)? {
        Some(version) => format!("stable-baselines3 {version}"),
        None => "stable-baselines3".to_owned(),
    };
    let policy = archive.read(&format!("{folder}{POLICY}"), MAX_SIZE)?;
    let mut file = TorchFile::open(Archive::open(&policy)?)?;
    let pickled = file.pickle()?;
    let dict = pickle::state_dict(&pickled)?;
    let linears = linears(&dict)?;
    let plan = plan(&linears)?;
    let (algorithm, usual) = match plan.naming {
        Naming::Sb3QNetwork => (Algorithm::Dqn, Activation::Relu),
        Naming::Sb3ActorCritic if data.is_of_ppo() => (Algorithm::Ppo, Activation::Tanh),
        Naming::Sb3ActorCritic => (Algorithm::A2c, Activation::Tanh),
        Naming::ActorCritic | Naming::Single => {
            return Err(ImportError::unsupported("neither a DQN nor a PPO nor an A2C policy"));
        }
    };
    if let Some(asked) = options.algorithm.filter(|asked| *asked != algorithm) {
        return Err(ImportError::other_algorithm(asked, &algorithm.to_string()));
    }
    let activation = data.activation()?.unwrap_or(usual);
    if let Some(asked) = options.activation.filter(|asked| *asked != activation) {
        return Err(ImportError::Contradiction(format!(
            "--activation says {asked}, the model was trained with {activation}: leave --activation out"
        )));
    }
    let seed = data.number("seed", "its seed");
    let steps = data.number("num_timesteps", "how many steps it was trained");
    let checkpoint = checkpoint(&mut file, &plan, Origin { algorithm, activation, rules, seed, steps, source })?;
    match data.actions() {
        Some(count) if count != checkpoint.info.actions as u64 => Err(ImportError::Metadata(format!(
            "it tells of {count} actions, the network of {}",
            checkpoint.info.actions
        ))),
        _ => Ok(Imported { checkpoint, notes: data.notes }),
    }
}

fn version(archive: &mut Archive, folder: &str) -> Result<Option<String>, ImportError> {
    let entry = format!("{folder}{VERSION}");
    if !archive.contains(&entry) {
        return Ok(None);
    }
    let text = String::from_utf8(archive.read(&entry, MAX_VERSION)?).unwrap_or_default();
    let plain = |version: &&str| version.chars().all(|c| c.is_ascii_alphanumeric() || "._+-".contains(c));
    Ok(Some(text.trim()).filter(plain).filter(|version| !version.is_empty()).map(str::to_owned))
}
