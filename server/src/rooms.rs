//! All rooms of a server: made, found, listed and closed.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use crate::config::{FrameRate, Limits};
use crate::error::RoomError;
use crate::game::{Catalog, PlaybackDriver, SharedDriver};
use crate::metrics::{Counted, Metrics};
use crate::protocol::{Code, Kind, Refusal, RoomSpec};
use crate::publish::Publisher;
use crate::recording::{Recorder, Recordings, Written};
use crate::room::{Actor, Opening, Room};

/// The room that always exists.
pub(crate) const MAIN: &str = "main";

/// The room that clients of the original step.
pub(crate) const ORIGINAL: &str = "original";

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
    publisher: Option<Arc<dyn Publisher>>,
    lost: mpsc::UnboundedSender<Lost>,
}

/// What rooms are made with.
pub(crate) struct Means {
    pub(crate) catalog: Catalog,
    pub(crate) recordings: Option<Recordings>,
    pub(crate) fps: FrameRate,
    pub(crate) limits: Limits,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) publisher: Option<Arc<dyn Publisher>>,
}

impl Rooms {
    /// No rooms yet, and where to hear of those that are lost.
    pub(crate) fn new(means: Means) -> (Arc<Self>, mpsc::UnboundedReceiver<Lost>) {
        let Means { catalog, recordings, fps, limits, metrics, publisher } = means;
        let (lost, losses) = mpsc::unbounded_channel();
        let rooms = Self {
            open: Mutex::default(),
            recorders: Mutex::default(),
            catalog: Arc::new(catalog),
            recordings,
            fps,
            limits,
            metrics,
            publisher,
            lost,
        };
        (Arc::new(rooms), losses)
    }

    /// A room that stays.
    pub(crate) fn open_permanent(self: &Arc<Self>, code: &str, kind: Kind, seed: Option<u64>) -> Result<(), RoomError> {
        let opening = self.opening(code, (self.catalog.first(), kind, self.fps), seed);
        let (room, actor) = Actor::open(Opening { permanent: true, ..opening })?;
        self.locked().insert(code.to_owned(), room);
        self.run(code.to_owned(), actor);
        Ok(())
    }

    /// A room as asked for; its code.
    pub(crate) async fn create(self: &Arc<Self>, spec: RoomSpec) -> Result<String, Refusal> {
        let code = spec.code.clone().unwrap_or_else(random_code);
        check_code(&code)?;
        // Before a model is loaded for a room that there is no place for; and again when it is opened.
        self.check_place(&code, &self.locked())?;
        let opening = self.opening(&code, self.to_be_driven(&spec).await?, spec.seed);
        let opened = std::panic::catch_unwind(AssertUnwindSafe(|| Actor::open(opening)));
        let (room, actor) = opened.map_err(|_| Refusal::internal())?.map_err(|error| {
            tracing::error!(%error, "a room cannot be opened");
            Refusal::internal()
        })?;
        let mut open = self.locked();
        self.check_place(&code, &open)?;
        open.insert(code.clone(), room);
        drop(open);
        self.run(code.clone(), actor);
        Ok(code)
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
            publisher: self.publisher.clone(),
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
        let driver = self.load(model.unwrap_or(first.model), rules.unwrap_or(first.rules)).await?;
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
    fn run(self: &Arc<Self>, code: String, actor: Actor) {
        let rooms = Arc::clone(self);
        let open = Counted::new(&self.metrics.rooms);
        tokio::spawn(async move {
            let ended = AssertUnwindSafe(actor.run()).catch_unwind().await.unwrap_or(Err(RoomError::Panicked));
            drop(open);
            let gone = rooms.locked().remove(&code);
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
        });
    }

    /// The driver of a name.
    pub(crate) async fn load(&self, model: String, rules: String) -> Result<SharedDriver, Refusal> {
        let catalog = Arc::clone(&self.catalog);
        let loaded = spawn_blocking(move || catalog.load(&rules, &model)).await;
        loaded.map_err(|_| Refusal::internal())?.map_err(|error| Refusal::new(Code::NotFound, error.to_string()))
    }

    pub(crate) fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The room of a code.
    pub(crate) fn find(&self, code: &str) -> Result<Arc<Room>, Refusal> {
        check_code(code)?;
        let missing = || Refusal::new(Code::NoRoom, format!("there is no room '{code}'"));
        self.locked().get(code).cloned().ok_or_else(missing)
    }

    pub(crate) fn all(&self) -> Vec<Arc<Room>> {
        self.locked().values().cloned().collect()
    }

    /// Closes a room for all who are in it.
    pub(crate) async fn close(&self, code: &str) -> Result<(), Refusal> {
        let room = self.find(code)?;
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
        let kept = self.recordings()?.list().map_or(0, |list| list.len());
        if kept >= self.limits.max_recordings {
            return Err(Refusal::new(Code::RoomFull, "the server has as many recordings as it may: remove some"));
        }
        let recorder = Recorder::start(room, name.clone(), &path, self.limits.max_recording_bytes).await?;
        let mut recorders = self.recorders.lock().unwrap_or_else(PoisonError::into_inner);
        recorders.retain(|_, recorder| recorder.is_running());
        recorders.insert(room.code().to_owned(), recorder);
        Ok(name)
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
