//! Matrices in panels of 16 columns, one line of memory a row: what the sums of `tile` read and write.
//!
//! A line is the widest register, two of AVX2 or four of SSE and NEON. Columns and, in weights, rows are filled up with zeros
//! to whole lines, so that no sum has to ask where a matrix ends.

/// Columns of a panel, and floats of a line.
pub(super) const WIDTH: usize = 16;

/// A row of a panel: one line of the cache.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[repr(C, align(64))]
pub(super) struct Line(pub(super) [f32; WIDTH]);

/// Lines or panels that so many numbers take.
pub(super) fn lines(numbers: usize) -> usize {
    numbers.div_ceil(WIDTH)
}

/// A matrix: panel after panel, and in each a line a row.
#[derive(Debug, Clone, Default)]
pub(super) struct Panels {
    pub(super) lines: Vec<Line>,
    pub(super) rows: usize,
}

impl Panels {
    /// One of zeros.
    pub(super) fn zeros(rows: usize, columns: usize) -> Self {
        Self { lines: vec![Line::default(); rows * lines(columns)], rows }
    }

    /// Sets a row, whose last line is filled up with zeros.
    #[inline(always)]
    pub(super) fn set_row(&mut self, row: usize, values: &[f32]) {
        for (panel, values) in self.lines.chunks_exact_mut(self.rows).zip(values.chunks(WIDTH)) {
            let Line(line) = &mut panel[row];
            if let Ok(values) = <&[f32; WIDTH]>::try_from(values) {
                *line = *values;
            } else {
                *line = [0.0; WIDTH];
                line[..values.len()].copy_from_slice(values);
            }
        }
    }

    /// Reads the first numbers of a row.
    #[inline(always)]
    pub(super) fn get_row(&self, row: usize, values: &mut [f32]) {
        for (panel, values) in self.lines.chunks_exact(self.rows).zip(values.chunks_mut(WIDTH)) {
            values.copy_from_slice(&panel[row].0[..values.len()]);
        }
    }
}
