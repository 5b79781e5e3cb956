//! A machine for the pickles of state dicts, which can make dictionaries and descriptions of tensors and nothing else.
//!
//! Own code, as `serde-pickle` knows no persistent ids (PyTorch's storages), and candle's reader, which others follow,
//! takes memory for what a file claims, any class that it names, and values nested as deep as it says.
//!
//! Values are handles into lists that the machine owns, so no file can nest them deep enough to hurt: nothing here
//! recurses, not even dropping. Each opcode takes a byte at least and makes one value at most, so [`MAX_PICKLE`]
//! bounds opcodes, stack and memo alike.

mod value;

use std::collections::HashMap;

use super::error::{ImportError, shown};
pub(super) use value::{Dtype, Storage, Tensor};
use value::{Global, Value, global, size};

/// The longest pickle, bytes: one of a state dict takes about 150 a tensor.
pub(super) const MAX_PICKLE: u64 = 1 << 20;
/// The most marks that are open at once: how deep tuples and dictionaries nest. State dicts get to about six.
const MAX_NESTING: usize = 100;
/// The most dimensions of a tensor, so that one long tuple cannot be the shape of many.
const MAX_DIMENSIONS: usize = 8;
/// The newest protocol of pickles.
const MAX_PROTOCOL: u8 = 5;

/// Tensors by name, in the order of the file.
pub(super) type StateDict<'a> = Vec<(&'a str, Tensor<'a>)>;

/// Runs a pickle and takes the state dict out of what it makes.
pub(super) fn state_dict(bytes: &[u8]) -> Result<StateDict<'_>, ImportError> {
    let mut machine = Machine { bytes, ..Machine::default() };
    let top = machine.run()?;
    machine.state_dict(top)
}

#[derive(Default)]
struct Machine<'a> {
    bytes: &'a [u8],
    stack: Vec<Value<'a>>,
    marks: Vec<usize>,
    memo: HashMap<u32, Value<'a>>,
    tuples: Vec<Vec<Value<'a>>>,
    /// The entries whose keys are text.
    dicts: Vec<Vec<(&'a str, Value<'a>)>>,
    tensors: Vec<Tensor<'a>>,
}

impl<'a> Machine<'a> {
    /// Runs to the end and gives what is left on the stack.
    fn run(&mut self) -> Result<Value<'a>, ImportError> {
        loop {
            match self.byte()? {
                b'.' => return self.pop(),
                0x80 => self.protocol()?,
                0x95 => drop(self.take(8)?),
                b'(' => self.mark()?,
                b'N' | 0x88 | 0x89 | b']' => self.stack.push(Value::Opaque),
                b'G' => self.opaque(8)?,
                b'J' => {
                    let value = i32::from_le_bytes(self.array()?);
                    self.stack.push(Value::Int(value.into()));
                }
                b'K' => {
                    let value = self.byte()?;
                    self.stack.push(Value::Int(value.into()));
                }
                b'M' => {
                    let value = u16::from_le_bytes(self.array()?);
                    self.stack.push(Value::Int(value.into()));
                }
                0x8a => self.long()?,
                b'X' => {
                    let length = u32::from_le_bytes(self.array()?);
                    self.text(length as usize)?;
                }
                0x8c => {
                    let length = self.byte()?;
                    self.text(length.into())?;
                }
                b')' => self.tuple(Vec::new()),
                b't' => {
                    let items = self.pop_mark()?;
                    self.tuple(items);
                }
                count @ 0x85..=0x87 => {
                    let items = self.pop_many(usize::from(count - 0x84))?;
                    self.tuple(items);
                }
                b'a' => drop(self.pop()?),
                b'e' => drop(self.pop_mark()?),
                b'}' => self.dict(),
                b's' => {
                    let entry = self.pop_many(2)?;
                    self.insert(&entry)?;
                }
                b'u' => {
                    let entries = self.pop_mark()?;
                    self.insert(&entries)?;
                }
                b'q' => {
                    let index = self.byte()?;
                    self.remember(index.into())?;
                }
                b'r' => {
                    let index = u32::from_le_bytes(self.array()?);
                    self.remember(index)?;
                }
                0x94 => self.remember(self.memo.len() as u32)?,
                b'h' => {
                    let index = self.byte()?;
                    self.recall(index.into())?;
                }
                b'j' => {
                    let index = u32::from_le_bytes(self.array()?);
                    self.recall(index)?;
                }
                b'c' => {
                    let (module, name) = (self.line()?, self.line()?);
                    self.stack.push(Value::Global(global(module, name)?));
                }
                0x93 => {
                    let (name, module) = (self.pop()?, self.pop()?);
                    let (Value::Text(module), Value::Text(name)) = (module, name) else {
                        return Err(ImportError::pickle("something that is no text names a class"));
                    };
                    self.stack.push(Value::Global(global(module, name)?));
                }
                b'Q' => self.storage()?,
                b'R' => self.reduce()?,
                b'b' => self.build()?,
                opcode => {
                    return Err(ImportError::pickle(format!("opcode 0x{opcode:02x} is none that state dicts use")));
                }
            }
        }
    }

    fn protocol(&mut self) -> Result<(), ImportError> {
        match self.byte()? {
            ..=MAX_PROTOCOL => Ok(()),
            newer => Err(ImportError::pickle(format!("its protocol is {newer}, known are those up to {MAX_PROTOCOL}"))),
        }
    }

    fn mark(&mut self) -> Result<(), ImportError> {
        if self.marks.len() == MAX_NESTING {
            return Err(ImportError::pickle(format!("it is nested more than {MAX_NESTING} deep")));
        }
        self.marks.push(self.stack.len());
        Ok(())
    }

    /// A value of `length` bytes that nobody asks for.
    fn opaque(&mut self, length: usize) -> Result<(), ImportError> {
        self.take(length)?;
        self.stack.push(Value::Opaque);
        Ok(())
    }

    /// An integer of any length; those of more than eight bytes are nothing that is asked for.
    fn long(&mut self) -> Result<(), ImportError> {
        let length = usize::from(self.byte()?);
        let digits = self.take(length)?;
        let sign = if digits.last().is_some_and(|last| last & 0x80 != 0) { 0xff } else { 0 };
        let mut bytes = [sign; 8];
        self.stack.push(match bytes.get_mut(..length) {
            Some(low) => {
                low.copy_from_slice(digits);
                Value::Int(i64::from_le_bytes(bytes))
            }
            None => Value::Opaque,
        });
        Ok(())
    }

    fn text(&mut self, length: usize) -> Result<(), ImportError> {
        let text = std::str::from_utf8(self.take(length)?);
        self.stack.push(Value::Text(text.map_err(|_| ImportError::pickle("a text in it is no UTF-8"))?));
        Ok(())
    }

    fn tuple(&mut self, items: Vec<Value<'a>>) {
        self.stack.push(Value::Tuple(self.tuples.len()));
        self.tuples.push(items);
    }

    fn dict(&mut self) {
        self.stack.push(Value::Dict(self.dicts.len()));
        self.dicts.push(Vec::new());
    }

    /// Puts keys and values into the dictionary on top of the stack.
    fn insert(&mut self, entries: &[Value<'a>]) -> Result<(), ImportError> {
        let Some(Value::Dict(dict)) = self.stack.last() else {
            return Err(ImportError::pickle("entries are set of something that is no dictionary"));
        };
        for entry in entries.chunks(2) {
            match entry {
                [Value::Text(key), value] => self.dicts[*dict].push((key, *value)),
                [_, _] => {}
                _ => return Err(ImportError::pickle("a key has no value")),
            }
        }
        Ok(())
    }

    fn remember(&mut self, index: u32) -> Result<(), ImportError> {
        let top = self.stack.last().ok_or_else(underflow)?;
        self.memo.insert(index, *top);
        Ok(())
    }

    fn recall(&mut self, index: u32) -> Result<(), ImportError> {
        let value = self.memo.get(&index).ok_or_else(|| ImportError::pickle("it recalls what it never had"))?;
        self.stack.push(*value);
        Ok(())
    }

    /// `("storage", class, key, device, elements)`
    fn storage(&mut self) -> Result<(), ImportError> {
        let id = self.pop()?;
        let [Value::Text("storage"), Value::Global(Global::Storage(dtype)), Value::Text(key), _, elements] =
            *self.items(id)?
        else {
            return Err(ImportError::pickle("a storage is not described as PyTorch does"));
        };
        let storage = Storage { key, dtype, elements: size(elements)? };
        self.stack.push(Value::Storage(storage));
        Ok(())
    }

    /// Calls what can be called.
    fn reduce(&mut self) -> Result<(), ImportError> {
        let arguments = self.pop()?;
        let function = self.pop()?;
        let arguments = self.items(arguments)?;
        match (function, arguments) {
            (Value::Global(Global::OrderedDict), []) => self.dict(),
            (Value::Global(Global::RebuildParameter), &[tensor @ Value::Tensor(_), ..]) => self.stack.push(tensor),
            (
                Value::Global(Global::RebuildTensor),
                &[Value::Storage(storage), offset, Value::Tuple(shape), Value::Tuple(strides), ..],
            ) => {
                let sizes = |tuple: usize| match &self.tuples[tuple][..] {
                    sizes if sizes.len() > MAX_DIMENSIONS => {
                        Err(ImportError::pickle("a tensor has too many dimensions"))
                    }
                    sizes => sizes.iter().map(|value| size(*value)).collect(),
                };
                let tensor = Tensor { storage, offset: size(offset)?, shape: sizes(shape)?, strides: sizes(strides)? };
                self.stack.push(Value::Tensor(self.tensors.len()));
                self.tensors.push(tensor);
            }
            _ => return Err(ImportError::pickle("it calls something in a way that PyTorch does not")),
        }
        Ok(())
    }

    /// Sets attributes: a state dict has the versions of its modules, which tell nothing here.
    fn build(&mut self) -> Result<(), ImportError> {
        match (self.pop()?, self.stack.last()) {
            (Value::Dict(_), Some(Value::Dict(_))) => Ok(()),
            _ => Err(ImportError::pickle("it sets attributes of something that is no dictionary")),
        }
    }

    fn state_dict(&self, top: Value<'a>) -> Result<StateDict<'a>, ImportError> {
        let entries = |value: Value<'a>| match value {
            Value::Dict(dict) => Some(&self.dicts[dict]),
            _ => None,
        };
        let Some(outer) = entries(top) else {
            return Err(ImportError::pickle("it holds no dictionary: save `model.state_dict()`"));
        };
        let nested =
            |name: &str| outer.iter().rev().find(|(key, _)| *key == name).and_then(|(_, value)| entries(*value));
        let dict = ["state_dict", "model_state_dict"].into_iter().find_map(nested).unwrap_or(outer);
        // As in a dictionary, the last of equal keys is what it holds, at the place of the first.
        let mut order: Vec<&str> = Vec::new();
        let mut last = HashMap::new();
        for &(key, value) in dict {
            if let Value::Tensor(tensor) = value
                && last.insert(key, tensor).is_none()
            {
                order.push(key);
            }
        }
        if order.is_empty() {
            let keys: Vec<_> = outer.iter().take(8).map(|(key, _)| format!("'{}'", shown(key))).collect();
            return Err(ImportError::pickle(format!("no tensors are in it ({})", keys.join(", "))));
        }
        Ok(order.into_iter().map(|key| (key, self.tensors[last[key]].clone())).collect())
    }

    fn items(&self, value: Value) -> Result<&[Value<'a>], ImportError> {
        match value {
            Value::Tuple(tuple) => Ok(&self.tuples[tuple]),
            _ => Err(ImportError::pickle("something that is no tuple is used as one")),
        }
    }

    fn pop(&mut self) -> Result<Value<'a>, ImportError> {
        if self.marks.last() == Some(&self.stack.len()) {
            return Err(underflow());
        }
        self.stack.pop().ok_or_else(underflow)
    }

    fn pop_many(&mut self, count: usize) -> Result<Vec<Value<'a>>, ImportError> {
        let floor = self.marks.last().copied().unwrap_or(0);
        let start = self.stack.len().checked_sub(count).filter(|start| *start >= floor).ok_or_else(underflow)?;
        Ok(self.stack.split_off(start))
    }

    /// All values above the last mark.
    fn pop_mark(&mut self) -> Result<Vec<Value<'a>>, ImportError> {
        let mark = self.marks.pop().ok_or_else(underflow)?;
        Ok(self.stack.split_off(mark))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], ImportError> {
        let (taken, rest) =
            self.bytes.split_at_checked(length).ok_or_else(|| ImportError::pickle("it is cut short"))?;
        self.bytes = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ImportError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn byte(&mut self) -> Result<u8, ImportError> {
        Ok(self.array::<1>()?[0])
    }

    fn line(&mut self) -> Result<&'a str, ImportError> {
        let length = self.bytes.iter().position(|byte| *byte == b'\n').unwrap_or(self.bytes.len());
        let line = std::str::from_utf8(self.take(length)?);
        self.take(1)?;
        line.map_err(|_| ImportError::pickle("a name in it is no UTF-8"))
    }
}

fn underflow() -> ImportError {
    ImportError::pickle("it takes more than there is")
}
