//! Agents, tools and workflows, and the tokens of each.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Request, Response};
use opentelemetry::KeyValue;
use throughline_agents::{Tokens, agent, in_agent, tokens, tool, workflow};
use throughline_llm_layer::{LlmLayer, wait_idle};
use throughline_test_support::Recorder;

use crate::support::{CHAT, Chunks, HELLO, MASKED, block_on, exchange, layer};

pub(crate) async fn chat(layer: &LlmLayer, input: u64, output: u64) {
    let answer = format!(
        r#"{{"choices":[{{"finish_reason":"stop"}}],"usage":{{"prompt_tokens":{input},"completion_tokens":{output}}}}}"#
    );
    let request = Request::post(CHAT).body(Chunks::from_iter([HELLO])).unwrap();
    exchange(layer, request, Response::new(Chunks::from_iter([answer])));
}

fn counts(tokens: Tokens) -> (u64, u64, u64) {
    (tokens.calls, tokens.input, tokens.output)
}

#[test]
fn every_scope_totals_the_usage_beneath_it() {
    let recorder = Recorder::new();
    let layer = layer(&recorder);
    let provider = recorder.tracer_provider();
    block_on(
        workflow("checkout")
            .with_tracer_provider(provider.clone())
            .run(async {
                let planner = agent("Planner")
                    .with_tracer_provider(provider.clone())
                    .with_conversation("c-1");
                planner
                    .run(async {
                        chat(&layer, 10, 1).await;
                        let search = tool("search").with_tracer_provider(provider.clone());
                        search
                            .with_attribute(KeyValue::new("k", "v"))
                            .run(chat(&layer, 200, 20))
                            .await;
                        assert_eq!(counts(tokens()), (2, 210, 21), "of the agent, tools included");
                    })
                    .await;
                chat(&layer, 3000, 300).await;
                assert_eq!(counts(tokens()), (3, 3210, 321), "of the workflow");
            }),
    );
    assert_eq!(tokens(), Tokens::default(), "outside of any scope");
    let tree = recorder.tree(MASKED);
    let is_shown = |line: &&str| {
        ![
            "server.",
            "openai.",
            "gen_ai.provider",
            "gen_ai.request",
            "source",
            "finish",
        ]
        .iter()
        .any(|part| line.contains(part))
    };
    let seen: Vec<&str> = tree.lines().filter(is_shown).collect();
    let expected = r#"Internal invoke_workflow checkout
  - gen_ai.operation.name="invoke_workflow"
  - gen_ai.workflow.name="checkout"
  - throughline.tokens.calls=3
  - throughline.tokens.input=3210
  - throughline.tokens.output=321
  Internal invoke_agent Planner
    - gen_ai.agent.name="Planner"
    - gen_ai.conversation.id="c-1"
    - gen_ai.operation.name="invoke_agent"
    - gen_ai.usage.input_tokens=210
    - gen_ai.usage.output_tokens=21
    - throughline.tokens.calls=2
    - throughline.tokens.input=210
    - throughline.tokens.output=21
    Client chat gpt-4o
      - gen_ai.agent.name="Planner"
      - gen_ai.conversation.id="c-1"
      - gen_ai.operation.name="chat"
      - gen_ai.usage.input_tokens=10
      - gen_ai.usage.output_tokens=1
    Internal execute_tool search
      - gen_ai.agent.name="Planner"
      - gen_ai.conversation.id="c-1"
      - gen_ai.operation.name="execute_tool"
      - gen_ai.tool.name="search"
      - k="v"
      - throughline.tokens.calls=1
      - throughline.tokens.input=200
      - throughline.tokens.output=20
      Client chat gpt-4o
        - gen_ai.agent.name="Planner"
        - gen_ai.conversation.id="c-1"
        - gen_ai.operation.name="chat"
        - gen_ai.usage.input_tokens=200
        - gen_ai.usage.output_tokens=20
  Client chat gpt-4o
    - gen_ai.operation.name="chat"
    - gen_ai.usage.input_tokens=3000
    - gen_ai.usage.output_tokens=300"#;
    assert_eq!(seen.join("\n"), expected, "the tree");
}

#[test]
fn totals_are_exact_when_calls_run_at_once() {
    let outer = workflow("all").start();
    let layer = LlmLayer::new();
    let inner = Arc::new(Mutex::new(Vec::new()));
    std::thread::scope(|threads| {
        for _ in 0..8 {
            threads.spawn(|| {
                let _attached = outer.attach();
                let tokens = block_on(in_agent("one of many", async {
                    for _ in 0..500 {
                        chat(&layer, 3, 1).await;
                    }
                    tokens()
                }));
                inner.lock().unwrap().push(counts(tokens));
            });
        }
    });
    assert_eq!(*inner.lock().unwrap(), [(500, 1500, 500); 8], "of each agent");
    assert_eq!(counts(outer.tokens()), (4000, 12_000, 4000), "of all");
}

/// A long prompt is counted on another thread: the scope's span waits for the number, not for the caller.
#[test]
fn a_long_prompt_is_counted_elsewhere_and_still_in_its_scope() {
    let recorder = Recorder::new();
    let layer = layer(&recorder);
    let long = "word ".repeat(20_000);
    let body = format!(r#"{{"model":"gpt-4o","messages":[{{"role":"user","content":"{long}"}}]}}"#);
    let answer = r#"{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]}"#;
    block_on(
        workflow("w")
            .with_tracer_provider(recorder.tracer_provider())
            .run(async {
                let request = Request::post(CHAT).body(Chunks::from_iter([body])).unwrap();
                exchange(&layer, request, Response::new(Chunks::from_iter([answer])));
            }),
    );
    assert!(wait_idle(Duration::from_secs(60)), "counted in time");
    let spans = recorder.spans();
    assert_eq!(spans.len(), 2, "both spans ended");
    let tree = recorder.tree(MASKED);
    assert!(
        tree.contains("  - throughline.tokens.input=20008\n"),
        "the scope's total: {tree}"
    );
    assert!(
        tree.contains("    - throughline.tokens.input=20008\n"),
        "the call's: {tree}"
    );
    assert!(
        spans[0].end_time <= spans[1].end_time,
        "the scope ended after the call"
    );
}
