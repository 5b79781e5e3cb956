//! PyTorch's archives: a pickle that describes tensors, and the numbers they are views of.

use half::{bf16, f16};

use super::MAX_SIZE;
use super::archive::Archive;
use super::error::ImportError;
use super::pickle::{Dtype, MAX_PICKLE, Tensor};

/// What the pickle is called, below the folder that all is in.
const PICKLE: &str = "/data.pkl";
/// The longest `byteorder` entry, bytes: "little".
const MAX_BYTE_ORDER: u64 = 6;

/// A `.pth` file.
pub(super) struct TorchFile<'a> {
    archive: Archive<'a>,
    folder: String,
    big_endian: bool,
}

impl<'a> TorchFile<'a> {
    pub(super) fn open(mut archive: Archive<'a>) -> Result<Self, ImportError> {
        let folder =
            archive.names().filter_map(|name| name.strip_suffix(PICKLE)).filter(|name| !name.contains('/')).min();
        let Some(folder) = folder.map(str::to_owned) else {
            return Err(if archive.contains("parameters") {
                ImportError::StableBaselines2
            } else {
                ImportError::MissingEntry("data.pkl".to_owned())
            });
        };
        if archive.contains(&format!("{folder}/constants.pkl")) {
            return Err(ImportError::TorchScript);
        }
        // Files from before PyTorch 2.1 do not say, and were written on little-endian machines.
        let entry = format!("{folder}/byteorder");
        let order = if archive.contains(&entry) { archive.read(&entry, MAX_BYTE_ORDER)? } else { b"little".to_vec() };
        let big_endian = match &order[..] {
            b"little" => false,
            b"big" => true,
            _ => return Err(ImportError::Damaged(format!("'{entry}' is neither little nor big"))),
        };
        Ok(Self { archive, folder, big_endian })
    }

    pub(super) fn pickle(&mut self) -> Result<Vec<u8>, ImportError> {
        self.archive.read(&format!("{}{PICKLE}", self.folder), MAX_PICKLE)
    }

    /// The numbers of a tensor, row by row.
    pub(super) fn numbers(&mut self, name: &str, tensor: &Tensor) -> Result<Vec<f32>, ImportError> {
        let refused = |problem: &str| ImportError::tensor(name, problem);
        let storage = tensor.storage;
        let (width, decode): (usize, fn([u8; 8]) -> f32) = match storage.dtype {
            Dtype::F64 => (8, |bytes| f64::from_le_bytes(bytes) as f32),
            Dtype::F32 => (4, |[a, b, c, d, ..]| f32::from_le_bytes([a, b, c, d])),
            Dtype::F16 => (2, |[a, b, ..]| f16::from_le_bytes([a, b]).to_f32()),
            Dtype::Bf16 => (2, |[a, b, ..]| bf16::from_le_bytes([a, b]).to_f32()),
            Dtype::Whole => return Err(refused("holds whole numbers")),
        };
        let view = view(tensor).ok_or_else(|| refused("does not fit the numbers that it is a view of"))?;
        if storage.key.contains('/') {
            return Err(refused("lies outside of the archive's folder of data"));
        }
        let bytes = self.archive.read(&format!("{}/data/{}", self.folder, storage.key), MAX_SIZE)?;
        if storage.elements.checked_mul(width) != Some(bytes.len()) {
            return Err(refused("has more or fewer numbers than it says"));
        }
        let number = |at: usize| {
            let mut little_endian = [0; 8];
            let number = &mut little_endian[..width];
            number.copy_from_slice(&bytes[at * width..][..width]);
            if self.big_endian {
                number.reverse();
            }
            decode(little_endian)
        };
        let numbers: Vec<f32> = view.map(number).collect();
        if numbers.iter().any(|number| !number.is_finite()) {
            return Err(refused("holds numbers that are not finite"));
        }
        Ok(numbers)
    }
}

/// The places of a tensor's numbers in its storage, if all are in it and it is not stretched over more.
fn view(tensor: &Tensor) -> Option<impl Iterator<Item = usize>> {
    let (rows, columns, row, column) = match (&tensor.shape[..], &tensor.strides[..]) {
        (&[columns], &[column]) => (1, columns, 0, column),
        (&[rows, columns], &[row, column]) => (rows, columns, row, column),
        _ => return None,
    };
    let count = rows.checked_mul(columns).filter(|count| (1..=tensor.storage.elements).contains(count))?;
    let last_row = row.checked_mul(rows - 1)?;
    let last = last_row.checked_add(column.checked_mul(columns - 1)?)?.checked_add(tensor.offset)?;
    let (offset, inside) = (tensor.offset, last < tensor.storage.elements);
    inside.then(|| (0..count).map(move |index| offset + index / columns * row + index % columns * column))
}
