//! Which colour is whose.

use plotters::element::Rectangle;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, TextStyle};

use super::Area;
use super::style::{color, shortened, text};

/// Pixels that it takes beside a plot.
const WIDTH: u32 = 190;
/// Pixels from one name to the next.
const LINE: usize = 24;
/// Pixels above the first: the plot's own title is as high.
const TOP: i32 = 44;

/// Draws the legend of `labels` and leaves the rest of `area` to the plot.
pub(super) fn beside<'a, 'l>(area: &Area<'a>, labels: impl Iterator<Item = &'l str>) -> anyhow::Result<Area<'a>> {
    let (width, _) = area.dim_in_pixel();
    let (plot, legend) = area.split_horizontally(width.saturating_sub(WIDTH));
    for ((index, label), y) in labels.enumerate().zip((TOP..).step_by(LINE)) {
        legend.draw(&Rectangle::new([(0, y - 3), (24, y + 3)], color(index).filled()))?;
        legend.draw_text(&shortened(label), &left(), (32, y))?;
    }
    Ok(plot)
}

/// Text that begins at a point and is as high above as below it.
pub(super) fn left() -> TextStyle<'static> {
    text().pos(Pos::new(HPos::Left, VPos::Center))
}
