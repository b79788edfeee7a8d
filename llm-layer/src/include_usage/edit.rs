//! Adds the option to a request body and leaves every other byte unchanged.
//!
//! Parsing and writing the body again would change white space, numbers and the order of keys, and would take
//! a hundred times its memory. Instead, a [`Cursor`] finds the byte ranges of the members of the root object,
//! which skips nested values by counting brackets, and the option is spliced in at one of four places: after
//! the value of `stream` if there are no `stream_options`, in place of their `null`, or inside their empty or
//! non-empty object. Since the cursor accepts more than JSON, serde_json validates the body before it is
//! edited.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memchr2;
use serde_core::de::IgnoredAny;

/// Returns the body with the option, or `None` if it must stay unchanged:
///
/// - It is no JSON object with exactly one `"stream": true`.
/// - It already has `include_usage`, or has `stream_options` twice. Which of two equal keys counts depends on
///   the provider.
/// - It has Azure's `data_sources`, whose API refuses the option.
pub(super) fn with_usage(body: &[u8]) -> Option<Vec<u8>> {
    let members = Cursor { body, at: 0 }.members()?;
    let stream = only(&members, "stream")?;
    if body.get(stream.clone()) != Some(b"true") || members.iter().any(|(key, _)| key == "data_sources") {
        return None;
    }
    let options = members.iter().filter(|(key, _)| key == OPTIONS).count();
    let (range, text): (Range<usize>, &str) = match options {
        0 => (stream.end..stream.end, NO_OPTIONS),
        1 => {
            let range = only(&members, OPTIONS)?;
            match body.get(range.clone())? {
                b"null" => (range, NULL_OPTIONS),
                object => {
                    let options = Cursor { body: object, at: 0 }.members()?;
                    if options.iter().any(|(key, _)| key == "include_usage") {
                        return None;
                    }
                    let text = if options.is_empty() {
                        EMPTY_OPTIONS
                    } else {
                        SOME_OPTIONS
                    };
                    (range.start + 1..range.start + 1, text)
                }
            }
        }
        _ => return None,
    };
    // An invalid body must reach the provider unchanged. `IgnoredAny` validates without building a tree.
    serde_json::from_slice::<IgnoredAny>(body).ok()?;
    let mut edited = Vec::with_capacity(body.len() + text.len());
    edited.extend_from_slice(body.get(..range.start)?);
    edited.extend_from_slice(text.as_bytes());
    edited.extend_from_slice(body.get(range.end..)?);
    Some(edited)
}

/// A member of the root object: its key, and the range of its value.
type Member<'a> = (Cow<'a, str>, Range<usize>);

/// Returns the range of the value of a key that occurs exactly once.
fn only(members: &[Member<'_>], name: &str) -> Option<Range<usize>> {
    let mut found = members.iter().filter(|(key, _)| key == name);
    let (_, range) = found.next()?;
    found.next().is_none().then(|| range.clone())
}

/// Finds the members of the root object. For valid JSON it finds all of them. For invalid JSON the result is
/// arbitrary.
struct Cursor<'a> {
    body: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn members(mut self) -> Option<Vec<Member<'a>>> {
        let mut members = Vec::new();
        self.take(b'{')?;
        while self.peek()? != b'}' {
            let key = self.value()?;
            self.take(b':')?;
            if members.len() == MAX_MEMBERS {
                return None;
            }
            members.push((self.key(key)?, self.value()?));
            if self.peek()? == b',' {
                self.at += 1;
            }
        }
        Some(members)
    }

    /// The next byte that is not white space.
    fn peek(&mut self) -> Option<u8> {
        while let b' ' | b'\t' | b'\n' | b'\r' = self.body.get(self.at)? {
            self.at += 1;
        }
        self.body.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn key(&self, range: Range<usize>) -> Option<Cow<'a, str>> {
        let raw = self.body.get(range)?;
        if raw.contains(&b'\\') {
            return serde_json::from_slice(raw).ok().map(Cow::Owned);
        }
        let name = raw.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        std::str::from_utf8(name).ok().map(Cow::Borrowed)
    }

    /// Returns the range of the next value.
    fn value(&mut self) -> Option<Range<usize>> {
        self.peek()?;
        let start = self.at;
        let mut depth = 0_usize;
        loop {
            match self.body.get(self.at)? {
                b'"' => self.string()?,
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                _ if depth == 0 => self.word()?,
                _ => self.at += 1,
            }
            if depth == 0 {
                return Some(start..self.at);
            }
        }
    }

    fn string(&mut self) -> Option<()> {
        self.at += 1;
        loop {
            let rest = self.body.get(self.at..)?;
            let length = memchr2(b'"', b'\\', rest)?;
            self.at += length + 1;
            match rest.get(length)? {
                b'"' => return Some(()),
                _ => self.at += 1,
            }
        }
    }

    fn word(&mut self) -> Option<()> {
        let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b':' | b' ' | b'\t' | b'\n' | b'\r');
        let length = self.body.get(self.at..)?.iter().position(ends)?;
        self.at += length;
        (length > 0).then_some(())
    }
}

/// The maximum number of members of an object that is edited. No API has a tenth as many.
const MAX_MEMBERS: usize = 1024;
const OPTIONS: &str = "stream_options";
const NO_OPTIONS: &str = r#","stream_options":{"include_usage":true}"#;
const NULL_OPTIONS: &str = r#"{"include_usage":true}"#;
const EMPTY_OPTIONS: &str = r#""include_usage":true"#;
const SOME_OPTIONS: &str = r#""include_usage":true,"#;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::with_usage;

    /// Before, and after; without an after, nothing may change.
    const CASES: &[(&str, &str, Option<&str>)] = &[
        (
            "a stream",
            r#"{"model":"m","stream":true}"#,
            Some(r#"{"model":"m","stream":true,"stream_options":{"include_usage":true}}"#),
        ),
        (
            "white space and what stands behind",
            "\n{ \"stream\" :\ttrue , \"model\" : \"m\" }\r\n",
            Some(
                "\n{ \"stream\" :\ttrue,\"stream_options\":{\"include_usage\":true} , \"model\" : \"m\" }\r\n",
            ),
        ),
        (
            "numbers and escapes as they were written",
            r#"{"temperature":1.0e0,"stream":true,"user":"\u00fc\/\"}"}"#,
            Some(
                r#"{"temperature":1.0e0,"stream":true,"stream_options":{"include_usage":true},"user":"\u00fc\/\"}"}"#,
            ),
        ),
        (
            "other options",
            r#"{"stream":true,"stream_options":{"include_obfuscation":false}}"#,
            Some(r#"{"stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false}}"#),
        ),
        (
            "no options in an object",
            r#"{"stream_options":{ },"stream":true}"#,
            Some(r#"{"stream_options":{"include_usage":true },"stream":true}"#),
        ),
        (
            "null options",
            r#"{"stream_options": null ,"stream":true}"#,
            Some(r#"{"stream_options": {"include_usage":true} ,"stream":true}"#),
        ),
        (
            "escaped names",
            r#"{"str\u0065am":true,"stream\u005foptions":{}}"#,
            Some(r#"{"str\u0065am":true,"stream\u005foptions":{"include_usage":true}}"#),
        ),
        (
            "the same names further in",
            r#"{"metadata":{"stream":false,"stream_options":{"include_usage":false}},"stream":true,"messages":[{"stream":true}]}"#,
            Some(
                r#"{"metadata":{"stream":false,"stream_options":{"include_usage":false}},"stream":true,"stream_options":{"include_usage":true},"messages":[{"stream":true}]}"#,
            ),
        ),
        (
            "the name as a value",
            r#"{"user":"stream_options","stream":true}"#,
            Some(r#"{"user":"stream_options","stream":true,"stream_options":{"include_usage":true}}"#),
        ),
        (
            "an explicit no",
            r#"{"stream":true,"stream_options":{"include_usage":false}}"#,
            None,
        ),
        (
            "an explicit yes",
            r#"{"stream":true,"stream_options":{"include_usage":true}}"#,
            None,
        ),
        (
            "a null",
            r#"{"stream":true,"stream_options":{"include_usage":null}}"#,
            None,
        ),
        (
            "an escaped no",
            r#"{"stream":true,"stream_options":{"include\u005fusage":false}}"#,
            None,
        ),
        (
            "options of another type",
            r#"{"stream":true,"stream_options":[]}"#,
            None,
        ),
        ("no stream", r#"{"model":"m"}"#, None),
        ("stream off", r#"{"stream":false}"#, None),
        ("a stream of another type", r#"{"stream":"true"}"#, None),
        ("a stream further in", r#"{"a":{"stream":true}}"#, None),
        ("the stream twice", r#"{"stream":true,"stream":false}"#, None),
        (
            "the stream twice, once escaped",
            r#"{"stream":true,"strea\u006d":true}"#,
            None,
        ),
        (
            "options twice",
            r#"{"stream":true,"stream_options":{},"stream_options":{}}"#,
            None,
        ),
        ("data of Azure's", r#"{"stream":true,"data_sources":[{}]}"#, None),
        (
            "options of which one says it",
            r#"{"stream":true,"stream_options":{"a":[{}],"include_usage":false}}"#,
            None,
        ),
        (
            "options that are broken",
            r#"{"stream":true,"stream_options":{"a":}}"#,
            None,
        ),
        ("an array", r#"[{"stream":true}]"#, None),
        ("two documents", r#"{"stream":true}{"stream":true}"#, None),
        ("a byte order mark", "\u{feff}{\"stream\":true}", None),
        ("a comma too many", r#"{"stream":true,}"#, None),
        ("a comma too few", r#"{"a":1 "stream":true}"#, None),
        ("no end", r#"{"stream":true"#, None),
        ("nothing", "", None),
        ("no JSON", "stream=true", None),
    ];

    #[test]
    fn cases() {
        for (name, before, after) in CASES {
            let edited = with_usage(before.as_bytes()).map(|bytes| String::from_utf8(bytes).unwrap());
            assert_eq!(edited.as_deref(), *after, "{name}");
        }
    }

    /// The whole body used to be made a tree to see whether it was valid: a hundred times its bytes.
    #[test]
    fn a_body_is_edited_in_a_few_times_its_bytes() {
        let fill = |with: &str| with.repeat(300_000 / with.len());
        for (name, filling) in [
            ("objects", format!(r#"[{}0]"#, fill(r#"{"":0},"#))),
            ("arrays", format!("[{}0]", fill("[],"))),
            ("numbers", format!("[{}0]", fill("0,"))),
            ("a string", format!("{:?}", fill("x"))),
            ("options", format!(r#"{{"a":[{}0]}}"#, fill("[],"))),
            ("members", format!(r#"{{{}"a":0}}"#, fill(r#""a":0,"#))),
        ] {
            let key = if name == "options" {
                "stream_options"
            } else {
                "messages"
            };
            let body = format!(r#"{{"stream":true,"{key}":{filling}}}"#);
            let mut edited = None;
            let measured = allocation_counter::measure(|| edited = with_usage(body.as_bytes()));
            assert!(edited.is_some(), "{name}: it is edited");
            let most = 2 * body.len() as u64 + 1024;
            assert!(measured.bytes_max <= most, "{name}: {} bytes", measured.bytes_max);
        }
        let many = format!(r#"{{"stream":true,{}"a":0}}"#, fill(r#""a":0,"#));
        let measured = allocation_counter::measure(|| {
            assert_eq!(with_usage(many.as_bytes()), None, "too many members");
        });
        assert!(measured.bytes_max <= 128 * 1024, "{} bytes", measured.bytes_max);
    }

    #[test]
    fn every_beginning_stays_as_it_is() {
        for (name, before, _) in CASES.iter().filter(|(_, _, after)| after.is_some()) {
            let end = before.trim_end().len();
            for cut in 0..end {
                let edited = with_usage(&before.as_bytes()[..cut]);
                assert_eq!(edited, None, "{name}, cut at {cut}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(prop_oneof![
            any::<u8>(),
            proptest::sample::select(&b"{}[],:\"\\ \ntrue"[..]),
        ], 0..200)) {
            let body = [b"{\"stream\":true,", &*bytes, b"}"].concat();
            if let Some(edited) = with_usage(&body) {
                let edited: serde_json::Value = serde_json::from_slice(&edited).expect("JSON stays JSON");
                prop_assert_eq!(&edited["stream_options"]["include_usage"], &serde_json::Value::Bool(true));
            }
        }
    }
}
