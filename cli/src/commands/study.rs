//! `daladala study`: what enforcement does to driving under the rules `city`, one question a command.
//!
//! Each study drives the same trips (same seed, same random words) by every driver at every value of one field of the
//! scenario, and says where the better answer changes.

mod drive;
mod field;
mod points;
mod police;
mod report;
mod safety;
mod train;

use std::path::PathBuf;

use anyhow::ensure;
use clap::Subcommand;
use daladala_env::{RuleSet, RuleSpec};

use crate::arguments::ScenarioArgs;
use crate::numbers::count_in;
use field::{FieldStudy, Switch};

/// Episodes of a point that are accepted at most.
const MAX_EPISODES: u64 = 10_000_000;

/// Ask what enforcement does to driving, under the rules city.
#[derive(Debug, Subcommand)]
pub(crate) enum Study {
    /// Does overloading pay, by how often the load is counted at checkpoints (police.inspect)?
    Enforcement(Args),
    /// Does speeding pay, by how often radar sees it (speed.radar)?
    Radar(Args),
    /// Does speeding pay those who overload, by how much of a crash lands on the driver (crash.share)?
    Share(Args),
    /// Does overloading pay, by how much of a fine the driver bears (contract.fines)?
    Contract(Args),
    /// What does a limit to the risk of a trip cost (PPO-Lagrangian), and how near do learners come to the exact optimum?
    Safety(safety::SafetyArgs),
    /// Where should checkpoints stand and from how far be seen, if drivers do what then pays best?
    Police(police::PoliceArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where tables and plots go. The same command goes on with a study that was interrupted.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    #[command(flatten)]
    scenario: ScenarioArgs,
    /// A driver beside those of the study: a built-in name or a weights file; may be given again.
    #[arg(long, value_name = "NAME|PATH")]
    model: Vec<String>,
    /// Episodes of each driver at each value; they are the same ones for all.
    #[arg(long, default_value_t = 10_000, allow_negative_numbers = true,
          value_parser = count_in::<usize>(2..=MAX_EPISODES))]
    episodes: usize,
    /// The seed: the same seed gives the same figures, on any number of threads.
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    seed: u64,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl Args {
    /// The scenario that the study varies.
    fn spec(&self) -> anyhow::Result<RuleSpec> {
        self.scenario.spec_alone(RuleSet::City)
    }

    /// Refuses a field that the study sets itself.
    fn ensure_not_set(&self, field: &str, why: &str) -> anyhow::Result<()> {
        ensure!(!self.scenario.sets(field), "--set {field}: it is {why}");
        Ok(())
    }
}

impl Study {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let (study, args) = match &self {
            Self::Safety(args) => return args.run(),
            Self::Police(args) => return args.run(),
            Self::Enforcement(args) => (FieldStudy::enforcement(), args),
            Self::Radar(args) => (FieldStudy::radar(), args),
            Self::Share(args) => (FieldStudy::share(), args),
            Self::Contract(args) => (FieldStudy::contract(), args),
        };
        study.run(args)
    }
}

impl FieldStudy {
    fn enforcement() -> Self {
        Self {
            name: "enforcement",
            title: "Overloading and how often the load is counted",
            field: "police.inspect",
            unit: "chance of a checkpoint that the load is counted",
            values: (0..=10).map(|twentieth| f64::from(twentieth) / 20.0).collect(),
            fixed: &[],
            drivers: &["legal", "greedy", "selective", "outlaw", "speeder", "timid"],
            switch: Switch { from: "greedy", to: "legal", closed_form: Some(field::overloading_switch) },
            reality: Some(field::probable_inspections),
        }
    }

    fn radar() -> Self {
        Self {
            name: "radar",
            title: "Speeding and radar",
            field: "speed.radar",
            unit: "chance of a cell (100 m) at 75 km/h that radar sees it",
            values: vec![0.0, 0.0001, 0.0002, 0.0005, 0.001, 0.0015, 0.002, 0.003, 0.005],
            fixed: &[],
            drivers: &["legal", "speeder", "greedy", "outlaw", "selective"],
            switch: Switch { from: "speeder", to: "legal", closed_form: Some(field::speeding_switch) },
            reality: None,
        }
    }

    fn share() -> Self {
        Self {
            name: "share",
            title: "Speeding and who bears a crash, without inspections",
            field: "crash.share",
            unit: "share of the harm of a crash that lands on the driver",
            values: vec![0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0],
            fixed: &[("police.inspect", "0")],
            drivers: &["legal", "speeder", "greedy", "outlaw"],
            switch: Switch { from: "outlaw", to: "greedy", closed_form: None },
            reality: None,
        }
    }

    fn contract() -> Self {
        Self {
            name: "contract",
            title: "Overloading and who pays the fines",
            field: "contract.fines",
            unit: "share of a fine that the driver pays",
            values: vec![0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0],
            fixed: &[],
            drivers: &["legal", "greedy", "selective", "outlaw"],
            switch: Switch { from: "greedy", to: "legal", closed_form: None },
            reality: None,
        }
    }
}
