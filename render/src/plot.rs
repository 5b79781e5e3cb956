//! Return and load over the episode.

use daladala_env::Frame;

use crate::canvas::{Area, Canvas, Point};
use crate::hud::number;
use crate::palette::{ACCENT, CARD, FAINT, GREEN, RED};
use crate::setting::Setting;
use crate::text::{Align, Font};

pub(crate) fn draw(canvas: &mut Canvas, area: Area, setting: &Setting, episode: &[Frame]) {
    canvas.card(area, 8.0, CARD);
    canvas.write("return", (area.x + 8.0, area.y + 4.0), Align::Left, Font::SMALL, GREEN);
    canvas.write("load", (area.x + 70.0, area.y + 4.0), Align::Left, Font::SMALL, ACCENT);
    let plot = Area { x: area.x + 10.0, y: area.y + 26.0, width: area.width - 20.0, height: area.height - 36.0 };
    let steps = episode.len().max(30) as f32 - 1.0;
    let point = |place: usize, part: f32| -> Point {
        (plot.x + plot.width * place as f32 / steps, plot.y + plot.height * (1.0 - part.clamp(0.0, 1.0)))
    };
    let of_capacity = |count: u32| count as f32 / setting.capacity.max(1) as f32;
    let load = |frame: &Frame| of_capacity(frame.passengers);
    let legal = plot.y + plot.height * (1.0 - of_capacity(setting.legal_capacity).min(1.0));
    canvas.dashed(&[(plot.x, legal), (plot.x + plot.width, legal)], 1.0, RED, 4.0);
    let loads: Vec<_> = episode.iter().enumerate().map(|(place, frame)| point(place, load(frame))).collect();
    canvas.line(&loads, 2.0, ACCENT);

    let returns = || episode.iter().map(|frame| frame.total_reward);
    let (low, high) = returns().fold((0.0f32, 1.0f32), |(low, high), value| (low.min(value), high.max(value)));
    let line: Vec<_> = returns().enumerate().map(|(place, value)| point(place, (value - low) / (high - low))).collect();
    canvas.line(&line, 2.0, GREEN);
    if let Some(&end) = line.last() {
        canvas.circle(end, 3.5, GREEN);
    }
    canvas.write(&number(high), (area.x + area.width - 8.0, area.y + 4.0), Align::Right, Font::SMALL, FAINT);
}
