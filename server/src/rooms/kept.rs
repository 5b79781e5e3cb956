//! What of the rooms outlives the server: taken down for the next one, and made again from what the last one left.
//!
//! Of a room are kept who drives it and by what, its rate, its seed, whether it is paused or votes, and its players with
//! the keys that they come back with. What the settings ask for goes before what was kept where they have changed since.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use daladala_env::RuleSpec;
use daladala_protocol::{Code, FrameRate, Kind, Mode, Refusal, RoomSpec};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::{CLAIM_RETRY, MAIN, ORIGINAL, Rooms, check_code};
use crate::broker::{CLAIM, Part};
use crate::error::{RoomError, ServerError};
use crate::game::SharedDriver;
use crate::room::{Actor, KeptMembers, Opening, Restored, Room};

/// The rooms of a server.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct KeptRooms {
    /// The settings that `main` and `original` were begun by.
    settings: Option<Settings>,
    rooms: BTreeMap<String, KeptRoom>,
}

/// What the permanent rooms are begun by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Settings {
    model: String,
    spec: Option<RuleSpec>,
    /// Frames a second.
    fps: f64,
    seed: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct KeptRoom {
    kind: Kind,
    model: String,
    /// None where a recording is played.
    spec: Option<RuleSpec>,
    /// The recording that is played.
    recording: Option<String>,
    /// Frames a second.
    fps: f64,
    seed: u64,
    paused: bool,
    /// Seconds of a turn, where it votes.
    vote: Option<f64>,
    epoch: u64,
    members: KeptMembers,
    /// As the settings ask for it.
    declared: Option<RoomSpec>,
}

impl Rooms {
    /// Opens the rooms that always exist, those that the settings ask for, and those that were kept.
    pub(crate) async fn begin(
        self: &Arc<Self>,
        seed: Option<u64>,
        declared: Vec<RoomSpec>,
        kept: Option<KeptRooms>,
    ) -> Result<(), ServerError> {
        let KeptRooms { settings, rooms: mut kept } = kept.unwrap_or_default();
        let unchanged = settings.as_ref() == Some(&self.settings(seed));
        // A server that was killed still has its rooms for a while.
        let patience = Instant::now() + CLAIM + CLAIM_RETRY;
        if self.link.as_ref().is_some_and(|link| link.part == Part::Edge) {
            _ = self.begun.set(seed);
            return Ok(());
        }
        let main = if self.catalog.first().is_shown() { Kind::Driven } else { Kind::Stream };
        for (code, kind) in [(MAIN, main), (ORIGINAL, Kind::Driven)] {
            let mut opening = self.permanent(code, kind, seed);
            if let Some(kept) = kept.remove(code) {
                opening = self.as_it_was(opening, kept, unchanged).await;
            }
            match self.claimed(opening, patience).await {
                Ok(opening) => self
                    .open_permanent(opening)
                    .map_err(|source| ServerError::Room { room: code.to_owned(), source })?,
                Err(Refusal { code: Code::Conflict, .. }) => {
                    tracing::warn!(room = code, "another server runs this room: here it is shown");
                }
                Err(refusal) => return Err(ServerError::Setting(refusal.message)),
            }
        }
        for spec in declared {
            self.declare(spec, &mut kept, patience).await.map_err(|refusal| ServerError::Setting(refusal.message))?;
        }
        // What the settings no longer ask for is gone.
        for (code, kept) in kept.into_iter().filter(|(_, kept)| kept.declared.is_none()) {
            if let Err(refusal) = self.open_again(&code, kept, patience).await {
                tracing::warn!(room = code, "a room that was kept cannot be opened: {}", refusal.message);
            }
        }
        // It is done once.
        _ = self.begun.set(seed);
        self.changed.notify_one();
        Ok(())
    }

    fn open_permanent(self: &Arc<Self>, opening: Opening) -> Result<(), RoomError> {
        let code = opening.code.clone();
        let (room, actor) = Actor::open(opening)?;
        self.locked().insert(code.clone(), room);
        self.run(code, actor);
        Ok(())
    }

    /// Opens a room that the settings ask for.
    async fn declare(
        self: &Arc<Self>,
        spec: RoomSpec,
        kept: &mut BTreeMap<String, KeptRoom>,
        patience: Instant,
    ) -> Result<(), Refusal> {
        let Some(code) = spec.code.clone() else {
            return Err(Refusal::invalid("rooms: each needs a code, such as code = \"class\""));
        };
        let of_room = |refusal: Refusal| {
            let message = format!("the room '{code}': {}", refusal.message);
            Refusal { message, ..refusal }
        };
        check_code(&code).and_then(|()| self.check_place(&code, &self.locked())).map_err(of_room)?;
        let driven = self.to_be_driven(&spec).await.map_err(of_room)?;
        let mut opening = self.opening(&code, driven, spec.seed);
        if let Some(kept) = kept.remove(&code) {
            let unchanged = kept.declared.as_ref() == Some(&spec);
            opening = self.as_it_was(opening, kept, unchanged).await;
        }
        let recording = spec.recording.clone();
        self.declared.lock().unwrap_or_else(PoisonError::into_inner).insert(code.clone(), spec);
        let opening = self.claimed(Opening { permanent: true, ..opening }, patience).await.map_err(of_room)?;
        self.open(opening, recording).map_err(of_room)
    }

    /// A room that the settings ask for, as it was on the server before; only its players where the settings have changed.
    async fn as_it_was(&self, opening: Opening, kept: KeptRoom, unchanged: bool) -> Opening {
        if !unchanged || kept.spec.is_none() {
            let restored = Restored { members: kept.members, epoch: kept.epoch, ..Restored::default() };
            return Opening { restored, ..opening };
        }
        match self.driver_of(&kept).await {
            Ok((driver, fps)) => Opening { driver, fps, seed: Some(kept.seed), restored: kept.restored(), ..opening },
            Err(refusal) => {
                tracing::warn!(room = opening.code, "it begins by the settings: {}", refusal.message);
                opening
            }
        }
    }

    /// Opens a room that was made by request.
    async fn open_again(self: &Arc<Self>, code: &str, kept: KeptRoom, patience: Instant) -> Result<(), Refusal> {
        check_code(code)?;
        self.check_place(code, &self.locked())?;
        let (driver, fps) = self.driver_of(&kept).await?;
        let opening = self.opening(code, (driver, kept.kind, fps), Some(kept.seed));
        let recording = kept.recording.clone();
        let opening = self.claimed(Opening { restored: kept.restored(), ..opening }, patience).await?;
        self.open(opening, recording)
    }

    /// Who drove, and how fast.
    async fn driver_of(&self, kept: &KeptRoom) -> Result<(SharedDriver, FrameRate), Refusal> {
        let fps = FrameRate::new(kept.fps).map_err(|error| Refusal::invalid(error.to_string()))?;
        let driver = match (&kept.spec, &kept.recording) {
            (Some(spec), _) => self.load(kept.model.clone(), spec.clone()).await?,
            (None, Some(recording)) => Arc::new(self.playback(recording).await?),
            (None, None) => return Err(Refusal::invalid("it is not said what it plays")),
        };
        Ok((driver, fps))
    }

    fn settings(&self, seed: Option<u64>) -> Settings {
        let first = self.catalog.first();
        Settings { model: first.info().model, spec: first.spec().cloned(), fps: self.fps.get(), seed }
    }

    /// All that is to be kept, as it is now; none before all rooms are open.
    pub(crate) fn kept(&self) -> Option<KeptRooms> {
        let settings = self.settings(*self.begun.get()?);
        let rooms = self.all().into_iter().map(|room| (room.code().to_owned(), self.keep(&room))).collect();
        Some(KeptRooms { settings: Some(settings), rooms })
    }

    fn keep(&self, room: &Room) -> KeptRoom {
        let (now, basis, code) = (room.now(), room.basis(), room.code());
        let info = now.described.info();
        KeptRoom {
            kind: info.kind,
            model: info.game.model.clone(),
            spec: basis.spec,
            recording: self.playing.lock().unwrap_or_else(PoisonError::into_inner).get(code).cloned(),
            fps: info.fps,
            seed: basis.seed,
            paused: info.paused,
            vote: (info.mode == Mode::Vote).then_some(info.turn_seconds),
            epoch: info.epoch,
            members: room.kept_members(),
            declared: self.declared.lock().unwrap_or_else(PoisonError::into_inner).get(code).cloned(),
        }
    }

    /// Waits for a change that outlives the server.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }
}

impl KeptRoom {
    fn restored(self) -> Restored {
        let vote = self.vote.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        Restored { paused: self.paused, vote, members: self.members, epoch: self.epoch }
    }
}
