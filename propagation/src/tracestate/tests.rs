//! `tracestate`, case by case.

use proptest::prelude::*;

use super::*;

#[test]
fn reads_what_the_specification_allows() {
    let long_key = format!("{}=1", "z".repeat(256));
    let all = "abcdefghijklmnopqrstuvwxyz0123456789_-*/@=!\"#$%&'()*+-./0189:;<>?@AZ[\\]^_`az{|}~";
    let thirty_two: Vec<String> = (0..32).map(|n| format!("k{n}={n}")).collect();
    let cases: &[(&[&str], &str)] = &[
        (&[], ""),
        (&[""], ""),
        (&[" , \t,, "], ""),
        (&["foo=1"], "foo=1"),
        (&["foo=1", ""], "foo=1"),
        (&["", "foo=1"], "foo=1"),
        (&["foo=1,,bar=2,"], "foo=1,bar=2"),
        (
            &["foo=1,bar=2", "rojo=1,congo=2", "baz=3"],
            "foo=1,bar=2,rojo=1,congo=2,baz=3",
        ),
        (&["foo=1 \t , \t bar=2, \t baz=3\t"], "foo=1,bar=2,baz=3"),
        (&["foo= leading and inner"], "foo= leading and inner"),
        (
            &["foo@=1,foo@@bar=2,foo@bar@baz=3"],
            "foo@=1,foo@@bar=2,foo@bar@baz=3",
        ),
        (&["1a=1,0=2"], "1a=1,0=2"),
        (&["t@vvvvvvvvvvvvvvv=1"], "t@vvvvvvvvvvvvvvv=1"),
        (&["foo=1,foo=2"], "foo=1"),
        (&["foo=1,bar=2", "foo=3"], "foo=1,bar=2"),
        (&[&long_key], &long_key),
        (&[all], all),
        (&[&thirty_two.join(",")], &thirty_two.join(",")),
    ];
    for (lines, expected) in cases {
        let state = TraceState::parse(*lines);
        assert_eq!(
            state.map(|state| state.to_string()).as_deref(),
            Ok(*expected),
            "{lines:?}"
        );
    }
}

#[test]
fn refuses_the_whole_list_for_one_bad_member() {
    let thirty_three: Vec<String> = (0..33).map(|n| format!("k{n}={n}")).collect();
    let cases: &[(&[u8], Refusal)] = &[
        (b"foo", Refusal::NoEquals),
        (b"=1", Refusal::Key),
        (b"foo =1", Refusal::Key),
        (b"FOO=1", Refusal::Key),
        (b"foo.bar=1", Refusal::Key),
        (b"@foo=1,bar=2", Refusal::Key),
        (b"_foo=1", Refusal::Key),
        (b"\xc3\xa9=1", Refusal::Key),
        (b"foo=", Refusal::Value),
        (b"foo=,bar=3", Refusal::Value),
        (b"foo=bar=baz", Refusal::Value),
        (b"foo==bar", Refusal::Value),
        (b"foo=a\tb", Refusal::Value),
        (b"foo=a\x7f", Refusal::Value),
        (b"foo=\xff", Refusal::Value),
        (b"foo=1\n", Refusal::Value),
        (thirty_three.join(",").leak().as_bytes(), Refusal::TooManyMembers),
    ];
    for (line, refusal) in cases {
        let text = String::from_utf8_lossy(line);
        let with_good = TraceState::parse([b"good=1", *line]);
        assert_eq!(with_good, Err(ParseError::new(*refusal)), "{text:?}");
    }
    for part in [format!("{}=1", "z".repeat(257)), format!("z={}", "1".repeat(257))] {
        assert!(TraceState::parse([&part]).is_err(), "257 bytes: {part}");
    }
}

#[test]
fn more_than_512_bytes_lose_long_members_first_and_then_the_last_ones() {
    let (long, short) = ("l".repeat(126), "s".repeat(96));
    let members = [
        format!("a={short}"),
        format!("b={long}z"),
        format!("c={short}"),
        format!("d={long}z"),
        format!("e={short}"),
        format!("f={short}"),
        format!("g={short}"),
        format!("h={short}"),
    ];
    let state = TraceState::parse([members.join(",")]).expect("valid");
    let keys: String = state.iter().map(|(key, _)| key).collect();
    assert_eq!(keys, "acefg", "five of 98 bytes and four commas are 494 bytes");
    assert!(state.len() <= 512, "{} bytes", state.len());
}

#[test]
fn the_api_gets_what_it_accepts_and_gives_back_what_may_be_sent() {
    let state: TraceState = "foo@@bar=1,baz=2".parse().expect("valid");
    let api = ApiTraceState::from(&state);
    assert_eq!(api.header(), "baz=2", "the API's grammar has no second at sign");
    let api = ApiTraceState::from_key_value([("a", ""), ("b", "x\ry"), ("c", "ok")]).expect("accepted");
    assert_eq!(
        TraceState::from(&api).to_string(),
        "c=ok",
        "empty values and controls stay here"
    );
}

proptest! {
    #[test]
    fn any_bytes_are_parsed_without_panic(lines in proptest::collection::vec(any::<Vec<u8>>(), 0..4)) {
        if let Ok(state) = TraceState::parse(&lines) {
            prop_assert_eq!(state.to_string().parse(), Ok(state));
        }
    }

    #[test]
    fn what_is_written_is_read_again(
        members in proptest::collection::vec("[a-z0-9][a-z0-9_@*/-]{0,20}=[ -+.-<>-~]{0,150}[!-+.-<>-~]", 0..40)
    ) {
        if let Ok(state) = TraceState::parse([members.join(" ,")]) {
            prop_assert!(state.len() <= MAX_LEN);
            prop_assert_eq!(state.to_string().parse(), Ok(state));
        }
    }
}
