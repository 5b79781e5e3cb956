//! What Stable-Baselines3 writes about a model beside its weights.
//!
//! It is JSON as Python writes it: with `NaN` and `Infinity`, with numbers of numpy as text, and with classes as what
//! Python prints of them. What nobody needs may be anything; what says how the model acts has to be understood.

use serde_json::{Map, Value};

use super::error::{ImportError, shown};
use crate::network::Activation;

/// Keys that PPO's descriptions have and A2C's have not.
const OF_PPO: [&str; 4] = ["clip_range", "clip_range_vf", "n_epochs", "target_kl"];
/// Keys that TRPO's descriptions have.
const OF_TRPO: [&str; 3] = ["cg_max_steps", "line_search_max_iter", "n_critic_updates"];
/// Where classes that are understood are defined.
const BOXES: [&str; 2] = ["gymnasium.spaces.box.Box", "gym.spaces.box.Box"];
const DISCRETES: [&str; 2] = ["gymnasium.spaces.discrete.Discrete", "gym.spaces.discrete.Discrete"];
/// Whose classes are known by their names.
const LIBRARIES: [&str; 4] = ["gymnasium.", "gym.", "torch.", "stable_baselines3."];
const FLATTEN: &str = "stable_baselines3.common.torch_layers.FlattenExtractor";
const ACTIVATIONS: [(&str, Activation); 2] =
    [("torch.nn.modules.activation.ReLU", Activation::Relu), ("torch.nn.modules.activation.Tanh", Activation::Tanh)];

/// A description.
pub(super) struct Description {
    fields: Map<String, Value>,
    /// What was left out, a sentence each.
    pub(super) notes: Vec<String>,
}

impl Description {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, ImportError> {
        let fields = serde_json::from_slice(&plain_json(bytes));
        let fields = fields.map_err(|error| ImportError::Metadata(shown(&error.to_string())))?;
        Ok(Self { fields, notes: Vec::new() })
    }

    /// Refuses what acts otherwise than its layers tell.
    pub(super) fn understood(&self) -> Result<(), ImportError> {
        for (space, what, known) in
            [("observation_space", "observations", BOXES), ("action_space", "actions", DISCRETES)]
        {
            let class = self.get(&[space, ":type:"]).map(class_path).transpose()?;
            if let Some(class) = class.filter(|class| !known.contains(class)) {
                return Err(ImportError::unsupported(format!("a model for {what} of the kind {}", told(class))));
            }
        }
        if let Some(dimensions) = self.get(&["observation_space", "_shape"]).and_then(dimensions).filter(|n| *n != 1) {
            return Err(ImportError::unsupported(format!("a model for observations of {dimensions} dimensions")));
        }
        if let Some(start) = self.get(&["action_space", "start"]).and_then(count).filter(|start| *start != 0) {
            return Err(ImportError::unsupported(format!("a model whose actions are counted from {start}")));
        }
        let module = self.get(&["policy_class", "__module__"]).and_then(Value::as_str);
        if let Some(module) = module.filter(|module| !module.starts_with("stable_baselines3.")) {
            return Err(ImportError::unsupported(format!(
                "a policy class of '{}', not of Stable-Baselines3",
                shown(module)
            )));
        }
        let extractor = self.get(&["policy_kwargs", "features_extractor_class"]).map(class_path).transpose()?;
        if let Some(class) = extractor.filter(|class| *class != FLATTEN) {
            return Err(ImportError::unsupported(format!("a model with the features extractor {}", told(class))));
        }
        if self.has_any(&OF_TRPO) {
            return Err(ImportError::unsupported("a model of TRPO, not of DQN, PPO or A2C"));
        }
        Ok(())
    }

    /// Whether PPO wrote it and not A2C, whose networks have the same names.
    pub(super) fn is_of_ppo(&self) -> bool {
        self.has_any(&OF_PPO)
    }

    /// What follows each hidden layer, where it is told.
    pub(super) fn activation(&self) -> Result<Option<Activation>, ImportError> {
        let Some(value) = self.get(&["policy_kwargs", "activation_fn"]) else { return Ok(None) };
        let class = class_path(value)?;
        let known = ACTIVATIONS.iter().find(|(path, _)| *path == class);
        let unknown = || ImportError::unsupported(format!("a model with the activation {}", told(class)));
        Ok(Some(known.ok_or_else(unknown)?.1))
    }

    /// How many actions there are, where it is told.
    pub(super) fn actions(&self) -> Option<u64> {
        self.get(&["action_space", "n"]).and_then(count)
    }

    /// A number that is nice to know; what it is called, for the note that is left where it makes no sense.
    pub(super) fn number(&mut self, name: &str, called: &str) -> Option<u64> {
        let told = self.get(&[name])?;
        let number = count(told);
        if number.is_none() {
            self.notes.push(format!("{called} is not written as a number: left out"));
        }
        number
    }

    /// What stands there, if it is anything.
    fn get(&self, path: &[&str]) -> Option<&Value> {
        let (first, rest) = path.split_first()?;
        let value = rest.iter().try_fold(self.fields.get(*first)?, |value, key| value.get(key))?;
        Some(value).filter(|value| !value.is_null())
    }

    fn has_any(&self, keys: &[&str]) -> bool {
        keys.iter().any(|key| self.fields.contains_key(*key))
    }
}

/// `a.b.C` of `<class 'a.b.C'>`. What is no class, such as a `functools.partial` of one, is shown as it is.
fn class_path(value: &Value) -> Result<&str, ImportError> {
    let text = value.as_str();
    let text = text.ok_or_else(|| ImportError::Metadata("a class is not written as text".to_owned()))?;
    Ok(text.strip_prefix("<class '").and_then(|text| text.strip_suffix("'>")).unwrap_or(text))
}

/// A class as people know it: one of the libraries by its name alone, others by their whole path.
fn told(class: &str) -> String {
    let known = LIBRARIES.iter().any(|library| class.starts_with(library));
    shown(class.rsplit_once('.').filter(|_| known).map_or(class, |(_, name)| name))
}

/// A whole number, also as text: so numbers of numpy are written.
fn count(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// How many entries a shape has: a list, or as text `(14,)` or `(np.int64(14),)`.
fn dimensions(shape: &Value) -> Option<usize> {
    match shape {
        Value::Array(sizes) => Some(sizes.len()),
        Value::String(text) => {
            let inside = text.trim().strip_prefix('(')?.strip_suffix(')')?;
            Some(inside.split(',').filter(|size| !size.trim().is_empty()).count())
        }
        _ => None,
    }
}

/// With `null` for the numbers that Python writes and JSON has not.
fn plain_json(bytes: &[u8]) -> Vec<u8> {
    const WORDS: [&[u8]; 3] = [b"NaN", b"Infinity", b"-Infinity"];
    let mut plain = Vec::with_capacity(bytes.len());
    let (mut rest, mut in_text) = (bytes, false);
    while let [byte, after @ ..] = rest {
        if let Some(word) = WORDS.iter().find(|word| !in_text && rest.starts_with(word)) {
            plain.extend_from_slice(b"null");
            rest = &rest[word.len()..];
            continue;
        }
        plain.push(*byte);
        rest = after;
        match byte {
            b'"' => in_text = !in_text,
            b'\\' if in_text => {
                if let [escaped, after @ ..] = rest {
                    plain.push(*escaped);
                    rest = after;
                }
            }
            _ => {}
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Description {
        Description::read(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn numbers_that_only_python_writes_refuse_no_model() {
        let text = r#"{"max_grad_norm": Infinity, "a": [-Infinity, NaN], "b": "NaN \" Infinity", "seed": 3, "n": {}}"#;
        let mut description = read(text);
        assert_eq!(description.number("seed", "its seed"), Some(3));
        assert_eq!(description.fields["b"], "NaN \" Infinity");
        assert_eq!(description.fields["max_grad_norm"], Value::Null);
        assert!(Description::read(b"{\"a\": Infinite}").is_err());
        assert!(Description::read(b"{\"a\": \"\\").is_err());
    }

    #[test]
    fn what_nobody_needs_is_left_out_with_a_note() {
        let mut description = read(r#"{"seed": {":type:": "<class 'numpy.int64'>"}, "num_timesteps": "128"}"#);
        assert_eq!(
            (description.number("seed", "its seed"), description.number("num_timesteps", "")),
            (None, Some(128))
        );
        assert_eq!(description.notes, ["its seed is not written as a number: left out"]);
    }

    #[test]
    fn shapes_are_read_as_numpy_prints_them() {
        for (shape, expected) in
            [("[14]", 1), ("\"(14,)\"", 1), ("\"(np.int64(14),)\"", 1), ("\"(3, 4)\"", 2), ("[]", 0)]
        {
            assert_eq!(dimensions(&serde_json::from_str(shape).unwrap()), Some(expected), "{shape}");
        }
    }

    #[test]
    fn classes_are_known_by_their_whole_path() {
        for (description, said) in [
            (
                r#"{"policy_kwargs": {"features_extractor_class": "<class '__main__.FlattenExtractor'>"}}"#,
                "__main__.FlattenExtractor",
            ),
            (r#"{"observation_space": {":type:": "<class 'mine.Box'>"}}"#, "mine.Box"),
            (r#"{"action_space": {":type:": "<class 'mine.Discrete'>"}}"#, "mine.Discrete"),
            (r#"{"action_space": {"start": "1"}}"#, "counted from 1"),
            (r#"{"policy_class": {"__module__": "mine"}}"#, "'mine'"),
            (r#"{"policy_kwargs": {"features_extractor_class": 3}}"#, "a class is not written as text"),
        ] {
            let error = read(description).understood().unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
        let own = r#"{"policy_kwargs": {"activation_fn": "<class 'mine.ReLU'>"}}"#;
        assert!(read(own).activation().unwrap_err().to_string().contains("mine.ReLU"));
        let partial = r#"{"policy_kwargs": {"activation_fn": "functools.partial(<class 'a.LeakyReLU'>, 0.2)"}}"#;
        assert!(read(partial).activation().unwrap_err().to_string().contains("LeakyReLU"));
        let known = r#"{"policy_kwargs": {"activation_fn": "<class 'torch.nn.modules.activation.ReLU'>"}}"#;
        assert_eq!(read(known).activation(), Ok(Some(Activation::Relu)));
    }

    #[test]
    fn ppo_is_known_without_its_clip_range_too() {
        assert!(read(r#"{"n_epochs": 10}"#).is_of_ppo() && !read(r#"{"ent_coef": 0}"#).is_of_ppo());
    }
}
