//! The option that makes a provider report usage is added on the way, and the caller sees none of it.

use std::cell::RefCell;
use std::convert::Infallible;
use std::pin::Pin;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use opentelemetry::Context;
use opentelemetry::trace::{TraceContextExt, Tracer, TracerProvider};
use throughline_llm_layer::include_usage::IncludeUsageBody;
use throughline_llm_layer::{IncludeUsageLayer, LlmLayer, RequestBody};
use throughline_test_support::{Recorder, Script, ScriptedBody};
use tower::{Layer, Service, service_fn};

use crate::support::{CHAT, Chunks, HELLO_STREAMED, MASKED, block_on, layer, next, read, recorded};

const CONTENT: &str = "data: {\"id\":\"chatcmpl-1\",\"model\":\"gpt-4o-2024-08-06\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hello there\"},\"finish_reason\":null}]}\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const USAGE: &str = "data: {\"id\":\"chatcmpl-1\",\"choices\":[],\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":7,\"total_tokens\":18}}\n\n";
const DONE: &str = "data: [DONE]\n\n";
const HELLO_WITH_USAGE: &str = r#"{"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}],"stream":true,"stream_options":{"include_usage":true}}"#;

/// Answers as a provider does: with usage if the request has the option.
fn answer(sent: &[u8], frame: usize) -> Chunks {
    let wants_usage = sent == HELLO_WITH_USAGE.as_bytes();
    let usage = if wants_usage { USAGE } else { "" };
    let stream = format!("{CONTENT}{usage}{DONE}");
    stream
        .as_bytes()
        .chunks(frame)
        .map(Bytes::copy_from_slice)
        .collect()
}

#[test]
fn the_span_has_the_usage_and_the_caller_has_not() {
    for frame in [1, 7, 50, 10_000] {
        let recorder = Recorder::new();
        let provider = service_fn(|request: Request<RequestBody<RequestBody<Chunks>>>| async move {
            let length = request.headers()["content-length"].to_str().unwrap().to_owned();
            let sent = read(request.into_body());
            assert_eq!(sent, HELLO_WITH_USAGE, "what is sent");
            assert_eq!(length, HELLO_WITH_USAGE.len().to_string(), "its length");
            let response = Response::builder()
                .header("content-type", "text/event-stream; charset=utf-8")
                .header("content-length", "4711")
                .header("x-request-id", "r-1");
            Ok::<_, Infallible>(response.body(answer(&sent, frame)).unwrap())
        });
        let mut client = IncludeUsageLayer::new().layer(layer(&recorder).layer(provider));
        let request = Request::post(CHAT)
            .header("content-length", HELLO_STREAMED.len())
            .body(HELLO_STREAMED.as_bytes().chunks(20).collect::<Chunks>())
            .unwrap();
        let Ok(response) = block_on(client.call(request));
        assert_eq!(
            response.headers().get("content-length"),
            None,
            "the length is unknown now"
        );
        assert_eq!(response.headers()["x-request-id"], "r-1", "the headers pass");
        let plain = format!("{CONTENT}{DONE}");
        assert_eq!(read(response.into_body()), plain, "frames of {frame} bytes");
        let tree = recorder.tree(MASKED);
        for expected in [
            "throughline.tokens.source=\"reported\"",
            "gen_ai.usage.input_tokens=11",
            "gen_ai.usage.output_tokens=7",
        ] {
            assert!(
                tree.contains(expected),
                "frames of {frame} bytes: {expected} in {tree}"
            );
        }
    }
}

/// Sends a request; what was sent, and the response.
fn exchange(
    request: Request<Chunks>,
    response: Response<ScriptedBody>,
) -> (Bytes, Response<IncludeUsageBody<ScriptedBody>>) {
    let sent = RefCell::new(Bytes::new());
    let mut response = Some(response);
    let provider = service_fn(|request: Request<RequestBody<Chunks>>| {
        sent.replace(read(request.into_body()));
        let response = response.take();
        async move { response.ok_or("one request") }
    });
    let provider = RefCell::new(provider);
    let shared = service_fn(|request| provider.borrow_mut().call(request));
    let response = block_on(IncludeUsageLayer::new().layer(shared).call(request));
    (sent.take(), response.unwrap())
}

fn stream(script: impl IntoIterator<Item = Script>) -> Response<ScriptedBody> {
    let response = Response::builder().header("content-type", "text/event-stream");
    response.body(ScriptedBody::new(script)).unwrap()
}

fn request(body: &'static str) -> Request<Chunks> {
    let body = [Bytes::from(body)].into_iter().collect();
    Request::post(CHAT).body(body).unwrap()
}

#[test]
fn what_has_its_own_will_passes_untouched() {
    let explicit_no = r#"{"messages":[],"stream":true,"stream_options":{"include_usage":false}}"#;
    let long = format!(r#"{{"stream":true,"user":"{}"}}"#, "x".repeat(4 * 1024 * 1024));
    let cases = [
        ("an explicit no", request(explicit_no)),
        ("an explicit yes", request(HELLO_WITH_USAGE)),
        ("no JSON", request("{\"stream\":true")),
        ("too long", request(Box::leak(long.into_boxed_str()))),
        ("another host", {
            let mut request = request(HELLO_STREAMED);
            *request.uri_mut() = "https://llm.example/v1/chat/completions".parse().unwrap();
            request
        }),
        ("an encoded answer", {
            let mut request = request(HELLO_STREAMED);
            request
                .headers_mut()
                .insert("accept-encoding", "gzip".parse().unwrap());
            request
        }),
    ];
    for (name, request) in cases {
        let before = request.body().0.iter().flatten().copied().collect::<Vec<u8>>();
        let (sent, response) = exchange(request, stream([Script::Data(USAGE), Script::Data(DONE)]));
        assert!(sent == before, "{name}: the request");
        assert_eq!(
            read(response.into_body()),
            format!("{USAGE}{DONE}"),
            "{name}: the answer, with what the request wants"
        );
    }
}

#[test]
fn answers_that_are_no_such_stream_pass_untouched() {
    for (name, value) in [("content-type", "application/json"), ("content-encoding", "gzip")] {
        let mut response = stream([Script::Data(USAGE)]);
        response.headers_mut().insert(name, value.parse().unwrap());
        response
            .headers_mut()
            .insert("content-length", "5".parse().unwrap());
        let (sent, response) = exchange(request(HELLO_STREAMED), response);
        assert_eq!(sent, HELLO_WITH_USAGE, "{value}: the option is added");
        assert_eq!(response.headers()["content-length"], "5", "{value}: the length");
        assert_eq!(read(response.into_body()), USAGE, "{value}: the answer");
    }
    let mut response = stream([Script::Data(USAGE)]);
    *response.status_mut() = http::StatusCode::BAD_REQUEST;
    let (_, response) = exchange(request(HELLO_STREAMED), response);
    assert_eq!(read(response.into_body()), USAGE, "a refusal");
}

#[test]
fn the_span_is_a_child_of_where_the_call_was_made() {
    let recorder = Recorder::new();
    let provider = service_fn(|_: Request<RequestBody<RequestBody<Chunks>>>| async {
        Ok::<_, Infallible>(stream([Script::Data(DONE)]))
    });
    let mut client = IncludeUsageLayer::new().layer(layer(&recorder).layer(provider));
    let parent = recorder.tracer_provider().tracer("test").start("parent");
    let call = {
        let _attached = Context::current_with_span(parent).attach();
        client.call(request(HELLO_STREAMED))
    };
    let Ok(response) = block_on(call);
    read(response.into_body());
    recorded();
    let tree = recorder.tree(MASKED);
    assert!(
        tree.starts_with("Internal parent\n  Client chat gpt-4o"),
        "{tree}"
    );
}

#[test]
fn what_two_layers_looked_at_can_be_sent_again() {
    let provider = service_fn(
        |request: Request<RequestBody<RequestBody<Full<Bytes>>>>| async move {
            let again = request
                .body()
                .try_clone_with(RequestBody::try_clone)
                .expect("nothing failed");
            assert_eq!(read(again), HELLO_WITH_USAGE, "what is sent again");
            assert_eq!(read(request.into_body()), HELLO_WITH_USAGE, "what is sent");
            Ok::<_, Infallible>(stream([]))
        },
    );
    let mut client = IncludeUsageLayer::new().layer(LlmLayer::new().layer(provider));
    let request = Request::post(CHAT).body(Full::from(HELLO_STREAMED)).unwrap();
    let Ok(_) = block_on(client.call(request));
}

#[test]
fn ends_errors_and_hints() {
    let held = "data: {\"choices\":[],";
    let (_, response) = exchange(
        request(HELLO_STREAMED),
        stream([
            Script::Data(CONTENT),
            Script::Data(held),
            Script::Pending,
            Script::Fail("reset"),
        ]),
    );
    let mut body = response.into_body();
    assert_eq!(next(&mut body).unwrap().unwrap(), CONTENT, "content passes");
    assert_eq!(
        next(&mut body).unwrap().unwrap(),
        held,
        "what was held comes before the error"
    );
    assert!(next(&mut body).unwrap().is_err(), "then the error");
    assert!(next(&mut body).is_none(), "then the end");

    let trailers = [
        Script::Data(CONTENT),
        Script::Data(USAGE),
        Script::Trailers("x-sum", "1"),
    ];
    let (_, response) = exchange(request(HELLO_STREAMED), stream(trailers));
    let mut body = response.into_body();
    assert_eq!(next(&mut body).unwrap().unwrap(), CONTENT, "content passes");
    let frame = block_on(std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)));
    let trailers = frame.unwrap().unwrap().into_trailers().unwrap();
    assert_eq!(trailers["x-sum"], "1", "trailers pass");

    let length = (CONTENT.len() + USAGE.len() + DONE.len()) as u64;
    let script = [Script::Data(CONTENT), Script::Data(USAGE), Script::Data(DONE)];
    let scripted = ScriptedBody::new(script)
        .with_exact_size(length)
        .knowing_its_end();
    let (_, response) = exchange(request(HELLO_STREAMED), stream([]).map(|_| scripted));
    let mut body = response.into_body();
    assert_eq!(body.size_hint().exact(), None, "it may get shorter");
    assert_eq!(body.size_hint().upper(), Some(length), "but no longer");
    assert_eq!(next(&mut body).unwrap().unwrap(), CONTENT, "content passes");
    assert_eq!(next(&mut body).unwrap().unwrap(), DONE, "what follows the usage");
    assert!(body.is_end_stream(), "the end is reported when it is reached");
    assert_eq!(
        body.size_hint().lower(),
        length,
        "the size hint of the inner body is reduced no further"
    );

    let scripted = ScriptedBody::new([Script::Data(held)]).knowing_its_end();
    let (_, response) = exchange(request(HELLO_STREAMED), stream([]).map(|_| scripted));
    let mut body = response.into_body();
    assert_eq!(next(&mut body).unwrap().unwrap(), held, "an end in the middle");
    assert!(next(&mut body).is_none(), "then the end");
}

#[cfg(feature = "reqwest")]
mod over_reqwest {
    use reqwest::{Body, Method, ResponseBuilderExt, Url};

    use super::*;

    #[test]
    fn the_url_the_extensions_and_a_body_in_memory_stay() {
        let recorder = Recorder::new();
        let provider = service_fn(|request: reqwest::Request| async move {
            let sent = request.body().and_then(Body::as_bytes).expect("a body in memory");
            assert_eq!(sent, HELLO_WITH_USAGE.as_bytes(), "what is sent");
            let response = Response::builder()
                .url(request.url().clone())
                .header("content-type", "text/event-stream")
                .extension(7);
            let stream = format!("{CONTENT}{USAGE}{DONE}");
            Ok::<_, Infallible>(reqwest::Response::from(response.body(stream).unwrap()))
        });
        let mut client = IncludeUsageLayer::new().layer(layer(&recorder).layer(provider));
        let mut request = reqwest::Request::new(Method::POST, Url::parse(CHAT).unwrap());
        *request.body_mut() = Some(Body::from(HELLO_STREAMED));
        let Ok(response) = block_on(client.call(request));
        assert_eq!(response.url().as_str(), CHAT, "the URL passes");
        assert_eq!(response.extensions().get(), Some(&7), "the extensions pass");
        assert_eq!(
            read(Body::from(response)),
            format!("{CONTENT}{DONE}"),
            "the answer"
        );
        let tree = recorder.tree(MASKED);
        assert!(tree.contains("tokens.source=\"reported\""), "the span: {tree}");
    }

    #[cfg(feature = "async-openai")]
    #[test]
    fn async_openai_takes_it() {
        let layers = (IncludeUsageLayer::new(), LlmLayer::new());
        let service = throughline_llm_layer::AsyncOpenAi::new(layers, reqwest::Client::new());
        let client = async_openai::Client::with_config(async_openai::config::OpenAIConfig::new());
        let _client = client.with_http_service(service);
    }
}
