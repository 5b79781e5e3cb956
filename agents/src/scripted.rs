//! Drivers written by hand: yardsticks for the trained ones.

mod city;
mod classic;
mod random;

pub use city::{CityDriver, Style};
pub use classic::Oracle;
pub use random::{Random, random_open_action};
