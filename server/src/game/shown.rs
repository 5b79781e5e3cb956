//! What another program plays: it hands in the frames, and nobody here moves the bus.

use daladala_agents::PolicyFault;
use daladala_env::spaces::Spaces;
use daladala_env::{Action, Frame, OutputKind, RuleSpec};

use super::{AnyDriver, Game, GameInfo};
use crate::error::RoomError;

/// A game of another program's, which was at `frame` when it was begun to be shown.
pub(super) struct Shown {
    spec: RuleSpec,
    info: GameInfo,
    frame: Frame,
}

impl Shown {
    pub(super) fn new(spec: RuleSpec, model: &str, frame: Frame) -> Self {
        let info = GameInfo::of(&spec.info(), model, OutputKind::Logits);
        Self { spec, info, frame }
    }
}

impl AnyDriver for Shown {
    fn info(&self) -> GameInfo {
        self.info.clone()
    }

    fn spaces(&self) -> Option<Spaces> {
        None
    }

    fn spec(&self) -> Option<&RuleSpec> {
        Some(&self.spec)
    }

    fn begin(&self, _seed: u64) -> Box<dyn Game> {
        Box::new(Waiting(Some(self.frame.clone())))
    }

    fn is_shown(&self) -> bool {
        true
    }
}

/// The first frame, until it is taken. The others are handed to the room.
struct Waiting(Option<Frame>);

impl Game for Waiting {
    fn advance(&mut self, _choice: Option<Action>) -> Result<Frame, RoomError> {
        let elsewhere = || PolicyFault("another program plays: this is what it shows".to_owned());
        Ok(self.0.take().ok_or_else(elsewhere)?)
    }

    fn reset(&mut self, _seed: Option<u64>) -> Result<Frame, RoomError> {
        self.advance(None)
    }

    fn ended(&self) -> bool {
        false
    }

    fn observation(&self) -> &[f32] {
        &[]
    }

    fn action_mask(&self) -> Option<u32> {
        None
    }

    fn preferences(&self) -> Vec<f32> {
        Vec::new()
    }
}
