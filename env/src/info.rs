//! What describes a rule set, in data: the one source that documents, the protocol, viewers and bindings read.

use serde::{Deserialize, Serialize};

use crate::frame::{COMMON_FIELDS, Cell, FrameField, Place, common_fields};
use crate::rule_spec::SpecId;
use crate::spaces::Spaces;

/// The most figures that a rule set may declare: those of an episode are kept in place, without an allocation.
pub const MAX_FIGURES: usize = 24;

/// All that is known of a rule set before it is played. It is computed from the parameters of the rules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RulesInfo {
    /// The names of the rules and of their scenario.
    #[serde(flatten)]
    pub id: SpecId,
    /// The observation and action spaces.
    pub spaces: Spaces,
    /// The cells of the route, as (x, y), in driving order.
    pub route: Vec<Cell>,
    /// The cells where passengers wait, in the order of [`Frame::waiting`](crate::Frame::waiting).
    pub stops: Vec<Cell>,
    /// The cells of the route that have a name: its stops and its ends.
    pub places: Vec<Place>,
    /// The size of the grid that the route lies on, as (width, height).
    pub grid: (u8, u8),
    /// The step limit: an episode of this length is truncated.
    pub max_steps: u32,
    /// How many passengers the bus can hold.
    pub capacity: u32,
    /// How many it may hold by law.
    pub legal_capacity: u32,
    /// The fastest speed notch.
    pub max_speed: u32,
    /// Random words that each step draws, whatever the action: two drivers can be compared on the same randomness.
    pub random_words_per_step: u32,
    /// The parts that a reward is the sum of.
    pub reward_terms: Vec<Term>,
    /// What a step costs beside its reward. The first is the scalar cost of the step; rules without costs have none.
    pub cost_terms: Vec<Term>,
    /// The figures of an episode, in the order in which they are written.
    pub figures: Vec<Figure>,
    /// The ways in which an episode can end.
    pub endings: Vec<EndingInfo>,
    /// The fields that the rules add to those of every frame.
    pub frame_fields: Vec<FrameField>,
}

/// A part of a reward, or a cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    /// Its name, in `snake_case`.
    pub name: String,
    /// Its unit; empty where it is a plain number.
    pub unit: String,
    /// What it is for.
    pub meaning: String,
}

impl Term {
    /// A term of this name, unit and meaning.
    #[must_use]
    pub fn new(name: &str, unit: &str, meaning: &str) -> Self {
        Self { name: name.into(), unit: unit.into(), meaning: meaning.into() }
    }
}

/// How a figure comes about over the steps of an episode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FigureKind {
    /// The sum over the steps.
    Sum,
    /// The mean over the steps.
    Mean,
    /// The greatest of the steps.
    Maximum,
    /// As it stands after the last step.
    Last,
    /// 1 where it happened, 0 where it did not: its mean over episodes is a share of them.
    Rate,
}

/// A figure of an episode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure {
    /// Its name, in `snake_case`.
    pub name: String,
    /// Its unit; empty where it is a plain number.
    pub unit: String,
    /// How it comes about.
    pub kind: FigureKind,
    /// What it tells.
    pub meaning: String,
}

impl Figure {
    /// A figure of this name, unit, kind and meaning.
    #[must_use]
    pub fn new(name: &str, unit: &str, kind: FigureKind, meaning: &str) -> Self {
        Self { name: name.into(), unit: unit.into(), kind, meaning: meaning.into() }
    }

    /// What its mean over episodes is called: `mean_money`, or `fine_rate` where it is a rate.
    #[must_use]
    pub fn mean_name(&self) -> String {
        match self.kind {
            FigureKind::Rate => format!("{}_rate", self.name),
            _ => format!("mean_{}", self.name),
        }
    }
}

/// What makes an episode end in some way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndingKind {
    /// The rules ended it.
    Terminated,
    /// The step limit cut it off.
    Truncated,
}

/// A way in which an episode can end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndingInfo {
    /// Its name, in `snake_case`.
    pub name: String,
    /// What makes it end.
    pub kind: EndingKind,
    /// What happened.
    pub meaning: String,
}

impl EndingInfo {
    /// An ending of this name, kind and meaning.
    #[must_use]
    pub fn new(name: &str, kind: EndingKind, meaning: &str) -> Self {
        Self { name: name.into(), kind, meaning: meaning.into() }
    }
}

impl RulesInfo {
    /// Entries of one observation.
    #[must_use]
    pub fn observation_size(&self) -> usize {
        self.spaces.observation.len()
    }

    /// How many actions there are.
    #[must_use]
    pub fn actions(&self) -> usize {
        self.spaces.actions.len()
    }

    /// All fields of a frame: those that every frame has, then those of the rules.
    #[must_use]
    pub fn frame_schema(&self) -> Vec<FrameField> {
        let mut schema = Vec::with_capacity(COMMON_FIELDS + self.frame_fields.len());
        schema.extend(common_fields());
        schema.extend(self.frame_fields.iter().cloned());
        schema
    }

    /// The place of a figure among all.
    #[must_use]
    pub fn figure(&self, name: &str) -> Option<usize> {
        self.figures.iter().position(|figure| figure.name == name)
    }

    /// The action mask in which every action is open.
    #[must_use]
    pub fn open_mask(&self) -> u32 {
        u32::MAX >> (u32::BITS - self.actions() as u32)
    }
}
