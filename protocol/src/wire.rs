//! The numbers and lists that binary frames are made of. Every read is bounded by what is left.

use daladala_env::Cell;

/// The most entries of a list that is read: every cell of a 64 × 64 grid.
const MAX_ENTRIES: usize = 4096;

/// Bytes that are no binary frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a binary frame is damaged")]
pub struct Damaged;

/// LEB128: 7 bits a byte, least first, the top bit set in all but the last.
pub(crate) fn uint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(crate) fn read_uint(input: &mut &[u8]) -> Result<u64, Damaged> {
    let mut value = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let byte = read_byte(input)?;
        let bits = u64::from(byte & 0x7f);
        if bits << shift >> shift != bits {
            return Err(Damaged);
        }
        value |= bits << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(Damaged)
}

/// Zigzag: 0, −1, 1, −2, 2.
pub(crate) fn int(out: &mut Vec<u8>, value: i64) {
    uint(out, ((value << 1) ^ (value >> 63)).cast_unsigned());
}

pub(crate) fn read_int(input: &mut &[u8]) -> Result<i64, Damaged> {
    let zigzag = read_uint(input)?;
    Ok((zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed())
}

/// Bits without their count, 7 a byte, least first, the top bit set in all bytes but the last: a [`uint`] of any length.
pub(crate) fn bits(out: &mut Vec<u8>, bits: &[bool]) {
    let last = bits.iter().rposition(|&bit| bit).map_or(0, |last| last / 7);
    for place in 0..=last {
        let of_byte = bits.iter().skip(7 * place).take(7).enumerate();
        let byte = of_byte.fold(0, |byte, (number, &bit)| byte | u8::from(bit) << number);
        out.push(if place < last { byte | 0x80 } else { byte });
    }
}

pub(crate) fn read_bits(input: &mut &[u8]) -> Result<Vec<bool>, Damaged> {
    let mut bits = Vec::new();
    while bits.len() < MAX_ENTRIES {
        let byte = read_byte(input)?;
        bits.extend((0..7).map(|number| byte >> number & 1 == 1));
        if byte < 0x80 {
            return Ok(bits);
        }
    }
    Err(Damaged)
}

/// Bits whose count is known, 8 a byte, least first.
pub(crate) fn packed(out: &mut Vec<u8>, bits: &[bool]) {
    let byte = |bits: &[bool]| bits.iter().enumerate().fold(0, |byte, (number, &bit)| byte | u8::from(bit) << number);
    out.extend(bits.chunks(8).map(byte));
}

pub(crate) fn read_packed(input: &mut &[u8], count: usize) -> Result<Vec<bool>, Damaged> {
    let (packed, rest) = input.split_at_checked(count.div_ceil(8)).ok_or(Damaged)?;
    *input = rest;
    Ok((0..count).map(|number| packed[number / 8] >> (number % 8) & 1 == 1).collect())
}

pub(crate) fn read_byte(input: &mut &[u8]) -> Result<u8, Damaged> {
    let (&byte, rest) = input.split_first().ok_or(Damaged)?;
    *input = rest;
    Ok(byte)
}

pub(crate) fn read_f32(input: &mut &[u8]) -> Result<f32, Damaged> {
    let (&bytes, rest) = input.split_first_chunk().ok_or(Damaged)?;
    *input = rest;
    Ok(f32::from_le_bytes(bytes))
}

pub(crate) fn read_cell(input: &mut &[u8]) -> Result<Cell, Damaged> {
    Ok((read_byte(input)?, read_byte(input)?))
}

/// How many entries a list has.
pub(crate) fn read_count(input: &mut &[u8]) -> Result<usize, Damaged> {
    let count = usize::try_from(read_uint(input)?).map_err(|_| Damaged)?;
    if count > MAX_ENTRIES { Err(Damaged) } else { Ok(count) }
}

pub(crate) fn read_list<T>(
    input: &mut &[u8],
    mut entry: impl FnMut(&mut &[u8]) -> Result<T, Damaged>,
) -> Result<Vec<T>, Damaged> {
    let count = read_count(input)?;
    // An entry is a byte at least, so a count that lies makes no room.
    if count > input.len() {
        return Err(Damaged);
    }
    (0..count).map(|_| entry(input)).collect()
}
