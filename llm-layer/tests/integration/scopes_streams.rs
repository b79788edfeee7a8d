//! Streams, bodies and responses that run in a scope.

use std::convert::Infallible;
use std::future::ready;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::{FutureExt, Stream, StreamExt, stream};
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use throughline_agents::scope::Scope;
use throughline_agents::{agent, tokens, tool, workflow};
use throughline_llm_layer::RequestBody;
use throughline_test_support::Recorder;
use tower::{Layer, Service, service_fn};

use crate::support::{CHAT, Chunks, HELLO_STREAMED, MASKED, block_on, layer, next, read, recorded};

fn scope(recorder: &Recorder, scope: Scope) -> Scope {
    scope
        .with_tracer_provider(recorder.tracer_provider())
        .with_meter_provider(recorder.meter_provider())
}

const ANSWER: [&str; 3] = [
    "data: {\"model\":\"gpt-4o\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":8,\"completion_tokens\":1}}\n\ndata: [DONE]\n\n",
];

/// Sends a request for a stream through the layer.
async fn streamed_answer(
    recorder: &Recorder,
) -> Result<Response<impl Body<Error = Infallible> + use<>>, Infallible> {
    let provider = service_fn(|request: Request<RequestBody<Chunks>>| {
        read(request.into_body());
        let response = Response::builder().header("content-type", "text/event-stream");
        ready(Ok::<_, Infallible>(
            response.body(Chunks::from_iter(ANSWER)).unwrap(),
        ))
    });
    let request = Request::post(CHAT).body(Chunks::from_iter([HELLO_STREAMED]));
    layer(recorder).layer(provider).call(request.unwrap()).await
}

const WHOLE_ANSWER: &str = r#"Internal invoke_agent Planner
  - gen_ai.agent.name="Planner"
  - gen_ai.operation.name="invoke_agent"
  - gen_ai.response.finish_reasons=["stop"]
  - gen_ai.usage.input_tokens=8
  - gen_ai.usage.output_tokens=1
  - throughline.tokens.calls=1
  - throughline.tokens.input=8
  - throughline.tokens.output=1
  Client chat gpt-4o
    - gen_ai.agent.name="Planner"
    - gen_ai.operation.name="chat"
    - gen_ai.provider.name="openai"
    - gen_ai.request.model="gpt-4o"
    - gen_ai.request.stream=true
    - gen_ai.response.finish_reasons=["stop"]
    - gen_ai.response.model="gpt-4o"
    - gen_ai.response.time_to_first_chunk=_
    - gen_ai.usage.input_tokens=8
    - gen_ai.usage.output_tokens=1
    - openai.api.type="chat_completions"
    - server.address="api.openai.com"
    - server.port=443
    - throughline.time_to_first_token=_
    - throughline.time_waiting_for_reader=_
    - throughline.tokens.source="reported"
"#;

/// Bug: the span of an agent ended at the head of the response, before the call beneath it and without its
/// tokens.
#[test]
fn an_agent_ends_with_the_body_of_its_response() {
    let recorder = Recorder::new();
    let planner = scope(&recorder, agent("Planner"));
    let Ok(response) = block_on(planner.run_response(streamed_answer(&recorder)));
    assert_eq!(recorder.spans().len(), 0, "at the head of the response");
    assert_eq!(
        read(response.into_body()),
        ANSWER.concat(),
        "the body passes unchanged"
    );
    assert_eq!(recorder.tree(MASKED), WHOLE_ANSWER, "the tree");
    let spans = recorder.spans();
    let end = |name: &str| {
        spans
            .iter()
            .find(|span| span.name == name)
            .expect("a span")
            .end_time
    };
    assert!(
        end("invoke_agent Planner") >= end("chat gpt-4o"),
        "the agent ends last"
    );
}

#[test]
fn an_agent_ends_with_its_stream() {
    let recorder = Recorder::new();
    let frames = async {
        let Ok(response) = streamed_answer(&recorder).await;
        let mut body = Box::pin(response.into_body());
        stream::poll_fn(move |cx| body.as_mut().poll_frame(cx))
    };
    let answer = scope(&recorder, agent("Planner")).run_stream(frames.flatten_stream());
    let mut answer = Box::pin(answer);
    block_on(answer.next()).expect("a frame").expect("no error");
    assert_eq!(recorder.spans().len(), 0, "after the first frame");
    assert_eq!(block_on(answer.by_ref().count()), 2, "the other frames");
    assert_eq!(
        recorder.tree(MASKED),
        WHOLE_ANSWER,
        "the tree, before the stream is dropped"
    );
    assert!(block_on(answer.next()).is_none(), "it stays ended");
}

#[test]
fn an_answer_that_is_dropped_half_way_is_cancelled() {
    let recorder = Recorder::new();
    let planner = scope(&recorder, agent("Planner"));
    let Ok(mut response) = block_on(planner.run_response(streamed_answer(&recorder)));
    next(&mut Box::pin(response.body_mut()))
        .expect("a frame")
        .expect("no error");
    drop(response);
    recorded();
    let scopes: Vec<String> = recorder.tree(MASKED).lines().take(2).map(str::to_owned).collect();
    let expected = [
        "Internal invoke_agent Planner [error: dropped before it was ready]",
        "  - error.type=\"cancelled\"",
    ];
    assert_eq!(scopes, expected, "the agent");
    assert_eq!(recorder.spans().len(), 2, "the agent and the call beneath it");
}

/// Runs a tool at each poll, which shows what the context is, and yields what it is given.
struct Polled<'a, T> {
    recorder: &'a Recorder,
    items: std::vec::IntoIter<T>,
}

impl<T> Polled<'_, T> {
    fn poll(&mut self) -> Option<T> {
        drop(scope(self.recorder, tool("poll")).start());
        self.items.next()
    }
}

impl<T> Drop for Polled<'_, T> {
    fn drop(&mut self) {
        drop(scope(self.recorder, tool("drop")).start());
    }
}

fn polled<T>(recorder: &Recorder, items: Vec<T>) -> Polled<'_, T> {
    let items = items.into_iter();
    Polled { recorder, items }
}

impl<T: Unpin> Stream for Polled<'_, T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<T>> {
        Poll::Ready(self.poll())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.items.size_hint()
    }
}

impl Body for Polled<'_, Result<&'static str, io::Error>> {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let item = self.poll();
        Poll::Ready(item.map(|item| item.map(|text| Frame::data(text.into()))))
    }

    fn is_end_stream(&self) -> bool {
        self.items.len() == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.items.len() as u64)
    }
}

fn timeout() -> io::Error {
    io::Error::from(io::ErrorKind::TimedOut)
}

/// The names and failures of spans, without attributes.
fn names(recorder: &Recorder) -> Vec<String> {
    let tree = recorder.tree(MASKED);
    let names = tree.lines().filter(|line| !line.trim_start().starts_with('-'));
    names.map(str::to_owned).collect()
}

#[test]
fn a_stream_is_polled_and_dropped_in_its_scope() {
    let recorder = Recorder::new();
    let outer = scope(&recorder, workflow("w")).start();
    let attached = outer.attach();
    let items = scope(&recorder, agent("a")).try_run_stream(polled(&recorder, vec![Err(timeout()), Ok(1)]));
    drop(attached);
    drop(outer);
    let mut items = Box::pin(items);
    assert_eq!(items.size_hint(), (2, Some(2)), "the size is that of the stream");
    assert!(
        block_on(items.next()).expect("an item").is_err(),
        "the error passes"
    );
    assert_eq!(
        block_on(items.next()).expect("an item").ok(),
        Some(1),
        "and does not end the stream"
    );
    assert!(block_on(items.next()).is_none(), "the end");
    assert_eq!(items.size_hint(), (0, Some(0)), "after the end");
    let expected = [
        "Internal invoke_workflow w",
        "  Internal invoke_agent a [error: timed out]",
        "    Internal execute_tool poll",
        "    Internal execute_tool poll",
        "    Internal execute_tool poll",
        "    Internal execute_tool drop",
    ];
    assert_eq!(
        names(&recorder),
        expected,
        "beneath the context in which it was made"
    );
}

#[test]
fn a_stream_that_is_dropped_early_is_cancelled() {
    let recorder = Recorder::new();
    let mut items = Box::pin(scope(&recorder, agent("a")).run_stream(polled(&recorder, vec![1, 2])));
    block_on(items.next()).expect("an item");
    drop(items);
    let never = Recorder::new();
    drop(scope(&never, agent("a")).run_stream(polled(&recorder, vec![1])));
    let expected = [
        "Internal invoke_agent a [error: dropped before it was ready]",
        "  Internal execute_tool poll",
        "  Internal execute_tool drop",
        "Internal execute_tool drop",
    ];
    assert_eq!(names(&recorder), expected, "the stream that was polled");
    assert_eq!(
        never.spans().len(),
        0,
        "a stream that is never polled has no span"
    );
}

#[test]
fn a_stream_that_panics_fails_even_if_the_panic_is_caught() {
    let recorder = Recorder::new();
    let broken = stream::poll_fn(|_| -> Poll<Option<u8>> { panic!("on purpose") });
    let mut broken = Box::pin(scope(&recorder, agent("a")).run_stream(broken));
    catch_unwind(AssertUnwindSafe(|| block_on(broken.next()))).expect_err("the panic passes");
    assert_eq!(
        names(&recorder),
        ["Internal invoke_agent a [error: panicked]"],
        "at the panic"
    );
    assert!(block_on(broken.next()).is_none(), "it has ended");
    drop(broken);
    assert_eq!(recorder.spans().len(), 1, "it ends once");
}

#[test]
fn a_body_is_polled_and_dropped_in_its_scope() {
    for (items, error) in [
        (vec![Ok("a"), Ok("b")], ""),
        (vec![Ok("a"), Err(timeout())], " [error: timed out]"),
    ] {
        let recorder = Recorder::new();
        let mut body = Box::pin(scope(&recorder, agent("a")).run_body(polled(&recorder, items)));
        assert_eq!(body.size_hint().exact(), Some(2), "the size is that of the body");
        assert_eq!(
            next(&mut body).expect("a frame").expect("no error"),
            "a",
            "the frame passes"
        );
        assert!(!body.is_end_stream(), "there is another");
        assert_eq!(
            recorder.spans().len(),
            1,
            "the scope is open: there is only the tool's span"
        );
        assert_eq!(
            next(&mut body).expect("a frame").is_err(),
            !error.is_empty(),
            "the last one"
        );
        let expected = [
            format!("Internal invoke_agent a{error}"),
            "  Internal execute_tool poll".to_owned(),
            "  Internal execute_tool poll".to_owned(),
            "  Internal execute_tool drop".to_owned(),
        ];
        assert_eq!(
            names(&recorder),
            expected,
            "it ends with the last frame, without another poll"
        );
        assert!(body.is_end_stream(), "the end");
        assert!(next(&mut body).is_none(), "nothing comes after the end");
    }
}

/// The ledger of the scope is current for code that is polled in the stream.
#[test]
fn tokens_in_a_stream_are_those_of_its_scope() {
    let recorder = Recorder::new();
    let totals = stream::iter(0..2).then(|_| async {
        let Ok(response) = streamed_answer(&recorder).await;
        read(response.into_body());
        tokens().total()
    });
    let totals: Vec<u64> = block_on(agent("a").run_stream(totals).collect());
    assert_eq!(totals, [9, 18], "after each call");
    assert_eq!(tokens().total(), 0, "outside of the stream");
}

#[cfg(feature = "reqwest")]
#[test]
fn an_agent_ends_with_the_body_of_a_reqwest_response() {
    let recorder = Recorder::new();
    let response = ready(Ok::<_, Infallible>(reqwest::Response::from(Response::new(
        "text",
    ))));
    let Ok(response) = block_on(scope(&recorder, agent("a")).run_response(response));
    assert_eq!(recorder.spans().len(), 0, "at the head of the response");
    let text = block_on(response.text()).expect("a body");
    assert_eq!(
        (&*text, recorder.spans().len()),
        ("text", 1),
        "at the end of the body"
    );
}
