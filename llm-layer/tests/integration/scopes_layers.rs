//! Scopes around the requests of services.

use std::convert::Infallible;
use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use throughline_agents::scope::{ScopeLayer, request};
use throughline_agents::{agent, tokens, tool};
use throughline_llm_layer::LlmLayer;
use throughline_test_support::{Recorder, attribute};
use throughline_tracing_layer::ServerLayer;
use tower::{Layer, Service, service_fn};

use crate::support::{CHAT, Chunks, HELLO, block_on, exchange, read};

#[test]
fn any_service_may_be_a_tool() {
    let recorder = Recorder::new();
    let provider = recorder.tracer_provider();
    let layer =
        ScopeLayer::new(move |name: &&'static str| tool(*name).with_tracer_provider(provider.clone()));
    let mut tools = layer.layer(service_fn(|name: &'static str| {
        assert_ne!(name, "broken", "on purpose");
        async move {
            match name {
                "slow" => pending().await,
                "failing" => Err(std::io::Error::from(std::io::ErrorKind::TimedOut)),
                _ => {
                    chat(10);
                    Ok(())
                }
            }
        }
    }));
    block_on(tools.call("working")).expect("it works");
    block_on(tools.call("failing")).expect_err("it fails");
    let mut slow = Box::pin(tools.call("slow"));
    let polled = slow.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(polled.is_pending(), "pending");
    drop(slow);
    drop(tools.call("never polled"));
    catch_unwind(AssertUnwindSafe(|| drop(tools.call("broken")))).expect_err("the panic passes");
    let spans = recorder.tree(&[]);
    let expected = r#"Internal execute_tool working
  - gen_ai.operation.name="execute_tool"
  - gen_ai.tool.name="working"
  - throughline.tokens.calls=1
  - throughline.tokens.input=10
  - throughline.tokens.output=1
Internal execute_tool failing [error: timed out]
  - error.type="timeout"
  - gen_ai.operation.name="execute_tool"
  - gen_ai.tool.name="failing"
Internal execute_tool slow [error: dropped before it was ready]
  - error.type="cancelled"
  - gen_ai.operation.name="execute_tool"
  - gen_ai.tool.name="slow"
Internal execute_tool never polled [error: dropped before it was ready]
  - error.type="cancelled"
  - gen_ai.operation.name="execute_tool"
  - gen_ai.tool.name="never polled"
Internal execute_tool broken [error: panicked]
  - error.type="panic"
  - gen_ai.operation.name="execute_tool"
  - gen_ai.tool.name="broken"
"#;
    assert_eq!(spans, expected, "a span a request");
}

fn chat(input: u64) {
    let answer = format!(
        r#"{{"choices":[{{"finish_reason":"stop"}}],"usage":{{"prompt_tokens":{input},"completion_tokens":1}}}}"#
    );
    let request = Request::post(CHAT).body(Chunks::from_iter([HELLO])).unwrap();
    exchange(
        &LlmLayer::new(),
        request,
        Response::new(Chunks::from_iter([answer])),
    );
}

/// A body that calls a model for each of its frames.
struct CallingBody(u8);

impl Body for CallingBody {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.0 = self.0.saturating_sub(1);
        if self.0 == 0 {
            return Poll::Ready(None);
        }
        chat(100);
        let text = tokens().input.to_string();
        Poll::Ready(Some(Ok(Frame::data(text.into()))))
    }
}

#[test]
fn an_http_scope_lasts_as_long_as_the_body() {
    let recorder = Recorder::new();
    let agent = agent("Writer").with_tracer_provider(recorder.tracer_provider());
    let mut service = agent.http_layer().layer(service_fn(|frames: u8| {
        chat(1000);
        async move {
            chat(10_000);
            let status = if frames > 4 { 503 } else { 200 };
            Ok::<_, Infallible>(
                Response::builder()
                    .status(status)
                    .body(CallingBody(frames))
                    .unwrap(),
            )
        }
    }));
    let Ok(response) = block_on(service.call(3));
    assert_eq!(recorder.spans().len(), 0, "it is still open");
    assert_eq!(read(response.into_body()), "1110011200", "what the body saw");
    let Ok(dropped) = block_on(service.call(4));
    drop(dropped);
    let Ok(refused) = block_on(service.call(5));
    assert_eq!(read(refused.into_body()).len(), 20, "four frames");
    let spans = recorder.spans().into_iter().map(|span| {
        (
            attribute(&span, "throughline.tokens.input"),
            attribute(&span, "error.type"),
        )
    });
    let expected = [
        ("11200", None),
        ("11000", Some("cancelled")),
        ("11400", Some("503")),
    ];
    let expected = expected.map(|(input, error)| (Some(input.to_owned()), error.map(str::to_owned)));
    assert_eq!(
        spans.collect::<Vec<_>>(),
        expected,
        "the tokens, and how it ended"
    );
}

/// The server's span ends with the body too: the tokens of the request must be on it before.
#[test]
fn a_server_span_has_the_usage_of_its_request() {
    let recorder = Recorder::new();
    let server = ServerLayer::new()
        .with_tracer_provider(recorder.tracer_provider())
        .with_meter_provider(recorder.meter_provider());
    let request_scope = request()
        .with_conversation("c-1")
        .with_meter_provider(recorder.meter_provider());
    let provider = recorder.tracer_provider();
    let handler = service_fn(move |_: Request<String>| {
        let writer = agent("Writer").with_tracer_provider(provider.clone());
        async move {
            writer.run(async { chat(1000) }).await;
            Ok::<_, Infallible>(Response::new(CallingBody(3)))
        }
    });
    let mut service = server.layer(request_scope.http_layer().layer(handler));
    let post = || {
        Request::post("http://localhost/chat")
            .body(String::new())
            .unwrap()
    };
    let Ok(response) = block_on(service.call(post()));
    read(response.into_body());
    let Ok(dropped) = block_on(service.call(post()));
    drop(dropped);
    let spans = recorder.spans();
    let of_requests = spans.iter().filter(|span| span.name == "POST").map(|span| {
        let keys = [
            "throughline.tokens.input",
            "throughline.tokens.calls",
            "gen_ai.conversation.id",
        ];
        keys.map(|key| attribute(span, key).expect(key)).join(" ")
    });
    assert_eq!(
        of_requests.collect::<Vec<_>>(),
        ["1200 3 c-1", "1000 1 c-1"],
        "the server's spans"
    );
    assert_eq!(spans.len(), 4, "no others than those and the agents'");
    let metrics = recorder.metrics();
    assert!(
        metrics.iter().all(|line| line.starts_with("http.server.")),
        "a request has its metrics: {metrics:?}"
    );
}
