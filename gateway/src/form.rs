//! The fields of a form with files (`multipart/form-data`, RFC 7578), as requests with audio and images have
//! it.

use std::ops::Range;

use memchr::memmem;

/// Returns the boundary that a `Content-Type` names, if it is one of a form with files.
pub(crate) fn boundary(content_type: &[u8]) -> Option<&[u8]> {
    let end = content_type.iter().position(|byte| *byte == b';')?;
    let (kind, parameters) = content_type.split_at_checked(end)?;
    if !kind.trim_ascii().eq_ignore_ascii_case(b"multipart/form-data") {
        return None;
    }
    let boundary = parameter(parameters, b"boundary")?;
    (!boundary.is_empty() && boundary.len() <= MAX_BOUNDARY_BYTES).then_some(boundary)
}

/// Returns where the value of a field is in a body. `None`: the form has no such field.
///
/// # Errors
///
/// If the body is no form with this boundary, or has the field twice. A provider may read such a body in
/// another way than the gateway.
pub(crate) fn field(body: &[u8], boundary: &[u8], name: &[u8]) -> Result<Option<Range<usize>>, &'static str> {
    let delimiter = [b"\r\n--", boundary].concat();
    let finder = memmem::Finder::new(&delimiter);
    // The first delimiter may be at the start.
    let first = delimiter.get(2..).unwrap_or_default();
    let mut position = match body.starts_with(first) {
        true => first.len(),
        false => finder.find(body).ok_or(NO_FORM)? + delimiter.len(),
    };
    let mut found = None;
    loop {
        let rest = body.get(position..).unwrap_or_default();
        if rest.starts_with(b"--") {
            return Ok(found);
        }
        let head = memmem::find(rest, b"\r\n").ok_or(NO_FORM)?;
        // A part without headers has an empty line at once.
        let end = memmem::find(rest.get(head..).unwrap_or_default(), b"\r\n\r\n").ok_or(NO_FORM)? + head;
        let content = position + end + 4;
        let after = body.get(content - 2..).unwrap_or_default();
        let length = finder.find(after).ok_or(NO_FORM)?;
        let headers = rest.get(head..end).unwrap_or_default();
        if field_name(headers) == Some(name) {
            let value = content..(content - 2 + length).max(content);
            if found.replace(value).is_some() {
                return Err("the form has the field twice");
            }
        }
        position = content - 2 + length + delimiter.len();
    }
}

/// Returns the name of the field of a part.
fn field_name(headers: &[u8]) -> Option<&[u8]> {
    let lines = headers.split(|byte| *byte == b'\n');
    let mut dispositions = lines.filter_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = line.split_at_checked(colon)?;
        name.trim_ascii()
            .eq_ignore_ascii_case(b"content-disposition")
            .then_some(value)
    });
    let value = dispositions.next()?;
    let start = value.iter().position(|byte| *byte == b';')?;
    parameter(value.get(start..)?, b"name")
}

/// Returns the value of the first parameter of this name. `parameters` begins with a semicolon.
fn parameter<'a>(parameters: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let mut rest = parameters;
    loop {
        rest = rest.trim_ascii_start().strip_prefix(b";")?.trim_ascii_start();
        let equals = rest.iter().position(|byte| *byte == b'=')?;
        let (key, value) = rest.split_at_checked(equals)?;
        let value = value.get(1..)?.trim_ascii_start();
        let (value, after) = match value.strip_prefix(b"\"") {
            Some(quoted) => {
                let end = end_of_quoted(quoted)?;
                (quoted.get(..end)?, quoted.get(end + 1..)?)
            }
            None => {
                let end = value.iter().position(|byte| *byte == b';').unwrap_or(value.len());
                let (value, after) = value.split_at_checked(end)?;
                (value.trim_ascii_end(), after)
            }
        };
        if key.trim_ascii().eq_ignore_ascii_case(name) {
            return Some(value);
        }
        rest = after;
    }
}

/// Returns where the text in quotes ends. A backslash makes a quote a part of the text.
fn end_of_quoted(quoted: &[u8]) -> Option<usize> {
    let mut is_escaped = false;
    quoted.iter().position(|byte| {
        let ends = *byte == b'"' && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        ends
    })
}

const NO_FORM: &str = "the body is not a form with the boundary of its content type";
/// RFC 2046, section 5.1.1.
const MAX_BOUNDARY_BYTES: usize = 70;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boundary_is_that_of_the_content_type() {
        for (kind, expected) in [
            ("multipart/form-data; boundary=abc", Some("abc")),
            (
                "Multipart/Form-Data;charset=x;BOUNDARY=\"a b;c\"; x=y",
                Some("a b;c"),
            ),
            ("multipart/form-data", None),
            ("multipart/form-data; boundary=", None),
            ("multipart/mixed; boundary=abc", None),
            ("application/json; boundary=abc", None),
        ] {
            let found = boundary(kind.as_bytes()).map(|text| String::from_utf8_lossy(text));
            assert_eq!(found.as_deref(), expected, "{kind}");
        }
    }

    #[test]
    fn field_is_found_in_its_part() {
        let file = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a;name=model\"\r\nContent-Type: audio/wav\r\n\r\n\r\n--bx\0\r\n";
        for (name, body, expected) in [
            (
                "after a file",
                format!(
                    "{file}\r\n--b\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n--b--\r\n"
                ),
                Some("whisper-1"),
            ),
            (
                "before a file",
                format!("--b\r\nContent-Disposition: form-data; name=model\r\n\r\nm\r\n{file}\r\n--b--"),
                Some("m"),
            ),
            (
                "after a preamble",
                "x\r\n--b \r\nA: b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nm\r\n--b--"
                    .to_owned(),
                Some("m"),
            ),
            (
                "empty",
                "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n\r\n--b--".to_owned(),
                Some(""),
            ),
            ("none", format!("{file}\r\n--b--"), None),
            (
                "another name",
                "--b\r\nContent-Disposition: form-data; filename=\"model\"; name=\"mode\"\r\n\r\nm\r\n--b--"
                    .to_owned(),
                None,
            ),
        ] {
            let found = field(body.as_bytes(), b"b", b"model").expect(name);
            assert_eq!(
                found.and_then(|range| body.get(range)),
                expected,
                "{name}: {body}"
            );
        }
    }

    #[test]
    fn forms_that_a_provider_may_read_in_another_way_are_refused() {
        let part = "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nm\r\n";
        for (body, reason) in [
            (String::new(), NO_FORM),
            ("{}".to_owned(), NO_FORM),
            (part.to_owned(), NO_FORM),
            ("--b\r\nContent-Disposition: form-data".to_owned(), NO_FORM),
            (format!("{part}{part}--b--"), "the form has the field twice"),
        ] {
            assert_eq!(field(body.as_bytes(), b"b", b"model"), Err(reason), "{body}");
        }
    }

    proptest::proptest! {
        /// Whatever a client sends, nothing panics, and a range is within the body.
        #[test]
        fn any_body_is_read(body in "(--b|\r\n|--|:|;|\"|name=|content-disposition|model|x){0,24}") {
            if let Ok(Some(range)) = field(body.as_bytes(), b"b", b"model") {
                proptest::prop_assert!(body.get(range).is_some());
            }
        }
    }
}
