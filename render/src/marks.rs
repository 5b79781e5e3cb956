//! What changes on the map: lights, police, queues and the bus.

use daladala_env::{Hazard, HazardKind, StateFrame};

use crate::canvas::{Area, Canvas, Point};
use crate::city::City;
use crate::palette::{ACCENT, BUS, GLASS, GREEN, HOUSING, MARKING, POLICE, RED, SIGN, SIGN_INK, STRIPE, WHITE};
use crate::text::{Align, Font};

/// A lamp that is off.
const DARK: u32 = 0x3a_33_42;

pub(crate) fn draw(canvas: &mut Canvas, city: &City, frame: &StateFrame, before: Option<&StateFrame>, part: f32) {
    for &stop in &frame.high_demand_stops {
        let waiting = frame.waiting.get(&format!("{},{}", stop.0, stop.1)).copied().unwrap_or_default();
        city.draw_queue(canvas, stop, waiting);
    }
    for &hazard in &frame.hazards {
        draw_hazard(canvas, city, frame, hazard);
    }
    draw_bus(canvas, city, frame, before, part);
}

fn draw_hazard(canvas: &mut Canvas, city: &City, frame: &StateFrame, hazard: Hazard) {
    let (here, inwards, unit) = (city.cell(hazard.cell), city.inwards(hazard.cell), city.unit());
    let at = (here.0 - inwards.0 * unit * 0.85, here.1 - inwards.1 * unit * 0.85);
    match hazard.kind {
        HazardKind::TrafficLight => {
            let key = format!("{},{}", hazard.cell.0, hazard.cell.1);
            let red = frame.traffic_light_states.get(&key).is_some_and(|&state| state != 0);
            draw_light(canvas, at, unit, red);
        }
        HazardKind::Police => {
            let kerb = |side: f32| (here.0 + inwards.0 * unit * side, here.1 + inwards.1 * unit * side);
            let there = hazard.cell == frame.position;
            canvas.line(&[kerb(-0.45), kerb(if there { 0.4 } else { -0.1 })], 3.0, WHITE);
            canvas.line(&[kerb(-0.28), kerb(-0.1)], 3.0, RED);
            draw_shield(canvas, at, unit);
        }
    }
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

fn draw_bus(canvas: &mut Canvas, city: &City, frame: &StateFrame, before: Option<&StateFrame>, part: f32) {
    let index = |frame: &StateFrame| frame.route_index as f32;
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
    let overloaded = frame.passengers > frame.legal_capacity;
    let mut part_of = |middle: Point, length: f32, width: f32, radius: f32, rgb: u32| {
        canvas.fill_round(Area::around(middle, length, width), radius, rgb, (turn, middle));
    };
    part_of(at(0.0, 0.0), length + 4.0, width + 4.0, 6.0, if overloaded { RED } else { HOUSING });
    part_of(at(0.0, 0.0), length, width, 5.0, BUS);
    part_of(at(0.0, 0.0), length, width * 0.24, 0.0, STRIPE);
    part_of(at(length * 0.36, 0.0), length * 0.15, width * 0.82, 2.0, GLASS);
    part_of(at(-length * 0.44, 0.0), length * 0.06, width * 0.7, 1.0, GLASS);
    let braking = before.is_some_and(|before| frame.speed < before.speed) || frame.must_stop == 1;
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
    if frame.crashed == 1 {
        for spike in 0..8 {
            let turn = spike as f32 * std::f32::consts::TAU / 8.0;
            let to = |reach: f32| (here.0 + turn.cos() * unit * reach, here.1 + turn.sin() * unit * reach);
            canvas.line(&[to(0.8), to(1.3)], 4.0, ACCENT);
        }
    }
}
