//! The original's REST routes.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use daladala_protocol::Refusal;
use serde::Serialize;
use serde_json::{Value, json};
use socketioxide::SocketIo;
use socketioxide::operators::BroadcastOperators;
use utoipa::ToSchema;

use super::describe::{EpisodeData, EpisodeStats, environment_info as describe};
use super::sessions::Sessions;
use super::state::StateFrame;
use super::{Driving, action_of, drive, load, room};
use crate::app::App;
use crate::config::Role;
use crate::http::{AsItIs, Body, Caller, Refused};
use crate::room::{Room, RoomFrame};
use crate::rooms::{MAIN, ORIGINAL};

/// The first five fields are the original's; its clients wait for just these values.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    status: &'static str,
    flask_running: bool,
    model_loaded: bool,
    current_algo: String,
    env_ready: bool,
    version: &'static str,
    rules: String,
    room: &'static str,
    fps: f64,
    viewers: usize,
    uptime_seconds: u64,
}

/// Whether it is well
#[utoipa::path(get, path = "/api/health", tag = "original", responses((status = 200, body = Health)))]
pub(crate) async fn health(State(app): State<Arc<App>>) -> Result<Json<Health>, Refused> {
    // A room that has lost its driver takes the server down with it, so whoever can answer is well. But the rooms may be
    // those of another server.
    let (main, original) = (app.rooms.find(MAIN).await, room(&app).await);
    let (main, original) = (main?.summary(), original?.summary());
    Ok(Json(Health {
        status: "ok",
        flask_running: true,
        model_loaded: true,
        current_algo: original.model.to_uppercase(),
        env_ready: true,
        version: env!("CARGO_PKG_VERSION"),
        rules: main.rules,
        room: MAIN,
        fps: main.fps,
        viewers: main.viewers,
        uptime_seconds: app.started.elapsed().as_secs(),
    }))
}

/// A model by the name of its algorithm.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelFile {
    path: String,
    exists: bool,
}

/// The models by algorithm
#[utoipa::path(get, path = "/api/models", tag = "original", responses((status = 200, body = BTreeMap<String, ModelFile>)))]
pub(crate) async fn models(
    State(app): State<Arc<App>>,
    Caller(grant): Caller,
) -> Result<Json<BTreeMap<String, ModelFile>>, Refused> {
    grant.may_in(Role::Watch, ORIGINAL)?;
    let rules = room(&app).await?.summary().rules;
    let entries = app.rooms.catalog().entries().into_iter().filter(|entry| entry.rules == rules);
    let file = |path: Option<String>| ModelFile { path: path.unwrap_or_else(|| "built-in".to_owned()), exists: true };
    Ok(Json(entries.map(|entry| (entry.model.to_uppercase(), file(entry.path))).collect()))
}

/// Lets another model drive: `{"algorithm": "PPO"}`
#[utoipa::path(post, path = "/api/load-model", tag = "original", request_body = Object,
    responses((status = 200, body = Object), (status = 400, body = Object)))]
pub(crate) async fn load_model(
    State(app): State<Arc<App>>,
    Caller(grant): Caller,
    Body(fields): Body,
) -> Result<Json<Value>, Refused> {
    grant.may_in(Role::Drive, ORIGINAL)?;
    let algorithm = fields.get("algorithm").and_then(Value::as_str);
    let algorithm = algorithm.ok_or_else(|| Refusal::invalid("algorithm: needed is the name of a model"))?;
    let algorithm = load(&app, &grant, algorithm).await?;
    let message = format!("{algorithm} drives");
    Ok(Json(json!({ "algorithm": algorithm, "status": "success", "message": message })))
}

#[derive(Serialize)]
struct ResetAnswer<'a> {
    observation: &'a [f32],
    state: StateFrame<'a>,
    #[serde(rename = "environmentInfo")]
    environment: Value,
}

#[derive(Serialize)]
struct StepAnswer<'a> {
    action: Option<&'a str>,
    reward: f32,
    done: bool,
    observation: &'a [f32],
    state: StateFrame<'a>,
    episode_stats: EpisodeStats,
}

#[derive(Serialize)]
struct CurrentState<'a> {
    state: StateFrame<'a>,
    episode: EpisodeData,
}

/// A new episode
#[utoipa::path(post, path = "/api/reset", tag = "original", responses((status = 200, body = Object)))]
pub(crate) async fn reset(
    State(app): State<Arc<App>>,
    Caller(grant): Caller,
    Body(fields): Body,
) -> Result<Response, Refused> {
    grant.may_in(Role::Drive, ORIGINAL)?;
    let seed = match fields.get("seed") {
        None | Some(Value::Null) => None,
        Some(seed) => Some(seed.as_u64().ok_or_else(|| Refusal::invalid("seed: needed is a whole number from 0"))?),
    };
    let room = room(&app).await?;
    let stepped = drive(&room, Driving::Reset { seed }).await?;
    let environment = describe(&stepped);
    Ok(Json(ResetAnswer { observation: &stepped.observation, state: StateFrame::of(&stepped.frame), environment })
        .into_response())
}

/// One step: `{"action": 0}`, or by the model: `{"use_model": true}`
#[utoipa::path(post, path = "/api/step", tag = "original", request_body = Object,
    responses((status = 200, body = Object), (status = 400, body = Object)))]
pub(crate) async fn step(
    State(app): State<Arc<App>>,
    Caller(grant): Caller,
    Body(fields): Body,
) -> Result<Response, Refused> {
    grant.may_in(Role::Drive, ORIGINAL)?;
    let fields = Value::Object(fields);
    let action = action_of(&fields)?;
    let action = match fields.get("use_model").map(is_true) {
        Some(true) => None,
        Some(false) => Some(action.ok_or_else(|| Refusal::invalid("action: needed where the model is not used"))?),
        None => action,
    };
    let stepped = drive(&room(&app).await?, Driving::Step { action }).await?;
    let state = StateFrame::of(&stepped.frame);
    let answer = StepAnswer {
        action: state.action_name,
        reward: stepped.frame.state().reward,
        done: stepped.frame.ends_episode(),
        observation: &stepped.observation,
        state,
        episode_stats: EpisodeStats::of(&stepped.frame),
    };
    Ok(Json(answer).into_response())
}

/// What the room is like in the episode that runs
#[utoipa::path(get, path = "/api/environment-info", tag = "original", responses((status = 200, body = Object)))]
pub(crate) async fn environment_info(
    State(app): State<Arc<App>>,
    Caller(grant): Caller,
) -> Result<Json<Value>, Refused> {
    grant.may_in(Role::Watch, ORIGINAL)?;
    let room = room(&app).await?;
    let stepped = drive(&room, Driving::Look).await?;
    Ok(Json(describe(&stepped)))
}

/// The latest frame, and its episode so far
#[utoipa::path(get, path = "/api/current-state", tag = "original", responses((status = 200, body = Object)))]
pub(crate) async fn current_state(State(app): State<Arc<App>>, Caller(grant): Caller) -> Result<Response, Refused> {
    grant.may_in(Role::Watch, ORIGINAL)?;
    let room = room(&app).await?;
    let latest = Arc::clone(&room.now().frame);
    Ok(Json(CurrentState { state: StateFrame::of(&latest), episode: so_far(&room, &latest) }).into_response())
}

/// The episode that runs, step by step
#[utoipa::path(get, path = "/api/episode-data", tag = "original", responses((status = 200, body = EpisodeData)))]
pub(crate) async fn episode_data(State(app): State<Arc<App>>, Caller(grant): Caller) -> Result<Response, Refused> {
    grant.may_in(Role::Watch, ORIGINAL)?;
    let room = room(&app).await?;
    let latest = Arc::clone(&room.now().frame);
    let data = app.episode_data.of((latest.epoch(), latest.seq()), || serde_json::to_vec(&so_far(&room, &latest)));
    let data = data.map_err(|_| Refusal::internal())?;
    Ok(([(header::CONTENT_TYPE, "application/json")], Extension(AsItIs), data).into_response())
}

/// The episode that has come to `latest`.
fn so_far(room: &Room, latest: &RoomFrame) -> EpisodeData {
    let first = latest.base().map_or(latest.seq(), |base| base.seq());
    let steps = usize::try_from(latest.seq() - first).unwrap_or(usize::MAX);
    let frames = room.history(|history| history.after(latest.epoch(), first, steps));
    EpisodeData::of(latest, frames.iter().map(|frame| &**frame))
}

/// Whether Python takes a value for true.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(bool) => *bool,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}

/// Who is connected by Socket.IO
#[utoipa::path(get, path = "/api/ws-status", tag = "original", responses((status = 200, body = Object)))]
pub(crate) async fn ws_status(
    Caller(grant): Caller,
    Extension((io, sessions)): Extension<(SocketIo, Arc<Sessions>)>,
) -> Result<Json<Value>, Refused> {
    grant.may_in(Role::Watch, ORIGINAL)?;
    let sockets = io.of("/").map_or_else(Vec::new, BroadcastOperators::sockets);
    let ids: Vec<_> = sockets.iter().map(|socket| sessions.shown(socket.id.as_str())).collect();
    Ok(Json(json!({ "connected_clients": ids.len(), "client_ids": ids })))
}
