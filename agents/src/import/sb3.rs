//! Stable-Baselines3's `.zip`: a description in JSON beside PyTorch's weights.
//!
//! The description says what names of tensors cannot: the algorithm, the activation, how long it was trained, and
//! whether observations are changed on their way into the network.

use daladala_env::SpecId;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::archive::Archive;
use super::error::{ImportError, shown};
use super::layers::{Naming, Origin, checkpoint, linears, plan};
use super::torch::TorchFile;
use super::{ImportOptions, Imported, MAX_SIZE, pickle};
use crate::algorithm::Algorithm;
use crate::network::Activation;

/// The entry with the description.
pub(super) const DATA: &str = "data";
/// The entry with the weights.
const POLICY: &str = "policy.pth";
/// The entry with the library's version.
const VERSION: &str = "_stable_baselines3_version";
/// The longest description, bytes: its last observations grow with the environments, some 100 bytes each.
const MAX_DATA: u64 = 4 << 20;
/// The longest version, bytes.
const MAX_VERSION: u64 = 32;

/// What is read of the description.
#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Data {
    policy_class: Option<PolicyClass>,
    policy_kwargs: Option<PolicyKwargs>,
    observation_space: Option<Space>,
    action_space: Option<Space>,
    num_timesteps: Option<u64>,
    seed: Option<u64>,
    /// PPO has it.
    clip_range: Option<IgnoredAny>,
    /// TRPO has it.
    cg_max_steps: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct PolicyClass {
    #[serde(rename = "__module__")]
    module: Option<String>,
}

#[derive(Deserialize)]
struct PolicyKwargs {
    activation_fn: Option<String>,
    features_extractor_class: Option<String>,
}

#[derive(Deserialize)]
struct Space {
    #[serde(rename = ":type:")]
    class: Option<String>,
    #[serde(rename = "_shape")]
    shape: Option<Vec<u64>>,
    n: Option<Count>,
}

/// Numbers of numpy are written as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Count {
    Number(usize),
    Text(String),
}

pub(super) fn import(archive: &mut Archive, rules: &SpecId, options: ImportOptions) -> Result<Imported, ImportError> {
    let data = archive.read(DATA, MAX_DATA)?;
    let data: Data = serde_json::from_slice(&data).map_err(|error| ImportError::Metadata(shown(&error.to_string())))?;
    understood(&data)?;
    let source = match version(archive)? {
        Some(version) => format!("stable-baselines3 {version}"),
        None => "stable-baselines3".to_owned(),
    };
    let policy = archive.read(POLICY, MAX_SIZE)?;
    let mut file = TorchFile::open(Archive::open(&policy)?)?;
    let pickled = file.pickle()?;
    let dict = pickle::state_dict(&pickled)?;
    let linears = linears(&dict)?;
    let plan = plan(&linears)?;
    let (algorithm, usual) = match plan.naming {
        Naming::Sb3QNetwork => (Algorithm::Dqn, Activation::Relu),
        Naming::Sb3ActorCritic if data.clip_range.is_some() => (Algorithm::Ppo, Activation::Tanh),
        Naming::Sb3ActorCritic => (Algorithm::A2c, Activation::Tanh),
        Naming::ActorCritic | Naming::Single => {
            return Err(ImportError::unsupported("neither a DQN nor a PPO nor an A2C policy"));
        }
    };
    if let Some(asked) = options.algorithm.filter(|asked| *asked != algorithm) {
        return Err(ImportError::other_algorithm(asked, &algorithm.to_string()));
    }
    let activation = activation(&data)?.unwrap_or(usual);
    if let Some(asked) = options.activation.filter(|asked| *asked != activation) {
        return Err(ImportError::Contradiction(format!(
            "--activation says {asked}, the model was trained with {activation}: leave --activation out"
        )));
    }
    let (seed, steps) = (data.seed, data.num_timesteps);
    let checkpoint = checkpoint(&mut file, &plan, Origin { algorithm, activation, rules, seed, steps, source })?;
    let actions = match data.action_space.and_then(|space| space.n) {
        Some(Count::Number(count)) => Some(count),
        Some(Count::Text(text)) => text.parse().ok(),
        None => None,
    };
    match actions {
        Some(count) if count != checkpoint.info.actions => Err(ImportError::Metadata(format!(
            "it tells of {count} actions, the network of {}",
            checkpoint.info.actions
        ))),
        _ => Ok(Imported { checkpoint, notes: Vec::new() }),
    }
}

/// Refuses what acts otherwise than its layers tell.
fn understood(data: &Data) -> Result<(), ImportError> {
    fn kind(space: Option<&Space>) -> Option<&str> {
        space.and_then(|space| space.class.as_deref()).map(class_name)
    }
    if let Some(class) = kind(data.observation_space.as_ref()).filter(|class| *class != "Box") {
        return Err(ImportError::unsupported(format!("a model for observations of the kind {}", shown(class))));
    }
    if let Some(class) = kind(data.action_space.as_ref()).filter(|class| *class != "Discrete") {
        return Err(ImportError::unsupported(format!("a model for actions of the kind {}", shown(class))));
    }
    let shape = data.observation_space.as_ref().and_then(|space| space.shape.as_ref());
    if let Some(shape) = shape.filter(|shape| shape.len() != 1) {
        let dimensions = shape.len();
        return Err(ImportError::unsupported(format!("a model for observations of {dimensions} dimensions")));
    }
    let module = data.policy_class.as_ref().and_then(|class| class.module.as_deref());
    if let Some(module) = module.filter(|module| !module.starts_with("stable_baselines3.")) {
        return Err(ImportError::unsupported(format!(
            "a policy class of '{}', not of Stable-Baselines3",
            shown(module)
        )));
    }
    let extractor = data.policy_kwargs.as_ref().and_then(|kwargs| kwargs.features_extractor_class.as_deref());
    if let Some(class) = extractor.map(class_name).filter(|class| *class != "FlattenExtractor") {
        return Err(ImportError::unsupported(format!("a model with the features extractor {}", shown(class))));
    }
    if data.cg_max_steps.is_some() {
        return Err(ImportError::unsupported("a model of TRPO, not of DQN, PPO or A2C"));
    }
    Ok(())
}

fn activation(data: &Data) -> Result<Option<Activation>, ImportError> {
    let class = data.policy_kwargs.as_ref().and_then(|kwargs| kwargs.activation_fn.as_deref()).map(class_name);
    match class {
        None => Ok(None),
        Some("ReLU") => Ok(Some(Activation::Relu)),
        Some("Tanh") => Ok(Some(Activation::Tanh)),
        Some(other) => Err(ImportError::unsupported(format!("a model with the activation {}", shown(other)))),
    }
}

/// `Box` of `<class 'gymnasium.spaces.box.Box'>`.
fn class_name(class: &str) -> &str {
    let path = class.trim_end_matches(['\'', '>']);
    path.rsplit_once('.').map_or(path, |(_, name)| name)
}

fn version(archive: &mut Archive) -> Result<Option<String>, ImportError> {
    if !archive.contains(VERSION) {
        return Ok(None);
    }
    let text = String::from_utf8(archive.read(VERSION, MAX_VERSION)?).unwrap_or_default();
    let plain = |version: &&str| version.chars().all(|c| c.is_ascii_alphanumeric() || "._+-".contains(c));
    Ok(Some(text.trim()).filter(plain).filter(|version| !version.is_empty()).map(str::to_owned))
}
