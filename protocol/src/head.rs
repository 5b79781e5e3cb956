//! What a message says of itself: its kind and its number, read without decoding the rest. A viewer gets up to
//! hundreds of thousands of messages a second, and its measurement must cost less than what it measures.

use serde::Deserialize;

use crate::binary::{DELTA, KEYFRAME};
use crate::wire::{Damaged, read_uint};

/// Text that is no message: no object with a type, or a frame without a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no message")]
pub struct NoMessage;

/// A message, as far as it is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Head {
    /// A frame.
    Frame {
        /// Its number.
        seq: u64,
        /// It is a keyframe.
        whole: bool,
    },
    /// `hello`
    Hello,
    /// `joined`
    Joined,
    /// `room`
    Room,
    /// `event`
    Event,
    /// `presence`
    Presence,
    /// `error`
    Error,
    /// A type that came after this program.
    Other,
}

impl Head {
    /// The head of a binary message.
    pub fn of_binary(message: &[u8]) -> Result<Self, Damaged> {
        let (tag, mut rest) = message.split_first().ok_or(Damaged)?;
        match *tag {
            KEYFRAME => {
                read_uint(&mut rest)?;
                Ok(Self::Frame { seq: read_uint(&mut rest)?, whole: true })
            }
            DELTA => {
                let seq = read_uint(&mut rest)?;
                // Its base cannot lie before the first frame.
                if read_uint(&mut rest)? > seq { Err(Damaged) } else { Ok(Self::Frame { seq, whole: false }) }
            }
            _ => Err(Damaged),
        }
    }

    /// The head of a text message.
    pub fn of_text(message: &str) -> Result<Self, NoMessage> {
        quick(message).map_or_else(|| thorough(message), Ok)
    }
}

/// Reads the head where the fields come in the order in which the server writes them.
fn quick(message: &str) -> Option<Head> {
    let (kind, rest) = message.strip_prefix(r#"{"type":""#)?.split_once('"')?;
    let (rest, whole) = match kind {
        "delta" => (rest, false),
        "keyframe" => (number(rest, r#","epoch":"#)?.1, true),
        _ => return Some(named(kind)),
    };
    let (seq, rest) = number(rest, r#","seq":"#)?;
    // A digit or a point more would make it another number.
    rest.starts_with([',', '}']).then_some(Head::Frame { seq, whole })
}

/// The number after `name`, and what follows it.
fn number<'a>(text: &'a str, name: &str) -> Option<(u64, &'a str)> {
    let text = text.strip_prefix(name)?;
    let end = text.find(|character: char| !character.is_ascii_digit())?;
    Some((text[..end].parse().ok()?, &text[end..]))
}

/// Reads the head wherever its fields are.
fn thorough(message: &str) -> Result<Head, NoMessage> {
    #[derive(Deserialize)]
    struct Fields<'a> {
        #[serde(rename = "type", borrow)]
        kind: std::borrow::Cow<'a, str>,
        seq: Option<u64>,
    }
    let Fields { kind, seq } = serde_json::from_str(message).map_err(|_| NoMessage)?;
    match &*kind {
        kind @ ("keyframe" | "delta") => Ok(Head::Frame { seq: seq.ok_or(NoMessage)?, whole: kind == "keyframe" }),
        kind => Ok(named(kind)),
    }
}

fn named(kind: &str) -> Head {
    match kind {
        "hello" => Head::Hello,
        "joined" => Head::Joined,
        "room" => Head::Room,
        "event" => Head::Event,
        "presence" => Head::Presence,
        "error" => Head::Error,
        _ => Head::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(mut value: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        while value > 0x7f {
            bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        bytes.push(value as u8);
        bytes
    }

    #[test]
    fn varints_are_read_up_to_64_bits() {
        for value in [0, 1, 127, 128, 300, 16_383, 16_384, u64::from(u32::MAX), 1 << 53, 1 << 63, u64::MAX] {
            let bytes = [encode(value), vec![9, 9]].concat();
            let mut rest = &bytes[..];
            assert_eq!(read_uint(&mut rest).unwrap(), value);
            assert_eq!(rest, [9, 9]);
        }
    }

    #[test]
    fn varints_that_are_too_long_or_cut_off_are_errors() {
        let hostile: [&[u8]; 6] =
            [&[], &[0x80], &[0xff; 9], &[0xff; 10], &[0xff; 64], &[255, 255, 255, 255, 255, 255, 255, 255, 255, 2]];
        for mut bytes in hostile {
            assert!(read_uint(&mut bytes).is_err(), "{bytes:?}");
        }
        // Longer than it has to be, yet a number.
        assert_eq!(read_uint(&mut &[0x81, 0x80, 0x00][..]).unwrap(), 1);
    }

    #[test]
    fn binary_frames_tell_their_number() {
        let keyframe = [vec![1], encode(1_767_225_600_000), encode(412), encode(0x7f), vec![6]].concat();
        assert_eq!(Head::of_binary(&keyframe).unwrap(), Head::Frame { seq: 412, whole: true });
        let delta = [vec![2], encode(413), encode(1), encode(1), vec![7]].concat();
        assert_eq!(Head::of_binary(&delta).unwrap(), Head::Frame { seq: 413, whole: false });
        let hostile: [&[u8]; 6] = [&[], &[0, 1, 1], &[3, 1, 1], &[1, 5], &[2, 5], &[2, 5, 6]];
        for bytes in hostile {
            assert!(Head::of_binary(bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn text_frames_tell_their_number_in_any_order_of_fields() {
        let frame = |seq, whole| Head::Frame { seq, whole };
        let cases = [
            (r#"{"type":"keyframe","epoch":1767225600000,"seq":412,"step":6}"#, frame(412, true)),
            (r#"{"type":"delta","seq":413,"base":412}"#, frame(413, false)),
            (r#"{"type":"delta","seq":413}"#, frame(413, false)),
            (r#"{"base":{"seq":1},"type":"delta","seq":7}"#, frame(7, false)),
            (r#"{ "type" : "keyframe", "waiting": {"seq": 1}, "seq": 8 }"#, frame(8, true)),
            (r#"{"type":"room","code":"main"}"#, Head::Room),
            (r#"{"type":"event","kind":"paused","seq":3,"data":{}}"#, Head::Event),
            (r#"{"type":"presence","viewers":1}"#, Head::Presence),
            (r#"{"id":null,"type":"joined"}"#, Head::Joined),
            (r#"{"type":"of tomorrow"}"#, Head::Other),
            (r#"{"type":"of \"tomorrow\""}"#, Head::Other),
        ];
        for (message, head) in cases {
            assert_eq!(Head::of_text(message).unwrap(), head, "{message}");
        }
    }

    #[test]
    fn text_that_is_no_message_is_an_error() {
        for message in [
            "",
            "{}",
            "[]",
            r#"{"type":7}"#,
            r#"{"type":"delta"}"#,
            r#"{"type":"delta","seq":-1,"base":0}"#,
            r#"{"type":"delta","seq":1.5,"base":0}"#,
            r#"{"type":"delta","seq":18446744073709551616,"base":0}"#,
            r#"{"type":"delta","seq":1"#,
            r#"{"type":"delta","seq":"1"}"#,
        ] {
            assert!(Head::of_text(message).is_err(), "{message}");
        }
    }
}
