//! A training that is watched: evaluated as it goes, its best weights kept, and saved so that it can go on.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use burn::tensor::Device;
use daladala_agents::files::{read, write_whole};
use daladala_agents::{
    Checkpoint, Choice, EvaluatedEpisode, Evaluation, FileError, NeuralPolicy, SeedStream, evaluate_each,
};
use daladala_env::{Rules, SpecId};
use serde::{Deserialize, Serialize};

use crate::config::TrainConfig;
use crate::error::LearningError;
use crate::fragment::Fragment;
use crate::trainer::{Progress, Trainer, TrainerState};

/// The seed of all evaluations of all trainings: the same layouts each time, so that they can be compared. It is not one
/// that people use, whose report is on these layouts too.
const EVALUATION_SEED: u64 = 0x0e7a_1000_0000;
/// Episodes of an evaluation that confirms, and of one of what is kept.
const RESULT_EPISODES: usize = 1000;

/// The fraction of the best return at which a training counts as solved.
pub const SOLVED: f64 = 0.995;
/// The most episodes of an evaluation as training goes.
pub const MAX_EVALUATION_EPISODES: usize = 1_000_000;

/// How a saved run begins; the number is the format's.
const MAGIC: &[u8; 8] = b"DALARUN6";
/// The largest saved run that is read, bytes: replay buffers take most of it.
const MAX_FILE_SIZE: u64 = 4 << 30;

/// Whether the policy of an evaluation solves its rules: [`SOLVED`] of the best return, where that is known.
fn solves(evaluation: &Evaluation) -> bool {
    reaches(evaluation, SOLVED)
}

fn reaches(evaluation: &Evaluation, fraction: f64) -> bool {
    evaluation.optimal_fraction.is_some_and(|reached| reached >= fraction)
}

/// When a training is evaluated, and what that decides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluations {
    /// Environment steps from one to the next.
    pub every: u64,
    /// Episodes of each.
    pub episodes: usize,
    /// End the training once this fraction of the best return is reached, where the rules let that be known.
    pub stop_at: Option<f64>,
}

/// A training with its evaluations.
pub struct TrainingRun<R: Rules> {
    rules: R,
    trainer: Trainer<R>,
    evaluations: Evaluations,
    /// Steps at which the next evaluation is due.
    next_evaluation: u64,
    /// The weights that did best; their `mean_return` is that of their evaluation.
    best: Option<Checkpoint>,
    /// How these rank; see [`Self::rank`].
    best_rank: (bool, f64),
    /// The best weights reached what the training was to stop at.
    stopped: bool,
    /// Environment steps at which an evaluation first found the rules solved, and another confirmed it.
    solved_at: Option<u64>,
    /// Once it is set, evaluations stop.
    stop: Arc<AtomicBool>,
}

/// What an advance brought.
#[derive(Debug, Clone)]
pub struct Report {
    /// How training goes.
    pub progress: Progress,
    /// The evaluation, where one was due.
    pub evaluation: Option<Evaluated>,
}

/// What a training comes to.
#[derive(Debug, Clone)]
pub struct TrainingResult {
    /// The weights that did best; their `mean_return` is that of `evaluation`.
    pub checkpoint: Checkpoint,
    /// How they do on layouts that had no part in training or choosing them.
    pub evaluation: Evaluation,
    /// The returns of that, an episode each.
    pub returns: Vec<f32>,
    /// How they do on yet other layouts, by which trainings are ranked.
    pub validation: Evaluation,
    /// How they do on the layouts that the training began with, one an environment.
    pub on_training_layouts: Evaluation,
}

/// An evaluation in the midst of a training.
#[derive(Debug, Clone)]
pub struct Evaluated {
    /// Its figures.
    pub evaluation: Evaluation,
    /// None was better so far.
    pub is_best: bool,
}

#[derive(Serialize, Deserialize)]
struct RunState<S> {
    trainer: TrainerState<S>,
    evaluations: Evaluations,
    next_evaluation: u64,
    /// As a weights file.
    best: Option<Vec<u8>>,
    best_rank: (bool, f64),
    stopped: bool,
    solved_at: Option<u64>,
}

/// What a saved run is for.
#[derive(Deserialize)]
struct RunHead {
    trainer: TrainerHead,
}

#[derive(Deserialize)]
struct TrainerHead {
    spec: SpecId,
}

impl<R: Rules> TrainingRun<R> {
    /// At the beginning; see [`Trainer::new`].
    pub fn new(
        config: &TrainConfig,
        rules: &R,
        seed: u64,
        steps: u64,
        evaluations: Evaluations,
        device: Option<&Device>,
    ) -> Result<Self, LearningError> {
        let trainer = Trainer::new(config, rules, seed, steps, device)?;
        let next_evaluation = evaluations.every;
        Ok(Self {
            rules: rules.clone(),
            trainer,
            evaluations,
            next_evaluation,
            best: None,
            best_rank: (false, f64::NEG_INFINITY),
            stopped: false,
            solved_at: None,
            stop: Arc::default(),
        })
    }

    /// Once the flag is set, evaluations stop at once, and what they are a part of is [`LearningError::Stopped`].
    #[must_use]
    pub fn stopped_by(self, stop: Arc<AtomicBool>) -> Self {
        Self { stop, ..self }
    }

    /// What is trained.
    #[must_use]
    pub fn trainer(&self) -> &Trainer<R> {
        &self.trainer
    }

    /// Whether all steps are done, or the best weights are good enough.
    #[must_use]
    pub fn finished(&self) -> bool {
        self.stopped || self.trainer.finished()
    }

    /// Environment steps at which an evaluation first found the rules solved ([`SOLVED`] of the best return), and another
    /// one, on other layouts, confirmed it.
    #[must_use]
    pub fn solved_at(&self) -> Option<u64> {
        self.solved_at
    }

    /// The weights that did best in an evaluation so far.
    #[must_use]
    pub fn best(&self) -> Option<&Checkpoint> {
        self.best.as_ref()
    }

    /// The network that acts, as it is now: what a [`Sample`](crate::Sample) gathers with.
    #[must_use]
    pub fn acting(&self) -> Checkpoint {
        let mut checkpoint = self.trainer.checkpoint();
        let acting = checkpoint.info.algorithm.acting_network();
        checkpoint.networks.retain(|name, _| name == acting);
        checkpoint
    }

    /// Trains on by one update, and evaluates where that is due.
    pub fn advance(&mut self) -> Result<Report, LearningError> {
        let progress = self.trainer.advance();
        self.report(progress)
    }

    /// [`Self::advance`] with experience that was gathered elsewhere; see [`Trainer::advance_with`].
    pub fn advance_with(&mut self, fragments: Vec<Fragment>) -> Result<Report, LearningError> {
        let progress = self.trainer.advance_with(fragments)?;
        self.report(progress)
    }

    fn report(&mut self, progress: Progress) -> Result<Report, LearningError> {
        let due = progress.steps >= self.next_evaluation || self.trainer.finished();
        let evaluation = if due { Some(self.evaluate(progress.steps)?) } else { None };
        Ok(Report { progress, evaluation })
    }

    fn evaluate(&mut self, steps: u64) -> Result<Evaluated, LearningError> {
        self.next_evaluation = steps + self.evaluations.every;
        let mut checkpoint = self.trainer.checkpoint();
        if !checkpoint.is_finite() {
            return Err(LearningError::Diverged { steps });
        }
        let evaluation = self.drive(&checkpoint, SeedStream::Evaluation, self.evaluations.episodes)?;
        checkpoint.info.mean_return = evaluation.mean_return;
        let rank = self.rank(&evaluation);
        // Of equals the later one: it has seen more.
        let is_best = self.best.is_none() || rank >= self.best_rank;
        if is_best {
            self.best_rank = rank;
            self.look_for_the_end(&checkpoint, &evaluation, steps)?;
            self.best = Some(checkpoint);
        }
        Ok(Evaluated { evaluation, is_best })
    }

    /// What the best weights have the greatest of: those within the limit to costs come first, and of those beyond it the
    /// cheapest. Where the price of costs is given, return less that price.
    fn rank(&self, evaluation: &Evaluation) -> (bool, f64) {
        let TrainConfig::PpoLagrangian(config) = self.trainer.config() else { return (true, evaluation.mean_return) };
        let cost = self.rules.info().cost_terms.into_iter().next();
        let cost = cost.and_then(|cost| Some(evaluation.figure(&cost.name)?.mean)).unwrap_or_default();
        if config.multiplier_learning_rate == 0.0 {
            return (true, evaluation.mean_return - f64::from(config.cost_price) * cost);
        }
        let keeps = config.cost_limit.is_none_or(|limit| cost <= f64::from(limit));
        if keeps { (true, evaluation.mean_return) } else { (false, -cost) }
    }

    /// Notes whether the rules are solved, and whether the training may stop: both have to be confirmed.
    fn look_for_the_end(
        &mut self,
        checkpoint: &Checkpoint,
        evaluation: &Evaluation,
        steps: u64,
    ) -> Result<(), LearningError> {
        let stop_at = self.evaluations.stop_at;
        let may_be_solved = self.solved_at.is_none() && solves(evaluation);
        let may_stop = stop_at.is_some_and(|fraction| reaches(evaluation, fraction));
        if may_be_solved || may_stop {
            let confirming = self.drive(checkpoint, SeedStream::Confirmation, RESULT_EPISODES)?;
            self.solved_at = self.solved_at.or((may_be_solved && solves(&confirming)).then_some(steps));
            self.stopped = may_stop && stop_at.is_some_and(|fraction| reaches(&confirming, fraction));
        }
        Ok(())
    }

    fn drive(&self, checkpoint: &Checkpoint, stream: SeedStream, episodes: usize) -> Result<Evaluation, LearningError> {
        self.drive_each(checkpoint, stream.seed(EVALUATION_SEED), episodes, &mut |_| ())
    }

    fn drive_each(
        &self,
        checkpoint: &Checkpoint,
        seed: u64,
        episodes: usize,
        each: &mut dyn FnMut(&EvaluatedEpisode),
    ) -> Result<Evaluation, LearningError> {
        let policy = NeuralPolicy::new(checkpoint, Choice::Greedy).expect("a trainer's networks fit their rules");
        let mut each = |_, episode: &_| {
            each(episode);
            Ok(())
        };
        let stop = &*self.stop;
        let goes_on = |_| if stop.load(Ordering::Relaxed) { Err(LearningError::Stopped) } else { Ok(()) };
        evaluate_each(&policy, &self.rules, seed, episodes, &goes_on, &mut each)
    }

    /// The best weights so far, evaluated on layouts that had no part in choosing them; the weights as they are, where there
    /// was no evaluation yet.
    pub fn result(&self) -> Result<TrainingResult, LearningError> {
        let mut checkpoint = self.best.clone().unwrap_or_else(|| self.trainer.checkpoint());
        let mut returns = Vec::with_capacity(RESULT_EPISODES);
        let mut keep = |episode: &EvaluatedEpisode| returns.push(episode.stats.episode_return);
        let seed = SeedStream::Report.seed(EVALUATION_SEED);
        let evaluation = self.drive_each(&checkpoint, seed, RESULT_EPISODES, &mut keep)?;
        checkpoint.info.mean_return = evaluation.mean_return;
        let validation = self.drive(&checkpoint, SeedStream::Validation, RESULT_EPISODES)?;
        let seed = SeedStream::Training.seed(self.trainer.seed());
        let on_training_layouts = self.drive_each(&checkpoint, seed, self.trainer.config().envs(), &mut |_| ())?;
        Ok(TrainingResult { checkpoint, evaluation, returns, validation, on_training_layouts })
    }

    /// Writes all that the rest of the run depends on, whole or not at all.
    pub fn save(&self, path: &Path) -> Result<(), LearningError> {
        let state = RunState {
            trainer: self.trainer.state(),
            evaluations: self.evaluations.clone(),
            next_evaluation: self.next_evaluation,
            best: self.best.as_ref().map(Checkpoint::to_bytes),
            best_rank: self.best_rank,
            stopped: self.stopped,
            solved_at: self.solved_at,
        };
        let unwritable = |error| FileError::Write { path: path.to_owned(), source: std::io::Error::other(error) };
        let state = rmp_serde::to_vec_named(&state).map_err(unwritable)?;
        Ok(write_whole(path, &[&MAGIC[..], &crc32fast::hash(&state).to_le_bytes(), &state].concat())?)
    }

    /// Goes on from a saved run, exactly as it would have on the same kind of machine.
    pub fn resume(path: &Path, rules: &R, device: Option<&Device>) -> Result<Self, LearningError> {
        let bytes = read(path, MAX_FILE_SIZE)?;
        Self::from_bytes(&bytes, rules, device).map_err(|why| LearningError::Resume { path: path.to_owned(), why })
    }

    fn from_bytes(bytes: &[u8], rules: &R, device: Option<&Device>) -> Result<Self, String> {
        let rest = bytes.strip_prefix(MAGIC).ok_or("it is not a saved run of this version")?;
        let (sum, state) = rest.split_first_chunk().ok_or("it is cut off")?;
        if crc32fast::hash(state) != u32::from_le_bytes(*sum) {
            return Err("it is damaged".to_owned());
        }
        // States of other rules are of other types: what it is for has to be seen first.
        let head: RunHead = rmp_serde::from_slice(state).map_err(|error| error.to_string())?;
        if !head.trainer.spec.same_dynamics(&rules.info().id) {
            return Err(format!("it is a training for '{}'", head.trainer.spec));
        }
        let state: RunState<R::State> = rmp_serde::from_slice(state).map_err(|error| error.to_string())?;
        let Evaluations { every, episodes, .. } = state.evaluations;
        if every == 0 || !(1..=MAX_EVALUATION_EPISODES).contains(&episodes) {
            return Err("its evaluations make no sense".to_owned());
        }
        let best = state.best.as_deref().map(Checkpoint::from_bytes).transpose().map_err(|error| error.to_string())?;
        Ok(Self {
            rules: rules.clone(),
            trainer: Trainer::from_state(state.trainer, rules, device)?,
            evaluations: state.evaluations,
            next_evaluation: state.next_evaluation,
            best,
            best_rank: state.best_rank,
            stopped: state.stopped,
            solved_at: state.solved_at,
            stop: Arc::default(),
        })
    }
}
