//! Tells clients of the original what happens in their room, in the order in which it happens.
//!
//! Everything goes through this one task: updates as the room makes them, and what is told beside them (the state that
//! somebody asked for, the begin of an episode, the acknowledgement of a step) once the updates have come to the frame
//! that it is about. So no client sees the room go back in time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;
use serde_json::json;
use socketioxide::SocketIo;
use socketioxide::extract::{AckSender, SocketRef};
use socketioxide::socket::Sid;
use tokio::sync::{Notify, mpsc};
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::describe::episode_complete;
use super::state::StateFrame;
use crate::app::App;
use crate::feed::{Feed, Item, Keeping};
use crate::room::{Room, RoomFrame};
use crate::rooms::ORIGINAL;

/// Between two looks whether there is a room to relay, and somebody to relay it to.
const LOOK: Duration = Duration::from_secs(1);

/// A frame.
const UPDATE: &str = "rl-update";

/// An episode has begun, after either request for one.
pub(super) const STARTED: &str = "episode-started";
pub(super) const RESET: &str = "episode-reset";

/// Those who are told under both names: all who have not said that one is enough.
pub(super) const BOTH_NAMES: &str = "both-names";

/// Something to tell beside the updates.
pub(super) struct Telling {
    /// The frame that it is about; none for what holds whenever it is told.
    pub(super) frame: Option<Arc<RoomFrame>>,
    pub(super) what: What,
}

pub(super) enum What {
    /// A frame, to one client.
    Frame { to: Sid },
    /// An episode has begun: under an event's name, to all.
    Begun { event: &'static str },
    /// A request has been answered.
    Answered(AckSender),
}

/// Sends events, in the spellings that clients listen for.
#[derive(Clone)]
pub(super) struct Voice {
    pub(super) underscored: bool,
}

/// A frame as these clients get it.
#[derive(Debug, Serialize)]
struct Update<'a> {
    r#type: &'static str,
    data: StateFrame<'a>,
    /// Seconds since 1970-01-01 UTC.
    timestamp: f64,
}

pub(super) struct Relay {
    pub(super) io: SocketIo,
    pub(super) voice: Voice,
    pub(super) tellings: mpsc::Receiver<Telling>,
    /// Told when a client has come.
    pub(super) came: Arc<Notify>,
}

impl Relay {
    /// Runs until the server stops.
    pub(super) async fn run(mut self, app: Arc<App>) {
        let mut stop = app.stop.subscribe();
        tokio::select! {
            () = self.relay(&app) => {}
            _ = stop.wait_for(|&stop| stop) => {}
        }
    }

    async fn relay(&mut self, app: &App) {
        loop {
            // A room of another server is shown here while there is somebody to show it to.
            while app.rooms.find_here(ORIGINAL).is_none() && self.nobody_is_here() {
                self.came.notified().await;
            }
            match app.rooms.find(ORIGINAL).await {
                Ok(room) => self.follow(&room).await,
                Err(refusal) => tracing::debug!(refusal.message, "the original's room is not there"),
            }
            sleep(LOOK).await;
        }
    }

    fn nobody_is_here(&self) -> bool {
        self.io.of("/").is_none_or(|all| all.sockets().is_empty())
    }

    /// Tells what happens in a room until it closes; of another server's, until nobody is here to hear of it.
    async fn follow(&mut self, room: &Arc<Room>) {
        let keeping = Keeping { all: true, whole: true };
        let mut feed = Feed::new(room, keeping);
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut items, mut waiting) = (Vec::new(), VecDeque::new());
        // The frame that is there at the beginning is told to those who ask for it.
        let mut place = None;
        loop {
            tokio::select! {
                filled = feed.next(&mut items) => if filled.is_err() {
                    return;
                },
                Some(telling) = self.tellings.recv() => waiting.push_back(telling),
                _ = look.tick(), if room.owner().is_some() => if self.nobody_is_here() {
                    return;
                },
            }
            // What is about a frame was handed over before the next frame was made, so it is here before that is told.
            while let Ok(telling) = self.tellings.try_recv() {
                waiting.push_back(telling);
            }
            for item in items.drain(..) {
                if let Item::Keyframe(frame) | Item::Delta(frame) = item {
                    self.tell_due(&mut waiting, place).await;
                    if place.replace((frame.epoch(), frame.seq())).is_some() {
                        self.update(&frame).await;
                    }
                }
            }
            self.tell_due(&mut waiting, place).await;
        }
    }

    /// Tells what is about the frame that was told last, or about one before it.
    async fn tell_due(&self, waiting: &mut VecDeque<Telling>, told: Option<(u64, u64)>) {
        while let Some(telling) = waiting.pop_front_if(|telling| telling.is_due(told)) {
            self.tell(telling).await;
        }
    }

    async fn update(&self, frame: &RoomFrame) {
        self.voice.tell_all(&self.io, UPDATE, &Update::of(frame)).await;
        if frame.ends_episode() {
            self.voice.tell_all(&self.io, "episode-complete", &episode_complete(frame)).await;
        }
    }

    async fn tell(&self, Telling { frame, what }: Telling) {
        match what {
            What::Frame { to } => {
                if let Some((socket, frame)) = socket_of(&self.io, to).zip(frame) {
                    self.voice.tell(&socket, UPDATE, &Update::of(&frame));
                }
            }
            What::Begun { event } => {
                let episode = frame.map(|frame| frame.state().episode);
                let begun = match event {
                    RESET => json!({ "status": "success" }),
                    _ => json!({ "status": "success", "episode": episode }),
                };
                self.voice.tell_all(&self.io, event, &begun).await;
            }
            What::Answered(acknowledgement) => {
                if let Err(error) = acknowledgement.send::<[(); 0]>(&[]) {
                    tracing::debug!(%error, "a client misses an acknowledgement");
                }
            }
        }
    }
}

/// A client, as long as it is connected. `SocketIo::get_socket` panics once all is closed.
pub(super) fn socket_of(io: &SocketIo, id: Sid) -> Option<SocketRef> {
    io.of("/")?.get_socket(id)
}

impl Telling {
    fn is_due(&self, told: Option<(u64, u64)>) -> bool {
        self.frame.as_ref().is_none_or(|frame| told >= Some((frame.epoch(), frame.seq())))
    }
}

impl Voice {
    pub(super) fn tell(&self, socket: &SocketRef, event: &str, data: &impl Serialize) {
        let other = self.other_name(event).filter(|_| socket.rooms().iter().any(|room| room == BOTH_NAMES));
        for name in [Some(event), other.as_deref()].into_iter().flatten() {
            if let Err(error) = socket.emit(name, data) {
                tracing::debug!(%error, event, "a client misses an event");
            }
        }
    }

    async fn tell_all(&self, io: &SocketIo, event: &str, data: &impl Serialize) {
        let other = self.other_name(event).map(|name| (name, Some(BOTH_NAMES)));
        for (name, to) in std::iter::once((event.to_owned(), None)).chain(other) {
            // Once it is closed there is nobody to tell, and `io.emit` would panic.
            let Some(all) = io.of("/") else { return };
            let those = match to {
                Some(to) => all.to(to),
                None => all,
            };
            if let Err(error) = those.emit(name, data).await {
                tracing::debug!(%error, event, "some clients miss an event");
            }
        }
    }

    /// An event's name with underscores, if it goes out under that too.
    fn other_name(&self, event: &str) -> Option<String> {
        (self.underscored && event.contains('-')).then(|| event.replace('-', "_"))
    }
}

impl<'a> Update<'a> {
    fn of(frame: &'a RoomFrame) -> Self {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { r#type: "state-update", data: StateFrame::of(frame), timestamp: since_1970.as_secs_f64() }
    }
}
