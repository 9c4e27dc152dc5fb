//! As much of protocol buffers as rendezvous signals need: fields appended to a message, one field found.
//!
//! A message may be extended by appending: fields that occur again replace (scalars) or merge into (messages)
//! the earlier ones. So a signal can be completed without knowing the rest of it.

/// Field numbers of a rendezvous signal, as `GameNetworkingSockets`' messages define them.
pub(crate) mod field {
    /// Message: the connection has ended.
    pub(crate) const CLOSED: u32 = 6;
    /// `string`: the sender's identity.
    pub(crate) const FROM_IDENTITY: u32 = 8;
    /// `fixed32`: the sender's number for the connection.
    pub(crate) const FROM_CONNECTION: u32 = 9;
    /// Within [`CLOSED`], `uint32`: why.
    pub(crate) const CLOSED_REASON: u32 = 6;
}

const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const BYTES: u32 = 2;
const FIXED32: u32 = 5;

fn put_number(message: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        message.push(value as u8 | 0x80);
        value >>= 7;
    }
    message.push(value as u8);
}

/// Appends a `uint32` field.
pub(crate) fn put_varint(message: &mut Vec<u8>, field: u32, value: u32) {
    put_number(message, u64::from(field << 3 | VARINT));
    put_number(message, u64::from(value));
}

/// Appends a `fixed32` field.
pub(crate) fn put_fixed32(message: &mut Vec<u8>, field: u32, value: u32) {
    put_number(message, u64::from(field << 3 | FIXED32));
    message.extend_from_slice(&value.to_le_bytes());
}

/// Appends a `string`, `bytes` or message field.
pub(crate) fn put_bytes(message: &mut Vec<u8>, field: u32, value: &[u8]) {
    put_number(message, u64::from(field << 3 | BYTES));
    put_number(message, value.len() as u64);
    message.extend_from_slice(value);
}

fn take_number(message: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = message.split_first()?;
        *message = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn take<'a>(message: &mut &'a [u8], length: u64) -> Option<&'a [u8]> {
    let (taken, rest) = message.split_at_checked(usize::try_from(length).ok()?)?;
    *message = rest;
    Some(taken)
}

/// The value of a `fixed32` field at the top level of `message`, if it has one and is well formed up to there.
pub(crate) fn fixed32(mut message: &[u8], field: u32) -> Option<u32> {
    while !message.is_empty() {
        let tag = take_number(&mut message)?;
        match (tag & 7) as u32 {
            VARINT => drop(take_number(&mut message)?),
            FIXED64 => drop(take(&mut message, 8)?),
            BYTES => {
                let length = take_number(&mut message)?;
                take(&mut message, length)?;
            }
            FIXED32 => {
                let value = take(&mut message, 4)?;
                if tag >> 3 == u64::from(field) {
                    return Some(u32::from_le_bytes(value.try_into().ok()?));
                }
            }
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_behind_others() {
        let mut message = Vec::new();
        put_varint(&mut message, 3, 70_000);
        put_bytes(&mut message, field::FROM_IDENTITY, &[b'x'; 200]);
        put_fixed32(&mut message, field::FROM_CONNECTION, 0xdead_beef);
        assert_eq!(fixed32(&message, field::FROM_CONNECTION), Some(0xdead_beef));
        assert_eq!(fixed32(&message, 1), None);
    }

    #[test]
    fn broken_messages_have_no_fields() {
        for broken in [&[0x80][..], &[0x42, 0xff, 0xff], &[0x4d, 1, 2], &[0x07], &[0xff; 20]] {
            assert_eq!(fixed32(broken, field::FROM_CONNECTION), None);
        }
    }
}
