//! What changes on the map: lights, police, queues and the bus.

use daladala_env::{Cell, Frame};

use crate::canvas::{Area, Canvas, Point};
use crate::city::City;
use crate::palette::{ACCENT, BUS, GLASS, GREEN, HOUSING, MARKING, POLICE, RED, SIGN, SIGN_INK, STRIPE, WHITE};
use crate::setting::Setting;
use crate::text::{Align, Font};

/// A lamp that is off.
const DARK: u32 = 0x3a_33_42;

pub(crate) fn draw(
    canvas: &mut Canvas,
    city: &City,
    setting: &Setting,
    frame: &Frame,
    before: Option<&Frame>,
    part: f32,
) {
    for (&stop, &waiting) in setting.stops.iter().zip(&frame.waiting) {
        city.draw_queue(canvas, stop, waiting);
    }
    for &checkpoint in &frame.police {
        draw_police(canvas, city, checkpoint, checkpoint == frame.position);
    }
    for (&light, &red) in frame.lights.iter().zip(&frame.lights_red) {
        draw_light(canvas, beside(city, light), city.unit(), red);
    }
    let overloaded = frame.passengers > setting.legal_capacity;
    draw_bus(canvas, city, frame, before, part, overloaded);
}

/// Where a sign of a cell stands: beside the road.
fn beside(city: &City, cell: Cell) -> Point {
    let (here, inwards, unit) = (city.cell(cell), city.inwards(cell), city.unit());
    (here.0 - inwards.0 * unit * 0.85, here.1 - inwards.1 * unit * 0.85)
}

/// A checkpoint, with its barrier down where the bus is `there`.
fn draw_police(canvas: &mut Canvas, city: &City, cell: Cell, there: bool) {
    let (here, inwards, unit) = (city.cell(cell), city.inwards(cell), city.unit());
    let kerb = |side: f32| (here.0 + inwards.0 * unit * side, here.1 + inwards.1 * unit * side);
    canvas.line(&[kerb(-0.45), kerb(if there { 0.4 } else { -0.1 })], 3.0, WHITE);
    canvas.line(&[kerb(-0.28), kerb(-0.1)], 3.0, RED);
    draw_shield(canvas, beside(city, cell), unit);
}

/// Red is a bar on top, green a triangle below, so that the two can be told apart without their colours.
fn draw_light(canvas: &mut Canvas, (x, y): Point, unit: f32, red: bool) {
    canvas.card(Area::around((x, y), unit * 0.5, unit * 0.95), unit * 0.14, HOUSING);
    let lamp = unit * 0.17;
    let (top, bottom) = (y - unit * 0.23, y + unit * 0.23);
    canvas.circle((x, top), lamp, if red { RED } else { DARK });
    canvas.circle((x, bottom), lamp, if red { DARK } else { GREEN });
    if red {
        canvas.fill(Area::around((x, top), lamp * 1.3, lamp * 0.45), WHITE);
    } else {
        let tip = lamp * 0.62;
        canvas.polygon(
            &[(x, bottom - tip), (x + tip, bottom + tip * 0.8), (x - tip, bottom + tip * 0.8)],
            HOUSING,
            1.0,
        );
    }
}

fn draw_shield(canvas: &mut Canvas, (x, y): Point, unit: f32) {
    let size = unit * 0.44;
    let outline = |grow: f32| {
        let size = size * grow;
        [(0.0, -1.0), (0.85, -0.7), (0.8, 0.15), (0.0, 1.05), (-0.8, 0.15), (-0.85, -0.7)]
            .map(|(dx, dy)| (x + dx * size, y + dy * size))
    };
    canvas.polygon(&outline(1.0), WHITE, 1.0);
    canvas.polygon(&outline(0.78), POLICE, 1.0);
    canvas.circle((x, y - size * 0.12), size * 0.26, WHITE);
    canvas.fill(Area::around((x, y - size * 0.36), size * 0.75, size * 0.16), WHITE);
}

fn draw_bus(canvas: &mut Canvas, city: &City, frame: &Frame, before: Option<&Frame>, part: f32, overloaded: bool) {
    let index = |frame: &Frame| frame.route_index as f32;
    let from = before.map_or(index(frame), index);
    let Some((here, along)) = city.on_route(from + (index(frame) - from) * part) else { return };
    let unit = city.unit();
    let turn = along.1.atan2(along.0).to_degrees();
    let (length, width) = (unit * 1.35, unit * 0.72);
    let side = (-along.1, along.0);
    let at = |on: f32, across: f32| (here.0 + along.0 * on + side.0 * across, here.1 + along.1 * on + side.1 * across);
    let (nose, beam) = (length / 2.0, length * 1.2);
    let light =
        [at(nose, -width * 0.3), at(nose + beam, -width * 0.75), at(nose + beam, width * 0.75), at(nose, width * 0.3)];
    canvas.polygon(&light, MARKING, 0.22);
    let mut part_of = |middle: Point, length: f32, width: f32, radius: f32, rgb: u32| {
        canvas.fill_round(Area::around(middle, length, width), radius, rgb, (turn, middle));
    };
    part_of(at(0.0, 0.0), length + 4.0, width + 4.0, 6.0, if overloaded { RED } else { HOUSING });
    part_of(at(0.0, 0.0), length, width, 5.0, BUS);
    part_of(at(0.0, 0.0), length, width * 0.24, 0.0, STRIPE);
    part_of(at(length * 0.36, 0.0), length * 0.15, width * 0.82, 2.0, GLASS);
    part_of(at(-length * 0.44, 0.0), length * 0.06, width * 0.7, 1.0, GLASS);
    let braking = before.is_some_and(|before| frame.speed < before.speed) || frame.light_red() || frame.police_here();
    if braking {
        part_of(at(-length * 0.49, -width * 0.36), 3.0, 4.0, 1.0, RED);
        part_of(at(-length * 0.49, width * 0.36), 3.0, 4.0, 1.0, RED);
    }
    let count = frame.passengers.to_string();
    let badge = at(-length * 0.08, 0.0);
    let wide = Font::SMALL_BOLD.width(&count) + 8.0;
    let (ground, ink) = if overloaded { (RED, WHITE) } else { (SIGN_INK, SIGN) };
    canvas.card(Area::around(badge, wide, 17.0), 7.0, ground);
    canvas.write(&count, (badge.0, badge.1 - 8.0), Align::Middle, Font::SMALL_BOLD, ink);
    if frame.crashed {
        for spike in 0..8 {
            let turn = spike as f32 * std::f32::consts::TAU / 8.0;
            let to = |reach: f32| (here.0 + turn.cos() * unit * reach, here.1 + turn.sin() * unit * reach);
            canvas.line(&[to(0.8), to(1.3)], 4.0, ACCENT);
        }
    }
}
