//! Words on a canvas.

use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};

use crate::canvas::Canvas;

/// A size and weight of letters; all letters of one are equally wide.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Font {
    height: RasterHeight,
    weight: FontWeight,
}

impl Font {
    pub(crate) const SMALL: Self = Self { height: RasterHeight::Size16, weight: FontWeight::Regular };
    pub(crate) const SMALL_BOLD: Self = Self { height: RasterHeight::Size16, weight: FontWeight::Bold };
    pub(crate) const MEDIUM: Self = Self { height: RasterHeight::Size20, weight: FontWeight::Bold };
    pub(crate) const LARGE: Self = Self { height: RasterHeight::Size24, weight: FontWeight::Bold };

    /// How wide `text` is, pixels.
    pub(crate) fn width(self, text: &str) -> f32 {
        (text.chars().count() * get_raster_width(self.weight, self.height)) as f32
    }

    /// As much of `text` as fits into `width` pixels, with two dots if it is not all.
    pub(crate) fn fitted(self, text: &str, width: f32) -> String {
        if self.width(text) <= width {
            return text.to_owned();
        }
        let room = (width / self.width("m")).max(2.0) as usize - 2;
        text.chars().take(room).chain(['.', '.']).collect()
    }
}

/// Which part of a text is at the point given for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Middle,
    Right,
}

impl Canvas {
    /// Writes `text` with its top at `y`.
    pub(crate) fn write(&mut self, text: &str, (x, y): (f32, f32), align: Align, font: Font, rgb: u32) {
        let width = font.width(text);
        let left = match align {
            Align::Left => x,
            Align::Middle => x - width / 2.0,
            Align::Right => x - width,
        };
        let (left, top) = (left.round() as i32, y.round() as i32);
        let mut columns = (left..).step_by(get_raster_width(font.weight, font.height));
        for letter in text.chars() {
            let known = get_raster(letter, font.weight, font.height);
            let raster = known.or_else(|| get_raster('?', font.weight, font.height));
            let (Some(raster), Some(column)) = (raster, columns.next()) else { return };
            for (row, line) in (top..).zip(raster.rows()) {
                for (x, &intensity) in (column..).zip(line) {
                    self.blend(x, row, rgb, intensity);
                }
            }
        }
    }
}
