//! Trainings as the program keeps them: a folder each, with the figures as it went and what an interrupted one goes on
//! from.

mod curve;
mod folder;
mod log;

pub(crate) use curve::{Point, curve};
pub(crate) use folder::{RunFolder, lock};
