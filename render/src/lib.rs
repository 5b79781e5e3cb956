//! Pictures of episodes in two dimensions: the city from above, and beside it what the viewer's panels show.
//!
//! For READMEs, terminals and notebooks, where no browser is at hand. A picture is made from frames alone, so it shows
//! whatever rule set they come from; numbers that no rules would produce are drawn as well as can be, and never panic.

mod canvas;
mod city;
mod hud;
mod marks;
mod palette;
mod plot;
mod setting;
mod text;

use daladala_env::Frame;

use canvas::Canvas;
use city::City;
pub use setting::Setting;

/// Width of a picture, pixels: the city is a square of [`HEIGHT`], the rest are the panels.
pub const WIDTH: u32 = 960;
/// Height of a picture, pixels.
pub const HEIGHT: u32 = 540;

/// A picture: `[HEIGHT, WIDTH, 3]`, red, green and blue, row by row from the top.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// The pixels.
    pub rgb: Vec<u8>,
}

/// Draws the frames of one city.
#[derive(Debug)]
pub struct Renderer {
    setting: Setting,
    city: City,
    /// What is the same in all pictures.
    ground: Canvas,
}

impl Renderer {
    /// A renderer of episodes in `setting`.
    #[must_use]
    pub fn new(setting: Setting) -> Self {
        let city = City::new(&setting);
        let mut ground = Canvas::new(WIDTH, HEIGHT, palette::PANEL);
        city.draw(&mut ground, &setting);
        Self { setting, city, ground }
    }

    /// A picture of the last of `episode`'s frames, which are in order from the reset on. `part` is how much of the
    /// way from the frame before it the bus has come, 0 to 1.
    #[must_use]
    pub fn draw(&self, episode: &[Frame], part: f32) -> Picture {
        let mut canvas = self.ground.clone();
        if let Some((frame, before)) = episode.split_last() {
            marks::draw(&mut canvas, &self.city, &self.setting, frame, before.last(), part.clamp(0.0, 1.0));
            hud::draw(&mut canvas, &self.setting, episode, frame);
        }
        Picture { rgb: canvas.into_rgb() }
    }
}
