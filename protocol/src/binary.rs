//! Frames as bytes, by the schema of their room: `docs/PROTOCOL.md` has the table of the types.
//!
//! A keyframe is written as what differs from a frame in which everything is zero, false, null or empty, a delta as
//! what differs from its base, so one pair of functions does both.

use std::borrow::Cow;

use bytes::Bytes;
use daladala_env::{FieldType, FieldValue, Frame, FrameField};

use crate::wire::{self, Damaged};

/// The first byte of a keyframe.
pub(crate) const KEYFRAME: u8 = 1;
/// The first byte of a delta.
pub(crate) const DELTA: u8 = 2;

/// A frame by itself.
#[must_use]
pub fn encode_keyframe(epoch: u64, seq: u64, frame: &Frame) -> Bytes {
    let mut out = Vec::with_capacity(128);
    out.push(KEYFRAME);
    wire::uint(&mut out, epoch);
    wire::uint(&mut out, seq);
    write_differences(&mut out, frame, frame.values().map(|value| value.kind().empty()));
    out.into()
}

/// A frame as what differs from the first of its episode.
#[must_use]
pub fn encode_delta(seq: u64, frame: &Frame, base_seq: u64, base: &Frame) -> Bytes {
    let mut out = Vec::with_capacity(64);
    out.push(DELTA);
    wire::uint(&mut out, seq);
    wire::uint(&mut out, seq.wrapping_sub(base_seq));
    write_differences(&mut out, frame, base.values());
    out.into()
}

/// Reads binary frames one after another, as a client does.
#[derive(Debug)]
pub struct FrameReader {
    schema: Vec<FrameField>,
    base: Option<Numbered>,
}

/// A frame with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbered {
    /// The epoch of its room.
    pub epoch: u64,
    /// Its number in the epoch.
    pub seq: u64,
    /// The frame.
    pub frame: Frame,
}

impl FrameReader {
    /// A reader of the frames of a room with this `schema`.
    #[must_use]
    pub fn new(schema: Vec<FrameField>) -> Self {
        Self { schema, base: None }
    }

    /// The frame in a message; a delta needs its keyframe to have been read before.
    pub fn read(&mut self, message: &[u8]) -> Result<Numbered, Damaged> {
        let (&tag, mut rest) = message.split_first().ok_or(Damaged)?;
        let input = &mut rest;
        let numbered = match tag {
            KEYFRAME => {
                let (epoch, seq) = (wire::read_uint(input)?, wire::read_uint(input)?);
                let frame = self.read_differences(input, Frame::empty(&self.schema))?;
                self.base = Some(Numbered { epoch, seq, frame: frame.clone() });
                Numbered { epoch, seq, frame }
            }
            DELTA => {
                let (seq, distance) = (wire::read_uint(input)?, wire::read_uint(input)?);
                let base =
                    self.base.as_ref().filter(|base| seq.checked_sub(distance) == Some(base.seq)).ok_or(Damaged)?;
                let frame = self.read_differences(input, base.frame.clone())?;
                Numbered { epoch: base.epoch, seq, frame }
            }
            _ => return Err(Damaged),
        };
        if input.is_empty() { Ok(numbered) } else { Err(Damaged) }
    }

    fn read_differences(&self, input: &mut &[u8], mut frame: Frame) -> Result<Frame, Damaged> {
        let differs = wire::read_bits(input)?;
        if differs.iter().skip(self.schema.len()).any(|&bit| bit) {
            return Err(Damaged);
        }
        for (number, field) in self.schema.iter().enumerate() {
            if differs.get(number) == Some(&true) {
                frame.set(number, read_value(field.kind, input)?).ok_or(Damaged)?;
            }
        }
        Ok(frame)
    }
}

fn write_differences<'a>(out: &mut Vec<u8>, frame: &Frame, base: impl Iterator<Item = FieldValue<'a>>) {
    let differs: Vec<bool> = frame.values().zip(base).map(|(value, old)| !value.is_same(&old)).collect();
    wire::bits(out, &differs);
    for (value, _) in frame.values().zip(differs).filter(|&(_, differs)| differs) {
        write_value(out, &value);
    }
}

/// Writes a value by its type; [`read_value`] is the other way round.
fn write_value(out: &mut Vec<u8>, value: &FieldValue<'_>) {
    match value {
        FieldValue::Bool(value) => out.push(u8::from(*value)),
        FieldValue::Uint(value) => wire::uint(out, *value),
        FieldValue::Int(value) => wire::int(out, *value),
        FieldValue::Float(value) => out.extend(value.to_le_bytes()),
        // Null is 0, so the greatest number of 64 bits cannot be told; none of the rules have it.
        FieldValue::OptionalUint(value) => wire::uint(out, value.map_or(0, |value| value.saturating_add(1))),
        FieldValue::OptionalText(value) => {
            let text = value.as_deref().unwrap_or_default();
            wire::uint(out, text.len() as u64);
            out.extend(text.bytes());
        }
        FieldValue::Cell(cell) => out.extend([cell.0, cell.1]),
        FieldValue::Bools(values) => {
            wire::uint(out, values.len() as u64);
            wire::packed(out, values);
        }
        FieldValue::Uints(values) => {
            wire::uint(out, values.len() as u64);
            values.iter().for_each(|&value| wire::uint(out, value.into()));
        }
        FieldValue::Floats(values) => {
            wire::uint(out, values.len() as u64);
            // Most terms are nothing in most steps: bits tell which are not.
            let present: Vec<bool> = values.iter().map(|value| value.to_bits() != 0).collect();
            wire::packed(out, &present);
            let present = values.iter().filter(|value| value.to_bits() != 0);
            out.extend(present.flat_map(|value| value.to_le_bytes()));
        }
        FieldValue::Cells(cells) => {
            wire::uint(out, cells.len() as u64);
            out.extend(cells.iter().flat_map(|cell| [cell.0, cell.1]));
        }
    }
}

fn read_value(kind: FieldType, input: &mut &[u8]) -> Result<FieldValue<'static>, Damaged> {
    Ok(match kind {
        FieldType::Bool => FieldValue::Bool(match wire::read_byte(input)? {
            0 => false,
            1 => true,
            _ => return Err(Damaged),
        }),
        FieldType::Uint => FieldValue::Uint(wire::read_uint(input)?),
        FieldType::Int => FieldValue::Int(wire::read_int(input)?),
        FieldType::Float => FieldValue::Float(wire::read_f32(input)?),
        FieldType::OptionalUint => FieldValue::OptionalUint(wire::read_uint(input)?.checked_sub(1)),
        FieldType::OptionalText => {
            let text = String::from_utf8(wire::read_list(input, wire::read_byte)?).map_err(|_| Damaged)?;
            FieldValue::OptionalText((!text.is_empty()).then_some(Cow::Owned(text)))
        }
        FieldType::Cell => FieldValue::Cell(wire::read_cell(input)?),
        FieldType::Bools => {
            let count = wire::read_count(input)?;
            FieldValue::Bools(wire::read_packed(input, count)?.into())
        }
        FieldType::Uints => {
            let number = |input: &mut &[u8]| wire::read_uint(input)?.try_into().map_err(|_| Damaged);
            FieldValue::Uints(wire::read_list(input, number)?.into())
        }
        FieldType::Floats => {
            let count = wire::read_count(input)?;
            let present = wire::read_packed(input, count)?;
            let value = |present: bool| if present { wire::read_f32(input) } else { Ok(0.0) };
            FieldValue::Floats(present.into_iter().map(value).collect::<Result<_, _>>()?)
        }
        FieldType::Cells => FieldValue::Cells(wire::read_list(input, wire::read_cell)?.into()),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use daladala_agents::scripted::Random;
    use daladala_agents::{Policy, Stream};
    use daladala_env::rules::Classic;
    use daladala_env::{RuleSet, Rules};
    use proptest::prelude::*;

    use super::*;

    /// What `classic` declares, and a field of every type that some rules may add.
    fn schema() -> Vec<FrameField> {
        let own = FieldType::ALL.map(|kind| FrameField::new("own", "", kind, ""));
        Classic.info().frame_schema().into_iter().chain(own).collect()
    }

    fn values(kind: FieldType) -> BoxedStrategy<FieldValue<'static>> {
        fn list<T: Clone + std::fmt::Debug + 'static>(
            of: impl Strategy<Value = T> + 'static,
        ) -> impl Strategy<Value = Cow<'static, [T]>> {
            prop::collection::vec(of, 0..20).prop_map(Cow::Owned)
        }
        let floats =
            || prop_oneof![Just(0.0f32), Just(-0.0), any::<f32>().prop_filter("NaN is itself", |x| !x.is_nan())];
        let uints = || prop_oneof![0u64..300, any::<u32>().prop_map(u64::from)];
        match kind {
            FieldType::Bool => any::<bool>().prop_map(FieldValue::Bool).boxed(),
            FieldType::Uint => uints().prop_map(FieldValue::Uint).boxed(),
            FieldType::Int => any::<i64>().prop_map(FieldValue::Int).boxed(),
            FieldType::Float => floats().prop_map(FieldValue::Float).boxed(),
            FieldType::OptionalUint => prop::option::of(0u64..200).prop_map(FieldValue::OptionalUint).boxed(),
            FieldType::OptionalText => prop::option::of("[a-zé_]{1,12}")
                .prop_map(|text| FieldValue::OptionalText(text.map(Cow::Owned)))
                .boxed(),
            FieldType::Cell => any::<(u8, u8)>().prop_map(FieldValue::Cell).boxed(),
            FieldType::Bools => list(any::<bool>()).prop_map(FieldValue::Bools).boxed(),
            FieldType::Uints => list(any::<u32>()).prop_map(FieldValue::Uints).boxed(),
            FieldType::Floats => list(floats()).prop_map(FieldValue::Floats).boxed(),
            FieldType::Cells => list(any::<(u8, u8)>()).prop_map(FieldValue::Cells).boxed(),
        }
    }

    fn any_frame() -> impl Strategy<Value = Frame> {
        let schema = schema();
        let fields: Vec<_> = schema.iter().map(|field| values(field.kind)).collect();
        fields.prop_map(move |fields| {
            let mut frame = Frame::empty(&schema);
            for (number, value) in fields.into_iter().enumerate() {
                frame.set(number, value).expect("of its type");
            }
            frame
        })
    }

    fn same(a: &Frame, b: &Frame) -> bool {
        a.own.len() == b.own.len() && a.values().zip(b.values()).all(|(a, b)| a.is_same(&b))
    }

    proptest! {
        #[test]
        fn frames_come_back_as_they_were(base in any_frame(), frame in any_frame(), epoch: u64, seq in 1u64.., on: u32) {
            let mut reader = FrameReader::new(schema());
            let keyframe = reader.read(&encode_keyframe(epoch, seq, &base)).expect("a keyframe");
            prop_assert_eq!((keyframe.epoch, keyframe.seq), (epoch, seq));
            prop_assert!(same(&keyframe.frame, &base), "{:?}", keyframe.frame);
            let later = seq.saturating_add(on.into());
            let delta = reader.read(&encode_delta(later, &frame, seq, &base)).expect("a delta");
            prop_assert_eq!((delta.epoch, delta.seq), (epoch, later));
            prop_assert!(same(&delta.frame, &frame), "{:?}", delta.frame);
        }

        #[test]
        fn damage_is_an_error_and_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), frame in any_frame(), cut: prop::sample::Index) {
            let mut reader = FrameReader::new(schema());
            _ = reader.read(&bytes);
            let whole = encode_keyframe(1, 1, &frame);
            prop_assert_eq!(reader.read(&whole[..cut.index(whole.len())]), Err(Damaged));
            reader.read(&whole).expect("a good frame");
            _ = reader.read(&[&[DELTA, 1, 0], bytes.as_slice()].concat());
        }
    }

    #[test]
    fn a_field_that_is_not_declared_is_damage() {
        let mut bytes = vec![KEYFRAME, 1, 1];
        wire::bits(&mut bytes, &vec![true; schema().len() + 1]);
        assert_eq!(FrameReader::new(schema()).read(&bytes), Err(Damaged));
    }

    #[test]
    fn a_frame_takes_some_fifty_bytes() -> Result<(), Box<dyn std::error::Error>> {
        let policy: Arc<dyn Policy> = Arc::new(Random::new(&Classic.spaces()));
        let mut game = Stream::new(&RuleSet::Classic.into(), policy, 3);
        let (mut base, mut bytes, frames) = (game.advance(None)?, 0, 3000);
        for seq in 1..=frames {
            let frame = game.advance(None)?;
            bytes += if frame.step == 0 {
                base = frame;
                encode_keyframe(1_800_000_000_000, seq, &base).len()
            } else {
                encode_delta(seq, &frame, seq - u64::from(frame.step), &base).len()
            };
        }
        let mean = bytes as f64 / frames as f64;
        assert!(mean < 60.0, "{mean} bytes a frame");
        Ok(())
    }
}
