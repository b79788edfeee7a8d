//! `traceparent`, case by case.

use proptest::prelude::*;

use super::*;

const ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7";

#[test]
fn accepts_what_the_specification_accepts() {
    let cases = [
        ("00-{}-00", 0x00),
        ("00-{}-01", 0x01),
        ("00-{}-02", 0x02),
        ("00-{}-03", 0x03),
        ("00-{}-ff", 0x03),
        ("00-{}-08", 0x00),
        (" \t00-{}-01\t ", 0x01),
        ("01-{}-01", 0x01),
        ("cc-{}-01", 0x01),
        ("cc-{}-01-", 0x01),
        ("cc-{}-03-what-the-future-will-be-like", 0x03),
        ("fe-{}-00-\u{e9}", 0x00),
    ];
    for (template, flags) in cases {
        let value = template.replace("{}", ID);
        let parent = TraceParent::parse(value.as_bytes()).expect(&value);
        assert_eq!(parent.to_string(), format!("00-{ID}-{flags:02x}"), "{value:?}");
        assert_eq!(parent.to_header(), parent.to_string(), "{value:?}");
        assert_eq!(parent.is_sampled(), flags & 1 != 0, "sampled of {value:?}");
        assert_eq!(parent.is_random(), flags & 2 != 0, "random of {value:?}");
    }
}

#[test]
fn refuses_what_the_specification_refuses() {
    let cases = [
        ("", Refusal::Length),
        ("00-1-2-1", Refusal::Length),
        ("00-{}-1", Refusal::Length),
        ("00-{}-", Refusal::Length),
        ("00-{}", Refusal::Length),
        ("00-{}-001", Refusal::Length),
        ("00-{}-0001", Refusal::Length),
        ("00-{}-01-", Refusal::Length),
        ("00-{}-01.", Refusal::Length),
        ("00-{}-01-what-the-future-will-be-like", Refusal::Length),
        ("cc-{}-01.what-the-future-will-be-like", Refusal::Delimiter),
        ("cc-{}-0", Refusal::Length),
        ("cc-{}-011", Refusal::Delimiter),
        ("ff-{}-01", Refusal::Version),
        ("0-{}-01", Refusal::Length),
        ("000-{}-01", Refusal::Delimiter),
        ("0000-{}-01", Refusal::Delimiter),
        (".0-{}-01", Refusal::Hex),
        ("0.-{}-01", Refusal::Hex),
        ("+0-{}-01", Refusal::Hex),
        ("A0-{}-01", Refusal::Hex),
        ("00-{}-.1", Refusal::Hex),
        ("00-{}-0.", Refusal::Hex),
        ("00-{}-+1", Refusal::Hex),
        ("00-{}-0A", Refusal::Hex),
        ("00_{}-01", Refusal::Delimiter),
        ("00-{}_01", Refusal::Delimiter),
        (
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            Refusal::ZeroTraceId,
        ),
        (
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            Refusal::ZeroParentId,
        ),
        (
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            Refusal::Hex,
        ),
        (
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00F067AA0BA902B7-01",
            Refusal::Hex,
        ),
        (
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            Refusal::Hex,
        ),
        (
            "00-4bf92f3577b34da6a3ce929d0e0e4736-+0f067aa0ba902b7-01",
            Refusal::Hex,
        ),
        (
            "00-.bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            Refusal::Hex,
        ),
        (
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            Refusal::Length,
        ),
        (
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b71-01",
            Refusal::Hex,
        ),
        (
            "00-4bf92f3577b34da6a3ce929d0e0e47366-00f067aa0ba902b7-01",
            Refusal::Length,
        ),
        (
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b-01",
            Refusal::Length,
        ),
        (
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b77-01",
            Refusal::Length,
        ),
    ];
    for (template, refusal) in cases {
        let value = template.replace("{}", ID);
        let parsed = TraceParent::parse(value.as_bytes());
        assert!(parsed.is_err(), "{value:?} was accepted");
        assert_eq!(parsed, Err(ParseError::new(refusal)), "{value:?}");
    }
}

#[test]
fn a_generated_trace_is_random_and_new() {
    let (one, other) = (TraceParent::generate(false), TraceParent::generate(true));
    assert_ne!(one.trace_id(), other.trace_id(), "trace ids");
    assert_ne!(one.parent_id(), other.parent_id(), "parent ids");
    assert_eq!(
        (one.flags().to_u8(), other.flags().to_u8()),
        (0x02, 0x03),
        "flags"
    );
}

#[test]
fn converts_to_and_from_a_span_context() {
    let parent = TraceParent::parse(format!("00-{ID}-03").as_bytes()).expect("valid");
    let span = SpanContext::from(parent);
    assert!(span.is_remote(), "a parsed parent is remote");
    assert_eq!(TraceParent::try_from(&span), Ok(parent), "back again");
    let none = TraceParent::try_from(&SpanContext::NONE);
    assert_eq!(none, Err(ParseError::new(Refusal::ZeroTraceId)), "no ids");
}

proptest! {
    #[test]
    fn any_bytes_are_parsed_without_panic(value in proptest::collection::vec(any::<u8>(), 0..80)) {
        let _ = TraceParent::parse(&value);
    }

    #[test]
    fn what_is_written_is_read_again(trace in 1u128.., parent in 1u64.., flags: u8) {
        let parent = TraceParent::new(trace.into(), parent.into(), TraceFlags::new(flags));
        let parent = parent.expect("no id is zero");
        prop_assert_eq!(TraceParent::parse(parent.to_string().as_bytes()), Ok(parent));
    }
}
