//! Rooms over HTTP.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use daladala_protocol::{Code, PlayerInfo, Refusal, Request, RoomSpec, RoomSummary};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::Refused;
use super::{Body, Caller};
use crate::answers::IdempotencyKey;
use crate::app::App;
use crate::commands::{self, Asked, Asker};
use crate::config::Role;
use crate::game::CatalogEntry;

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
pub(super) async fn list(State(app): State<Arc<App>>, Caller(grant): Caller) -> Result<Json<Value>, Refused> {
    grant.may(Role::Watch)?;
    Ok(Json(commands::list(&app.rooms, &grant).await))
}

/// Makes a room
#[utoipa::path(post, path = "/api/rooms", tag = "rooms", request_body = RoomSpec,
    responses((status = 200, description = "Its code", body = Object), (status = 409, body = super::answer::RefusalBody)))]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    Caller(grant): Caller,
    headers: HeaderMap,
    Body(fields): Body,
) -> Result<Json<Value>, Refused> {
    grant.may_everywhere(Role::Drive)?;
    let asked = asked("create", fields, &headers)?;
    Ok(Json(commands::answer(&app.rooms, None, Asker { grant, member: None }, asked).await?))
}

/// One room
#[utoipa::path(get, path = "/api/rooms/{code}", tag = "rooms", params(("code" = String, Path)),
    responses((status = 200, body = RoomDetails), (status = 404, body = super::answer::RefusalBody)))]
pub(super) async fn look(
    State(app): State<Arc<App>>,
    Caller(grant): Caller,
    Path(code): Path<String>,
) -> Result<Json<RoomDetails>, Refused> {
    grant.may_in(Role::Watch, &code)?;
    let room = app.rooms.find(&code).await?;
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
) -> Result<Json<Value>, Refused> {
    grant.may_in(Role::Admin, &code)?;
    let asked = Asked { request: Request::Close { room: code }, key: None, said: Value::Null };
    Ok(Json(commands::answer(&app.rooms, None, Asker { grant, member: None }, asked).await?))
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
    headers: HeaderMap,
    Body(fields): Body,
) -> Result<Json<Value>, Refused> {
    grant.may_in(Role::Drive, &code)?;
    let room = app.rooms.find(&code).await?;
    if !COMMANDS.contains(&command.as_str()) {
        let message = format!("there is no such command: name one of {}", COMMANDS.join(", "));
        return Err(Refusal::new(Code::NotFound, message).into());
    }
    let asked = asked(&command, fields, &headers)?;
    let answered = commands::answer(&app.rooms, Some(&room), Asker { grant, member: None }, asked).await;
    app.metrics.request(answered.is_ok());
    Ok(Json(answered?))
}

/// The models that can be loaded
#[utoipa::path(get, path = "/api/catalog", tag = "rooms", responses((status = 200, body = CatalogBody)))]
pub(super) async fn catalog(State(app): State<Arc<App>>, Caller(grant): Caller) -> Result<Json<CatalogBody>, Refused> {
    grant.may(Role::Watch)?;
    Ok(Json(CatalogBody { models: app.rooms.catalog().entries() }))
}

/// The request of a name with the fields of a body, and the header `Idempotency-Key`.
fn asked(request: &str, mut fields: serde_json::Map<String, Value>, headers: &HeaderMap) -> Result<Asked, Refusal> {
    fields.insert("type".to_owned(), Value::String(request.to_owned()));
    let said = Value::Object(fields);
    let request = serde_json::from_value(said.clone()).map_err(|error| unreadable(&error))?;
    let key = headers.get("idempotency-key").map(|key| IdempotencyKey::new(key.to_str().unwrap_or_default()));
    Ok(Asked { request, key: key.transpose()?, said })
}

fn unreadable(error: &serde_json::Error) -> Refusal {
    Refusal::invalid(format!("the body is not what is needed here: {error}"))
}
