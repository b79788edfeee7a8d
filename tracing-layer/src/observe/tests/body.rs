//! The endings of a body, and the frames that pass.

use std::pin::pin;
use std::task::Poll;

use bytes::Bytes;
use http::Response;
use http_body::Body;
use http_body_util::{BodyExt, Empty, Full};
use opentelemetry::Context;
use throughline_test_support::{Script, ScriptedBody};

use super::{Log, LogObserver, guard, observe, observed, poll, read};
use crate::observe::{EndAt, EndGuard};

#[test]
fn body_endings() {
    use Script::{Data, Fail, Pending, Trailers};
    let cases: Vec<(&str, ScriptedBody, Vec<&str>, Vec<&str>)> = vec![
        (
            "complete",
            ScriptedBody::new([Data("a"), Pending, Data("bcd")]),
            vec!["a", "bcd"],
            vec!["head 200", "data 1", "data 3", "Complete"],
        ),
        (
            "trailers",
            ScriptedBody::new([Data("a"), Trailers("x", "1")]),
            vec!["a", "{\"x\": \"1\"}"],
            vec!["head 200", "data 1", "trailers", "Trailers"],
        ),
        (
            "body error",
            ScriptedBody::new([Data("a"), Fail("cut")]),
            vec!["a", "error cut"],
            vec![
                "head 200",
                "data 1",
                "BodyError(throughline_test_support::body::ScriptedError(cut)): cut",
            ],
        ),
        (
            "already ended",
            ScriptedBody::new([]).knowing_its_end(),
            vec![],
            vec!["head 200", "Complete"],
        ),
        (
            "known end after the last frame",
            ScriptedBody::new([Data("a")]).knowing_its_end(),
            vec!["a"],
            vec!["head 200", "data 1", "Complete"],
        ),
    ];
    for (name, body, expected, calls) in cases {
        let log = Log::default();
        assert_eq!(
            read(observed(body, &log).into_body()),
            expected,
            "{name}: what the caller gets"
        );
        assert_eq!(*log.borrow(), calls, "{name}: the calls of the observer");
    }
}

#[test]
fn every_poll_is_observed_before_its_result() {
    let log = Log::default();
    let guard = EndGuard::new(LogObserver {
        log: log.clone(),
        context: Context::new(),
        until: EndAt::Body,
        polls: true,
    });
    let script = [
        Script::Data("a"),
        Script::Pending,
        Script::Data("b"),
        Script::Trailers("x", "1"),
    ];
    read(observe(Response::new(ScriptedBody::new(script)), guard).into_body());
    let expected = [
        "head 200", "poll", "data 1", "poll", "poll", "data 1", "poll", "trailers", "Trailers",
    ];
    assert_eq!(*log.borrow(), expected, "and none after the end");
}

#[test]
fn dropped_body_is_dropped_unless_it_had_ended() {
    let cases = [
        (
            "nothing read",
            ScriptedBody::new([Script::Data("a")]),
            0,
            None,
            "Dropped",
        ),
        (
            "half read",
            ScriptedBody::new([Script::Data("a"), Script::Data("b")]),
            1,
            None,
            "Dropped",
        ),
        (
            "all read, end unasked",
            ScriptedBody::new([Script::Data("a")]),
            1,
            None,
            "Dropped",
        ),
        (
            "end known",
            ScriptedBody::new([Script::Data("a")]).knowing_its_end(),
            1,
            None,
            "Complete",
        ),
        (
            "promised length read",
            ScriptedBody::new([Script::Data("ab")]),
            1,
            Some("2"),
            "Complete",
        ),
        (
            "less than promised",
            ScriptedBody::new([Script::Data("ab")]),
            1,
            Some("3"),
            "Dropped",
        ),
        (
            "more than promised",
            ScriptedBody::new([Script::Data("ab")]),
            1,
            Some("1"),
            "Dropped",
        ),
        ("empty promise", ScriptedBody::new([]), 0, Some("0"), "Complete"),
    ];
    for (name, body, frames, length, ending) in cases {
        let log = Log::default();
        let mut response = Response::new(body);
        if let Some(length) = length {
            response
                .headers_mut()
                .insert("content-length", length.parse().expect("a header value"));
        }
        let mut body = observe(response, guard(&log, EndAt::Body)).into_body();
        for _ in 0..frames {
            let frame = pin!(body.frame());
            assert!(matches!(poll(frame), Poll::Ready(Some(Ok(_)))), "{name}: a frame");
        }
        drop(body);
        assert_eq!(log.borrow().last().map(String::as_str), Some(ending), "{name}");
        let endings = log.borrow().iter().filter(|line| *line == ending).count();
        assert_eq!(endings, 1, "{name}: one ending");
    }
}

#[test]
fn head_is_the_end_where_the_observer_says_so() {
    let log = Log::default();
    let body = ScriptedBody::new([Script::Data("a"), Script::Fail("cut")]);
    let response = observe(Response::new(body), guard(&log, EndAt::Headers));
    assert_eq!(
        read(response.into_body()),
        ["a", "error cut"],
        "the body passes all the same"
    );
    assert_eq!(
        *log.borrow(),
        ["head 200", "Complete"],
        "the body is not observed"
    );
}

#[test]
fn hints_pass_through() {
    let log = Log::default();
    let body = observed(ScriptedBody::new([Script::Data("abc")]).with_exact_size(3), &log).into_body();
    assert_eq!(body.size_hint().exact(), Some(3), "precise size hint");
    assert!(!body.is_end_stream(), "not ended");
    let body = observed(Full::new(Bytes::from_static(b"abcd")), &log).into_body();
    assert_eq!(body.size_hint().exact(), Some(4), "a full body knows its size");
    let body = observed(Empty::<Bytes>::new(), &log).into_body();
    assert!(body.is_end_stream(), "an empty body has ended");
    assert_eq!(body.size_hint().exact(), Some(0), "an empty body has no bytes");
}
