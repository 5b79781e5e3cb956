//! From tensors by name to layers, and from layers to networks.
//!
//! Every tensor has to have its place in a network: what is left over belongs to a kind of model that would act
//! otherwise than the layers that are understood.

use std::collections::{BTreeMap, HashMap};

use daladala_env::SpecId;

use super::error::{ImportError, shown};
use super::pickle::{self, StateDict, Tensor};
use super::torch::TorchFile;
use super::{ImportOptions, Imported};
use crate::algorithm::Algorithm;
use crate::checkpoint::{Checkpoint, ModelInfo};
use crate::network::{Activation, LayerWeights, MAX_LAYERS, MlpWeights};

/// What a part of a tensor's name says of models that are no perceptrons.
const OTHER_KINDS: [(&str, &str); 12] = [
    ("emb.", "a model with an embedding"),
    ("embed", "a model with an embedding"),
    ("cnn.", "a convolutional network"),
    ("conv", "a convolutional network"),
    ("lstm", "a recurrent network"),
    ("gru", "a recurrent network"),
    ("log_std", "a policy for continuous actions"),
    ("latent_pi", "a policy for continuous actions"),
    ("actor.mu", "a policy for continuous actions"),
    ("quantile_net", "a quantile network (QR-DQN)"),
    ("features_extractor", "a model with a features extractor of its own"),
    ("running_mean", "a model with normalisation layers"),
];
/// Digits that numbers are filled up to when names are sorted.
const WIDE: usize = 9;
/// Where Stable-Baselines3 keeps the target network, a copy of an earlier network that never acts.
const TARGET_NETWORK: &str = "q_net_target.";

/// A fully connected layer, as the file has it.
pub(super) struct Linear<'a> {
    name: &'a str,
    weight: &'a Tensor<'a>,
    bias: Option<&'a Tensor<'a>>,
}

impl Linear<'_> {
    fn inputs(&self) -> usize {
        self.weight.shape[1]
    }

    fn outputs(&self) -> usize {
        self.weight.shape[0]
    }
}

/// How the tensors are named, and so what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Naming {
    /// A Q-network of Stable-Baselines3.
    Sb3QNetwork,
    /// An actor and a critic of Stable-Baselines3.
    Sb3ActorCritic,
    /// Networks called `actor` and `critic`.
    ActorCritic,
    /// One network of any name.
    Single,
}

impl Naming {
    /// What is taken to have trained it, and to follow its hidden layers, where nothing else is known.
    fn defaults(self) -> (Algorithm, Activation) {
        match self {
            Self::Sb3QNetwork => (Algorithm::Dqn, Activation::Relu),
            Self::Sb3ActorCritic => (Algorithm::Ppo, Activation::Tanh),
            Self::ActorCritic => (Algorithm::Ppo, Activation::Relu),
            Self::Single => (Algorithm::Reinforce, Activation::Relu),
        }
    }

    fn allows(self, algorithm: Algorithm) -> bool {
        match self {
            Self::Sb3QNetwork => algorithm == Algorithm::Dqn,
            Self::Sb3ActorCritic | Self::ActorCritic => algorithm != Algorithm::Dqn,
            Self::Single => true,
        }
    }
}

/// The layers of the networks, from input to output.
pub(super) struct Plan<'a> {
    pub(super) naming: Naming,
    acting: Vec<&'a Linear<'a>>,
    critic: Vec<&'a Linear<'a>>,
}

/// What is known besides the weights.
pub(super) struct Origin<'a> {
    pub(super) algorithm: Algorithm,
    pub(super) activation: Activation,
    pub(super) rules: &'a SpecId,
    pub(super) seed: Option<u64>,
    pub(super) steps: Option<u64>,
    pub(super) source: String,
}

/// The model of a state dict that comes without further words.
pub(super) fn import(
    file: &mut TorchFile,
    pickled: &[u8],
    rules: &SpecId,
    options: ImportOptions,
) -> Result<Imported, ImportError> {
    let dict = pickle::state_dict(pickled)?;
    let linears = linears(&dict)?;
    let plan = plan(&linears)?;
    let (algorithm, activation) = plan.naming.defaults();
    // An embedding's table looks the same, whatever it is called.
    let without_bias = linears.iter().filter(|layer| layer.bias.is_none());
    let mut notes: Vec<_> = without_bias
        .map(|layer| format!("'{}.weight' has no bias: taken as a linear layer without one", shown(layer.name)))
        .collect();
    let algorithm = options.algorithm.unwrap_or_else(|| {
        notes.push(format!("what trained it is not in the file: taken as {algorithm} (--algo says otherwise)"));
        algorithm
    });
    let activation = options.activation.unwrap_or_else(|| {
        notes.push(format!("its activation is not in the file: taken as {activation} (--activation says otherwise)"));
        activation
    });
    let origin = Origin { algorithm, activation, rules, seed: None, steps: None, source: "pytorch".to_owned() };
    Ok(Imported { checkpoint: checkpoint(file, &plan, origin)?, notes })
}

/// The fully connected layers in the order of the file, if there is nothing else.
pub(super) fn linears<'a>(dict: &'a StateDict<'a>) -> Result<Vec<Linear<'a>>, ImportError> {
    let acting = || dict.iter().filter(|(name, _)| !name.starts_with(TARGET_NETWORK));
    for (name, tensor) in acting() {
        if let Some((_, kind)) = OTHER_KINDS.iter().find(|(part, _)| name.contains(part)) {
            return Err(ImportError::unsupported(format!("{kind} ('{}')", shown(name))));
        }
        let kind = match tensor.shape.len() {
            1 if name.ends_with(".weight") => "a model with normalisation layers",
            4 => "a convolutional network",
            _ => continue,
        };
        return Err(ImportError::unsupported(format!("{kind} ('{}')", shown(name))));
    }
    let mut linears = Vec::new();
    let mut index = HashMap::new();
    for (name, weight) in acting() {
        if let Some(layer) = name.strip_suffix(".weight")
            && weight.shape.len() == 2
        {
            index.insert(layer, linears.len());
            linears.push(Linear { name: layer, weight, bias: None });
        }
    }
    for (name, tensor) in acting() {
        let layer = name.strip_suffix(".bias").and_then(|layer| index.get(layer));
        match layer.map(|layer| &mut linears[*layer]) {
            Some(layer) if tensor.shape == [layer.outputs()] => layer.bias = Some(tensor),
            Some(layer) => {
                let problem = format!("has shape {:?}, its layer gives {} numbers", tensor.shape, layer.outputs());
                return Err(ImportError::tensor(name, problem));
            }
            None if name.strip_suffix(".weight").is_some_and(|layer| index.contains_key(layer)) => {}
            None => {
                return Err(ImportError::tensor(name, "is of no fully connected layer, and no other kind is known"));
            }
        }
    }
    Ok(linears)
}

/// Which layers make which network.
pub(super) fn plan<'a>(linears: &'a [Linear<'a>]) -> Result<Plan<'a>, ImportError> {
    let has = |prefix: &str| linears.iter().any(|layer| layer.name.starts_with(prefix));
    let plan = if has("q_net.q_net.") {
        Plan { naming: Naming::Sb3QNetwork, acting: numbered(linears, "q_net.q_net."), critic: Vec::new() }
    } else if has("action_net") && has("value_net") {
        let network = |own: &str, head: &str| {
            let head = linears.iter().filter(|layer| layer.name == head);
            // Before 1.8, layers that both share could come first.
            let shared = numbered(linears, "mlp_extractor.shared_net.");
            shared.into_iter().chain(numbered(linears, own)).chain(head).collect()
        };
        Plan {
            naming: Naming::Sb3ActorCritic,
            acting: network("mlp_extractor.policy_net.", "action_net"),
            critic: network("mlp_extractor.value_net.", "value_net"),
        }
    } else if has("actor.") && has("critic.") {
        let network = |prefix| in_order(linears.iter().filter(|layer| layer.name.starts_with(prefix)).collect());
        Plan { naming: Naming::ActorCritic, acting: network("actor."), critic: network("critic.") }
    } else {
        Plan { naming: Naming::Single, acting: in_order(linears.iter().collect()), critic: Vec::new() }
    };
    let used = |layer: &Linear| plan.acting.iter().chain(&plan.critic).any(|used| used.name == layer.name);
    if plan.acting.len().max(plan.critic.len()) > MAX_LAYERS || linears.len() > 2 * MAX_LAYERS {
        return Err(ImportError::too_many_layers(linears.len()));
    }
    match linears.iter().find(|layer| !used(layer)) {
        Some(layer) => {
            let name = format!("{}.weight", layer.name);
            Err(ImportError::tensor(&name, "has no place in the networks that its file is named after"))
        }
        None => Ok(plan),
    }
}

/// The model of a plan.
pub(super) fn checkpoint(file: &mut TorchFile, plan: &Plan, origin: Origin) -> Result<Checkpoint, ImportError> {
    let Origin { algorithm, activation, rules, seed, steps, source } = origin;
    if !plan.naming.allows(algorithm) {
        let (found, _) = plan.naming.defaults();
        return Err(ImportError::other_algorithm(algorithm, &found.to_string()));
    }
    let acting = weights(file, &plan.acting, activation)?;
    let (observation_size, actions) = (acting.inputs(), acting.outputs());
    let mut networks = BTreeMap::from([(algorithm.acting_network().to_owned(), acting)]);
    if !plan.critic.is_empty() && algorithm.networks().contains(&"critic") {
        networks.insert("critic".to_owned(), weights(file, &plan.critic, activation)?);
    }
    let spec = rules.clone();
    let (mean_return, source) = (f64::NAN, Some(source));
    let info =
        ModelInfo { algorithm, spec, observation_size, actions, action_masks: false, seed, steps, mean_return, source };
    Ok(Checkpoint { info, networks })
}

fn weights(file: &mut TorchFile, layers: &[&Linear], activation: Activation) -> Result<MlpWeights, ImportError> {
    if layers.is_empty() {
        return Err(ImportError::pickle("there are no layers of a network that acts"));
    }
    for pair in layers.windows(2) {
        if pair[0].outputs() != pair[1].inputs() {
            let problem = format!(
                "takes {} numbers, but the layer before it ('{}') gives {}",
                pair[1].inputs(),
                shown(pair[0].name),
                pair[0].outputs()
            );
            return Err(ImportError::tensor(&format!("{}.weight", pair[1].name), problem));
        }
    }
    let layers = layers.iter().map(|layer| {
        let weight = file.numbers(&format!("{}.weight", layer.name), layer.weight)?;
        let bias = match layer.bias {
            Some(bias) => file.numbers(&format!("{}.bias", layer.name), bias)?,
            None => vec![0.0; layer.outputs()],
        };
        let weights = LayerWeights::from_rows(layer.outputs(), layer.inputs(), weight, bias);
        Ok(weights.expect("as many numbers as the shapes of the tensors say"))
    });
    Ok(MlpWeights { layers: layers.collect::<Result<_, ImportError>>()?, activation })
}

/// The layers called `<prefix><number>`, by their numbers.
fn numbered<'a>(linears: &'a [Linear<'a>], prefix: &str) -> Vec<&'a Linear<'a>> {
    let number = |layer: &Linear| layer.name.strip_prefix(prefix)?.parse::<u32>().ok();
    let mut layers: Vec<_> = linears.iter().filter_map(|layer| Some((number(layer)?, layer))).collect();
    layers.sort_by_key(|(number, _)| *number);
    layers.into_iter().map(|(_, layer)| layer).collect()
}

/// Layers of any names: modules are saved as they were made, which is nearly always as they are run; where that does
/// not fit together, the file may have been sorted, and numbers in the names tell.
fn in_order<'a>(layers: Vec<&'a Linear<'a>>) -> Vec<&'a Linear<'a>> {
    let fits = |layers: &[&Linear]| layers.windows(2).all(|pair| pair[0].outputs() == pair[1].inputs());
    let mut by_name = layers.clone();
    by_name.sort_by_cached_key(|layer| with_wide_numbers(layer.name));
    if !fits(&layers) && fits(&by_name) { by_name } else { layers }
}

/// The text with its numbers filled up with zeros, so that it sorts as people count.
fn with_wide_numbers(text: &str) -> String {
    let mut wide = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, number) = rest.split_at(start);
        let end = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
        wide += before;
        wide.extend(std::iter::repeat_n('0', WIDE.saturating_sub(end)));
        wide += &number[..end];
        rest = &number[end..];
    }
    wide + rest
}
