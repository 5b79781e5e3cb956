//! Driving the trips of a study by a name, a weights file, or weights in memory.

use anyhow::ensure;
use daladala_agents::{Checkpoint, Choice, DeviceKind, Evaluation, NeuralPolicy, Policy, evaluate_each, registry};
use daladala_env::{Rules, RulesVisitor};
use indicatif::ProgressBar;

use crate::interrupt;

/// Said where Ctrl-C ends a study.
pub(super) const INTERRUPTED: &str = "interrupted: the same command goes on";

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
        let mut each = |_, _: &_| {
            ensure!(!interrupt::asked(), INTERRUPTED);
            Ok(())
        };
        evaluate_each(&*policy, &rules, seed, episodes, &|more| bar.inc(more), &mut each)
    }
}
