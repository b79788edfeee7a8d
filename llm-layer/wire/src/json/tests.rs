//! Documents as events, whole and cut at every byte.

use super::{Malformed, Path, Scalar, Scanner, Take, Visit};

#[derive(Default)]
struct Log(Vec<String>);

impl Visit for Log {
    fn string(&mut self, at: &Path) -> Take {
        match at.as_str() {
            path if path.ends_with("text") => Take::Pieces,
            path if path.ends_with("skip") => Take::Skip,
            _ => Take::Whole,
        }
    }

    fn piece(&mut self, at: &Path, piece: &str) {
        let head = format!("{at}~");
        match self.0.last_mut() {
            Some(last) if last.starts_with(&head) => last.push_str(piece),
            _ => self.0.push(head + piece),
        }
    }

    fn value(&mut self, at: &Path, value: Scalar<'_>) {
        let value = match value {
            Scalar::Text(text) => format!("{text:?}"),
            Scalar::Number(digits) => digits.to_owned(),
            Scalar::Bool(bool) => bool.to_string(),
            Scalar::Null => "null".to_owned(),
        };
        self.0
            .push(format!("{at}@{},{}={value}", at.position(0), at.position(1)));
    }

    fn document(&mut self) {
        self.0.push(";".to_owned());
    }
}

fn scan(parts: &[&[u8]]) -> Result<String, Malformed> {
    let mut scanner = Scanner::default();
    let mut log = Log::default();
    for part in parts {
        scanner.feed(part, &mut log)?;
    }
    scanner.finish(&mut log)?;
    Ok(log.0.join("\n"))
}

#[test]
fn documents() {
    let cases: &[(&str, &[u8], &[&str])] = &[
        (
            "an object",
            br#" {"a":1, "b" : {"c":[true,null,{"d":"x"}],"e":-2.5e3}} "#,
            &[
                "a@0,0=1",
                "b.c[]@0,0=true",
                "b.c[]@1,0=null",
                "b.c[].d@2,0=\"x\"",
                "b.e@0,0=-2.5e3",
                ";",
            ],
        ),
        (
            "nested arrays",
            br#"{"a":[[1],[2,3]],"b":[]}"#,
            &["a[][]@0,0=1", "a[][]@1,0=2", "a[][]@1,1=3", ";"],
        ),
        (
            "one document after another",
            b"{\"a\":1}\n{}\r\n{\"a\":2}",
            &["a@0,0=1", ";", ";", "a@0,0=2", ";"],
        ),
        (
            "an array at the root",
            br#"[{"a":[1]},{"a":[2]}]"#,
            &["a[]@0,0=1", ";", "a[]@0,0=2", ";"],
        ),
        (
            "pieces, skipped strings",
            br#"{"text":"one two","skip":"never \" seen","z":"end"}"#,
            &["text~one two", "z@0,0=\"end\"", ";"],
        ),
        (
            "escapes",
            br#"{"text":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"}"#,
            &["text~\"\\/\u{8}\u{c}\n\r\té😀", ";"],
        ),
        (
            "lone surrogates",
            br#"{"text":"\ud83dx\ud83d\ud83d\ude00\ude00\ud83d"}"#,
            &["text~\u{FFFD}x\u{FFFD}😀\u{FFFD}\u{FFFD}", ";"],
        ),
        (
            "characters of many bytes",
            "{\"text\":\"é漢😀\",\"漢\":\"é\"}".as_bytes(),
            &["text~é漢😀", "漢@0,0=\"é\"", ";"],
        ),
        (
            "invalid UTF-8",
            b"{\"text\":\"a\xffb\xe6\xbcc\xf0\x9f\"}",
            &["text~a\u{FFFD}b\u{FFFD}c\u{FFFD}", ";"],
        ),
        ("a number", b"17", &["@0,0=17", ";"]),
        ("nothing", b" \n", &[]),
    ];
    for (name, json, events) in cases {
        let events = events.join("\n");
        assert_eq!(scan(&[json]).as_ref(), Ok(&events), "{name}, whole");
        for cut in 0..json.len() {
            let (head, tail) = json.split_at(cut);
            assert_eq!(scan(&[head, tail]).as_ref(), Ok(&events), "{name}, cut at {cut}");
        }
        let bytes: Vec<&[u8]> = json.chunks(1).collect();
        assert_eq!(scan(&bytes).as_ref(), Ok(&events), "{name}, byte by byte");
    }
}

/// Deep documents used to be malformed.
#[test]
fn what_is_deep_is_checked_and_not_visited() {
    let deep = [
        "{\"a\":[",
        &"[".repeat(1000),
        "\"x\",1",
        &"]".repeat(1000),
        "],\"b\":2}",
    ]
    .concat();
    let seen = scan(&[deep.as_bytes()]);
    assert_eq!(seen.as_deref(), Ok("b@0,0=2\n;"), "what is beside it is visited");
}

#[test]
fn malformed_documents() {
    let deep = ["[".repeat(4097), "]".repeat(4097)].concat();
    let digits = "1".repeat(65);
    for json in [
        "{",
        "[1",
        "\"a",
        "{]",
        "{\"a\"}",
        "{\"a\":}",
        "[1 2]",
        "[DONE]",
        "{\"a\":1,}",
        "}",
        "1,2",
        "\0",
        "tru",
        &deep,
        &digits,
    ] {
        assert_eq!(scan(&[json.as_bytes()]), Err(Malformed), "{json}");
    }
}

#[test]
fn long_strings_and_keys_are_cut_off() {
    let json = format!("{{\"a\":\"{}\",\"{}\":1}}", "é".repeat(4000), "k".repeat(4000));
    let events = scan(&[json.as_bytes()]).unwrap();
    let events: Vec<&str> = events.lines().collect();
    assert_eq!(
        events[0].len(),
        "a@0,0=\"\"".len() + Scanner::MAX_WHOLE_BYTES,
        "a value"
    );
    assert_eq!(events[1].len(), "@0,0=1".len() + Scanner::MAX_KEY_BYTES, "a key");
}

#[test]
fn counts() {
    let cases = [
        ("0", Some(0)),
        ("12", Some(12)),
        ("12.0", Some(12)),
        ("1000000000000", Some(1_000_000_000_000)),
        ("1000000000001", None),
        ("-1", None),
        ("18446744073709551616", None),
        ("1.5", Some(1)),
        ("1.x", None),
        ("1e3", Some(1000)),
        ("1.1E+1", Some(11)),
        ("1e13", None),
        ("1e-9", Some(0)),
        ("-1e3", None),
    ];
    for (digits, count) in cases {
        assert_eq!(Scalar::Number(digits).as_count(), count, "{digits}");
    }
    assert_eq!(Scalar::Text("12").as_count(), Some(12), "a string of a number");
    for text in ["", "+12", "12 tokens", ".", "2025-01-31", "1.2.3", "12e"] {
        assert_eq!(Scalar::Text(text).as_count(), None, "{text:?} is no number");
    }
}
