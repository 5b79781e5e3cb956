//! Episodes and the environment in the original's words.

use daladala_env::Cell;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::state::told;
use crate::room::{RoomFrame, Stepped};

/// How an episode stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EpisodeStats {
    episode: u64,
    steps: u32,
    total_reward: f32,
    money: i64,
    passengers: u32,
    fined: bool,
    crashed: bool,
    done: bool,
}

impl EpisodeStats {
    pub(super) fn of(frame: &RoomFrame) -> Self {
        let state = frame.state();
        Self {
            episode: state.episode,
            steps: state.step,
            total_reward: state.total_reward,
            money: state.money,
            passengers: state.passengers,
            fined: state.fined,
            crashed: state.crashed,
            done: frame.ends_episode(),
        }
    }
}

/// An episode step by step.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EpisodeData {
    step: u32,
    total_reward: f32,
    episode_history: Vec<HistoryStep>,
    terminated: bool,
    /// 0 after a reset.
    last_action: u8,
    last_reward: f32,
}

/// One step of an episode.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HistoryStep {
    step: u32,
    action: u8,
    reward: f32,
    /// The cell it led to.
    #[schema(value_type = Vec<u8>)]
    position: Cell,
}

impl EpisodeData {
    /// The episode that has come to `latest`, by those of its frames that are kept.
    pub(super) fn of<'a>(latest: &RoomFrame, frames: impl Iterator<Item = &'a RoomFrame>) -> Self {
        let of_step = |frame: &RoomFrame| {
            let state = frame.state();
            let action = state.action?;
            Some(HistoryStep { step: state.step, action, reward: state.reward, position: state.position })
        };
        let state = latest.state();
        Self {
            step: state.step,
            total_reward: state.total_reward,
            episode_history: frames.filter_map(of_step).collect(),
            terminated: latest.ends_episode(),
            last_action: state.action.unwrap_or_default(),
            last_reward: state.reward,
        }
    }
}

/// What the room is like in the episode that runs.
pub(super) fn environment_info(stepped: &Stepped) -> Value {
    let (game, state) = (stepped.frame.game(), stepped.frame.state());
    json!({
        "grid_size": game.grid.0.max(game.grid.1),
        "route": game.route,
        // To the original, every cell of the route is a stop.
        "stops": game.route,
        "high_demand_stops": game.stops,
        "police_checkpoints": state.police,
        "traffic_lights": state.lights,
        "max_steps": game.max_steps,
        "physical_max_passengers": game.capacity,
        "legal_capacity": game.legal_capacity,
        "observation_space": stepped.spaces.as_ref().map(daladala_env::spaces::Spaces::observation_shape),
        "action_space": game.actions.len(),
        "actions": game.actions.iter().map(|name| told(name)).collect::<Vec<_>>(),
    })
}

/// How the episode that ended with `frame` ended.
pub(super) fn episode_complete(frame: &RoomFrame) -> Value {
    let state = frame.state();
    let reason = if state.terminated { "terminated" } else { "truncated" };
    json!({ "status": "completed", "total_reward": state.total_reward, "steps": state.step, "reason": reason })
}
