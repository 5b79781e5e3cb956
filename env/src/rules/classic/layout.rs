//! What an episode is drawn from: hazards and waiting passengers.

use serde::{Deserialize, Serialize};

use super::{ROUTE_CELLS, STOP_MASK, STOPS};
use crate::error::EnvError;
use crate::generator::Generator;

/// Police checkpoints of a drawn layout.
pub(super) const POLICE: usize = 3;
/// Hazards of a drawn layout: three checkpoints, then four lights.
pub(super) const HAZARDS: usize = 7;
/// Cells that hold no stop, from which hazards are drawn.
pub(super) const FREE_CELLS: usize = ROUTE_CELLS - STOPS.len();
/// How many wait at the four stops unless a layout says otherwise.
pub(super) const DEFAULT_WAITING: [u8; 4] = [8, 5, 1, 1];

/// A layout, its cells as bit masks over route indices: bit 0 is the first cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "LayoutSpec", try_from = "LayoutSpec")]
pub struct ClassicLayout {
    /// Police checkpoints.
    pub police: u32,
    /// Traffic lights.
    pub lights: u32,
    /// The lights that are red, all episode long; a subset of `lights`.
    pub red: u32,
    /// How many wait at each of the four stops, in route order.
    pub waiting: [u8; 4],
}

/// A layout as people and files write it: lists of route indices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayoutSpec {
    /// Route indices of the police checkpoints.
    pub police: Vec<u8>,
    /// Route indices of the traffic lights.
    pub lights: Vec<u8>,
    /// 1 (red) or 0 (green) for each of `lights`.
    pub red: Vec<u8>,
    /// How many wait at each of the four stops, in route order.
    #[serde(default = "default_waiting")]
    pub waiting: [u8; 4],
}

fn default_waiting() -> [u8; 4] {
    DEFAULT_WAITING
}

impl ClassicLayout {
    /// Draws seven distinct cells without a stop, then the colour of each light.
    pub(super) fn draw(generator: &mut Generator) -> Self {
        let mut free: [u8; FREE_CELLS] = free_cells();
        for drawn in 0..HAZARDS {
            let other = drawn + generator.below((FREE_CELLS - drawn) as u32) as usize;
            free.swap(drawn, other);
        }
        let colours = generator.next_u32() >> 28;
        let police = mask(&free[..POLICE]);
        let lights = mask(&free[POLICE..HAZARDS]);
        let red = (POLICE..HAZARDS).filter(|light| colours >> (light - POLICE) & 1 == 1);
        let red = red.fold(0, |red, light| red | 1 << free[light]);
        Self { police, lights, red, waiting: DEFAULT_WAITING }
    }

    /// Whether [`ClassicLayout::draw`] makes such layouts.
    pub(super) fn can_be_drawn(&self) -> bool {
        let apart = self.police & self.lights == 0 && (self.police | self.lights) & STOP_MASK == 0;
        let counts = (self.police.count_ones() as usize, self.lights.count_ones() as usize);
        apart && counts == (POLICE, HAZARDS - POLICE) && self.waiting == DEFAULT_WAITING
    }
}

impl ClassicLayout {
    /// Any hazards anywhere, any number waiting; half of the time crowds, so that buses fill up.
    pub(super) fn draw_any(generator: &mut Generator) -> Self {
        let route = (1 << ROUTE_CELLS) - 1;
        let sparse = |generator: &mut Generator| generator.next_u32() & generator.next_u32() & route;
        let (police, lights) = (sparse(generator), sparse(generator));
        let red = lights & generator.next_u32();
        let crowds = generator.next_u32().to_le_bytes();
        let waiting = if generator.below(2) == 0 { crowds } else { crowds.map(|waiting| waiting % 24) };
        Self { police, lights, red, waiting }
    }

    pub(super) fn check(&self) -> Result<(), EnvError> {
        let route = (1 << ROUTE_CELLS) - 1;
        if (self.police | self.lights) & !route != 0 {
            return Err(EnvError::InvalidLayout("a hazard is past the end of the route".into()));
        }
        if self.red & !self.lights != 0 {
            return Err(EnvError::InvalidLayout("red: there is no light on a cell that is said to be red".into()));
        }
        Ok(())
    }
}

const fn free_cells() -> [u8; FREE_CELLS] {
    let mut free = [0; FREE_CELLS];
    let (mut cell, mut found) = (0, 0);
    while cell < ROUTE_CELLS {
        if STOP_MASK >> cell & 1 == 0 {
            free[found] = cell as u8;
            found += 1;
        }
        cell += 1;
    }
    free
}

fn mask(cells: &[u8]) -> u32 {
    cells.iter().fold(0, |mask, &cell| mask | 1 << cell)
}

fn checked_mask(what: &str, cells: &[u8]) -> Result<u32, EnvError> {
    if let Some(cell) = cells.iter().find(|&&cell| usize::from(cell) >= ROUTE_CELLS) {
        return Err(EnvError::InvalidLayout(format!("{what}: cell {cell} is not on the route (0 to 28)")));
    }
    let mask = mask(cells);
    if mask.count_ones() as usize != cells.len() {
        return Err(EnvError::InvalidLayout(format!("{what}: a cell is named twice")));
    }
    Ok(mask)
}

impl TryFrom<LayoutSpec> for ClassicLayout {
    type Error = EnvError;

    fn try_from(spec: LayoutSpec) -> Result<Self, EnvError> {
        let police = checked_mask("police", &spec.police)?;
        let lights = checked_mask("lights", &spec.lights)?;
        if spec.red.len() != spec.lights.len() || spec.red.iter().any(|&red| red > 1) {
            return Err(EnvError::InvalidLayout("red: needed is one 0 or 1 for each of lights".into()));
        }
        let red = spec.lights.iter().zip(&spec.red).fold(0, |mask, (&cell, &red)| mask | u32::from(red) << cell);
        Ok(Self { police, lights, red, waiting: spec.waiting })
    }
}

impl From<ClassicLayout> for LayoutSpec {
    fn from(layout: ClassicLayout) -> Self {
        let lights = cells(layout.lights);
        let red = lights.iter().map(|&cell| (layout.red >> cell & 1) as u8).collect();
        Self { police: cells(layout.police), lights, red, waiting: layout.waiting }
    }
}

/// The route indices in a mask, in route order.
pub(super) fn cells(mask: u32) -> Vec<u8> {
    (0..ROUTE_CELLS as u8).filter(|&cell| mask >> cell & 1 == 1).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_drawn_layout_is_one_of_the_originals(seed: u64, index: u64) {
            let layout = ClassicLayout::draw(&mut Generator::new(seed, index));
            prop_assert_eq!((layout.police.count_ones(), layout.lights.count_ones()), (3, 4));
            prop_assert_eq!(layout.police & layout.lights, 0);
            prop_assert_eq!((layout.police | layout.lights) & STOP_MASK, 0);
            prop_assert_eq!(layout.red & !layout.lights, 0);
            prop_assert_eq!(ClassicLayout::try_from(LayoutSpec::from(layout)), Ok(layout));
        }
    }

    #[test]
    fn every_free_cell_is_drawn_equally_often() {
        let draws = 20_000;
        let mut police = [0u32; ROUTE_CELLS];
        let mut red = 0;
        for index in 0..draws {
            let layout = ClassicLayout::draw(&mut Generator::new(7, index));
            for cell in cells(layout.police) {
                police[usize::from(cell)] += 1;
            }
            red += layout.red.count_ones();
        }
        let expected = draws as f64 * 3.0 / 25.0;
        let chi2: f64 =
            free_cells().iter().map(|&cell| (f64::from(police[usize::from(cell)]) - expected).powi(2) / expected).sum();
        assert!(chi2 < 60.0, "chi² of 24 degrees of freedom: {chi2}");
        assert!((f64::from(red) / draws as f64 - 2.0).abs() < 0.05);
    }

    #[test]
    fn a_layout_the_rules_cannot_play_is_refused() {
        let good = LayoutSpec { police: vec![1], lights: vec![2, 3], red: vec![0, 1], waiting: [0; 4] };
        let refused = |spec: LayoutSpec| ClassicLayout::try_from(spec).expect_err("must be refused").to_string();
        assert!(refused(LayoutSpec { police: vec![29], ..good.clone() }).contains("cell 29"));
        assert!(refused(LayoutSpec { lights: vec![2, 2], ..good.clone() }).contains("twice"));
        assert!(refused(LayoutSpec { red: vec![1], ..good.clone() }).contains("red"));
        assert!(refused(LayoutSpec { red: vec![1, 2], ..good }).contains("red"));
    }
}
