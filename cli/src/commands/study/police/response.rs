//! What drivers do under police of one kind: whatever pays best of what they can, which is what was written by hand, and what
//! an agent does that learns on there.

use std::fmt;
use std::path::PathBuf;

use anyhow::{Context, ensure};
use daladala_agents::{Algorithm, Checkpoint, SeedStream, registry};
use daladala_env::{RuleSpec, Rules, RulesVisitor};
use daladala_learning::{Evaluations, TrainConfig, TrainingRun, defaults};
use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::super::drive::{Drive, Driver, INTERRUPTED};
use super::super::points::Point;
use super::super::train::Train;
use crate::hyperparameters::{as_toml, merged, with};
use crate::interrupt;

/// Drivers written by hand among whom the best is looked for.
const SCRIPTED: [&str; 8] = ["legal", "greedy", "selective", "outlaw", "speeder", "timid", "reckless", "fugitive"];
/// Evaluations of an agent that learns on, of which the best is kept, and episodes of each.
const EVALUATIONS: u64 = 4;
const EVALUATION_EPISODES: usize = 1000;

/// Hyperparameters of learning anew what pays at a range of sight: rollouts that are short beside those that made the agent, so
/// that there are many updates within few steps. What is saved takes raw observations, so learning from there goes without
/// normalising them.
const TO_A_SIGHT: &str = "
envs = 64
minibatch_size = 1024
learning_rate = 0.0003
critic_learning_rate = 0.001
normalize_observations = false
";

/// What is other at a placement, where little is new: small steps, and nothing that makes the agent less sure.
const TO_A_PLACEMENT: &str = "
learning_rate = 0.0001
critic_learning_rate = 0.0005
entropy_coefficient = 0.0
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
    /// How it learns from where it stands.
    config: TrainConfig,
    /// Where agents are kept that know a range of sight.
    folder: PathBuf,
    seed: u64,
}

impl<'a> Drivers<'a> {
    pub(super) fn new(
        spec: &'a RuleSpec,
        model: &'a str,
        set: &[String],
        folder: PathBuf,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let checkpoint = registry::checkpoint(model, &spec.info())?;
        let checkpoint =
            checkpoint.with_context(|| format!("--model: '{model}' is written by hand and can't learn"))?;
        let mut over: Table = as_toml(&defaults(Algorithm::Ppo, spec.rules().name()).config)?.parse()?;
        for key in ["imitate", "imitation_steps"] {
            over.remove(key);
        }
        over.extend(TO_A_SIGHT.parse::<Table>()?);
        let actor = checkpoint.acting()?;
        over.insert("hidden".to_owned(), Value::try_from(actor.hidden())?);
        over.insert("activation".to_owned(), actor.activation.to_string().into());
        over.insert("action_masks".to_owned(), checkpoint.info.action_masks.into());
        over.insert("initial_weights".to_owned(), model.into());
        let config = with(&defaults(Algorithm::Ppo, "").config, over)?;
        Ok(Self { spec, model, config: merged(&config, None, set)?, folder, seed })
    }

    /// Trains the agent, from where it stands, for a range of sight and police who stand anywhere. From that it learns on at
    /// each placement: who never drove where police are seen late would need far more steps.
    pub(super) fn train(&self, sight: u8, steps: u64, bar: &ProgressBar) -> anyhow::Result<()> {
        let spec = self.spec(&Setting { sight, placement: None, is_manned: true })?;
        Self::expected(&spec)?.visit(Train::new(&self.config, steps, self.seed, &self.trained(sight), bar))
    }

    /// The weights of the agent that knows a range of sight.
    fn trained(&self, sight: u8) -> PathBuf {
        self.folder.join(format!("sight-{sight}.safetensors"))
    }

    /// What is learnt on: what is to be expected is the same, and it varies less.
    fn expected(spec: &RuleSpec) -> anyhow::Result<RuleSpec> {
        Ok(spec.with_field("crash.mode", "\"expected\"")?)
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

    /// Who earns most there, after the agent has learnt on for some steps; in a search the one with the greatest `figure` of
    /// those who may.
    pub(super) fn response(
        &self,
        setting: Setting,
        stage: Stage,
        figure: &str,
        (steps, episodes): (u64, usize),
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
            Ok::<_, anyhow::Error>(Point::new(name, None, setting.sight.into(), &evaluation))
        };
        let trained = self.trained(setting.sight).display().to_string();
        let named = SCRIPTED.into_iter().chain([self.model, &trained]);
        let drive_named = |name: &str| drive(&registry::display_name(name), Driver::Named(name));
        let mut points = named.map(drive_named).collect::<anyhow::Result<Vec<_>>>()?;
        if steps > 0 {
            let mut over: Table = TO_A_PLACEMENT.parse()?;
            over.insert("initial_weights".to_owned(), trained.clone().into());
            let config = with(&self.config, over)?;
            let learn_on = LearnOn { config: &config, steps, seed: self.seed };
            let learnt = Self::expected(&spec)?.visit(learn_on)?;
            points.push(drive("learnt on", Driver::Trained(&learnt))?);
        }
        let point = match stage {
            Stage::Search => worst_of_the_best(points, figure),
            Stage::Report => best(points),
        };
        Ok(Response { setting, stage, point: point.context("there is nobody to drive")? })
    }
}

/// Who earns most.
fn best(points: Vec<Point>) -> Option<Point> {
    points.into_iter().max_by(|one, other| one.mean_return.total_cmp(&other.mean_return))
}

/// Of those who may earn most, as far as their trips tell, the one with the greatest `figure`. Where two very different
/// drivers earn the same, the search would otherwise find the placement at which luck chose the better one.
fn worst_of_the_best(points: Vec<Point>, figure: &str) -> Option<Point> {
    let most = best(points.clone())?;
    let half = |point: &Point| (point.return_ci95[1] - point.return_ci95[0]) / 2.0;
    let may_be_best = |point: &Point| most.mean_return - point.mean_return <= half(&most).hypot(half(point));
    let of = |point: &Point| point.figure(figure).unwrap_or(f64::NEG_INFINITY);
    points.into_iter().filter(may_be_best).max_by(|one, other| of(one).total_cmp(&of(other)))
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn point(driver: &str, mean: f64, half: f64, overload: f64) -> Point {
        Point {
            weights: None,
            driver: driver.to_owned(),
            value: 0.0,
            mean_return: mean,
            return_ci95: [mean - half, mean + half],
            mean_length: 100.0,
            figures: BTreeMap::from([("overload_km".to_owned(), (overload, [overload, overload]))]),
            endings: BTreeMap::new(),
        }
    }

    #[test]
    fn the_search_counts_on_the_worst_of_those_who_may_earn_most() {
        let points = vec![point("a", 25.0, 0.3, 16.0), point("b", 24.5, 0.9, 86.0), point("c", 20.0, 0.1, 99.0)];
        assert_eq!(best(points.clone()).unwrap().driver, "a");
        assert_eq!(worst_of_the_best(points.clone(), "overload_km").unwrap().driver, "b");
        let told_apart = vec![points[0].clone(), point("b", 24.0, 0.9, 86.0)];
        assert_eq!(worst_of_the_best(told_apart, "overload_km").unwrap().driver, "a");
        assert!(best(Vec::new()).is_none());
    }
}
