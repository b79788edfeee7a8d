//! The hook that receives the usage of a call.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Request, Response};
use throughline_agents::{CallUsage, TokenSource};
use throughline_llm_layer::{LlmLayer, RequestBody, UsageHook, wait_idle};
use throughline_test_support::Recorder;
use tower::{Layer, Service, service_fn};

use crate::support::{CHAT, Chunks, HELLO, block_on, layer, read};

const ANSWER: &str =
    r#"{"choices":[{"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":3}}"#;

/// Sends a request and returns what the hook received. If `is_left`, the answer is dropped unread.
fn received(llm: &LlmLayer, url: &str, is_left: bool) -> Vec<CallUsage> {
    let received: Arc<Mutex<Vec<CallUsage>>> = Arc::default();
    let hook = UsageHook::new({
        let received = received.clone();
        move |usage| {
            received.lock().unwrap().push(*usage);
            panic!("a panic of a hook is caught");
        }
    });
    let service = service_fn(async |request: Request<RequestBody<Chunks>>| {
        read(request.into_body());
        let response = Response::builder().header("content-type", "application/json");
        Ok::<_, Infallible>(response.body(Chunks::from_iter([ANSWER])).unwrap())
    });
    let request = Request::post(url).extension(hook);
    let request = request.body(Chunks::from_iter([HELLO])).unwrap();
    block_on(async {
        let Ok(response) = llm.layer(service).call(request).await;
        if !is_left {
            read(response.into_body());
        }
    });
    wait_idle(Duration::from_secs(30));
    let received = received.lock().unwrap();
    received.clone()
}

#[test]
fn hook_receives_the_usage_of_a_call_once() {
    let recorder = Recorder::new();
    for (llm, what) in [
        (layer(&recorder), "recorded"),
        (LlmLayer::new(), "without providers"),
    ] {
        let [usage] = received(&llm, CHAT, false)[..] else {
            panic!("{what}: one usage");
        };
        let counts = (usage.input, usage.output);
        let expected = (Some((7, TokenSource::Reported)), Some((3, TokenSource::Reported)));
        assert_eq!(counts, expected, "{what}");
    }
}

#[test]
fn hook_of_a_request_that_is_no_model_call_is_not_called() {
    let usages = received(
        &LlmLayer::new(),
        "https://api.openai.com/v1/fine_tuning/jobs",
        false,
    );
    assert_eq!(usages, [], "no usage");
}

#[test]
fn hook_receives_what_was_seen_of_an_answer_that_is_left() {
    let [usage] = received(&LlmLayer::new(), CHAT, true)[..] else {
        panic!("one usage");
    };
    let input = usage.input.map(|(_, source)| source);
    assert_eq!(
        (input, usage.output),
        (Some(TokenSource::Estimated), None),
        "the prompt was sent"
    );
}
