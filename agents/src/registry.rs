//! Policies by name: the built-in ones, embedded in the program, and weights files by their paths.

mod error;

use std::path::Path;

use daladala_env::{OutputKind, RuleSet, RuleSpec, RulesInfo, SpecId};
use serde::Serialize;

use crate::checkpoint::Checkpoint;
use crate::device::DeviceKind;
use crate::neural::{Choice, NeuralPolicy};
use crate::policy::{Policy, ensure_fits};
use crate::scripted::{CityDriver, Oracle, Random, Style};
pub use error::AgentError;

/// A policy that is part of the program.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct BuiltIn {
    /// How it is called.
    pub name: &'static str,
    /// The rules it drives by.
    pub rules: &'static str,
    /// What it is, how it was made and how well it does, as Markdown. The first paragraph is a summary.
    pub card: &'static str,
    #[serde(skip)]
    make: Make,
}

#[derive(Debug, Clone, Copy)]
enum Make {
    /// For the rules.
    Scripted(fn(&RulesInfo) -> Box<dyn Policy>),
    Trained(&'static [u8]),
}

/// All built-in policies.
pub const BUILT_IN: &[BuiltIn] = &[
    BuiltIn {
        name: "ppo",
        rules: "classic",
        card: include_str!("../../models/classic/ppo.md"),
        make: Make::Trained(include_bytes!("../../models/classic/ppo.safetensors")),
    },
    BuiltIn {
        name: "dqn",
        rules: "classic",
        card: include_str!("../../models/classic/dqn.md"),
        make: Make::Trained(include_bytes!("../../models/classic/dqn.safetensors")),
    },
    BuiltIn {
        name: "a2c",
        rules: "classic",
        card: include_str!("../../models/classic/a2c.md"),
        make: Make::Trained(include_bytes!("../../models/classic/a2c.safetensors")),
    },
    BuiltIn {
        name: "reinforce",
        rules: "classic",
        card: include_str!("../../models/classic/reinforce.md"),
        make: Make::Trained(include_bytes!("../../models/classic/reinforce.safetensors")),
    },
    BuiltIn {
        name: "oracle",
        rules: "classic",
        card: include_str!("../../models/classic/oracle.md"),
        make: Make::Scripted(|_| Box::new(Oracle)),
    },
    BuiltIn {
        name: "random",
        rules: "classic",
        card: include_str!("../../models/classic/random.md"),
        make: Make::Scripted(|info| Box::new(Random::new(&info.spaces))),
    },
    BuiltIn {
        name: "ppo",
        rules: "city",
        card: include_str!("../../models/city/ppo.md"),
        make: Make::Trained(include_bytes!("../../models/city/ppo.safetensors")),
    },
    BuiltIn {
        name: "a2c",
        rules: "city",
        card: include_str!("../../models/city/a2c.md"),
        make: Make::Trained(include_bytes!("../../models/city/a2c.safetensors")),
    },
    BuiltIn {
        name: "dqn",
        rules: "city",
        card: include_str!("../../models/city/dqn.md"),
        make: Make::Trained(include_bytes!("../../models/city/dqn.safetensors")),
    },
    BuiltIn {
        name: "ppo-enforcement",
        rules: "city",
        card: include_str!("../../models/city/ppo-enforcement.md"),
        make: Make::Trained(include_bytes!("../../models/city/ppo-enforcement.safetensors")),
    },
    BuiltIn {
        name: "ppo-safe",
        rules: "city",
        card: include_str!("../../models/city/ppo-safe.md"),
        make: Make::Trained(include_bytes!("../../models/city/ppo-safe.safetensors")),
    },
    BuiltIn {
        name: "selective",
        rules: "city",
        card: include_str!("../../models/city/selective.md"),
        make: Make::Scripted(|info| Box::new(CityDriver::new(Style::Selective, info))),
    },
    BuiltIn {
        name: "legal",
        rules: "city",
        card: include_str!("../../models/city/legal.md"),
        make: Make::Scripted(|info| Box::new(CityDriver::new(Style::Legal, info))),
    },
    BuiltIn {
        name: "speeder",
        rules: "city",
        card: include_str!("../../models/city/speeder.md"),
        make: Make::Scripted(|info| Box::new(CityDriver::new(Style::Speeder, info))),
    },
    BuiltIn {
        name: "timid",
        rules: "city",
        card: include_str!("../../models/city/timid.md"),
        make: Make::Scripted(|info| Box::new(CityDriver::new(Style::Timid, info))),
    },
    BuiltIn {
        name: "greedy",
        rules: "city",
        card: include_str!("../../models/city/greedy.md"),
        make: Make::Scripted(|info| Box::new(CityDriver::new(Style::Greedy, info))),
    },
    BuiltIn {
        name: "outlaw",
        rules: "city",
        card: include_str!("../../models/city/outlaw.md"),
        make: Make::Scripted(|info| Box::new(CityDriver::new(Style::Outlaw, info))),
    },
    BuiltIn {
        name: "informed",
        rules: "city",
        card: include_str!("../../models/city/informed.md"),
        make: Make::Scripted(|info| Box::new(CityDriver::new(Style::Informed, info))),
    },
    BuiltIn {
        name: "reckless",
        rules: "city",
        card: include_str!("../../models/city/reckless.md"),
        make: Make::Scripted(|info| Box::new(CityDriver::new(Style::Reckless, info))),
    },
    BuiltIn {
        name: "fugitive",
        rules: "city",
        card: include_str!("../../models/city/fugitive.md"),
        make: Make::Scripted(|info| Box::new(CityDriver::new(Style::Fugitive, info))),
    },
    BuiltIn {
        name: "random",
        rules: "city",
        card: include_str!("../../models/city/random.md"),
        make: Make::Scripted(|info| Box::new(Random::new(&info.spaces))),
    },
];

impl BuiltIn {
    /// The first paragraph of the card.
    #[must_use]
    pub fn summary(&self) -> &'static str {
        self.card.split("\n\n").find(|paragraph| !paragraph.starts_with('#')).unwrap_or_default().trim()
    }
}

/// A policy that is ready to drive.
pub struct LoadedPolicy {
    /// What chooses the actions.
    pub policy: Box<dyn Policy>,
    /// The scenario it was trained on, where it is another than the one it is to drive by: it may, as an experiment,
    /// and whoever looks at its figures is told so. The default scenario is what built-in models are for, however they were
    /// trained; their cards say how.
    pub other_scenario: Option<SpecId>,
}

/// The built-in policy of a name that drives by `rules`.
pub fn built_in(rules: &str, name: &str) -> Result<&'static BuiltIn, AgentError> {
    let of_rules = || BUILT_IN.iter().filter(|model| model.rules == rules);
    of_rules().find(|model| model.name == name).ok_or_else(|| {
        let known: Vec<_> = of_rules().map(|model| model.name).collect();
        AgentError::UnknownModel { name: name.to_owned(), rules: rules.to_owned(), known: known.join(", ") }
    })
}

/// The rules that a policy of this name can drive by: all that have a built-in one, or those that a weights file was made
/// for. None where there is no such policy.
#[must_use]
pub fn rules_of(name: &str) -> Vec<String> {
    let built_in = BUILT_IN.iter().filter(|model| model.name == name).map(|model| model.rules.to_owned());
    let rules: Vec<_> = built_in.collect();
    #[cfg(feature = "files")]
    if is_file(name) {
        return Checkpoint::load(Path::new(name)).into_iter().map(|checkpoint| checkpoint.info.spec.rules).collect();
    }
    rules
}

/// What a name stands for.
enum Found {
    Scripted(fn(&RulesInfo) -> Box<dyn Policy>),
    Trained(Checkpoint),
}

/// What a built-in name or the path of a weights file stands for, where that fits `rules`.
fn find(name: &str, rules: &RulesInfo) -> Result<Found, AgentError> {
    let damaged = |source| AgentError::Checkpoint { name: name.to_owned(), source };
    let checkpoint = match built_in(&rules.id.rules, name) {
        Ok(BuiltIn { make: Make::Scripted(make), .. }) => return Ok(Found::Scripted(*make)),
        Ok(BuiltIn { make: Make::Trained(bytes), .. }) => Checkpoint::from_bytes(bytes).map_err(damaged)?,
        #[cfg(feature = "files")]
        Err(_) if looks_like_a_path(Path::new(name)) => Checkpoint::load(Path::new(name))?,
        Err(unknown) => return Err(unknown),
    };
    let trained_on = &checkpoint.info.spec;
    if trained_on.rules != rules.id.rules {
        return Err(AgentError::OtherRules { trained_on: trained_on.rules.clone(), rules: rules.id.rules.clone() });
    }
    ensure_fits(rules, checkpoint.info.observation_size, checkpoint.info.actions)?;
    Ok(Found::Trained(checkpoint))
}

/// The weights of a built-in name or of a weights file, for `rules`; none where it is a driver written by hand.
pub fn checkpoint(name: &str, rules: &RulesInfo) -> Result<Option<Checkpoint>, AgentError> {
    Ok(match find(name, rules)? {
        Found::Scripted(_) => None,
        Found::Trained(checkpoint) => Some(checkpoint),
    })
}

/// The policy of a built-in name or of a weights file, to drive by `rules`. `choice` is how a network's outputs become
/// an action, `device` where they are computed; drivers written by hand drive on the CPU.
pub fn load(name: &str, rules: &RulesInfo, choice: Choice, device: DeviceKind) -> Result<LoadedPolicy, AgentError> {
    let sampled = choice == Choice::Sampled;
    let checkpoint = match find(name, rules)? {
        Found::Scripted(_) if sampled => return Err(AgentError::NothingToSample { name: name.to_owned() }),
        Found::Scripted(make) => return Ok(LoadedPolicy { policy: make(rules), other_scenario: None }),
        Found::Trained(checkpoint) => checkpoint,
    };
    if sampled && checkpoint.info.algorithm.output_kind() != OutputKind::Logits {
        return Err(AgentError::NothingToSample { name: name.to_owned() });
    }
    let trained_on = &checkpoint.info.spec;
    let policy = NeuralPolicy::on(device, &checkpoint, choice)?;
    let is_meant_for = built_in(&rules.id.rules, name).is_ok() && is_default(&rules.id);
    let is_other = !is_meant_for && !trained_on.same_dynamics(&rules.id);
    let other_scenario = is_other.then(|| trained_on.clone());
    let policy = policy.map_err(|source| AgentError::Checkpoint { name: name.to_owned(), source })?;
    Ok(LoadedPolicy { policy: Box::new(policy), other_scenario })
}

/// Whether it is the scenario that rules have where none is named.
fn is_default(id: &SpecId) -> bool {
    id.rules.parse().is_ok_and(|rules: RuleSet| RuleSpec::of(rules).id().same_dynamics(id))
}

/// What files of weights end in. What else stands after a dot belongs to the name: `lr-0.1` is not `lr-0`.
const EXTENSION: &str = ".safetensors";

/// What a model is called in public: the built-in name, or the file's name without its folder and extension.
#[must_use]
pub fn display_name(name: &str) -> String {
    let file = Path::new(name).file_name().map_or_else(|| name.into(), |file| file.to_string_lossy());
    file.strip_suffix(EXTENSION).filter(|stem| !stem.is_empty()).unwrap_or(&file).to_owned()
}

/// Whether a model of this name is a file, not one that is built in.
#[cfg(feature = "files")]
#[must_use]
pub fn is_file(name: &str) -> bool {
    BUILT_IN.iter().all(|model| model.name != name) && looks_like_a_path(Path::new(name))
}

/// Whether a built-in model of this name is meant although there is a file of that name here too.
#[cfg(feature = "files")]
#[must_use]
pub fn hides_a_file(name: &str) -> bool {
    BUILT_IN.iter().any(|model| model.name == name) && Path::new(name).is_file()
}

/// A misspelt name should hear of the names there are, a misspelt path of the file that isn't there.
#[cfg(feature = "files")]
fn looks_like_a_path(path: &Path) -> bool {
    path.exists() || path.extension().is_some() || path.components().count() > 1
}
