//! Hostile messages, and connections that are not observed.

use http::Uri;
use throughline_agents::in_model_call;
use throughline_llm_layer::{LlmWebSocket, Rule};
use throughline_test_support::Recorder;

use super::{Connection, REALTIME, RESPONSES};
use crate::support::{MASKED, layer, lines_with};

const CREATE: &str = r#"{"type":"response.create","model":"gpt-5","input":"Hello"}"#;
const COMPLETED: &str = r#"{"type":"response.completed","response":{"id":"resp_1","status":"completed","usage":{"input_tokens":3,"output_tokens":4,"total_tokens":7}}}"#;

#[tokio::test]
async fn hostile_messages_pass_and_harm_no_call() {
    let mut connection = Connection::open(RESPONSES).await;
    connection.client(CREATE).await;
    connection
        .server(r#"{"type":"response.created","response":{"id":"resp_1"}}"#)
        .await;
    let garbage = "\u{fffd}{\"type\":".repeat(100_000);
    let deep = format!(
        r#"{{"type":"response.output_text.delta","delta":{}"#,
        "[".repeat(1 << 20)
    );
    let unfinished = r#"{"type":"response.output_text.delta","delta":"Hel"#;
    for text in [
        &*garbage,
        &deep,
        unfinished,
        "",
        "7",
        r#"{"type":"response.new","response_id":"resp_1","x":[{}]}"#,
    ] {
        connection.client(text).await;
        connection.server(text).await;
    }
    connection.server(COMPLETED).await;
    for recorder in [&connection.of_client, &connection.of_server] {
        let expected = [
            "gen_ai.usage.input_tokens=3",
            "gen_ai.usage.output_tokens=4",
            r#"throughline.tokens.source="reported""#,
        ];
        assert_eq!(
            lines_with(
                recorder,
                &[
                    "gen_ai.usage",
                    "throughline.tokens",
                    "throughline.response",
                    "error"
                ]
            ),
            expected
        );
    }
}

/// What the other side chooses is cut, and no number of responses takes more memory than that of 64.
#[test]
fn values_are_bounded() {
    let recorder = Recorder::new();
    let long = "x".repeat(1 << 14);
    let url: Uri = format!("wss://api.openai.com/v1/realtime?model={}", "m".repeat(10_000))
        .parse()
        .expect("a URL");
    let mut observer = LlmWebSocket::new(&layer(&recorder), &url);
    for call in 0..200 {
        observer.read_server(&format!(
            r#"{{"type":"response.created","response":{{"id":"{call}{long}","conversation_id":"{long}"}}}}"#
        ));
    }
    drop(observer);
    let spans = recorder.spans();
    assert_eq!(spans.len(), 64, "the calls that are followed");
    for span in spans {
        assert!(span.name.len() <= 128, "the name of a span");
        for attribute in &span.attributes {
            let length = attribute.value.as_str().len();
            assert!(length <= 1024, "{} has {length} bytes", attribute.key);
        }
    }
}

#[test]
fn connections_that_are_not_observed() {
    let recorder = Recorder::new();
    let exchange = |mut observer: LlmWebSocket| {
        observer.read_client(CREATE);
        observer.read_server(COMPLETED);
    };
    let url = Uri::from_static(RESPONSES);
    exchange(LlmWebSocket::new(
        &layer(&recorder),
        &Uri::from_static("wss://x.test/chat"),
    ));
    let ignore = layer(&recorder).with_rule(Rule::ignore("/responses"));
    exchange(LlmWebSocket::new(&ignore, &url));
    let inside = in_model_call(&opentelemetry::Context::new());
    exchange(LlmWebSocket::new(&layer(&recorder), &url).with_context(inside));
    assert_eq!(
        recorder.tree(MASKED),
        "",
        "no URL of an API, excluded, observed already"
    );
    exchange(LlmWebSocket::new(&layer(&recorder), &url));
    assert_eq!(
        recorder.spans().len(),
        1,
        "the same exchange is observed otherwise"
    );
}

#[test]
fn nothing_of_the_connection_is_in_its_debug_output() {
    let recorder = Recorder::new();
    let url: Uri = format!("{REALTIME}&key=secret").parse().expect("a URL");
    let socket = LlmWebSocket::new(&layer(&recorder), &url).client("secret");
    let debug = format!("{socket:?}");
    assert!(
        debug.contains("is_observed: true") && !debug.contains("secret"),
        "{debug}"
    );
}
