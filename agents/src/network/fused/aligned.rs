//! Floats that begin where a cache line does, so that no register is read from two.

/// Bytes of a cache line, and of the widest register.
const LINE: usize = 64;
/// The most floats that lie before the first line.
const SLACK: usize = LINE / size_of::<f32>() - 1;

/// Floats from the beginning of a cache line on.
#[derive(Debug)]
pub(super) struct AlignedFloats {
    /// The floats, with as many before as it takes, and the rest of the slack after.
    storage: Vec<f32>,
}

impl AlignedFloats {
    /// As many zeros.
    pub(super) fn zeros(len: usize) -> Self {
        Self { storage: vec![0.0; len + SLACK] }
    }

    /// All of them.
    #[inline(always)]
    pub(super) fn get(&self) -> &[f32] {
        let start = self.start();
        &self.storage[start..start + self.len()]
    }

    /// All of them, to be written.
    pub(super) fn get_mut(&mut self) -> &mut [f32] {
        let (start, len) = (self.start(), self.len());
        &mut self.storage[start..start + len]
    }

    /// At least `len`, to be written: what is there, or where that is fewer, as many zeros.
    pub(super) fn at_least(&mut self, len: usize) -> &mut [f32] {
        if self.len() < len {
            *self = Self::zeros(len);
        }
        self.get_mut()
    }

    fn len(&self) -> usize {
        self.storage.len() - SLACK
    }

    /// Where the first line begins. Alignment is speed alone: where it cannot be known, any place will do.
    fn start(&self) -> usize {
        self.storage.as_ptr().align_offset(LINE).min(SLACK)
    }
}

impl Default for AlignedFloats {
    fn default() -> Self {
        Self::zeros(0)
    }
}
