//! What PPO, A2C and REINFORCE have in common: an actor and a critic that learn from what the actor just did.
//!
//! The two share no weights, so each has its own optimizer and learning rate, and their gradients are computed at the
//! same time on two threads. The norm of both gradients together is clipped, as where a loss of both is followed. All
//! figures of an update are means over its minibatches.

use std::collections::BTreeMap;

use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Tensor};
use daladala_agents::network::{Activation, FusedMlp, MlpWeights, values};
use daladala_agents::{Choice, DeviceKind, Policy, registry};
use daladala_env::{Generator, Rules};
use ndarray::Axis;
use serde::{Deserialize, Serialize};

use crate::collector::{Collector, CollectorOptions, CollectorState};
use crate::constraint::{Constraint, ConstraintSettings, ConstraintState};
use crate::environments::Environments;
use crate::learner::{Learner, LearnerState, clip_factor};
use crate::method::{Method, MethodState, Update};
use crate::normalizer::Normalizers;
use crate::rollout::Rollout;
use crate::schedule::TrainingProgress;

/// What is told of an update.
pub(crate) const DETAILS: [&str; 4] =
    ["train/policy_gradient_loss", "train/value_loss", "train/entropy", "train/explained_variance"];

/// Added to the denominators of Adam, as Stable-Baselines3 does for policy gradients.
const ADAM_EPSILON: f32 = 1e-5;
/// What closed actions have for a logit where gradients are computed: small enough that their probability is 0, and
/// finite, as 0 · ∞ is no number.
const CLOSED_LOGIT: f32 = -1e8;
/// An update ends once the policy has moved 1.5 times as far as it should: the factor of Stable-Baselines3.
const TARGET_KL_FACTOR: f32 = 1.5;

/// How fresh weights are drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Initialization {
    /// Orthogonal vectors, biases of zero (Saxe et al., 2014).
    #[default]
    Orthogonal,
    /// Uniform in ±1/√inputs, as PyTorch's `Linear` does.
    Uniform,
}

/// The shape of both networks, and how they begin.
pub(crate) struct Networks<'a> {
    pub(crate) hidden: &'a [usize],
    pub(crate) activation: Activation,
    pub(crate) initialization: Initialization,
}

/// What the gradient steps of an update take.
pub(crate) struct StepOptions {
    pub(crate) actor_learning_rate: f64,
    pub(crate) critic_learning_rate: f64,
    /// The greatest norm of the gradients of both networks together.
    pub(crate) max_gradient_norm: f32,
    /// Weight of the entropy in the actor's loss.
    pub(crate) entropy_coefficient: f32,
    /// How far the ratio of an action's probabilities may move from 1, where the algorithm limits it.
    pub(crate) clip_range: Option<f32>,
    /// How far a value may move from what it was, where that is limited.
    pub(crate) value_clip_range: Option<f32>,
    /// An update ends once the policy has moved this far (Kullback and Leibler), where that is limited.
    pub(crate) target_kl: Option<f32>,
}

/// What the objective of a gradient step is made from, `[rows, 1]` each.
pub(crate) struct Batch {
    /// Of the actions that were taken, by the policy as it is.
    pub(crate) log_probabilities: Tensor<2>,
    /// The same by the policy that took them.
    pub(crate) old_log_probabilities: Tensor<2>,
    /// With mean 0 and standard deviation 1.
    pub(crate) advantages: Tensor<2>,
}

/// What the policy gradient goes up: `[1]` of a batch.
pub(crate) type Objective<'a> = &'a (dyn Fn(Batch) -> Tensor<1> + Sync);

/// One of the algorithms, by its hyperparameters.
pub(crate) trait Recipe: Clone + Send + 'static {
    fn collector(&self) -> CollectorOptions;

    fn networks(&self) -> Networks<'_>;

    /// The policy that the first steps imitate, by name.
    fn teacher(&self) -> Option<&str> {
        None
    }

    /// The limit to what episodes may cost.
    fn constraint(&self) -> Option<ConstraintSettings> {
        None
    }

    /// Gathers experience and learns from it.
    fn advance<R: Rules>(&self, on_policy: &mut OnPolicy<R>, training: TrainingProgress) -> Update;
}

/// An algorithm with what it works on.
pub(crate) struct OnPolicyMethod<R: Rules, C: Recipe> {
    recipe: C,
    on_policy: OnPolicy<R>,
}

impl<R: Rules, C: Recipe> OnPolicyMethod<R, C> {
    /// An error that says what of the recipe does not go with the rules.
    pub(crate) fn new(recipe: &C, rules: &R, seed: u64, device: &Device) -> Result<Self, String> {
        let info = rules.info();
        let load = |name| registry::load(name, &info, Choice::Greedy, DeviceKind::Cpu);
        let teacher = recipe.teacher().map(load).transpose().map_err(|error| format!("imitate: {error}"))?;
        let tells_cost = info.cost_terms.first().is_some_and(|cost| info.figure(&cost.name).is_some());
        if recipe.constraint().is_some() && !tells_cost {
            return Err(format!("cost_limit: '{}' have no cost that could be limited", info.id.rules));
        }
        let collector = Collector::new(rules, &recipe.collector(), seed);
        let mut on_policy = OnPolicy::new(collector, &recipe.networks(), recipe.constraint(), seed, device);
        on_policy.teacher = teacher.map(|teacher| teacher.policy);
        Ok(Self { recipe: recipe.clone(), on_policy })
    }
}

impl<R: Rules, C: Recipe> Method<R> for OnPolicyMethod<R, C> {
    fn advance(&mut self, training: TrainingProgress) -> Update {
        self.recipe.advance(&mut self.on_policy, training)
    }

    fn environments(&self) -> &Environments<R> {
        &self.on_policy.collector.environments
    }

    fn networks(&self) -> BTreeMap<String, MlpWeights> {
        let OnPolicy { actor, critic, constraint, .. } = &self.on_policy;
        let learners = [("actor", actor), ("critic", critic)].into_iter();
        let learners = learners.chain(constraint.iter().map(|constraint| ("cost_critic", &constraint.critic)));
        let folded = |learner: &Learner| self.on_policy.folded(&learner.weights());
        learners.map(|(name, learner)| (name.to_owned(), folded(learner))).collect()
    }

    fn state(&self) -> MethodState<R::State> {
        MethodState::OnPolicy(self.on_policy.state())
    }

    fn restore(&mut self, state: MethodState<R::State>) -> Result<(), String> {
        self.on_policy.restore(state.on_policy()?)
    }
}

pub(crate) struct OnPolicy<R: Rules> {
    pub(crate) collector: Collector<R>,
    pub(crate) actor: Learner,
    pub(crate) critic: Learner,
    /// Where costs are limited.
    pub(crate) constraint: Option<Constraint>,
    pub(crate) teacher: Option<Box<dyn Policy>>,
    /// Of the minibatches.
    pub(crate) shuffling: Generator,
}

/// What an [`OnPolicy`] goes on from, between two updates.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct OnPolicyState<S> {
    collector: CollectorState<S>,
    actor: LearnerState,
    critic: LearnerState,
    constraint: Option<ConstraintState>,
    shuffling: Generator,
}

/// How the gradient steps of an update went, each a mean over its minibatches.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figures {
    pub(crate) policy_loss: f64,
    pub(crate) value_loss: f64,
    pub(crate) entropy: f64,
    /// How far the policy moved: mean of ratio − 1 − log ratio (Schulman, 2020).
    pub(crate) approx_kl: f64,
    /// The part of the rows whose ratio left the clip range.
    pub(crate) clip_fraction: f64,
}

impl<R: Rules> OnPolicy<R> {
    fn new(
        collector: Collector<R>,
        networks: &Networks,
        constraint: Option<ConstraintSettings>,
        seed: u64,
        device: &Device,
    ) -> Self {
        let mut generator = Generator::new(seed, u64::MAX);
        let inputs = collector.environments.observation_size();
        let init = match networks.initialization {
            Initialization::Orthogonal => MlpWeights::orthogonal,
            Initialization::Uniform => MlpWeights::init,
        };
        let mut learner = |outputs, gain| {
            let sizes = [&[inputs], networks.hidden, &[outputs]].concat();
            let weights = init(&sizes, networks.activation, gain, &mut generator);
            Learner::new(&weights, ADAM_EPSILON, device)
        };
        // A small gain makes the first policy nearly uniform.
        let actor = learner(collector.environments.actions(), 0.01);
        let critic = learner(1, 1.0);
        let constraint = constraint.map(|settings| Constraint::new(settings, learner(1, 1.0)));
        let shuffling = Generator::new(seed, u64::MAX - 1);
        Self { collector, actor, critic, constraint, teacher: None, shuffling }
    }

    /// The network that takes raw observations.
    fn folded(&self, weights: &MlpWeights) -> MlpWeights {
        self.collector.normalizers.folded_into(weights)
    }

    /// Actor and critic as they are, to act on the CPU.
    pub(crate) fn acting(&self) -> (FusedMlp, FusedMlp) {
        (self.acting_of(&self.actor), self.acting_of(&self.critic))
    }

    /// A network as it is, to act on the CPU.
    pub(crate) fn acting_of(&self, learner: &Learner) -> FusedMlp {
        let is_folded = self.collector.normalizers.changes_observations();
        if is_folded { FusedMlp::new(&self.folded(&learner.weights())) } else { learner.acting() }
    }

    /// Gradient steps up the `objective`, one for each of the `batches` of rows, which there is at least one of. Once the
    /// policy has moved too far, the rest is left out.
    pub(crate) fn learn(
        &mut self,
        batches: &[Vec<usize>],
        targets: &Targets,
        options: &StepOptions,
        objective: Objective,
    ) -> Figures {
        let Self { collector, actor, critic, .. } = self;
        let experience = Experience { rollout: &collector.rollout, normalizers: &collector.normalizers, targets };
        let (mut acted, mut value_losses) = (Vec::with_capacity(batches.len()), Vec::with_capacity(batches.len()));
        for rows in batches {
            let step = gradient_step(actor, critic, &experience, rows, options, objective);
            acted.push(step.actor);
            value_losses.push(step.value_loss);
            if step.moved_too_far {
                break;
            }
        }
        let mean = |figure: fn(&ActorFigures) -> &Tensor<1>| mean(acted.iter().map(figure));
        let figures = Figures {
            policy_loss: mean(|step| &step.policy_loss),
            value_loss: self::mean(value_losses.iter()),
            entropy: mean(|step| &step.entropy),
            approx_kl: mean(|step| &step.approx_kl),
            clip_fraction: mean(|step| &step.clip_fraction),
        };
        self.collector.learnt();
        figures
    }

    fn state(&self) -> OnPolicyState<R::State> {
        OnPolicyState {
            collector: self.collector.state(),
            actor: self.actor.state(),
            critic: self.critic.state(),
            constraint: self.constraint.as_ref().map(Constraint::state),
            shuffling: self.shuffling.clone(),
        }
    }

    fn restore(&mut self, state: OnPolicyState<R::State>) -> Result<(), String> {
        self.collector.restore(state.collector)?;
        self.actor.restore(state.actor)?;
        self.critic.restore(state.critic)?;
        match (&mut self.constraint, state.constraint) {
            (None, None) => {}
            (Some(constraint), Some(state)) => constraint.restore(state)?,
            _ => return Err("it is not the state of these hyperparameters".to_owned()),
        }
        self.shuffling = state.shuffling;
        Ok(())
    }
}

impl Figures {
    /// What is told of the update that they are of.
    pub(crate) fn update(&self, rollout: &Rollout, targets: &Targets, options: &StepOptions) -> Update {
        let entropy_coefficient = f64::from(options.entropy_coefficient);
        let loss = self.policy_loss - entropy_coefficient * self.entropy + self.value_loss;
        let explained_variance = rollout.explained_variance(&targets.returns);
        let details = [self.policy_loss, self.value_loss, self.entropy, explained_variance];
        Update {
            steps: rollout.rows() as u64,
            loss: loss as f32,
            learning_rate: options.actor_learning_rate,
            details: details.map(|figure| figure as f32).to_vec(),
        }
    }
}

/// What gradient steps take their rows from.
pub(crate) struct Experience<'a> {
    pub(crate) rollout: &'a Rollout,
    pub(crate) normalizers: &'a Normalizers,
    pub(crate) targets: &'a Targets,
}

/// What is learnt from each row of a rollout.
pub(crate) struct Targets {
    /// How much better it went than expected: what the actor goes by.
    pub(crate) advantages: Vec<f32>,
    /// What the critic is to expect.
    pub(crate) returns: Vec<f32>,
}

impl Targets {
    /// Those of advantages over what the critic expected.
    pub(crate) fn new(rollout: &Rollout, advantages: Vec<f32>) -> Self {
        let returns = advantages.iter().zip(&rollout.values).map(|(advantage, value)| advantage + value).collect();
        Self { advantages, returns }
    }
}

impl Experience<'_> {
    fn observations(&self, learner: &Learner, rows: &[usize]) -> Tensor<2> {
        let mut observations = self.rollout.observations.select(Axis(0), rows);
        self.normalizers.apply(observations.view_mut());
        learner.rows(observations)
    }
}

/// Those of some rows.
fn of_rows(values: &[f32], rows: &[usize]) -> Vec<f32> {
    rows.iter().map(|&row| values[row]).collect()
}

/// How a gradient step of the actor went, `[1]` each and without gradients.
pub(crate) struct ActorFigures {
    pub(crate) policy_loss: Tensor<1>,
    pub(crate) entropy: Tensor<1>,
    pub(crate) approx_kl: Tensor<1>,
    pub(crate) clip_fraction: Tensor<1>,
}

/// How a gradient step of both went.
pub(crate) struct Step {
    pub(crate) actor: ActorFigures,
    /// The critic's loss before the step, `[1]` without gradients.
    pub(crate) value_loss: Tensor<1>,
    /// The step was left out, because the policy has moved too far already.
    pub(crate) moved_too_far: bool,
}

/// A gradient step of actor and critic, along gradients whose norm together is clipped.
pub(crate) fn gradient_step(
    actor: &mut Learner,
    critic: &mut Learner,
    experience: &Experience,
    rows: &[usize],
    options: &StepOptions,
    objective: Objective,
) -> Step {
    let ((actor_gradients, figures), (critic_gradients, value_loss)) = rayon::join(
        || {
            let (loss, figures) = actor_loss(actor, experience, rows, options, objective);
            (actor.gradients(&loss), figures)
        },
        || {
            let loss = critic_loss(critic, experience, rows, options);
            (critic.gradients(&loss), loss.inner())
        },
    );
    let moved = || values(figures.approx_kl.clone())[0];
    let moved_too_far = options.target_kl.is_some_and(|most| moved() > TARGET_KL_FACTOR * most);
    if !moved_too_far {
        let squared_norm = actor_gradients.squared_norm + critic_gradients.squared_norm;
        let factor = clip_factor(squared_norm, options.max_gradient_norm);
        rayon::join(
            || actor.step_along(actor_gradients, factor, options.actor_learning_rate),
            || critic.step_along(critic_gradients, factor, options.critic_learning_rate),
        );
    }
    Step { actor: figures, value_loss, moved_too_far }
}

/// What the actor goes down, and what is told of it.
pub(crate) fn actor_loss(
    actor: &Learner,
    experience: &Experience,
    rows: &[usize],
    options: &StepOptions,
    objective: Objective,
) -> (Tensor<1>, ActorFigures) {
    let rollout = experience.rollout;
    let mut logits = actor.forward(experience.observations(actor, rows));
    if !rollout.masks.is_empty() {
        let masks: Vec<u32> = rows.iter().map(|&row| rollout.masks[row]).collect();
        let closed = actor.closed(&masks, logits.dims()[1]);
        logits = logits.mask_fill(closed, CLOSED_LOGIT);
    }
    let actions = actor.actions(rows.iter().map(|&row| i64::from(rollout.actions[row])).collect());
    let all = log_softmax(logits, 1);
    let log_probabilities = all.clone().gather(1, actions);
    let old_log_probabilities = actor.column(of_rows(&rollout.log_probabilities, rows));
    let entropy = -(all.clone().exp() * all).sum_dim(1).mean();
    let policy_loss = -objective(Batch {
        log_probabilities: log_probabilities.clone(),
        old_log_probabilities: old_log_probabilities.clone(),
        advantages: actor.column(normalized(of_rows(&experience.targets.advantages, rows))),
    });
    let log_ratios = log_probabilities.inner() - old_log_probabilities.inner();
    let off = log_ratios.clone().exp() - 1.0;
    let clip_fraction = match options.clip_range {
        None => (off.clone() * 0.0).mean(),
        Some(range) => off.clone().abs().greater_elem(range).float().mean(),
    };
    let approx_kl = (off - log_ratios).mean();
    let figures = ActorFigures {
        policy_loss: policy_loss.clone().inner(),
        entropy: entropy.clone().inner(),
        approx_kl,
        clip_fraction,
    };
    (policy_loss - entropy * options.entropy_coefficient, figures)
}

/// What the critic goes down: the mean squared error of its values.
pub(crate) fn critic_loss(
    critic: &Learner,
    experience: &Experience,
    rows: &[usize],
    options: &StepOptions,
) -> Tensor<1> {
    let rollout = experience.rollout;
    let returns = of_rows(&experience.targets.returns, rows);
    let mut expected = critic.forward(experience.observations(critic, rows));
    if let Some(range) = options.value_clip_range {
        let old = critic.column(of_rows(&rollout.values, rows));
        expected = old.clone() + (expected - old).clamp(-range, range);
    }
    let error = expected - critic.column(returns);
    (error.clone() * error).mean()
}

/// The objective of plain policy gradients.
pub(crate) fn policy_gradient(batch: Batch) -> Tensor<1> {
    (batch.log_probabilities * batch.advantages).mean()
}

/// The mean of single numbers.
fn mean<'a>(numbers: impl ExactSizeIterator<Item = &'a Tensor<1>>) -> f64 {
    let count = numbers.len() as f64;
    numbers.map(|number| f64::from(values(number.clone())[0])).sum::<f64>() / count
}

/// Mean 0 and standard deviation 1, over a minibatch.
pub(crate) fn normalized(mut values: Vec<f32>) -> Vec<f32> {
    let count = values.len() as f64;
    let mean = values.iter().copied().map(f64::from).sum::<f64>() / count;
    // That of a sample, as PyTorch's.
    let variance = values.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let scale = 1.0 / (variance.sqrt() + 1e-8);
    for value in &mut values {
        *value = ((f64::from(*value) - mean) * scale) as f32;
    }
    values
}
