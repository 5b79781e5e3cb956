//! What drivers do under police of one kind: whatever pays best of what they can, which is what was written by hand, and what
//! an agent does that learns on there.

use std::fmt;

use anyhow::{Context, ensure};
use daladala_agents::{Algorithm, Checkpoint, SeedStream, registry};
use daladala_env::{RuleSpec, Rules, RulesVisitor};
use daladala_learning::{Evaluations, TrainConfig, TrainingRun, defaults};
use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};
use toml::Table;

use super::super::drive::{Drive, Driver, INTERRUPTED};
use super::super::points::Point;
use crate::hyperparameters::{as_toml, merged, with};
use crate::interrupt;

/// Drivers written by hand among whom the best is looked for.
const SCRIPTED: [&str; 8] = ["legal", "greedy", "selective", "outlaw", "speeder", "timid", "reckless", "fugitive"];
/// Evaluations of an agent that learns on, of which the best is kept, and episodes of each.
const EVALUATIONS: u64 = 4;
const EVALUATION_EPISODES: usize = 1000;

/// Hyperparameters of learning on: rollouts that are short and steps that are small beside those that made the agent, so that
/// it moves within few steps and away from nothing that it knows.
const LEARNING_ON: &str = "
envs = 64
minibatch_size = 1024
learning_rate = 0.0001
critic_learning_rate = 0.0005
entropy_coefficient = 0.0
normalize_observations = false
";

/// What the police do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Setting {
    /// From how far checkpoints are seen, cells.
    pub(super) sight: u8,
    /// The share of checkpoints in each stretch; none where they stand on any cell alike.
    pub(super) placement: Option<Vec<f64>>,
    /// Whether checkpoints are manned as often as in the scenario; never otherwise.
    pub(super) is_manned: bool,
}

/// What an answer is for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stage {
    /// To compare placements.
    Search,
    /// To be told.
    Report,
}

/// Who earns most under police of one kind, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Response {
    pub(super) setting: Setting,
    pub(super) stage: Stage,
    pub(super) point: Point,
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.placement {
            _ if !self.is_manned => write!(f, "no police"),
            None => write!(f, "sight {}, anywhere", self.sight),
            Some(placement) => {
                let percent: Vec<_> = placement.iter().map(|share| format!("{:.0}", 100.0 * share)).collect();
                write!(f, "sight {}, {} %", self.sight, percent.join("/"))
            }
        }
    }
}

/// All who can drive.
pub(super) struct Drivers<'a> {
    spec: &'a RuleSpec,
    model: &'a str,
    /// How it learns on.
    config: TrainConfig,
    seed: u64,
}

impl<'a> Drivers<'a> {
    pub(super) fn new(spec: &'a RuleSpec, model: &'a str, set: &[String], seed: u64) -> anyhow::Result<Self> {
        let checkpoint = registry::checkpoint(model, &spec.info())?;
        let checkpoint =
            checkpoint.with_context(|| format!("--model: '{model}' is written by hand and can't learn"))?;
        let rules = spec.rules().name();
        let mut over: Table = as_toml(&defaults(Algorithm::Ppo, rules).config)?.parse()?;
        for key in ["imitate", "imitation_steps"] {
            over.remove(key);
        }
        let actor = checkpoint.acting()?;
        let hidden: Vec<i64> = actor.hidden().into_iter().map(|size| size as i64).collect();
        over.extend(LEARNING_ON.parse::<Table>()?);
        over.insert("hidden".to_owned(), hidden.into());
        over.insert("activation".to_owned(), actor.activation.to_string().into());
        over.insert("action_masks".to_owned(), checkpoint.info.action_masks.into());
        over.insert("initial_weights".to_owned(), model.into());
        let generic = defaults(Algorithm::Ppo, "").config;
        Ok(Self { spec, model, config: merged(&with(&generic, over)?, None, set)?, seed })
    }

    /// The scenario with police of one kind.
    pub(super) fn spec(&self, setting: &Setting) -> anyhow::Result<RuleSpec> {
        let mut spec = self.spec.with_field("police.sight", &setting.sight.to_string())?;
        if let Some(placement) = &setting.placement {
            spec = spec.with_field("police.placement", &format!("{placement:?}"))?;
        }
        if !setting.is_manned {
            spec = spec.with_field("police.manned", "0")?;
        }
        Ok(spec)
    }

    /// Who earns most there, after the agent has learnt on for some steps.
    pub(super) fn response(
        &self,
        setting: Setting,
        stage: Stage,
        steps: u64,
        episodes: usize,
    ) -> anyhow::Result<Response> {
        let spec = self.spec(&setting)?;
        // All placements of a stage are compared on the same randomness.
        let seed = match stage {
            Stage::Search => SeedStream::Validation.seed(self.seed),
            Stage::Report => self.seed,
        };
        let drive = |name: &str, driver: Driver| {
            let drive = Drive { driver, seed, episodes, bar: &ProgressBar::hidden() };
            let evaluation = spec.visit(drive)?;
            Ok::<_, anyhow::Error>(Point::new(name, setting.sight.into(), &evaluation))
        };
        let named = SCRIPTED.into_iter().chain([self.model]);
        let drive_named = |name: &str| drive(&registry::display_name(name), Driver::Named(name));
        let mut points = named.map(drive_named).collect::<anyhow::Result<Vec<_>>>()?;
        if steps > 0 {
            // What is to be expected is the same, and it varies less.
            let learnt_on = spec.with_field("crash.mode", "\"expected\"")?;
            let learnt = learnt_on.visit(LearnOn { config: &self.config, steps, seed: self.seed })?;
            let name = format!("{} learnt on", registry::display_name(self.model));
            points.push(drive(&name, Driver::Trained(&learnt))?);
        }
        let best = points.into_iter().max_by(|one, other| one.mean_return.total_cmp(&other.mean_return));
        Ok(Response { setting, stage, point: best.context("there is nobody to drive")? })
    }
}

/// Trains an agent on, and hands back the weights that did best on the way.
struct LearnOn<'a> {
    config: &'a TrainConfig,
    steps: u64,
    seed: u64,
}

impl RulesVisitor for LearnOn<'_> {
    type Output = anyhow::Result<Checkpoint>;

    fn visit<R: Rules>(self, rules: R) -> anyhow::Result<Checkpoint> {
        let Self { config, steps, seed } = self;
        let evaluations =
            Evaluations { every: steps.div_ceil(EVALUATIONS), episodes: EVALUATION_EPISODES, stop_at: None };
        let mut run = TrainingRun::new(config, &rules, seed, steps, evaluations, None)?;
        while !run.finished() {
            ensure!(!interrupt::asked(), INTERRUPTED);
            run.advance()?;
        }
        run.best().cloned().context("a training is evaluated when it ends")
    }
}
