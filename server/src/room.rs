//! A room: one running stream of episodes.
//!
//! The part that runs ([`RoomActor`]) owns environment and policy and shares nothing. What others hold ([`Room`])
//! is the room's description and its latest frame. Between them stands a `watch` channel, where the latest wins: a
//! viewer that is late misses frames, and the room never learns of it.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::extract::ws::Utf8Bytes;
use daladala_env::{Rules, StateFrame};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::config::FrameRate;
use crate::driver::Driver;
use crate::episodes::Episodes;
use crate::error::RoomError;
use crate::protocol::{FrameMessage, RoomInfo, ServerMessage};

/// A frame with its number and its encoding, which all viewers share.
#[derive(Debug)]
pub(crate) struct Published {
    seq: u64,
    state: StateFrame,
    json: Utf8Bytes,
}

impl Published {
    fn new(epoch: u64, seq: u64, state: StateFrame) -> Result<Arc<Self>, RoomError> {
        let json = ServerMessage::Frame(FrameMessage { epoch, seq, state: &state, room: None }).to_json()?;
        Ok(Arc::new(Self { seq, state, json }))
    }

    /// The frame's message as JSON; a clone shares the text.
    pub(crate) fn json(&self) -> Utf8Bytes {
        self.json.clone()
    }
}

/// A room as seen from outside.
#[derive(Debug)]
pub(crate) struct Room {
    info: RoomInfo,
    epoch: u64,
    frames: watch::Sender<Arc<Published>>,
}

impl Room {
    /// A room with its first frame, and the actor that drives it on.
    pub(crate) fn open<R: Rules>(
        name: &str,
        driver: Driver<R>,
        fps: FrameRate,
        seed: Option<u64>,
    ) -> Result<(Arc<Self>, RoomActor<R>), RoomError> {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let epoch = since_1970.as_millis() as u64;
        let seed = seed.unwrap_or(epoch);
        let info = RoomInfo::new(name, &driver.rules, &driver.model, fps);
        tracing::info!(room = name, rules = info.rules, model = info.model, %fps, seed, "room opened");
        let mut episodes = Episodes::new(driver, seed);
        let first = Published::new(epoch, 1, episodes.advance()?)?;
        let room = Arc::new(Self { info, epoch, frames: watch::Sender::new(first) });
        let actor = RoomActor { room: Arc::clone(&room), episodes, period: fps.period() };
        Ok((room, actor))
    }

    pub(crate) fn info(&self) -> &RoomInfo {
        &self.info
    }

    /// A viewer's place: whoever holds one counts as a viewer.
    pub(crate) fn join(&self) -> watch::Receiver<Arc<Published>> {
        self.frames.subscribe()
    }

    /// How many watch now.
    pub(crate) fn viewers(&self) -> usize {
        self.frames.receiver_count()
    }

    /// The message of `frame` with the room's description: all that a viewer needs to start from.
    pub(crate) fn keyframe(&self, frame: &Published) -> Result<Utf8Bytes, serde_json::Error> {
        let (epoch, seq, state) = (self.epoch, frame.seq, &frame.state);
        ServerMessage::Frame(FrameMessage { epoch, seq, state, room: Some(&self.info) }).to_json()
    }
}

/// The running part of a room.
pub(crate) struct RoomActor<R: Rules> {
    room: Arc<Room>,
    episodes: Episodes<R>,
    period: Duration,
}

impl<R: Rules> RoomActor<R> {
    /// Drives until it cannot, or until it is dropped.
    pub(crate) async fn run(mut self) -> Result<Infallible, RoomError> {
        let mut ticks = interval_at(Instant::now() + self.period, self.period);
        // After a late tick the next keeps its distance: frames that come in a hurry are of no use to a viewer.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut seq = self.room.frames.borrow().seq;
        loop {
            ticks.tick().await;
            seq += 1;
            let frame = Published::new(self.room.epoch, seq, self.episodes.advance()?)?;
            self.room.frames.send_replace(frame);
        }
    }
}
