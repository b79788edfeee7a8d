//! Reads the fields of a form (`multipart/form-data`), as requests with files have.
//!
//! The content of a file is skipped, and of a field the first 1 KiB is read. A field may stand behind a file,
//! and the body may be cut anywhere. So bytes are stored only as far as they may be the beginning of a
//! delimiter, or belong to the head of a part.
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
    /// The bytes that are not read yet, from `at` on.
    pending: Vec<u8>,
    at: usize,
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
    /// The number of bytes that are stored at once.
    const CHUNK_BYTES: usize = 16 * 1024;

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
            at: 0,
            state: State::Preamble,
        })
    }

    /// Reads bytes.
    pub(crate) fn feed(&mut self, bytes: &[u8], visit: &mut impl Visit) -> Result<(), Malformed> {
        for chunk in bytes.chunks(Self::CHUNK_BYTES) {
            self.pending.extend_from_slice(chunk);
            while self.step(visit)? {}
            // Once for all parts in the chunk: a form may have thousands of tiny ones.
            self.pending.drain(..self.at);
            self.at = 0;
        }
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
        let pending = self.pending.get(self.at..).unwrap_or_default();
        match &mut self.state {
            State::End => {
                self.at = self.pending.len();
                Ok(false)
            }
            State::Head if pending.starts_with(b"--") => {
                self.state = State::End;
                visit.close(&Path::default());
                Ok(true)
            }
            State::Head => {
                let ends: [&[u8]; 2] = [b"\r\n\r\n", b"\n\n"];
                let found = ends
                    .iter()
                    .filter_map(|end| Some((memmem::find(pending, end)?, end.len())))
                    .min();
                // Only from so many bytes on is it certain that a head whose end has not come is too long.
                let min_bytes_of_long_head = Self::MAX_HEAD_BYTES + b"\r\n\r\n".len();
                let (length, end) = match found {
                    Some(found) if found.0 <= Self::MAX_HEAD_BYTES => found,
                    None if pending.len() < min_bytes_of_long_head => return Ok(false),
                    _ => return Err(Malformed),
                };
                self.state = part(&String::from_utf8_lossy(
                    pending.get(..length).unwrap_or_default(),
                ));
                // The line feed of an empty part is the one of the delimiter behind it.
                self.at += length + end - 1;
                Ok(true)
            }
            State::Preamble | State::Part { .. } => {
                let found = memmem::find(pending, &self.delimiter);
                // A carriage return in front of the delimiter belongs to it.
                let withheld = self.delimiter.len() + 1;
                let length = found.unwrap_or_else(|| pending.len().saturating_sub(withheld));
                let content = pending.get(..length).unwrap_or_default();
                if let State::Part {
                    value: PartValue::Field(value),
                    ..
                } = &mut self.state
                {
                    let room = (StrictScanner::MAX_WHOLE_BYTES + 2).saturating_sub(value.len());
                    value.extend_from_slice(content.get(..room).unwrap_or(content));
                }
                self.at += length;
                if found.is_none() {
                    return Ok(false);
                }
                self.at += self.delimiter.len();
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

#[cfg(test)]
mod tests {
    use http::header::CONTENT_TYPE;
    use http::{HeaderMap, HeaderValue};

    use super::FormScanner;
    use crate::json::{Path, Scalar, Take, Visit};

    #[derive(Default)]
    struct Fields(Vec<String>);

    impl Visit for Fields {
        fn string(&mut self, _: &Path) -> Take {
            Take::Skip
        }

        fn piece(&mut self, _: &Path, _: &str) {}

        fn value(&mut self, at: &Path, value: Scalar<'_>) {
            self.0.push(format!("{at} {value:?}"));
        }

        fn document(&mut self) {}
    }

    fn scanner() -> FormScanner {
        let form = HeaderValue::from_static("multipart/form-data; boundary=\"b\"");
        FormScanner::from_headers(&HeaderMap::from_iter([(CONTENT_TYPE, form)])).expect("it is a form")
    }

    fn part(name: &str, content: &str) -> String {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{content}\r\n")
    }

    #[test]
    fn fields_cut_anywhere() {
        let file =
            "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n\r\n--c\r\n\r\n";
        let body = [
            "preamble\r\n",
            file,
            &part("model", "m"),
            &part("n", "2"),
            &part("empty", ""),
            &part("image[]", "true"),
            "--b--\r\nepilogue",
        ]
        .concat();
        let expected = [
            "file Null",
            "model Text(\"m\")",
            "n Number(\"2\")",
            "empty Text(\"\")",
            "image Bool(true)",
        ];
        for size in 1..=body.len() {
            let (mut scanner, mut fields) = (scanner(), Fields::default());
            for chunk in body.as_bytes().chunks(size) {
                assert_eq!(scanner.feed(chunk, &mut fields), Ok(()), "pieces of {size}");
            }
            assert_eq!(scanner.finish(), Ok(()), "pieces of {size}: the end");
            assert_eq!(fields.0, expected, "pieces of {size}");
        }
    }

    /// What is stored does not grow with the body, nor with the number of its parts.
    #[test]
    fn a_form_of_many_parts_is_not_stored() {
        let (mut scanner, mut fields) = (scanner(), Fields::default());
        let parts = part("a", "1").repeat(100_000);
        assert_eq!(scanner.feed(parts.as_bytes(), &mut fields), Ok(()), "parts");
        assert_eq!(fields.0.len(), 99_999, "all but the one that is open");
        assert!(
            scanner.pending.capacity() <= 4 * FormScanner::CHUNK_BYTES,
            "{} bytes",
            scanner.pending.capacity()
        );
    }

    #[test]
    fn what_is_no_form_is_malformed() {
        let long_head = ["--b\r\n", &"x".repeat(10_000)].concat();
        let mut head = scanner();
        assert!(
            head.feed(long_head.as_bytes(), &mut Fields::default()).is_err(),
            "a long head"
        );
        let mut cut = scanner();
        assert_eq!(
            cut.feed(part("a", "1").as_bytes(), &mut Fields::default()),
            Ok(()),
            "a part"
        );
        assert!(cut.finish().is_err(), "without an end");
        let json = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        assert!(FormScanner::from_headers(&json).is_none(), "JSON");
    }
}
