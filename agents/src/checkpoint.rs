//! Trained weights as files: safetensors whose metadata says what they are.
//!
//! Tensors are named `<network>.<layer>.weight` `[outputs, inputs]` and `<network>.<layer>.bias` `[outputs]`, as in
//! PyTorch. Reading checks everything before anything is used: a file that does not hold what its metadata says is
//! an error that names the tensor.

mod error;

use std::collections::{BTreeMap, HashMap};
#[cfg(feature = "files")]
use std::path::Path;

use daladala_env::{RuleSpec, SpecId};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorInfo};
use serde::{Deserialize, Serialize};

use crate::algorithm::Algorithm;
#[cfg(feature = "files")]
use crate::files::{FileError, read, write_whole};
use crate::network::{Activation, LayerWeights, MAX_LAYERS, MlpWeights};
pub use error::CheckpointError;
#[cfg(feature = "files")]
pub use error::LoadError;

/// What the `format` entry of the metadata must be.
const FORMAT: &str = "daladala-1";
/// How PyTorch's archives and pickles begin.
const FOREIGN_MAGIC: [&[u8]; 2] = [b"PK\x03\x04", b"\x80\x02"];
/// The tensors begin at a multiple of this, bytes, so that they can be used where the file is mapped.
const ALIGNMENT: usize = 8;
/// The largest file that is read, bytes: thousands of times the networks used here.
#[cfg(feature = "files")]
const MAX_FILE_SIZE: u64 = 256 << 20;
/// The most actions: an action is a byte.
const MAX_ACTIONS: usize = 256;

/// What is known of the weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelInfo {
    /// What trained them, and so what their outputs mean.
    pub algorithm: Algorithm,
    /// The rules and the scenario they were trained on.
    pub spec: SpecId,
    /// Entries of an observation.
    pub observation_size: usize,
    /// Number of actions.
    pub actions: usize,
    /// Whether it is to choose among open actions alone, as it did while it learnt.
    pub action_masks: bool,
    /// Seed of the training, where it is known.
    pub seed: Option<u64>,
    /// Environment steps of the training, where they are known.
    pub steps: Option<u64>,
    /// Mean return of the greedy policy after it; NaN where it was never measured.
    pub mean_return: f64,
    /// The library they were trained with, and its version; none for this one.
    pub source: Option<String>,
}

/// Weights and what is known of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// What is known of the weights.
    pub info: ModelInfo,
    /// The networks by name: `q` for DQN; `actor` and, where there is one, `critic` for the others.
    pub networks: BTreeMap<String, MlpWeights>,
}

impl Checkpoint {
    /// The network that chooses actions.
    pub fn acting(&self) -> Result<&MlpWeights, CheckpointError> {
        let name = self.info.algorithm.acting_network();
        let network =
            self.networks.get(name).ok_or_else(|| CheckpointError::MissingTensor(format!("{name}.0.weight")))?;
        let sizes = (network.inputs(), network.outputs());
        if sizes != (self.info.observation_size, self.info.actions) {
            return Err(CheckpointError::Metadata(format!(
                "{name} takes {} and gives {} numbers, the metadata says {} and {}",
                sizes.0, sizes.1, self.info.observation_size, self.info.actions
            )));
        }
        if network.may_overflow() {
            return Err(CheckpointError::Overflow(name.to_owned()));
        }
        Ok(network)
    }

    /// Reads a file.
    #[cfg(feature = "files")]
    pub fn load(path: &Path) -> Result<Self, LoadError> {
        Self::from_bytes(&read(path, MAX_FILE_SIZE)?)
            .map_err(|source| LoadError::Checkpoint { path: path.to_owned(), source })
    }

    /// Writes a file, whole or not at all.
    #[cfg(feature = "files")]
    pub fn save(&self, path: &Path) -> Result<(), FileError> {
        write_whole(path, &self.to_bytes())
    }

    /// Whether all weights are numbers that can be calculated with.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        let layers = self.networks.values().flat_map(|network| &network.layers);
        layers.flat_map(LayerWeights::values).all(f32::is_finite)
    }

    /// The bytes of the file.
    ///
    /// # Panics
    /// Never: names and metadata can always be written.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut tensors = BTreeMap::new();
        for (name, network) in &self.networks {
            for (index, layer) in network.layers.iter().enumerate() {
                let (weight, bias) = (layer.weight.view().into_dyn(), layer.bias.view().into_dyn());
                tensors.insert(format!("{name}.{index}.weight"), weight);
                tensors.insert(format!("{name}.{index}.bias"), bias);
            }
        }
        let mut header = Header { metadata: self.metadata(), tensors: BTreeMap::new() };
        let mut data: Vec<u8> = Vec::new();
        for (name, values) in tensors {
            let shape = values.shape().to_vec();
            let begin = data.len();
            data.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            header.tensors.insert(name, TensorInfo { dtype: Dtype::F32, shape, data_offsets: (begin, data.len()) });
        }
        let mut header = serde_json::to_vec(&header).expect("names and metadata are plain strings");
        header.resize(header.len().next_multiple_of(ALIGNMENT), b' ');
        [&(header.len() as u64).to_le_bytes(), &header[..], &data].concat()
    }

    /// Reads the bytes of a file.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let damaged = |error: safetensors::SafeTensorError| CheckpointError::Damaged(error.to_string());
        if FOREIGN_MAGIC.iter().any(|magic| bytes.starts_with(magic)) {
            return Err(CheckpointError::NeedsImport);
        }
        let file = SafeTensors::deserialize(bytes).map_err(damaged)?;
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(damaged)?;
        let metadata = header.metadata().clone().unwrap_or_default();
        let entry = |key: &str| {
            metadata.get(key).ok_or_else(|| CheckpointError::Metadata(format!("there is no '{key}' in it")))
        };
        if entry("format")? != FORMAT {
            return Err(CheckpointError::Metadata(format!("format is '{}', known is '{FORMAT}'", entry("format")?)));
        }
        let info = ModelInfo {
            algorithm: parsed(&metadata, "algorithm")?,
            spec: spec(&metadata)?,
            observation_size: parsed(&metadata, "observation_size")?,
            actions: parsed(&metadata, "actions")?,
            action_masks: known(&metadata, "action_masks")?.unwrap_or(false),
            seed: known(&metadata, "seed")?,
            steps: known(&metadata, "steps")?,
            mean_return: known(&metadata, "mean_return")?.unwrap_or(f64::NAN),
            source: known(&metadata, "source")?,
        };
        let mut networks = BTreeMap::new();
        for name in info.algorithm.networks() {
            if let Some(layers) = metadata.get(&format!("{name}.layers")) {
                let activation = entry(&format!("{name}.activation"))?.parse().map_err(CheckpointError::Metadata)?;
                networks.insert((*name).to_owned(), network(&file, name, &sizes(layers)?, activation)?);
            }
        }
        let checkpoint = Self { info, networks };
        checkpoint.check()?;
        Ok(checkpoint)
    }

    /// What can be written so that it is read again.
    pub(crate) fn check(&self) -> Result<(), CheckpointError> {
        if self.info.actions > MAX_ACTIONS {
            return Err(CheckpointError::Metadata(format!(
                "{} actions are more than {MAX_ACTIONS}",
                self.info.actions
            )));
        }
        if let Some((name, network)) = self.networks.iter().find(|(_, network)| network.layers.len() > MAX_LAYERS) {
            let layers = network.layers.len();
            return Err(CheckpointError::Metadata(format!("{layers} layers of {name} are more than {MAX_LAYERS}")));
        }
        self.acting()?;
        Ok(())
    }

    fn metadata(&self) -> BTreeMap<String, String> {
        let info = &self.info;
        let mut metadata = BTreeMap::from([
            ("format".to_owned(), FORMAT.to_owned()),
            ("algorithm".to_owned(), info.algorithm.to_string()),
            ("rules".to_owned(), info.spec.rules.clone()),
            ("scenario".to_owned(), info.spec.scenario.clone()),
            ("scenario_hash".to_owned(), info.spec.scenario_hash.clone()),
            ("observation_size".to_owned(), info.observation_size.to_string()),
            ("actions".to_owned(), info.actions.to_string()),
            ("mean_return".to_owned(), info.mean_return.to_string()),
        ]);
        if info.action_masks {
            metadata.insert("action_masks".to_owned(), true.to_string());
        }
        metadata.extend(info.seed.map(|seed| ("seed".to_owned(), seed.to_string())));
        metadata.extend(info.steps.map(|steps| ("steps".to_owned(), steps.to_string())));
        metadata.extend(info.source.clone().map(|source| ("source".to_owned(), source)));
        for (name, network) in &self.networks {
            let sizes: Vec<_> = network.sizes().iter().map(ToString::to_string).collect();
            metadata.insert(format!("{name}.layers"), sizes.join(","));
            metadata.insert(format!("{name}.activation"), network.activation.to_string());
        }
        metadata
    }
}

/// The header of a safetensors file, sorted: the library's writer takes a `HashMap` and would give the same
/// checkpoint other bytes each time.
#[derive(Serialize)]
struct Header {
    #[serde(rename = "__metadata__")]
    metadata: BTreeMap<String, String>,
    #[serde(flatten)]
    tensors: BTreeMap<String, TensorInfo>,
}

fn known<T: std::str::FromStr>(metadata: &HashMap<String, String>, key: &str) -> Result<Option<T>, CheckpointError> {
    if metadata.contains_key(key) { parsed(metadata, key).map(Some) } else { Ok(None) }
}

fn parsed<T: std::str::FromStr>(metadata: &HashMap<String, String>, key: &str) -> Result<T, CheckpointError> {
    let value = metadata.get(key).map(String::as_str).unwrap_or_default();
    value.parse().map_err(|_| CheckpointError::Metadata(format!("'{key}' is '{value}'")))
}

/// The rules and the scenario. Files that are older than scenarios name none: theirs is the default of their rules.
fn spec(metadata: &HashMap<String, String>) -> Result<SpecId, CheckpointError> {
    let missing = || CheckpointError::Metadata("there is no 'rules' in it".into());
    let rules: String = known(metadata, "rules")?.ok_or_else(missing)?;
    match (known(metadata, "scenario")?, known(metadata, "scenario_hash")?) {
        (Some(scenario), Some(scenario_hash)) => Ok(SpecId { rules, scenario, scenario_hash }),
        (None, None) => match RuleSpec::named(&rules, None) {
            Ok(spec) => Ok(spec.id()),
            Err(error) => Err(CheckpointError::Metadata(error.to_string())),
        },
        _ => Err(CheckpointError::Metadata("a scenario needs 'scenario' and 'scenario_hash'".into())),
    }
}

/// The sizes in `inputs,hidden…,outputs`.
fn sizes(layers: &str) -> Result<Vec<usize>, CheckpointError> {
    let sizes: Option<Vec<usize>> = layers.split(',').map(|size| size.parse().ok().filter(|&size| size > 0)).collect();
    sizes
        .filter(|sizes| (2..=MAX_LAYERS + 1).contains(&sizes.len()))
        .ok_or_else(|| CheckpointError::Metadata(format!("layers are '{layers}'")))
}

fn network(
    file: &SafeTensors,
    name: &str,
    sizes: &[usize],
    activation: Activation,
) -> Result<MlpWeights, CheckpointError> {
    let layer = |(index, size): (usize, &[usize])| {
        let (inputs, outputs) = (size[0], size[1]);
        let weight = tensor(file, format!("{name}.{index}.weight"), &[outputs, inputs])?;
        let bias = tensor(file, format!("{name}.{index}.bias"), &[outputs])?;
        Ok(LayerWeights::from_rows(outputs, inputs, weight, bias).expect("tensors of the shapes that were asked for"))
    };
    let layers: Result<_, CheckpointError> = sizes.windows(2).enumerate().map(layer).collect();
    Ok(MlpWeights { layers: layers?, activation })
}

fn tensor(file: &SafeTensors, name: String, shape: &[usize]) -> Result<Vec<f32>, CheckpointError> {
    let Ok(view) = file.tensor(&name) else {
        return Err(CheckpointError::MissingTensor(name));
    };
    if view.dtype() != Dtype::F32 || view.shape() != shape {
        let found = format!("{:?} {:?}", view.dtype(), view.shape());
        return Err(CheckpointError::WrongTensor { name, found, needed: format!("F32 {shape:?}") });
    }
    let (values, _) = view.data().as_chunks::<4>();
    let values: Vec<f32> = values.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    if values.iter().any(|value| !value.is_finite()) {
        return Err(CheckpointError::NotFinite(name));
    }
    Ok(values)
}
