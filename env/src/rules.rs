//! The contract between a rule set and everything that runs it.
//!
//! A rule set is a value that holds parameters and no state. The state of one environment is a plain value of
//! [`Rules::State`]; its randomness is the [`Generator`] handed in. So states can be stored, cloned and sent
//! anywhere, and the same rules serve any number of them.

mod classic;

use std::fmt::{self, Debug};
use std::str::FromStr;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use classic::{Classic, ClassicBatch, ClassicLayout, ClassicState, LayoutSpec};

use crate::error::EnvError;
use crate::frame::{Place, StateFrame};
use crate::generator::Generator;
use crate::spaces::Spaces;

/// An action: an index into [`Spaces::actions`].
pub type Action = u8;

/// What a step brought, beside the new state.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Transition {
    /// The reward of the step.
    pub reward: f32,
    /// The rules ended the episode: the value of what follows is zero.
    pub terminated: bool,
    /// The step limit cut the episode off: what follows would have had a value.
    pub truncated: bool,
}

/// How an episode stands, or stood at its end, in the terms people compare drivers by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Passengers aboard.
    pub passengers: u32,
    /// Fares earned, TSh.
    pub money: i64,
    /// Whether the police fined the bus.
    pub fined: bool,
    /// Whether the bus crashed.
    pub crashed: bool,
    /// Whether the bus is within its legal capacity and was never fined.
    pub legal: bool,
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

/// The rule sets that can be named.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RuleSet {
    /// [`Classic`]
    #[default]
    Classic,
}

impl RuleSet {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Classic];

    /// The name on the command line and in weights files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Classic => Classic.name(),
        }
    }
}

impl fmt::Display for RuleSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for RuleSet {
    type Err = EnvError;

    fn from_str(name: &str) -> Result<Self, EnvError> {
        Self::ALL.iter().copied().find(|rules| rules.name() == name).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|rules| rules.name()).collect();
            EnvError::UnknownRules { name: name.to_owned(), known: known.join(", ") }
        })
    }
}

/// A rule set, with its parameters. A new one gets a variant in [`RuleSet`], and the checker runs over it.
pub trait Rules: Clone + Debug + Send + Sync + 'static {
    /// What an episode is drawn from, or given.
    type Layout: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync;
    /// One running episode.
    type State: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync;

    /// How a batch of environments is stored and stepped: [`ScalarBatch`](crate::ScalarBatch), or something faster.
    type Batch: crate::Batch<Self>;

    /// The name on the command line and in weights files.
    fn name(&self) -> &'static str;
    /// The observation and action spaces.
    fn spaces(&self) -> Spaces;
    /// The cells of the route, as (x, y), in driving order.
    fn route(&self) -> &[(u8, u8)];
    /// The cells of the route that have a name: its stops and its ends.
    fn places(&self) -> Vec<Place>;
    /// The size of the grid that the route lies on, as (width, height).
    fn grid(&self) -> (u8, u8);
    /// The step limit.
    fn max_steps(&self) -> u32;
    /// How many the bus can hold, and how many it may by law.
    fn capacities(&self) -> (u32, u32);

    /// Draws a layout.
    fn draw(&self, generator: &mut Generator) -> Self::Layout;
    /// Draws any layout that can be given, however far from the drawn ones: what the checker drives by to reach every
    /// corner of the rules.
    fn draw_any(&self, generator: &mut Generator) -> Self::Layout;
    /// The first state of an episode on `layout`.
    fn start(&self, layout: &Self::Layout, generator: &mut Generator) -> Self::State;
    /// Moves `state` on by one step. `action` is below the number of actions.
    fn step(&self, state: &mut Self::State, action: Action, generator: &mut Generator) -> Transition;
    /// The names of the parts that a reward is the sum of.
    fn reward_terms(&self) -> &'static [&'static str];
    /// The reward of the step from `before` to `after` by its parts, in the order of [`Rules::reward_terms`].
    fn explain(&self, before: &Self::State, action: Action, after: &Self::State) -> Vec<f32>;
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
    /// How the episode stands.
    fn outcome(&self, state: &Self::State) -> Outcome;
    /// What a viewer needs to know.
    fn frame(&self, state: &Self::State, context: &FrameContext) -> StateFrame;
    /// The layout that the episode of `state` was started on.
    fn layout(&self, state: &Self::State) -> Self::Layout;
    /// The greatest return that any driver could have on `layout`, where the rules let it be known.
    fn best_return(&self, layout: &Self::Layout) -> Option<f32> {
        let _ = layout;
        None
    }
}
