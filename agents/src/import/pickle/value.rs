//! What a pickle of a state dict is made of.

use super::super::error::{ImportError, shown};

/// What a number in a storage is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::import) enum Dtype {
    F64,
    F32,
    F16,
    Bf16,
    /// Whole numbers and booleans: counters, never weights.
    Whole,
}

/// All that a pickle can name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Global {
    OrderedDict,
    RebuildTensor,
    RebuildParameter,
    Storage(Dtype),
}

/// Anything on the stack.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'a> {
    /// None, booleans, fractions, large integers and lists: allowed, and asked for by nobody.
    Opaque,
    Int(i64),
    Text(&'a str),
    Tuple(usize),
    Dict(usize),
    Global(Global),
    Storage(Storage<'a>),
    Tensor(usize),
}

/// Numbers in an entry of the archive.
#[derive(Debug, Clone, Copy)]
pub(in crate::import) struct Storage<'a> {
    pub(in crate::import) key: &'a str,
    pub(in crate::import) dtype: Dtype,
    /// How many numbers it says it has.
    pub(in crate::import) elements: usize,
}

/// A view of a storage.
#[derive(Debug, Clone)]
pub(in crate::import) struct Tensor<'a> {
    pub(in crate::import) storage: Storage<'a>,
    pub(in crate::import) offset: usize,
    pub(in crate::import) shape: Vec<usize>,
    pub(in crate::import) strides: Vec<usize>,
}

/// What a class or function of a pickle stands for, if it is one that state dicts need.
pub(super) fn global(module: &str, name: &str) -> Result<Global, ImportError> {
    Ok(match (module, name) {
        ("collections", "OrderedDict") => Global::OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2") => Global::RebuildTensor,
        ("torch._utils", "_rebuild_parameter") => Global::RebuildParameter,
        ("torch", "DoubleStorage") => Global::Storage(Dtype::F64),
        ("torch", "FloatStorage") => Global::Storage(Dtype::F32),
        ("torch", "HalfStorage") => Global::Storage(Dtype::F16),
        ("torch", "BFloat16Storage") => Global::Storage(Dtype::Bf16),
        ("torch", "LongStorage" | "IntStorage" | "ShortStorage" | "CharStorage" | "ByteStorage" | "BoolStorage") => {
            Global::Storage(Dtype::Whole)
        }
        _ => return Err(ImportError::Global(shown(&format!("{module}.{name}")))),
    })
}

/// A number of things.
pub(super) fn size(value: Value) -> Result<usize, ImportError> {
    match value {
        Value::Int(size) => usize::try_from(size).map_err(|_| ImportError::pickle("a size is negative")),
        _ => Err(ImportError::pickle("a size is no number")),
    }
}
