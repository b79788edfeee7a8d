//! What an agent's span says of its model calls.

use http::{Request, Response};
use throughline_agents::scope::Scope;
use throughline_agents::{agent, tool};
use throughline_llm_layer::LlmLayer;
use throughline_test_support::Recorder;

use crate::support::{CHAT, Chunks, HELLO, MASKED, block_on, exchange};

/// The span of an agent ends with what its calls read from caches and wrote to them, and how the last of them
/// finished.
#[test]
fn an_agent_has_its_cached_tokens_and_its_last_finish_reasons() {
    let recorder = Recorder::new();
    let layer = LlmLayer::new();
    let chat = |finish: &str, cache_read: u64, cache_write: u64| {
        let answer = format!(
            r#"{{"type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[{{"type":"text","text":"Hi"}}],"stop_reason":"{finish}","usage":{{"input_tokens":5,"cache_read_input_tokens":{cache_read},"cache_creation_input_tokens":{cache_write},"output_tokens":2}}}}"#
        );
        let request = Request::post("https://api.anthropic.com/v1/messages");
        let body =
            r#"{"model":"claude-sonnet-4-5","max_tokens":9,"messages":[{"role":"user","content":"Hello"}]}"#;
        exchange(
            &layer,
            request.body(Chunks::from_iter([body])).unwrap(),
            Response::new(Chunks::from_iter([answer])),
        );
    };
    let scope = |scope: Scope| scope.with_tracer_provider(recorder.tracer_provider());
    block_on(scope(agent("Planner")).run(async {
        chat("tool_use", 0, 40);
        scope(tool("search"))
            .run(async { chat("max_tokens", 40, 0) })
            .await;
        scope(agent("Critic")).run(async { chat("refusal", 0, 0) }).await;
    }));
    let expected = r#"Internal invoke_agent Planner
  - gen_ai.agent.name="Planner"
  - gen_ai.operation.name="invoke_agent"
  - gen_ai.response.finish_reasons=["max_tokens"]
  - gen_ai.usage.cache_read.input_tokens=40
  - gen_ai.usage.cache_write.input_tokens=40
  - gen_ai.usage.input_tokens=95
  - gen_ai.usage.output_tokens=6
  - throughline.tokens.cache_read=40
  - throughline.tokens.calls=3
  - throughline.tokens.input=95
  - throughline.tokens.output=6
  Internal execute_tool search
    - gen_ai.agent.name="Planner"
    - gen_ai.operation.name="execute_tool"
    - gen_ai.tool.name="search"
    - throughline.tokens.cache_read=40
    - throughline.tokens.calls=1
    - throughline.tokens.input=45
    - throughline.tokens.output=2
  Internal invoke_agent Critic
    - gen_ai.agent.name="Critic"
    - gen_ai.operation.name="invoke_agent"
    - gen_ai.response.finish_reasons=["refusal"]
    - gen_ai.usage.input_tokens=5
    - gen_ai.usage.output_tokens=2
    - throughline.tokens.calls=1
    - throughline.tokens.input=5
    - throughline.tokens.output=2
"#;
    assert_eq!(recorder.tree(MASKED), expected, "the tree");
}

/// The finish reasons are those of the last inference call, also if it has none; embeddings do not count.
#[test]
fn finish_reasons_of_a_failed_call_replace_those_before() {
    let recorder = Recorder::new();
    let layer = LlmLayer::new();
    let call = |url: &str, body: &'static str, status: u16, answer: &'static str| {
        let response = Response::builder()
            .status(status)
            .body(Chunks::from_iter([answer]));
        let request = Request::post(url).body(Chunks::from_iter([body])).unwrap();
        exchange(&layer, request, response.unwrap());
    };
    let answer =
        r#"{"choices":[{"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}"#;
    let embed = || {
        call(
            "https://api.openai.com/v1/embeddings",
            r#"{"model":"e","input":"x"}"#,
            200,
            "{}",
        );
    };
    let mut reasons = Vec::new();
    for fails in [false, true] {
        let scope = agent("a").with_tracer_provider(recorder.tracer_provider());
        block_on(scope.run(async {
            call(CHAT, HELLO, 200, answer);
            if fails {
                call(CHAT, HELLO, 500, "");
            }
            embed();
        }));
        let span = recorder.spans().pop().expect("a span");
        let reason = span
            .attributes
            .into_iter()
            .find(|attribute| attribute.key.as_str() == "gen_ai.response.finish_reasons");
        reasons.push(reason.map(|reason| reason.value.to_string()));
    }
    assert_eq!(
        reasons,
        [Some("[\"stop\"]".to_owned()), None],
        "without and with a failure"
    );
}
