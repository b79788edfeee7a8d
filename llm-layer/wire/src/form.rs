//! Reads the fields of a form (`multipart/form-data`), as requests with files have.
//!
//! The content of a file is skipped, and of a field the first 1 KiB is read. A field may stand behind a file, and the
//! body may be cut anywhere. So bytes are stored only as far as they may be the beginning of a delimiter, or belong to
//! the head of a part.
//!
//! <https://www.rfc-editor.org/rfc/rfc7578>

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use memchr::memmem;

use crate::cut;
use crate::json::{Container, Malformed, Path, Scalar, StrictScanner, Visit};

/// Reads a form that is fed with bytes, cut anywhere.
#[derive(Debug)]
pub(crate) struct FormScanner {
    /// A line feed, two hyphens, and the boundary.
    delimiter: Vec<u8>,
    /// What is not read yet.
    pending: Vec<u8>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Before the first delimiter.
    Preamble,
    /// Behind a delimiter: the head of a part, or the end.
    Head,
    /// In a part.
    Part { name: String, value: PartValue },
    /// Behind the last delimiter.
    End,
}

#[derive(Debug)]
enum PartValue {
    File,
    Field(Vec<u8>),
}

impl FormScanner {
    /// The maximum length of the head of a part.
    const MAX_HEAD_BYTES: usize = 8 * 1024;

    /// Creates a scanner, if the body is a form by its content type.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let content_type = headers.get(CONTENT_TYPE)?.to_str().ok()?;
        let mut parameters = content_type.split(';').map(str::trim);
        let is_form = parameters.next()?.eq_ignore_ascii_case("multipart/form-data");
        let is_boundary = |(name, _): &(&str, &str)| name.eq_ignore_ascii_case("boundary");
        let (_, boundary) = parameters
            .filter_map(|parameter| parameter.split_once('='))
            .find(is_boundary)
            .filter(|_| is_form)?;
        Some(Self {
            delimiter: ["\n--", boundary.trim_matches('"')].concat().into(),
            // The first delimiter may stand at the beginning of the body.
            pending: b"\n".to_vec(),
            state: State::Preamble,
        })
    }

    /// Reads bytes.
    pub(crate) fn feed(&mut self, bytes: &[u8], visit: &mut impl Visit) -> Result<(), Malformed> {
        self.pending.extend_from_slice(bytes);
        while self.step(visit)? {}
        Ok(())
    }

    /// Ends the body.
    pub(crate) fn finish(&self) -> Result<(), Malformed> {
        match self.state {
            State::End => Ok(()),
            _ => Err(Malformed),
        }
    }

    /// Reads on to the next delimiter or the end of a head. Returns whether it was there.
    fn step(&mut self, visit: &mut impl Visit) -> Result<bool, Malformed> {
        match &mut self.state {
            State::End => {
                self.pending.clear();
                Ok(false)
            }
            State::Head if self.pending.starts_with(b"--") => {
                self.state = State::End;
                visit.close(&Path::default());
                Ok(true)
            }
            State::Head => {
                let ends: [&[u8]; 2] = [b"\r\n\r\n", b"\n\n"];
                let found = ends
                    .iter()
                    .filter_map(|end| Some((memmem::find(&self.pending, end)?, end.len())))
                    .min();
                // Only from so many bytes on is it certain that a head whose end has not come is too long.
                let min_bytes_of_long_head = Self::MAX_HEAD_BYTES + b"\r\n\r\n".len();
                let (length, end) = match found {
                    Some(found) if found.0 <= Self::MAX_HEAD_BYTES => found,
                    None if self.pending.len() < min_bytes_of_long_head => return Ok(false),
                    _ => return Err(Malformed),
                };
                let head =
                    String::from_utf8_lossy(self.pending.get(..length).unwrap_or_default()).into_owned();
                // The line feed of an empty part is the one of the delimiter behind it.
                self.pending.drain(..length + end - 1);
                self.state = part(&head);
                Ok(true)
            }
            State::Preamble | State::Part { .. } => {
                let found = memmem::find(&self.pending, &self.delimiter);
                // A carriage return in front of the delimiter belongs to it.
                let withheld = self.delimiter.len() + 1;
                let length = found.unwrap_or_else(|| self.pending.len().saturating_sub(withheld));
                let content = self.pending.get(..length).unwrap_or_default();
                if let State::Part {
                    value: PartValue::Field(value),
                    ..
                } = &mut self.state
                {
                    let room = (StrictScanner::MAX_WHOLE_BYTES + 2).saturating_sub(value.len());
                    value.extend_from_slice(content.get(..room).unwrap_or(content));
                }
                self.pending.drain(..length);
                if found.is_none() {
                    return Ok(false);
                }
                self.pending.drain(..self.delimiter.len());
                match std::mem::replace(&mut self.state, State::Head) {
                    State::Part { name, value } => value.visit(&name, visit),
                    _ => {
                        visit.open(&Path::default(), Container::Object);
                    }
                }
                Ok(true)
            }
        }
    }
}

/// The part with this head.
fn part(head: &str) -> State {
    let mut lines = head.lines();
    let disposition = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-disposition").then_some(value)
    });
    let parameter = |wanted: &str| {
        let parameters = disposition.unwrap_or_default().split(';').map(str::trim);
        let mut named = parameters.filter_map(|parameter| parameter.split_once('='));
        let (_, value) = named.find(|(name, _)| name.eq_ignore_ascii_case(wanted))?;
        Some(value.trim_matches('"'))
    };
    let is_file = parameter("filename").is_some() || parameter("filename*").is_some();
    let name = parameter("name").unwrap_or_default();
    State::Part {
        name: name.strip_suffix("[]").unwrap_or(name).to_owned(),
        value: match is_file {
            true => PartValue::File,
            false => PartValue::Field(Vec::new()),
        },
    }
}

impl PartValue {
    fn visit(self, name: &str, visit: &mut impl Visit) {
        let mut path = Path::default();
        path.enter_key(name);
        let Self::Field(value) = self else {
            return visit.value(&path, Scalar::Null);
        };
        let value = String::from_utf8_lossy(&value);
        // The line feed of the blank line, and the carriage return of the delimiter.
        let value = value.strip_prefix('\n').unwrap_or(&value);
        let value = value.strip_suffix('\r').unwrap_or(value);
        let value = cut::at_char_boundary(value, StrictScanner::MAX_WHOLE_BYTES);
        let is_number = value.parse::<f64>().is_ok_and(f64::is_finite);
        visit.value(
            &path,
            match value {
                "true" => Scalar::Bool(true),
                "false" => Scalar::Bool(false),
                number if is_number => Scalar::Number(number),
                text => Scalar::Text(text),
            },
        );
    }
}
