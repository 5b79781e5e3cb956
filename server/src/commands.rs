//! What is asked of a room, by whatever way it came: who may, and what comes of it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::access::Grant;
use crate::config::Role;
use crate::protocol::{ActionName, Refusal, Request, frame_rate};
use crate::room::{Actor, Room, Stepped};
use crate::rooms::Rooms;

/// The seconds that a turn may take, and does unless told otherwise.
const TURN_SECONDS: std::ops::RangeInclusive<f64> = 1.0..=300.0;
const DEFAULT_TURN_SECONDS: f64 = 10.0;

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asker<'a> {
    pub(crate) grant: &'a Grant,
    /// The number in the room; none for one who is not in it.
    pub(crate) member: Option<u64>,
}

/// The rooms, as [`Request::Rooms`] and `GET /api/rooms` list them: those that `grant` is good for.
pub(crate) fn list(rooms: &Rooms, grant: &Grant) -> Value {
    let good = rooms.all().into_iter().filter(|room| grant.may_in(Role::Watch, room.code()).is_ok());
    json!({ "rooms": good.map(|room| room.summary()).collect::<Vec<_>>() })
}

/// Does what `request` asks of the server; none if it asks something of a room.
pub(crate) async fn of_server(rooms: &Arc<Rooms>, grant: &Grant, request: &Request) -> Option<Result<Value, Refusal>> {
    Some(match request {
        Request::Rooms => Ok(list(rooms, grant)),
        Request::Create(spec) => match grant.may_everywhere(Role::Drive) {
            Ok(()) => rooms.create(spec.clone()).await.map(|code| json!({ "code": code })),
            Err(refusal) => Err(refusal),
        },
        Request::Close { room } => match grant.may_in(Role::Admin, room) {
            Ok(()) => rooms.close(room).await.map(|()| json!({})),
            Err(refusal) => Err(refusal),
        },
        _ => return None,
    })
}

/// Does what `request` asks of `room`.
pub(crate) async fn of_room(
    rooms: &Arc<Rooms>,
    room: &Arc<Room>,
    asker: Asker<'_>,
    request: Request,
) -> Result<Value, Refusal> {
    asker.grant.may_in(Role::Drive, room.code())?;
    let member = asker.member;
    let done = |()| json!({});
    match request {
        Request::Pause => room.ask(Actor::pause).await.map(done),
        Request::Resume => room.ask(Actor::resume).await.map(done),
        Request::Step { action } => {
            let stepped = room.ask(move |actor| actor.step(action.as_ref())).await?;
            Ok(outcome(&stepped))
        }
        Request::Act { action } => {
            let stepped = room.ask(move |actor| actor.act(member, &action)).await?;
            Ok(outcome(&stepped))
        }
        Request::Release => room.ask(move |actor| actor.release(member)).await.map(done),
        Request::Speed { fps } => {
            let fps = frame_rate(fps, rooms.max_fps())?;
            room.ask(move |actor| actor.speed(fps)).await?;
            Ok(json!({ "fps": fps.get() }))
        }
        Request::Reset { seed } => {
            let stepped = room.ask(move |actor| actor.reset(seed)).await?;
            Ok(outcome(&stepped))
        }
        Request::Load { model, rules } => {
            let rules = rules.unwrap_or_else(|| room.now().described.info().game.rules.clone());
            let driver = rooms.load(model.clone(), rules.clone()).await?;
            room.ask(move |actor| actor.load(driver)).await?;
            Ok(json!({ "model": model, "rules": rules }))
        }
        Request::VoteStart { turn_seconds } => {
            let seconds = turn_seconds.unwrap_or(DEFAULT_TURN_SECONDS);
            if !TURN_SECONDS.contains(&seconds) {
                return Err(Refusal::invalid("a turn takes 1 to 300 seconds"));
            }
            room.ask(move |actor| actor.vote_start(Duration::from_secs_f64(seconds))).await.map(done)
        }
        Request::VoteStop => room.ask(Actor::vote_stop).await.map(done),
        Request::Vote { action } => vote(room, member, action).await,
        Request::Record(record) => {
            let recording = rooms.record(room, record.name).await?;
            Ok(json!({ "recording": recording }))
        }
        Request::RecordStop => {
            let (recording, written) = rooms.record_stop(room).await?;
            Ok(json!({ "recording": recording, "frames": written.frames, "bytes": written.bytes }))
        }
        // What the session or the server does, which comes here by no way.
        Request::Ping { .. }
        | Request::Join(_)
        | Request::Leave
        | Request::Rooms
        | Request::Seek { .. }
        | Request::Live
        | Request::Create(_)
        | Request::Close { .. } => Err(Refusal::invalid("this is nothing that can be asked of a room")),
    }
}

/// What a frame that was asked for has brought.
fn outcome(stepped: &Stepped) -> Value {
    let state = stepped.frame.state();
    json!({
        "seq": stepped.frame.seq(),
        "action": state.action,
        "reward": state.reward,
        "terminated": state.terminated,
        "truncated": state.truncated,
        "observation": stepped.observation,
    })
}

async fn vote(room: &Room, member: Option<u64>, action: ActionName) -> Result<Value, Refusal> {
    let member = member.ok_or_else(|| Refusal::conflict("only players vote: join with a name"))?;
    let turn = room.ask(move |actor| actor.vote(member, &action)).await?;
    Ok(json!({ "turn": turn }))
}
