//! Requests over the limit: the SDKs write their messages first, so model and parameters stand behind
//! megabytes of them.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::Full;
use throughline_llm_layer::{Format, LlmLayer, RequestBody, Rule};
use throughline_test_support::Recorder;
use tower::{Layer, Service, service_fn};

use crate::support::{CHAT, Chunks, MASKED, layer, poll_woken, read, recorded};

const LIMIT: usize = 1024 * 1024;

/// The most bytes that are read in one poll.
const STEP: usize = 64 * 1024;

const PARAMETERS: &str =
    r#""model":"gpt-4o","stream":true,"temperature":0.5,"max_tokens":7,"stop":["a","b"],"n":2"#;

/// What the span says of [`PARAMETERS`], and that the request is over the limit.
const EXPECTED: [&str; 7] = [
    "Client chat gpt-4o\n",
    "gen_ai.request.stream=true",
    "gen_ai.request.temperature=0.5",
    "gen_ai.request.max_tokens=7",
    "gen_ai.request.stop_sequences=[\"a\",\"b\"]",
    "gen_ai.request.choice.count=2",
    TOO_LARGE,
];

const TOO_LARGE: &str = "throughline.request.unseen=\"too_large\"";

const ANSWER: &str = r#"{"choices":[{"index":0,"finish_reason":"stop"},{"index":1,"finish_reason":"stop"}]}"#;

/// A message with images of about so many bytes.
fn images(bytes: usize) -> String {
    let image = format!(
        r#"{{"type":"image_url","image_url":{{"url":"data:image/png;base64,{}"}}}},"#,
        "aGVsbG8=".repeat(bytes / 80)
    );
    format!(r#"{{"role":"user","content":[{}0]}}"#, image.repeat(10))
}

/// Requests over the limit with [`PARAMETERS`] in every place.
fn orders() -> Vec<(&'static str, String)> {
    let long = images(LIMIT + 100_000);
    let fill = |with: &str| with.repeat((LIMIT + 100_000) / with.len());
    let behind = |messages: &str| format!(r#"{{"messages":[{messages}],{PARAMETERS}}}"#);
    vec![
        ("first", format!(r#"{{{PARAMETERS},"messages":[{long}]}}"#)),
        ("last", behind(&long)),
        (
            "last, with white space around",
            format!("\r\n{{ \"messages\" : [{long}] ,\n {PARAMETERS}\n}}\n\n"),
        ),
        (
            "between messages and tools",
            format!(
                r#"{{"messages":[{long}],{PARAMETERS},"tools":[{}{{}}]}}"#,
                r#"{"type":"function","function":{"name":"f"}},"#.repeat(10_000)
            ),
        ),
        (
            "around the messages",
            format!(
                r#"{{"model":"gpt-4o","temperature":0.5,"n":2,"messages":[{long}],"max_tokens":7,"stop":["a","b"],"stream":true}}"#
            ),
        ),
        (
            "twice, of which the last counts",
            format!(r#"{{"model":"m","temperature":1,"messages":[{long}],{PARAMETERS}}}"#),
        ),
        (
            "behind many messages",
            behind(&format!(
                "{}0",
                fill(r#"{"role":"user","content":"Hello, hello, hello, hello"},"#)
            )),
        ),
        (
            "behind many calls of tools",
            behind(&format!(
                "{}0",
                fill(r#"{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"{}"}}]},"#)
            )),
        ),
        (
            "behind a text with escapes and characters of several bytes",
            behind(&format!(
                r#"{{"role":"user","content":"{}"}}"#,
                fill("\\n\\\"\\ud83d\\ude00äöü€😀")
            )),
        ),
    ]
}

fn assert_has(name: &str, tree: &str, expected: &[&str]) {
    for expected in expected {
        assert!(tree.contains(expected), "{name}: {expected} in {tree}");
    }
    assert!(
        !tree.contains("tokens.input"),
        "{name}: the prompt is not estimated: {tree}"
    );
}

/// Sends a body, checks that it passes and that whoever polls is woken; the span, and how often the call was
/// polled.
fn sent<B>(layer: &LlmLayer, recorder: &Recorder, body: B, expected: &[u8]) -> (String, usize)
where
    B: Body<Data: 'static, Error: fmt::Debug> + 'static,
{
    let service = service_fn(|request: Request<RequestBody<B>>| {
        let passed = read(request.into_body());
        assert!(passed == expected, "every byte passes");
        async { Ok::<_, Infallible>(Response::new(Chunks::from_iter([ANSWER]))) }
    });
    let mut service = layer.layer(service);
    let (Ok(response), polls) = poll_woken(service.call(Request::post(CHAT).body(body).unwrap()));
    read(response.into_body());
    recorded();
    (recorder.tree(MASKED), polls)
}

fn limited(recorder: &Recorder) -> LlmLayer {
    layer(recorder).with_request_limit(LIMIT)
}

/// Sends a body with its own layer.
fn sent_to<B>(body: B, expected: &[u8]) -> (String, usize)
where
    B: Body<Data: 'static, Error: fmt::Debug> + 'static,
{
    let recorder = Recorder::new();
    sent(&limited(&recorder), &recorder, body, expected)
}

/// Sends a request of reqwest's, whose body is in memory.
#[cfg(feature = "reqwest")]
fn sent_by_reqwest(body: &Bytes) -> (String, usize) {
    use reqwest::{Body, Method, Request, Response, Url};

    let recorder = Recorder::new();
    let service = service_fn(|request: Request| {
        let passed = request.body().and_then(Body::as_bytes);
        assert!(passed == Some(body), "every byte passes, in memory");
        async { Ok::<_, Infallible>(Response::from(http::Response::new(ANSWER))) }
    });
    let mut request = Request::new(Method::POST, Url::parse(CHAT).unwrap());
    *request.body_mut() = Some(Body::from(body.clone()));
    let (Ok(response), polls) = poll_woken(limited(&recorder).layer(service).call(request));
    read(Body::from(response));
    recorded();
    (recorder.tree(MASKED), polls)
}

/// A vision request of 6 MB, messages first, used to have no model.
#[test]
fn a_request_in_memory_is_read_beyond_the_limit() {
    for (name, body) in orders() {
        let body = Bytes::from(body);
        assert!(body.len() > LIMIT, "{name}: over the limit");
        let halves = body.slice(..body.len() / 2).chain(body.slice(body.len() / 2..));
        // The last frame has all that is over the limit; it is not yet known to be the last.
        let at = LIMIT - 10;
        let frames = [body.slice(..at), body.slice(at..)];
        let sources = [
            ("a body in one frame", sent_to(Full::new(body.clone()), &body)),
            ("a frame in two pieces", sent_to(Full::new(halves), &body)),
            ("a frame", sent_to(Chunks::from_iter([body.clone()]), &body)),
            ("two frames", sent_to(Chunks::from_iter(frames), &body)),
            #[cfg(feature = "reqwest")]
            ("reqwest", sent_by_reqwest(&body)),
        ];
        for (source, (tree, polls)) in sources {
            let name = format!("{name}, {source}");
            assert_has(&name, &tree, &EXPECTED);
            let steps = body.len() / STEP;
            assert!(polls >= steps, "{name}: {polls} polls for {} bytes", body.len());
        }
    }
}

/// A body that yields its frames and then hangs, as one does whose client sends when it is answered.
struct Hanging(VecDeque<Bytes>);

impl Body for Hanging {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.0.pop_front() {
            Some(bytes) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            None => Poll::Pending,
        }
    }
}

/// What is not in memory is not waited for: it is not read before the request is sent.
#[test]
fn a_body_that_streams_is_read_as_far_as_the_frame_that_crosses_the_limit() {
    const FRAME: usize = 16 * 1024;
    for (name, body) in orders() {
        let frames: Chunks = body
            .as_bytes()
            .chunks(FRAME)
            .map(Bytes::copy_from_slice)
            .collect();
        let (tree, _) = sent_to(frames, body.as_bytes());
        match name {
            "first" => assert_has(name, &tree, &EXPECTED),
            "around the messages" => {
                assert_has(
                    name,
                    &tree,
                    &[
                        "Client chat gpt-4o\n",
                        "gen_ai.request.temperature=0.5",
                        TOO_LARGE,
                    ],
                );
                assert!(
                    !tree.contains("max_tokens"),
                    "{name}: the rest is not recorded: {tree}"
                );
            }
            "twice, of which the last counts" => {
                assert_has(
                    name,
                    &tree,
                    &["Client chat m\n", "gen_ai.request.temperature=1", TOO_LARGE],
                );
            }
            _ => {
                assert_has(name, &tree, &["Client chat\n", TOO_LARGE]);
                assert!(
                    !tree.contains("gen_ai.request"),
                    "{name}: nothing is made up: {tree}"
                );
            }
        }
    }
    // Polled once more, this one would hang.
    let (_, body) = orders().remove(0);
    let frames: VecDeque<_> = body
        .as_bytes()
        .chunks(FRAME)
        .take(LIMIT / FRAME + 1)
        .map(Bytes::copy_from_slice)
        .collect();
    let recorder = Recorder::new();
    let service = service_fn(|request: Request<RequestBody<Hanging>>| async move {
        drop(request);
        Ok::<_, Infallible>(Response::new(Chunks::from_iter([ANSWER])))
    });
    let mut service = limited(&recorder).layer(service);
    let (Ok(response), _) = poll_woken(service.call(Request::post(CHAT).body(Hanging(frames)).unwrap()));
    read(response.into_body());
    recorded();
    assert_has("it hangs", &recorder.tree(MASKED), &EXPECTED);
}

/// A request that does not end as it should keeps what was read of it.
#[test]
fn what_is_wrong_beyond_the_limit() {
    let long = images(LIMIT);
    let whole = format!(r#"{{"messages":[{long}],{PARAMETERS}}}"#);
    for (name, body, expected) in [
        (
            "cut off behind the model",
            whole[..whole.len() - 60].to_owned(),
            "Client chat gpt-4o\n",
        ),
        (
            "cut off in front of the model",
            whole[..LIMIT + 10].to_owned(),
            "Client chat\n",
        ),
        ("something behind", format!("{whole}x"), "Client chat gpt-4o\n"),
        (
            "a comma too many",
            whole.replacen(r#""model""#, r#","model""#, 1),
            "Client chat\n",
        ),
    ] {
        let (tree, _) = sent_to(Full::new(Bytes::from(body.clone())), body.as_bytes());
        assert_has(name, &tree, &[expected, TOO_LARGE]);
        #[cfg(feature = "reqwest")]
        {
            let (tree, _) = sent_by_reqwest(&Bytes::from(body));
            assert_has(name, &tree, &[expected, TOO_LARGE]);
        }
    }
}

/// All of a request decides whether it is a model call, and which one, as it does within the limit.
#[test]
fn what_is_read_beyond_the_limit_decides() {
    let filling = "x".repeat(LIMIT);
    let claude = || {
        Rule::new("/v1/chat/completions", Format::OpenAiChat)
            .with_model("claude-*")
            .with_provider("acme")
    };
    for (name, body, expected) in [
        (
            "messages behind the limit",
            format!(r#"{{"metadata":"{filling}","messages":[],"model":"gpt-4o"}}"#),
            &[
                "Client chat gpt-4o\n",
                "gen_ai.provider.name=\"openai\"",
                TOO_LARGE,
            ][..],
        ),
        (
            "a rule about the model",
            format!(r#"{{"messages":["{filling}"],"max_tokens":1,"model":"claude-1"}}"#),
            &[
                "Client chat claude-1\n",
                "gen_ai.provider.name=\"acme\"",
                TOO_LARGE,
            ],
        ),
        (
            "no model call",
            format!(r#"{{"text":"{filling}","model":"gpt-4o"}}"#),
            &[],
        ),
    ] {
        let recorder = Recorder::new();
        let layer = limited(&recorder).with_rule(claude());
        let (tree, _) = sent(
            &layer,
            &recorder,
            Full::new(Bytes::from(body.clone())),
            body.as_bytes(),
        );
        assert_has(name, &tree, expected);
        assert_eq!(tree.is_empty(), expected.is_empty(), "{name}: {tree}");
    }
}

/// The bytes beyond the limit are bounded too, so that the time is.
#[test]
fn at_most_64_mib_are_read_beyond_the_limit() {
    const BEYOND: usize = 64 * 1024 * 1024;
    const SMALL: usize = 1000;
    let around = r#"{"messages":[""],"model":"gpt-4o""#.len();
    for (length, is_read) in [(SMALL + BEYOND - around, true), (SMALL + BEYOND, false)] {
        let body = format!(
            r#"{{"messages":["{}"],"model":"gpt-4o","temperature":0.5}}"#,
            "x".repeat(length)
        );
        let recorder = Recorder::new();
        let layer = layer(&recorder).with_request_limit(SMALL);
        let (tree, _) = sent(
            &layer,
            &recorder,
            Full::new(Bytes::from(body.clone())),
            body.as_bytes(),
        );
        let model = if is_read {
            "Client chat gpt-4o\n"
        } else {
            "Client chat\n"
        };
        assert_has("64 MiB", &tree, &[model, TOO_LARGE]);
        assert!(
            !tree.contains("temperature"),
            "what stands behind is not read: {tree}"
        );
    }
}

/// A limit of 0 reads nothing, wherever the body is.
#[test]
fn a_limit_of_0() {
    let body = format!(r#"{{{PARAMETERS},"messages":[]}}"#);
    let recorder = Recorder::new();
    let layer = layer(&recorder).with_request_limit(0);
    let (tree, _) = sent(
        &layer,
        &recorder,
        Full::new(Bytes::from(body.clone())),
        body.as_bytes(),
    );
    assert_has("a limit of 0", &tree, &["Client chat\n", TOO_LARGE]);
}

/// What is encoded is decoded up to the limit and no further: it may unfold to anything.
#[cfg(feature = "encodings")]
#[test]
fn an_encoded_request_is_read_up_to_the_limit() {
    for (name, body) in orders() {
        let encoded = Bytes::from(zstd::encode_all(body.as_bytes(), 1).unwrap());
        let recorder = Recorder::new();
        let service = service_fn(|request: Request<RequestBody<Full<Bytes>>>| {
            assert!(read(request.into_body()) == encoded, "{name}: every byte passes");
            async { Ok::<_, Infallible>(Response::new(Chunks::from_iter([ANSWER]))) }
        });
        let request = Request::post(CHAT).header("content-encoding", "zstd");
        let request = request.body(Full::new(encoded.clone())).unwrap();
        let (Ok(response), _) = poll_woken(limited(&recorder).layer(service).call(request));
        read(response.into_body());
        recorded();
        let tree = recorder.tree(MASKED);
        let model = match name {
            "first" | "around the messages" => "Client chat gpt-4o\n",
            "twice, of which the last counts" => "Client chat m\n",
            _ => "Client chat\n",
        };
        assert_has(name, &tree, &[model, TOO_LARGE]);
        assert_eq!(
            tree.contains("max_tokens"),
            name == "first",
            "{name}: up to the limit: {tree}"
        );
    }
}
