//! Bytes as lower-case hexadecimal digits.

/// Reads two digits per byte. Upper case and signs are refused.
pub(crate) fn decode<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    // Checked once behind the loop, so that the loop has no branch.
    let mut values = 0;
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let &[high, low] = pair else { return None };
        let (high, low) = (value(high), value(low));
        values |= high | low;
        *byte = high << 4 | low;
    }
    (digits.len() == 2 * N && values <= 0xf).then_some(bytes)
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
