//! What is played: rules, scenario and who drives.

use std::collections::HashSet;

use daladala_env::{Cell, FrameField, OutputKind, Place, RulesInfo, common_fields};
use serde::{Deserialize, Serialize};

/// What does not change while one driver drives by one rule set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GameInfo {
    /// The rule set.
    pub rules: String,
    /// The scenario of the rules; empty in recordings that are older than scenarios.
    pub scenario: String,
    /// The hash of all parameters of the scenario.
    pub scenario_hash: String,
    /// Who drives.
    pub model: String,
    /// Width and height in cells.
    pub grid: (u8, u8),
    /// The cells of the route, in driving order.
    pub route: Vec<Cell>,
    /// The cells where passengers wait, in the order of `waiting` of a frame.
    pub stops: Vec<Cell>,
    /// The step limit.
    pub max_steps: u32,
    /// How many the bus can hold.
    pub capacity: u32,
    /// How many it may hold by law.
    pub legal_capacity: u32,
    /// The names of the actions.
    pub actions: Vec<String>,
    /// What rewards are the sum of.
    pub reward_terms: Vec<String>,
    /// What steps cost beside their rewards.
    pub cost_terms: Vec<String>,
    /// What the outputs of a frame are.
    pub outputs: OutputKind,
    /// Cells with names.
    pub places: Vec<Place>,
    /// The fields of a frame, in the order of their numbers.
    pub frame: Vec<FrameField>,
}

/// The most fields of a frame.
const MAX_FIELDS: usize = 256;

impl GameInfo {
    /// Whether its frames can be shown: the route lies on the grid, and each field has a name of its own, those that all
    /// frames have among them. What a server describes is; what stands in a file may be anything.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        let (width, height) = self.grid;
        let on_grid = |&(x, y): &Cell| x < width && y < height;
        let names: HashSet<_> = self.frame.iter().map(|field| &field.name).collect();
        let same = |(ours, theirs): (FrameField, &FrameField)| (&ours.name, ours.kind) == (&theirs.name, theirs.kind);
        !self.route.is_empty()
            && self.route.iter().all(on_grid)
            && names.len() == self.frame.len()
            && (common_fields().count()..=MAX_FIELDS).contains(&self.frame.len())
            && common_fields().zip(&self.frame).all(same)
    }

    /// The game of a driver named `model`, whose outputs are of a kind, by the rules that `info` describes.
    #[must_use]
    pub fn of(info: &RulesInfo, model: impl Into<String>, outputs: OutputKind) -> Self {
        Self {
            rules: info.id.rules.clone(),
            scenario: info.id.scenario.clone(),
            scenario_hash: info.id.scenario_hash.clone(),
            model: model.into(),
            grid: info.grid,
            route: info.route.clone(),
            stops: info.stops.clone(),
            max_steps: info.max_steps,
            capacity: info.capacity,
            legal_capacity: info.legal_capacity,
            actions: info.spaces.actions.clone(),
            reward_terms: info.reward_terms.iter().map(|term| term.name.clone()).collect(),
            cost_terms: info.cost_terms.iter().map(|term| term.name.clone()).collect(),
            outputs,
            places: info.places.clone(),
            frame: info.frame_schema(),
        }
    }
}

#[cfg(test)]
mod tests {
    use daladala_env::rules::Classic;
    use daladala_env::{FieldType, Rules};

    use super::*;

    #[test]
    fn what_no_server_would_say_of_a_game_is_told_apart() {
        let good = || GameInfo::of(&Classic.info(), "ppo", OutputKind::Logits);
        assert!(good().is_consistent());
        let changed = |change: &dyn Fn(&mut GameInfo)| {
            let mut game = good();
            change(&mut game);
            game.is_consistent()
        };
        let own = |name: &str| FrameField::new(name, "", FieldType::Float, "");
        assert!(changed(&|game| game.frame.push(own("fuel"))));
        assert!(!changed(&|game| game.route.clear()));
        assert!(!changed(&|game| game.grid = (5, 5)));
        assert!(!changed(&|game| game.frame.push(own("step"))));
        assert!(!changed(&|game| game.frame.swap(0, 1)));
        assert!(!changed(&|game| game.frame.truncate(3)));
        assert!(!changed(&|game| game.frame[0].kind = FieldType::Cells));
        assert!(!changed(&|game| game.frame.extend((0..300).map(|number| own(&number.to_string())))));
    }
}
