//! Where everything is, and what stands still: earth, sea, houses, the road and the names along it.

use crate::canvas::{Area, Canvas, Point};
use crate::palette::{EARTH, EARTH_DARK, FOAM, KERB, MARKING, PALM, PEOPLE, ROAD, ROOFS, SAND, SEA, SIGN, SIGN_INK};
use crate::setting::Setting;
use crate::text::{Align, Font};
use crate::{HEIGHT, WIDTH};

/// Side of the square that the city is drawn in, pixels.
const SIDE: f32 = HEIGHT as f32;
/// Room around the route for what stands beside it, cells, and where they are small signs.
const MARGIN: f32 = 1.9;
/// From the terminus to the water, cells.
const SHORE: f32 = 0.95;
/// Width of the road, cells.
const ROAD_WIDTH: f32 = 0.62;
/// Houses keep this far from the middle of the road, cells.
const FRONT: f32 = 1.15;
/// The least pixels of a cell that signs are drawn for; in a larger city they are this size all the same.
const LEAST_SIGN: f32 = 20.0;

/// The widest name that is written whole, pixels.
const LONGEST_NAME: f32 = 200.0;

/// How cells become pixels, and which side of the road is which.
#[derive(Debug, Clone)]
pub(crate) struct City {
    /// Pixels of a cell.
    cell: f32,
    /// The cell in the middle of the square.
    middle: Point,
    route: Vec<Point>,
}

impl City {
    pub(crate) fn new(setting: &Setting) -> Self {
        let cells: Vec<Point> = setting.route.iter().map(|&(x, y)| (f32::from(x), f32::from(y))).collect();
        let bounds = |of: fn(&Point) -> f32| {
            let (low, high) = cells.iter().map(of).fold((f32::MAX, f32::MIN), |(a, b), v| (a.min(v), b.max(v)));
            if low <= high { (low, high) } else { (0.0, 0.0) }
        };
        let ((left, right), (bottom, top)) = (bounds(|p| p.0), bounds(|p| p.1));
        let extent = (right - left).max(top - bottom);
        // Where signs are larger than cells, so is the room for them.
        let cell = (SIDE / (extent + 2.0 * MARGIN)).min((SIDE - 2.0 * MARGIN * LEAST_SIGN) / extent.max(1.0));
        let middle = (f32::midpoint(left, right), f32::midpoint(bottom, top));
        let mut city = Self { cell, middle, route: Vec::new() };
        city.route = cells.iter().map(|&cell| city.at(cell)).collect();
        city
    }

    /// Pixels of a cell that signs and vehicles are drawn in.
    pub(crate) fn unit(&self) -> f32 {
        self.cell.max(LEAST_SIGN)
    }

    /// The middle of a cell.
    pub(crate) fn cell(&self, (x, y): (u8, u8)) -> Point {
        self.at((f32::from(x), f32::from(y)))
    }

    pub(crate) fn at(&self, (x, y): Point) -> Point {
        let half = SIDE / 2.0;
        (half + (x - self.middle.0) * self.cell, half - (y - self.middle.1) * self.cell)
    }

    /// A place on the route, by a route index that may lie between two cells, and the way the road leads there.
    pub(crate) fn on_route(&self, index: f32) -> Option<(Point, Point)> {
        let last = self.route.len().checked_sub(1)?;
        let index = index.clamp(0.0, last as f32);
        let here = index as usize;
        let next = (here + 1).min(last);
        let part = index - here as f32;
        let (a, b) = (self.route[here], self.route[next]);
        let (from, to) = if here == next { (self.route[here.saturating_sub(1)], a) } else { (a, b) };
        Some(((a.0 + (b.0 - a.0) * part, a.1 + (b.1 - a.1) * part), direction(from, to)))
    }

    /// The unit vector from the road at `cell` towards the inside of the route's bend, where there is more room.
    pub(crate) fn inwards(&self, cell: (u8, u8)) -> Point {
        let here = self.cell(cell);
        let index = self.route.iter().position(|&point| point == here).unwrap_or_default();
        let (_, along) = self.on_route(index as f32).unwrap_or(((0.0, 0.0), (1.0, 0.0)));
        let side = (along.1, -along.0);
        let half = SIDE / 2.0;
        let to_middle = side.0 * (half - here.0) + side.1 * (half - here.1);
        if to_middle < 0.0 { (-side.0, -side.1) } else { side }
    }

    pub(crate) fn draw(&self, canvas: &mut Canvas, setting: &Setting) {
        canvas.fill(Area { x: 0.0, y: 0.0, width: SIDE, height: SIDE }, EARTH);
        let mut hash = Hash(17);
        for _ in 0..90 {
            let place = (hash.part() * SIDE, hash.part() * SIDE);
            canvas.circle(place, 10.0 + 26.0 * hash.part(), EARTH_DARK);
        }
        self.draw_town(canvas, &mut hash);
        self.draw_sea(canvas);
        self.draw_road(canvas);
        for place in &setting.places {
            self.draw_name(canvas, place.cell, &place.name);
        }
        canvas.fill(Area { x: SIDE, y: 0.0, width: WIDTH as f32 - SIDE, height: SIDE }, crate::palette::PANEL);
    }

    /// Houses and palms on a grid of their own, so that a large city is no darker than a small one.
    fn draw_town(&self, canvas: &mut Canvas, hash: &mut Hash) {
        const PLOT: f32 = 27.0;
        let plots = (SIDE / PLOT) as i32;
        for (row, column) in (0..plots).flat_map(|row| (0..plots).map(move |column| (row, column))) {
            let place =
                ((column as f32 + 0.25 + hash.part() * 0.5) * PLOT, (row as f32 + 0.25 + hash.part() * 0.5) * PLOT);
            let (kind, width, height) = (hash.part(), 10.0 + 9.0 * hash.part(), 9.0 + 7.0 * hash.part());
            let roof = ROOFS[hash.below(ROOFS.len())];
            if self.distance(place) < FRONT * self.cell.min(PLOT) + 6.0 {
                continue;
            }
            if kind < 0.2 {
                palm(canvas, place);
            } else if kind < 0.86 {
                let shadow = Area::around((place.0 + 2.0, place.1 + 3.0), width, height);
                canvas.card(shadow, 1.0, 0x47_2c_28);
                canvas.card(Area::around(place, width, height), 1.0, roof);
                let ridge = [(place.0 - width / 2.0, place.1), (place.0 + width / 2.0, place.1)];
                canvas.line(&ridge, 1.0, 0x5a_38_30);
            }
        }
    }

    /// Beyond the terminus lies the sea: Posta is at the harbour.
    fn draw_sea(&self, canvas: &mut Canvas) {
        let Some((end, along)) = self.on_route(f32::MAX) else { return };
        let over = |point: &Point| (point.0 - end.0) * along.0 + (point.1 - end.1) * along.1;
        let furthest = self.route.iter().map(over).fold(0.0, f32::max) + SHORE * self.cell;
        let side = (along.1, -along.0);
        let far = 2.0 * SIDE;
        let at =
            |on: f32, across: f32| (end.0 + along.0 * on + side.0 * across, end.1 + along.1 * on + side.1 * across);
        let band = |canvas: &mut Canvas, from: f32, to: f32, rgb| {
            canvas.polygon(&[at(from, -far), at(from, far), at(to, far), at(to, -far)], rgb, 1.0);
        };
        band(canvas, furthest - 5.0, furthest + 5.0, SAND);
        band(canvas, furthest + 3.0, furthest + far, SEA);
        for wave in 0..6 {
            let on = furthest + 8.0 + 9.0 * wave as f32;
            canvas.dashed(&[at(on, -far), at(on, far)], 1.0, FOAM, 14.0 + 5.0 * wave as f32);
        }
    }

    fn draw_road(&self, canvas: &mut Canvas) {
        let width = ROAD_WIDTH * self.cell;
        canvas.line(&self.route, width + 4.0, KERB);
        canvas.line(&self.route, width, ROAD);
        canvas.dashed(&self.route, 1.5, MARKING, (self.cell / 5.0).max(2.0));
    }

    fn draw_name(&self, canvas: &mut Canvas, cell: (u8, u8), name: &str) {
        let (here, inwards) = (self.cell(cell), self.inwards(cell));
        let name = &Font::SMALL_BOLD.fitted(name, LONGEST_NAME);
        let (width, height) = (Font::SMALL_BOLD.width(name) + 10.0, 19.0);
        let reach = self.cell * 0.5 + self.unit() * 0.75;
        let away = reach + if inwards.0.abs() > inwards.1.abs() { width / 2.0 } else { height / 2.0 };
        let x = (here.0 + inwards.0 * away).clamp(width / 2.0 + 2.0, SIDE - width / 2.0 - 2.0);
        let y = (here.1 + inwards.1 * away).clamp(height / 2.0 + 2.0, SIDE - height / 2.0 - 2.0);
        canvas.card(Area::around((x, y), width, height), 4.0, SIGN);
        canvas.write(name, (x, y - 8.0), Align::Middle, Font::SMALL_BOLD, SIGN_INK);
    }

    /// People who wait, in rows between the kerb and the name.
    pub(crate) fn draw_queue(&self, canvas: &mut Canvas, cell: (u8, u8), waiting: u32) {
        const IN_A_ROW: u32 = 8;
        /// More than these are told by the number alone.
        const MOST: u32 = 16;
        let (here, inwards) = (self.cell(cell), self.inwards(cell));
        let along = (inwards.1.abs(), inwards.0.abs());
        let gap = self.unit() / 3.9;
        for person in 0..waiting.min(MOST) {
            let (row, place) = ((person / IN_A_ROW) as f32, (person % IN_A_ROW) as f32 - 3.5);
            let out = self.cell * ROAD_WIDTH / 2.0 + gap * (0.75 + row);
            let at =
                (here.0 + inwards.0 * out + along.0 * place * gap, here.1 + inwards.1 * out + along.1 * place * gap);
            canvas.circle(at, gap * 0.42, PEOPLE[person as usize % PEOPLE.len()]);
        }
    }

    /// From the middle of the road, pixels.
    fn distance(&self, (x, y): Point) -> f32 {
        let to = |pair: &[Point]| {
            let ((ax, ay), (bx, by)) = (pair[0], pair[1]);
            let (dx, dy) = (bx - ax, by - ay);
            let part = (((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy).max(f32::MIN_POSITIVE)).clamp(0.0, 1.0);
            (x - ax - dx * part).hypot(y - ay - dy * part)
        };
        self.route.windows(2).map(to).fold(f32::MAX, f32::min)
    }
}

fn direction(from: Point, to: Point) -> Point {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx.hypot(dy);
    if length > 0.0 { (dx / length, dy / length) } else { (1.0, 0.0) }
}

fn palm(canvas: &mut Canvas, (x, y): Point) {
    for leaf in 0..6 {
        let turn = leaf as f32 * std::f32::consts::TAU / 6.0 + 0.4;
        canvas.line(&[(x, y), (x + 8.0 * turn.cos(), y + 8.0 * turn.sin())], 3.0, PALM);
    }
}

/// Numbers that look drawn by chance and are always the same (the finaliser of `SplitMix64`, Steele et al., 2014).
struct Hash(u64);

impl Hash {
    fn part(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ mixed >> 31) >> 40) as f32 / (1u32 << 24) as f32
    }

    fn below(&mut self, count: usize) -> usize {
        ((self.part() * count as f32) as usize).min(count - 1)
    }
}
