//! Decodes the content encoding of a request or a response, on a copy, in bounded memory.

#[cfg(feature = "encodings")]
mod decoders;

use std::fmt;
use std::io::{self, Write};

use http::HeaderMap;
use http::header::CONTENT_ENCODING;

use crate::unseen::Unseen;

/// A supported content encoding. Empty without the feature `encodings`.
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

/// Whether a body is that of a request or a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Request,
    Response,
}

/// Decodes the bytes of a body, if they are encoded.
pub(crate) struct Decoder {
    inner: Option<Box<dyn Decode>>,
    encoded: usize,
    decoded: usize,
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
    /// The maximum decoded size of a body in bytes.
    const MAX_BYTES: usize = 256 * 1024 * 1024;
    /// The decoded bytes that a body may have for each encoded one, beyond [`Self::FREE_BYTES`]. A model's answer has
    /// 3 to 20. Without this bound, a few KiB would be read for seconds, during which the body does not pass.
    const MAX_EXPANSION: usize = 64;
    const FREE_BYTES: usize = 4 * 1024 * 1024;
    /// The number of encoded bytes that are decoded at once. They may decode to [`Self::MAX_STEP_BYTES`],
    /// 16,000 to 1.
    pub(crate) const STEP_BYTES: usize = 64;
    const MAX_STEP_BYTES: usize = 1024 * 1024;

    /// The decoder for a response's head.
    pub(crate) fn for_response(headers: &HeaderMap) -> Result<Self, Unseen> {
        Ok(Self::new(Coding::from_headers(headers)?, Side::Response))
    }

    /// A decoder of an encoding, or one that changes nothing.
    pub(crate) fn new(coding: Option<Coding>, side: Side) -> Self {
        Self {
            inner: coding.and_then(|coding| decoder(coding, side)),
            encoded: 0,
            decoded: 0,
        }
    }

    /// The number of bytes decoded so far.
    pub(crate) fn decoded(&self) -> usize {
        self.decoded
    }

    /// Decodes bytes, and passes them to `on_decoded` in pieces.
    pub(crate) fn feed(&mut self, bytes: &[u8], mut on_decoded: impl FnMut(&[u8])) -> Result<(), Unseen> {
        let Some(inner) = &mut self.inner else {
            self.decoded += bytes.len();
            on_decoded(bytes);
            return Ok(());
        };
        for step in bytes.chunks(Self::STEP_BYTES) {
            let written = inner.write_all(step).and_then(|()| inner.flush());
            let Unfolded(out) = inner.out();
            self.encoded += step.len();
            self.decoded += out.len();
            let expected = self.encoded * Self::MAX_EXPANSION + Self::FREE_BYTES;
            on_decoded(out);
            let too_large =
                out.len() > Self::MAX_STEP_BYTES || self.decoded > Self::MAX_BYTES || self.decoded > expected;
            out.clear();
            match written {
                _ if too_large => return Err(Unseen::TooLarge),
                Err(_) => return Err(Unseen::Malformed),
                Ok(()) => {}
            }
        }
        Ok(())
    }
}

impl Coding {
    /// The encoding that a head names, if it is one.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Result<Option<Self>, Unseen> {
        let lines = headers.get_all(CONTENT_ENCODING).iter();
        let mut encodings = lines
            .flat_map(|line| line.as_bytes().split(|byte| *byte == b','))
            .map(<[u8]>::trim_ascii)
            .filter(|encoding| !encoding.is_empty() && !encoding.eq_ignore_ascii_case(b"identity"));
        match (encodings.next(), encodings.next()) {
            (None, _) => Ok(None),
            (Some(encoding), None) => Self::from_name(encoding).map(Some),
            (Some(_), Some(_)) => Err(Unseen::Encoded),
        }
    }

    #[cfg(feature = "encodings")]
    fn from_name(name: &[u8]) -> Result<Self, Unseen> {
        let codings = [Self::Gzip, Self::Gzip, Self::Deflate, Self::Brotli, Self::Zstd];
        let coding = NAMES.into_iter().zip(codings);
        let mut named = coding.filter(|(other, _)| name.eq_ignore_ascii_case(other));
        named.next().map(|(_, coding)| coding).ok_or(Unseen::Encoded)
    }

    #[cfg(not(feature = "encodings"))]
    fn from_name(name: &[u8]) -> Result<Self, Unseen> {
        let is_supported = NAMES.iter().any(|other| name.eq_ignore_ascii_case(other));
        Err(match is_supported {
            true => Unseen::EncodingsDisabled,
            false => Unseen::Encoded,
        })
    }
}

const NAMES: [&[u8]; 5] = [b"gzip", b"x-gzip", b"deflate", b"br", b"zstd"];

#[cfg(feature = "encodings")]
use self::decoders::decoder;

#[cfg(not(feature = "encodings"))]
fn decoder(coding: Coding, _: Side) -> Option<Box<dyn Decode>> {
    match coding {}
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
        if self.0.len() > Decoder::MAX_STEP_BYTES {
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

#[cfg(all(test, not(feature = "encodings")))]
mod tests_without_encodings {
    use http::header::CONTENT_ENCODING;
    use http::{HeaderMap, HeaderValue};

    use super::{Coding, Unseen};

    #[test]
    fn the_disabled_feature_is_named() {
        let cases = [
            ("gzip", Err(Unseen::EncodingsDisabled)),
            ("BR", Err(Unseen::EncodingsDisabled)),
            ("compress", Err(Unseen::Encoded)),
            ("gzip, br", Err(Unseen::Encoded)),
            ("identity", Ok(None)),
        ];
        for (encoding, expected) in cases {
            let headers = [(CONTENT_ENCODING, HeaderValue::from_static(encoding))];
            assert_eq!(
                Coding::from_headers(&HeaderMap::from_iter(headers)),
                expected,
                "{encoding}"
            );
        }
    }
}
