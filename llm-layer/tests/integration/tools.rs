//! What the spans and metrics of tools say of a call.

use opentelemetry::{Context, KeyValue};
use serde_json::{Value, json};
use throughline_agents::content::Capture;
use throughline_agents::scope::Scope;
use throughline_agents::{agent, record_result, tool, workflow};
use throughline_test_support::Recorder;

use crate::support::{MASKED, block_on};

fn scope(recorder: &Recorder, scope: Scope) -> Scope {
    scope
        .with_tracer_provider(recorder.tracer_provider())
        .with_meter_provider(recorder.meter_provider())
}

fn search(recorder: &Recorder) -> Scope {
    scope(recorder, tool("search"))
        .with_type("function")
        .with_description("Searches the web.")
        .with_call_id("call_1")
        .with_arguments(&json!({"query": "rust", "limit": 3}))
}

const WITHOUT_CONTENT: &str = r#"Internal execute_tool search
  - gen_ai.operation.name="execute_tool"
  - gen_ai.tool.call.id="call_1"
  - gen_ai.tool.description="Searches the web."
  - gen_ai.tool.name="search"
  - gen_ai.tool.type="function"
"#;

#[test]
fn arguments_and_results_are_recorded_only_if_content_is_captured_on_spans() {
    for capture in [None, Some(Capture::NoContent), Some(Capture::EventOnly)] {
        let recorder = Recorder::new();
        let search = search(&recorder);
        let search = capture.into_iter().fold(search, Scope::with_capture);
        block_on(search.run(async { record_result(&["a", "b"]) }));
        assert_eq!(recorder.tree(MASKED), WITHOUT_CONTENT, "{capture:?}");
    }
    for capture in [Capture::SpanOnly, Capture::SpanAndEvent] {
        let recorder = Recorder::new();
        block_on(search(&recorder).with_capture(capture).run(async {
            record_result("replaced");
            record_result(&["a", "b"]);
        }));
        let expected = WITHOUT_CONTENT.replace(
            "  - gen_ai.tool.call.id",
            "  - gen_ai.tool.call.arguments=\"{\\\"limit\\\":3,\\\"query\\\":\\\"rust\\\"}\"\n  - gen_ai.tool.call.id",
        );
        let expected = expected.replace(
            "  - gen_ai.tool.description",
            "  - gen_ai.tool.call.result=\"[\\\"a\\\",\\\"b\\\"]\"\n  - gen_ai.tool.description",
        );
        let tree = recorder.tree(MASKED).replace(
            // The order of members depends on a feature of serde_json.
            r#"{\"query\":\"rust\",\"limit\":3}"#,
            r#"{\"limit\":3,\"query\":\"rust\"}"#,
        );
        assert_eq!(tree, expected, "{capture:?}");
    }
}

/// The choice and the hook of a scope hold for all scopes beneath it, until one has its own.
#[test]
fn scopes_inherit_the_capture_and_the_redaction() {
    let recorder = Recorder::new();
    let call = |name: &'static str| scope(&recorder, tool(name)).with_arguments(name);
    let outer = scope(&recorder, workflow("w"))
        .with_capture(Capture::SpanOnly)
        .with_redaction(|content| *content = json!(format!("{} by w", content.as_str().unwrap_or("?"))));
    block_on(outer.run(async {
        let planner = scope(&recorder, agent("a"));
        planner
            .run(async {
                call("inherits").run(async { record_result("result") }).await;
                let hook = |content: &mut Value| *content = json!("by its own");
                call("own hook").with_redaction(hook).run(async {}).await;
                call("off")
                    .with_capture(Capture::NoContent)
                    .run(async {
                        record_result("hidden");
                        call("beneath").run(async {}).await;
                    })
                    .await;
                call("panics")
                    .with_redaction(|_| panic!("on purpose"))
                    .run(async {})
                    .await;
            })
            .await;
        record_result("of no tool");
    }));
    record_result("outside of any scope");
    let tree = recorder.tree(MASKED);
    let lines: Vec<&str> = tree
        .lines()
        .filter(|line| line.contains("execute_tool ") || line.contains("call."))
        .map(str::trim_start)
        .collect();
    let expected = [
        "Internal execute_tool inherits",
        r#"- gen_ai.tool.call.arguments="inherits by w""#,
        r#"- gen_ai.tool.call.result="result by w""#,
        "Internal execute_tool own hook",
        r#"- gen_ai.tool.call.arguments="by its own""#,
        "Internal execute_tool off",
        "Internal execute_tool beneath",
        "Internal execute_tool panics",
    ];
    assert_eq!(lines, expected, "the content of each tool: {tree}");
}

#[test]
fn long_content_stays_json() {
    let recorder = Recorder::new();
    let long: Vec<String> = (0..100).map(|_| "é".repeat(4000)).collect();
    let many: Vec<u64> = (0..100_000).collect();
    let search = scope(&recorder, tool("search")).with_capture(Capture::SpanOnly);
    let search = search
        .with_description("d".repeat(5000))
        .with_arguments(&json!({"texts": long}))
        .start();
    search.record_result(&many);
    drop(search);
    let span = recorder.spans().pop().expect("a span");
    let text = |key: &str| {
        let attribute = span
            .attributes
            .iter()
            .find(|attribute| attribute.key.as_str() == key);
        attribute.expect(key).value.as_str().into_owned()
    };
    let arguments: Value = serde_json::from_str(&text("gen_ai.tool.call.arguments")).expect("JSON");
    assert_eq!(
        arguments["texts"].as_array().map(Vec::len),
        Some(100),
        "each text is cut, none is dropped"
    );
    let result: Vec<u64> = serde_json::from_str(&text("gen_ai.tool.call.result")).expect("JSON");
    assert!(
        result.len() > 10_000 && many.starts_with(&result),
        "the first items: {}",
        result.len()
    );
    let lengths = [
        "gen_ai.tool.call.arguments",
        "gen_ai.tool.call.result",
        "gen_ai.tool.description",
    ]
    .map(|key| text(key).len());
    assert!(
        lengths[0] <= 65_536 && lengths[1] <= 65_536 && lengths[2] == 1024,
        "{lengths:?}"
    );
}

/// Only a tool has these attributes, and nothing is serialised for a span that is not recorded.
#[test]
fn other_scopes_and_unrecorded_tools_record_no_content() {
    struct Unserialisable;
    impl serde_core::Serialize for Unserialisable {
        fn serialize<S: serde_core::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("it is serialised")
        }
    }
    let recorder = Recorder::new();
    let planner = scope(&recorder, agent("a"))
        .with_type("function")
        .with_description("d")
        .with_call_id("1");
    let planner = planner
        .with_capture(Capture::SpanOnly)
        .with_arguments("x")
        .start();
    planner.record_result(&Unserialisable);
    drop(planner);
    let suppressed = Context::new().with_telemetry_suppressed().attach();
    let unrecorded = search(&recorder).with_capture(Capture::SpanOnly).start();
    unrecorded.record_result(&Unserialisable);
    drop(unrecorded);
    drop(suppressed);
    let expected =
        "Internal invoke_agent a\n  - gen_ai.agent.name=\"a\"\n  - gen_ai.operation.name=\"invoke_agent\"\n";
    assert_eq!(recorder.tree(MASKED), expected, "the tree");
}

/// Bug: attributes that the conventions have on the duration of a tool were on its span only.
#[test]
fn the_type_and_the_agent_of_a_tool_are_labels() {
    let recorder = Recorder::new();
    let by_attribute = |scope: Scope, key, value| scope.with_attribute(KeyValue::new(key, value));
    block_on(scope(&recorder, agent("Planner")).run(async {
        search(&recorder).run(async {}).await;
        let typed = by_attribute(scope(&recorder, tool("typed")), "gen_ai.tool.type", "extension");
        typed.run(async {}).await;
        let other = by_attribute(scope(&recorder, tool("other")), "gen_ai.agent.name", "Coder");
        let other = by_attribute(other, "tenant", "acme");
        let _: Result<(), _> = other.try_run(async { Err("no such file") }).await;
    }));
    let metrics = recorder.metrics();
    let durations: Vec<&str> = metrics
        .iter()
        .filter_map(|line| line.strip_prefix("gen_ai.execute_tool.duration"))
        .collect();
    let expected = [
        "{error.type=_OTHER,gen_ai.agent.name=Coder,gen_ai.tool.name=other} count=1",
        "{gen_ai.agent.name=Planner,gen_ai.tool.name=search,gen_ai.tool.type=function} count=1",
        "{gen_ai.agent.name=Planner,gen_ai.tool.name=typed,gen_ai.tool.type=extension} count=1",
    ];
    assert_eq!(
        durations, expected,
        "and no attribute that the conventions do not have there"
    );
    let spans = recorder.spans();
    let other = spans
        .iter()
        .find(|span| span.name == "execute_tool other")
        .expect("a span");
    let agents = other
        .attributes
        .iter()
        .filter(|attribute| attribute.key.as_str() == "gen_ai.agent.name");
    assert_eq!(agents.count(), 1, "one agent: {:?}", other.attributes);
}
