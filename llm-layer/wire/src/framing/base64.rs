//! Base64, fed in pieces.

/// Decodes the alphabet of RFC 4648 §4; other characters are skipped.
#[derive(Debug, Default)]
pub(super) struct Base64 {
    bits: u32,
    count: u8,
}

impl Base64 {
    /// Decodes a piece and appends its bytes to `out`.
    pub(super) fn feed(&mut self, piece: &str, out: &mut Vec<u8>) {
        for character in piece.bytes() {
            let Some(value) = value(character) else { continue };
            self.bits = (self.bits << 6) | value;
            self.count += 6;
            if self.count >= 8 {
                self.count -= 8;
                out.push((self.bits >> self.count).to_le_bytes()[0]);
                self.bits &= (1 << self.count) - 1;
            }
        }
    }
}

fn value(character: u8) -> Option<u32> {
    Some(u32::from(match character {
        b'A'..=b'Z' => character - b'A',
        b'a'..=b'z' => character - b'a' + 26,
        b'0'..=b'9' => character - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    }))
}

#[cfg(test)]
mod tests {
    use super::Base64;

    #[test]
    fn pieces() {
        for cut in 0.."eyJhIjoi5ryiIn0=".len() {
            let (head, tail) = "eyJhIjoi5ryiIn0=".split_at(cut);
            let mut base64 = Base64::default();
            let mut out = Vec::new();
            base64.feed(head, &mut out);
            base64.feed(tail, &mut out);
            assert_eq!(out, "{\"a\":\"漢\"}".as_bytes(), "cut at {cut}");
        }
    }
}
