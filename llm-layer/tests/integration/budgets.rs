//! Scopes whose tokens are used up.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::{Method, Request, Response, StatusCode};
use throughline_agents::scope::{Scope, request};
use throughline_agents::{TokenBudgetLayer, Tokens, agent, budget::BudgetBody, tokens, workflow};
use throughline_llm_layer::{CallObserver, LlmLayer, PromptSizeMode, RequestBody};
use throughline_test_support::{Recorder, attribute};
use throughline_tracing_layer::ClientLayer;
use throughline_tracing_layer::observe::ResponseBody;
use tower::{Layer, Service, ServiceBuilder, service_fn};

use crate::support::{CHAT, Chunks, HELLO, HELLO_STREAMED, MASKED, block_on, layer, next, read, recorded};

type Answered = Response<ResponseBody<BudgetBody<Chunks>, CallObserver>>;

/// What a model's server answers, and how many requests it got.
#[derive(Clone, Default)]
struct Server {
    answer: String,
    requests: Arc<AtomicU64>,
}

impl Server {
    /// A server whose answers spend so many tokens.
    fn spending(input: u64, output: u64) -> Self {
        let answer = format!(
            r#"{{"choices":[{{"finish_reason":"stop"}}],"usage":{{"prompt_tokens":{input},"completion_tokens":{output}}}}}"#
        );
        Self {
            answer,
            ..Self::default()
        }
    }

    fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    async fn serve(self, request: Request<RequestBody<Chunks>>) -> Result<Response<Chunks>, Infallible> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        read(request.into_body());
        let kind = if self.answer.starts_with("data:") {
            "text/event-stream"
        } else {
            "application/json"
        };
        let chunks = self.answer.split_inclusive('\n').map(str::to_owned).collect();
        Ok(Response::builder()
            .header("content-type", kind)
            .body(chunks)
            .unwrap())
    }

    async fn call(&self, llm: &LlmLayer, body: &'static str) -> Answered {
        let request = Request::post(CHAT).body(Chunks::from_iter([body])).unwrap();
        let server = self.clone();
        let service = service_fn(move |request| server.clone().serve(request));
        let mut service = llm.layer(TokenBudgetLayer::new().layer(service));
        let Ok(response) = service.call(request).await;
        response
    }

    /// Calls the model and reads the answer. Returns whether the call was not refused.
    async fn is_answered(&self, llm: &LlmLayer) -> bool {
        let response = self.call(llm, HELLO).await;
        let is_answered = response.status() == StatusCode::OK;
        assert!(
            is_answered || response.status() == StatusCode::TOO_MANY_REQUESTS,
            "{response:?}"
        );
        read(response.into_body());
        is_answered
    }
}

fn counts(tokens: Tokens) -> (u64, u64, u64) {
    (tokens.calls, tokens.total(), tokens.refused)
}

#[test]
fn the_call_after_the_limit_is_refused() {
    let recorder = Recorder::new();
    let server = Server::spending(30, 10);
    let service = {
        let server = server.clone();
        service_fn(move |request| server.clone().serve(request))
    };
    let mut client = ServiceBuilder::new()
        .layer(layer(&recorder))
        .layer(TokenBudgetLayer::new())
        .layer(ClientLayer::new().with_tracer_provider(recorder.tracer_provider()))
        .service(service);
    let planner = agent("Planner")
        .with_tracer_provider(recorder.tracer_provider())
        .with_meter_provider(recorder.meter_provider())
        .with_token_budget(100);
    let (totals, refusal, models) = block_on(planner.run(async {
        let mut call = |method, uri: &'static str| {
            let request = Request::builder().method(method).uri(uri);
            client.call(request.body(Chunks::from_iter([HELLO])).unwrap())
        };
        for _ in 0..3 {
            let Ok(response) = call(Method::POST, CHAT).await;
            assert_eq!(response.status(), StatusCode::OK, "with 0, 40 and 80 tokens used");
            read(response.into_body());
        }
        let Ok(refusal) = call(Method::POST, CHAT).await;
        let (head, body) = refusal.into_parts();
        let body = read(body);
        let Ok(models) = call(Method::GET, "https://api.openai.com/v1/models").await;
        let totals = tokens();
        read(models.into_body());
        (totals, Response::from_parts(head, body), server.requests())
    }));
    assert_eq!(counts(totals), (3, 120, 1), "the calls, the tokens, the refusals");
    assert_eq!(totals.unknown, 0, "a refused call has no unknown tokens");
    assert_eq!(models, 4, "other requests are sent");
    assert_eq!(refusal.status(), StatusCode::TOO_MANY_REQUESTS, "refused");
    let header = |name: &str| refusal.headers()[name].to_str().unwrap();
    assert_eq!(header("x-should-retry"), "false", "clients need not try again");
    assert_eq!(
        header("content-length"),
        refusal.body().len().to_string(),
        "the length"
    );
    let error: serde_json::Value = serde_json::from_slice(refusal.body()).unwrap();
    let expected = serde_json::json!({"type": "error", "error": {
        "message": "agent \"Planner\" has spent 120 of its 100 tokens; this call was not sent",
        "type": "insufficient_quota", "param": null, "code": "token_budget_exceeded",
    }});
    assert_eq!(error, expected, "the error");
    let spans = recorder.spans();
    let refused = spans
        .iter()
        .rfind(|span| span.name == "chat gpt-4o")
        .expect("a span of the call");
    assert_eq!(
        attribute(refused, "error.type").as_deref(),
        Some("token_budget_exceeded"),
        "the call"
    );
    assert_eq!(
        attribute(refused, "throughline.tokens.source").as_deref(),
        Some("none"),
        "the call"
    );
    assert_eq!(attribute(refused, "gen_ai.usage.input_tokens"), None, "the call");
    let status = format!("{:?}", refused.status);
    assert!(
        status.contains("has spent 120 of its 100 tokens"),
        "the call: {status}"
    );
    let attempts = spans
        .iter()
        .filter(|span| span.parent_span_id == refused.span_context.span_id());
    assert_eq!(attempts.count(), 0, "nothing was sent");
    let scope = spans.last().expect("the scope");
    for (key, value) in [
        ("throughline.tokens.limit", "100"),
        ("throughline.tokens.refused", "1"),
        ("throughline.tokens.calls", "3"),
        ("gen_ai.usage.input_tokens", "90"),
    ] {
        assert_eq!(attribute(scope, key).as_deref(), Some(value), "{key}");
    }
    let calls = "gen_ai.invoke_agent.inference_calls{gen_ai.agent.name=Planner} sum=3".to_owned();
    assert!(
        recorder.sums().contains(&calls),
        "a refused call is not counted: {:?}",
        recorder.sums()
    );
}

#[test]
fn a_scope_is_kept_by_all_budgets_above_it() {
    let llm = LlmLayer::new();
    let server = Server::spending(10, 0);
    let run = |scope: Scope| scope.run(async { (server.is_answered(&llm).await, counts(tokens())) });
    let message = block_on(workflow("w").with_token_budget(30).run(async {
        let small = agent("small").with_token_budget(10);
        let twice = small.run(async { [server.is_answered(&llm).await, server.is_answered(&llm).await] });
        assert_eq!(twice.await, [true, false], "its own budget");
        assert_eq!(
            run(agent("a")).await,
            (true, (1, 10, 0)),
            "the budget of another agent"
        );
        assert_eq!(
            run(agent("b").with_token_budget(1000)).await,
            (true, (1, 10, 0)),
            "30 are used"
        );
        assert_eq!(
            run(agent("c").with_token_budget(1000)).await,
            (false, (0, 0, 1)),
            "the workflow's"
        );
        assert_eq!(counts(tokens()), (3, 30, 2), "of the workflow");
        read(server.call(&llm, HELLO).await.into_body())
    }));
    let message = String::from_utf8_lossy(&message).into_owned();
    assert!(
        message.contains(r#"workflow \"w\" has spent 30 of its 30 tokens"#),
        "{message}"
    );
    assert_eq!(run_alone(&server, &llm), (true, (1, 10, 0)), "another workflow");
    assert_eq!(
        block_on(run(request().with_token_budget(0))),
        (false, (0, 0, 1)),
        "a budget of nothing"
    );
    assert!(block_on(server.is_answered(&llm)), "outside of any scope");
}

fn run_alone(server: &Server, llm: &LlmLayer) -> (bool, (u64, u64, u64)) {
    block_on(
        workflow("w")
            .with_token_budget(30)
            .run(async { (server.is_answered(llm).await, counts(tokens())) }),
    )
}

#[test]
fn streams_count_when_they_end() {
    let llm = LlmLayer::new();
    let event = r#"data: {"choices":[{"index":0,"delta":{"content":"one two three four five"}}]}"#;
    let last = r#"data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
    let usage = r#"data: {"choices":[],"usage":{"prompt_tokens":8,"completion_tokens":5}}"#;
    let server = Server {
        answer: format!("{event}\n\n{last}\n\n{usage}\n\ndata: [DONE]\n\n"),
        requests: Arc::default(),
    };
    block_on(agent("a").with_token_budget(13).run(async {
        let mut first = server.call(&llm, HELLO_STREAMED).await;
        next(first.body_mut()).expect("a chunk").unwrap();
        let mut second = server.call(&llm, HELLO_STREAMED).await;
        assert_eq!(second.status(), StatusCode::OK, "the first is still in flight");
        read(first.into_body());
        assert_eq!(counts(tokens()), (1, 13, 0), "the limit is reached");
        assert!(!server.is_answered(&llm).await, "by the first alone");
        next(second.body_mut()).expect("a chunk").unwrap();
        drop(second);
        recorded();
        let tokens = tokens();
        assert_eq!(
            (tokens.calls, tokens.refused),
            (2, 1),
            "a call in flight is counted, also if it is cancelled"
        );
        assert_eq!(tokens.output, 10, "five tokens of each passed");
        assert!(tokens.estimated >= 5, "those of the second are estimated");
    }));
    assert_eq!(server.requests(), 2, "two were sent");
}

/// A budget reached by an answer that was cancelled half-way is reached.
#[test]
fn a_cancelled_call_spends_what_passed() {
    let llm = LlmLayer::new();
    let event = r#"data: {"choices":[{"index":0,"delta":{"content":"one two three four five"}}]}"#;
    let server = Server {
        answer: format!("{event}\n\n").repeat(9),
        requests: Arc::default(),
    };
    block_on(agent("a").with_token_budget(10).run(async {
        let mut response = server.call(&llm, HELLO_STREAMED).await;
        next(response.body_mut()).expect("a chunk").unwrap();
        next(response.body_mut()).expect("its end").unwrap();
        drop(response);
        recorded();
        assert!(tokens().total() >= 10, "{:?}", tokens());
        assert!(!server.is_answered(&llm).await, "refused");
    }));
}

#[test]
fn no_call_is_lost_and_none_begins_after_the_limit_was_seen() {
    const THREADS: u64 = 8;
    const CALLS: u64 = 1000;
    const LIMIT: u64 = 6000;
    let server = Server::spending(2, 1);
    let llm = LlmLayer::new();
    let scope = workflow("all").with_token_budget(LIMIT).start();
    std::thread::scope(|threads| {
        for _ in 0..THREADS {
            threads.spawn(|| {
                let _attached = scope.attach();
                for _ in 0..CALLS {
                    let reached = scope.tokens().total() >= LIMIT;
                    let answered = block_on(agent("one").run(server.is_answered(&llm)));
                    assert!(!(reached && answered), "the limit was seen before the call");
                }
            });
        }
    });
    let total = scope.tokens();
    assert_eq!(
        total.calls,
        server.requests(),
        "each call that was sent is counted"
    );
    assert_eq!(
        total.calls + total.refused,
        THREADS * CALLS,
        "each call is answered or refused"
    );
    assert_eq!(total.total(), 3 * total.calls, "to the last token");
    assert!(total.total() >= LIMIT, "the limit is reached: {total:?}");
    assert!(
        total.total() <= LIMIT + 3 * (THREADS - 1),
        "passed by calls in flight only: {total:?}"
    );
}

/// TaskWeaver counts prompts before they are sent; one that is not sent is none.
#[test]
fn a_refused_call_has_no_prompt() {
    let recorder = Recorder::new();
    let llm = layer(&recorder).with_prompt_size(PromptSizeMode::TaskWeaver);
    block_on(
        agent("a")
            .with_token_budget(0)
            .run(Server::spending(1, 1).is_answered(&llm)),
    );
    let metrics = recorder.metrics();
    assert!(
        !metrics.iter().any(|line| line.starts_with("prompt_size")),
        "{metrics:?}"
    );
    let tree = recorder.tree(MASKED);
    assert!(tree.contains(r#"error.type="token_budget_exceeded""#), "{tree}");
}

/// A call is refused when it is made, so dropping its future does not count as cancelling it.
#[cfg(feature = "reqwest")]
#[test]
fn a_refused_call_that_is_dropped_before_it_is_polled_is_refused() {
    let recorder = Recorder::new();
    let provider =
        service_fn(|_: reqwest::Request| std::future::pending::<Result<reqwest::Response, Infallible>>());
    let mut client = layer(&recorder).layer(TokenBudgetLayer::new().layer(provider));
    let planner = agent("a").with_tracer_provider(recorder.tracer_provider());
    let tokens = block_on(planner.with_token_budget(0).run(async {
        let mut request = reqwest::Request::new(Method::POST, reqwest::Url::parse(CHAT).unwrap());
        *request.body_mut() = Some(HELLO.into());
        drop(client.call(request));
        tokens()
    }));
    assert_eq!((tokens.calls, tokens.refused), (0, 1), "{tokens:?}");
    let tree = recorder.tree(MASKED);
    assert!(tree.contains(r#"error.type="token_budget_exceeded""#), "{tree}");
    assert!(tree.contains(r#"throughline.tokens.source="none""#), "{tree}");
}

#[cfg(feature = "reqwest")]
#[test]
fn a_refusal_over_reqwest_has_the_url_of_its_request() {
    let provider =
        service_fn(|_: reqwest::Request| std::future::pending::<Result<reqwest::Response, Infallible>>());
    let mut client = LlmLayer::new().layer(TokenBudgetLayer::new().layer(provider));
    let mut request = reqwest::Request::new(Method::POST, reqwest::Url::parse(CHAT).unwrap());
    *request.body_mut() = Some(HELLO.into());
    let call = async { client.call(request).await };
    let Ok(response) = block_on(agent("a").with_token_budget(0).run(call));
    assert_eq!(response.url().as_str(), CHAT, "the URL");
}
