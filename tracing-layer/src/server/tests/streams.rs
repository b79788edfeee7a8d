//! Event streams, and responses that choose where their exchange ends.

use std::convert::Infallible;
use std::future;

use http::{Response, StatusCode};
use http_body_util::BodyExt;
use throughline_test_support::{Recorder, Script, ScriptedBody};
use tower::{Layer, ServiceExt, service_fn};

use super::{layer, request};
use crate::observe::EndAt;
use crate::server::ServerLayer;

/// How a caller reads a response.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Read {
    Nothing,
    OneFrame,
    All,
}

/// Serves `response` through `layer`, and reads it.
async fn read(layer: ServerLayer, response: Response<ScriptedBody>, read: Read) {
    let mut response = Some(response);
    let service = layer.layer(service_fn(move |_| {
        future::ready(Ok::<_, Infallible>(response.take().expect("one request")))
    }));
    let response = service.oneshot(request("GET", "/")).await.expect("infallible");
    let mut body = response.into_body();
    match read {
        Read::Nothing => {}
        Read::OneFrame => drop(body.frame().await),
        Read::All => drop(body.collect().await),
    }
}

fn error_type(recorder: &Recorder) -> Option<String> {
    let spans = recorder.spans();
    let mut attributes = spans[0].attributes.iter();
    let class = attributes.find(|attribute| attribute.key.as_str() == "error.type");
    class.map(|attribute| attribute.value.to_string())
}

#[tokio::test]
async fn a_reader_that_leaves_an_event_stream_ends_it() {
    use Read::{All, Nothing, OneFrame};
    let fails = [Script::Data("a"), Script::Fail("cut")];
    let sent = [Script::Data("a"), Script::Pending, Script::Data("b")];
    let scripted = "throughline_test_support::body::ScriptedError";
    // Content type, status, the script of the body, how it is read, whether leaving is an error, and the
    // class of the error.
    let cases = [
        ("text/event-stream", 200, &sent[..], OneFrame, false, None),
        ("text/event-stream", 200, &sent, Nothing, false, None),
        (
            "text/event-stream;charset=utf-8",
            200,
            &sent,
            OneFrame,
            false,
            None,
        ),
        ("Text/Event-Stream", 200, &sent, OneFrame, false, None),
        ("text/event-stream", 200, &sent, OneFrame, true, Some("cancelled")),
        ("text/event-stream", 500, &sent, OneFrame, false, Some("500")),
        ("text/event-stream", 200, &fails, All, false, Some(scripted)),
        ("text/event-stream", 200, &sent, All, true, None),
        ("application/json", 200, &sent, OneFrame, false, Some("cancelled")),
        ("text/plain", 200, &sent, Nothing, false, Some("cancelled")),
        ("", 200, &sent, OneFrame, false, Some("cancelled")),
    ];
    for (content_type, status, script, how, are_errors, expected) in cases {
        let case = format!("{content_type} {status}, read {how:?}, errors: {are_errors}");
        let recorder = Recorder::new();
        let layer = layer(&recorder).with_stream_cancellation_errors(are_errors);
        let mut response = Response::new(ScriptedBody::new(script.to_vec()));
        *response.status_mut() = StatusCode::from_u16(status).expect("a status code");
        let value = content_type.parse().expect("a value");
        response.headers_mut().insert("content-type", value);
        read(layer, response, how).await;
        assert_eq!(recorder.spans().len(), 1, "{case}: one span");
        assert_eq!(error_type(&recorder).as_deref(), expected, "{case}");
        let metrics = recorder.metrics().join("\n");
        assert_eq!(
            metrics.contains("error.type"),
            expected.is_some(),
            "{case}: {metrics}"
        );
    }
}

#[tokio::test]
async fn an_exchange_ends_where_its_response_says() {
    type Setup = fn(ServerLayer) -> ServerLayer;
    let by_status = |layer: ServerLayer| {
        layer.with_end_at_fn(|head| match head.status {
            StatusCode::OK => EndAt::Headers,
            _ => EndAt::Body,
        })
    };
    let cases: [(&str, Setup, Option<EndAt>, u16, EndAt); 9] = [
        ("the default", |layer| layer, None, 200, EndAt::Body),
        (
            "a constant",
            |layer| layer.with_end_at(EndAt::Headers),
            None,
            200,
            EndAt::Headers,
        ),
        ("the function", by_status, None, 200, EndAt::Headers),
        (
            "the function, for another response",
            by_status,
            None,
            201,
            EndAt::Body,
        ),
        (
            "an extension",
            |layer| layer,
            Some(EndAt::Headers),
            200,
            EndAt::Headers,
        ),
        (
            "an extension over the function",
            by_status,
            Some(EndAt::Body),
            200,
            EndAt::Body,
        ),
        (
            "an extension over the constant",
            |layer| layer.with_end_at(EndAt::Headers),
            Some(EndAt::Body),
            200,
            EndAt::Body,
        ),
        (
            "the constant where the function panics",
            |layer| {
                let layer = layer.with_end_at(EndAt::Headers);
                layer.with_end_at_fn(|_| panic!("on purpose"))
            },
            None,
            200,
            EndAt::Headers,
        ),
        (
            "the head where there is no body",
            |layer| layer,
            Some(EndAt::Body),
            204,
            EndAt::Headers,
        ),
    ];
    for (case, set_up, extension, status, expected) in cases {
        let recorder = Recorder::new();
        let mut response = Response::new(ScriptedBody::new([Script::Data("a")]));
        *response.status_mut() = StatusCode::from_u16(status).expect("a status code");
        response.extensions_mut().extend(
            extension
                .map(|end_at| {
                    let mut extensions = http::Extensions::new();
                    extensions.insert(end_at);
                    extensions
                })
                .unwrap_or_default(),
        );
        read(set_up(layer(&recorder)), response, Read::Nothing).await;
        // If a response is dropped unread, this is only an error if the exchange ends with its body.
        let expected_type = (expected == EndAt::Body).then_some("cancelled");
        assert_eq!(error_type(&recorder).as_deref(), expected_type, "{case}");
    }
}

#[tokio::test]
async fn the_time_to_headers_is_recorded_on_request() {
    let cases = [
        (None, EndAt::Body, false),
        (Some(false), EndAt::Body, false),
        (Some(true), EndAt::Body, true),
        (Some(true), EndAt::Headers, false),
    ];
    for (asked, end_at, expected) in cases {
        let recorder = Recorder::new();
        let mut layer = layer(&recorder).with_end_at(end_at);
        if let Some(asked) = asked {
            layer = layer.with_time_to_headers(asked);
        }
        read(
            layer,
            Response::new(ScriptedBody::new([Script::Data("a")])),
            Read::All,
        )
        .await;
        let tree = recorder.tree(&[]);
        let shown = tree.contains("throughline.http.time_to_headers=");
        assert_eq!(shown, expected, "asked: {asked:?}, {end_at:?}:\n{tree}");
        assert_eq!(
            tree.contains("throughline."),
            expected,
            "nothing else of our own:\n{tree}"
        );
    }
}
