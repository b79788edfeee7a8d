//! Bytes as lower-case hexadecimal digits.

/// Reads two digits per byte. Upper case and signs are refused.
pub(crate) fn decode<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    if digits.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    // Checked once behind the loops, so that they have no branch.
    let mut wrong = 0;
    let mut words = digits.chunks_exact(8);
    let mut fours = bytes.chunks_exact_mut(4);
    for (four, word) in (&mut fours).zip(&mut words) {
        let word = u64::from_le_bytes(word.try_into().ok()?);
        let (value, invalid) = eight(word);
        wrong |= invalid;
        four.copy_from_slice(&value.to_le_bytes());
    }
    let pairs = words.remainder().chunks_exact(2);
    for (byte, pair) in fours.into_remainder().iter_mut().zip(pairs) {
        let &[high, low] = pair else { return None };
        let (high, low) = (value(high), value(low));
        wrong |= u64::from((high | low) & 0xf0);
        *byte = high << 4 | low;
    }
    (wrong == 0).then_some(bytes)
}

/// Reads eight digits at once, each in a byte of the word and the first one in the lowest byte. Returns the
/// four bytes that they are, and zero if all digits are valid.
///
/// Every request has a `traceparent` of 50 digits, and one at a time, they take three times as long.
fn eight(word: u64) -> (u32, u64) {
    let each = |byte: u64| byte * 0x0101_0101_0101_0101;
    // In ASCII, letters have bit 6, and the lower half of `a` is 1.
    let letters = word >> 6 & each(1);
    let values = (word & each(0x0f)) + 9 * letters;
    // Only what a value is written as was a digit. No sum carries into the next byte, since values are below
    // 32.
    let above_nine = (values + each(0x80 - 10)) >> 7 & each(1);
    let written = values + each(u64::from(b'0')) + above_nine * u64::from(b'a' - b'0' - 10);
    let invalid = (written ^ word) | (values & each(0xf0));
    let pairs = (values << 4 | values >> 8) & 0x00ff_00ff_00ff_00ff;
    let pairs = (pairs | pairs >> 8) & 0x0000_ffff_0000_ffff;
    ((pairs | pairs >> 16) as u32, invalid)
}

/// Writes two digits per byte, as far as there is space.
pub(crate) fn encode(bytes: &[u8], out: &mut [u8]) {
    for (pair, byte) in out.chunks_exact_mut(2).zip(bytes) {
        pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 0xf)]);
    }
}

/// Returns the value of a digit, or more than 15 for any other byte.
fn value(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => u8::MAX,
    }
}

fn digit(value: u8) -> u8 {
    if value < 10 {
        b'0' + value
    } else {
        b'a' - 10 + value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_at_every_place() {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        for place in 0..18 {
            for byte in 0..=u8::MAX {
                let mut digits = *b"0f1e2d3c4b5a697887";
                digits[place] = byte;
                let value = |digit: u8| DIGITS.iter().position(|&other| other == digit);
                let expected: Option<Vec<u8>> = digits
                    .chunks(2)
                    .map(|pair| u8::try_from(value(pair[0])? * 16 + value(pair[1])?).ok())
                    .collect();
                let decoded = decode::<9>(&digits).map(Vec::from);
                assert_eq!(decoded, expected, "{byte:#x} at {place}");
            }
        }
        assert_eq!(decode::<2>(b"0f1"), None, "too short");
        assert_eq!(decode::<2>(b"0f1e2"), None, "too long");
    }

    #[test]
    fn what_is_written_is_read() {
        let bytes: [u8; 256] = std::array::from_fn(|byte| byte as u8);
        let mut digits = [0; 512];
        encode(&bytes, &mut digits);
        assert_eq!(decode::<256>(&digits), Some(bytes), "all bytes");
    }
}
