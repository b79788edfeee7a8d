//! The digest of a text that is too long to be recorded, or that is encoded data.

/// The length of a medium as it was encoded, and a digest to know it again.
///
/// <http://www.isthe.com/chongo/tech/comp/fnv/>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Digest {
    pub(super) length: usize,
    pub(super) hash: u64,
}

impl Default for Digest {
    fn default() -> Self {
        Self {
            length: 0,
            hash: 0xCBF2_9CE4_8422_2325,
        }
    }
}

impl Digest {
    pub(super) fn from_text(data: &str) -> Self {
        let mut digest = Self::default();
        digest.push(data);
        digest
    }

    /// Goes on with the data behind it.
    pub(super) fn push(&mut self, data: &str) {
        self.length += data.len();
        self.hash = data.bytes().fold(self.hash, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
        });
    }
}
