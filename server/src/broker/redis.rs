//! A broker that is Redis, from 6.2, or Valkey.
//!
//! A room's keys have its code in braces, so that a cluster keeps them together:
//!
//! | Key | Is |
//! |---|---|
//! | `daladala:{CODE}:owner` | the name of the server that has it; expires with the claim |
//! | `daladala:{CODE}:frames` | the stream of frames; the id of an entry is `epoch-seq`, its field `f` the frame |
//! | `daladala:{CODE}:notes` | the stream of messages `room`, `event` and `presence`; field `n` |
//! | `daladala:{CODE}:room`, `:presence`, `:players`, `:summary` | the latest message of each, the players with their keys, the line in lists |
//! | `daladala:rooms`, `daladala:workers` | sorted sets of codes and names, by the time until which they hold |
//! | `daladala:mail:NAME` | the stream of what is written to a server; field `m` |
//! | `daladala:servers` | how many servers there have been |

mod reader;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ::redis::aio::{ConnectionManager, ConnectionManagerConfig};
use ::redis::{AsyncCommands, Client, RedisError, RedisResult, Script, Value, cmd, pipe};
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{Arrival, Away, Batch, Broker, CLAIM, ClaimError, Entry, Kept, Last, Place, Renewal};
use crate::room::Guest;
use reader::Reader;

/// For an answer to come: what takes longer is as good as away.
const ANSWER: Duration = Duration::from_secs(2);

/// For a connection to be made.
const CONNECT: Duration = Duration::from_secs(2);

/// How long the logs of a room are kept after the last word of its server: a viewer who comes back after a restart goes
/// on from there.
const LOGS_KEPT: Duration = Duration::from_hours(1);

/// How long it is kept who is in a room.
const PRESENCE_KEPT: Duration = Duration::from_secs(10);

/// How long mail waits for a server that does not read it.
const MAIL_KEPT: Duration = Duration::from_mins(1);

/// Notes that a room's log has at least: those of minutes.
const NOTES: usize = 1000;

/// Letters that wait for a server at least.
const LETTERS: usize = 20_000;

/// Rooms that are listed at most.
const LISTED: isize = 1000;

/// Takes a room, or keeps it: 1 if it is ours.
const CLAIM_SCRIPT: &str = "
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1";

/// Gives a room up.
const RELEASE_SCRIPT: &str = "
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '1' then redis.call('DEL', KEYS[3]) end
redis.call('DEL', KEYS[1], KEYS[2])
return 1";

/// Writes a batch: 1 if all of it was new. Streams refuse entries whose ids do not rise, which is left to them.
/// KEYS: owner, notes, frames, room, presence, players. ARGV: name, milliseconds for logs and for presence, notes to keep,
/// description, presence, players, first id to keep, number of notes, then ids and bytes of notes and of frames.
const APPEND_SCRIPT: &str = "
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
if ARGV[5] ~= '' then redis.call('SET', KEYS[4], ARGV[5], 'PX', ARGV[2]) end
if ARGV[6] ~= '' then redis.call('SET', KEYS[5], ARGV[6], 'PX', ARGV[3]) end
if ARGV[7] ~= '' then redis.call('SET', KEYS[6], ARGV[7], 'PX', ARGV[2]) end
local new = 1
local first_frame = 10 + 2 * tonumber(ARGV[9])
for i = 10, #ARGV, 2 do
  local answer
  if i < first_frame then
    answer = redis.pcall('XADD', KEYS[2], 'MAXLEN', '~', ARGV[4], ARGV[i], 'n', ARGV[i + 1])
  else
    answer = redis.pcall('XADD', KEYS[3], ARGV[i], 'f', ARGV[i + 1])
  end
  if type(answer) == 'table' and answer.err then
    if not string.find(answer.err, 'equal or smaller') then return answer end
    new = 0
  end
end
if ARGV[8] ~= '' then redis.call('XTRIM', KEYS[3], 'MINID', ARGV[8]) end
return new";

/// A connection to Redis.
pub(crate) struct Redis {
    name: String,
    number: u64,
    /// For what is answered at once. What waits for entries has a connection of its own.
    commands: ConnectionManager,
    claim: Script,
    release: Script,
    append: Script,
    reader: Reader,
    arrivals: Mutex<Option<mpsc::Receiver<Arrival>>>,
}

impl Redis {
    /// Connects to the server that `url` names, such as `redis://127.0.0.1:6379/0`.
    pub(crate) async fn connect(url: &str) -> Result<Self, Away> {
        let client = Client::open(url).map_err(away)?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(ANSWER))
            // Whoever asks tries again by itself.
            .set_number_of_retries(1)
            .set_max_delay(Duration::from_millis(100));
        let mut commands = ConnectionManager::new_with_config(client.clone(), config).await.map_err(away)?;
        let number = commands.incr("daladala:servers", 1).await.map_err(away)?;
        let name = Uuid::new_v4().simple().to_string();
        let (reader, arrivals) = Reader::start(client, commands.clone(), mail_key(&name));
        Ok(Self {
            name,
            number,
            commands,
            claim: Script::new(CLAIM_SCRIPT),
            release: Script::new(RELEASE_SCRIPT),
            append: Script::new(APPEND_SCRIPT),
            reader,
            arrivals: Mutex::new(Some(arrivals)),
        })
    }

    fn commands(&self) -> ConnectionManager {
        self.commands.clone()
    }

    async fn last_of(&self, key: String) -> Result<Option<Place>, Away> {
        let info: RedisResult<Value> = cmd("XINFO").arg("STREAM").arg(key).query_async(&mut self.commands()).await;
        match info {
            Ok(info) => Ok(field(&info, "last-generated-id").and_then(|id| place(&id)).filter(|place| place.epoch > 0)),
            // There is no such stream yet.
            Err(error) if error.to_string().contains("no such key") => Ok(None),
            Err(error) => Err(away(error)),
        }
    }

    /// The present time of Redis, milliseconds since 1970, by which all lists go.
    async fn now(&self) -> Result<u64, Away> {
        let (seconds, micros): (u64, u64) = cmd("TIME").query_async(&mut self.commands()).await.map_err(away)?;
        Ok(seconds * 1000 + micros / 1000)
    }
}

impl Broker for Redis {
    fn name(&self) -> &str {
        &self.name
    }

    fn number(&self) -> u64 {
        self.number
    }

    fn claim<'a>(&'a self, room: &'a str) -> BoxFuture<'a, Result<Option<Place>, ClaimError>> {
        async move {
            let mut claim = self.claim.key(key(room, "owner"));
            let claim = claim.arg(&self.name).arg(CLAIM.as_millis() as u64);
            let ours: bool = claim.invoke_async(&mut self.commands()).await.map_err(away)?;
            if ours { Ok(self.last_of(key(room, "frames")).await?) } else { Err(ClaimError::Taken) }
        }
        .boxed()
    }

    fn renew(&self, rooms: Vec<Renewal>, worker: bool) -> BoxFuture<'_, Result<Vec<String>, Away>> {
        async move {
            let now = self.now().await?;
            let (claim, until) = (CLAIM.as_millis() as u64, now + CLAIM.as_millis() as u64);
            let mut lost = Vec::new();
            for Renewal { room, .. } in &rooms {
                let mut renewed = self.claim.key(key(room, "owner"));
                let renewed: bool =
                    renewed.arg(&self.name).arg(claim).invoke_async(&mut self.commands()).await.map_err(away)?;
                if !renewed {
                    lost.push(room.clone());
                }
            }
            let mut others = pipe();
            for Renewal { room, summary } in rooms.iter().filter(|renewal| !lost.contains(&renewal.room)) {
                others.pset_ex(key(room, "summary"), summary, claim).ignore();
                others.zadd("daladala:rooms", room, until).ignore();
                for (name, kept) in
                    [("frames", LOGS_KEPT), ("notes", LOGS_KEPT), ("room", LOGS_KEPT), ("players", LOGS_KEPT)]
                {
                    others.pexpire(key(room, name), kept.as_millis() as i64).ignore();
                }
                others.pexpire(key(room, "presence"), PRESENCE_KEPT.as_millis() as i64).ignore();
            }
            if worker {
                others.zadd("daladala:workers", &self.name, until).ignore();
            }
            for list in ["daladala:rooms", "daladala:workers"] {
                others.zrembyscore(list, "-inf", now.saturating_sub(claim)).ignore();
            }
            others.pexpire(mail_key(&self.name), MAIL_KEPT.as_millis() as i64).ignore();
            () = others.query_async(&mut self.commands()).await.map_err(away)?;
            Ok(lost)
        }
        .boxed()
    }

    fn release<'a>(&'a self, room: &'a str, closed: bool) -> BoxFuture<'a, Result<(), Away>> {
        async move {
            let mut release = self.release.key(key(room, "owner"));
            let release = release.key(key(room, "summary")).key(key(room, "room"));
            let release = release.arg(&self.name).arg(u8::from(closed));
            let released: bool = release.invoke_async(&mut self.commands()).await.map_err(away)?;
            if released {
                () = self.commands().zrem("daladala:rooms", room).await.map_err(away)?;
            }
            Ok(())
        }
        .boxed()
    }

    fn last<'a>(&'a self, room: &'a str) -> BoxFuture<'a, Result<Last, Away>> {
        async move {
            Ok(Last { frame: self.last_of(key(room, "frames")).await?, note: self.last_of(key(room, "notes")).await? })
        }
        .boxed()
    }

    fn append<'a>(&'a self, room: &'a str, batch: &'a Batch) -> BoxFuture<'a, Result<bool, Away>> {
        async move {
            let mut append = self.append.key(key(room, "owner"));
            for name in ["notes", "frames", "room", "presence", "players"] {
                append.key(key(room, name));
            }
            append.arg(&self.name).arg(LOGS_KEPT.as_millis() as u64).arg(PRESENCE_KEPT.as_millis() as u64).arg(NOTES);
            append.arg(batch.description.as_deref().unwrap_or_default());
            let players = batch.players.as_ref().and_then(|players| serde_json::to_vec(players).ok());
            append.arg(batch.presence.as_deref().unwrap_or_default()).arg(players.unwrap_or_default());
            append.arg(batch.keep_from.map(id).unwrap_or_default()).arg(batch.notes.len());
            for (place, bytes) in batch.notes.iter().chain(&batch.frames) {
                append.arg(id(*place)).arg(&bytes[..]);
            }
            append.invoke_async(&mut self.commands()).await.map_err(away)
        }
        .boxed()
    }

    fn read<'a>(&'a self, room: &'a str) -> BoxFuture<'a, Result<Option<Kept>, Away>> {
        async move {
            // The places first: what comes between the two is read once more, and passed over by its place.
            let last = self.last(room).await?;
            let mut all = pipe();
            all.get(key(room, "room")).get(key(room, "presence"));
            all.cmd("XRANGE").arg(key(room, "frames")).arg("-").arg("+");
            let (description, presence, frames): (Option<Vec<u8>>, Option<Vec<u8>>, Value) =
                all.query_async(&mut self.commands()).await.map_err(away)?;
            Ok(description.map(|description| Kept {
                description: description.into(),
                presence: presence.map(Bytes::from),
                frames: entries(frames),
                last,
            }))
        }
        .boxed()
    }

    fn description<'a>(&'a self, room: &'a str) -> BoxFuture<'a, Result<Option<Bytes>, Away>> {
        async move {
            let description: Option<Vec<u8>> = self.commands().get(key(room, "room")).await.map_err(away)?;
            Ok(description.map(Bytes::from))
        }
        .boxed()
    }

    fn players<'a>(&'a self, room: &'a str) -> BoxFuture<'a, Result<Vec<Guest>, Away>> {
        async move {
            let players: Option<Vec<u8>> = self.commands().get(key(room, "players")).await.map_err(away)?;
            Ok(players.and_then(|players| serde_json::from_slice(&players).ok()).unwrap_or_default())
        }
        .boxed()
    }

    fn owner<'a>(&'a self, room: &'a str) -> BoxFuture<'a, Result<Option<String>, Away>> {
        async move { self.commands().get(key(room, "owner")).await.map_err(away) }.boxed()
    }

    fn rooms(&self) -> BoxFuture<'_, Result<Vec<String>, Away>> {
        async move {
            let now = self.now().await?;
            let codes: Vec<String> =
                self.commands().zrangebyscore_limit("daladala:rooms", now, "+inf", 0, LISTED).await.map_err(away)?;
            let mut lines = pipe();
            for code in &codes {
                lines.get(key(code, "summary"));
            }
            if codes.is_empty() {
                return Ok(Vec::new());
            }
            let lines: Vec<Option<String>> = lines.query_async(&mut self.commands()).await.map_err(away)?;
            Ok(lines.into_iter().flatten().collect())
        }
        .boxed()
    }

    fn any_worker(&self) -> BoxFuture<'_, Result<Option<String>, Away>> {
        async move {
            let now = self.now().await?;
            let workers: Vec<String> =
                self.commands().zrangebyscore("daladala:workers", now, "+inf").await.map_err(away)?;
            let turn = usize::try_from(now).unwrap_or_default() % workers.len().max(1);
            Ok(workers.into_iter().nth(turn))
        }
        .boxed()
    }

    fn post<'a>(&'a self, server: &'a str, mail: Vec<u8>) -> BoxFuture<'a, Result<(), Away>> {
        async move {
            let mut post = pipe();
            post.cmd("XADD").arg(mail_key(server)).arg("MAXLEN").arg("~").arg(LETTERS).arg("*").arg("m").arg(mail);
            post.ignore().pexpire(mail_key(server), MAIL_KEPT.as_millis() as i64).ignore();
            post.query_async(&mut self.commands()).await.map_err(away)
        }
        .boxed()
    }

    fn follow(&self, room: &str, after: Last) {
        self.reader.follow(room, after);
    }

    fn leave(&self, room: &str) {
        self.reader.leave(room);
    }

    fn arrivals(&self) -> mpsc::Receiver<Arrival> {
        let arrivals = self.arrivals.lock().unwrap_or_else(PoisonError::into_inner).take();
        arrivals.unwrap_or_else(|| mpsc::channel(1).1)
    }
}

fn key(room: &str, name: &str) -> String {
    format!("daladala:{{{room}}}:{name}")
}

fn mail_key(server: &str) -> String {
    format!("daladala:mail:{server}")
}

fn id(Place { epoch, seq }: Place) -> String {
    format!("{epoch}-{seq}")
}

fn place(id: &str) -> Option<Place> {
    let (epoch, seq) = id.split_once('-')?;
    Some(Place { epoch: epoch.parse().ok()?, seq: seq.parse().ok()? })
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::BulkString(bytes) => String::from_utf8(bytes.clone()).ok(),
        Value::SimpleString(text) => Some(text.clone()),
        _ => None,
    }
}

/// A field of a list of names and values in turn.
fn field(value: &Value, name: &str) -> Option<String> {
    let Value::Array(list) = value else { return None };
    let place = list.iter().step_by(2).position(|key| text(key).as_deref() == Some(name))?;
    text(list.get(2 * place + 1)?)
}

/// The entries of a stream, each with one field.
fn entries(value: Value) -> Vec<Entry> {
    let Value::Array(list) = value else { return Vec::new() };
    let entry = |entry: Value| {
        let Value::Array(parts) = entry else { return None };
        let mut parts = parts.into_iter();
        let place = place(&text(&parts.next()?)?)?;
        let Value::Array(fields) = parts.next()? else { return None };
        match fields.into_iter().nth(1)? {
            Value::BulkString(bytes) => Some((place, Bytes::from(bytes))),
            _ => None,
        }
    };
    list.into_iter().filter_map(entry).collect()
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
fn away(error: RedisError) -> Away {
    Away(error.to_string())
}
