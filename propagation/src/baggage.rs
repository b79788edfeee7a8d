//! Converts the `baggage` header to and from OpenTelemetry's [`Baggage`].

use opentelemetry::baggage::{Baggage, BaggageMetadata};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode, utf8_percent_encode};

use crate::octets::{split_once, trim};

/// Reads the lines of the header in their order. Returns `None` if no member is valid.
///
/// Malformed members are skipped, and so are members that exceed the limits of the list. If a key occurs
/// twice, the later one wins. Decoded bytes that are not UTF-8 become U+FFFD.
pub(crate) fn parse<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Option<Baggage> {
    let mut baggage = Baggage::new();
    let mut room = MAX_LEN;
    let members = lines.flat_map(|line| line.split(|&byte| byte == b',')).map(trim);
    for member in members.filter(|member| !member.is_empty()) {
        if baggage.len() == MAX_MEMBERS {
            break;
        }
        let Some(remaining) = room.checked_sub(member.len()) else {
            continue;
        };
        if let Some((key, value, properties)) = member_of(member) {
            room = remaining.saturating_sub(1);
            let value = percent_decode(value).decode_utf8_lossy().into_owned();
            baggage.insert_with_metadata(key.to_owned(), value, properties);
        }
    }
    (!baggage.is_empty()).then_some(baggage)
}

/// Writes the header, which is empty if there is no baggage. Members that exceed the limit are skipped.
pub(crate) fn format(baggage: &Baggage) -> String {
    let mut header = String::new();
    for (key, (value, metadata)) in baggage {
        let start = header.len();
        if !header.is_empty() {
            header.push(',');
        }
        header.push_str(key.as_str());
        header.push('=');
        header.extend(utf8_percent_encode(value.as_str(), VALUE));
        push_properties(&mut header, metadata);
        if header.len() > MAX_LEN {
            header.truncate(start);
        }
    }
    header
}

fn push_properties(header: &mut String, metadata: &BaggageMetadata) {
    for property in metadata.as_str().split(';') {
        let (key, value) = match property.split_once('=') {
            Some((key, value)) => (key.trim(), Some(value.trim())),
            None => (property.trim(), None),
        };
        if !is_token(key.as_bytes()) {
            continue;
        }
        header.push(';');
        header.push_str(key);
        if let Some(value) = value {
            header.push('=');
            header.extend(utf8_percent_encode(value, PROPERTY));
        }
    }
}

fn member_of(member: &[u8]) -> Option<(&str, &[u8], String)> {
    let mut parts = member.split(|&byte| byte == b';');
    let (key, value) = pair(parts.next()?)?;
    let value = value?;
    let mut properties = String::new();
    for (key, value) in parts.filter_map(pair) {
        if !properties.is_empty() {
            properties.push(';');
        }
        properties.push_str(key);
        if let Some(value) = value {
            properties.push('=');
            properties.push_str(std::str::from_utf8(value).ok()?);
        }
    }
    Some((key, value, properties))
}

/// Parses `key` or `key=value` and trims white space. Returns `None` if either is malformed.
fn pair(text: &[u8]) -> Option<(&str, Option<&[u8]>)> {
    let (key, value) = match split_once(text, b'=') {
        Some((key, value)) => (key, Some(trim(value))),
        None => (text, None),
    };
    let key = trim(key);
    let valid = is_token(key) && value.is_none_or(|value| value.iter().all(is_octet));
    Some((std::str::from_utf8(key).ok()?, value)).filter(|_| valid)
}

fn is_token(key: &[u8]) -> bool {
    !key.is_empty()
        && key
            .iter()
            .all(|byte| byte.is_ascii_graphic() && !b"(),/:;<=>?@[\\]{}\"".contains(byte))
}

fn is_octet(byte: &u8) -> bool {
    byte.is_ascii_graphic() && !b"\",;\\".contains(byte)
}

/// The bytes that are encoded in a value. <https://www.w3.org/TR/baggage/#definition>
const VALUE: &AsciiSet = &PROPERTY.add(b'%');

/// A property is opaque, so its percent signs are already those of the header.
const PROPERTY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b',').add(b';').add(b'\\');

/// <https://www.w3.org/TR/baggage/#limits>
const MAX_MEMBERS: usize = 64;

/// The limit of the header, in bytes. <https://www.w3.org/TR/baggage/#limits>
const MAX_LEN: usize = 8192;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(lines: &[&str]) -> Vec<String> {
        let baggage = parse(lines.iter().map(|line| line.as_bytes())).unwrap_or_default();
        let mut members: Vec<String> = baggage
            .iter()
            .map(|(key, (value, properties))| format!("{key}={value};{properties}"))
            .collect();
        members.sort();
        members
    }

    #[test]
    fn reads_what_the_specification_allows_and_leaves_out_the_rest() {
        let cases: &[(&[&str], &[&str])] = &[
            (&[""], &[]),
            (&[" , ,"], &[]),
            (&["userId=alice"], &["userId=alice;"]),
            (
                &["userId=alice", "node=DF%2028,x=false"],
                &["node=DF 28;", "userId=alice;", "x=false;"],
            ),
            (&["a =\t1 , b = 2"], &["a=1;", "b=2;"]),
            (&["a=1;p1;p2"], &["a=1;p1;p2"]),
            (&["a=1 ; k = v ;flag; q=x%20y"], &["a=1;k=v;flag;q=x%20y"]),
            (&["a=b=c==", "d="], &["a=b=c==;", "d=;"]),
            (&["a=Am%C3%A9lie%2C%3B"], &["a=Am\u{e9}lie,;;"]),
            (&["a=%FF%41%zz"], &["a=\u{fffd}A%zz;"]),
            (&["a%20b=1"], &["a%20b=1;"]),
            (&["a=1,a=2", "a=3"], &["a=3;"]),
            (&["novalue,a=1"], &["a=1;"]),
            (&["=1,a=1"], &["a=1;"]),
            (&["a b=1,c=1"], &["c=1;"]),
            (&["a=1 2,b=\"q\",c=x\\y,d=1"], &["d=1;"]),
            (&["a=\u{e9},b=1"], &["b=1;"]),
            (&["a=1;bad key;k=v"], &["a=1;k=v"]),
        ];
        for (lines, expected) in cases {
            assert_eq!(read(lines), *expected, "{lines:?}");
        }
    }

    #[test]
    fn over_a_limit_members_go_and_never_the_rest() {
        let many: Vec<String> = (0..70).map(|n| format!("k{n:02}=v")).collect();
        let retained = read(&[&many.join(",")]);
        assert_eq!(retained.len(), 64, "64 members at most");
        assert_eq!(
            retained.last().map(String::as_str),
            Some("k63=v;"),
            "the first 64"
        );
        let exact = format!("a={}", "x".repeat(MAX_LEN - 2));
        assert_eq!(read(&[&exact]).len(), 1, "8192 bytes are allowed");
        let over = format!("a={}", "x".repeat(MAX_LEN - 1));
        assert_eq!(
            read(&[&over, "b=1"]),
            ["b=1;"],
            "8193 bytes are not, and the next member is"
        );
        let two = format!("a={},b={}", "x".repeat(5000), "y".repeat(5000));
        assert_eq!(read(&[&two]).len(), 1, "the second does not fit any more");
    }

    #[test]
    fn writes_a_header_that_is_within_the_grammar_and_the_limits() {
        let mut baggage = Baggage::new();
        baggage.insert_with_metadata("k", "a b,c;\"\\%=\u{e9}\r\n", "p1 ; p2=x%20y z;bad key;\u{e9}");
        assert_eq!(
            format(&baggage),
            "k=a%20b%2Cc%3B%22%5C%25=%C3%A9%0D%0A;p1;p2=x%20y%20z"
        );
        let mut baggage = Baggage::new();
        baggage.insert("large", " ".repeat(4000));
        assert_eq!(format(&baggage), "", "three times as long once encoded");
        baggage.insert("small", "1");
        assert_eq!(format(&baggage), "small=1", "what fits is sent");
    }

    proptest! {
        #[test]
        fn any_bytes_are_parsed_without_panic(lines in proptest::collection::vec(any::<Vec<u8>>(), 0..4)) {
            if let Some(baggage) = parse(lines.iter().map(Vec::as_slice)) {
                prop_assert!(format(&baggage).len() <= MAX_LEN);
            }
        }

        #[test]
        fn what_is_written_is_read_again(value: String, property in "[a-z]{1,5}(=[!-~]{0,9})?") {
            let mut baggage = Baggage::new();
            baggage.insert_with_metadata("key", value.clone(), property);
            let header = format(&baggage);
            let again = parse([header.as_bytes()].into_iter()).unwrap_or_default();
            prop_assert_eq!(again.get("key").map(|value| value.as_str()), Some(value.as_str()));
            prop_assert_eq!(format(&again), header);
        }
    }
}
