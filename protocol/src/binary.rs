//! Frames as bytes. The table of fields below is the one in `docs/PROTOCOL.md`, line by line.
//!
//! A keyframe is written as what differs from a frame in which everything is zero, false, null or empty, a delta as
//! what differs from its base, so one pair of functions does both. What follows from another field (x and y from the
//! position, an action's name from its number) is not written.

use std::collections::BTreeMap;

use bytes::Bytes;
use daladala_env::{Hazard, HazardKind, StateFrame};

/// The first byte of a keyframe.
pub(crate) const KEYFRAME: u8 = 1;
/// The first byte of a delta.
pub(crate) const DELTA: u8 = 2;

/// The most entries of a list that is read: every cell of a 64 × 64 grid.
const MAX_ENTRIES: usize = 4096;

/// The most terms of a reward: which of them are not zero is told by the bits of one number.
const MAX_TERMS: usize = 64;

/// Bytes that are no binary frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a binary frame is damaged")]
pub struct Damaged;

/// A frame by itself.
#[must_use]
pub fn encode_keyframe(epoch: u64, seq: u64, state: &StateFrame) -> Bytes {
    let mut out = Vec::with_capacity(128);
    out.push(KEYFRAME);
    uint(&mut out, epoch);
    uint(&mut out, seq);
    write_differences(&mut out, state, &empty());
    out.into()
}

/// A frame as what differs from the first of its episode.
#[must_use]
pub fn encode_delta(seq: u64, state: &StateFrame, base_seq: u64, base: &StateFrame) -> Bytes {
    let mut out = Vec::with_capacity(48);
    out.push(DELTA);
    uint(&mut out, seq);
    uint(&mut out, seq.wrapping_sub(base_seq));
    write_differences(&mut out, state, base);
    out.into()
}

/// Reads binary frames one after another, as a client does.
#[derive(Debug)]
pub struct FrameReader {
    actions: Vec<String>,
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
    pub state: StateFrame,
}

impl FrameReader {
    /// A reader of the frames of a room with these `actions`.
    #[must_use]
    pub fn new(actions: Vec<String>) -> Self {
        Self { actions, base: None }
    }

    /// The frame in a message; a delta needs its keyframe to have been read before.
    pub fn read(&mut self, bytes: &[u8]) -> Result<Numbered, Damaged> {
        let (&tag, mut rest) = bytes.split_first().ok_or(Damaged)?;
        let input = &mut rest;
        let frame = match tag {
            KEYFRAME => {
                let (epoch, seq) = (read_uint(input)?, read_uint(input)?);
                let state = read_differences(input, empty(), &self.actions)?;
                self.base = Some(Numbered { epoch, seq, state: state.clone() });
                Numbered { epoch, seq, state }
            }
            DELTA => {
                let (seq, distance) = (read_uint(input)?, read_uint(input)?);
                let base =
                    self.base.as_ref().filter(|base| seq.checked_sub(distance) == Some(base.seq)).ok_or(Damaged)?;
                let state = read_differences(input, base.state.clone(), &self.actions)?;
                Numbered { epoch: base.epoch, seq, state }
            }
            _ => return Err(Damaged),
        };
        if input.is_empty() { Ok(frame) } else { Err(Damaged) }
    }
}

/// How one field is told apart, written and read.
struct Field {
    same: fn(&StateFrame, &StateFrame) -> bool,
    write: fn(&StateFrame, &mut Vec<u8>),
    read: fn(&mut StateFrame, &mut &[u8], &mut Keyed) -> Result<(), Damaged>,
}

/// Values whose keys stand in other fields, kept until all have been read.
#[derive(Default)]
struct Keyed {
    light_bits: Option<Vec<u8>>,
    waiting: Option<Vec<u32>>,
}

macro_rules! number {
    ($field:ident) => {
        Field {
            same: |a, b| a.$field == b.$field,
            write: |frame, out| uint(out, frame.$field.into()),
            read: |frame, input, _| {
                frame.$field = read_uint(input)?.try_into().map_err(|_| Damaged)?;
                Ok(())
            },
        }
    };
}

macro_rules! float {
    ($field:ident) => {
        Field {
            same: |a, b| a.$field.to_bits() == b.$field.to_bits(),
            write: |frame, out| out.extend(frame.$field.to_le_bytes()),
            read: |frame, input, _| {
                frame.$field = read_f32(input)?;
                Ok(())
            },
        }
    };
}

const FIELDS: [Field; 23] = [
    number!(step),
    Field {
        same: |a, b| a.position == b.position,
        write: |frame, out| out.extend([frame.position.0, frame.position.1]),
        read: |frame, input, _| {
            let moves_along = drawn_at(frame).is_none();
            frame.position = read_cell(input)?;
            (frame.x, frame.y) = frame.position;
            if moves_along {
                draw_at_position(frame);
            }
            Ok(())
        },
    },
    Field {
        same: |a, b| drawn_at(a) == drawn_at(b),
        write: |frame, out| match drawn_at(frame) {
            None => out.push(0),
            Some((x, y)) => {
                out.push(1);
                out.extend(x.to_le_bytes());
                out.extend(y.to_le_bytes());
            }
        },
        read: |frame, input, _| {
            match read_byte(input)? {
                0 => draw_at_position(frame),
                1 => (frame.pos_x, frame.pos_y) = (read_f32(input)?, read_f32(input)?),
                _ => return Err(Damaged),
            }
            Ok(())
        },
    },
    number!(route_index),
    number!(passengers),
    number!(capacity),
    number!(legal_capacity),
    Field {
        same: |a, b| a.money == b.money,
        write: |frame, out| uint(out, ((frame.money << 1) ^ (frame.money >> 63)).cast_unsigned()),
        read: |frame, input, _| {
            let zigzag = read_uint(input)?;
            frame.money = (zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed();
            Ok(())
        },
    },
    number!(speed),
    Field {
        same: |a, b| flags(a) == flags(b),
        write: |frame, out| uint(out, flags(frame)),
        read: |frame, input, _| {
            let flags = read_uint(input)?;
            let bit = |number: u32| (flags >> number & 1) as u8;
            (frame.light_red, frame.police_here, frame.must_stop) = (bit(0), bit(1), bit(2));
            (frame.fined, frame.crashed) = (bit(3), bit(4));
            (frame.terminated, frame.truncated) = (bit(5) == 1, bit(6) == 1);
            Ok(())
        },
    },
    Field {
        same: |a, b| a.hazards == b.hazards,
        write: |frame, out| {
            uint(out, frame.hazards.len() as u64);
            for hazard in &frame.hazards {
                out.extend([hazard.cell.0, hazard.cell.1, u8::from(hazard.kind == HazardKind::TrafficLight)]);
            }
        },
        read: |frame, input, _| {
            frame.hazards = read_list(input, |input| {
                let cell = read_cell(input)?;
                let kind = match read_byte(input)? {
                    0 => HazardKind::Police,
                    1 => HazardKind::TrafficLight,
                    _ => return Err(Damaged),
                };
                Ok(Hazard { cell, kind })
            })?;
            let of = |kind| frame.hazards.iter().filter(move |hazard| hazard.kind == kind).map(|hazard| hazard.cell);
            (frame.police_checkpoints, frame.traffic_lights) =
                (of(HazardKind::Police).collect(), of(HazardKind::TrafficLight).collect());
            Ok(())
        },
    },
    Field {
        same: |a, b| a.traffic_light_states == b.traffic_light_states,
        write: |frame, out| {
            let mut bits = vec![0u8; frame.traffic_lights.len().div_ceil(8)];
            for (number, &light) in frame.traffic_lights.iter().enumerate() {
                let red = frame.traffic_light_states.get(&key(light)).is_some_and(|&state| state != 0);
                bits[number / 8] |= u8::from(red) << (number % 8);
            }
            uint(out, bits.len() as u64);
            out.extend(bits);
        },
        read: |_, input, keyed| {
            keyed.light_bits = Some(read_list(input, read_byte)?);
            Ok(())
        },
    },
    Field {
        same: |a, b| a.waiting == b.waiting,
        write: |frame, out| {
            uint(out, frame.high_demand_stops.len() as u64);
            for &stop in &frame.high_demand_stops {
                uint(out, frame.waiting.get(&key(stop)).copied().unwrap_or_default().into());
            }
        },
        read: |_, input, keyed| {
            let count = |input: &mut &[u8]| read_uint(input)?.try_into().map_err(|_| Damaged);
            keyed.waiting = Some(read_list(input, count)?);
            Ok(())
        },
    },
    Field {
        same: |a, b| a.high_demand_stops == b.high_demand_stops,
        write: |frame, out| {
            uint(out, frame.high_demand_stops.len() as u64);
            out.extend(frame.high_demand_stops.iter().flat_map(|&(x, y)| [x, y]));
        },
        read: |frame, input, _| {
            frame.high_demand_stops = read_list(input, read_cell)?;
            Ok(())
        },
    },
    number!(light_cycle),
    number!(episode),
    Field {
        same: |a, b| a.action == b.action,
        write: |frame, out| uint(out, frame.action.map_or(0, |action| u64::from(action) + 1)),
        read: |frame, input, _| {
            let number = read_uint(input)?;
            frame.action = number.checked_sub(1).map(u8::try_from).transpose().map_err(|_| Damaged)?;
            Ok(())
        },
    },
    float!(reward),
    float!(total_reward),
    Field {
        same: |a, b| same_bits(&a.reward_terms, &b.reward_terms),
        write: |frame, out| {
            let terms = frame.reward_terms.iter().copied().take(MAX_TERMS);
            let nonzero = |(_, term): &(usize, f32)| *term != 0.0;
            uint(out, terms.len() as u64);
            uint(out, terms.clone().enumerate().filter(nonzero).fold(0, |bits, (number, _)| bits | 1 << number));
            out.extend(terms.enumerate().filter(nonzero).flat_map(|(_, term)| term.to_le_bytes()));
        },
        read: |frame, input, _| {
            let (count, bits) = (read_uint(input)? as usize, read_uint(input)?);
            if count > MAX_TERMS {
                return Err(Damaged);
            }
            let term = |number: usize| if bits >> number & 1 == 1 { read_f32(input) } else { Ok(0.0) };
            frame.reward_terms = (0..count).map(term).collect::<Result<_, _>>()?;
            Ok(())
        },
    },
    Field {
        same: |a, b| same_bits(&a.outputs, &b.outputs),
        write: |frame, out| {
            uint(out, frame.outputs.len() as u64);
            out.extend(frame.outputs.iter().flat_map(|output| output.to_le_bytes()));
        },
        read: |frame, input, _| {
            frame.outputs = read_list(input, read_f32)?;
            Ok(())
        },
    },
    Field {
        same: |a, b| a.ending == b.ending,
        write: |frame, out| {
            let name = frame.ending.as_deref().unwrap_or_default();
            uint(out, name.len() as u64);
            out.extend(name.bytes());
        },
        read: |frame, input, _| {
            let name = String::from_utf8(read_list(input, read_byte)?).map_err(|_| Damaged)?;
            frame.ending = (!name.is_empty()).then_some(name);
            Ok(())
        },
    },
    // Some action is always open, so 0 stands for no mask.
    Field {
        same: |a, b| a.action_mask == b.action_mask,
        write: |frame, out| uint(out, frame.action_mask.unwrap_or_default().into()),
        read: |frame, input, _| {
            let mask: u32 = read_uint(input)?.try_into().map_err(|_| Damaged)?;
            frame.action_mask = (mask != 0).then_some(mask);
            Ok(())
        },
    },
];

fn same_bits(a: &[f32], b: &[f32]) -> bool {
    a.iter().map(|value| value.to_bits()).eq(b.iter().map(|value| value.to_bits()))
}

fn write_differences(out: &mut Vec<u8>, frame: &StateFrame, base: &StateFrame) {
    let differs = |field: &Field| !(field.same)(frame, base);
    let bits =
        FIELDS.iter().enumerate().filter(|(_, field)| differs(field)).fold(0, |bits, (number, _)| bits | 1 << number);
    uint(out, bits);
    for (number, field) in FIELDS.iter().enumerate() {
        if bits >> number & 1 == 1 {
            (field.write)(frame, out);
        }
    }
}

fn read_differences(input: &mut &[u8], mut frame: StateFrame, actions: &[String]) -> Result<StateFrame, Damaged> {
    let bits = read_uint(input)?;
    let mut keyed = Keyed::default();
    for (number, field) in FIELDS.iter().enumerate() {
        if bits >> number & 1 == 1 {
            (field.read)(&mut frame, input, &mut keyed)?;
        }
    }
    if bits >> FIELDS.len() != 0 {
        // Fields of a later version, which come after all that are known.
        *input = &[];
    }
    if let Some(bits) = keyed.light_bits {
        let state = |number: usize| bits.get(number / 8).map_or(0, |byte| byte >> (number % 8) & 1);
        let lights = frame.traffic_lights.iter().enumerate();
        frame.traffic_light_states = lights.map(|(number, &light)| (key(light), state(number))).collect();
    }
    if let Some(waiting) = keyed.waiting {
        frame.waiting = frame.high_demand_stops.iter().map(|&stop| key(stop)).zip(waiting).collect();
    }
    frame.action_name = match frame.action {
        None => None,
        Some(action) => Some(actions.get(usize::from(action)).ok_or(Damaged)?.clone()),
    };
    Ok(frame)
}

/// Where the bus is drawn, if not at its position.
fn drawn_at(frame: &StateFrame) -> Option<(f32, f32)> {
    let drawn = (frame.pos_x, frame.pos_y);
    (drawn != (f32::from(frame.position.0), f32::from(frame.position.1))).then_some(drawn)
}

fn draw_at_position(frame: &mut StateFrame) {
    (frame.pos_x, frame.pos_y) = (f32::from(frame.position.0), f32::from(frame.position.1));
}

fn flags(frame: &StateFrame) -> u64 {
    let bits = [
        frame.light_red != 0,
        frame.police_here != 0,
        frame.must_stop != 0,
        frame.fined != 0,
        frame.crashed != 0,
        frame.terminated,
        frame.truncated,
    ];
    bits.iter().enumerate().fold(0, |flags, (number, &bit)| flags | u64::from(bit) << number)
}

fn key((x, y): (u8, u8)) -> String {
    format!("{x},{y}")
}

fn empty() -> StateFrame {
    StateFrame {
        step: 0,
        position: (0, 0),
        x: 0,
        y: 0,
        pos_x: 0.0,
        pos_y: 0.0,
        route_index: 0,
        passengers: 0,
        capacity: 0,
        legal_capacity: 0,
        money: 0,
        speed: 0,
        light_red: 0,
        police_here: 0,
        must_stop: 0,
        fined: 0,
        crashed: 0,
        hazards: Vec::new(),
        police_checkpoints: Vec::new(),
        traffic_lights: Vec::new(),
        traffic_light_states: BTreeMap::new(),
        high_demand_stops: Vec::new(),
        waiting: BTreeMap::new(),
        light_cycle: 0,
        episode: 0,
        action: None,
        action_name: None,
        reward: 0.0,
        total_reward: 0.0,
        reward_terms: Vec::new(),
        outputs: Vec::new(),
        action_mask: None,
        terminated: false,
        truncated: false,
        ending: None,
    }
}

fn uint(out: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn read_byte(input: &mut &[u8]) -> Result<u8, Damaged> {
    let (&byte, rest) = input.split_first().ok_or(Damaged)?;
    *input = rest;
    Ok(byte)
}

pub(crate) fn read_uint(input: &mut &[u8]) -> Result<u64, Damaged> {
    let mut value = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let byte = read_byte(input)?;
        let bits = u64::from(byte & 0x7f);
        // The tenth byte has room for one bit.
        if bits << shift >> shift != bits {
            return Err(Damaged);
        }
        value |= bits << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(Damaged)
}

fn read_f32(input: &mut &[u8]) -> Result<f32, Damaged> {
    let (bytes, rest) = input.split_first_chunk().ok_or(Damaged)?;
    *input = rest;
    Ok(f32::from_le_bytes(*bytes))
}

fn read_cell(input: &mut &[u8]) -> Result<(u8, u8), Damaged> {
    Ok((read_byte(input)?, read_byte(input)?))
}

fn read_list<T>(input: &mut &[u8], item: impl Fn(&mut &[u8]) -> Result<T, Damaged>) -> Result<Vec<T>, Damaged> {
    let count = read_uint(input)? as usize;
    // Each entry takes a byte at least, so a count that lies asks for no more memory than the message has.
    if count > MAX_ENTRIES || count > input.len() {
        return Err(Damaged);
    }
    (0..count).map(|_| item(input)).collect()
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

    fn names() -> Vec<String> {
        (0..=255).map(|action| format!("action {action}")).collect()
    }

    fn numbers() -> impl Strategy<Value = Vec<f32>> {
        prop::collection::vec(prop_oneof![Just(0.0), -1e6f32..1e6], 0..6)
    }

    fn cells() -> impl Strategy<Value = Vec<(u8, u8)>> {
        prop::collection::btree_set((0u8..64, 0u8..64), 0..20).prop_map(|cells| cells.into_iter().collect())
    }

    prop_compose! {
        fn any_frame()(
            numbers in any::<[u32; 7]>(), money: i64, episode: u64, floats in prop::array::uniform4(-1e6f32..1e6),
            drawn_elsewhere: bool, position in (0u8..64, 0u8..64), bits: u8, action in prop::option::of(any::<u8>()),
            cells in cells(), kinds: u32, reds: u32, stops in cells(), waiting: u32, reward_terms in numbers(), outputs in numbers(),
            ending in prop::option::of("[a-z_]{1,12}"), action_mask in prop::option::of(1u32..),
        ) -> StateFrame {
            let hazards: Vec<_> = cells.iter().enumerate().map(|(i, &cell)| {
                Hazard { cell, kind: if kinds >> i & 1 == 1 { HazardKind::TrafficLight } else { HazardKind::Police } }
            }).collect();
            let of = |kind| hazards.iter().filter(|h| h.kind == kind).map(|h| h.cell).collect::<Vec<_>>();
            let lights = of(HazardKind::TrafficLight);
            let (pos_x, pos_y) = (f32::from(position.0), f32::from(position.1));
            StateFrame {
                step: numbers[0], position, x: position.0, y: position.1,
                pos_x: if drawn_elsewhere { floats[2] } else { pos_x },
                pos_y: if drawn_elsewhere { floats[3] } else { pos_y },
                route_index: numbers[1], passengers: numbers[2], capacity: numbers[3], legal_capacity: numbers[4],
                money, speed: numbers[5], light_red: bits & 1, police_here: bits >> 1 & 1, must_stop: bits >> 2 & 1,
                fined: bits >> 3 & 1, crashed: bits >> 4 & 1,
                police_checkpoints: of(HazardKind::Police),
                traffic_light_states: lights.iter().enumerate().map(|(i, &l)| (key(l), (reds >> i & 1) as u8)).collect(),
                traffic_lights: lights, hazards,
                waiting: stops.iter().enumerate().map(|(i, &s)| (key(s), waiting >> i)).collect(),
                high_demand_stops: stops, light_cycle: numbers[6], episode, action,
                action_name: action.map(|action| format!("action {action}")),
                reward: floats[0], total_reward: floats[1], reward_terms, outputs, action_mask, terminated: bits >> 5 & 1 == 1, truncated: bits >> 6 & 1 == 1, ending,
            }
        }
    }

    proptest! {
        #[test]
        fn frames_come_back_as_they_were(base in any_frame(), frame in any_frame(), epoch: u64, seq in 1u64.., on: u32) {
            let mut reader = FrameReader::new(names());
            let keyframe = reader.read(&encode_keyframe(epoch, seq, &base));
            prop_assert_eq!(keyframe, Ok(Numbered { epoch, seq, state: base.clone() }));
            let later = seq.saturating_add(on.into());
            let delta = reader.read(&encode_delta(later, &frame, seq, &base));
            prop_assert_eq!(delta, Ok(Numbered { epoch, seq: later, state: frame }));
        }

        #[test]
        fn damage_is_an_error_and_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), frame in any_frame(), cut: prop::sample::Index) {
            let mut reader = FrameReader::new(names());
            _ = reader.read(&bytes);
            let whole = encode_keyframe(1, 1, &frame);
            prop_assert_eq!(reader.read(&whole[..cut.index(whole.len())]), Err(Damaged));
            reader.read(&whole).expect("a good frame");
            _ = reader.read(&[&[DELTA, 1, 0], bytes.as_slice()].concat());
        }
    }

    #[test]
    fn fields_of_later_versions_are_left_alone() {
        let mut bytes = vec![KEYFRAME, 1, 1];
        uint(&mut bytes, 1 | 1 << FIELDS.len());
        bytes.extend([7, 42, 42]);
        let read = FrameReader::new(names()).read(&bytes).expect("a frame");
        assert_eq!(read.state, StateFrame { step: 7, ..empty() });
    }

    #[test]
    fn a_frame_takes_some_sixty_bytes() -> Result<(), Box<dyn std::error::Error>> {
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
        assert!(mean < 67.0, "{mean} bytes a frame");
        Ok(())
    }
}
