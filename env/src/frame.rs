//! The frame: everything that a viewer, a recording or a person needs to know about one step.
//!
//! Every frame has the fields of the table below, whatever its rules. Rules add fields of their own by name and type
//! ([`RulesInfo::frame_fields`](crate::RulesInfo::frame_fields)). Both together are the
//! [schema](crate::RulesInfo::frame_schema) of a frame: encoders and decoders go by it, and know no field by name.

mod place;
mod schema;
mod value;

pub use place::{OutputKind, Place};
pub use schema::{FieldType, FrameField};
pub use value::{Cell, FieldValue};

use value::Field;

/// The fields of every frame: the structure, and the schema that encoders go by. Their numbers on the wire are their
/// places here, so those that change in most steps come first.
macro_rules! frame {
    ($($name:ident: $type:ty, $unit:literal, $meaning:literal;)*) => {
        /// One step of one environment as seen from outside.
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct Frame {
            $(#[doc = $meaning] pub $name: $type,)*
            /// The fields that the rules add, in the order of
            /// [`RulesInfo::frame_fields`](crate::RulesInfo::frame_fields).
            pub own: Vec<FieldValue<'static>>,
        }

        /// How each of the fields that all frames have is called, read and set.
        const COMMON: &[Common] = &[$(Common {
            name: stringify!($name),
            kind: <$type as Field>::TYPE,
            unit: $unit,
            meaning: $meaning,
            get: |frame| frame.$name.lend(),
            set: |frame, value| {
                frame.$name = <$type as Field>::take(value)?;
                Some(())
            },
        }),*];
    };
}

frame! {
    step: u32, "steps", "Steps since the reset";
    position: Cell, "", "Cell of the bus";
    route_index: u32, "", "Cell of the bus as an index into the route";
    action: Option<u8>, "", "The action that led here, an index into the actions; null after a reset";
    reward: f32, "", "Reward of the step; 0 after a reset";
    total_reward: f32, "", "Sum of rewards since the reset";
    reward_terms: Vec<f32>, "", "The reward by its parts, one each of the rules' reward terms; empty after a reset";
    outputs: Vec<f32>, "", "What the policy went by when it chose the action, one each of the actions; when a person chose, what it would have gone by. Empty after a reset";
    action_mask: Option<u32>, "", "Which actions a driver with action masks chose among, bit a for action a: the others have no chance, whatever their outputs. Null where it looks at no mask, and after a reset";
    speed: u32, "notch", "Speed notch";
    passengers: u32, "", "How many are aboard";
    money: i64, "TSh", "Earned in this episode";
    waiting: Vec<u32>, "", "How many wait at each of the rules' stops";
    lights_red: Vec<bool>, "", "Which of the traffic lights are red";
    terminated: bool, "", "The rules ended the episode";
    truncated: bool, "", "The step limit cut the episode off";
    ending: Option<String>, "", "How the episode ended, by the name that its rules have for it; null while it goes on";
    fined: bool, "", "The police have fined the bus in this episode";
    crashed: bool, "", "The bus has crashed";
    cost_terms: Vec<f32>, "", "What the step cost beside its reward, one each of the rules' cost terms; empty after a reset";
    episode: u64, "", "Which episode of its stream this is, from 1";
    police: Vec<Cell>, "", "The cells of the police checkpoints";
    lights: Vec<Cell>, "", "The cells of the traffic lights";
}

struct Common {
    name: &'static str,
    kind: FieldType,
    unit: &'static str,
    meaning: &'static str,
    get: fn(&Frame) -> FieldValue<'_>,
    set: fn(&mut Frame, FieldValue<'static>) -> Option<()>,
}

/// How many fields all frames have.
pub(crate) const COMMON_FIELDS: usize = COMMON.len();

/// The fields that all frames have, in their order.
pub fn common_fields() -> impl Iterator<Item = FrameField> {
    COMMON.iter().map(|field| FrameField::new(field.name, field.unit, field.kind, field.meaning))
}

impl Frame {
    /// The frame in which everything is zero, false, null or empty, with the fields of a schema.
    #[must_use]
    pub fn empty(schema: &[FrameField]) -> Self {
        let own = schema.iter().skip(COMMON_FIELDS).map(|field| field.kind.empty()).collect();
        Self { own, ..Self::default() }
    }

    /// All fields, in the order of the schema.
    pub fn values(&self) -> impl Iterator<Item = FieldValue<'_>> {
        COMMON.iter().map(|field| (field.get)(self)).chain(self.own.iter().map(FieldValue::lend))
    }

    /// Sets the field of a number in the schema; none if there is no such field, or it is of another type.
    pub fn set(&mut self, number: usize, value: FieldValue<'static>) -> Option<()> {
        if let Some(field) = COMMON.get(number) {
            return (field.set)(self, value);
        }
        let own = self.own.get_mut(number - COMMON_FIELDS)?;
        (own.kind() == value.kind()).then(|| *own = value)
    }

    /// Whether the episode has ended, so that the next frame is the reset of another.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.terminated || self.truncated
    }

    /// Whether the light on the cell of the bus is red.
    #[must_use]
    pub fn light_red(&self) -> bool {
        self.lights.iter().zip(&self.lights_red).any(|(&cell, &red)| red && cell == self.position)
    }

    /// Whether there is a police checkpoint on the cell of the bus.
    #[must_use]
    pub fn police_here(&self) -> bool {
        self.police.contains(&self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_set_by_its_number_and_by_its_type_alone() {
        let own = FrameField::new("fuel", "l", FieldType::Float, "left in the tank");
        let schema: Vec<_> = common_fields().chain([own]).collect();
        let mut frame = Frame::empty(&schema);
        assert_eq!(frame.values().count(), schema.len());
        for (number, field) in schema.iter().enumerate() {
            assert_eq!(frame.values().nth(number).map(|value| value.kind()), Some(field.kind), "{}", field.name);
            for other in FieldType::ALL.into_iter().filter(|&kind| kind != field.kind) {
                assert_eq!(frame.set(number, other.empty()), None, "{} as {other:?}", field.name);
            }
            assert_eq!(frame.set(number, field.kind.empty()), Some(()));
        }
        assert_eq!(frame.set(schema.len(), FieldValue::Bool(true)), None);
        assert_eq!(frame.set(0, FieldValue::Uint(1 << 40)), None, "a step of 32 bits");
        frame.set(schema.len() - 1, FieldValue::Float(2.5));
        assert_eq!(frame.own, [FieldValue::Float(2.5)]);
    }

    #[test]
    fn what_stands_on_the_cell_of_the_bus_is_told_of_that_cell_alone() {
        let frame = |position| Frame {
            position,
            lights: vec![(1, 0), (2, 0)],
            lights_red: vec![true, false],
            police: vec![(2, 0)],
            ..Frame::default()
        };
        assert!(frame((1, 0)).light_red() && !frame((1, 0)).police_here());
        assert!(!frame((2, 0)).light_red() && frame((2, 0)).police_here());
        assert!(!frame((3, 0)).light_red() && !frame((3, 0)).police_here());
    }
}
