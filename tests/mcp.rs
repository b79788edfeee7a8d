//! Calls a remote tool through the Rust SDK of the Model Context Protocol.

use opentelemetry::trace::TraceContextExt;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorData, MetaObject,
    RequestMetaObject, RequestParamsMeta,
};
use rmcp::service::{Peer, RequestContext, ServiceError};
use rmcp::{RoleClient, RoleServer, ServerHandler, ServiceExt};
use serde_json::{Map, json};
use throughline::agents::agent;
use throughline::agents::mcp::{Mcp, Transport};
use throughline::propagation::W3cPropagator;
use throughline_test_support::Recorder;

struct Tools;

impl ServerHandler for Tools {
    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let result = match &*request.name {
            "search" => {
                let trace = opentelemetry::Context::map_current(|cx| cx.span().span_context().trace_id());
                CallToolResult::success(vec![ContentBlock::text(trace.to_string())])
            }
            "broken" => CallToolResult::error(vec![ContentBlock::text("no network")]),
            _ => return Err(ErrorData::invalid_params("there is no such tool", None)),
        };
        Ok(result.into())
    }
}

/// The same tools, in a handler that observes its calls itself, as over HTTP.
struct ObservedTools(Mcp);

impl ServerHandler for ObservedTools {
    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let work = Tools.call_tool(request.clone(), context.clone());
        self.0.rmcp_handle(&request, &context, work).await
    }
}

async fn call(
    mcp: &Mcp,
    server: &Peer<RoleClient>,
    tool: &'static str,
) -> Result<CallToolResult, ServiceError> {
    let mut params = CallToolRequestParams::new(tool);
    params.set_meta(RequestMetaObject(MetaObject(Map::from_iter([(
        "mine".to_owned(),
        json!(7),
    )]))));
    let call = |params: CallToolRequestParams| async {
        let meta = params.meta().expect("members");
        assert_eq!(meta.get("mine"), Some(&json!(7)), "the caller's own member stays");
        server.call_tool(params).await
    };
    mcp.rmcp_call(params, call).await
}

#[tokio::test]
async fn a_tool_called_through_the_sdk_is_in_the_trace_of_its_caller() {
    for observes_itself in [false, true] {
        check(observes_itself).await;
    }
}

async fn check(observes_itself: bool) {
    let recorder = Recorder::new();
    let mcp = Mcp::new()
        .with_tracer_provider(recorder.tracer_provider())
        .with_meter_provider(recorder.meter_provider())
        .with_propagator(W3cPropagator::new())
        .with_transport(Transport::Stdio);
    let (ours, theirs) = tokio::io::duplex(4096);
    let server = mcp.clone();
    let serving = tokio::spawn(async move {
        if observes_itself {
            let serving = ObservedTools(server).serve(theirs).await;
            serving.expect("a server").waiting().await
        } else {
            let serving = server.rmcp_service(Tools).serve(theirs).await;
            serving.expect("a server").waiting().await
        }
    });
    let client = ().serve(ours).await.expect("a client");

    let planner = agent("Planner").with_tracer_provider(recorder.tracer_provider());
    let work = async {
        let found = call(&mcp, &client, "search").await.expect("a result");
        let trace = opentelemetry::Context::map_current(|cx| cx.span().span_context().trace_id());
        assert_eq!(
            found.content,
            [ContentBlock::text(trace.to_string())],
            "the tool runs in our trace"
        );
        let broken = call(&mcp, &client, "broken").await.expect("a result");
        assert_eq!(broken.is_error, Some(true), "the tool's own error");
        let missing = call(&mcp, &client, "missing").await;
        assert!(
            matches!(missing, Err(ServiceError::McpError(_))),
            "no such tool: {missing:?}"
        );
    };
    planner.run(work).await;
    client.cancel().await.expect("an end");
    serving.await.expect("no panic").expect("an end");

    // A wrapped server also records the requests that are not about a tool.
    let initialize = r#"Server initialize
  - jsonrpc.request.id=_
  - mcp.method.name="initialize"
  - mcp.protocol.version=_
  - network.transport="pipe"
"#;
    let calls = r#"Internal invoke_agent Planner
  - gen_ai.agent.name="Planner"
  - gen_ai.operation.name="invoke_agent"
  Client tools/call search
    - gen_ai.operation.name="execute_tool"
    - gen_ai.tool.name="search"
    - mcp.method.name="tools/call"
    - network.transport="pipe"
    Server tools/call search
      - gen_ai.operation.name="execute_tool"
      - gen_ai.tool.name="search"
      - jsonrpc.request.id=_
      - mcp.method.name="tools/call"
      - network.transport="pipe"
  Client tools/call broken [error]
    - error.type="tool_error"
    - gen_ai.operation.name="execute_tool"
    - gen_ai.tool.name="broken"
    - mcp.method.name="tools/call"
    - network.transport="pipe"
    Server tools/call broken [error]
      - error.type="tool_error"
      - gen_ai.operation.name="execute_tool"
      - gen_ai.tool.name="broken"
      - jsonrpc.request.id=_
      - mcp.method.name="tools/call"
      - network.transport="pipe"
  Client tools/call missing [error: there is no such tool]
    - error.type="-32602"
    - gen_ai.operation.name="execute_tool"
    - gen_ai.tool.name="missing"
    - mcp.method.name="tools/call"
    - network.transport="pipe"
    - rpc.response.status_code="-32602"
    Server tools/call missing
      - gen_ai.operation.name="execute_tool"
      - gen_ai.tool.name="missing"
      - jsonrpc.request.id=_
      - mcp.method.name="tools/call"
      - network.transport="pipe"
      - rpc.response.status_code="-32602"
"#;
    let expected = if observes_itself {
        calls.to_owned()
    } else {
        format!("{initialize}{calls}")
    };
    assert_eq!(
        recorder.tree(&["jsonrpc.request.id", "mcp.protocol.version"]),
        expected,
        "the tree, observes itself: {observes_itself}"
    );
}
