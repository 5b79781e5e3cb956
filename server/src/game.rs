//! The game as a room sees it: one frame after another, by whatever rules. Knows no clock and no viewer.

mod catalog;
mod driver;
mod episodes;
mod playback;
mod shown;

use std::sync::Arc;

use daladala_env::spaces::Spaces;
use daladala_env::{Action, Frame, RuleSpec};
pub(crate) use daladala_protocol::GameInfo;

use crate::error::RoomError;
pub(crate) use catalog::CatalogEntry;
pub use catalog::{Catalog, CatalogError};
pub use driver::Driver;
pub(crate) use playback::PlaybackDriver;

/// Something that games can be begun from, again and again.
pub(crate) trait AnyDriver: Send + Sync {
    /// What the games are.
    fn info(&self) -> GameInfo;
    /// What the driver sees and chooses among; none in a playback.
    fn spaces(&self) -> Option<Spaces>;
    /// The rules and the scenario it drives by; none where nobody drives.
    fn spec(&self) -> Option<&RuleSpec>;
    /// Whether another program plays and hands in the frames.
    fn is_shown(&self) -> bool {
        false
    }
    /// A game that draws its episodes from `seed`.
    fn begin(&self, seed: u64) -> Box<dyn Game>;
}

/// An endless row of frames: of each episode the one of its reset, then one a step.
pub(crate) trait Game: Send {
    /// The next frame: the reset if an episode has ended or none has begun, otherwise a step. Without a `choice` the
    /// driver chooses; the reset takes none.
    fn advance(&mut self, choice: Option<Action>) -> Result<Frame, RoomError>;

    /// A new episode, now; with a seed, the first of those drawn from it.
    fn reset(&mut self, seed: Option<u64>) -> Result<Frame, RoomError>;

    /// Whether the episode has ended, so that the next frame is a reset.
    fn ended(&self) -> bool;

    /// What the driver sees now; nothing in a playback.
    fn observation(&self) -> &[f32];

    /// Which actions have an effect of their own now, bit `a` for action `a`; none in a playback.
    fn action_mask(&self) -> Option<u32>;

    /// The driver's preferences over the actions now, the greater the better; nothing in a playback.
    fn preferences(&self) -> Vec<f32>;
}

/// A driver that rooms share.
pub(crate) type SharedDriver = Arc<dyn AnyDriver>;
