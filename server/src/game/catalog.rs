//! The models that rooms can be driven by, found by name when somebody asks for one.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use daladala_agents::{AgentError, Checkpoint, Choice, DeviceKind, Policy, registry};
use daladala_env::{EnvError, Frame, RuleSet, RuleSpec};
use daladala_protocol::ScenarioChoice;
use serde::Serialize;
use utoipa::ToSchema;

use super::shown::Shown;
use super::{Driver, SharedDriver};
use crate::error::ServerError;

/// Who drives the original's clients where they have no choice.
const PREFERRED: &str = "ppo";

/// The extension of weights files.
const WEIGHTS: &str = "safetensors";

/// Drivers by rules and name. Names are all that a client can say: no client chooses a path.
pub struct Catalog {
    /// Who drives the rooms that exist from the start.
    first: SharedDriver,
    /// The rules and the scenario of these rooms.
    spec: RuleSpec,
    sources: BTreeMap<(String, String), Source>,
    /// What has been loaded. Rooms share weights.
    loaded: Mutex<BTreeMap<(String, String), SharedDriver>>,
    /// What computes the networks of what is loaded.
    device: DeviceKind,
}

#[derive(Debug, Clone)]
enum Source {
    BuiltIn,
    File(PathBuf),
    /// Given by the program, and so in `loaded` from the start.
    Given(Box<Driver>),
}

/// One line of the catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct CatalogEntry {
    /// Rule set.
    pub(crate) rules: String,
    /// Model.
    pub(crate) model: String,
    /// The file it comes from; none for what is built in.
    pub(crate) path: Option<String>,
}

/// A driver that cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogError {
    /// No such model.
    #[error("there is no model '{model}' for the rules '{rules}': name one of {known}")]
    Unknown {
        /// What was asked for.
        model: String,
        /// The rules.
        rules: String,
        /// What there is.
        known: String,
    },
    /// No such rules.
    #[error(transparent)]
    Rules(#[from] EnvError),
    /// A model that cannot be loaded.
    #[error("model '{model}' cannot be loaded: {source}")]
    Load {
        /// What was asked for.
        model: String,
        /// Why not.
        source: Box<AgentError>,
    },
    /// A model that does not fit.
    #[error(transparent)]
    Mismatch(#[from] ServerError),
    /// A folder that cannot be read.
    #[error("the folder {path} cannot be read")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

impl Catalog {
    /// A catalog of one driver: the one that drives when nobody has chosen.
    #[must_use]
    pub fn new(first: Driver) -> Self {
        let spec = first.rules().clone();
        let given = Source::Given(Box::new(first.clone()));
        let first: SharedDriver = Arc::new(first);
        let info = first.info();
        let key = (info.rules, info.model);
        Self {
            first: Arc::clone(&first),
            spec,
            sources: BTreeMap::from([(key.clone(), given)]),
            loaded: Mutex::new(BTreeMap::from([(key, first)])),
            device: DeviceKind::default(),
        }
    }

    /// A catalog for a program that plays itself, by `spec`: `main` shows what it does, from `frame` on, and is moved by
    /// [`Stage::show`](crate::Stage::show) alone. `player` is what the program is called.
    #[must_use]
    pub fn shown(spec: RuleSpec, player: &str, frame: Frame) -> Self {
        Self {
            first: Arc::new(Shown::new(spec.clone(), player, frame)),
            spec,
            sources: BTreeMap::new(),
            loaded: Mutex::default(),
            device: DeviceKind::default(),
        }
    }

    /// With the networks of all models but the first, which comes loaded, on a device.
    #[must_use]
    pub fn on_device(self, device: DeviceKind) -> Self {
        Self { device, ..self }
    }

    /// With all built-in models.
    #[must_use]
    pub fn with_built_in(mut self) -> Self {
        for model in registry::BUILT_IN {
            let key = (model.rules.to_owned(), model.name.to_owned());
            self.sources.entry(key).or_insert(Source::BuiltIn);
        }
        self
    }

    /// With the weights files in `folder`, under the names of the files; a file that is called as a built-in model is, under
    /// its whole name, so that neither hides the other.
    pub fn with_folder(mut self, folder: &Path) -> Result<Self, CatalogError> {
        let unreadable = |source| CatalogError::Folder { path: folder.to_owned(), source };
        for entry in std::fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.extension().is_some_and(|extension| extension == WEIGHTS) {
                let model = registry::display_name(&path.to_string_lossy());
                // What is no model of any rules is offered all the same under those that are driven first: whoever
                // asks for it is told what is wrong with it.
                let rules = match Checkpoint::load(&path) {
                    Ok(checkpoint) => checkpoint.info.spec.rules,
                    Err(_) => self.first.info().rules,
                };
                let is_taken = registry::built_in(&rules, &model).is_ok();
                let model = if is_taken { format!("{model}.{WEIGHTS}") } else { model };
                self.sources.entry((rules, model)).or_insert(Source::File(path));
            }
        }
        Ok(self)
    }

    pub(crate) fn first(&self) -> SharedDriver {
        Arc::clone(&self.first)
    }

    /// Who drives the room of the original's clients: they know the rules `classic` alone.
    pub(crate) fn of_the_original(&self) -> SharedDriver {
        if self.spec.rules() == RuleSet::Classic && !self.first.is_shown() {
            return self.first();
        }
        let known = |(rules, _): &&(String, String)| rules == RuleSet::Classic.name();
        let models: Vec<_> = self.sources.keys().filter(known).map(|(_, model)| model.as_str()).collect();
        let model = models.iter().find(|model| **model == PREFERRED).or(models.first());
        // A catalog without models of theirs has nothing better than the first.
        let load = |model: &&str| self.load(&RuleSpec::of(RuleSet::Classic), model).ok();
        model.and_then(load).unwrap_or_else(|| self.first())
    }

    pub(crate) fn entries(&self) -> Vec<CatalogEntry> {
        let entry = |((rules, model), source): (&(String, String), &Source)| CatalogEntry {
            rules: rules.clone(),
            model: model.clone(),
            path: match source {
                Source::File(path) => path.file_name().map(|name| name.to_string_lossy().into_owned()),
                Source::BuiltIn | Source::Given(_) => None,
            },
        };
        self.sources.iter().map(entry).collect()
    }

    /// What is driven by where `rules` and a scenario are asked for. What is left out is as in `now`, if that has the same
    /// rules, or as in the rooms that exist from the start.
    pub(crate) fn spec(
        &self,
        rules: &str,
        choice: &ScenarioChoice,
        now: Option<&RuleSpec>,
    ) -> Result<RuleSpec, EnvError> {
        let known = now.into_iter().chain([&self.spec]).find(|spec| spec.rules().name() == rules);
        let spec = match known.filter(|_| choice.scenario.is_none()) {
            Some(spec) => spec.clone(),
            None => RuleSpec::named(rules, choice.scenario.as_deref())?,
        };
        let set: Vec<_> = choice.set.iter().map(|(field, value)| (field, value.to_string())).collect();
        spec.with_fields(set.iter().map(|(field, value)| (field.as_str(), value.as_str())))
    }

    /// The driver of a name, to drive by `spec`; reads files, so not for a thread that others wait for.
    pub(crate) fn load(&self, spec: &RuleSpec, model: &str) -> Result<SharedDriver, CatalogError> {
        let rules = spec.rules().name();
        let key = (rules.to_owned(), model.to_owned());
        let Some(source) = self.sources.get(&key) else {
            let of_rules = self.sources.keys().filter(|(of, _)| of == rules);
            let known: Vec<_> = of_rules.map(|(_, model)| model.as_str()).collect();
            return Err(CatalogError::Unknown { model: key.1, rules: key.0, known: known.join(", ") });
        };
        let loaded = || self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(driver) = loaded().get(&key) {
            if driver.spec() == Some(spec) {
                return Ok(Arc::clone(driver));
            }
            if let Source::Given(given) = source {
                return Ok(Arc::new(given.on(spec.clone())?));
            }
        }
        let from = match source {
            Source::File(path) => path.to_string_lossy().into_owned(),
            Source::BuiltIn | Source::Given(_) => key.1.clone(),
        };
        let driver = load_driver(spec.clone(), model, &from, self.device)?;
        // The last scenario alone: clients make up as many as they like.
        loaded().insert(key, Arc::clone(&driver));
        Ok(driver)
    }
}

/// Makes a driver of a built-in name, or of the path of a weights file.
fn load_driver(spec: RuleSpec, model: &str, from: &str, device: DeviceKind) -> Result<SharedDriver, CatalogError> {
    let info = spec.info();
    let loaded = registry::load(from, &info, Choice::Greedy, device);
    let loaded = loaded.map_err(|source| CatalogError::Load { model: model.to_owned(), source: Box::new(source) })?;
    if let Some(trained_on) = &loaded.other_scenario {
        tracing::warn!("model '{model}' was trained on {trained_on} and drives {}", info.id);
    }
    let policy: Arc<dyn Policy> = Arc::from(loaded.policy);
    Ok(Arc::new(Driver::new(spec, model, policy)?))
}

impl fmt::Debug for Catalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Catalog").field("sources", &self.sources).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use daladala_agents::scripted::Random;
    use daladala_env::Rules;
    use daladala_env::rules::Classic;

    use super::*;

    fn catalog() -> Catalog {
        let policy: Arc<dyn Policy> = Arc::new(Random::new(&Classic.spaces()));
        Catalog::new(Driver::new(RuleSet::Classic, "first", policy).expect("made for these rules"))
    }

    #[test]
    fn names_are_loaded_once_and_paths_not_at_all() {
        let catalog = catalog().with_built_in();
        let classic = RuleSpec::of(RuleSet::Classic);
        let ppo = catalog.load(&classic, "ppo").expect("built in");
        assert!(Arc::ptr_eq(&ppo, &catalog.load(&classic, "ppo").expect("built in")));
        assert_eq!(catalog.load(&classic, "first").expect("given").info().model, "first");
        for unknown in ["/etc/passwd", "../ppo", "models/classic/ppo.safetensors", ""] {
            let error = catalog.load(&classic, unknown).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.contains("a2c, dqn, first, oracle, ppo, random, reinforce"), "{error}");
        }
        assert!(catalog.spec("city-of-nowhere", &ScenarioChoice::default(), None).is_err());
    }

    #[test]
    fn models_of_the_rules_that_are_driven_drive_by_their_scenario_and_the_originals_clients_get_classic() {
        let night: RuleSpec = "city/night".parse().expect("a scenario");
        let policy: Arc<dyn Policy> = Arc::new(Random::new(&night.info().spaces));
        let catalog = Catalog::new(Driver::new(night, "first", policy).expect("made for these rules"));
        let alone = catalog.of_the_original().info();
        assert_eq!((alone.rules.as_str(), alone.model.as_str()), ("city", "first"));
        let catalog = catalog.with_built_in();
        let spec = |rules, choice: &ScenarioChoice, now| catalog.spec(rules, choice, now).expect("known");
        let as_is = ScenarioChoice::default();
        assert_eq!(catalog.load(&spec("city", &as_is, None), "greedy").expect("built in").info().scenario, "night");
        assert_eq!(catalog.load(&spec("classic", &as_is, None), "dqn").expect("built in").info().scenario, "original");
        // What is asked for is laid over what the room drives by now.
        let inspected = ScenarioChoice { set: BTreeMap::from([("police.inspect".to_owned(), 0.5.into())]), ..as_is };
        let now = spec("city", &inspected, None);
        assert!(now.id().scenario.starts_with("night"), "{}", now.id());
        assert_eq!(now.scenario().parameters["police"]["inspect"].as_f64(), Some(0.5));
        let hidden = ScenarioChoice { set: BTreeMap::from([("police.sight".to_owned(), 0.into())]), scenario: None };
        let both = spec("city", &hidden, Some(&now));
        assert_eq!(both.scenario().parameters["police"]["inspect"].as_f64(), Some(0.5));
        assert_eq!(catalog.load(&both, "first").expect("given").spec(), Some(&both));
        assert_eq!(catalog.load(&both, "greedy").expect("built in").spec(), Some(&both));
        let named = ScenarioChoice { scenario: Some("tiny".to_owned()), ..ScenarioChoice::default() };
        assert_eq!(spec("city", &named, Some(&now)).id().scenario, "tiny");
        let wrong = ScenarioChoice { set: BTreeMap::from([("police.inspect".to_owned(), 7.into())]), scenario: None };
        assert!(catalog.spec("city", &wrong, None).is_err());
        let original = catalog.of_the_original().info();
        assert_eq!((original.rules.as_str(), original.model.as_str()), ("classic", "ppo"));
        assert_eq!(super::tests::catalog().with_built_in().of_the_original().info().model, "first");
    }

    #[test]
    fn a_folder_is_named_by_its_files() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        std::fs::write(
            folder.path().join("mine.safetensors"),
            include_bytes!("../../../models/classic/dqn.safetensors"),
        )?;
        std::fs::copy(folder.path().join("mine.safetensors"), folder.path().join("ppo.safetensors"))?;
        std::fs::write(folder.path().join("broken.safetensors"), b"{")?;
        std::fs::write(folder.path().join("notes.txt"), b"")?;
        let catalog = catalog().with_folder(folder.path())?;
        let names: Vec<_> = catalog.entries().into_iter().map(|entry| entry.model).collect();
        assert_eq!(names, ["broken", "first", "mine", "ppo.safetensors"], "no file is hidden by a built-in model");
        let classic = RuleSpec::of(RuleSet::Classic);
        for model in ["mine", "ppo.safetensors"] {
            assert_eq!(catalog.load(&classic, model)?.info().model, model);
        }
        assert!(matches!(catalog.load(&classic, "broken"), Err(CatalogError::Load { .. })));
        assert!(matches!(Catalog::with_folder(catalog, Path::new("/no/such")), Err(CatalogError::Folder { .. })));
        Ok(())
    }
}
