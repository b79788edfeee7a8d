//! Undoes a content encoding of a request or a response, on a copy, in bounded memory.

#[cfg(feature = "encodings")]
mod decoders;

use std::fmt;
use std::io::{self, Write};

use http::HeaderMap;
use http::header::CONTENT_ENCODING;

/// A content encoding that is read here: none without the feature `encodings`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    #[cfg(feature = "encodings")]
    Gzip,
    #[cfg(feature = "encodings")]
    Deflate,
    #[cfg(feature = "encodings")]
    Brotli,
    #[cfg(feature = "encodings")]
    Zstd,
}

/// Whose body it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Request,
    Response,
}

/// Decodes the bytes of a body, if they are encoded.
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
    pub(crate) const STEP: usize = 64;
    const MOST_OF_STEP: usize = 1024 * 1024;

    /// The decoder for a response's head.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Hidden> {
        Ok(Self::new(Coding::from_headers(headers)?, Side::Response))
    }

    /// A decoder of an encoding, or one that changes nothing.
    pub(crate) fn new(coding: Option<Coding>, side: Side) -> Self {
        Self {
            inner: coding.and_then(|coding| decoder(coding, side)),
            decoded: 0,
        }
    }

    /// The number of bytes decoded so far.
    pub(crate) fn decoded(&self) -> usize {
        self.decoded
    }

    /// Decodes bytes and shows what they say, piece by piece.
    pub(crate) fn feed(&mut self, bytes: &[u8], mut see: impl FnMut(&[u8])) -> Result<(), Hidden> {
        let Some(inner) = &mut self.inner else {
            self.decoded += bytes.len();
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

impl Coding {
    /// The encoding that a head names, if it is one.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Result<Option<Self>, Hidden> {
        let lines = headers.get_all(CONTENT_ENCODING).iter();
        let mut encodings = lines
            .flat_map(|line| line.as_bytes().split(|byte| *byte == b','))
            .map(<[u8]>::trim_ascii)
            .filter(|encoding| !encoding.is_empty() && !encoding.eq_ignore_ascii_case(b"identity"));
        match (encodings.next(), encodings.next()) {
            (None, _) => Ok(None),
            (Some(encoding), None) => Self::from_name(encoding).map(Some).ok_or(Hidden::Encoded),
            (Some(_), Some(_)) => Err(Hidden::Encoded),
        }
    }

    #[cfg(feature = "encodings")]
    fn from_name(name: &[u8]) -> Option<Self> {
        let known: [(&[u8], Self); 5] = [
            (b"gzip", Self::Gzip),
            (b"x-gzip", Self::Gzip),
            (b"deflate", Self::Deflate),
            (b"br", Self::Brotli),
            (b"zstd", Self::Zstd),
        ];
        let (_, coding) = known
            .into_iter()
            .find(|(known, _)| name.eq_ignore_ascii_case(known))?;
        Some(coding)
    }

    #[cfg(not(feature = "encodings"))]
    fn from_name(_: &[u8]) -> Option<Self> {
        None
    }
}

#[cfg(feature = "encodings")]
use self::decoders::decoder;

#[cfg(not(feature = "encodings"))]
fn decoder(coding: Coding, _: Side) -> Option<Box<dyn Decode>> {
    match coding {}
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
