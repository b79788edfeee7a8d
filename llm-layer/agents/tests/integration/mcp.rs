//! Exchanges of the Model Context Protocol, each side with its spans and durations.

use std::fmt::Debug;

use opentelemetry::baggage::BaggageExt;
use opentelemetry::trace::TraceContextExt;
use opentelemetry::{Context, KeyValue};
use serde_json::{Value, json};
use throughline_agents::content::Capture;
use throughline_agents::mcp::{Mcp, Transport};
use throughline_agents::{agent, scope::Scope};
use throughline_propagation::{W3cPropagator, carrier};
use throughline_test_support::{Recorder, block_on};

fn mcp(recorder: &Recorder) -> Mcp {
    Mcp::new()
        .with_tracer_provider(recorder.tracer_provider())
        .with_meter_provider(recorder.meter_provider())
        .with_propagator(W3cPropagator::new())
}

fn call(id: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {"name": "search", "arguments": {"q": "secret"}}})
}

fn result(result: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "result": result})
}

fn error(code: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "error": {"code": code, "message": "it said no"}})
}

/// A request from one side to the other as text, and the answer back.
async fn exchange(client: &Mcp, server: &Mcp, mut request: Value, answer: Value) -> Value {
    let exchange = client.client(&mut request);
    let over_the_wire = async {
        let received: Value = serde_json::from_str(&request.to_string()).unwrap();
        // Another process: nothing is current there.
        let _nothing = Context::new().attach();
        server.server(&received).run(async { answer }).await
    };
    exchange.run(over_the_wire).await
}

/// The `traceparent` header of a recorded span.
fn traceparent(recorder: &Recorder, name: &str) -> String {
    let spans = recorder.spans();
    let span = spans
        .iter()
        .find(|span| span.name == name)
        .expect("a span of that name");
    let [trace, id] = [
        span.span_context.trace_id().to_string(),
        span.span_context.span_id().to_string(),
    ];
    format!("00-{trace}-{id}-01")
}

#[test]
fn a_tool_call_is_one_trace_on_both_sides() {
    let recorder = Recorder::new();
    let client = mcp(&recorder)
        .with_transport(Transport::Http)
        .with_protocol_version("2025-11-25")
        .with_server("tools.example", 8443)
        .with_session("s-1")
        .with_attribute(KeyValue::new("own", 1));
    let server = mcp(&recorder).with_transport(Transport::Stdio);
    let traced = |scope: Scope| scope.with_tracer_provider(recorder.tracer_provider());
    let answer = result(json!({"content": [{"type": "text", "text": "secret"}], "isError": false}));
    let received =
        block_on(traced(agent("Planner")).run(exchange(&client, &server, call(json!(7)), answer.clone())));
    assert_eq!(received, answer, "the answer passes");
    let expected = r#"Internal invoke_agent Planner
  - gen_ai.agent.name="Planner"
  - gen_ai.operation.name="invoke_agent"
  Client tools/call search
    - gen_ai.operation.name="execute_tool"
    - gen_ai.tool.name="search"
    - jsonrpc.request.id="7"
    - mcp.method.name="tools/call"
    - mcp.protocol.version="2025-11-25"
    - mcp.session.id="s-1"
    - network.protocol.name="http"
    - network.transport="tcp"
    - own=1
    - server.address="tools.example"
    - server.port=8443
    Server tools/call search
      - gen_ai.operation.name="execute_tool"
      - gen_ai.tool.name="search"
      - jsonrpc.request.id="7"
      - mcp.method.name="tools/call"
      - network.transport="pipe"
"#;
    assert_eq!(recorder.tree(&[]), expected, "the tree");
    let expected = [
        "mcp.client.operation.duration{gen_ai.operation.name=execute_tool,gen_ai.tool.name=search,\
         mcp.method.name=tools/call,mcp.protocol.version=2025-11-25,network.protocol.name=http,\
         network.transport=tcp,server.address=tools.example,server.port=8443} count=1",
        "mcp.server.operation.duration{gen_ai.operation.name=execute_tool,gen_ai.tool.name=search,\
         mcp.method.name=tools/call,network.transport=pipe} count=1",
    ];
    assert_eq!(recorder.metrics(), expected, "the metrics");
}

/// The span's name, status and attributes of one side, in a line.
fn line(recorder: &Recorder, kind: &str) -> String {
    let tree = recorder.tree(&[]);
    let from = tree.find(kind).expect("a span of this kind");
    let lines = tree[from..].lines();
    let own = lines.take_while({
        let mut first = true;
        move |line| std::mem::take(&mut first) || line.trim_start().starts_with('-')
    });
    own.map(str::trim).collect::<Vec<_>>().join(" ")
}

#[test]
fn what_each_method_and_each_answer_is_to_each_side() {
    let request = |method: &str, params: Value| json!({"jsonrpc": "2.0", "id": "a", "method": method, "params": params});
    let ok = result(json!({}));
    let cases: Vec<(Value, Value, &str, &str)> = vec![
        (
            request("initialize", json!({"protocolVersion": "2099-01-01"})),
            result(json!({"protocolVersion": "2025-06-18"})),
            r#"initialize - jsonrpc.request.id="a" - mcp.method.name="initialize" - mcp.protocol.version="2025-06-18""#,
            "=",
        ),
        (
            request(
                "prompts/get",
                json!({"name": "review", "_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28"}}),
            ),
            ok.clone(),
            r#"prompts/get review - gen_ai.prompt.name="review" - jsonrpc.request.id="a" - mcp.method.name="prompts/get" - mcp.protocol.version="2026-07-28""#,
            "=",
        ),
        (
            request("resources/read", json!({"uri": "db://me:pw@host/t?key=1"})),
            ok.clone(),
            r#"resources/read - jsonrpc.request.id="a" - mcp.method.name="resources/read" - mcp.resource.uri="db://REDACTED@host/t?REDACTED""#,
            "=",
        ),
        (
            json!({"jsonrpc": "1.0", "id": null, "method": "ping"}),
            ok.clone(),
            r#"ping - jsonrpc.protocol.version="1.0" - mcp.method.name="ping""#,
            "=",
        ),
        (
            request("ping", json!({"uri": "x", "name": "y"})),
            error(json!(-32603)),
            r#"ping [error: it said no] - error.type="-32603" - jsonrpc.request.id="a" - mcp.method.name="ping" - rpc.response.status_code="-32603""#,
            "=",
        ),
        (
            request("ping", json!({})),
            error(json!(-32001)),
            r#"ping [error: it said no] - error.type="-32001" - jsonrpc.request.id="a" - mcp.method.name="ping" - rpc.response.status_code="-32001""#,
            "=",
        ),
        (
            request("ping", json!({})),
            error(json!("odd")),
            r#"ping [error: it said no] - error.type="_OTHER" - jsonrpc.request.id="a" - mcp.method.name="ping""#,
            "=",
        ),
        (
            request("made/up", json!({})),
            error(json!(-32601)),
            r#"made/up [error: it said no] - error.type="-32601" - jsonrpc.request.id="a" - mcp.method.name="made/up" - rpc.response.status_code="-32601""#,
            r#"made/up - jsonrpc.request.id="a" - mcp.method.name="made/up" - rpc.response.status_code="-32601""#,
        ),
        (
            request("tools/call", json!({"name": "t"})),
            result(json!({"isError": true})),
            r#"tools/call t [error] - error.type="tool_error" - gen_ai.operation.name="execute_tool" - gen_ai.tool.name="t" - jsonrpc.request.id="a" - mcp.method.name="tools/call""#,
            "=",
        ),
    ];
    for (request, answer, client, server) in cases {
        let recorder = Recorder::new();
        block_on(exchange(
            &mcp(&recorder),
            &mcp(&recorder),
            request.clone(),
            answer,
        ));
        assert_eq!(
            line(&recorder, "Client"),
            format!("Client {client}"),
            "client of {request}"
        );
        let server = if server == "=" { client } else { server };
        assert_eq!(
            line(&recorder, "Server"),
            format!("Server {server}"),
            "server of {request}"
        );
    }
}

#[test]
fn a_caller_to_blame_makes_no_series() {
    let recorder = Recorder::new();
    let server = mcp(&recorder);
    for (method, code) in [
        ("made/up", -32601),
        ("tools/call", -32602),
        ("tools/call", -32603),
    ] {
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": {"name": "made up"}});
        block_on(server.server(&request).run(async { error(json!(code)) }));
    }
    let expected = [
        "mcp.server.operation.duration{error.type=-32603,gen_ai.operation.name=execute_tool,gen_ai.tool.name=made up,\
         mcp.method.name=tools/call,rpc.response.status_code=-32603} count=1",
        "mcp.server.operation.duration{gen_ai.operation.name=execute_tool,mcp.method.name=tools/call,\
         rpc.response.status_code=-32602} count=1",
        "mcp.server.operation.duration{mcp.method.name=_OTHER,rpc.response.status_code=-32601} count=1",
    ];
    assert_eq!(recorder.metrics(), expected, "the metrics");
}

#[test]
fn an_exchange_ends_however_it_ends() {
    let recorder = Recorder::new();
    let mcp = mcp(&recorder);
    let status = || {
        let span = recorder.spans().pop().expect("a span");
        let kind = span
            .attributes
            .iter()
            .find(|attribute| attribute.key.as_str() == "error.type");
        format!(
            "{} {}",
            span.name,
            kind.map_or_else(String::new, |kind| kind.value.to_string())
        )
    };
    let mut notification =
        json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}});
    drop(mcp.client(&mut notification));
    assert_eq!(
        status(),
        "notifications/cancelled ",
        "a notification has no answer"
    );
    assert!(
        notification["params"]["_meta"]["traceparent"].is_string(),
        "and carries the trace"
    );
    drop(mcp.client(&mut call(json!(1))));
    assert_eq!(
        status(),
        "tools/call search cancelled",
        "a request whose caller has left"
    );
    let broken = mcp
        .client(&mut call(json!(1)))
        .run(async { Err::<Value, _>(std::io::Error::other("broken pipe")) });
    assert!(block_on(broken).is_err(), "the error passes");
    assert_eq!(status(), "tools/call search std::io::error::Error", "no answer");
    let panics = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        block_on(
            mcp.server(&call(json!(1)))
                .run(async { Value::from(Vec::<i32>::new()[0]) }),
        );
    }));
    assert!(panics.is_err(), "the panic passes");
    assert_eq!(status(), "tools/call search panic", "panicked");
    block_on(mcp.server(&notification).run(async { None::<Value> }));
    assert_eq!(status(), "notifications/cancelled ", "nothing to answer");
}

/// A trace that came to this process and is not recorded here.
fn remote() -> Context {
    let sent = vec![
        (
            "traceparent".to_owned(),
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned(),
        ),
        ("tracestate".to_owned(), "vendor=1".to_owned()),
        ("baggage".to_owned(), "user=7".to_owned()),
    ];
    carrier::extract(&sent, &Context::new())
}

#[test]
fn without_a_provider_the_trace_passes_through_and_baggage_only_on_request() {
    let quiet = Mcp::new().with_propagator(W3cPropagator::new());
    let _remote = remote().attach();
    let trace = json!({"progressToken": 7, "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate": "vendor=1"});
    let mut message =
        json!({"id": 1, "method": "ping", "params": {"_meta": {"progressToken": 7, "TraceParent": "stale"}}});
    drop(quiet.client(&mut message));
    assert_eq!(message["params"]["_meta"], trace, "without baggage");
    let with_baggage = quiet.clone().with_baggage(true);
    drop(with_baggage.client(&mut message));
    assert_eq!(message["params"]["_meta"]["baggage"], "user=7", "with it");
    let _nothing = Context::new().attach();
    for (mcp, entries) in [
        (&quiet, 0),
        (&with_baggage, 1),
        (&with_baggage.clone().with_trust(false), 0),
    ] {
        let exchange = mcp.server(&message);
        assert_eq!(exchange.context().baggage().len(), entries, "entries read");
    }
    let mut bare = json!({"method": "ping"});
    drop(quiet.client(&mut bare));
    assert_eq!(
        bare,
        json!({"method": "ping"}),
        "nothing is made where there is nothing to say"
    );
}

#[test]
fn what_is_no_message_stays_as_it_is() {
    let recorder = Recorder::new();
    let mcp = mcp(&recorder).with_baggage(true);
    let _remote = remote().attach();
    for text in [
        r#"{"id":1,"method":"ping","params":[1,2]}"#,
        r#"{"id":1,"method":"ping","params":{"_meta":[]}}"#,
        r#"{"id":1,"method":7}"#,
        r#"[{"id":1,"method":"ping"}]"#,
        r#""ping""#,
        "null",
    ] {
        let mut message: Value = serde_json::from_str(text).unwrap();
        let before = message.clone();
        block_on(mcp.client(&mut message).run(async { result(json!({})) }));
        if !text.contains(r#""method":7"#) {
            assert_eq!(message, before, "{text}");
        }
        block_on(mcp.server(&message).run(async { result(json!({})) }));
    }
    let names: Vec<String> = recorder
        .spans()
        .iter()
        .map(|span| span.name.to_string())
        .collect();
    assert_eq!(names, ["ping"; 4], "a span where there is a method");
}

#[test]
fn the_parent_is_in_the_message_and_the_span_around_is_linked() {
    let recorder = Recorder::new();
    let mcp = mcp(&recorder);
    let traced = |scope: Scope| scope.with_tracer_provider(recorder.tracer_provider());
    let mut request = call(json!(1));
    drop(mcp.client(&mut request));
    let sent = request["params"]["_meta"]["traceparent"].clone();
    assert_eq!(
        sent,
        traceparent(&recorder, "tools/call search"),
        "the client's span"
    );
    let serve = |mcp: &Mcp, request: &Value| {
        let around = traced(agent("around")).start();
        let _attached = around.attach();
        let id = around.context().span().span_context().span_id().to_string();
        drop(mcp.server(request));
        let span = recorder.spans().pop().expect("a span");
        let links: Vec<String> = span
            .links
            .iter()
            .map(|link| link.span_context.span_id().to_string())
            .collect();
        let parent = span.parent_span_id.to_string();
        let whose = |other: &str| match other {
            other if *other == id => "around",
            other if sent.as_str().is_some_and(|sent| sent.contains(other)) => "client",
            _ => "none",
        };
        format!(
            "{} {:?}",
            whose(&parent),
            links.iter().map(|link| whose(link)).collect::<Vec<_>>()
        )
    };
    assert_eq!(serve(&mcp, &request), r#"client ["around"]"#, "trusted");
    assert_eq!(
        serve(&mcp.clone().with_trust(false), &request),
        r#"around ["client"]"#,
        "not trusted"
    );
    assert_eq!(
        serve(&mcp, &call(json!(1))),
        "around []",
        "no trace in the message"
    );
}

#[test]
fn what_is_said_twice_is_recorded_once() {
    let recorder = Recorder::new();
    let mcp = mcp(&recorder)
        .with_transport(Transport::Http)
        .with_transport(Transport::Stdio)
        .with_protocol_version("2024-11-05")
        .with_protocol_version("2025-11-25");
    let mut request = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}});
    block_on(
        mcp.client(&mut request)
            .run(async { result(json!({"protocolVersion": "2025-06-18"})) }),
    );
    let expected = r#"Client initialize - jsonrpc.request.id="1" - mcp.method.name="initialize" - mcp.protocol.version="2025-11-25" - network.transport="pipe""#;
    assert_eq!(line(&recorder, "Client"), expected, "the last that the user said");
}

#[test]
fn sessions_are_measured_until_they_are_dropped() {
    let recorder = Recorder::new();
    let mcp = mcp(&recorder)
        .with_transport(Transport::Http)
        .with_server("tools.example", 8443)
        .with_session("s-1");
    let mut client = mcp.client_session();
    client.set_protocol_version("2025-06-18");
    client.set_protocol_version("2025-11-25");
    let mut failed = mcp.server_session();
    failed.fail(&std::fmt::Error);
    let server = mcp.server_session();
    let none: Vec<String> = Vec::new();
    assert_eq!(recorder.metrics(), none, "while they last");
    // A connection is closed wherever it happens to be.
    std::thread::spawn(move || drop((client, failed, server)))
        .join()
        .unwrap();
    let network = "network.protocol.name=http,network.transport=tcp";
    assert_eq!(
        recorder.metrics(),
        [
            format!(
                "mcp.client.session.duration{{mcp.protocol.version=2025-11-25,{network},\
                 server.address=tools.example,server.port=8443}} count=1"
            ),
            format!("mcp.server.session.duration{{error.type=core::fmt::Error,{network}}} count=1"),
            format!("mcp.server.session.duration{{{network}}} count=1"),
        ],
        "when they have ended"
    );
    assert_eq!(recorder.tree(&[]), "", "a session has no span");
}

const SECRET: &str = "S3cr3tV4lue";

fn assert_hides_secret(value: &impl Debug) {
    for text in [format!("{value:?}"), format!("{value:#?}")] {
        assert!(!text.contains(SECRET), "it prints the secret: {text}");
    }
}

#[test]
fn no_secret_is_recorded_of_mcp() {
    let recorder = Recorder::new();
    let mcp = Mcp::new().with_tracer_provider(recorder.tracer_provider());
    assert_hides_secret(&mcp);
    let uri = format!("https://user:{SECRET}@h/r?token={SECRET}#{SECRET}");
    let mut message = json!({"jsonrpc": "2.0", "id": 1, "method": "resources/read", "params": {"uri": uri}});
    let mut exchange = mcp.client(&mut message);
    assert_hides_secret(&exchange);
    let why = format!("no resource at {uri}; Authorization: Bearer {SECRET}");
    exchange.answer(&json!({"jsonrpc": "2.0", "id": 1, "error": {"code": -32002, "message": why}}));
    assert_hides_secret(&exchange);
    drop(exchange);
    let tree = recorder.tree(&[]);
    assert!(
        tree.contains("mcp.resource.uri=\"https://REDACTED@h/r?REDACTED"),
        "{tree}"
    );
    assert!(!tree.contains(SECRET), "{tree}");
}

/// The conventions' arguments, results and variables of prompts were missing.
#[test]
fn arguments_and_results_are_recorded_if_content_is_captured() {
    let recorder = Recorder::new();
    let client = mcp(&recorder).with_capture(Capture::SpanOnly);
    let server = mcp(&recorder)
        .with_capture(Capture::SpanOnly)
        .with_redaction(|content| *content = json!("REDACTED"));
    let answer = result(json!({"content": [{"type": "text", "text": "found"}], "isError": false}));
    block_on(exchange(&client, &server, call(json!(7)), answer));
    let expected = r#"Client tools/call search
  - gen_ai.operation.name="execute_tool"
  - gen_ai.tool.call.arguments="{\"q\":\"secret\"}"
  - gen_ai.tool.call.result="{\"content\":[{\"text\":\"found\",\"type\":\"text\"}],\"isError\":false}"
  - gen_ai.tool.name="search"
  - jsonrpc.request.id="7"
  - mcp.method.name="tools/call"
  Server tools/call search
    - gen_ai.operation.name="execute_tool"
    - gen_ai.tool.call.arguments="REDACTED"
    - gen_ai.tool.call.result="REDACTED"
    - gen_ai.tool.name="search"
    - jsonrpc.request.id="7"
    - mcp.method.name="tools/call"
"#;
    assert_eq!(recorder.tree(&[]), expected, "a tool, redacted at the server");
}

#[test]
fn variables_of_a_prompt_are_bounded_in_number() {
    let recorder = Recorder::new();
    let variables: serde_json::Map<String, Value> = (0..100)
        .map(|number| (format!("v{number:02}"), json!("x")))
        .collect();
    let request =
        json!({"id": 1, "method": "prompts/get", "params": {"name": "greet", "arguments": variables}});
    let mcp = mcp(&recorder);
    for (capture, expected) in [
        (Capture::NoContent, 0),
        (Capture::EventOnly, 0),
        (Capture::SpanOnly, 32),
    ] {
        let mcp = mcp.clone().with_capture(capture);
        block_on(
            mcp.server(&request)
                .run(async { result(json!({"messages": []})) }),
        );
        let span = recorder.spans().pop().expect("a span");
        let is_variable =
            |attribute: &&KeyValue| attribute.key.as_str().starts_with("gen_ai.prompt.variable.v");
        let recorded = span.attributes.iter().filter(is_variable).count();
        assert_eq!(recorded, expected, "{capture:?}");
    }
}

#[test]
fn the_result_of_a_tool_that_failed_is_not_recorded() {
    let recorder = Recorder::new();
    let client = mcp(&recorder).with_capture(Capture::SpanOnly);
    let failed = result(json!({"content": [], "isError": true}));
    block_on(client.client(&mut call(json!(1))).run(async { failed }));
    block_on(
        client
            .client(&mut call(json!(2)))
            .run(async { error(json!(-32000)) }),
    );
    assert!(
        !recorder.tree(&[]).contains("call.result"),
        "{}",
        recorder.tree(&[])
    );
}
