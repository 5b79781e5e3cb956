//! What a field of a frame holds.

use std::borrow::Cow;

use serde::Serialize;

use super::FieldType;

/// A cell of the grid, as (x, y): x to the right, y upwards, both from 0.
pub type Cell = (u8, u8);

/// The value of a field, lent by a frame or its own. As JSON it is what it holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
#[expect(missing_docs, reason = "they are the variants of FieldType")]
pub enum FieldValue<'a> {
    Bool(bool),
    Uint(u64),
    Int(i64),
    Float(f32),
    OptionalUint(Option<u64>),
    OptionalText(Option<Cow<'a, str>>),
    Cell(Cell),
    Bools(Cow<'a, [bool]>),
    Uints(Cow<'a, [u32]>),
    Floats(Cow<'a, [f32]>),
    Cells(Cow<'a, [Cell]>),
}

impl FieldValue<'_> {
    /// Its type.
    #[must_use]
    pub fn kind(&self) -> FieldType {
        match self {
            Self::Bool(_) => FieldType::Bool,
            Self::Uint(_) => FieldType::Uint,
            Self::Int(_) => FieldType::Int,
            Self::Float(_) => FieldType::Float,
            Self::OptionalUint(_) => FieldType::OptionalUint,
            Self::OptionalText(_) => FieldType::OptionalText,
            Self::Cell(_) => FieldType::Cell,
            Self::Bools(_) => FieldType::Bools,
            Self::Uints(_) => FieldType::Uints,
            Self::Floats(_) => FieldType::Floats,
            Self::Cells(_) => FieldType::Cells,
        }
    }

    /// The same, lent.
    pub(super) fn lend(&self) -> FieldValue<'_> {
        match self {
            Self::Bool(value) => FieldValue::Bool(*value),
            Self::Uint(value) => FieldValue::Uint(*value),
            Self::Int(value) => FieldValue::Int(*value),
            Self::Float(value) => FieldValue::Float(*value),
            Self::OptionalUint(value) => FieldValue::OptionalUint(*value),
            Self::OptionalText(value) => FieldValue::OptionalText(value.as_deref().map(Cow::Borrowed)),
            Self::Cell(value) => FieldValue::Cell(*value),
            Self::Bools(value) => FieldValue::Bools(Cow::Borrowed(value)),
            Self::Uints(value) => FieldValue::Uints(Cow::Borrowed(value)),
            Self::Floats(value) => FieldValue::Floats(Cow::Borrowed(value)),
            Self::Cells(value) => FieldValue::Cells(Cow::Borrowed(value)),
        }
    }

    /// Whether both are the same to the bit: a NaN is itself, and -0 is not 0.
    #[must_use]
    pub fn is_same(&self, other: &FieldValue<'_>) -> bool {
        match (self, other) {
            (Self::Float(a), FieldValue::Float(b)) => a.to_bits() == b.to_bits(),
            (Self::Floats(a), FieldValue::Floats(b)) => {
                a.iter().map(|value| value.to_bits()).eq(b.iter().map(|value| value.to_bits()))
            }
            _ => self == other,
        }
    }
}

/// A type of Rust that a field of [`Frame`](super::Frame) may have.
pub(super) trait Field: Sized {
    const TYPE: FieldType;
    fn lend(&self) -> FieldValue<'_>;
    /// None where the value is of another type, or too large.
    fn take(value: FieldValue<'static>) -> Option<Self>;
}

/// A type of Rust, the type of field that it is, how it is lent and how it is taken back.
macro_rules! field {
    ($type:ty, $kind:ident, |$lent:ident| $lend:expr, |$taken:ident| $take:expr) => {
        impl Field for $type {
            const TYPE: FieldType = FieldType::$kind;
            fn lend(&self) -> FieldValue<'_> {
                let $lent = self;
                FieldValue::$kind($lend)
            }
            fn take(value: FieldValue<'static>) -> Option<Self> {
                match value {
                    FieldValue::$kind($taken) => $take,
                    _ => None,
                }
            }
        }
    };
}

/// A whole number that may be missing.
macro_rules! optional_uint {
    ($type:ty) => {
        field!(Option<$type>, OptionalUint, |value| value.map(u64::from), |value| {
            value.map(<$type>::try_from).transpose().ok()
        });
    };
}

field!(bool, Bool, |value| *value, |value| Some(value));
field!(u32, Uint, |value| u64::from(*value), |value| value.try_into().ok());
field!(u64, Uint, |value| *value, |value| Some(value));
field!(i64, Int, |value| *value, |value| Some(value));
field!(f32, Float, |value| *value, |value| Some(value));
optional_uint!(u8);
optional_uint!(u32);
field!(Option<String>, OptionalText, |value| value.as_deref().map(Cow::Borrowed), |value| {
    Some(value.map(Cow::into_owned))
});
field!(Cell, Cell, |value| *value, |value| Some(value));
field!(Vec<bool>, Bools, |value| value.into(), |value| Some(value.into_owned()));
field!(Vec<u32>, Uints, |value| value.into(), |value| Some(value.into_owned()));
field!(Vec<f32>, Floats, |value| value.into(), |value| Some(value.into_owned()));
field!(Vec<Cell>, Cells, |value| value.into(), |value| Some(value.into_owned()));
