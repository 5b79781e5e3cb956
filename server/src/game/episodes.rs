//! What a policy drives.

use daladala_agents::{Stream, mask_logits};
use daladala_env::{Action, Frame};

use super::Game;
use crate::error::RoomError;

impl Game for Stream {
    fn advance(&mut self, choice: Option<Action>) -> Result<Frame, RoomError> {
        Ok(Stream::advance(self, choice)?)
    }

    fn reset(&mut self, seed: Option<u64>) -> Result<Frame, RoomError> {
        Ok(Stream::reset(self, seed)?)
    }

    fn ended(&self) -> bool {
        Stream::ended(self)
    }

    fn observation(&self) -> &[f32] {
        Stream::observation(self)
    }

    fn action_mask(&self) -> Option<u32> {
        Some(Stream::action_mask(self))
    }

    fn preferences(&self) -> Vec<f32> {
        let mut preferences = self.outputs();
        if let Some(mask) = self.policy_mask() {
            mask_logits(&mut preferences, mask);
        }
        preferences
    }
}
