//! The durations of scopes, and the calls of agents.

use http::{Request, Response};
use opentelemetry::baggage::BaggageExt;
use opentelemetry::{Context, KeyValue};
use throughline_agents::scope::Scope;
use throughline_agents::{agent, tool, workflow};
use throughline_llm_layer::{Convention, Direction, LlmLayer, add_prompt_size};
use throughline_test_support::Recorder;

use crate::support::{CHAT, Chunks, HELLO, block_on, exchange};

fn measured(recorder: &Recorder, scope: Scope) -> Scope {
    scope.with_meter_provider(recorder.meter_provider())
}

fn call(url: &str, body: &'static str, response: Response<Chunks>) {
    let request = Request::post(url).body(Chunks::from_iter([body])).unwrap();
    exchange(&LlmLayer::new(), request, response);
}

fn chat() {
    let answer =
        r#"{"choices":[{"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}"#;
    call(CHAT, HELLO, Response::new(Chunks::from_iter([answer])));
}

#[test]
fn each_call_belongs_to_one_agent() {
    let recorder = Recorder::new();
    block_on(measured(&recorder, workflow("trip")).run(async {
        let planner = measured(&recorder, agent("Planner"));
        let planned = planner.try_run(async {
            chat();
            let fails = Response::builder().status(500);
            call(CHAT, HELLO, fails.body(Chunks::default()).unwrap());
            let embed = "https://api.openai.com/v1/embeddings";
            call(
                embed,
                r#"{"model":"e","input":"x"}"#,
                Response::new(Chunks::default()),
            );
            let search = measured(&recorder, tool("search")).run(async {
                chat();
                let coder = measured(&recorder, agent("Coder".to_owned()));
                coder.run(async { chat() }).await;
            });
            search.await;
            let run = measured(&recorder, tool("run")).try_run(async { Err("no such file") });
            // What goes out by MCP is a tool, and within a tool it is that one.
            let mcp = throughline_agents::mcp::Mcp::new();
            let fetch = serde_json::json!({"id": 1, "method": "tools/call", "params": {"name": "fetch"}});
            mcp.client(&mut fetch.clone()).run(async {}).await;
            measured(&recorder, tool("fetch"))
                .run(async { mcp.client(&mut fetch.clone()).run(async {}).await })
                .await;
            run.await
        });
        let _: Result<(), _> = planned.await;
        chat();
    }));
    let expected = [
        "gen_ai.execute_tool.duration{error.type=_OTHER,gen_ai.agent.name=Planner,gen_ai.tool.name=run} count=1",
        "gen_ai.execute_tool.duration{gen_ai.agent.name=Planner,gen_ai.tool.name=fetch} count=1",
        "gen_ai.execute_tool.duration{gen_ai.agent.name=Planner,gen_ai.tool.name=search} count=1",
        "gen_ai.invoke_agent.duration{error.type=_OTHER,gen_ai.agent.name=Planner} count=1",
        "gen_ai.invoke_agent.duration{gen_ai.agent.name=Coder} count=1",
        "gen_ai.invoke_agent.inference_calls{gen_ai.agent.name=Coder} count=1",
        "gen_ai.invoke_agent.inference_calls{gen_ai.agent.name=Planner} count=1",
        "gen_ai.invoke_agent.tool_calls{gen_ai.agent.name=Coder} count=1",
        "gen_ai.invoke_agent.tool_calls{gen_ai.agent.name=Planner} count=1",
        "gen_ai.invoke_workflow.duration{gen_ai.workflow.name=trip} count=1",
    ];
    assert_eq!(recorder.metrics(), expected, "one point a scope");
    let calls = recorder.sums().into_iter().filter(|line| line.contains("_calls"));
    let expected = [
        "gen_ai.invoke_agent.inference_calls{gen_ai.agent.name=Coder} sum=1",
        "gen_ai.invoke_agent.inference_calls{gen_ai.agent.name=Planner} sum=3",
        "gen_ai.invoke_agent.tool_calls{gen_ai.agent.name=Coder} sum=0",
        "gen_ai.invoke_agent.tool_calls{gen_ai.agent.name=Planner} sum=4",
    ];
    assert_eq!(
        calls.collect::<Vec<_>>(),
        expected,
        "failed calls too, embeddings not"
    );
}

#[test]
fn tokens_are_counted_by_the_agent_that_spent_them() {
    let recorder = Recorder::new();
    let layer = LlmLayer::new()
        .with_meter_provider(recorder.meter_provider())
        .with_names_from_baggage(true);
    let answer =
        r#"{"choices":[{"finish_reason":"stop"}],"usage":{"prompt_tokens":2,"completion_tokens":1}}"#;
    let chat = || {
        let request = Request::post(CHAT).body(Chunks::from_iter([HELLO])).unwrap();
        exchange(&layer, request, Response::new(Chunks::from_iter([answer])));
    };
    block_on(agent("Planner").run(async {
        chat();
        agent("Coder").run(async { chat() }).await;
        chat();
    }));
    let another = Context::new().with_baggage([KeyValue::new("gen_ai.agent.name", "Stranger")]);
    let attached = another.attach();
    chat();
    drop(attached);
    for (counter, tokens) in [("input_tokens", 2), ("output_tokens", 1)] {
        let lines = recorder.metrics();
        let name = format!("gen_ai.client.inference.usage.{counter}{{");
        let lines = lines.iter().filter_map(|line| line.strip_prefix(&name));
        let counted: Vec<(Option<&str>, &str)> = lines
            .map(|line| {
                let (labels, value) = line.split_once("} ").unwrap();
                let mut labels = labels.split(',');
                (
                    labels.find_map(|label| label.strip_prefix("gen_ai.agent.name=")),
                    value,
                )
            })
            .collect();
        let expected = [
            (Some("Coder"), tokens),
            (Some("Planner"), 2 * tokens),
            (None, tokens),
        ];
        let expected = expected.map(|(agent, value)| (agent, value.to_string()));
        let expected: Vec<_> = expected.iter().map(|(agent, value)| (*agent, &**value)).collect();
        assert_eq!(
            counted, expected,
            "{counter}: by the agents here, and by no name that came with a request"
        );
    }
}

#[test]
fn prompt_size_of_a_call_that_no_layer_sees_is_on_the_span() {
    let recorder = Recorder::new();
    let role = agent("Planner").with_tracer_provider(recorder.tracer_provider());
    block_on(role.run(async {
        add_prompt_size(120, Direction::Input);
        add_prompt_size(u64::MAX, Direction::Output);
    }));
    add_prompt_size(1, Direction::Input);
    let expected = "Internal invoke_agent Planner\n  - gen_ai.agent.name=\"Planner\"\n  - gen_ai.operation.name=\"invoke_agent\"\n  \
                    - output_size=9223372036854775807\n  - prompt_size=120\n";
    assert_eq!(recorder.tree(&[]), expected, "TaskWeaver's names");
}

/// Scopes used to record five metrics that version 1.41 does not have.
#[test]
fn version_1_41_has_one_duration_of_all_scopes() {
    let durations = [
        "gen_ai.client.operation.duration{error.type=_OTHER,gen_ai.operation.name=execute_tool} count=1",
        "gen_ai.client.operation.duration{gen_ai.operation.name=invoke_agent} count=1",
    ];
    let newer = [
        "gen_ai.execute_tool.duration{error.type=_OTHER,gen_ai.agent.name=Planner,gen_ai.tool.name=search} count=1",
        "gen_ai.invoke_agent.duration{gen_ai.agent.name=Planner} count=1",
        "gen_ai.invoke_agent.inference_calls{gen_ai.agent.name=Planner} count=1",
        "gen_ai.invoke_agent.tool_calls{gen_ai.agent.name=Planner} count=1",
    ];
    for (convention, expected) in [
        (Convention::V1_41, durations.to_vec()),
        (Convention::Latest, newer.to_vec()),
        (Convention::Both, [durations.as_slice(), &newer].concat()),
    ] {
        let recorder = Recorder::new();
        let scope = |scope: Scope| {
            scope
                .with_meter_provider(recorder.meter_provider())
                .with_convention(convention)
        };
        block_on(scope(agent("Planner")).run(async {
            let search = scope(tool("search")).try_run(async { Err::<(), _>("nothing found") });
            assert!(search.await.is_err(), "as scripted");
        }));
        assert_eq!(recorder.metrics(), expected, "{convention:?}");
    }
}
