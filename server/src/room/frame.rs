//! What a room publishes, each with its encodings, made once when the first viewer needs them and shared by all.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use axum::extract::ws::Utf8Bytes;
use bytes::Bytes;
use daladala_env::Frame;
use daladala_protocol::{
    GameInfo, Numbered, Presence, RoomEvent, RoomInfo, ServerMessage, delta_json, encode_delta, encode_keyframe,
    keyframe_json,
};

use super::actor::FRESH;
use crate::app::text;
use crate::broker::Place;

/// A frame with its place and its keyframe.
#[derive(Debug)]
pub(crate) struct RoomFrame {
    epoch: u64,
    seq: u64,
    state: Frame,
    /// What is played.
    game: Arc<GameInfo>,
    made: Instant,
    /// What its delta is over; none for a keyframe, which is its own.
    base: Option<Arc<RoomFrame>>,
    whole_json: OnceLock<Utf8Bytes>,
    delta_json: OnceLock<Utf8Bytes>,
    whole_binary: OnceLock<Bytes>,
    delta_binary: OnceLock<Bytes>,
}

impl RoomFrame {
    pub(super) fn new(epoch: u64, seq: u64, state: Frame, game: Arc<GameInfo>, base: Option<Arc<Self>>) -> Arc<Self> {
        Arc::new(Self::made(Numbered { epoch, seq, frame: state }, game, base, Instant::now()))
    }

    /// A frame that another server has made some time ago, with the bytes that it came in.
    pub(super) fn received(
        numbered: Numbered,
        game: Arc<GameInfo>,
        base: Option<Arc<Self>>,
        bytes: Bytes,
        made: Instant,
    ) -> Arc<Self> {
        let frame = Self::made(numbered, game, base, made);
        let binary = if frame.base.is_some() { &frame.delta_binary } else { &frame.whole_binary };
        // It is new, so there is nothing yet.
        _ = binary.set(bytes);
        Arc::new(frame)
    }

    fn made(numbered: Numbered, game: Arc<GameInfo>, base: Option<Arc<Self>>, made: Instant) -> Self {
        let Numbered { epoch, seq, frame: state } = numbered;
        let (whole_json, delta_json, whole_binary, delta_binary) = Default::default();
        Self { epoch, seq, state, game, made, base, whole_json, delta_json, whole_binary, delta_binary }
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }

    pub(crate) fn seq(&self) -> u64 {
        self.seq
    }

    /// Its place among all frames of its room.
    pub(crate) fn place(&self) -> Place {
        Place { epoch: self.epoch, seq: self.seq }
    }

    pub(crate) fn state(&self) -> &Frame {
        &self.state
    }

    pub(crate) fn game(&self) -> &GameInfo {
        &self.game
    }

    /// Whether it is worth sending to one who is late.
    pub(crate) fn is_fresh(&self) -> bool {
        self.made.elapsed() <= FRESH
    }

    pub(crate) fn ends_episode(&self) -> bool {
        self.state.ended()
    }

    /// The keyframe that this frame's delta is over; none if it is one.
    pub(crate) fn base(&self) -> Option<&Arc<Self>> {
        self.base.as_ref()
    }

    /// The message `keyframe` as JSON.
    pub(crate) fn whole_json(&self) -> Utf8Bytes {
        let encode = || encoded(keyframe_json(self.epoch, self.seq, &self.state, &self.game.frame));
        self.whole_json.get_or_init(encode).clone()
    }

    /// The message `delta` as JSON, or `keyframe` for a keyframe.
    pub(crate) fn delta_json(&self) -> Utf8Bytes {
        let Some(base) = &self.base else { return self.whole_json() };
        let encode = || encoded(delta_json(self.seq, &self.state, base.seq, &base.state, &self.game.frame));
        self.delta_json.get_or_init(encode).clone()
    }

    /// The binary keyframe.
    pub(crate) fn whole_binary(&self) -> Bytes {
        self.whole_binary.get_or_init(|| encode_keyframe(self.epoch, self.seq, &self.state)).clone()
    }

    /// The binary delta, or the keyframe for a keyframe.
    pub(crate) fn delta_binary(&self) -> Bytes {
        let Some(base) = &self.base else { return self.whole_binary() };
        self.delta_binary.get_or_init(|| encode_delta(self.seq, &self.state, base.seq, &base.state)).clone()
    }
}

/// A frame is numbers and short texts, so this stands for what cannot be; a client passes over a message without a type.
fn encoded(json: Result<String, serde_json::Error>) -> Utf8Bytes {
    match json {
        Ok(json) => json.into(),
        Err(error) => {
            tracing::error!(%error, "a frame cannot be encoded");
            Utf8Bytes::from_static("{}")
        }
    }
}

/// What a room is, with its message.
#[derive(Debug)]
pub(crate) struct Described {
    info: RoomInfo,
    json: OnceLock<Utf8Bytes>,
}

impl Described {
    pub(super) fn new(info: RoomInfo) -> Arc<Self> {
        Arc::new(Self { info, json: OnceLock::new() })
    }

    pub(crate) fn info(&self) -> &RoomInfo {
        &self.info
    }

    pub(crate) fn json(&self) -> Utf8Bytes {
        self.json.get_or_init(|| text(&ServerMessage::Room(Box::new(self.info.clone())))).clone()
    }
}

/// Who is here, with its message.
#[derive(Debug)]
pub(crate) struct Noted {
    presence: Presence,
    json: OnceLock<Utf8Bytes>,
}

impl Noted {
    pub(super) fn new(presence: Presence) -> Arc<Self> {
        Arc::new(Self { presence, json: OnceLock::new() })
    }

    pub(crate) fn presence(&self) -> &Presence {
        &self.presence
    }

    pub(crate) fn json(&self) -> Utf8Bytes {
        self.json.get_or_init(|| text(&ServerMessage::Presence(self.presence.clone()))).clone()
    }
}

/// What happened, with its message.
#[derive(Debug)]
pub(crate) struct Happened {
    event: RoomEvent,
    seq: u64,
    json: OnceLock<Utf8Bytes>,
}

impl Happened {
    pub(super) fn new(event: RoomEvent, seq: u64) -> Self {
        Self { event, seq, json: OnceLock::new() }
    }

    /// Whether a player came or went.
    pub(crate) fn is_of_players(&self) -> bool {
        matches!(
            self.event,
            RoomEvent::PlayerJoined { .. } | RoomEvent::PlayerLeft { .. } | RoomEvent::PlayerReturned { .. }
        )
    }

    pub(crate) fn json(&self) -> Utf8Bytes {
        self.json.get_or_init(|| text(&ServerMessage::Event { event: self.event.clone(), seq: self.seq })).clone()
    }
}
