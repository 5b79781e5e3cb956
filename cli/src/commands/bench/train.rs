//! `daladala bench train`

use std::path::PathBuf;

use daladala_agents::Algorithm;
use daladala_env::{Rules, RulesVisitor};
use daladala_learning::{Trainer, defaults};

use super::{Shared, Throughput};
use crate::arguments::{DeviceArgs, one_of};
use crate::hyperparameters::merged;

/// So many steps that learning rate and exploration stay as they are at the start.
const ENDLESS: u64 = 1 << 60;

#[derive(Debug, clap::Args)]
pub(crate) struct TrainArgs {
    /// The learning algorithm.
    #[arg(long, default_value = "ppo", value_parser = one_of(Algorithm::ALL))]
    algo: Algorithm,
    /// Hyperparameters as TOML; what it leaves out stays as it is by default.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    device: DeviceArgs,
    #[command(flatten)]
    shared: Shared,
}

impl RulesVisitor for &TrainArgs {
    type Output = anyhow::Result<()>;

    fn visit<R: Rules>(self, rules: R) -> anyhow::Result<()> {
        self.measure(&rules)
    }
}

impl TrainArgs {
    pub(super) fn run(self) -> anyhow::Result<()> {
        self.shared.rules.spec_to_train_on()?.visit(&self)
    }

    fn measure<R: Rules>(&self, rules: &R) -> anyhow::Result<()> {
        let config = merged(
            &defaults(self.algo, &rules.info().id.rules).config,
            self.config.as_deref(),
            &self.shared.rules.hyperparameters(),
        )?;
        let device = self.device.device.open()?;
        let mut trainer = Trainer::new(&config, rules, 0, ENDLESS, device.as_ref())?;
        let mut updates = 0u64;
        let (rate, seconds) = self.shared.measure(|| {
            trainer.advance();
            updates += 1;
        })?;
        let steps_per_update = trainer.done() as f64 / updates as f64;
        self.shared.report(&Throughput {
            steps_per_second: Some(rate * steps_per_update),
            envs: Some(config.envs()),
            batch: config.batch(),
            ..self.shared.throughput(seconds, &rules.info())
        })
    }
}
