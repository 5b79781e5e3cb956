//! The original system's clients: its Socket.IO events and its REST routes, on the same port, unchanged.
//!
//! They all act on the room `original`, which moves only when it is stepped. `docs/ORIGINAL.md` lists what they can
//! say and what they are told.

mod describe;
mod native;
mod relay;
pub(crate) mod rest;
mod sessions;
mod socketio;
mod state;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use daladala_env::spaces::Spaces;
use daladala_protocol::{ActionName, Code, Refusal, Request, ScenarioChoice};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use socketioxide::SocketIo;
use socketioxide::layer::SocketIoLayer;

use crate::access::Grant;
use crate::app::App;
use crate::broker::{Errand, Place, errand};
use crate::commands::{Asked, Asker};
use crate::room::{Actor, Room, Stepped};
use crate::rooms::ORIGINAL;
pub(crate) use sessions::{SOCKET_IO, Sessions, own_session};

/// The part that serves clients of the original.
pub(crate) struct Original {
    io: SocketIo,
    layer: SocketIoLayer,
    sessions: Arc<Sessions>,
}

impl Original {
    pub(crate) fn new(app: &Arc<App>, underscored: bool) -> Self {
        let sessions = Arc::new(Sessions::default());
        let (layer, io) = socketio::build(app, &sessions, underscored);
        Self { io, layer, sessions }
    }

    pub(crate) fn layer(&self) -> SocketIoLayer {
        self.layer.clone()
    }

    /// The routes below `/api`.
    pub(crate) fn routes(&self) -> Router<Arc<App>> {
        let connected = (self.io.clone(), Arc::clone(&self.sessions));
        Router::new()
            .route("/health", get(rest::health))
            .route("/models", get(rest::models))
            .route("/load-model", post(rest::load_model))
            .route("/reset", post(rest::reset))
            .route("/step", post(rest::step))
            .route("/environment-info", get(rest::environment_info))
            .route("/current-state", get(rest::current_state))
            .route("/episode-data", get(rest::episode_data))
            .route("/ws-status", get(rest::ws_status).layer(axum::Extension(connected)))
    }

    /// Lets nobody go on with a session of another.
    pub(crate) fn sessions(&self) -> Arc<Sessions> {
        Arc::clone(&self.sessions)
    }
}

/// The room of these clients.
async fn room(app: &App) -> Result<Arc<Room>, Refusal> {
    app.rooms.find(ORIGINAL).await
}

/// What these clients do to their room.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "drive", rename_all = "snake_case")]
pub(crate) enum Driving {
    /// One step by an action, or by the model. An error after the end of an episode, as in the original.
    Step { action: Option<ActionName> },
    /// A new episode.
    Reset { seed: Option<u64> },
    /// Nothing: they ask what there is.
    Look,
}

/// What came of it, as servers tell each other.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Driven {
    epoch: u64,
    seq: u64,
    observation: Vec<f32>,
    action_mask: Option<u32>,
    spaces: Option<Spaces>,
}

impl Driving {
    pub(crate) fn run(self, actor: &mut Actor) -> Result<Stepped, Refusal> {
        match self {
            Self::Step { .. } if actor.has_ended() => {
                Err(Refusal::invalid("the episode has ended: reset to begin another"))
            }
            Self::Step { action } => actor.step(action.as_ref()),
            Self::Reset { seed } => actor.reset(seed),
            Self::Look => Ok(actor.look()),
        }
    }
}

impl From<Stepped> for Driven {
    fn from(Stepped { frame, observation, action_mask, spaces }: Stepped) -> Self {
        Self { epoch: frame.epoch(), seq: frame.seq(), observation, action_mask, spaces }
    }
}

/// Does something to the room, whichever server runs it.
async fn drive(room: &Arc<Room>, driving: Driving) -> Result<Stepped, Refusal> {
    let Some(owner) = room.owner() else { return room.ask(move |actor| driving.run(actor)).await };
    let driven = owner.ask(Errand::Drive(driving)).await?;
    let driven: Driven = serde_json::from_value(driven).map_err(|_| Refusal::internal())?;
    let Driven { epoch, seq, observation, action_mask, spaces } = driven;
    let frame = room.shown_by_now(Place { epoch, seq }).await.ok_or_else(Refusal::unanswered)?;
    Ok(Stepped { frame, observation, action_mask, spaces })
}

/// Lets another model drive: by its name in any case.
async fn load(app: &App, grant: &Grant, algorithm: &str) -> Result<String, Refusal> {
    let room = room(app).await?;
    let rules = room.now().described.info().game.rules.clone();
    let entries = app.rooms.catalog().entries();
    let of_rules = entries.iter().filter(|entry| entry.rules == rules);
    let found = of_rules.clone().find(|entry| entry.model.eq_ignore_ascii_case(algorithm));
    let Some(found) = found else {
        let known: Vec<_> = of_rules.map(|entry| entry.model.to_uppercase()).collect();
        return Err(Refusal::invalid(format!("there is no model '{algorithm}': name one of {}", known.join(", "))));
    };
    if let Some(owner) = room.owner() {
        let (model, scenario) = (found.model.clone(), ScenarioChoice::default());
        let request = Request::Load { model, rules: Some(rules), scenario };
        let asker = Asker { grant: grant.clone(), member: None };
        owner.ask(errand(asker, Asked { request, key: None, said: Value::Null })).await?;
        return Ok(found.model.to_uppercase());
    }
    let spec = app.rooms.spec(&rules, &ScenarioChoice::default(), None)?;
    room.ask(|actor| actor.check_change()).await?;
    let driver = app.rooms.load(found.model.clone(), spec).await?;
    room.ask(move |actor| actor.load(driver)).await?;
    Ok(found.model.to_uppercase())
}

/// The action that a client names: none if it names none. What Python's `int` takes for a whole number is one.
fn action_of(fields: &Value) -> Result<Option<ActionName>, Refusal> {
    let whole =
        |number: f64| (number >= 0.0 && number.fract() == 0.0 && number < u64::MAX as f64).then_some(number as u64);
    let action = match fields.get("action") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Bool(bool)) => Some(ActionName::Index((*bool).into())),
        Some(Value::Number(number)) => {
            number.as_u64().or_else(|| number.as_f64().and_then(whole)).map(ActionName::Index)
        }
        Some(Value::String(text)) => {
            let index = text.trim().parse().map(ActionName::Index);
            Some(index.unwrap_or_else(|_| ActionName::Name(text.clone())))
        }
        Some(Value::Array(_) | Value::Object(_)) => None,
    };
    let refusal = || Refusal::new(Code::ValidationError, "action: needed is the index or the name of an action");
    action.map(Some).ok_or_else(refusal)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn actions_are_what_python_takes_for_whole_numbers_or_names() {
        let read = |action: Value| action_of(&json!({ "action": action }));
        for (action, index) in [
            (json!(1), 1),
            (json!("1"), 1),
            (json!(" 3 "), 3),
            (json!("+2"), 2),
            (json!(2.0), 2),
            (json!(-0.0), 0),
            (json!(true), 1),
            (json!(false), 0),
        ] {
            assert_eq!(read(action.clone()), Ok(Some(ActionName::Index(index))), "{action}");
        }
        assert_eq!(read(json!("Pickup")), Ok(Some(ActionName::Name("Pickup".to_owned()))));
        assert_eq!((read(json!(null)), action_of(&json!({}))), (Ok(None), Ok(None)));
        // Python would take 1.5 for 1; here an action is never taken for another.
        for none in [json!(1.5), json!(-1), json!(1e300), json!([1]), json!({ "action": 1 })] {
            assert!(read(none.clone()).is_err(), "{none}");
        }
    }
}
