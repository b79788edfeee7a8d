//! Branches that run at once, and end in every way: the tokens of the roles are those of the request.

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;

use http::{Request, Response};
use opentelemetry_sdk::trace::SpanData;
use throughline_agents::scope::Scope;
use throughline_agents::{Tokens, agent, tokens, tool, workflow};
use throughline_llm_layer::{LlmLayer, RequestBody};
use throughline_test_support::{Recorder, attribute};
use tokio::task::{JoinSet, yield_now};
use tower::{Layer, Service, service_fn};

use crate::support::{CHAT, Chunks, HELLO_STREAMED, layer, next, read, recorded};

const FIRST: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"one two three\"}}]}\n\n";

/// Streams an answer of so many tokens, frame by frame, other tasks between.
async fn stream(llm: &LlmLayer, status: u16, input: u64, output: u64, frames: usize) {
    let last = format!(
        "data: {{\"choices\":[{{\"index\":0,\"delta\":{{}},\"finish_reason\":\"stop\"}}],\
         \"usage\":{{\"prompt_tokens\":{input},\"completion_tokens\":{output}}}}}\n\n"
    );
    let service = service_fn(|request: Request<RequestBody<Chunks>>| {
        read(request.into_body());
        let answer = [FIRST.to_owned(), last.clone(), "data: [DONE]\n\n".to_owned()];
        let body = answer.into_iter().filter(|_| status == 200).collect::<Chunks>();
        let response = Response::builder()
            .status(status)
            .header("content-type", "text/event-stream");
        let response = response.body(body).unwrap();
        async move {
            yield_now().await;
            Ok::<_, Infallible>(response)
        }
    });
    let request = Request::post(CHAT).body(Chunks::from_iter([HELLO_STREAMED]));
    let Ok(mut response) = llm.layer(service).call(request.unwrap()).await;
    for _ in 0..frames {
        yield_now().await;
        if next(response.body_mut()).is_none() {
            break;
        }
    }
}

const WHOLE: usize = 4;

/// The numbers of a span that has ended.
fn totals(span: &SpanData) -> [i64; 3] {
    let number = |key: &str| attribute(span, key).map_or(0, |number| number.parse().unwrap());
    ["calls", "input", "output"].map(|name| number(&format!("throughline.tokens.{name}")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn roles_add_up_to_the_request_however_they_end() {
    let recorder = Recorder::new();
    let llm = layer(&recorder);
    let traced = |scope: Scope| scope.with_tracer_provider(recorder.tracer_provider());
    let request = traced(workflow("request")).run(async {
        let mut branches = JoinSet::new();
        for round in 0..8_u64 {
            let role = |name| traced(agent(name));
            let llm = [(); 5].map(|()| llm.clone());
            let [working, cancelled, failing, panicking, outer] = llm;
            branches.spawn(role("working").run(async move {
                for call in 0..10 {
                    stream(&working, 200, 7 * round + call + 1, 3, WHOLE).await;
                }
            }));
            branches.spawn(role("cancelled").run(async move {
                stream(&cancelled, 200, 1000, 3, 1).await;
                let half = tool("never done").run(async move {
                    stream(&cancelled, 200, 11, 3, WHOLE).await;
                    pending::<()>().await;
                });
                drop(tokio::time::timeout(std::time::Duration::ZERO, half).await);
            }));
            branches.spawn(role("failing").run(async move {
                stream(&failing, 500, 0, 0, WHOLE).await;
                stream(&failing, 200, 13, 5, WHOLE).await;
            }));
            branches.spawn(role("panicking").run(async move {
                stream(&panicking, 200, 17, 5, WHOLE).await;
                panic!("on purpose");
            }));
            stream(&outer, 200, 100_000, 1, WHOLE).await;
        }
        let mut panics = 0;
        while let Some(branch) = branches.join_next().await {
            panics += u8::from(branch.is_err_and(|error| error.is_panic()));
        }
        assert_eq!(panics, 8, "the panics pass");
        recorded();
        tokens()
    });
    let of_request = request.await;
    recorded();
    let spans = recorder.spans();
    let sum = |name: &str| {
        let named = spans.iter().filter(|span| span.name == name);
        named
            .map(totals)
            .fold([0; 3], |sum, next| std::array::from_fn(|i| sum[i] + next[i]))
    };
    let roles =
        ["working", "cancelled", "failing", "panicking"].map(|role| sum(&format!("invoke_agent {role}")));
    let [working, cancelled, failing, panicking] = roles;
    assert_eq!(
        working,
        [80, 10 * 7 * 28 + 8 * 45 + 80, 240],
        "ten calls, eight times"
    );
    assert_eq!(
        failing,
        [16, 8 * 13, 8 * 5],
        "the tokens of a failed call are unknown"
    );
    assert_eq!(panicking, [8, 8 * 17, 8 * 5], "the tokens until the panic");
    assert!(
        cancelled[2] >= 8 * 3,
        "what passed before the stream was dropped: {cancelled:?}"
    );
    let own = [8, 800_000, 8];
    let all = roles
        .iter()
        .chain([&own])
        .fold([0; 3], |sum, next| std::array::from_fn(|i| sum[i] + next[i]));
    assert_eq!(
        sum("invoke_workflow request"),
        all,
        "the request is the sum of its roles"
    );
    let Tokens {
        calls, input, output, ..
    } = of_request;
    assert_eq!(
        [calls, input, output].map(|count| i64::try_from(count).unwrap()),
        all,
        "code sees the same"
    );
    let calls = spans.iter().filter(|span| span.name.starts_with("chat"));
    assert_eq!(i64::try_from(calls.count()).unwrap(), all[0], "a span a call");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn totals_of_thousands_of_calls_are_exact() {
    let llm = Arc::new(LlmLayer::new());
    let counted = workflow("all").run(async move {
        let mut agents = JoinSet::new();
        for _ in 0..10 {
            let llm = llm.clone();
            agents.spawn(agent("a").run(async move {
                let mut tools = JoinSet::new();
                for _ in 0..10 {
                    let llm = llm.clone();
                    tools.spawn(tool("t").run(async move {
                        for _ in 0..50 {
                            stream(&llm, 200, 2, 1, WHOLE).await;
                        }
                        tokens()
                    }));
                }
                while let Some(tool) = tools.join_next().await {
                    assert_eq!(counts(tool.unwrap()), [50, 100, 50], "of a tool");
                }
                tokens()
            }));
        }
        while let Some(agent) = agents.join_next().await {
            assert_eq!(counts(agent.unwrap()), [500, 1000, 500], "of an agent");
        }
        tokens()
    });
    assert_eq!(counts(counted.await), [5000, 10_000, 5000], "of all");
}

fn counts(tokens: Tokens) -> [u64; 3] {
    [tokens.calls, tokens.input, tokens.output]
}

#[tokio::test]
async fn unknown_tokens_are_not_zero() {
    let recorder = Recorder::new();
    let llm = layer(&recorder);
    let scope = || agent("a").with_tracer_provider(recorder.tracer_provider());
    scope().run(stream(&llm, 429, 0, 0, WHOLE)).await;
    let both = async {
        stream(&llm, 429, 0, 0, WHOLE).await;
        stream(&llm, 200, 7, 3, WHOLE).await;
    };
    scope().run(both).await;
    let recorded_totals = recorder
        .spans()
        .into_iter()
        .filter(|span| span.name == "invoke_agent a");
    let recorded_totals: Vec<String> = recorded_totals
        .map(|span| {
            let tokens = span.attributes.iter().filter_map(|attribute| {
                let name = attribute.key.as_str().strip_prefix("throughline.tokens.")?;
                Some(format!("{name}={}", attribute.value))
            });
            tokens.collect::<Vec<_>>().join(" ")
        })
        .collect();
    assert_eq!(
        recorded_totals,
        ["calls=1 unknown=1", "calls=2 input=7 output=3 unknown=1"],
        "what the spans say"
    );
}
