//! The rooms of other servers that are shown here, each read once however many watch it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use daladala_protocol::{Presence, Refusal, RoomInfo, ServerMessage};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::link::{is_away, no_room, owner_away};
use super::{Entry, Errand, Link, Owner};
use crate::room::{Guest, Mirror, Room, Unreadable};

/// Parts of logs that may wait for a mirror, which handles them in microseconds.
const WAITING: usize = 64;

/// Who comes and goes at once is told at once.
const TELL_AFTER: Duration = Duration::from_millis(20);

/// Between two words of who watches here: a worker that was started again is to hear of it before anybody notices.
const WORDS: Duration = Duration::from_millis(500);

/// The mirrors of a server.
#[derive(Default)]
pub(super) struct Mirrors {
    shown: Mutex<HashMap<String, Shown>>,
    /// Held while a room begins to be shown, so that it is once, by its code.
    opening: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

struct Shown {
    room: Arc<Room>,
    parts: mpsc::Sender<(Vec<Entry>, Vec<Entry>)>,
    /// Dropped to end it.
    _stop: oneshot::Sender<()>,
}

/// The server that runs a room, wherever that is at the time.
struct Elsewhere {
    link: Arc<Link>,
    room: String,
}

impl Owner for Elsewhere {
    fn ask(&self, errand: Errand) -> BoxFuture<'_, Result<Value, Refusal>> {
        self.link.ask_owner(&self.room, errand).boxed()
    }

    fn player<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Option<Guest>> {
        async move {
            let players = self.link.broker.players(&self.room).await.unwrap_or_default();
            players.into_iter().find(|player| player.key == key)
        }
        .boxed()
    }

    fn next_member(&self) -> u64 {
        self.link.next_member()
    }
}

impl Mirrors {
    /// The room of a code, if any server runs it.
    pub(super) async fn find(&self, link: &Arc<Link>, code: &str) -> Result<Option<Arc<Room>>, Refusal> {
        if let Some(room) = self.shown(code) {
            return Ok(Some(room));
        }
        let gate = Arc::clone(locked(&self.opening).entry(code.to_owned()).or_default());
        let opened = {
            let _one = gate.lock().await;
            match self.shown(code) {
                Some(room) => Ok(Some(room)),
                None => self.open(link, code).await,
            }
        };
        // The last of those who waited tidies up.
        locked(&self.opening).retain(|_, gate| Arc::strong_count(gate) > 2);
        opened
    }

    async fn open(&self, link: &Arc<Link>, code: &str) -> Result<Option<Arc<Room>>, Refusal> {
        if link.broker.owner(code).await.map_err(|error| is_away(&error))?.is_none() {
            // A room that has closed is no longer described; one whose server is away is.
            let described = link.broker.description(code).await.map_err(|error| is_away(&error))?;
            return described.map_or(Ok(None), |_| Err(owner_away(code)));
        }
        link.ask_owner(code, Errand::Open).await?;
        let kept = link.broker.read(code).await.map_err(|error| is_away(&error))?.ok_or_else(|| no_room(code))?;
        let Ok(ServerMessage::Room(info)) = serde_json::from_slice(&kept.description) else {
            tracing::error!(room = code, "what the broker has of a room cannot be read");
            return Err(Refusal::internal());
        };
        let presence = match kept.presence.as_deref().map(serde_json::from_slice) {
            Some(Ok(ServerMessage::Presence(presence))) => presence,
            _ => Presence { viewers: 0, players: Vec::new() },
        };
        let owner = Arc::new(Elsewhere { link: Arc::clone(link), room: code.to_owned() });
        let Some((room, mirror)) = Mirror::open(*info, presence, kept.frames, owner, &link.limits) else {
            tracing::error!(room = code, "the broker has no frame of a room that could be shown");
            return Err(Refusal::internal());
        };
        let (parts, of_logs) = mpsc::channel(WAITING);
        let (stop, stopped) = oneshot::channel();
        locked(&self.shown).insert(code.to_owned(), Shown { room: Arc::clone(&room), parts, _stop: stop });
        link.broker.follow(code, kept.last);
        tracing::info!(room = code, "a room of another server is shown");
        tokio::spawn(run(Arc::clone(link), mirror, of_logs, stopped));
        Ok(Some(room))
    }

    fn shown(&self, code: &str) -> Option<Arc<Room>> {
        let room = Arc::clone(&locked(&self.shown).get(code)?.room);
        if room.now().closed {
            return None;
        }
        room.look();
        Some(room)
    }

    /// Hands over what has come of a room.
    pub(super) async fn take(&self, code: &str, notes: Vec<Entry>, frames: Vec<Entry>) {
        let parts = locked(&self.shown).get(code).map(|shown| shown.parts.clone());
        if let Some(parts) = parts {
            // A mirror that has ended needs nothing more.
            _ = parts.send((notes, frames)).await;
        }
    }

    /// Ends all of them, and tells the servers of their rooms.
    pub(super) async fn close_all(&self, link: &Link) {
        let shown: Vec<_> = locked(&self.shown).drain().collect();
        for (code, _) in &shown {
            link.broker.leave(code);
            link.tell_guests(code, None).await;
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Shows a room until it closes, or nobody watches it here any more.
async fn run(
    link: Arc<Link>,
    mut mirror: Mirror,
    mut parts: mpsc::Receiver<(Vec<Entry>, Vec<Entry>)>,
    mut stopped: oneshot::Receiver<()>,
) {
    let code = mirror.room().code().to_owned();
    let mut words = interval(WORDS);
    words.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut looked = Instant::now();
    let mut tell_at: Option<Instant> = None;
    loop {
        tokio::select! {
            part = parts.recv() => {
                let Some((notes, frames)) = part else { return };
                take(&link, &mut mirror, notes, frames).await;
                if mirror.is_closed() {
                    break;
                }
            }
            () = mirror.stirred() => {
                looked = Instant::now();
                tell_at.get_or_insert(looked + TELL_AFTER);
            }
            () = sleep_until(tell_at.unwrap_or_else(Instant::now)), if tell_at.is_some() => {
                tell_at = None;
                tell(&link, &mirror).await;
            }
            _ = words.tick() => {
                if mirror.is_watched() {
                    looked = Instant::now();
                } else if looked.elapsed() >= link.limits.sleep_after {
                    break;
                }
                tell(&link, &mirror).await;
            }
            _ = &mut stopped => {
                mirror.close();
                return;
            }
        }
    }
    let shown = locked(&link.mirrors.shown).remove(&code);
    link.broker.leave(&code);
    mirror.close();
    link.tell_guests(&code, None).await;
    drop(shown);
}

/// Tells the server of the room who watches here.
async fn tell(link: &Link, mirror: &Mirror) {
    link.tell_guests(mirror.room().code(), Some(mirror.room().guests_here())).await;
}

/// Shows a part of the logs.
async fn take(link: &Link, mirror: &mut Mirror, notes: Vec<Entry>, frames: Vec<Entry>) {
    for (_, note) in notes {
        match serde_json::from_slice(&note) {
            Ok(message) => mirror.hear(message),
            Err(error) => tracing::warn!(%error, "a note of another server cannot be read"),
        }
    }
    // Those that come together were made one after another: the last is new, and the others are as late as they are far
    // from it.
    let period = 1.0 / mirror.fps();
    let count = frames.len();
    for (number, frame) in frames.into_iter().enumerate() {
        let ago = Duration::try_from_secs_f64(period * (count - 1 - number) as f64).unwrap_or_default();
        if mirror.take(frame.clone(), ago) != Err(Unreadable::OtherEpoch) {
            continue;
        }
        // Its description was written before it, so it is there.
        if let Some(info) = describe(link, mirror.room().code()).await {
            mirror.describe(info);
            _ = mirror.take(frame, ago);
        }
    }
    mirror.show();
}

async fn describe(link: &Link, code: &str) -> Option<RoomInfo> {
    let description = link.broker.description(code).await.ok()??;
    match serde_json::from_slice(&description) {
        Ok(ServerMessage::Room(info)) => Some(*info),
        _ => None,
    }
}
