//! A surface and the few shapes that everything here is made of.

use tiny_skia::{FillRule, LineCap, Paint, PathBuilder, Pixmap, Rect, Stroke, StrokeDash, Transform};

use crate::palette::color;

/// A point, pixels from the top left corner.
pub(crate) type Point = (f32, f32);

/// Pixels, all opaque. Shapes that cannot be drawn (no size, not finite) are left out.
#[derive(Debug, Clone)]
pub(crate) struct Canvas {
    pixels: Pixmap,
}

/// A rectangle, pixels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Area {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) width: f32,
    pub(crate) height: f32,
}

impl Area {
    pub(crate) fn around((x, y): Point, width: f32, height: f32) -> Self {
        Self { x: x - width / 2.0, y: y - height / 2.0, width, height }
    }
}

impl Canvas {
    /// # Panics
    /// If the size is zero or beyond what memory holds.
    pub(crate) fn new(width: u32, height: u32, background: u32) -> Self {
        let mut pixels = Pixmap::new(width, height).expect("a picture has a size");
        pixels.fill(color(background));
        Self { pixels }
    }

    pub(crate) fn into_rgb(self) -> Vec<u8> {
        let (pixels, _) = self.pixels.data().as_chunks::<4>();
        pixels.iter().flat_map(|&[red, green, blue, _]| [red, green, blue]).collect()
    }

    pub(crate) fn fill(&mut self, area: Area, rgb: u32) {
        if let Some(rect) = rect(area) {
            self.pixels.fill_rect(rect, &paint(rgb, 1.0), Transform::identity(), None);
        }
    }

    /// A rectangle with round corners, turned by `turn` degrees around `pivot`.
    pub(crate) fn fill_round(&mut self, area: Area, radius: f32, rgb: u32, (turn, pivot): (f32, Point)) {
        let Area { x, y, width, height } = area;
        let (right, bottom, radius) = (x + width, y + height, radius.min(width / 2.0).min(height / 2.0));
        let mut path = PathBuilder::new();
        path.move_to(x + radius, y);
        path.line_to(right - radius, y);
        path.quad_to(right, y, right, y + radius);
        path.line_to(right, bottom - radius);
        path.quad_to(right, bottom, right - radius, bottom);
        path.line_to(x + radius, bottom);
        path.quad_to(x, bottom, x, bottom - radius);
        path.line_to(x, y + radius);
        path.quad_to(x, y, x + radius, y);
        path.close();
        self.fill_path(path, rgb, 1.0, Transform::from_rotate_at(turn, pivot.0, pivot.1));
    }

    pub(crate) fn card(&mut self, area: Area, radius: f32, rgb: u32) {
        self.fill_round(area, radius, rgb, (0.0, (0.0, 0.0)));
    }

    pub(crate) fn circle(&mut self, (x, y): Point, radius: f32, rgb: u32) {
        let mut path = PathBuilder::new();
        path.push_circle(x, y, radius);
        self.fill_path(path, rgb, 1.0, Transform::identity());
    }

    pub(crate) fn polygon(&mut self, points: &[Point], rgb: u32, opacity: f32) {
        let mut path = polyline(points);
        path.close();
        self.fill_path(path, rgb, opacity, Transform::identity());
    }

    pub(crate) fn line(&mut self, points: &[Point], width: f32, rgb: u32) {
        self.stroke(points, width, rgb, None);
    }

    /// A line of dashes and gaps, both `dash` pixels long.
    pub(crate) fn dashed(&mut self, points: &[Point], width: f32, rgb: u32, dash: f32) {
        self.stroke(points, width, rgb, StrokeDash::new(vec![dash, dash], dash / 2.0));
    }

    /// Lays `rgb` over a pixel by `intensity` of 255; a place outside is left out.
    pub(crate) fn blend(&mut self, x: i32, y: i32, rgb: u32, intensity: u8) {
        let (Ok(column), Ok(row)) = (u32::try_from(x), u32::try_from(y)) else { return };
        if column >= self.pixels.width() || row >= self.pixels.height() {
            return;
        }
        let start = 4 * (row * self.pixels.width() + column) as usize;
        let [_, red, green, blue] = rgb.to_be_bytes();
        for (below, above) in self.pixels.data_mut()[start..start + 3].iter_mut().zip([red, green, blue]) {
            let mixed = u32::from(*below) * u32::from(255 - intensity) + u32::from(above) * u32::from(intensity);
            *below = (mixed / 255) as u8;
        }
    }

    fn fill_path(&mut self, path: PathBuilder, rgb: u32, opacity: f32, transform: Transform) {
        if let Some(path) = path.finish() {
            self.pixels.fill_path(&path, &paint(rgb, opacity), FillRule::Winding, transform, None);
        }
    }

    fn stroke(&mut self, points: &[Point], width: f32, rgb: u32, dash: Option<StrokeDash>) {
        let line_cap = if dash.is_some() { LineCap::Butt } else { LineCap::Round };
        let stroke = Stroke { width, dash, line_cap, line_join: tiny_skia::LineJoin::Round, ..Stroke::default() };
        if let Some(path) = polyline(points).finish() {
            self.pixels.stroke_path(&path, &paint(rgb, 1.0), &stroke, Transform::identity(), None);
        }
    }
}

fn polyline(points: &[Point]) -> PathBuilder {
    let mut path = PathBuilder::new();
    for (number, &(x, y)) in points.iter().enumerate() {
        if number == 0 {
            path.move_to(x, y);
        } else {
            path.line_to(x, y);
        }
    }
    path
}

fn rect(area: Area) -> Option<Rect> {
    Rect::from_xywh(area.x, area.y, area.width, area.height)
}

fn paint(rgb: u32, opacity: f32) -> Paint<'static> {
    let mut color = color(rgb);
    color.apply_opacity(opacity);
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color(color);
    paint
}
