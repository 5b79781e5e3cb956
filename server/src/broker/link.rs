//! One server's connection to its broker: the rooms that it runs for others, the rooms of others that it shows, and the
//! letters between.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use daladala_protocol::{Code, Refusal, RoomSummary};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::mail::Mail;
use super::mirrors::Mirrors;
use super::outlet::{Ended, Outlet};
use super::{Arrival, Broker, ClaimError, Errand, Place, RENEWAL, Renewal};
use crate::answers::IdempotencyKey;
use crate::commands::{self, Asked};
use crate::config::Limits;
use crate::original::Driven;
use crate::room::{Guests, Room};
use crate::rooms::Rooms;

/// Requests of other servers that are being done at once. More are refused, as they would be here.
const AT_ONCE: usize = 256;

/// For a room that has closed to be written to its end.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What a server does at its broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// It runs rooms, and shows those of others.
    Worker,
    /// It shows rooms, and runs none.
    Edge,
}

/// A room that is being written, and whether what there was at the beginning is.
type Writing = (watch::Receiver<bool>, JoinHandle<()>);

/// A server's connection to its broker.
pub(crate) struct Link {
    pub(super) broker: Arc<dyn Broker>,
    pub(crate) part: Part,
    pub(super) limits: Limits,
    pub(super) mirrors: Mirrors,
    /// Questions of this server that wait for an answer.
    asked: Mutex<HashMap<u64, oneshot::Sender<Result<Value, Refusal>>>>,
    last_question: AtomicU64,
    last_member: AtomicU64,
    /// Rooms that are written for others.
    outlets: Mutex<HashMap<String, Writing>>,
    at_once: Arc<Semaphore>,
}

impl Link {
    pub(crate) fn new(broker: Arc<dyn Broker>, part: Part, limits: &Limits) -> Arc<Self> {
        // Numbers of members stay below 2^53, which is as far as JavaScript counts.
        let first_member = broker.number() << 32;
        Arc::new(Self {
            broker,
            part,
            limits: *limits,
            mirrors: Mirrors::default(),
            asked: Mutex::default(),
            last_question: AtomicU64::new(0),
            last_member: AtomicU64::new(first_member),
            outlets: Mutex::default(),
            at_once: Arc::new(Semaphore::new(AT_ONCE)),
        })
    }

    /// Claims a room for this server; the last place of its frames. Its epoch has to begin above that, whatever the clock
    /// says.
    pub(crate) async fn claim(&self, room: &str) -> Result<Option<Place>, ClaimError> {
        self.broker.claim(room).await
    }

    /// Gives a room up. Where the broker is away, the claim ends by itself. Of a room that has closed, others hear that first.
    pub(crate) async fn release(&self, room: &str, closed: bool) {
        let outlet = locked(&self.outlets).remove(room);
        if let Some((_, mut outlet)) = outlet {
            if closed && timeout(LAST_WORDS, &mut outlet).await.is_err() {
                tracing::warn!(room, "the broker is away, and others do not hear that a room has closed");
            }
            outlet.abort();
        }
        if let Err(error) = self.broker.release(room, closed).await {
            tracing::debug!(room, %error, "a room cannot be given up");
        }
    }

    /// A room that another server runs, as it is shown here.
    pub(crate) async fn find(self: &Arc<Self>, room: &str) -> Result<Option<Arc<Room>>, Refusal> {
        self.mirrors.find(self, room).await
    }

    /// Lines of the rooms that any server runs.
    pub(crate) async fn rooms(&self) -> Vec<RoomSummary> {
        let lines = self.broker.rooms().await.unwrap_or_else(|error| {
            tracing::debug!(%error, "rooms cannot be listed");
            Vec::new()
        });
        lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Has some worker do what is asked of no room, such as to make one.
    pub(crate) async fn ask_any_worker(&self, errand: Errand) -> Result<Value, Refusal> {
        let worker = self.broker.any_worker().await.map_err(|error| is_away(&error))?;
        let none = || Refusal::new(Code::Busy, "no server that runs rooms is there: try again in a while");
        self.ask(&worker.ok_or_else(none)?, None, errand).await
    }

    /// Has the server of a room do something there.
    pub(super) async fn ask_owner(&self, room: &str, errand: Errand) -> Result<Value, Refusal> {
        let owner = self.broker.owner(room).await.map_err(|error| is_away(&error))?;
        // What is asked of a room, and what the server is asked about it, such as to close it.
        let of_room = match &errand {
            Errand::Request { request, .. } => !request.is_of_server(),
            Errand::Open | Errand::Drive(_) => true,
        };
        self.ask(&owner.ok_or_else(|| owner_away(room))?, of_room.then(|| room.to_owned()), errand).await
    }

    async fn ask(&self, server: &str, room: Option<String>, errand: Errand) -> Result<Value, Refusal> {
        let number = self.last_question.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        locked(&self.asked).insert(number, answer);
        let within_ms = u64::try_from(self.limits.answer_timeout.as_millis()).ok();
        let mail = Mail::Ask { from: self.broker.name().to_owned(), number, room, errand: Box::new(errand), within_ms };
        let posted = self.broker.post(server, mail.write()).await;
        let told = match posted {
            Ok(()) => timeout(self.limits.answer_timeout, answered).await.ok().and_then(Result::ok),
            // It may have been written all the same.
            Err(_) => None,
        };
        locked(&self.asked).remove(&number);
        told.unwrap_or_else(|| Err(Refusal::unanswered()))
    }

    /// Tells the server of a room who watches it here.
    pub(super) async fn tell_guests(&self, room: &str, guests: Option<Guests>) {
        let from = self.broker.name().to_owned();
        let told = async {
            let Some(owner) = self.broker.owner(room).await? else { return Ok(()) };
            self.broker.post(&owner, Mail::Guests { from, room: room.to_owned(), guests }.write()).await
        };
        if let Err(error) = told.await {
            tracing::debug!(room, %error, "a room does not hear who watches it here");
        }
    }

    /// A number for one who enters a room here.
    pub(super) fn next_member(&self) -> u64 {
        self.last_member.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Does what a connection is for until `stop` is true.
    pub(crate) async fn run(self: Arc<Self>, rooms: Arc<Rooms>, mut stop: watch::Receiver<bool>) {
        let mut arrivals = self.broker.arrivals();
        let mut renewals = interval(RENEWAL);
        renewals.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut renewing: Option<JoinHandle<()>> = None;
        loop {
            tokio::select! {
                Some(arrival) = arrivals.recv() => self.take(&rooms, arrival).await,
                // What arrives waits for nobody, a broker that does not answer least of all.
                _ = renewals.tick() => if renewing.as_ref().is_none_or(JoinHandle::is_finished) {
                    let (link, rooms) = (Arc::clone(&self), Arc::clone(&rooms));
                    renewing = Some(tokio::spawn(async move { link.renew(&rooms).await }));
                },
                () = async { _ = stop.wait_for(|&stop| stop).await } => break,
            }
        }
        for (_, (_, outlet)) in locked(&self.outlets).drain() {
            outlet.abort();
        }
        self.mirrors.close_all(&self).await;
    }

    /// Renews the claims on the rooms of this server, and its word that it is there.
    pub(crate) async fn renew(&self, rooms: &Rooms) {
        let here = rooms.all();
        let line = |room: &Arc<Room>| Renewal {
            room: room.code().to_owned(),
            summary: serde_json::to_string(&room.summary()).unwrap_or_default(),
        };
        match self.broker.renew(here.iter().map(line).collect(), self.part == Part::Worker).await {
            Ok(lost) => {
                for room in here.iter().filter(|room| lost.iter().any(|lost| lost == room.code())) {
                    give_way(room);
                }
            }
            Err(error) => tracing::warn!(%error, "the claims on rooms cannot be renewed"),
        }
    }

    async fn take(self: &Arc<Self>, rooms: &Arc<Rooms>, arrival: Arrival) {
        match arrival {
            Arrival::Of { room, notes, frames } => self.mirrors.take(&room, notes, frames).await,
            Arrival::Mail(letter) => match serde_json::from_slice(&letter) {
                Ok(mail) => self.read(rooms, mail),
                Err(error) => tracing::warn!(%error, "a letter of another server cannot be read"),
            },
        }
    }

    fn read(self: &Arc<Self>, rooms: &Arc<Rooms>, mail: Mail) {
        match mail {
            Mail::Answer { number, answer } => {
                if let Some(asked) = locked(&self.asked).remove(&number) {
                    // Whoever asked may have gone.
                    _ = asked.send(answer.map_err(Refusal::from));
                }
            }
            Mail::Guests { from, room, guests } => {
                let Some(room) = rooms.find_here(&room) else { return };
                room.guests(&from, guests);
                if room.is_shown_elsewhere(super::CLAIM) {
                    self.write(&room);
                }
            }
            Mail::Ask { from, number, room, errand, within_ms } => {
                let permit = Arc::clone(&self.at_once).try_acquire_owned();
                let (link, rooms) = (Arc::clone(self), Arc::clone(rooms));
                tokio::spawn(async move {
                    let answer = match permit {
                        Ok(_permit) => {
                            let doing = link.run_errand(&rooms, &from, room, *errand);
                            let within = within_ms.map_or(link.limits.answer_timeout, Duration::from_millis);
                            timeout(within, doing).await.unwrap_or_else(|_| Err(Refusal::unanswered()))
                        }
                        Err(_) => {
                            Err(Refusal::new(Code::Busy, "the server of this room has too much to do: try again"))
                        }
                    };
                    let mail = Mail::Answer { number, answer: answer.map_err(Into::into) };
                    if let Err(error) = link.broker.post(&from, mail.write()).await {
                        tracing::debug!(%error, "an answer cannot be sent");
                    }
                });
            }
        }
    }

    /// Does what another server asks for.
    async fn run_errand(
        self: &Arc<Self>,
        rooms: &Arc<Rooms>,
        from: &str,
        room: Option<String>,
        errand: Errand,
    ) -> Result<Value, Refusal> {
        let room = match room {
            Some(code) => Some(rooms.find_here(&code).ok_or_else(|| no_room(&code))?),
            None => None,
        };
        match (errand, room) {
            (Errand::Open, Some(room)) => {
                room.guests(from, Some(Guests::default()));
                // Until there is a word of who watches there.
                let mut primed = self.write(&room);
                let failed = || Refusal::new(Code::Busy, "the room cannot be shown elsewhere now: try again");
                primed.wait_for(|&primed| primed).await.map_err(|_| failed())?;
                Ok(json!({}))
            }
            (Errand::Drive(driving), Some(room)) => {
                let driven = Driven::from(room.ask(move |actor| driving.run(actor)).await?);
                serde_json::to_value(driven).map_err(|_| Refusal::internal())
            }
            (Errand::Open | Errand::Drive(_), None) => Err(Refusal::internal()),
            (Errand::Request { asker, request, key, said }, room) => {
                let key = key.as_deref().map(IdempotencyKey::new).transpose()?;
                commands::answer(rooms, room.as_ref(), asker, Asked { request: *request, key, said }).await
            }
        }
    }

    /// Writes a room's logs from now on, if they are not being written; whether what there is is written.
    fn write(self: &Arc<Self>, room: &Arc<Room>) -> watch::Receiver<bool> {
        let mut outlets = locked(&self.outlets);
        if let Some((primed, _)) = outlets.get(room.code()).filter(|(_, outlet)| !outlet.is_finished()) {
            return primed.clone();
        }
        let (primed, is_primed) = watch::channel(false);
        let outlet = Outlet::new(Arc::clone(room), Arc::clone(&self.broker), self.limits.history_frames, primed);
        let room = Arc::downgrade(room);
        let code = outlet.code().to_owned();
        let task = tokio::spawn(async move {
            if outlet.run().await == Ended::Overtaken
                && let Some(room) = Weak::upgrade(&room)
            {
                give_way(&room);
            }
        });
        outlets.insert(code, (is_primed.clone(), task));
        is_primed
    }
}

/// Ends a room that another server has.
fn give_way(room: &Room) {
    tracing::error!(room = room.code(), "another server runs this room now");
    if !room.tell(|actor| actor.close("another server runs this room now")) {
        tracing::error!(room = room.code(), "the room does not hear that another server runs it");
    }
}

/// Nobody has a room that was there.
pub(super) fn owner_away(room: &str) -> Refusal {
    Refusal::new(Code::Busy, format!("the server that runs the room '{room}' is away: try again"))
}

pub(super) fn no_room(code: &str) -> Refusal {
    Refusal::new(Code::NoRoom, format!("there is no room '{code}'"))
}

/// The broker does not answer.
pub(super) fn is_away(error: &super::Away) -> Refusal {
    tracing::debug!(%error, "the broker is away");
    Refusal::new(Code::Busy, "the servers behind this one cannot be reached now: try again")
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What asks the server of a room, for a client here.
pub(crate) fn errand(asker: commands::Asker, what: Asked) -> Errand {
    let Asked { request, key, said } = what;
    Errand::Request { asker, request: Box::new(request), key: key.map(IdempotencyKey::into_text), said }
}
