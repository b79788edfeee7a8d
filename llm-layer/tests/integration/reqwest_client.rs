//! The layer over a service of reqwest's types.

use std::convert::Infallible;

use reqwest::{Body, Method, Request, Response, ResponseBuilderExt, Url};
use throughline_agents::agent;
use throughline_llm_layer::LlmLayer;
use throughline_test_support::Recorder;
use tower::{Layer, Service, service_fn};

use crate::support::{CHAT, HELLO, MASKED, block_on, layer, read};

const ANSWER: &str =
    r#"{"choices":[{"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#;

fn call(layer: &LlmLayer, body: Body) -> Response {
    let service = service_fn(|mut request: Request| async move {
        let sent = request.body_mut().take().map(read);
        assert_eq!(sent.as_deref(), Some(HELLO.as_bytes()), "the request passes");
        let url = request.url().clone();
        let response = http::Response::builder().url(url).header("x-request-id", "r-1");
        Ok::<_, Infallible>(Response::from(response.body(ANSWER).unwrap()))
    });
    let mut request = Request::new(Method::POST, Url::parse(CHAT).unwrap());
    *request.body_mut() = Some(body);
    let Ok(response) = block_on(layer.layer(service).call(request));
    response
}

#[test]
fn in_memory_and_streamed_bodies() {
    let streamed = Body::wrap(http_body_util::StreamBody::new(futures_util::stream::iter(
        HELLO
            .as_bytes()
            .chunks(7)
            .map(|chunk| Ok::<_, Infallible>(http_body::Frame::data(bytes::Bytes::from_static(chunk)))),
    )));
    for (name, body) in [("in memory", Body::from(HELLO)), ("streamed", streamed)] {
        let recorder = Recorder::new();
        let response = call(&layer(&recorder), body);
        assert_eq!(response.url().as_str(), CHAT, "{name}: the URL passes");
        assert_eq!(
            response.headers()["x-request-id"],
            "r-1",
            "{name}: the headers pass"
        );
        assert_eq!(read(Body::from(response)), ANSWER, "{name}: the answer passes");
        let tree = recorder.tree(MASKED);
        assert!(tree.starts_with("Client chat gpt-4o\n"), "{name}: {tree}");
        assert!(tree.contains("gen_ai.usage.output_tokens=2"), "{name}: {tree}");
    }
}

/// A body in memory is read where it lies, shared and not copied, and stays one that can be sent again.
#[test]
fn a_long_body_in_memory_stays_in_memory() {
    for length in [10, 300_000, 6_000_000] {
        let body = format!(
            r#"{{"model":"gpt-4o","messages":[{{"content":"{}"}}]}}"#,
            "x".repeat(length)
        );
        let body = bytes::Bytes::from(body);
        let sent = body.clone();
        let service = service_fn(move |request: Request| {
            let again = request.try_clone().expect("it can be sent again");
            let bytes = again.body().and_then(Body::as_bytes).expect("it is in memory");
            assert_eq!(bytes, sent, "every byte passes");
            assert_eq!(bytes.as_ptr(), sent.as_ptr(), "it is not copied");
            async { Ok::<_, Infallible>(Response::from(http::Response::new(ANSWER))) }
        });
        let mut request = Request::new(Method::POST, Url::parse(CHAT).unwrap());
        *request.body_mut() = Some(Body::from(body));
        let recorder = Recorder::new();
        let Ok(response) = block_on(layer(&recorder).layer(service).call(request));
        read(Body::from(response));
        let tree = recorder.tree(MASKED);
        assert!(tree.starts_with("Client chat gpt-4o\n"), "{length}: {tree}");
        let is_too_large = tree.contains("throughline.request.unseen=\"too_large\"");
        assert_eq!(is_too_large, length > 4 * 1024 * 1024, "{length}: {tree}");
    }
}

/// reqwest's errors name the URL, and Gemini's keys may stand there: they used to be in the span's status.
#[test]
fn a_key_in_a_url_is_not_recorded() {
    const KEYED: &str =
        "https://generativelanguage.googleapis.com/v1beta/models/m:generateContent?key=secret";
    let service = service_fn(|request: Request| async move {
        let failed = http::Response::builder().url(request.url().clone()).status(500);
        let failed = Response::from(failed.body("").unwrap());
        Err::<Response, _>(failed.error_for_status().unwrap_err())
    });
    let recorder = Recorder::new();
    let mut client = layer(&recorder).layer(service);
    let mut request = Request::new(Method::POST, Url::parse(KEYED).unwrap());
    *request.body_mut() = Some(r#"{"contents":[]}"#.into());
    let agent = agent("a").with_tracer_provider(recorder.tracer_provider());
    let error = block_on(agent.try_run(client.call(request))).unwrap_err();
    assert!(
        error.to_string().contains("key=secret"),
        "the caller's is whole: {error}"
    );
    let tree = recorder.tree(MASKED);
    assert!(!tree.contains("secret"), "{tree}");
    let described =
        "for url (https://generativelanguage.googleapis.com/v1beta/models/m:generateContent?REDACTED)]";
    assert_eq!(
        tree.matches(described).count(),
        2,
        "the call and the agent: {tree}"
    );
}

#[test]
fn a_call_may_be_spawned() {
    fn is_send<T: Send>(_: &T) {}
    let mut client = LlmLayer::new().layer(reqwest::Client::new());
    let request = Request::new(Method::POST, Url::parse(CHAT).unwrap());
    is_send(&client.call(request));
}

#[test]
fn an_ipv6_address_has_no_brackets() {
    let recorder = Recorder::new();
    let service =
        service_fn(|_: Request| async { Ok::<_, Infallible>(Response::from(http::Response::new(ANSWER))) });
    let url = Url::parse("http://[::1]:11434/v1/chat/completions").unwrap();
    let mut request = Request::new(Method::POST, url);
    *request.body_mut() = Some(Body::from(HELLO));
    let Ok(response) = block_on(layer(&recorder).layer(service).call(request));
    assert_eq!(read(Body::from(response)), ANSWER, "the answer passes");
    let tree = recorder.tree(MASKED);
    assert!(
        tree.contains("server.address=\"::1\"\n  - server.port=11434"),
        "as with `http`: {tree}"
    );
}
