//! What the fields of a frame are: their names and types, in data.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::FieldValue;

/// The type of a field of a frame. `docs/PROTOCOL.md` says how each is written as JSON and as bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// True or false.
    Bool,
    /// A whole number from 0.
    Uint,
    /// A whole number.
    Int,
    /// A number of single precision.
    Float,
    /// A whole number from 0, or null.
    OptionalUint,
    /// A text, or null.
    OptionalText,
    /// A cell of the grid, as (x, y).
    Cell,
    /// A list of truths.
    Bools,
    /// A list of whole numbers from 0.
    Uints,
    /// A list of numbers of single precision.
    Floats,
    /// A list of cells.
    Cells,
}

impl FieldType {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Bool,
        Self::Uint,
        Self::Int,
        Self::Float,
        Self::OptionalUint,
        Self::OptionalText,
        Self::Cell,
        Self::Bools,
        Self::Uints,
        Self::Floats,
        Self::Cells,
    ];

    /// Zero, false, null or empty.
    #[must_use]
    pub fn empty(self) -> FieldValue<'static> {
        match self {
            Self::Bool => FieldValue::Bool(false),
            Self::Uint => FieldValue::Uint(0),
            Self::Int => FieldValue::Int(0),
            Self::Float => FieldValue::Float(0.0),
            Self::OptionalUint => FieldValue::OptionalUint(None),
            Self::OptionalText => FieldValue::OptionalText(None),
            Self::Cell => FieldValue::Cell((0, 0)),
            Self::Bools => FieldValue::Bools(Cow::default()),
            Self::Uints => FieldValue::Uints(Cow::default()),
            Self::Floats => FieldValue::Floats(Cow::default()),
            Self::Cells => FieldValue::Cells(Cow::default()),
        }
    }

    /// A value of this type from JSON; none if that is of another type.
    #[must_use]
    pub fn from_json(self, json: &Value) -> Option<FieldValue<'static>> {
        fn read<T: serde::de::DeserializeOwned>(json: &Value) -> Option<T> {
            T::deserialize(json).ok()
        }
        Some(match self {
            Self::Bool => FieldValue::Bool(read(json)?),
            Self::Uint => FieldValue::Uint(read(json)?),
            Self::Int => FieldValue::Int(read(json)?),
            Self::Float => FieldValue::Float(read(json)?),
            Self::OptionalUint => FieldValue::OptionalUint(read(json)?),
            Self::OptionalText => FieldValue::OptionalText(read::<Option<String>>(json)?.map(Cow::Owned)),
            Self::Cell => FieldValue::Cell(read(json)?),
            Self::Bools => FieldValue::Bools(Cow::Owned(read(json)?)),
            Self::Uints => FieldValue::Uints(Cow::Owned(read(json)?)),
            Self::Floats => FieldValue::Floats(Cow::Owned(read(json)?)),
            Self::Cells => FieldValue::Cells(Cow::Owned(read(json)?)),
        })
    }
}

/// A field of a frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameField {
    /// Its name, in `snake_case`.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// Its unit; empty where it is a plain number, or none.
    pub unit: String,
    /// What it tells.
    pub meaning: String,
}

impl FrameField {
    /// A field of this name, unit, type and meaning.
    #[must_use]
    pub fn new(name: &str, unit: &str, kind: FieldType, meaning: &str) -> Self {
        Self { name: name.into(), kind, unit: unit.into(), meaning: meaning.into() }
    }
}
