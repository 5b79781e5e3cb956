//! The contract between a rule set and everything that runs it.
//!
//! A rule set is a value that holds parameters and no state. The state of one environment is a plain value of
//! [`Rules::State`]; its randomness is the [`Generator`] handed in. So states can be stored, cloned and sent
//! anywhere, and the same rules serve any number of them.

pub mod city;
mod classic;
mod lanes;

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use city::{City, CityLayout, CityScenario, CityState};
pub(crate) use city::{
    FIELDS as CITY_FIELDS, NAME as CITY_NAME, SCENARIO_NAMES as CITY_SCENARIOS,
    scenario_summary as city_scenario_summary,
};
pub use classic::{Classic, ClassicBatch, ClassicLayout, ClassicState, LayoutSpec};
pub(crate) use classic::{NAME as CLASSIC_NAME, SCENARIO as CLASSIC_SCENARIO};

use crate::error::EnvError;
use crate::frame::Frame;
use crate::generator::Generator;
use crate::info::RulesInfo;
use crate::spaces::Spaces;

/// An action: an index into [`Spaces::actions`].
pub type Action = u8;

/// How an episode ended: an index into [`RulesInfo::endings`].
pub type Ending = u8;

/// What a step brought, beside the new state.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Transition {
    /// The reward of the step.
    pub reward: f32,
    /// The cost of the step: the first of [`RulesInfo::cost_terms`], 0 where the rules have none.
    pub cost: f32,
    /// The rules ended the episode: the value of what follows is zero.
    pub terminated: bool,
    /// The step limit cut the episode off: what follows would have had a value.
    pub truncated: bool,
}

/// Where a step tells what its reward and its costs are made of. Every entry is written.
#[derive(Debug)]
pub struct StepTerms<'a> {
    /// The parts that the reward is the sum of, in the order of [`RulesInfo::reward_terms`].
    pub reward: &'a mut [f32],
    /// The costs, in the order of [`RulesInfo::cost_terms`].
    pub cost: &'a mut [f32],
}

/// Where a frame stands in its stream of episodes: what the state itself does not know.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct FrameContext {
    /// Which episode of the stream, from 1.
    pub episode: u64,
    /// The action of the step; none right after a reset.
    pub action: Option<Action>,
    /// What the step brought.
    pub transition: Transition,
    /// The sum of rewards since the reset.
    pub total_reward: f32,
}

impl FrameContext {
    /// A frame with what is known here; the rest is for the rules to fill in.
    #[must_use]
    pub fn frame(&self) -> Frame {
        Frame {
            episode: self.episode,
            action: self.action,
            reward: self.transition.reward,
            total_reward: self.total_reward,
            terminated: self.transition.terminated,
            truncated: self.transition.truncated,
            ..Frame::default()
        }
    }
}

/// A rule set, with its parameters: the dynamics of one environment.
///
/// A new one gets a variant in [`RuleSet`](crate::RuleSet) and an arm in [`RuleSpec::visit`](crate::RuleSpec::visit),
/// and the checker runs over it.
pub trait Rules: Clone + Debug + Send + Sync + 'static {
    /// What an episode is drawn from, or given.
    type Layout: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync;
    /// One running episode.
    type State: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync;

    /// How a batch of environments is stored and stepped: [`ScalarBatch`](crate::ScalarBatch), or something faster.
    type Batch: crate::Batch<Self>;

    /// What describes the rules. It is made anew by each call; [`VecEnv::info`](crate::VecEnv::info) keeps one.
    fn info(&self) -> RulesInfo;
    /// The spaces of [`Rules::info`].
    fn spaces(&self) -> Spaces {
        self.info().spaces
    }

    /// Draws a layout.
    fn draw(&self, generator: &mut Generator) -> Self::Layout;
    /// The first state of an episode on `layout`.
    fn start(&self, layout: &Self::Layout, generator: &mut Generator) -> Self::State;
    /// Moves `state` on by one step, and where `terms` are given, tells what its reward and costs are made of.
    /// `action` is below the number of actions. It draws as many random words as [`RulesInfo`] says, whatever the
    /// state and the action.
    fn step(
        &self,
        state: &mut Self::State,
        action: Action,
        generator: &mut Generator,
        terms: Option<StepTerms<'_>>,
    ) -> Transition;
    /// Writes the observation; `out` has the observation's length.
    fn observe(&self, state: &Self::State, out: &mut [f32]);

    /// Which actions have an effect now that no other has: bit `a` for action `a`. All may be taken all the same.
    fn action_mask(&self, state: &Self::State) -> u32;
    /// An error that says what is wrong with a layout that the rules cannot play.
    fn check_layout(&self, layout: &Self::Layout) -> Result<(), EnvError>;
    /// An error that says what is wrong with a state that the rules cannot go on from, or, where its episode has
    /// `ended`, cannot end in. All states that they produce are good.
    fn check_state(&self, state: &Self::State, ended: bool) -> Result<(), EnvError>;

    /// Steps since the reset.
    fn steps(&self, state: &Self::State) -> u32;
    /// Writes the figures of the episode as it stands, in the order of [`RulesInfo::figures`]; `out` has their number.
    fn figures(&self, state: &Self::State, out: &mut [f32]);
    /// How the episode ended whose last state this is.
    fn ending(&self, state: &Self::State) -> Ending;
    /// What a viewer needs to know: [`FrameContext::frame`], and what the state tells.
    fn frame(&self, state: &Self::State, context: &FrameContext) -> Frame;
    /// The layout that the episode of `state` was started on.
    fn layout(&self, state: &Self::State) -> Self::Layout;
    /// The greatest return that any driver could have on `layout`, where the rules let it be known.
    fn best_return(&self, layout: &Self::Layout) -> Option<f32> {
        let _ = layout;
        None
    }
}
