//! Rooms over HTTP.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{Body, Caller};
use crate::app::App;
use crate::commands::{self, Asker};
use crate::config::Role;
use crate::game::CatalogEntry;
use crate::protocol::{Code, PlayerInfo, Refusal, RoomSpec, RoomSummary};

/// What can be asked of a room by its route; all but what needs a member.
const COMMANDS: [&str; 10] =
    ["pause", "resume", "step", "speed", "reset", "load", "record", "record_stop", "vote_start", "vote_stop"];

/// The rooms.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RoomList {
    rooms: Vec<RoomSummary>,
}

/// A room.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RoomDetails {
    #[serde(flatten)]
    summary: RoomSummary,
    /// As the message `room`.
    #[schema(value_type = Object)]
    room: Value,
    players: Vec<PlayerInfo>,
}

/// What rooms can be driven by.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CatalogBody {
    models: Vec<CatalogEntry>,
}

/// All rooms
#[utoipa::path(get, path = "/api/rooms", tag = "rooms", responses((status = 200, body = RoomList)))]
pub(super) async fn list(State(app): State<Arc<App>>, Caller(grant): Caller) -> Result<Json<Value>, Refusal> {
    grant.may(Role::Watch)?;
    Ok(Json(commands::list(&app.rooms, &grant)))
}

/// Makes a room
#[utoipa::path(post, path = "/api/rooms", tag = "rooms", request_body = RoomSpec,
    responses((status = 200, description = "Its code", body = Object), (status = 409, body = super::answer::RefusalBody)))]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    Caller(grant): Caller,
    Body(fields): Body,
) -> Result<Json<Value>, Refusal> {
    grant.may_everywhere(Role::Drive)?;
    let spec: RoomSpec = serde_json::from_value(Value::Object(fields)).map_err(|error| unreadable(&error))?;
    let code = app.rooms.create(spec).await?;
    Ok(Json(json!({ "code": code })))
}

/// One room
#[utoipa::path(get, path = "/api/rooms/{code}", tag = "rooms", params(("code" = String, Path)),
    responses((status = 200, body = RoomDetails), (status = 404, body = super::answer::RefusalBody)))]
pub(super) async fn look(
    State(app): State<Arc<App>>,
    Caller(grant): Caller,
    Path(code): Path<String>,
) -> Result<Json<RoomDetails>, Refusal> {
    grant.may_in(Role::Watch, &code)?;
    let room = app.rooms.find(&code)?;
    let described = serde_json::from_str(&room.now().described.json()).unwrap_or_default();
    Ok(Json(RoomDetails { summary: room.summary(), room: described, players: room.presence().players }))
}

/// Closes a room for all who are in it
#[utoipa::path(delete, path = "/api/rooms/{code}", tag = "rooms", params(("code" = String, Path)),
    responses((status = 200, body = Object), (status = 404, body = super::answer::RefusalBody)))]
pub(super) async fn close(
    State(app): State<Arc<App>>,
    Caller(grant): Caller,
    Path(code): Path<String>,
) -> Result<Json<Value>, Refusal> {
    grant.may_in(Role::Admin, &code)?;
    app.rooms.close(&code).await?;
    Ok(Json(json!({})))
}

/// Asks something of a room
///
/// `pause`, `resume`, `step`, `speed`, `reset`, `load`, `record`, `record_stop`, `vote_start` or `vote_stop`, with the
/// fields of the request of that name.
#[utoipa::path(post, path = "/api/rooms/{code}/{command}", tag = "rooms",
    params(("code" = String, Path), ("command" = String, Path)), request_body = Object,
    responses((status = 200, body = Object), (status = 409, body = super::answer::RefusalBody)))]
pub(super) async fn command(
    State(app): State<Arc<App>>,
    Caller(grant): Caller,
    Path((code, command)): Path<(String, String)>,
    Body(mut fields): Body,
) -> Result<Json<Value>, Refusal> {
    grant.may_in(Role::Drive, &code)?;
    let room = app.rooms.find(&code)?;
    if !COMMANDS.contains(&command.as_str()) {
        let message = format!("there is no such command: name one of {}", COMMANDS.join(", "));
        return Err(Refusal::new(Code::NotFound, message));
    }
    fields.insert("type".to_owned(), Value::String(command));
    let request = serde_json::from_value(Value::Object(fields)).map_err(|error| unreadable(&error))?;
    let answered = commands::of_room(&app.rooms, &room, Asker { grant: &grant, member: None }, request).await;
    app.metrics.request(answered.is_ok());
    answered.map(Json)
}

/// The models that can be loaded
#[utoipa::path(get, path = "/api/catalog", tag = "rooms", responses((status = 200, body = CatalogBody)))]
pub(super) async fn catalog(State(app): State<Arc<App>>, Caller(grant): Caller) -> Result<Json<CatalogBody>, Refusal> {
    grant.may(Role::Watch)?;
    Ok(Json(CatalogBody { models: app.rooms.catalog().entries() }))
}

fn unreadable(error: &serde_json::Error) -> Refusal {
    Refusal::invalid(format!("the body is not what is needed here: {error}"))
}
