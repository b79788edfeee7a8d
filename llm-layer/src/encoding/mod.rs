//! Undoes a content encoding, on a copy, in bounded memory.

#[cfg(feature = "encodings")]
mod decoders;

use std::fmt;
use std::io::{self, Write};

use http::HeaderMap;
use http::header::CONTENT_ENCODING;

/// Decodes the bytes of a response, if they are encoded.
pub(crate) struct Decoder {
    inner: Option<Box<dyn Decode>>,
    decoded: usize,
}

/// Why bytes cannot be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hidden {
    /// By an encoding that is not read here.
    Encoded,
    /// They are not what their encoding says.
    Malformed,
    /// They unfold to more than anybody would read.
    TooLarge,
}

/// A decoder that writes into a buffer.
trait Decode: Write + Send + Sync {
    /// The bytes decoded since they were last taken.
    fn out(&mut self) -> &mut Unfolded;
}

/// Decoded bytes that refuse to become too many at once.
#[derive(Debug, Default)]
struct Unfolded(Vec<u8>);

impl Decoder {
    /// The most bytes that one answer may unfold to.
    const MOST: usize = 256 * 1024 * 1024;
    /// How many encoded bytes are decoded in one go, and the most they may unfold to: 16,000 to 1.
    const STEP: usize = 64;
    const MOST_OF_STEP: usize = 1024 * 1024;

    /// The decoder for a response's head.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Hidden> {
        let lines = headers.get_all(CONTENT_ENCODING).iter();
        let mut encodings = lines
            .flat_map(|line| line.as_bytes().split(|byte| *byte == b','))
            .map(<[u8]>::trim_ascii)
            .filter(|encoding| !encoding.is_empty() && !encoding.eq_ignore_ascii_case(b"identity"));
        let inner = match (encodings.next(), encodings.next()) {
            (None, _) => None,
            #[cfg(feature = "encodings")]
            (Some(encoding), None) => Some(decoders::of(encoding).ok_or(Hidden::Encoded)?),
            _ => return Err(Hidden::Encoded),
        };
        Ok(Self { inner, decoded: 0 })
    }

    /// Decodes bytes and shows what they say, piece by piece.
    pub(crate) fn feed(&mut self, bytes: &[u8], mut see: impl FnMut(&[u8])) -> Result<(), Hidden> {
        let Some(inner) = &mut self.inner else {
            see(bytes);
            return Ok(());
        };
        for step in bytes.chunks(Self::STEP) {
            let written = inner.write_all(step).and_then(|()| inner.flush());
            let Unfolded(out) = inner.out();
            self.decoded += out.len();
            see(out);
            let too_large = out.len() > Self::MOST_OF_STEP || self.decoded > Self::MOST;
            out.clear();
            match written {
                _ if too_large => return Err(Hidden::TooLarge),
                Err(_) => return Err(Hidden::Malformed),
                Ok(()) => {}
            }
        }
        Ok(())
    }
}

impl Hidden {
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Encoded => "encoded",
            Self::Malformed => "malformed",
            Self::TooLarge => "too_large",
        }
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("decoded", &self.decoded)
            .finish_non_exhaustive()
    }
}

impl Write for Unfolded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() > Decoder::MOST_OF_STEP {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
