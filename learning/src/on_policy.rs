//! What PPO, A2C and REINFORCE have in common: an actor and a critic that learn from what the actor just did.
//!
//! The two share no weights, so each has its own optimizer, and they learn at the same time on two threads.

use std::collections::BTreeMap;

use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Tensor};
use daladala_env::{Generator, Rules};
use serde::{Deserialize, Serialize};

use crate::collector::{Collector, CollectorState};
use crate::environments::Environments;
use crate::learner::{Learner, LearnerState};
use crate::method::{Method, MethodState, Schedule, Update};
use crate::rollout::Rollout;
use crate::shuffle::gather;
use daladala_agents::network::{Activation, MlpWeights, values};

/// What is told of an update.
pub(crate) const DETAILS: [&str; 4] =
    ["train/policy_gradient_loss", "train/value_loss", "train/entropy", "train/explained_variance"];

/// The shape of both networks, and how fast they may change.
pub(crate) struct Networks<'a> {
    pub(crate) hidden: &'a [usize],
    pub(crate) activation: Activation,
    /// The greatest norm of the gradient of one tensor.
    pub(crate) max_gradient_norm: f32,
}

/// How much of what a gradient step takes.
pub(crate) struct Coefficients {
    pub(crate) learning_rate: f64,
    /// Of the entropy in the loss.
    pub(crate) entropy: f32,
    /// Of the critic's squared error in the loss.
    pub(crate) value: f32,
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

/// One of the algorithms, by its hyperparameters.
pub(crate) trait Recipe: Clone + Send + 'static {
    fn envs(&self) -> usize;

    /// Rewards are multiplied by this.
    fn reward_scale(&self) -> f32;

    fn networks(&self) -> Networks<'_>;

    /// Gathers experience and learns from it.
    fn advance<R: Rules>(&self, on_policy: &mut OnPolicy<R>, schedule: Schedule) -> Update;
}

/// An algorithm with what it works on.
pub(crate) struct OnPolicyMethod<R: Rules, C: Recipe> {
    recipe: C,
    on_policy: OnPolicy<R>,
}

impl<R: Rules, C: Recipe> OnPolicyMethod<R, C> {
    pub(crate) fn new(recipe: &C, rules: &R, seed: u64, device: &Device) -> Self {
        let collector = Collector::new(rules, recipe.envs(), recipe.reward_scale(), seed);
        let on_policy = OnPolicy::new(collector, &recipe.networks(), seed, device);
        Self { recipe: recipe.clone(), on_policy }
    }
}

impl<R: Rules, C: Recipe> Method<R> for OnPolicyMethod<R, C> {
    fn advance(&mut self, schedule: Schedule) -> Update {
        self.recipe.advance(&mut self.on_policy, schedule)
    }

    fn environments(&self) -> &Environments<R> {
        &self.on_policy.collector.environments
    }

    fn networks(&self) -> BTreeMap<String, MlpWeights> {
        let OnPolicy { actor, critic, .. } = &self.on_policy;
        [("actor".to_owned(), actor.weights()), ("critic".to_owned(), critic.weights())].into()
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
    /// Of the minibatches.
    pub(crate) shuffling: Generator,
}

/// What an [`OnPolicy`] goes on from, between two updates.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct OnPolicyState<S> {
    collector: CollectorState<S>,
    actor: LearnerState,
    critic: LearnerState,
    shuffling: Generator,
}

/// How the last gradient step of an update went.
pub(crate) struct LastStep {
    policy_loss: f32,
    value_loss: f32,
    entropy: f32,
    /// The logarithms of the ratios of new to old probabilities, a row each.
    pub(crate) log_ratios: Vec<f32>,
}

impl<R: Rules> OnPolicy<R> {
    fn new(collector: Collector<R>, networks: &Networks, seed: u64, device: &Device) -> Self {
        let mut generator = Generator::new(seed, u64::MAX);
        let inputs = collector.environments.observation_size();
        let mut learner = |outputs, gain| {
            let sizes = [&[inputs], networks.hidden, &[outputs]].concat();
            let weights = MlpWeights::init(&sizes, networks.activation, gain, &mut generator);
            Learner::new(&weights, networks.max_gradient_norm, device)
        };
        // A small gain makes the first policy nearly uniform.
        let actor = learner(collector.environments.actions(), 0.01);
        let critic = learner(1, 1.0);
        Self { collector, actor, critic, shuffling: Generator::new(seed, u64::MAX - 1) }
    }

    /// Gradient steps up the `objective`, one for each of the `batches` of rows, which there is at least one of.
    pub(crate) fn learn(
        &mut self,
        batches: &[Vec<usize>],
        advantages: &[f32],
        coefficients: &Coefficients,
        objective: &(dyn Fn(Batch) -> Tensor<1> + Sync),
    ) -> LastStep {
        let Self { collector, actor, critic, .. } = self;
        let rollout = &collector.rollout;
        let (last, value_loss) = rayon::join(
            || {
                let steps = batches.iter().map(|rows| {
                    let advantages = rows.iter().map(|&row| advantages[row]).collect();
                    act_better(actor, rollout, rows, normalized(advantages), coefficients, objective)
                });
                steps.last().expect("there is a batch")
            },
            || {
                let steps = batches.iter().map(|rows| expect_better(critic, rollout, rows, advantages, coefficients));
                steps.last().expect("there is a batch")
            },
        );
        let Acted { policy_loss, entropy, log_probabilities, old_log_probabilities } = last;
        let pairs = values(log_probabilities.inner()).into_iter().zip(values(old_log_probabilities.inner()));
        LastStep {
            policy_loss: values(policy_loss.inner())[0],
            value_loss: values(value_loss.inner())[0],
            entropy: values(entropy.inner())[0],
            log_ratios: pairs.map(|(new, old)| new - old).collect(),
        }
    }

    fn state(&self) -> OnPolicyState<R::State> {
        OnPolicyState {
            collector: self.collector.state(),
            actor: self.actor.state(),
            critic: self.critic.state(),
            shuffling: self.shuffling.clone(),
        }
    }

    fn restore(&mut self, state: OnPolicyState<R::State>) -> Result<(), String> {
        self.collector.restore(state.collector).map_err(|error| error.to_string())?;
        self.actor.restore(state.actor)?;
        self.critic.restore(state.critic)?;
        self.shuffling = state.shuffling;
        Ok(())
    }
}

impl LastStep {
    /// The update that it ends, of a rollout.
    pub(crate) fn update(&self, rollout: &Rollout, advantages: &[f32], coefficients: &Coefficients) -> Update {
        let loss = self.policy_loss + coefficients.value * self.value_loss - coefficients.entropy * self.entropy;
        let explained_variance = rollout.explained_variance(advantages);
        let details = [self.policy_loss, self.value_loss, self.entropy, explained_variance].to_vec();
        Update { steps: rollout.rows() as u64, loss, learning_rate: coefficients.learning_rate, details }
    }
}

struct Acted {
    policy_loss: Tensor<1>,
    entropy: Tensor<1>,
    log_probabilities: Tensor<2>,
    old_log_probabilities: Tensor<2>,
}

/// A gradient step of the actor.
fn act_better(
    actor: &mut Learner,
    rollout: &Rollout,
    rows: &[usize],
    advantages: Vec<f32>,
    coefficients: &Coefficients,
    objective: &(dyn Fn(Batch) -> Tensor<1> + Sync),
) -> Acted {
    let size = rollout.observation_size();
    let logits = actor.forward(actor.rows(gather(&rollout.observations, size, rows), size));
    let actions = actor.actions(rows.iter().map(|&row| i64::from(rollout.actions[row])).collect());
    let all = log_softmax(logits, 1);
    let log_probabilities = all.clone().gather(1, actions);
    let old_log_probabilities = actor.rows(gather(&rollout.log_probabilities, 1, rows), 1);
    let entropy = -(all.clone().exp() * all).sum_dim(1).mean();
    let policy_loss = -objective(Batch {
        log_probabilities: log_probabilities.clone(),
        old_log_probabilities: old_log_probabilities.clone(),
        advantages: actor.rows(advantages, 1),
    });
    actor.step(&(policy_loss.clone() - entropy.clone() * coefficients.entropy), coefficients.learning_rate);
    Acted { policy_loss, entropy, log_probabilities, old_log_probabilities }
}

/// A gradient step of the critic, and its loss before it.
fn expect_better(
    critic: &mut Learner,
    rollout: &Rollout,
    rows: &[usize],
    advantages: &[f32],
    coefficients: &Coefficients,
) -> Tensor<1> {
    let size = rollout.observation_size();
    let returns = rows.iter().map(|&row| advantages[row] + rollout.values[row]).collect();
    let expected = critic.forward(critic.rows(gather(&rollout.observations, size, rows), size));
    let error = expected - critic.rows(returns, 1);
    let loss = (error.clone() * error).mean();
    critic.step(&(loss.clone() * coefficients.value), coefficients.learning_rate);
    loss
}

/// Mean 0 and standard deviation 1, over a minibatch.
fn normalized(mut values: Vec<f32>) -> Vec<f32> {
    let count = values.len() as f32;
    let mean = values.iter().sum::<f32>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / count;
    let scale = 1.0 / (variance.sqrt() + 1e-8);
    for value in &mut values {
        *value = (*value - mean) * scale;
    }
    values
}
