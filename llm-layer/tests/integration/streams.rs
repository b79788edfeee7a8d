//! Metrics beside those of tokens and times: open streams, and the remaining rate limits.

use std::cell::RefCell;
use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};

use http::{Request, Response};
use http_body_util::Full;
use throughline_llm_layer::{CallObserver, RequestBody};
use throughline_test_support::{Recorder, Script, ScriptedBody};
use throughline_tracing_layer::observe::ResponseBody;
use tower::{Layer, Service, service_fn};

use crate::support::{ACTIVE_STREAMS, CHAT, Chunks, HELLO, HELLO_STREAMED, block_on, exchange, layer, next};

/// Begins a call that is answered with this status and body.
fn begin(
    recorder: &Recorder,
    status: u16,
    prompt: &'static str,
    script: impl IntoIterator<Item = Script>,
) -> ResponseBody<ScriptedBody, CallObserver> {
    let body = RefCell::new(Some(ScriptedBody::new(script)));
    let service = service_fn(|_: Request<RequestBody<Full<&[u8]>>>| {
        let response = Response::builder().status(status);
        let response = response.body(body.take().unwrap()).unwrap();
        async move { Ok::<_, Infallible>(response) }
    });
    let request = Request::post(CHAT).body(Full::new(prompt.as_bytes())).unwrap();
    let Ok(response) = block_on(layer(recorder).layer(service).call(request));
    response.into_body()
}

fn open(recorder: &Recorder) -> Vec<String> {
    let lines = recorder.metrics().into_iter();
    lines.filter(|line| line.starts_with(ACTIVE_STREAMS)).collect()
}

#[test]
fn streams_are_open_until_they_end_in_whatever_way() {
    let labels = "{gen_ai.operation.name=chat,gen_ai.provider.name=openai,gen_ai.request.model=gpt-4o}";
    let at = |count: u8| vec![format!("{ACTIVE_STREAMS}{labels} {count}")];
    let recorder = Recorder::new();
    let script = || [Script::Data("data: {}\n\n"), Script::Data("data: [DONE]\n\n")];
    let mut read = begin(&recorder, 200, HELLO_STREAMED, script());
    let stream = begin(&recorder, 200, HELLO_STREAMED, script());
    let mut broken = begin(&recorder, 200, HELLO_STREAMED, [Script::Fail("reset")]);
    let mut panics = begin(&recorder, 200, HELLO_STREAMED, [Script::Panic]);
    assert_eq!(open(&recorder), at(4), "begun");
    while next(&mut read).is_some() {}
    assert_eq!(open(&recorder), at(3), "read to its end, and not dropped yet");
    drop(stream);
    assert_eq!(open(&recorder), at(2), "dropped unread");
    assert!(next(&mut broken).is_some_and(|frame| frame.is_err()), "the error");
    assert_eq!(open(&recorder), at(1), "failed");
    let panicked = catch_unwind(AssertUnwindSafe(move || next(&mut panics).is_some()));
    assert!(panicked.is_err(), "the panic passes");
    assert_eq!(open(&recorder), at(0), "panicked");
}

#[test]
fn what_is_no_stream_is_not_open() {
    let recorder = Recorder::new();
    let _refused = begin(&recorder, 429, HELLO_STREAMED, [Script::Data("{}")]);
    let _whole = begin(&recorder, 200, HELLO, [Script::Data("{}")]);
    assert_eq!(open(&recorder), [""; 0], "a refusal and a whole answer");
}

#[test]
fn rate_limits() {
    type Headers = [(&'static str, &'static str)];
    type Remaining = [(&'static str, u64)];
    let cases: [(bool, &Headers, &Remaining); 5] = [
        (
            true,
            &[
                ("x-ratelimit-limit-requests", "10"),
                ("x-ratelimit-remaining-requests", "9"),
                ("x-ratelimit-remaining-tokens", "149984"),
                ("x-ratelimit-reset-tokens", "6ms"),
            ],
            &[("requests", 9), ("tokens", 149_984)],
        ),
        (
            true,
            &[
                ("anthropic-ratelimit-requests-remaining", "49"),
                ("anthropic-ratelimit-input-tokens-remaining", "39000"),
                ("anthropic-ratelimit-output-tokens-remaining", "0"),
                ("anthropic-ratelimit-output-tokens-reset", "2026-11-21T00:00:00Z"),
            ],
            &[("input_tokens", 39_000), ("output_tokens", 0), ("requests", 49)],
        ),
        (
            true,
            &[
                ("x-ratelimit-remaining-", "1"),
                ("x-ratelimit-remaining-a1b2c3", "1"),
                ("x-ratelimit-remaining-abcdefghijklmnopqrstuvwxy", "1"),
                ("x-ratelimit-remaining-tokens", "-1"),
                ("x-ratelimit-remaining-requests", "unlimited"),
            ],
            &[],
        ),
        (true, &[], &[]),
        (false, &[("x-ratelimit-remaining-tokens", "1")], &[]),
    ];
    for (is_enabled, headers, expected) in cases {
        let recorder = Recorder::new();
        let layer = layer(&recorder).with_rate_limit_metrics(is_enabled);
        let request = Request::post(CHAT).body(Chunks::from_iter([HELLO])).unwrap();
        let mut response = Response::builder();
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        exchange(&layer, request, response.body(Chunks::from_iter(["{}"])).unwrap());
        let name = "throughline.rate_limit.remaining";
        let lines = recorder.metrics().into_iter();
        let seen: Vec<_> = lines.filter(|line| line.starts_with(name)).collect();
        let line = |(kind, remaining): &(&str, u64)| {
            format!("{name}{{{OPENAI},throughline.rate_limit.kind={kind}}} {remaining}")
        };
        let expected: Vec<_> = expected.iter().map(line).collect();
        assert_eq!(seen, expected, "{headers:?}, enabled: {is_enabled}");
    }
}

const OPENAI: &str = "gen_ai.provider.name=openai,gen_ai.request.model=gpt-4o";
