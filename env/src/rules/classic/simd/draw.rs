//! Layouts for 64 environments at a time, the same as [`ClassicLayout::draw`](super::super::ClassicLayout) would draw.
//!
//! The shuffle of 25 cells of which seven are kept needs no array of 25 in every lane. Position `i` is exchanged
//! with some later position `o[i]` and never looked at again, so all there is to know is what each exchange left
//! at `o[i]`: where a later one looks, it finds the last of these, or else what has lain there from the beginning.

use fearless_simd::prelude::*;
use fearless_simd::{Select, Simd};

use super::super::STOPS;
use super::super::layout::{FREE_CELLS, HAZARDS, POLICE};
use super::block::Hazards;
use crate::rules::lanes::{Bytes, LANES, Words, load, next_words, splat, store};

/// Draws layouts; `generator` moves on.
#[inline(always)]
pub(super) fn draw<S: Simd>(simd: S, generator: &mut [Words; 4]) -> Hazards {
    let mut cells: [Bytes; HAZARDS] = [[0; LANES]; HAZARDS];
    for (i, other) in cells.iter_mut().enumerate() {
        let below = (FREE_CELLS - i) as u32;
        for (other, random) in other.iter_mut().zip(next_words(generator)) {
            // `Generator::below` in 32 bits: the product's upper half from those of the halves.
            let product = (random >> 16) * below + (((random & 0xffff) * below) >> 16);
            *other = (product >> 16) as u8 + i as u8;
        }
    }
    let colours = next_words(generator);
    for at in (0..LANES).step_by(S::u8s::LEN) {
        shuffle(simd, &mut cells, at);
    }

    let mut hazards = Hazards { police: [0; LANES], lights: [0; LANES], red: [0; LANES] };
    for cells in &cells[..POLICE] {
        for (mask, &cell) in hazards.police.iter_mut().zip(cells) {
            *mask |= 1 << (cell & 31);
        }
    }
    for (light, cells) in cells[POLICE..].iter().enumerate() {
        let lights = hazards.lights.iter_mut().zip(&mut hazards.red);
        for (((mask, red), &cell), colours) in lights.zip(cells).zip(colours) {
            *mask |= 1 << (cell & 31);
            *red |= (colours >> 28 >> light & 1) << (cell & 31);
        }
    }
    hazards
}

/// Makes the positions to exchange with into the cells that lie at the first seven positions in the end.
#[inline(always)]
fn shuffle<S: Simd>(simd: S, cells: &mut [Bytes; HAZARDS], at: usize) {
    let mut exchanged = [splat(simd, 0); HAZARDS];
    for (exchanged, cells) in exchanged.iter_mut().zip(cells.iter()) {
        *exchanged = load(simd, cells, at);
    }
    let mut left = exchanged;
    for i in 0..HAZARDS {
        let (mut taken, mut given) = (exchanged[i], splat(simd, i as u8));
        for earlier in 0..i {
            taken = exchanged[earlier].simd_eq(exchanged[i]).select(left[earlier], taken);
            given = exchanged[earlier].simd_eq(i as u8).select(left[earlier], given);
        }
        left[i] = given;
        store(cell(taken), &mut cells[i], at);
    }
}

/// The route index of the `free`-th cell without a stop.
#[inline(always)]
fn cell<S: Simd, V: SimdInt<S, Element = u8>>(free: V) -> V
where
    V::Mask: Select<V>,
{
    let mut cell = free;
    for stop in STOPS {
        cell = cell.simd_ge(stop).select(cell + 1, cell);
    }
    cell
}
