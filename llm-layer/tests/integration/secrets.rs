//! No public type prints a secret that it holds, and no span, metric or event shows one.

use std::convert::Infallible;
use std::fmt::Debug;
use std::io;
use std::sync::{Arc, Mutex};

use http::{Request, Response};
use serde_json::json;
use throughline_agents::agent;
use throughline_llm_layer::{Price, Prices, RequestBody, wait_idle};
use throughline_test_support::Recorder;
use tower::{Layer, ServiceExt, service_fn};

use crate::support::{Chunks, MASKED, block_on, layer, next};

const SECRET: &str = "S3cr3tV4lue";

fn assert_hides_secret(name: &str, value: &impl Debug) {
    for text in [format!("{value:?}"), format!("{value:#?}")] {
        assert!(!text.contains(SECRET), "{name} prints the secret: {text}");
    }
}

/// A request with a secret in every part that may have one.
fn request() -> Request<Chunks> {
    let url = format!(
        "https://user:{SECRET}@generativelanguage.googleapis.com/v1beta/models/m:streamGenerateContent"
    );
    Request::post(format!("{url}?key={SECRET}&alt=sse"))
        .header("authorization", format!("Bearer {SECRET}"))
        .header("x-goog-api-key", SECRET)
        .header("baggage", format!("user={SECRET}"))
        .body(
            [json!({"contents": [{"parts": [{"text": SECRET}]}]}).to_string()]
                .into_iter()
                .collect(),
        )
        .expect("a request")
}

#[test]
fn public_types_hide_what_was_sent_and_answered() {
    let recorder = Recorder::new();
    let llm = layer(&recorder).with_prices(Prices::new().with_price("m", Price::new(1.0, 1.0)));
    assert_hides_secret("LlmLayer", &llm);
    let bodies = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&bodies);
    let service = llm.layer(service_fn(move |request: Request<RequestBody<Chunks>>| {
        seen.lock()
            .unwrap()
            .push(format!("{:?} {:#?}", request.body(), request.body()));
        let events: Chunks = [
            format!("data: {{\"text\": \"{SECRET}\"}}\n\n"),
            "data: {}\n\n".to_owned(),
        ]
        .into_iter()
        .collect();
        let response = Response::builder()
            .header("content-type", "text/event-stream")
            .header("set-cookie", format!("id={SECRET}"))
            .body(events);
        async move { Ok::<_, Infallible>(response.unwrap()) }
    }));
    let Ok(response) = block_on(service.oneshot(request()));
    let mut body = response.into_body();
    let first = next(&mut body).expect("an event").expect("no error");
    assert!(String::from_utf8_lossy(&first).contains(SECRET), "it passes");
    // What is not read yet is the inner body's own.
    assert_hides_secret("ResponseBody<_, CallObserver>", &body);
    for text in bodies.lock().unwrap().iter() {
        assert!(!text.contains(SECRET), "RequestBody prints {text}");
    }
    assert_hides_secret("Prices", &Prices::new().with_price("m", Price::new(1.0, 1.0)));
}

#[test]
fn no_secret_is_recorded_of_a_failure() {
    let recorder = Recorder::new();
    let failing = service_fn(|_: Request<RequestBody<Chunks>>| async {
        let text = format!(
            "error sending request for url (//user:{SECRET}@h/m:streamGenerateContent?next=https://cb/x&key={SECRET}): \
             x-goog-api-key: {SECRET}, authorization: Bearer {SECRET}"
        );
        Err::<Response<Chunks>, _>(io::Error::other(text))
    });
    let service = layer(&recorder).layer(failing);
    let scoped = agent("Planner")
        .with_tracer_provider(recorder.tracer_provider())
        .run(service.oneshot(request()));
    block_on(scoped).expect_err("it fails");
    assert!(wait_idle(std::time::Duration::from_secs(60)), "recorded");
    let tree = recorder.tree(MASKED);
    assert!(tree.contains("REDACTED"), "the error's text is recorded:\n{tree}");
    assert!(!tree.contains(SECRET), "{tree}");
    let metrics = recorder.metrics().join("\n");
    assert!(!metrics.contains(SECRET), "{metrics}");
}
