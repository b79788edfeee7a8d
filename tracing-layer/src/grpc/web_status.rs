//! The status at the end of the body of a gRPC-Web response.
//!
//! The body is a sequence of frames: a byte of flags, the length in four bytes, and that many bytes. Frames
//! are not aligned with the chunks of the body. The frame whose highest flag is set holds the trailers, as
//! lines of a head. With `application/grpc-web-text`, the body is in Base64, and padding may stand wherever
//! the server flushed.
//!
//! See <https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md>.

use super::code::Code;

/// Reads the body of a response until its trailers.
#[derive(Debug)]
pub(super) struct WebStatus {
    state: State,
    /// Four characters of Base64 at a time, if the body is text.
    base64: Option<Quad>,
}

#[derive(Debug)]
enum State {
    /// The head of a frame, of which this many bytes are there.
    Head {
        bytes: [u8; HEAD_BYTES],
        filled: usize,
    },
    /// A message, of which this many bytes remain.
    Message(u32),
    /// The trailers, of which this many bytes remain.
    Trailers {
        text: Vec<u8>,
        remaining: u32,
    },
    Ended(Option<Code>),
    /// The body is not what it should be, or could not be seen.
    Unreadable,
}

#[derive(Debug, Default)]
struct Quad {
    bits: u32,
    /// The characters so far, with padding.
    characters: usize,
    padding: usize,
}

impl WebStatus {
    pub(super) fn new(is_text: bool) -> Self {
        Self {
            state: State::new_frame(),
            base64: is_text.then(Quad::default),
        }
    }

    /// Reads more of the body.
    pub(super) fn read(&mut self, bytes: &[u8]) {
        let Some(quad) = &mut self.base64 else {
            return self.state.read(bytes);
        };
        for byte in bytes {
            match quad.decode(*byte) {
                Some(Some((decoded, length))) => self.state.read(decoded.get(..length).unwrap_or_default()),
                Some(None) => {}
                None => self.state = State::Unreadable,
            }
        }
    }

    /// Notes that a part of the body could not be seen.
    pub(super) fn give_up(&mut self) {
        self.state = State::Unreadable;
    }

    /// Returns the status in the trailers. `None` if it is not known whether there is one.
    pub(super) fn code(&self) -> Option<Code> {
        match &self.state {
            State::Ended(code) => *code,
            _ => None,
        }
    }

    /// Returns whether the body was read up to now, so that a status that was not found is not there.
    pub(super) fn is_readable(&self) -> bool {
        !matches!(self.state, State::Unreadable)
    }
}

impl State {
    fn new_frame() -> Self {
        Self::Head {
            bytes: [0; HEAD_BYTES],
            filled: 0,
        }
    }

    fn read(&mut self, mut input: &[u8]) {
        while !input.is_empty() {
            match self {
                Self::Head { bytes, filled } => {
                    let Some((byte, rest)) = input.split_first() else {
                        return;
                    };
                    input = rest;
                    if let Some(place) = bytes.get_mut(*filled) {
                        *place = *byte;
                    }
                    *filled += 1;
                    if *filled == HEAD_BYTES {
                        let [flags, length @ ..] = *bytes;
                        *self = Self::frame(flags, u32::from_be_bytes(length));
                    }
                }
                Self::Message(remaining) => {
                    let (_, rest) = take(input, remaining);
                    input = rest;
                    if *remaining == 0 {
                        *self = Self::new_frame();
                    }
                }
                Self::Trailers { text, remaining } => {
                    let (read, rest) = take(input, remaining);
                    input = rest;
                    let room = MAX_TRAILER_BYTES.saturating_sub(text.len());
                    text.extend(read.iter().take(room));
                    if *remaining == 0 {
                        *self = Self::Ended(status(text));
                    }
                }
                Self::Ended(_) | Self::Unreadable => return,
            }
        }
    }

    fn frame(flags: u8, length: u32) -> Self {
        match (flags & TRAILERS != 0, length) {
            (true, 0) => Self::Ended(None),
            // Nothing defines how compressed trailers are encoded.
            (true, _) if flags & COMPRESSED != 0 => Self::Unreadable,
            (true, remaining) => Self::Trailers {
                text: Vec::new(),
                remaining,
            },
            (false, 0) => Self::new_frame(),
            (false, remaining) => Self::Message(remaining),
        }
    }
}

impl Quad {
    /// Adds a character. Returns the bytes that are complete with it and their number, or `None` if it is not
    /// Base64.
    fn decode(&mut self, character: u8) -> Option<Option<([u8; 3], usize)>> {
        let value = match character {
            b'A'..=b'Z' => character - b'A',
            b'a'..=b'z' => character - b'a' + 26,
            b'0'..=b'9' => character - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' if self.characters >= 2 => 0,
            _ => return None,
        };
        if character == b'=' {
            self.padding += 1;
        } else if self.padding > 0 {
            return None;
        }
        self.bits = self.bits << 6 | u32::from(value);
        self.characters += 1;
        if self.characters < 4 {
            return Some(None);
        }
        let [_, first, second, third] = self.bits.to_be_bytes();
        let length = 3 - self.padding;
        *self = Self::default();
        Some(Some(([first, second, third], length)))
    }
}

/// Takes up to `remaining` bytes from the input.
fn take<'a>(input: &'a [u8], remaining: &mut u32) -> (&'a [u8], &'a [u8]) {
    let length = input.len().min(*remaining as usize);
    *remaining -= length as u32;
    input.split_at_checked(length).unwrap_or((input, &[]))
}

/// Returns the `grpc-status` of trailers.
fn status(trailers: &[u8]) -> Option<Code> {
    let mut lines = trailers.split(|byte| *byte == b'\n');
    let value = lines.find_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = line.split_at_checked(colon)?;
        name.trim_ascii().eq_ignore_ascii_case(STATUS).then_some(value)
    })?;
    Some(Code::from_bytes(value.strip_prefix(b":")?.trim_ascii()))
}

const STATUS: &[u8] = b"grpc-status";
const HEAD_BYTES: usize = 5;
/// The flag of a frame that holds trailers.
const TRAILERS: u8 = 0x80;
const COMPRESSED: u8 = 0x01;
/// The maximum number of bytes of trailers that are read. A status that is behind them is not seen.
const MAX_TRAILER_BYTES: usize = 8 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(flags: u8, bytes: &[u8]) -> Vec<u8> {
        let length = u32::try_from(bytes.len()).expect("a short frame");
        [&[flags][..], &length.to_be_bytes(), bytes].concat()
    }

    /// The status, and whether the body was read.
    type Seen = (Option<Code>, bool);

    fn read(is_text: bool, pieces: &[&[u8]]) -> Seen {
        let mut status = WebStatus::new(is_text);
        for piece in pieces {
            status.read(piece);
        }
        (status.code(), status.is_readable())
    }

    /// Encodes each part by itself, with its padding.
    fn base64(parts: &[&[u8]]) -> Vec<u8> {
        const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = Vec::new();
        for chunk in parts.iter().flat_map(|part| part.chunks(3)) {
            let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
            let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
            for at in 0..4 {
                let digit = DIGITS[(bits >> (18 - 6 * at) & 63) as usize];
                text.push(if at <= chunk.len() { digit } else { b'=' });
            }
        }
        text
    }

    #[test]
    fn trailers_of_bodies() {
        let ok = frame(TRAILERS, b"grpc-status:0\r\n");
        let cases: [(&str, Vec<u8>, Seen); 10] = [
            ("trailers alone", ok.clone(), (Some(Code::Ok), true)),
            (
                "a message, one without bytes, and trailers with a space",
                [
                    frame(0, b"hello"),
                    frame(0, b""),
                    frame(TRAILERS, b"grpc-message: a:b\r\nGRPC-Status: 5 \r\n"),
                ]
                .concat(),
                (Some(Code::NotFound), true),
            ),
            (
                "a compressed message",
                [frame(COMPRESSED, b"\x80\x00\x00\x00\x00"), ok.clone()].concat(),
                (Some(Code::Ok), true),
            ),
            (
                "no code",
                frame(TRAILERS, b"grpc-status:ok"),
                (Some(Code::Unknown), true),
            ),
            (
                "no status",
                frame(TRAILERS, b"grpc-statuses:0\r\nx:grpc-status"),
                (None, true),
            ),
            ("no lines", frame(TRAILERS, b""), (None, true)),
            (
                "compressed trailers",
                frame(TRAILERS | COMPRESSED, b"\x1f\x8b"),
                (None, false),
            ),
            ("no trailers", frame(0, b"hello"), (None, true)),
            (
                "a second status",
                [ok, frame(TRAILERS, b"grpc-status:2")].concat(),
                (Some(Code::Ok), true),
            ),
            ("nothing", Vec::new(), (None, true)),
        ];
        for (name, body, expected) in cases {
            for at in 0..=body.len() {
                let (start, end) = body.split_at(at);
                assert_eq!(
                    read(false, &[start, end]),
                    expected,
                    "{name}, in two pieces at {at}"
                );
                let text = base64(&[start, end]);
                assert_eq!(read(true, &[&text]), expected, "{name}, as text, flushed at {at}");
            }
            let bytes: Vec<&[u8]> = body.chunks(1).collect();
            assert_eq!(read(false, &bytes), expected, "{name}, byte by byte");
            let text = base64(&[&body]);
            let bytes: Vec<&[u8]> = text.chunks(1).collect();
            assert_eq!(read(true, &bytes), expected, "{name}, as text, byte by byte");
        }
    }

    #[test]
    fn other_text_is_no_base64() {
        for text in ["{}", "=AAA", "A===", "AA=A", "AAAA\n"] {
            assert_eq!(read(true, &[text.as_bytes()]), (None, false), "{text:?}");
        }
    }

    #[test]
    fn long_trailers_are_not_stored() {
        let mut body = frame(TRAILERS, &[]);
        body[1..HEAD_BYTES].copy_from_slice(&u32::MAX.to_be_bytes());
        let mut status = WebStatus::new(false);
        status.read(&body);
        for _ in 0..100 {
            status.read(&[b'a'; 1024]);
        }
        let State::Trailers { text, .. } = &status.state else {
            panic!("it reads trailers: {status:?}");
        };
        assert_eq!(text.len(), MAX_TRAILER_BYTES, "the stored bytes");
    }
}
