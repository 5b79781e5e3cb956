//! Frames of version 2 of the protocol, which recordings of earlier servers are made of. They are of the rules
//! `classic`, and come out as frames of today.
//!
//! Bit *i* of a number says that field *i* follows; in a keyframe what does not follow is zero, in a delta it is as in
//! the keyframe before it.

use daladala_env::{Cell, FieldValue, Frame, OutputKind, Place, RuleSet, RuleSpec};
use serde::Deserialize;

use crate::binary::{DELTA, KEYFRAME, Numbered};
use crate::game::GameInfo;
use crate::wire::{Damaged, read_byte, read_cell, read_f32, read_int, read_list, read_uint};

/// The most terms of a reward.
const MAX_TERMS: usize = 64;
/// How many fields a frame has.
const FIELDS: u32 = 23;

/// What a recording says of its game.
#[derive(Debug, Deserialize)]
pub struct Game {
    rules: String,
    /// The first recordings lack all that has a default.
    #[serde(default)]
    scenario: String,
    #[serde(default)]
    scenario_hash: String,
    model: String,
    grid: (u8, u8),
    route: Vec<Cell>,
    max_steps: u32,
    physical_max_passengers: u32,
    legal_capacity: u32,
    actions: Vec<String>,
    #[serde(default)]
    reward_terms: Vec<String>,
    #[serde(default = "unknown_outputs")]
    outputs: OutputKind,
    #[serde(default)]
    places: Vec<Place>,
}

/// Recordings that don't say what their outputs are have none.
fn unknown_outputs() -> OutputKind {
    OutputKind::Values
}

impl Game {
    /// The same as it is told today; frames told where the stops are.
    #[must_use]
    pub fn upgraded(self, stops: Vec<Cell>) -> GameInfo {
        GameInfo {
            rules: self.rules,
            scenario: self.scenario,
            scenario_hash: self.scenario_hash,
            model: self.model,
            grid: self.grid,
            route: self.route,
            stops,
            max_steps: self.max_steps,
            capacity: self.physical_max_passengers,
            legal_capacity: self.legal_capacity,
            actions: self.actions,
            reward_terms: self.reward_terms,
            cost_terms: Vec::new(),
            outputs: self.outputs,
            places: self.places,
            frame: RuleSpec::from(RuleSet::Classic).info().frame_schema(),
        }
    }
}

/// Reads frames one after another.
#[derive(Debug, Default)]
pub struct FrameReader {
    base: Option<(u64, u64, Fields)>,
}

/// A frame, and what it has that frames of today have not.
#[derive(Debug, Clone, Default)]
struct Fields {
    frame: Frame,
    must_stop: bool,
    stops: Vec<Cell>,
}

impl FrameReader {
    /// A reader that has read nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The stops of the keyframe that was read last.
    #[must_use]
    pub fn stops(&self) -> &[Cell] {
        self.base.as_ref().map_or(&[], |(_, _, fields)| &fields.stops)
    }

    /// The frame in a record; a delta needs its keyframe to have been read before.
    pub fn read(&mut self, record: &[u8]) -> Result<Numbered, Damaged> {
        let (&tag, mut rest) = record.split_first().ok_or(Damaged)?;
        let input = &mut rest;
        let (epoch, seq, fields) = match tag {
            KEYFRAME => {
                let (epoch, seq) = (read_uint(input)?, read_uint(input)?);
                let fields = read_differences(input, Fields::default())?;
                self.base = Some((epoch, seq, fields.clone()));
                (epoch, seq, fields)
            }
            DELTA => {
                let (seq, distance) = (read_uint(input)?, read_uint(input)?);
                let base = self.base.as_ref().filter(|(_, base, _)| seq.checked_sub(distance) == Some(*base));
                let (epoch, _, base) = base.ok_or(Damaged)?;
                (*epoch, seq, read_differences(input, base.clone())?)
            }
            _ => return Err(Damaged),
        };
        if !input.is_empty() {
            return Err(Damaged);
        }
        let Fields { mut frame, must_stop, .. } = fields;
        frame.own = vec![FieldValue::Bool(must_stop)];
        Ok(Numbered { epoch, seq, frame })
    }
}

fn read_differences(input: &mut &[u8], mut fields: Fields) -> Result<Fields, Damaged> {
    let bits = read_uint(input)?;
    if bits >> FIELDS != 0 {
        return Err(Damaged);
    }
    for number in (0..FIELDS).filter(|number| bits >> number & 1 == 1) {
        read_field(number, input, &mut fields)?;
    }
    Ok(fields)
}

fn read_field(number: u32, input: &mut &[u8], fields: &mut Fields) -> Result<(), Damaged> {
    let frame = &mut fields.frame;
    match number {
        0 => frame.step = read_u32(input)?,
        1 => frame.position = read_cell(input)?,
        // Where the bus is drawn, which was always its position.
        2 => match read_byte(input)? {
            0 => {}
            1 => _ = (read_f32(input)?, read_f32(input)?),
            _ => return Err(Damaged),
        },
        3 => frame.route_index = read_u32(input)?,
        4 => frame.passengers = read_u32(input)?,
        // The capacities, which the game tells, and the clock of the lights, which is the step.
        5 | 6 | 14 => _ = read_uint(input)?,
        7 => frame.money = read_int(input)?,
        8 => frame.speed = read_u32(input)?,
        9 => {
            let flags = read_uint(input)?;
            let flag = |number: u32| flags >> number & 1 == 1;
            // What stands on the cell of the bus, flags 0 and 1, follows from where it is.
            (fields.must_stop, frame.fined, frame.crashed) = (flag(2), flag(3), flag(4));
            (frame.terminated, frame.truncated) = (flag(5), flag(6));
        }
        10 => {
            (frame.police, frame.lights) = (Vec::new(), Vec::new());
            for (cell, kind) in read_list(input, |input| Ok((read_cell(input)?, read_byte(input)?)))? {
                match kind {
                    0 => frame.police.push(cell),
                    1 => frame.lights.push(cell),
                    _ => return Err(Damaged),
                }
            }
        }
        11 => {
            let bytes = read_list(input, read_byte)?;
            let red = |number: usize| bytes.get(number / 8).is_some_and(|byte| byte >> (number % 8) & 1 == 1);
            frame.lights_red = (0..frame.lights.len()).map(red).collect();
        }
        12 => frame.waiting = read_list(input, read_u32)?,
        13 => fields.stops = read_list(input, read_cell)?,
        15 => frame.episode = read_uint(input)?,
        16 => {
            let action = read_uint(input)?.checked_sub(1);
            frame.action = action.map(u8::try_from).transpose().map_err(|_| Damaged)?;
        }
        17 => frame.reward = read_f32(input)?,
        18 => frame.total_reward = read_f32(input)?,
        19 => {
            let (count, bits) = (read_uint(input)? as usize, read_uint(input)?);
            if count > MAX_TERMS {
                return Err(Damaged);
            }
            let term = |number: usize| if bits >> number & 1 == 1 { read_f32(input) } else { Ok(0.0) };
            frame.reward_terms = (0..count).map(term).collect::<Result<_, _>>()?;
        }
        20 => frame.outputs = read_list(input, read_f32)?,
        21 => {
            let name = String::from_utf8(read_list(input, read_byte)?).map_err(|_| Damaged)?;
            frame.ending = (!name.is_empty()).then_some(name);
        }
        _ => {
            let mask = read_u32(input)?;
            frame.action_mask = (mask != 0).then_some(mask);
        }
    }
    Ok(())
}

fn read_u32(input: &mut &[u8]) -> Result<u32, Damaged> {
    read_uint(input)?.try_into().map_err(|_| Damaged)
}
