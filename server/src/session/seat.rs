//! A client's place in a room: who it is there, what it sees, and what it is answered, whatever carries that.

use std::sync::Arc;

use daladala_protocol::{Code, Frames, Join, Refusal, Request, Resumed, ServerMessage};
use serde_json::{Map, Value, json};

use crate::access::Grant;
use crate::app::App;
use crate::commands::{self, Asked, Asker};
use crate::config::Role;
use crate::feed::{Feed, Keeping};
use crate::room::{Introduction, Room, Seat, milliseconds_since_1970};

pub(crate) struct Seated {
    pub(crate) seat: Seat,
    pub(crate) feed: Feed,
}

impl Seated {
    /// Takes a place; also how the client goes on, and how many frames it gets that it has missed.
    async fn enter(
        room: &Arc<Room>,
        join: Join,
        whole: bool,
        may_drive: bool,
    ) -> Result<(Self, Resumed, u64), Refusal> {
        // One who comes back may have been on another server before.
        let known = match (room.owner(), &join.key) {
            (Some(owner), Some(key)) => owner.player(key).await,
            _ => None,
        };
        let seat = room.enter(Introduction { name: join.name, key: join.key, may_drive, known })?;
        let (feed, resume, missed) = Feed::resume(room, Keeping { all: false, whole }, join.resume);
        Ok((Self { seat, feed }, resume, missed))
    }
}

/// Does what a client asks for. Frames come whole to those who do not choose if `plain`.
pub(crate) async fn answer(
    app: &App,
    grant: &Grant,
    seated: &mut Option<Seated>,
    plain: bool,
    id: &Value,
    mut what: Asked,
) -> Result<ServerMessage, Refusal> {
    let reply = |result: Value| ServerMessage::Reply { id: id.clone(), result };
    match what.request {
        Request::Ping { sent } => {
            return Ok(ServerMessage::Pong { id: id.clone(), sent, time: milliseconds_since_1970() as f64 });
        }
        Request::Join(asked) => return join(app, grant, seated, plain, id, asked).await,
        Request::Leave => {
            joined(seated)?;
            *seated = None;
            return Ok(reply(Value::Object(Map::new())));
        }
        Request::Seek { seq, play } => {
            joined(seated)?.feed.seek(seq, play)?;
            return Ok(reply(json!({ "seq": seq })));
        }
        Request::Live => {
            let seq = joined(seated)?.feed.live();
            return Ok(reply(json!({ "seq": seq })));
        }
        request => what.request = request,
    }
    let mut asker = Asker { grant: grant.clone(), member: None };
    let mut room = None;
    if !what.request.is_of_server() {
        let seated = joined(seated)?;
        asker.member = Some(seated.seat.member());
        room = Some(Arc::clone(seated.feed.room()));
    }
    commands::answer(&app.rooms, room.as_ref(), asker, what).await.map(reply)
}

fn joined(seated: &mut Option<Seated>) -> Result<&mut Seated, Refusal> {
    seated.as_mut().ok_or_else(|| Refusal::new(Code::NotJoined, "no room is joined: send a join first"))
}

/// Takes a place in a room. The old one is given up when the new one is had, so a join that fails changes nothing.
pub(super) async fn join(
    app: &App,
    grant: &Grant,
    seated: &mut Option<Seated>,
    plain: bool,
    id: &Value,
    join: Join,
) -> Result<ServerMessage, Refusal> {
    let whole = join.frames.map_or(plain, |frames| frames == Frames::Whole);
    grant.may_in(Role::Watch, &join.room)?;
    let room = app.rooms.find(&join.room).await?;
    let (entered, resume, missed) = Seated::enter(&room, join, whole, grant.role >= Role::Drive).await?;
    let message = ServerMessage::Joined {
        id: id.clone(),
        room: room.code().to_owned(),
        member: entered.seat.member(),
        key: entered.seat.key().map(str::to_owned),
        resume,
        missed,
    };
    *seated = Some(entered);
    Ok(message)
}

/// The message `error`.
pub(crate) fn refused(id: &Value, refusal: &Refusal) -> ServerMessage {
    ServerMessage::Error {
        id: id.clone(),
        code: refusal.code,
        message: refusal.message.clone(),
        retryable: refusal.code.retryable(),
        retry_after_ms: refusal.retry_after_ms,
    }
}
