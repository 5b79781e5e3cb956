//! A room: one running stream of frames.
//!
//! The part that runs ([`Actor`]) owns the game and is the only one to change it. What others hold ([`Room`]) is what
//! they may read: the latest state behind a `watch` channel, where the latest wins, so that a viewer who is late misses
//! frames and the room never learns of it; events in a bounded ring; and the frames of the last while. What they want
//! changed they ask the actor for.

mod actor;
mod choosing;
mod frame;
mod history;
mod members;
mod mirror;
mod pollers;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use daladala_env::RuleSpec;
use daladala_protocol::{Code, Presence, Refusal, RoomEvent, RoomSummary};
use governor::DefaultDirectRateLimiter;
use tokio::sync::{Notify, broadcast, mpsc, oneshot, watch};
use tokio::time::timeout;

use crate::broker::{Owner, Place};
use crate::config::Limits;
pub(crate) use actor::{Actor, Opening, Restored, Stepped, milliseconds_since_1970};
pub(crate) use frame::{Described, Happened, Noted, RoomFrame};
pub(crate) use history::History;
use members::Members;
pub(crate) use members::{Guest, Guests, Introduction, KeptMembers, MAX_NAME_CHARS, Seat};
pub(crate) use mirror::{Mirror, Unreadable};
pub(crate) use pollers::Pollers;

/// Events that may wait for a viewer; one who is further behind does not read at all.
pub(crate) const EVENTS: usize = 256;

/// Requests that may wait for a room. They are quick; this many only wait when the machine is overloaded.
const REQUESTS: usize = 64;

/// What is asked of a room: work on its actor.
type Ask = Box<dyn FnOnce(&mut Actor) + Send>;

/// All that is known of a room at one moment.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    pub(crate) described: Arc<Described>,
    pub(crate) frame: Arc<RoomFrame>,
    pub(crate) presence: Arc<Noted>,
    /// Nothing will follow.
    pub(crate) closed: bool,
}

/// A room as seen from outside.
pub(crate) struct Room {
    code: String,
    max_viewers: usize,
    max_players: usize,
    /// For an answer to come.
    answer_timeout: Duration,
    snapshots: watch::Sender<Arc<Snapshot>>,
    events: broadcast::Sender<Arc<Happened>>,
    /// Something has happened since the last snapshot, which viewers wait for.
    unshown: AtomicBool,
    history: RwLock<History>,
    members: Mutex<Members>,
    announcements: DefaultDirectRateLimiter,
    /// Somebody came or left; somebody wants to see frames.
    stirred: Notify,
    keeper: Keeper,
    /// What it would have to be begun with.
    basis: Mutex<Basis>,
    /// Something has changed that outlives the server.
    changed: Arc<Notify>,
}

/// Who runs a room.
enum Keeper {
    /// An actor of this server.
    Here(mpsc::Sender<Ask>),
    /// Another server; what is shown here is a mirror.
    Elsewhere(Arc<dyn Owner>),
}

/// What a room is made of, beside what everybody finds there.
struct Making {
    code: String,
    limits: Limits,
    shown: Snapshot,
    members: Members,
    keeper: Keeper,
    basis: Basis,
    changed: Arc<Notify>,
}

/// What a room's episodes come from.
#[derive(Debug, Clone)]
pub(crate) struct Basis {
    /// The rules and the scenario; none in a playback.
    pub(crate) spec: Option<RuleSpec>,
    pub(crate) seed: u64,
}

impl Room {
    fn new(Making { code, limits, shown, members, keeper, basis, changed }: Making) -> Arc<Self> {
        let mut history = History::new(limits.history_frames);
        history.push(Arc::clone(&shown.frame));
        Arc::new(Self {
            code,
            max_viewers: limits.max_viewers_per_room,
            max_players: limits.max_players_per_room,
            answer_timeout: limits.answer_timeout,
            snapshots: watch::Sender::new(Arc::new(shown)),
            events: broadcast::Sender::new(EVENTS),
            history: RwLock::new(history),
            members: Mutex::new(members),
            unshown: false.into(),
            announcements: members::announcements(),
            stirred: Notify::new(),
            keeper,
            basis: Mutex::new(basis),
            changed,
        })
    }

    /// The server that runs it, where that is another one: it is asked in the words of the protocol.
    pub(crate) fn owner(&self) -> Option<&Arc<dyn Owner>> {
        match &self.keeper {
            Keeper::Here(_) => None,
            Keeper::Elsewhere(owner) => Some(owner),
        }
    }

    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    /// The latest of everything, now.
    pub(crate) fn now(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshots.borrow())
    }

    /// The latest of everything, from now on. Whoever holds one keeps the room awake.
    pub(crate) fn watch(&self) -> watch::Receiver<Arc<Snapshot>> {
        let snapshots = self.snapshots.subscribe();
        self.stirred.notify_one();
        snapshots
    }

    /// The frame at a place, or the latest after it, as soon as it is shown; none if that takes too long.
    pub(crate) async fn shown_by_now(&self, place: Place) -> Option<Arc<RoomFrame>> {
        let mut snapshots = self.watch();
        let shown = timeout(self.answer_timeout, snapshots.wait_for(|now| now.frame.place() >= place)).await;
        let latest = Arc::clone(&shown.ok()?.ok()?.frame);
        Some(self.history(|history| history.get(place.epoch, place.seq)).unwrap_or(latest))
    }

    /// Notes that somebody is about to watch.
    pub(crate) fn look(&self) {
        if self.snapshots.receiver_count() == 0 {
            self.stirred.notify_one();
        }
    }

    /// Everything that happens from now on.
    pub(crate) fn events(&self) -> broadcast::Receiver<Arc<Happened>> {
        self.events.subscribe()
    }

    /// Reads the frames that are kept.
    pub(crate) fn history<T>(&self, read: impl FnOnce(&History) -> T) -> T {
        read(&self.history.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Has the room do something, and waits for what comes of it, but not for ever: once it is queued it is done, and an
    /// answer that comes too late is [`Code::Unanswered`].
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Actor) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        timeout(self.answer_timeout, self.ask_patiently(work)).await.unwrap_or_else(|_| Err(Refusal::unanswered()))
    }

    /// The same, as long as it takes.
    pub(crate) async fn ask_patiently<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Actor) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let (answer, answered) = oneshot::channel();
        // Whoever asked may have gone; what was asked for is done all the same.
        let ask: Ask = Box::new(move |actor| _ = answer.send(work(actor)));
        let Keeper::Here(asks) = &self.keeper else { return Err(self.not_here()) };
        asks.try_send(ask).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Refusal::new(Code::Busy, "the room has too much to do: try again"),
            mpsc::error::TrySendError::Closed(_) => self.gone(),
        })?;
        answered.await.unwrap_or_else(|_| Err(self.gone()))
    }

    /// Has the room do something that nobody waits for; false where it has too much to do, or is gone.
    pub(crate) fn tell(&self, work: impl FnOnce(&mut Actor) + Send + 'static) -> bool {
        matches!(&self.keeper, Keeper::Here(asks) if asks.try_send(Box::new(work)).is_ok())
    }

    /// Marks the room as closed when its actor could not.
    pub(crate) fn abandon(&self) {
        let now = self.now();
        self.happened_at(now.frame.seq(), RoomEvent::RoomClosed { reason: "the room has failed".to_owned() });
        self.snapshots.send_replace(Arc::new(Snapshot { closed: true, ..(*now).clone() }));
    }

    /// Shows the latest of everything to those who watch.
    fn show(&self, described: &Arc<Described>, frame: &Arc<RoomFrame>, presence: &Arc<Noted>, closed: bool) {
        self.unshown.store(false, Ordering::Release);
        let (described, frame, presence) = (Arc::clone(described), Arc::clone(frame), Arc::clone(presence));
        self.snapshots.send_replace(Arc::new(Snapshot { described, frame, presence, closed }));
    }

    /// Keeps a frame for those who come back.
    fn keep(&self, frame: &Arc<RoomFrame>) {
        self.history.write().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(frame));
    }

    fn not_here(&self) -> Refusal {
        Refusal::conflict(format!("the room '{}' runs on another server: ask that one for this", self.code))
    }

    fn gone(&self) -> Refusal {
        Refusal::new(Code::NoRoom, format!("the room '{}' has been closed", self.code))
    }

    /// Tells what happened at frame `seq`.
    fn happened_at(&self, seq: u64, event: RoomEvent) {
        let happened = Arc::new(Happened::new(event, seq));
        // Without anybody to hear there is nobody to tell.
        _ = self.events.send(happened);
        // After it is there, so that the snapshot that follows finds it.
        self.unshown.store(true, Ordering::Release);
    }

    fn members(&self) -> std::sync::MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What its episodes come from.
    pub(crate) fn basis(&self) -> Basis {
        self.basis.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Its episodes come from something else.
    fn rebase(&self, change: impl FnOnce(&mut Basis)) {
        change(&mut self.basis.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_one();
    }

    /// Its players, for another server to know them by.
    pub(crate) fn kept_members(&self) -> KeptMembers {
        self.members().kept()
    }

    /// Who is here, on all servers.
    pub(crate) fn presence(&self) -> Presence {
        match self.owner() {
            None => self.members().presence(),
            Some(_) => self.now().presence.presence().clone(),
        }
    }

    pub(crate) fn summary(&self) -> RoomSummary {
        let now = self.now();
        let info = now.described.info();
        RoomSummary {
            code: info.code.clone(),
            kind: info.kind,
            rules: info.game.rules.clone(),
            model: info.game.model.clone(),
            fps: info.fps,
            paused: info.paused,
            mode: info.mode,
            viewers: self.presence().viewers,
            epoch: info.epoch,
            seq: now.frame.seq(),
        }
    }
}
