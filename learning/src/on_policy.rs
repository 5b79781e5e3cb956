//! What PPO, A2C and REINFORCE have in common: an actor and a critic that learn from what the actor just did.
//!
//! The two share no weights, so each has its own optimizer and learning rate, and their gradients are found at the
//! same time. The norm of both gradients together is clipped, as where a loss of both is followed. All
//! figures of an update are means over its minibatches.

use std::collections::BTreeMap;

use burn::tensor::Device;
use daladala_agents::network::{Activation, FusedMlp, MlpWeights};
use daladala_agents::{Choice, DeviceKind, Policy, registry};
use daladala_env::{Generator, Rules, RulesInfo};
use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use crate::collector::{Collector, CollectorOptions, CollectorState};
use crate::constraint::{Constraint, ConstraintSettings, ConstraintState};
use crate::environments::Environments;
use crate::fragment::{Fragment, FragmentShape};
use crate::learner::{Learner, LearnerState, clip_factor};
use crate::loss::{ActorFigures, ActorLoss, Objective, RowsOfActor, ValueLoss};
use crate::method::{Method, MethodState, Update};
use crate::rollout::Rollout;
use crate::schedule::TrainingProgress;

/// What is told of an update.
pub(crate) const DETAILS: [&str; 4] =
    ["train/policy_gradient_loss", "train/value_loss", "train/entropy", "train/explained_variance"];

/// Added to the denominators of Adam, as Stable-Baselines3 does for policy gradients.
const ADAM_EPSILON: f32 = 1e-5;
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
    /// What the actor goes up.
    pub(crate) objective: Objective,
    /// How far a value may move from what it was, where that is limited.
    pub(crate) value_clip_range: Option<f32>,
    /// An update ends once the policy has moved this far (Kullback and Leibler), where that is limited.
    pub(crate) target_kl: Option<f32>,
}

/// One of the algorithms, by its hyperparameters.
pub(crate) trait Recipe: Clone + Send + 'static {
    fn collector(&self) -> CollectorOptions;

    fn networks(&self) -> Networks<'_>;

    /// Steps of a rollout, where these are as many each time and the policy that learns takes them.
    fn fragment_steps(&self) -> Result<usize, &'static str>;

    /// The policy that the first steps imitate, by name.
    fn teacher(&self) -> Option<&str> {
        None
    }

    /// The policy whose networks training begins with, by name.
    fn initial_weights(&self) -> Option<&str> {
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
    pub(crate) fn new(recipe: &C, rules: &R, seed: u64, device: Option<&Device>) -> Result<Self, String> {
        let info = rules.info();
        let load = |name| registry::load(name, &info, Choice::Greedy, DeviceKind::Cpu);
        let teacher = recipe.teacher().map(load).transpose().map_err(|error| format!("imitate: {error}"))?;
        let tells_cost = info.cost_terms.first().is_some_and(|cost| info.figure(&cost.name).is_some());
        if recipe.constraint().is_some() && !tells_cost {
            return Err(format!("cost_limit: '{}' have no cost that could be limited", info.id.rules));
        }
        let networks = recipe.networks();
        let trained = recipe.initial_weights().map(|name| trained(name, &info, &networks)).transpose();
        let trained = trained.map_err(|why| format!("initial_weights: {why}"))?.unwrap_or_default();
        let collector = Collector::new(rules, &recipe.collector(), seed);
        let mut on_policy = OnPolicy::new(collector, &networks, &trained, recipe.constraint(), seed, device);
        on_policy.teacher = teacher.map(|teacher| teacher.policy);
        Ok(Self { recipe: recipe.clone(), on_policy })
    }
}

/// The networks of a policy, by name, or why they cannot take the place of fresh ones.
fn trained(name: &str, info: &RulesInfo, shape: &Networks) -> Result<BTreeMap<String, MlpWeights>, String> {
    let checkpoint = registry::checkpoint(name, info).map_err(|error| error.to_string())?;
    let checkpoint = checkpoint.ok_or_else(|| format!("'{name}' is written by hand and has no weights"))?;
    let networks = checkpoint.networks;
    if !networks.contains_key("actor") {
        return Err(format!("'{name}' has no actor, which {} does without", checkpoint.info.algorithm));
    }
    for (network, weights) in &networks {
        if weights.hidden() != shape.hidden || weights.activation != shape.activation {
            let (hidden, activation) = (weights.hidden(), weights.activation);
            return Err(format!("the {network} of '{name}' needs hidden={hidden:?} and activation={activation}"));
        }
    }
    Ok(networks)
}

impl<R: Rules, C: Recipe> Method<R> for OnPolicyMethod<R, C> {
    fn advance(&mut self, training: TrainingProgress) -> Update {
        self.recipe.advance(&mut self.on_policy, training)
    }

    fn fragment_shape(&self) -> Result<FragmentShape, String> {
        let steps = self.recipe.fragment_steps()?;
        let CollectorOptions { envs, action_masks, .. } = self.recipe.collector();
        Ok(FragmentShape { envs, steps, action_masks })
    }

    fn offer(&mut self, fragments: Vec<Fragment>) -> Result<(), String> {
        let shape = self.fragment_shape()?;
        self.on_policy.collector.offer(fragments, shape)
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
pub(crate) struct UpdateFigures {
    pub(crate) actor: ActorFigures,
    pub(crate) value_loss: f64,
}

impl<R: Rules> OnPolicy<R> {
    fn new(
        collector: Collector<R>,
        networks: &Networks,
        trained: &BTreeMap<String, MlpWeights>,
        constraint: Option<ConstraintSettings>,
        seed: u64,
        device: Option<&Device>,
    ) -> Self {
        let mut generator = Generator::new(seed, u64::MAX);
        let inputs = collector.environments.observation_size();
        let init = match networks.initialization {
            Initialization::Orthogonal => MlpWeights::orthogonal,
            Initialization::Uniform => MlpWeights::init,
        };
        let mut learner = |name, outputs, gain| {
            let sizes = [&[inputs], networks.hidden, &[outputs]].concat();
            let fresh = init(&sizes, networks.activation, gain, &mut generator);
            Learner::new(trained.get(name).unwrap_or(&fresh), ADAM_EPSILON, device)
        };
        // A small gain makes the first policy nearly uniform.
        let actor = learner("actor", collector.environments.actions(), 0.01);
        let critic = learner("critic", 1, 1.0);
        let constraint = constraint.map(|settings| Constraint::new(settings, learner("cost_critic", 1, 1.0)));
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

    /// A gradient step for each of the `batches` of rows, which there is at least one of. Once the policy has moved too far,
    /// the rest is left out.
    pub(crate) fn learn(&mut self, batches: &[Vec<usize>], targets: &Targets, options: &StepOptions) -> UpdateFigures {
        let Self { collector, actor, critic, .. } = self;
        let observations = collector.normalized_observations();
        let experience = Experience { rollout: &collector.rollout, observations: observations.view(), targets };
        let mut steps = Vec::with_capacity(batches.len());
        for rows in batches {
            let step = gradient_step(actor, critic, &experience, rows, options);
            steps.push(step);
            if step.moved_too_far {
                break;
            }
        }
        drop(observations);
        self.collector.learnt();
        UpdateFigures::mean(&steps)
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

impl UpdateFigures {
    fn mean(steps: &[Step]) -> Self {
        let mean = |figure: fn(&Step) -> f64| steps.iter().map(figure).sum::<f64>() / steps.len() as f64;
        Self {
            actor: ActorFigures {
                policy_loss: mean(|step| step.actor.policy_loss),
                entropy: mean(|step| step.actor.entropy),
                approx_kl: mean(|step| step.actor.approx_kl),
                clip_fraction: mean(|step| step.actor.clip_fraction),
            },
            value_loss: mean(|step| step.value_loss),
        }
    }

    /// What is told of the update that they are of.
    pub(crate) fn update(&self, rollout: &Rollout, targets: &Targets, options: &StepOptions) -> Update {
        let entropy_coefficient = f64::from(options.entropy_coefficient);
        let ActorFigures { policy_loss, entropy, .. } = self.actor;
        let loss = policy_loss - entropy_coefficient * entropy + self.value_loss;
        let explained_variance = rollout.explained_variance(&targets.returns);
        let details = [policy_loss, self.value_loss, entropy, explained_variance];
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
    /// Those of the rollout, as the networks see them.
    pub(crate) observations: ArrayView2<'a, f32>,
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

/// How a gradient step of both went.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) actor: ActorFigures,
    /// The critic's loss before the step.
    pub(crate) value_loss: f64,
    /// The step was left out, because the policy has moved too far already.
    pub(crate) moved_too_far: bool,
}

impl Experience<'_> {
    /// The actor's loss of a minibatch.
    pub(crate) fn actor_loss(&self, rows: &[usize], options: &StepOptions) -> ActorLoss<'_> {
        let of = RowsOfActor { rollout: self.rollout, advantages: &self.targets.advantages };
        ActorLoss::new(of, rows, options.objective, options.entropy_coefficient)
    }

    /// The critic's loss.
    pub(crate) fn value_loss(&self, options: &StepOptions) -> ValueLoss<'_> {
        let near = options.value_clip_range.map(|range| (&self.rollout.values[..], range));
        ValueLoss { returns: &self.targets.returns, near }
    }
}

/// A gradient step of actor and critic, along gradients whose norm together is clipped.
pub(crate) fn gradient_step(
    actor: &mut Learner,
    critic: &mut Learner,
    experience: &Experience,
    rows: &[usize],
    options: &StepOptions,
) -> Step {
    let observations = experience.observations;
    let (figures, [value_loss, ..]) = rayon::join(
        || actor.find_gradients(observations, rows, &experience.actor_loss(rows, options)),
        || critic.find_gradients(observations, rows, &experience.value_loss(options)),
    );
    let figures = ActorFigures::from(figures);
    let too_far = |most: f32| figures.approx_kl > f64::from(TARGET_KL_FACTOR * most);
    let moved_too_far = options.target_kl.is_some_and(too_far);
    if !moved_too_far {
        let factor = clip_factor(actor.squared_norm() + critic.squared_norm(), options.max_gradient_norm);
        rayon::join(
            || actor.step(factor, options.actor_learning_rate),
            || critic.step(factor, options.critic_learning_rate),
        );
    }
    Step { actor: figures, value_loss, moved_too_far }
}
