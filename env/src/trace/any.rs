//! Episodes of any rules, acted out with all that a second implementation needs to be compared: what the random words
//! were, what a step told and what the state was after it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::TraceError;
use crate::error::EnvError;
use crate::generator::Generator;
use crate::rule_spec::{RuleSpec, RulesVisitor, SpecId};
use crate::rules::{Action, Rules, StepTerms};

/// An episode to act out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnyTraceRequest {
    /// The layout; without one it is drawn from the seed.
    #[serde(default)]
    pub layout: Option<Value>,
    /// The seed of the random words.
    #[serde(default)]
    pub seed: u64,
    /// One action a step.
    pub actions: Vec<Action>,
}

/// What happened. A list has an entry a step; `obs` and `states` have one more, the first from the reset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnyTrace {
    /// The rules and the scenario.
    #[serde(flatten)]
    pub id: SpecId,
    /// The seed of the random words.
    pub seed: u64,
    /// The layout.
    pub layout: Value,
    /// The actions.
    pub actions: Vec<Action>,
    /// The random words of each step, in the order in which they were drawn.
    pub words: Vec<Vec<u32>>,
    /// Observations, a row each.
    pub obs: Vec<Vec<f32>>,
    /// The states, whole.
    pub states: Vec<Value>,
    /// Rewards.
    pub reward: Vec<f32>,
    /// The parts that each reward is the sum of.
    pub reward_terms: Vec<Vec<f32>>,
    /// The costs of each step.
    pub cost_terms: Vec<Vec<f32>>,
    /// Whether the rules ended the episode.
    pub terminated: Vec<bool>,
    /// Whether the step limit cut it off.
    pub truncated: Vec<bool>,
}

/// Acts out one episode. The first of a vectorized environment under the same seed is the same.
pub fn act_out_any(spec: &RuleSpec, request: &AnyTraceRequest) -> Result<AnyTrace, TraceError> {
    struct ActOut<'a>(&'a AnyTraceRequest);
    impl RulesVisitor for ActOut<'_> {
        type Output = Result<AnyTrace, TraceError>;
        fn visit<R: Rules>(self, rules: R) -> Self::Output {
            act_out(&rules, self.0)
        }
    }
    spec.visit(ActOut(request))
}

fn act_out<R: Rules>(rules: &R, request: &AnyTraceRequest) -> Result<AnyTrace, TraceError> {
    let info = rules.info();
    let mut generator = Generator::new(request.seed, 0);
    let layout = match &request.layout {
        None => rules.draw(&mut generator),
        Some(layout) => R::Layout::deserialize(layout).map_err(|error| EnvError::InvalidLayout(error.to_string()))?,
    };
    rules.check_layout(&layout)?;
    let mut state = rules.start(&layout, &mut generator);
    let observe = |state: &R::State| {
        let mut observation = vec![0.0; info.observation_size()];
        rules.observe(state, &mut observation);
        observation
    };
    let mut trace = AnyTrace {
        seed: request.seed,
        layout: json(&layout),
        actions: request.actions.clone(),
        words: Vec::new(),
        obs: vec![observe(&state)],
        states: vec![json(&state)],
        reward: Vec::new(),
        reward_terms: Vec::new(),
        cost_terms: Vec::new(),
        terminated: Vec::new(),
        truncated: Vec::new(),
        id: info.id.clone(),
    };
    for (index, &action) in request.actions.iter().enumerate() {
        if trace.terminated.last() == Some(&true) || trace.truncated.last() == Some(&true) {
            return Err(TraceError::Ended { steps: index, actions: request.actions.len() });
        }
        if usize::from(action) >= info.actions() {
            return Err(EnvError::InvalidAction { index, action, actions: info.actions() }.into());
        }
        let mut words = generator.clone();
        trace.words.push((0..info.random_words_per_step).map(|_| words.next_u32()).collect());
        let mut reward_terms = vec![0.0; info.reward_terms.len()];
        let mut cost_terms = vec![0.0; info.cost_terms.len()];
        let terms = StepTerms { reward: &mut reward_terms, cost: &mut cost_terms };
        let transition = rules.step(&mut state, action, &mut generator, Some(terms));
        trace.obs.push(observe(&state));
        trace.states.push(json(&state));
        trace.reward.push(transition.reward);
        trace.reward_terms.push(reward_terms);
        trace.cost_terms.push(cost_terms);
        trace.terminated.push(transition.terminated);
        trace.truncated.push(transition.truncated);
    }
    Ok(trace)
}

/// Layouts and states are plain data, which can always be written.
fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).expect("layouts and states are plain data")
}
