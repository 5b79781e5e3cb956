//! The running part of a room: it owns the game, moves it on by its clock or when asked to, and publishes.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use daladala_env::spaces::Spaces;
use daladala_env::{Action, Frame, RuleSpec};
use daladala_protocol::{ActionName, GameInfo, Kind, Refusal, RoomEvent, RoomInfo};
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep_until};

use super::choosing::Choosing;
use super::{Ask, Basis, Described, Keeper, KeptMembers, Making, Members, Noted, REQUESTS, Room, RoomFrame, Snapshot};
use crate::access::Limit;
use crate::config::{FrameRate, Limits};
use crate::error::RoomError;
use crate::game::{Game, SharedDriver};
use crate::metrics::Metrics;

/// What is older than this is not worth sending: a late room skips ahead, a late viewer gets the latest. A tenth of a
/// second is when people begin to notice.
pub(crate) const FRESH: Duration = Duration::from_millis(100);

/// Between two messages of presence, however many come and go.
const PRESENCE_PERIOD: Duration = Duration::from_millis(500);

/// The time of a turn until a vote says otherwise.
const DEFAULT_TURN: Duration = Duration::from_secs(10);

/// The most that people are told of what a driver said, characters: two lines of a page.
const MOST_TOLD: usize = 200;

/// How a room begins.
pub(crate) struct Opening {
    pub(crate) code: String,
    pub(crate) kind: Kind,
    pub(crate) driver: SharedDriver,
    pub(crate) fps: FrameRate,
    pub(crate) seed: Option<u64>,
    /// Whether it stays when nobody watches.
    pub(crate) permanent: bool,
    pub(crate) limits: Limits,
    pub(crate) metrics: Arc<Metrics>,
    /// Told when something changes that outlives the server.
    pub(crate) changed: Arc<Notify>,
    pub(crate) restored: Restored,
}

/// What is left of the room of a server before.
#[derive(Debug, Default)]
pub(crate) struct Restored {
    pub(crate) paused: bool,
    /// The time of a turn, where it voted.
    pub(crate) vote: Option<Duration>,
    pub(crate) members: KeptMembers,
    /// Its epoch, which must not come again.
    pub(crate) epoch: u64,
}

/// A frame that was asked for, and what the driver sees in it.
#[derive(Debug, Clone)]
pub(crate) struct Stepped {
    pub(crate) frame: Arc<RoomFrame>,
    pub(crate) observation: Vec<f32>,
    pub(crate) action_mask: Option<u32>,
    pub(crate) spaces: Option<Spaces>,
}

/// The running part of a room.
pub(crate) struct Actor {
    pub(super) room: Arc<Room>,
    kind: Kind,
    driver: SharedDriver,
    pub(super) game: Box<dyn Game>,
    /// What is played.
    played: Arc<GameInfo>,
    fps: FrameRate,
    pub(super) paused: bool,
    pub(super) choosing: Choosing,
    recording: Option<String>,
    /// Why the driver had no action, until it is asked again.
    fault: Option<String>,
    epoch: u64,
    pub(super) frame: Arc<RoomFrame>,
    described: Arc<Described>,
    presence: Arc<Noted>,
    /// When the next frame is due, if the clock drives.
    next_frame: Instant,
    next_presence: Option<Instant>,
    /// When somebody watched last.
    watched: Instant,
    permanent: bool,
    closed: bool,
    failed: Option<RoomError>,
    pub(super) limits: Limits,
    /// What everybody is told of.
    changes: Limit,
    /// Resets of a room that is stepped, which frames tell as well.
    resets: Limit,
    metrics: Arc<Metrics>,
    asks: mpsc::Receiver<Ask>,
}

impl Actor {
    /// A room with its first frame, and the actor that moves it on.
    pub(crate) fn open(opening: Opening) -> Result<(Arc<Room>, Self), RoomError> {
        let Opening { code, kind, driver, fps, seed, permanent, limits, metrics, changed, restored } = opening;
        let epoch = milliseconds_since_1970().max(restored.epoch + 1);
        let seed = seed.unwrap_or(epoch);
        let mut game = driver.begin(seed);
        let played = Arc::new(driver.info());
        let frame = RoomFrame::new(epoch, 1, game.advance(None)?, Arc::clone(&played), None);
        let choosing = restored.vote.map_or_else(Choosing::default, Choosing::voting_again);
        let members = Members::restored(restored.members);
        let info = RoomInfo {
            code: code.clone(),
            epoch,
            kind,
            fps: fps.get(),
            paused: restored.paused,
            mode: choosing.mode(),
            wheel: None,
            turn_seconds: restored.vote.unwrap_or(DEFAULT_TURN).as_secs_f64(),
            recording: None,
            fault: None,
            game: GameInfo::clone(&played),
        };
        tracing::info!(room = code, rules = info.game.rules, model = info.game.model, %fps, seed, "room opened");
        let described = Described::new(info);
        let presence = Noted::new(members.presence());
        let shown = Snapshot {
            described: Arc::clone(&described),
            frame: Arc::clone(&frame),
            presence: Arc::clone(&presence),
            closed: false,
        };
        let (ask, asks) = mpsc::channel(REQUESTS);
        let basis = Basis { spec: driver.spec().cloned(), seed };
        let room = Room::new(Making { code, limits, shown, members, keeper: Keeper::Here(ask), basis, changed });
        let now = Instant::now();
        let actor = Self {
            room: Arc::clone(&room),
            kind,
            driver,
            game,
            played,
            fps,
            paused: restored.paused,
            choosing,
            recording: None,
            fault: None,
            epoch,
            frame,
            described,
            presence,
            next_frame: now + fps.period(),
            next_presence: None,
            watched: now,
            permanent,
            closed: false,
            failed: None,
            changes: Limit::new(limits.changes_per_second, limits.change_burst),
            resets: Limit::new(limits.changes_per_second, limits.change_burst),
            limits,
            metrics,
            asks,
        };
        Ok((room, actor))
    }

    /// Runs until the room is closed, or cannot go on.
    pub(crate) async fn run(mut self) -> Result<(), RoomError> {
        while !self.closed {
            let due = self.due();
            tokio::select! {
                ask = self.asks.recv() => match ask {
                    Some(ask) => {
                        self.watched = Instant::now();
                        ask(&mut self);
                    }
                    None => return Ok(()),
                },
                () = self.room.stirred.notified() => self.stirred(),
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => self.on_time(),
            }
            if self.room.unshown.load(Ordering::Acquire) {
                self.publish();
            }
            if let Some(error) = self.failed.take() {
                self.close("the room has failed");
                return Err(error);
            }
        }
        Ok(())
    }

    /// When something is to be done next.
    fn due(&self) -> Option<Instant> {
        let frame = self.clock_drives().then_some(self.next_frame);
        let idle = (!self.permanent && !self.is_watched()).then(|| self.watched + self.limits.close_idle_after);
        [frame, idle, self.next_presence, self.choosing.due()].into_iter().flatten().min()
    }

    fn clock_drives(&self) -> bool {
        let awake = self.is_watched() || self.watched.elapsed() < self.limits.sleep_after;
        self.kind != Kind::Driven && !self.paused && matches!(self.choosing, Choosing::Policy) && awake
    }

    fn is_watched(&self) -> bool {
        self.room.snapshots.receiver_count() > 0
    }

    /// Somebody came, left or looked.
    fn stirred(&mut self) {
        let now = Instant::now();
        self.watched = now;
        // A room that has slept is not late.
        if self.next_frame + FRESH < now {
            self.restart_clock();
        }
        self.voters_changed();
        self.next_presence.get_or_insert(Instant::now() + PRESENCE_PERIOD);
    }

    fn on_time(&mut self) {
        let now = Instant::now();
        if self.is_watched() {
            self.watched = now;
        } else if !self.permanent && now >= self.watched + self.limits.close_idle_after {
            self.close("nobody has watched for a long time");
            return;
        }
        if self.next_presence.is_some_and(|due| due <= now) {
            self.next_presence = None;
            self.presence = Noted::new(self.room.presence());
            self.publish();
        }
        self.choose_in_time(now);
        if self.clock_drives() && self.next_frame <= now {
            self.advance_to(now);
        }
    }

    /// Makes the frames that are due. The timer ticks in milliseconds, so at great rates they are several.
    fn advance_to(&mut self, now: Instant) {
        self.metrics.tick_lateness(now - self.next_frame);
        if now - self.next_frame > FRESH {
            // After a standstill, frames that come in a hurry are of no use to anyone.
            self.next_frame = now;
        }
        while self.next_frame <= now {
            self.next_frame += self.fps.period();
            if self.advance(None).is_err() {
                return;
            }
        }
        self.publish();
    }

    pub(super) fn restart_clock(&mut self) {
        self.next_frame = Instant::now() + self.fps.period();
    }

    /// The next frame, kept but not yet shown.
    fn advance(&mut self, choice: Option<Action>) -> Result<(), Refusal> {
        // Of a reset nobody is asked.
        let is_asked = choice.is_none() && !self.game.ended();
        match self.game.advance(choice) {
            Ok(state) => {
                self.keep(state);
                if is_asked && self.fault.take().is_some() {
                    self.describe();
                }
                Ok(())
            }
            Err(error) => Err(self.fail(error)),
        }
    }

    /// A driver without an action stops the clock, which asks it again once it is resumed; what else goes wrong ends the
    /// room.
    fn fail(&mut self, error: RoomError) -> Refusal {
        if let RoomError::Driver(fault) = &error {
            tracing::warn!(room = self.room.code(), %fault, "the driver has failed");
            let message: String = fault.to_string().chars().take(MOST_TOLD).collect();
            self.happened(RoomEvent::DriverFailed { message: message.clone() });
            let (stops, is_news) = (self.clock_drives(), self.fault.as_ref() != Some(&message));
            self.fault = Some(message);
            if stops {
                self.paused = true;
                self.happened(RoomEvent::Paused {});
            }
            if stops || is_news {
                self.describe();
            }
            return Refusal::conflict(error.to_string());
        }
        self.failed = Some(error);
        Refusal::internal()
    }

    fn keep(&mut self, state: Frame) {
        let same_epoch = self.frame.epoch() == self.epoch;
        let seq = if same_epoch { self.frame.seq() + 1 } else { 1 };
        let base = if state.step == 0 || !same_epoch {
            None
        } else {
            Some(Arc::clone(self.frame.base().unwrap_or(&self.frame)))
        };
        self.frame = RoomFrame::new(self.epoch, seq, state, Arc::clone(&self.played), base);
        self.metrics.frames_made.inc();
        self.room.keep(&self.frame);
        if self.frame.ends_episode() {
            self.metrics.episodes.inc();
            self.happened(RoomEvent::episode_complete(self.frame.state()));
        }
    }

    pub(super) fn happened(&self, event: RoomEvent) {
        self.room.happened_at(self.frame.seq(), event);
    }

    /// Shows the latest of everything.
    fn publish(&self) {
        self.room.show(&self.described, &self.frame, &self.presence, self.closed);
    }

    /// Shows what the room has become.
    pub(super) fn describe(&mut self) {
        let turn_seconds = match &self.choosing {
            Choosing::Vote { turn_time, .. } => turn_time.as_secs_f64(),
            Choosing::Policy | Choosing::Wheel { .. } => self.described.info().turn_seconds,
        };
        self.described = Described::new(RoomInfo {
            epoch: self.epoch,
            fps: self.fps.get(),
            paused: self.paused,
            mode: self.choosing.mode(),
            wheel: self.choosing.wheel(),
            turn_seconds,
            recording: self.recording.clone(),
            fault: self.fault.clone(),
            ..self.described.info().clone()
        });
        self.room.changed.notify_one();
        self.publish();
    }

    fn stepped(&self) -> Stepped {
        Stepped {
            frame: Arc::clone(&self.frame),
            observation: self.game.observation().to_vec(),
            action_mask: self.game.action_mask(),
            spaces: self.driver.spaces(),
        }
    }

    pub(super) fn actions(&self) -> usize {
        self.described.info().game.actions.len()
    }

    pub(super) fn find_action(&self, action: &ActionName) -> Result<Action, Refusal> {
        action.find(&self.described.info().game.actions)
    }

    /// An error in a playback and in what another program plays: nobody here chooses.
    pub(super) fn check_drivable(&self) -> Result<(), Refusal> {
        match self.kind {
            _ if self.driver.is_shown() => Err(Refusal::conflict("another program plays: it alone moves the bus")),
            Kind::Playback => Err(Refusal::conflict("this room plays a recording: nobody drives")),
            Kind::Stream | Kind::Driven => Ok(()),
        }
    }

    pub(super) fn step_once(&mut self, choice: Option<Action>) -> Result<Stepped, Refusal> {
        self.advance(choice)?;
        self.publish();
        Ok(self.stepped())
    }

    /// An error where the room was changed too often, by whomever: of every change all are told.
    pub(crate) fn check_change(&self) -> Result<(), Refusal> {
        self.changes.check()
    }

    /// Stops the clock.
    pub(crate) fn pause(&mut self) -> Result<(), Refusal> {
        self.check_has_clock()?;
        self.check_policy_chooses()?;
        if !self.paused {
            self.check_change()?;
            self.paused = true;
            self.happened(RoomEvent::Paused {});
            self.describe();
        }
        Ok(())
    }

    /// Starts the clock again.
    pub(crate) fn resume(&mut self) -> Result<(), Refusal> {
        self.check_has_clock()?;
        if self.paused {
            self.check_change()?;
            self.paused = false;
            self.fault = None;
            self.restart_clock();
            self.happened(RoomEvent::Resumed {});
            self.describe();
        }
        Ok(())
    }

    fn check_has_clock(&self) -> Result<(), Refusal> {
        match self.kind {
            Kind::Driven => Err(Refusal::conflict("this room moves only when it is stepped")),
            Kind::Stream | Kind::Playback => Ok(()),
        }
    }

    /// One frame, now.
    pub(crate) fn step(&mut self, action: Option<&ActionName>) -> Result<Stepped, Refusal> {
        let choice = action.map(|action| self.find_action(action)).transpose()?;
        if choice.is_some() || self.driver.is_shown() {
            self.check_drivable()?;
        }
        self.check_policy_chooses()?;
        if self.kind != Kind::Driven {
            self.pause()?;
        }
        self.step_once(choice)
    }

    pub(super) fn check_policy_chooses(&self) -> Result<(), Refusal> {
        match self.choosing {
            Choosing::Policy => Ok(()),
            Choosing::Wheel { .. } => Err(Refusal::conflict("somebody has the wheel: it has to be released first")),
            Choosing::Vote { .. } => Err(Refusal::conflict("the room votes: send a vote, or vote_stop")),
        }
    }

    /// Another frame rate.
    pub(crate) fn speed(&mut self, fps: FrameRate) -> Result<(), Refusal> {
        self.check_has_clock()?;
        self.check_change()?;
        self.fps = fps;
        // The next frame may come sooner, and never later: whoever changes the speed again and again stops nothing.
        self.next_frame = self.next_frame.min(Instant::now() + fps.period());
        self.happened(RoomEvent::Speed { fps: fps.get() });
        self.describe();
        Ok(())
    }

    /// A new episode; with a seed, the first of those drawn from it.
    pub(crate) fn reset(&mut self, seed: Option<u64>) -> Result<Stepped, Refusal> {
        let driven = self.kind == Kind::Driven;
        if self.driver.is_shown() {
            self.check_drivable()?;
        } else if !driven {
            self.check_change()?;
        }
        let state = self.game.reset(seed).map_err(|error| self.fail(error))?;
        if let Some(seed) = seed {
            self.room.rebase(|basis| basis.seed = seed);
        }
        // A program that drives resets as often as its episodes end.
        if !driven || self.resets.check().is_ok() {
            self.happened(RoomEvent::Reset { seed });
        }
        self.keep(state);
        self.restart_clock();
        self.publish();
        Ok(self.stepped())
    }

    /// The rules and the scenario that are driven by; none in a playback.
    pub(crate) fn spec(&self) -> Option<RuleSpec> {
        self.driver.spec().cloned()
    }

    /// Another driver. Its first frame begins a new epoch. Whoever asks for it checks [`Self::check_change`] before the
    /// driver is made, which is work.
    pub(crate) fn load(&mut self, driver: SharedDriver) -> Result<Stepped, Refusal> {
        self.check_drivable()?;
        let epoch = milliseconds_since_1970().max(self.epoch + 1);
        let mut game = driver.begin(epoch);
        let state = game.advance(None).map_err(|error| self.fail(error))?;
        self.let_policy_choose();
        (self.game, self.driver, self.epoch) = (game, driver, epoch);
        self.fault = None;
        self.room.rebase(|basis| *basis = Basis { spec: self.driver.spec().cloned(), seed: epoch });
        let game = self.driver.info();
        let (model, rules) = (game.model.clone(), game.rules.clone());
        tracing::info!(room = self.room.code(), model, rules, "model loaded");
        self.played = Arc::new(game.clone());
        self.described = Described::new(RoomInfo { game, epoch, fault: None, ..self.described.info().clone() });
        self.keep(state);
        self.restart_clock();
        self.happened(RoomEvent::ModelLoaded { model, rules });
        self.describe();
        Ok(self.stepped())
    }

    /// The next frame of what another program plays.
    pub(crate) fn show(&mut self, frame: Frame) {
        self.keep(frame);
        self.publish();
    }

    /// The latest frame, with what the driver sees.
    pub(crate) fn look(&self) -> Stepped {
        self.stepped()
    }

    /// Whether the episode has ended, so that the next step is a reset.
    pub(crate) fn has_ended(&self) -> bool {
        self.game.ended()
    }

    /// A recording has begun.
    pub(crate) fn recording_started(&mut self, recording: String) -> Result<(), Refusal> {
        if self.recording.is_some() {
            return Err(Refusal::conflict("the room is being recorded already"));
        }
        self.check_change()?;
        self.happened(RoomEvent::RecordingStarted { recording: recording.clone() });
        self.recording = Some(recording);
        self.describe();
        Ok(())
    }

    /// A recording has ended; `reason` if nobody asked for it.
    pub(crate) fn recording_stopped(&mut self, reason: Option<String>) {
        if let Some(recording) = self.recording.take() {
            self.happened(RoomEvent::RecordingStopped { recording, reason });
            self.describe();
        }
    }

    /// The last thing a room does.
    pub(crate) fn close(&mut self, reason: &str) {
        tracing::info!(room = self.room.code(), reason, "room closed");
        self.closed = true;
        self.happened(RoomEvent::RoomClosed { reason: reason.to_owned() });
        self.publish();
    }
}

pub(crate) fn milliseconds_since_1970() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64
}
