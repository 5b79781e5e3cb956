//! Driving the trips of a study by a name, a weights file, or weights in memory.

use std::path::Path;

use anyhow::{Context, ensure};
use daladala_agents::{Checkpoint, Choice, DeviceKind, Evaluation, NeuralPolicy, Policy, evaluate_each, registry};
use daladala_env::{RuleSpec, Rules, RulesVisitor};
use indicatif::ProgressBar;

use crate::interrupt;
use crate::output::tell_of;

/// Said where Ctrl-C ends a study.
pub(super) const INTERRUPTED: &str = "interrupted: the same command goes on";

/// A driver by its name, and what tells it from others of that name.
pub(super) struct Named {
    /// As it was named.
    pub(super) model: String,
    /// As people read it.
    pub(super) name: String,
    /// A hash of the weights, where they are in a file.
    pub(super) weights: Option<String>,
}

impl Named {
    /// A built-in name, or a weights file as it is now.
    pub(super) fn of(model: &str) -> anyhow::Result<Self> {
        let weights = if registry::is_file(model) { Some(hash_of(Path::new(model))?) } else { None };
        Ok(Self { model: model.to_owned(), name: registry::display_name(model), weights })
    }

    /// An error now where the driver could not drive later.
    pub(super) fn ensure_drives(&self, spec: &RuleSpec) -> anyhow::Result<()> {
        let loaded = registry::load(&self.model, &spec.info(), Choice::Greedy, DeviceKind::Cpu)?;
        tell_of(&self.name, &loaded, &spec.id());
        Ok(())
    }
}

/// A study tells its drivers by their names.
pub(super) fn ensure_apart(drivers: &[Named]) -> anyhow::Result<()> {
    for (index, driver) in drivers.iter().enumerate() {
        let is_like = |other: &&Named| other.name == driver.name;
        ensure!(
            drivers[..index].iter().find(is_like).is_none(),
            "--model {}: there is a driver '{}' already, give the file another name",
            driver.model,
            driver.name
        );
    }
    Ok(())
}

/// A hash of a weights file, as 8 hexadecimal digits.
fn hash_of(weights: &Path) -> anyhow::Result<String> {
    let bytes = std::fs::read(weights).with_context(|| format!("{}", weights.display()))?;
    Ok(format!("{:08x}", crc32fast::hash(&bytes)))
}

/// Who drives.
#[derive(Debug, Clone, Copy)]
pub(super) enum Driver<'a> {
    /// A built-in name or a weights file.
    Named(&'a str),
    /// What was trained a moment ago.
    Trained(&'a Checkpoint),
}

/// Drives all trips of a seed, and stops where somebody wants the program to.
pub(super) struct Drive<'a> {
    pub(super) driver: Driver<'a>,
    pub(super) seed: u64,
    pub(super) episodes: usize,
    /// Counts episodes.
    pub(super) bar: &'a ProgressBar,
}

impl RulesVisitor for Drive<'_> {
    type Output = anyhow::Result<Evaluation>;

    fn visit<R: Rules>(self, rules: R) -> anyhow::Result<Evaluation> {
        let Self { driver, seed, episodes, bar } = self;
        let policy: Box<dyn Policy> = match driver {
            Driver::Named(name) => registry::load(name, &rules.info(), Choice::Greedy, DeviceKind::Cpu)?.policy,
            Driver::Trained(checkpoint) => Box::new(NeuralPolicy::new(checkpoint, Choice::Greedy)?),
        };
        let progress = |more| {
            ensure!(!interrupt::asked(), INTERRUPTED);
            bar.inc(more);
            Ok(())
        };
        evaluate_each(&*policy, &rules, seed, episodes, &progress, &mut |_, _| Ok(()))
    }
}
