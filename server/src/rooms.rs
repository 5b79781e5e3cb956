//! All rooms of a server: made, found, listed and closed.

mod kept;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use daladala_env::{EnvError, RuleSpec};
use daladala_protocol::{Code, Kind, Refusal, Request, RoomSpec, RoomSummary, ScenarioChoice};
use futures_util::FutureExt;
use serde_json::Value;
use tokio::runtime::{Builder, Handle};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::spawn_blocking;
use tokio::time::Instant;
use uuid::Uuid;

pub(crate) use kept::KeptRooms;

use crate::answers::Answers;
use crate::broker::{ClaimError, Link, Part, errand};
use crate::commands::{Asked, Asker};
use crate::config::{FrameRate, Limits};
use crate::error::RoomError;
use crate::game::{Catalog, PlaybackDriver, SharedDriver};
use crate::metrics::{Counted, Metrics};
use crate::recording::{Recorder, RecordingSummary, Recordings, Written};
use crate::room::{Actor, Opening, Restored, Room};

/// The room that always exists.
pub(crate) const MAIN: &str = "main";

/// The room that clients of the original step.
pub(crate) const ORIGINAL: &str = "original";

/// Space that a recording is begun with at least, bytes: some minutes.
const LEAST_RECORDING_BYTES: u64 = 64 << 10;

/// Before a room is claimed again that another server has.
const CLAIM_RETRY: Duration = Duration::from_millis(100);

/// The longest code of a room.
const MAX_CODE_CHARS: usize = 32;

/// A room without which the server cannot go on, and why it has stopped.
pub(crate) type Lost = (String, RoomError);

/// Who drives a room, when, and how fast.
type Driven = (SharedDriver, Kind, FrameRate);

/// The rooms of a server.
pub(crate) struct Rooms {
    open: Mutex<BTreeMap<String, Arc<Room>>>,
    recorders: Mutex<BTreeMap<String, Recorder>>,
    catalog: Arc<Catalog>,
    recordings: Option<Recordings>,
    fps: FrameRate,
    limits: Limits,
    metrics: Arc<Metrics>,
    /// To other servers.
    pub(crate) link: Option<Arc<Link>>,
    lost: mpsc::UnboundedSender<Lost>,
    /// Of requests that may come twice.
    pub(crate) answers: Answers,
    /// The recordings that rooms play, by the codes of these.
    playing: Mutex<BTreeMap<String, String>>,
    /// Held while a recording begins.
    beginning: tokio::sync::Mutex<()>,
    /// True once the rooms are to end.
    stop: watch::Sender<bool>,
    /// Something has changed that outlives the server.
    changed: Arc<Notify>,
    /// The rooms that the settings ask for, by their codes.
    declared: Mutex<BTreeMap<String, RoomSpec>>,
    /// The seed that the settings ask for, once all rooms are open that are opened at the start.
    begun: OnceLock<Option<u64>>,
}

/// What rooms are made with.
pub(crate) struct Means {
    pub(crate) catalog: Catalog,
    pub(crate) recordings: Option<Recordings>,
    pub(crate) fps: FrameRate,
    pub(crate) limits: Limits,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) link: Option<Arc<Link>>,
}

impl Rooms {
    /// No rooms yet, and where to hear of those that are lost.
    pub(crate) fn new(means: Means) -> (Arc<Self>, mpsc::UnboundedReceiver<Lost>) {
        let Means { catalog, recordings, fps, limits, metrics, link } = means;
        let (lost, losses) = mpsc::unbounded_channel();
        let rooms = Self {
            open: Mutex::default(),
            recorders: Mutex::default(),
            catalog: Arc::new(catalog),
            recordings,
            fps,
            limits,
            metrics,
            link,
            lost,
            answers: Answers::default(),
            playing: Mutex::default(),
            beginning: tokio::sync::Mutex::default(),
            stop: watch::Sender::new(false),
            changed: Arc::default(),
            declared: Mutex::default(),
            begun: OnceLock::new(),
        };
        (Arc::new(rooms), losses)
    }

    /// A room that stays, by the settings.
    fn permanent(&self, code: &str, kind: Kind, seed: Option<u64>) -> Opening {
        let driver = if code == ORIGINAL { self.catalog.of_the_original() } else { self.catalog.first() };
        Opening { permanent: true, ..self.opening(code, (driver, kind, self.fps), seed) }
    }

    /// A room as asked for; its code.
    pub(crate) async fn create(self: &Arc<Self>, spec: RoomSpec) -> Result<String, Refusal> {
        let code = spec.code.clone().unwrap_or_else(random_code);
        check_code(&code)?;
        // Before a model is loaded for a room that there is no place for; and again when it is opened.
        self.check_place(&code, &self.locked())?;
        let opening = self.opening(&code, self.to_be_driven(&spec).await?, spec.seed);
        self.open(self.claimed(opening, Instant::now()).await?, spec.recording)?;
        Ok(code)
    }

    /// Claims a room at the broker, if there is one, so that no other server runs it. Until `patience`, one waits for
    /// another server that has it, which may be dead.
    async fn claimed(&self, mut opening: Opening, patience: Instant) -> Result<Opening, Refusal> {
        let Some(link) = &self.link else { return Ok(opening) };
        let code = &opening.code;
        loop {
            match link.claim(code).await {
                Ok(last) => {
                    let last = last.map_or(0, |last| last.epoch);
                    opening.restored.epoch = opening.restored.epoch.max(last);
                    return Ok(opening);
                }
                Err(ClaimError::Taken) if Instant::now() < patience => tokio::time::sleep(CLAIM_RETRY).await,
                Err(ClaimError::Taken) => {
                    let message = format!("there is a room '{code}' already, on another server");
                    return Err(Refusal::conflict(message));
                }
                Err(ClaimError::Away(error)) => {
                    tracing::warn!(%error, room = code, "a room cannot be claimed");
                    let message = "the broker cannot be reached, so no room can be made: try again";
                    return Err(Refusal::new(Code::Busy, message));
                }
            }
        }
    }

    /// Opens a room, which plays `recording` if that is what drives it, and lets it run.
    fn open(self: &Arc<Self>, opening: Opening, recording: Option<String>) -> Result<(), Refusal> {
        let code = opening.code.clone();
        let opened = std::panic::catch_unwind(AssertUnwindSafe(|| Actor::open(opening)));
        let opened = opened.map_err(|_| Refusal::internal()).and_then(|opened| {
            opened.map_err(|error| {
                tracing::error!(%error, "a room cannot be opened");
                Refusal::internal()
            })
        });
        let placed = opened.and_then(|(room, actor)| {
            let mut open = self.locked();
            self.check_place(&code, &open)?;
            open.insert(code.clone(), room);
            Ok(actor)
        });
        let actor = placed.inspect_err(|_| {
            // Unless there is such a room here.
            if !self.locked().contains_key(&code) {
                self.give_up(code.clone(), false, &Handle::current());
            }
        })?;
        if let Some(recording) = recording {
            self.playing.lock().unwrap_or_else(PoisonError::into_inner).insert(code.clone(), recording);
        }
        self.run(code, actor);
        self.changed.notify_one();
        Ok(())
    }

    /// Gives up the claim on a room.
    fn give_up(&self, code: String, closed: bool, runtime: &Handle) {
        if let Some(link) = self.link.clone() {
            runtime.spawn(async move { link.release(&code, closed).await });
        }
    }

    fn opening(&self, code: &str, (driver, kind, fps): Driven, seed: Option<u64>) -> Opening {
        Opening {
            code: code.to_owned(),
            kind,
            driver,
            fps,
            seed,
            permanent: false,
            limits: self.limits,
            metrics: Arc::clone(&self.metrics),
            changed: Arc::clone(&self.changed),
            restored: Restored::default(),
        }
    }

    /// Who drives a room as asked for, when, and how fast.
    async fn to_be_driven(&self, spec: &RoomSpec) -> Result<Driven, Refusal> {
        let fps = spec.frame_rate(self.max_fps())?;
        if let Some(recording) = &spec.recording {
            let playback = self.playback(recording).await?;
            let fps = fps.unwrap_or(playback.fps());
            return Ok((Arc::new(playback), Kind::Playback, fps));
        }
        let kind = match spec.kind.as_deref() {
            None | Some("stream") => Kind::Stream,
            Some("driven") => Kind::Driven,
            Some(other) => return Err(Refusal::invalid(format!("'{other}' is no kind: stream or driven"))),
        };
        let first = self.catalog.first().info();
        let (model, rules) = (spec.model.clone(), spec.rules.clone());
        let spec = self.spec(&rules.unwrap_or(first.rules), &spec.scenario, None)?;
        let driver = self.load(model.unwrap_or(first.model), spec).await?;
        Ok((driver, kind, fps.unwrap_or(self.fps)))
    }

    async fn playback(&self, recording: &str) -> Result<PlaybackDriver, Refusal> {
        let path = self.recordings()?.find(recording)?;
        let opened = spawn_blocking(move || PlaybackDriver::open(&path)).await.map_err(|_| Refusal::internal())?;
        opened.map_err(|error| {
            tracing::warn!(%error, "a recording cannot be played");
            Refusal::invalid(format!("the recording '{recording}' cannot be played"))
        })
    }

    /// The greatest frame rate that a client may ask for; what the server was started with, if that is more.
    pub(crate) fn max_fps(&self) -> FrameRate {
        if self.fps > self.limits.max_fps { self.fps } else { self.limits.max_fps }
    }

    fn check_place(&self, code: &str, open: &BTreeMap<String, Arc<Room>>) -> Result<(), Refusal> {
        if open.contains_key(code) {
            return Err(Refusal::conflict(format!("there is a room '{code}' already")));
        }
        if open.len() >= self.limits.max_rooms {
            return Err(Refusal::new(Code::RoomFull, "the server has as many rooms as it may: close one"));
        }
        Ok(())
    }

    /// Lets the actor run; when it ends, its room is gone.
    ///
    /// It runs on a thread of its own, by a clock of its own. A driver may take its time over an action, on a GPU or for
    /// being large, and would hold up everything else that one of the server's workers has to do; and whatever these
    /// have to do makes no room late.
    fn run(self: &Arc<Self>, code: String, actor: Actor) {
        let rooms = Arc::clone(self);
        let open = Counted::new(&self.metrics.rooms);
        let mut stop = self.stop.subscribe();
        let runtime = Handle::current();
        let running = async move {
            let ended = tokio::select! {
                ended = AssertUnwindSafe(actor.run()).catch_unwind() => ended.unwrap_or(Err(RoomError::Panicked)),
                _ = stop.wait_for(|&stopped| stopped) => Ok(()),
            };
            drop(open);
            let gone = rooms.locked().remove(&code);
            rooms.playing.lock().unwrap_or_else(PoisonError::into_inner).remove(&code);
            rooms.changed.notify_one();
            let closed = gone.as_ref().is_some_and(|room| room.now().closed);
            rooms.give_up(code.clone(), closed, &runtime);
            if let Err(error) = ended {
                tracing::error!(room = code, %error, "a room has stopped");
                // A panic has left no time to say so.
                if let Some(gone) = gone {
                    gone.abandon();
                }
                if is_permanent(&code) {
                    // Without a server to hear of it, it stops anyway.
                    _ = rooms.lost.send((code, error));
                }
            }
        };
        let clock = Builder::new_current_thread().enable_time().build();
        let thread = std::thread::Builder::new().name("room".to_owned());
        let begun = clock.and_then(|clock| thread.spawn(move || clock.block_on(running)));
        if let Err(error) = begun {
            // What was to run is dropped, and the room with it: whoever asks hears that it is gone.
            tracing::error!(%error, "no thread for a room can be had");
        }
    }

    /// Ends all rooms, with the server, and waits for them.
    pub(crate) async fn stop(&self) {
        let codes: Vec<_> = self.locked().keys().cloned().collect();
        self.stop.send_replace(true);
        // Each room holds a receiver as long as it runs.
        self.stop.closed().await;
        // Here once more, as the runtime may end before what it was given to do.
        if let Some(link) = &self.link {
            for code in codes {
                link.release(&code, false).await;
            }
        }
    }

    /// What is driven by where `rules` and a scenario are asked for in a room that drives by `now`.
    pub(crate) fn spec(
        &self,
        rules: &str,
        choice: &ScenarioChoice,
        now: Option<&RuleSpec>,
    ) -> Result<RuleSpec, Refusal> {
        self.catalog.spec(rules, choice, now).map_err(|error| match error {
            EnvError::UnknownRules { .. } | EnvError::UnknownScenario { .. } => {
                Refusal::new(Code::NotFound, error.to_string())
            }
            of_a_field => Refusal::invalid(of_a_field.to_string()),
        })
    }

    /// The driver of a name, to drive by `spec`.
    pub(crate) async fn load(&self, model: String, spec: RuleSpec) -> Result<SharedDriver, Refusal> {
        let catalog = Arc::clone(&self.catalog);
        let loaded = spawn_blocking(move || catalog.load(&spec, &model)).await;
        loaded.map_err(|_| Refusal::internal())?.map_err(|error| Refusal::new(Code::NotFound, error.to_string()))
    }

    pub(crate) fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The room of a code, whichever server runs it.
    pub(crate) async fn find(&self, code: &str) -> Result<Arc<Room>, Refusal> {
        check_code(code)?;
        if let Some(room) = self.find_here(code) {
            return Ok(room);
        }
        let elsewhere = match &self.link {
            Some(link) => link.find(code).await?,
            None => None,
        };
        elsewhere.ok_or_else(|| Refusal::new(Code::NoRoom, format!("there is no room '{code}'")))
    }

    /// The room of a code, if this server runs it.
    pub(crate) fn find_here(&self, code: &str) -> Option<Arc<Room>> {
        self.locked().get(code).cloned()
    }

    /// All rooms, as lists have them, whichever server runs them.
    pub(crate) async fn listed(&self) -> Vec<RoomSummary> {
        let mut listed: Vec<_> = self.all().iter().map(|room| room.summary()).collect();
        if let Some(link) = &self.link {
            let elsewhere = link.rooms().await.into_iter();
            let new: Vec<_> = elsewhere.filter(|line| listed.iter().all(|known| known.code != line.code)).collect();
            listed.extend(new);
            listed.sort_by(|a, b| a.code.cmp(&b.code));
        }
        listed
    }

    /// Has the servers that run rooms do what this one cannot; none if it is done here.
    pub(crate) async fn ask_others(&self, asker: &Asker, request: &Request) -> Option<Result<Value, Refusal>> {
        let link = self.link.as_ref()?;
        let what = || Asked { request: request.clone(), key: None, said: Value::Null };
        match request {
            Request::Create(_) if link.part == Part::Edge => {
                Some(link.ask_any_worker(errand(asker.clone(), what())).await)
            }
            Request::Close { room } if self.find_here(room).is_none() => {
                let room = self.find(room).await;
                match room.as_ref().map(|room| room.owner()) {
                    Ok(Some(owner)) => Some(owner.ask(errand(asker.clone(), what())).await),
                    Ok(None) => None,
                    Err(refusal) => Some(Err(refusal.clone())),
                }
            }
            _ => None,
        }
    }

    /// The rooms that this server runs.
    pub(crate) fn all(&self) -> Vec<Arc<Room>> {
        self.locked().values().cloned().collect()
    }

    /// Closes a room for all who are in it.
    pub(crate) async fn close(&self, code: &str) -> Result<(), Refusal> {
        let room = self.find(code).await?;
        if is_permanent(code) {
            return Err(Refusal::conflict(format!("the room '{code}' stays")));
        }
        room.ask(|actor| {
            actor.close("an admin has closed it");
            Ok(())
        })
        .await
    }

    /// The folder of recordings.
    pub(crate) fn recordings(&self) -> Result<&Recordings, Refusal> {
        let off = || Refusal::new(Code::NotFound, "this server keeps no recordings: start it with --recordings FOLDER");
        self.recordings.as_ref().ok_or_else(off)
    }

    /// Begins to record a room; the recording's name. It is done even if whoever asked for it goes away meanwhile.
    pub(crate) async fn record(self: &Arc<Self>, room: &Arc<Room>, name: Option<String>) -> Result<String, Refusal> {
        let (rooms, room) = (Arc::clone(self), Arc::clone(room));
        let begun = tokio::spawn(async move { rooms.begin_recording(&room, name).await });
        begun.await.map_err(|_| Refusal::internal())?
    }

    async fn begin_recording(&self, room: &Arc<Room>, name: Option<String>) -> Result<String, Refusal> {
        let unique = || format!("{}-{}", room.code(), crate::room::milliseconds_since_1970());
        let name = name.unwrap_or_else(unique);
        let path = self.recordings()?.path(&name)?;
        // One after the other, so that two do not take the same space.
        let _one = self.beginning.lock().await;
        let kept = self.list_recordings().await?;
        if kept.len() >= self.limits.max_recordings {
            return Err(Refusal::new(Code::RoomFull, "the server has as many recordings as it may: remove some"));
        }
        let space = self.space_for_recordings(&kept);
        if space < LEAST_RECORDING_BYTES {
            return Err(Refusal::new(Code::RoomFull, "recordings take all the space they may: remove some"));
        }
        let max_bytes = self.limits.max_recording_bytes.min(space);
        let recorder = Recorder::start(room, name.clone(), &path, max_bytes).await?;
        let mut recorders = self.recorders.lock().unwrap_or_else(PoisonError::into_inner);
        recorders.retain(|_, recorder| recorder.is_running());
        recorders.insert(room.code().to_owned(), recorder);
        Ok(name)
    }

    /// Bytes that are left for a new recording, what is being written taken as long as it may become.
    fn space_for_recordings(&self, kept: &[RecordingSummary]) -> u64 {
        let recorders = self.recorders.lock().unwrap_or_else(PoisonError::into_inner);
        let running = |summary: &&RecordingSummary| {
            let of_it = recorders.values().find(|recorder| recorder.is_running() && recorder.name() == summary.name);
            of_it.map(Recorder::max_bytes)
        };
        let taken = kept.iter().map(|summary| running(&summary).unwrap_or(0).max(summary.bytes)).sum();
        self.limits.max_recordings_bytes.saturating_sub(taken)
    }

    /// The recordings, by name, and whether each is in use.
    pub(crate) async fn list_recordings(&self) -> Result<Vec<RecordingSummary>, Refusal> {
        let recordings = self.recordings()?.clone();
        let listed = spawn_blocking(move || recordings.list()).await.map_err(|_| Refusal::internal())?;
        let mut listed = listed.map_err(|error| {
            tracing::error!(%error, "recordings cannot be listed");
            Refusal::internal()
        })?;
        for summary in &mut listed {
            summary.in_use = self.is_in_use(&summary.name);
        }
        Ok(listed)
    }

    /// Whether a recording is being written or played.
    fn is_in_use(&self, recording: &str) -> bool {
        let recorders = self.recorders.lock().unwrap_or_else(PoisonError::into_inner);
        let written = recorders.values().any(|recorder| recorder.is_running() && recorder.name() == recording);
        let playing = self.playing.lock().unwrap_or_else(PoisonError::into_inner);
        written || playing.values().any(|played| played == recording)
    }

    /// Removes a recording.
    pub(crate) fn remove_recording(&self, name: &str) -> Result<(), Refusal> {
        self.recordings()?.find(name)?;
        if self.is_in_use(name) {
            return Err(Refusal::conflict(format!("the recording '{name}' is being written or played")));
        }
        self.recordings()?.remove(name)
    }

    /// Removes the oldest recordings until no more than `recordings` and `bytes` are left; the names of those that are
    /// gone. What is in use stays.
    pub(crate) async fn clean_recordings(&self, recordings: usize, bytes: u64) -> Result<Vec<String>, Refusal> {
        let mut kept = self.list_recordings().await?;
        kept.sort_by_key(|summary| summary.created);
        let mut count = kept.len();
        let mut taken: u64 = kept.iter().map(|summary| summary.bytes).sum();
        let mut removed = Vec::new();
        for summary in kept {
            if count <= recordings && taken <= bytes {
                break;
            }
            if self.remove_recording(&summary.name).is_ok() {
                count -= 1;
                taken -= summary.bytes;
                removed.push(summary.name);
            }
        }
        Ok(removed)
    }

    /// For an answer of a room to come.
    pub(crate) fn answer_timeout(&self) -> Duration {
        self.limits.answer_timeout
    }

    /// Ends the recording of a room: its name, and what has become of it.
    pub(crate) async fn record_stop(&self, room: &Room) -> Result<(String, Written), Refusal> {
        let recorder = self.recorders.lock().unwrap_or_else(PoisonError::into_inner).remove(room.code());
        let recorder = recorder.ok_or_else(|| Refusal::conflict("the room is not being recorded"))?;
        let name = recorder.name().to_owned();
        Ok((name, recorder.stop().await))
    }

    /// Ends all recordings, with what was shown so far.
    pub(crate) async fn stop_recordings(&self) {
        let recorders = std::mem::take(&mut *self.recorders.lock().unwrap_or_else(PoisonError::into_inner));
        for recorder in recorders.into_values() {
            recorder.stop().await;
        }
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Room>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_permanent(code: &str) -> bool {
    code == MAIN || code == ORIGINAL
}

fn random_code() -> String {
    // 40 bits, enough that the rooms of one server hardly ever meet.
    Uuid::new_v4().simple().to_string()[..10].to_owned()
}

fn check_code(code: &str) -> Result<(), Refusal> {
    let allowed = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '-';
    if !code.is_empty() && code.len() <= MAX_CODE_CHARS && code.chars().all(allowed) {
        return Ok(());
    }
    Err(Refusal::new(Code::InvalidRoom, format!("a room's code has 1 to {MAX_CODE_CHARS} of a-z, 0-9 and -")))
}
