//! Frames and rooms in the original's words.

use daladala_protocol::Ending;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

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

/// What the room is like in the episode that runs.
pub(super) fn environment_info(stepped: &Stepped) -> Value {
    let (game, state) = (stepped.frame.game(), stepped.frame.state());
    let observation_space = stepped.spaces.as_ref().map(|spaces| {
        let (low, high) = spaces.observation_bounds();
        json!({ "type": "Box", "shape": spaces.observation_shape(), "dtype": "float32", "low": low, "high": high })
    });
    json!({
        "grid_size": game.grid.0.max(game.grid.1),
        "route": game.route,
        "stops": game.stops,
        "high_demand_stops": game.stops,
        "police_checkpoints": state.police,
        "traffic_lights": state.lights,
        "max_steps": game.max_steps,
        "physical_max_passengers": game.capacity,
        "legal_capacity": game.legal_capacity,
        "observation_space": observation_space,
        "action_space": { "type": "Discrete", "n": game.actions.len() },
        "actions": game.actions,
    })
}

/// How the episode that ended with `frame` ended.
pub(super) fn episode_complete(frame: &RoomFrame) -> Value {
    let state = frame.state();
    let Ending { status, reason } = Ending::of(state);
    json!({ "status": status, "total_reward": state.total_reward, "steps": state.step, "reason": reason })
}
