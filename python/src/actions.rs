//! Actions as numpy arrays hold them, as the engine takes them.

use numpy::{Element, PyArray1, PyArrayDescrMethods, PyArrayMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

/// Reads one action an environment from an array of integers `[envs]`, or from what numpy makes one of.
pub(crate) fn read(given: &Bound<'_, PyAny>, into: &mut [u8]) -> PyResult<()> {
    // Those that libraries hand in come first: Gymnasium int64, EnvPool's users int32, ours uint8.
    if take::<i64>(given, into)? || take::<i32>(given, into)? || take::<u8>(given, into)? {
        return Ok(());
    }
    let Ok(array) = given.cast::<PyUntypedArray>() else {
        let made = given.py().import("numpy")?.call_method1("asarray", (given,))?;
        // Nothing but an array comes of it, and an empty list is one of floats.
        return if made.is(given) { Err(wrong_type(given)) } else { read(&made, into) };
    };
    if array.shape() != [into.len()] {
        return Err(wrong_shape(array, into.len()));
    }
    let integers = matches!(array.dtype().kind(), b'i' | b'u');
    if !integers {
        return Err(wrong_type(given));
    }
    // Any other integers, also those in the byte order of other machines.
    let kwargs = pyo3::types::PyDict::new(given.py());
    let whole = array.dtype().kind() == b'i';
    kwargs.set_item("dtype", if whole { "int64" } else { "uint64" })?;
    let widened = array.call_method("astype", (), Some(&kwargs))?;
    if take::<i64>(&widened, into)? || take::<u64>(&widened, into)? { Ok(()) } else { Err(wrong_type(given)) }
}

/// Reads an array of `T`; false where it is none.
fn take<T: Element + Copy + TryInto<u8> + std::fmt::Display>(
    given: &Bound<'_, PyAny>,
    into: &mut [u8],
) -> PyResult<bool> {
    let Ok(array) = given.cast::<PyArray1<T>>() else { return Ok(false) };
    if array.len() != into.len() {
        return Err(wrong_shape(array.as_untyped(), into.len()));
    }
    let array = array.try_readonly().map_err(|error| PyValueError::new_err(format!("actions: {error}")))?;
    let mut wrong = false;
    let mut put = |value: T, action: &mut u8| match value.try_into() {
        Ok(value) => *action = value,
        Err(_) => wrong = true,
    };
    if let Ok(values) = array.as_slice() {
        values.iter().zip(&mut *into).for_each(|(&value, action)| put(value, action));
    } else {
        array.as_array().iter().zip(&mut *into).for_each(|(&value, action)| put(value, action));
    }
    if !wrong {
        return Ok(true);
    }
    let values = array.as_array();
    let first = values.iter().enumerate().find(|(_, value)| (**value).try_into().is_err());
    let (index, value) = first.map_or((0, String::new()), |(index, value)| (index, value.to_string()));
    Err(PyValueError::new_err(format!("action {value} of environment {index} is no action: they are numbered from 0")))
}

fn wrong_shape(array: &Bound<'_, PyUntypedArray>, envs: usize) -> PyErr {
    let shape: Vec<_> = array.shape().iter().map(ToString::to_string).collect();
    let shape = shape.join(", ");
    PyValueError::new_err(format!("actions have the shape ({shape}), needed is ({envs},): one an environment"))
}

fn wrong_type(given: &Bound<'_, PyAny>) -> PyErr {
    let kind = given.getattr("dtype").and_then(|dtype| Ok(dtype.str()?.to_string()));
    let kind = kind.or_else(|_| Ok::<_, PyErr>(given.get_type().name()?.to_string())).unwrap_or_default();
    PyTypeError::new_err(format!("actions are {kind}, needed is an array of integers such as int64"))
}
