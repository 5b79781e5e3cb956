//! Random orders and picks of row numbers.

use daladala_env::Generator;

/// Puts `rows` in a random order (Fisher and Yates).
pub(crate) fn shuffle(rows: &mut [usize], generator: &mut Generator) {
    for last in (1..rows.len()).rev() {
        rows.swap(last, generator.below(last as u32 + 1) as usize);
    }
}

/// Copies rows of `size` numbers into one batch.
pub(crate) fn gather(source: &[f32], size: usize, rows: &[usize]) -> Vec<f32> {
    let mut batch = Vec::with_capacity(rows.len() * size);
    for &row in rows {
        batch.extend_from_slice(&source[row * size..][..size]);
    }
    batch
}
