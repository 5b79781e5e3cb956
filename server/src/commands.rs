//! What is asked of a room, by whatever way it came: who may, and what comes of it.

use std::sync::Arc;
use std::time::Duration;

use daladala_protocol::{ActionName, Refusal, Request, frame_rate};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::access::Grant;
use crate::answers::{self, IdempotencyKey};
use crate::broker::errand;
use crate::config::Role;
use crate::room::{Actor, Room, Stepped};
use crate::rooms::Rooms;

/// The seconds that a turn may take, and does unless told otherwise.
const TURN_SECONDS: std::ops::RangeInclusive<f64> = 1.0..=300.0;
const DEFAULT_TURN_SECONDS: f64 = 10.0;

/// Who asks.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Asker {
    pub(crate) grant: Grant,
    /// The number in the room; none for one who is not in it.
    pub(crate) member: Option<u64>,
}

/// What is asked, as it came.
pub(crate) struct Asked {
    pub(crate) request: Request,
    /// With it, the request is done once, however often it comes.
    pub(crate) key: Option<IdempotencyKey>,
    /// All that the client said, but the id: another request with the same key is a mistake.
    pub(crate) said: Value,
}

/// The rooms, as [`Request::Rooms`] and `GET /api/rooms` list them: those that `grant` is good for.
pub(crate) async fn list(rooms: &Rooms, grant: &Grant) -> Value {
    let mut listed = rooms.listed().await;
    listed.retain(|room| grant.may_in(Role::Watch, &room.code).is_ok());
    json!({ "rooms": listed })
}

/// Does what is asked of `room`, or of the server without one, and answers in time.
pub(crate) async fn answer(
    rooms: &Arc<Rooms>,
    room: Option<&Arc<Room>>,
    asker: Asker,
    what: Asked,
) -> Result<Value, Refusal> {
    // Whoever runs it judges, and remembers what was asked.
    if let Some(owner) = room.and_then(|room| room.owner()) {
        return owner.ask(errand(asker, what)).await;
    }
    let Asked { request, key, said } = what;
    let Some(key) = key else { return of_anyone(rooms, room, &asker, request, false).await };
    let scope = room.map_or("", |room| room.code());
    let answer = match rooms.answers.ask(scope, key, &said)? {
        answers::Asked::Again(answer) => answer,
        answers::Asked::First(tell, answer) => {
            let (rooms, room) = (Arc::clone(rooms), room.cloned());
            // Whoever asked may go; the answer is there for whoever asks again.
            tokio::spawn(async move {
                let told = of_anyone(&rooms, room.as_ref(), &asker, request, true).await;
                tell.send_replace(Some(told));
            });
            answer
        }
    };
    timeout(rooms.answer_timeout(), answers::told(answer)).await.unwrap_or_else(|_| Err(Refusal::unanswered()))
}

async fn of_anyone(
    rooms: &Arc<Rooms>,
    room: Option<&Arc<Room>>,
    asker: &Asker,
    request: Request,
    patient: bool,
) -> Result<Value, Refusal> {
    match room {
        Some(room) => of_room(rooms, Door { room, patient }, asker, request).await,
        None => of_server(rooms, asker, request).await,
    }
}

/// The way to a room's actor.
#[derive(Clone, Copy)]
struct Door<'a> {
    room: &'a Arc<Room>,
    /// Wait for the answer as long as it takes.
    patient: bool,
}

impl Door<'_> {
    async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Actor) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        if self.patient { self.room.ask_patiently(work).await } else { self.room.ask(work).await }
    }
}

/// Does what `request` asks of the server.
async fn of_server(rooms: &Arc<Rooms>, asker: &Asker, request: Request) -> Result<Value, Refusal> {
    let grant = &asker.grant;
    match &request {
        Request::Create(_) => grant.may_everywhere(Role::Drive)?,
        Request::Close { room } => grant.may_in(Role::Admin, room)?,
        _ => {}
    }
    if let Some(answer) = rooms.ask_others(asker, &request).await {
        return answer;
    }
    match request {
        Request::Rooms => Ok(list(rooms, grant).await),
        Request::Create(spec) => rooms.create(spec).await.map(|code| json!({ "code": code })),
        Request::Close { room } => rooms.close(&room).await.map(|()| json!({})),
        _ => Err(Refusal::invalid("this is nothing that can be asked of the server")),
    }
}

/// Does what `request` asks of `room`.
async fn of_room(rooms: &Arc<Rooms>, door: Door<'_>, asker: &Asker, request: Request) -> Result<Value, Refusal> {
    let room = door.room;
    asker.grant.may_in(Role::Drive, room.code())?;
    let member = asker.member;
    let done = |()| json!({});
    match request {
        Request::Pause => door.ask(Actor::pause).await.map(done),
        Request::Resume => door.ask(Actor::resume).await.map(done),
        Request::Step { action } => {
            let stepped = door.ask(move |actor| actor.step(action.as_ref())).await?;
            Ok(outcome(&stepped))
        }
        Request::Act { action } => {
            let stepped = door.ask(move |actor| actor.act(member, &action)).await?;
            Ok(outcome(&stepped))
        }
        Request::Release => door.ask(move |actor| actor.release(member)).await.map(done),
        Request::Speed { fps } => {
            let fps = frame_rate(fps, rooms.max_fps())?;
            door.ask(move |actor| actor.speed(fps)).await?;
            Ok(json!({ "fps": fps.get() }))
        }
        Request::Reset { seed } => {
            let stepped = door.ask(move |actor| actor.reset(seed)).await?;
            Ok(outcome(&stepped))
        }
        Request::Load { model, rules, scenario } => {
            let rules = rules.unwrap_or_else(|| room.now().described.info().game.rules.clone());
            let now = door.ask(|actor| actor.check_change().map(|()| actor.spec())).await?;
            let spec = rooms.spec(&rules, &scenario, now.as_ref())?;
            let id = spec.id();
            let driver = rooms.load(model.clone(), spec).await?;
            door.ask(move |actor| actor.load(driver)).await?;
            Ok(json!({ "model": model, "rules": id.rules, "scenario": id.scenario, "scenario_hash": id.scenario_hash }))
        }
        Request::VoteStart { turn_seconds } => {
            let seconds = turn_seconds.unwrap_or(DEFAULT_TURN_SECONDS);
            if !TURN_SECONDS.contains(&seconds) {
                return Err(Refusal::invalid("a turn takes 1 to 300 seconds"));
            }
            door.ask(move |actor| actor.vote_start(Duration::from_secs_f64(seconds))).await.map(done)
        }
        Request::VoteStop => door.ask(Actor::vote_stop).await.map(done),
        Request::Vote { action } => vote(door, member, action).await,
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
        "action_mask": stepped.action_mask,
    })
}

async fn vote(door: Door<'_>, member: Option<u64>, action: ActionName) -> Result<Value, Refusal> {
    let member = member.ok_or_else(|| Refusal::conflict("only players vote: join with a name"))?;
    let turn = door.ask(move |actor| actor.vote(member, &action)).await?;
    Ok(json!({ "turn": turn }))
}
