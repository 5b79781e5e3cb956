//! Trained weights as files: safetensors whose metadata says what they are.
//!
//! Tensors are named `<network>.<layer>.weight` `[outputs, inputs]` and `<network>.<layer>.bias` `[outputs]`, as in
//! PyTorch. Reading checks everything before anything is used: a file that does not hold what its metadata says is
//! an error that names the tensor.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::path::Path;

use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize};
use serde::{Deserialize, Serialize};

use crate::algorithm::Algorithm;
use crate::error::{AgentError, CheckpointError};
use crate::network::{Activation, LayerWeights, MlpWeights};

/// What the `format` entry of the metadata must be.
const FORMAT: &str = "daladala-1";
/// The largest file that is read, bytes: thousands of times the networks used here.
const MAX_FILE_SIZE: u64 = 256 << 20;
/// The most actions: an action is a byte.
const MAX_ACTIONS: usize = 256;
/// The most layers a network may name.
const MAX_LAYERS: usize = 64;

/// What is known of the weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelInfo {
    /// What trained them, and so what their outputs mean.
    pub algorithm: Algorithm,
    /// The rule set they were trained on.
    pub rules: String,
    /// Entries of an observation.
    pub observation_size: usize,
    /// Number of actions.
    pub actions: usize,
    /// Seed of the training.
    pub seed: u64,
    /// Environment steps of the training.
    pub steps: u64,
    /// Mean return of the greedy policy after it; NaN where it was never measured.
    pub mean_return: f64,
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
        Ok(network)
    }

    /// Reads a file.
    pub fn load(path: &Path) -> Result<Self, AgentError> {
        let read = |source| AgentError::Read { path: path.to_owned(), source };
        let damaged = |source| AgentError::Checkpoint { path: path.to_owned(), source };
        // Asked before it is opened: opening a pipe would wait for a writer.
        if !std::fs::metadata(path).map_err(read)?.is_file() {
            return Err(damaged(CheckpointError::NoFile));
        }
        let mut bytes = Vec::new();
        let file = std::fs::File::open(path).map_err(read)?;
        file.take(MAX_FILE_SIZE + 1).read_to_end(&mut bytes).map_err(read)?;
        if bytes.len() as u64 > MAX_FILE_SIZE {
            return Err(damaged(CheckpointError::TooLarge));
        }
        Self::from_bytes(&bytes).map_err(damaged)
    }

    /// Writes a file, whole or not at all: beside its place first, then moved into it.
    pub fn save(&self, path: &Path) -> Result<(), AgentError> {
        let write = |source| AgentError::Write { path: path.to_owned(), source };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        // A temporary file is for its owner alone unless said otherwise; this one becomes a file like any other.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
        let mut unfinished = builder.tempfile_in(folder).map_err(write)?;
        unfinished.write_all(&self.to_bytes()).map_err(write)?;
        unfinished.as_file().sync_all().map_err(write)?;
        unfinished.persist(path).map_err(|error| write(error.error))?;
        Ok(())
    }

    /// The bytes of the file.
    ///
    /// # Panics
    /// If a network's numbers do not fit its sizes, which no constructor here produces.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut tensors = Vec::new();
        for (name, network) in &self.networks {
            for (index, layer) in network.layers.iter().enumerate() {
                let weight =
                    (format!("{name}.{index}.weight"), vec![layer.outputs, layer.inputs], bytes(&layer.weight));
                let bias = (format!("{name}.{index}.bias"), vec![layer.outputs], bytes(&layer.bias));
                tensors.extend([weight, bias]);
            }
        }
        let views = tensors.iter().map(|(name, shape, data)| {
            (name, TensorView::new(Dtype::F32, shape.clone(), data).expect("a layer holds inputs × outputs numbers"))
        });
        serialize(views, Some(self.metadata())).expect("names and metadata are plain strings")
    }

    /// Reads the bytes of a file.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let damaged = |error: safetensors::SafeTensorError| CheckpointError::Damaged(error.to_string());
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
            rules: entry("rules")?.clone(),
            observation_size: parsed(&metadata, "observation_size")?,
            actions: parsed(&metadata, "actions")?,
            seed: parsed(&metadata, "seed")?,
            steps: parsed(&metadata, "steps")?,
            mean_return: parsed(&metadata, "mean_return")?,
        };
        let mut networks = BTreeMap::new();
        for name in info.algorithm.networks() {
            if let Some(layers) = metadata.get(&format!("{name}.layers")) {
                let activation = match entry(&format!("{name}.activation"))?.as_str() {
                    "relu" => Activation::Relu,
                    "tanh" => Activation::Tanh,
                    other => return Err(CheckpointError::Metadata(format!("unknown activation '{other}'"))),
                };
                networks.insert((*name).to_owned(), network(&file, name, &sizes(layers)?, activation)?);
            }
        }
        if info.actions > MAX_ACTIONS {
            return Err(CheckpointError::Metadata(format!("{} actions are more than {MAX_ACTIONS}", info.actions)));
        }
        let checkpoint = Self { info, networks };
        checkpoint.acting()?;
        Ok(checkpoint)
    }

    fn metadata(&self) -> HashMap<String, String> {
        let info = &self.info;
        let mut metadata = HashMap::from([
            ("format".to_owned(), FORMAT.to_owned()),
            ("algorithm".to_owned(), info.algorithm.to_string()),
            ("rules".to_owned(), info.rules.clone()),
            ("observation_size".to_owned(), info.observation_size.to_string()),
            ("actions".to_owned(), info.actions.to_string()),
            ("seed".to_owned(), info.seed.to_string()),
            ("steps".to_owned(), info.steps.to_string()),
            ("mean_return".to_owned(), info.mean_return.to_string()),
        ]);
        for (name, network) in &self.networks {
            let mut layers = network.inputs().to_string();
            for layer in &network.layers {
                let _ = write!(layers, ",{}", layer.outputs);
            }
            let activation = match network.activation {
                Activation::Relu => "relu",
                Activation::Tanh => "tanh",
            };
            metadata.insert(format!("{name}.layers"), layers);
            metadata.insert(format!("{name}.activation"), activation.to_owned());
        }
        metadata
    }
}

fn parsed<T: std::str::FromStr>(metadata: &HashMap<String, String>, key: &str) -> Result<T, CheckpointError> {
    let value = metadata.get(key).map(String::as_str).unwrap_or_default();
    value.parse().map_err(|_| CheckpointError::Metadata(format!("'{key}' is '{value}'")))
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
        Ok(LayerWeights { inputs, outputs, weight, bias })
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

fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}
