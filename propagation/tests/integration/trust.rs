//! Callers that are believed, and others.

use std::net::SocketAddr;

use http::Request;
use opentelemetry::Context;
use opentelemetry::baggage::BaggageExt;
use opentelemetry::trace::TraceContextExt;
use throughline_propagation::{PeerAddr, RequestHead, Trust};

use crate::support::{TRACE, traceparent, w3c};

fn request(peer: Option<&str>) -> Request<()> {
    let mut request = Request::post("http://svc.example/internal/x")
        .header("traceparent", traceparent("01"))
        .header("baggage", "a=1")
        .header("x-mesh", "yes")
        .body(())
        .expect("a request");
    if let Some(peer) = peer {
        request
            .extensions_mut()
            .insert(PeerAddr(peer.parse().expect("an address")));
    }
    request
}

#[test]
fn a_caller_that_is_not_believed_is_linked_and_otherwise_ignored() {
    let request = request(None);
    let extracted = w3c().extract_trusting(&Trust::Never, &RequestHead::new(&request), &Context::new());
    assert!(!extracted.context.has_active_span(), "a new trace");
    assert!(extracted.context.baggage().is_empty(), "no baggage");
    let link = extracted.link.expect("a link");
    assert_eq!(link.trace_id().to_string(), TRACE, "to the caller's span");

    let bare = Request::new(());
    let extracted = w3c().extract_trusting(&Trust::Never, &RequestHead::new(&bare), &Context::new());
    assert!(extracted.link.is_none(), "nothing to link to");
}

#[test]
fn a_caller_that_is_believed_is_the_parent() {
    let request = request(None);
    let extracted = w3c().extract_trusting(&Trust::default(), &RequestHead::new(&request), &Context::new());
    assert_eq!(
        extracted.context.span().span_context().trace_id().to_string(),
        TRACE,
        "its trace"
    );
    assert_eq!(extracted.context.baggage().len(), 1, "its baggage");
    assert!(extracted.link.is_none(), "no link");
}

#[test]
fn a_predicate_sees_the_request_and_the_peer() {
    let loopback = Trust::when(|head| head.peer().is_some_and(|peer| peer.ip().is_loopback()));
    let mesh =
        Trust::when(|head| head.headers().contains_key("x-mesh") && head.method() == http::Method::POST);
    let path = Trust::when(|head| head.uri().path().starts_with("/public"));
    let marked = Trust::when(|head| head.extensions().get::<PeerAddr>().is_some());
    let cases = [
        (&loopback, Some("127.0.0.1:1"), true),
        (&loopback, Some("[::1]:1"), true),
        (&loopback, Some("203.0.113.7:1"), false),
        (&loopback, None, false),
        (&mesh, None, true),
        (&path, None, false),
        (&marked, Some("203.0.113.7:1"), true),
        (&marked, None, false),
    ];
    for (trust, peer, believed) in cases {
        assert_eq!(
            trust.decide(&RequestHead::new(&request(peer))),
            believed,
            "{trust:?} {peer:?}"
        );
    }
    let proxy: SocketAddr = "127.0.0.1:9".parse().expect("an address");
    let request = request(Some("203.0.113.7:1"));
    let head = RequestHead::new(&request);
    assert!(
        loopback.decide(&head.with_peer(Some(proxy))),
        "an address from elsewhere goes first"
    );
    assert!(
        !loopback.decide(&head.with_peer(None)),
        "none from elsewhere changes nothing"
    );
}

#[test]
fn a_peer_of_version_4_is_one_however_the_listener_shows_it() {
    let cases = [
        ("127.0.0.1:80", "127.0.0.1:80", true),
        ("[::ffff:127.0.0.1]:80", "127.0.0.1:80", true),
        ("[::ffff:7f00:2]:80", "127.0.0.2:80", true),
        ("[::ffff:192.0.2.1]:80", "192.0.2.1:80", false),
        ("[::1]:80", "[::1]:80", true),
        ("[fe80::1%3]:80", "[fe80::1%3]:80", false),
    ];
    let trust = Trust::when(|head| head.peer().is_some_and(|peer| peer.ip().is_loopback()));
    for (peer, expected, believed) in cases {
        let address: SocketAddr = peer.parse().expect("an address");
        let expected = Some(expected.parse().expect("an address"));
        let by_extension = request(Some(peer));
        let bare = request(None);
        let heads = [
            RequestHead::new(&by_extension),
            RequestHead::new(&bare).with_peer(Some(address)),
        ];
        for head in heads {
            assert_eq!(head.peer(), expected, "{peer}");
            assert_eq!(trust.decide(&head), believed, "{peer}: believed");
        }
    }
}
