//! Calls a remote tool through the Rust SDK of the Model Context Protocol.

use opentelemetry::trace::TraceContextExt;
use rmcp::model::{CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorData};
use rmcp::service::{Peer, RequestContext, ServiceError};
use rmcp::{RoleClient, RoleServer, ServerHandler, ServiceExt};
use serde_json::{Value, json};
use throughline::agents::agent;
use throughline::agents::mcp::{Mcp, McpExchange, McpOutput, Transport};
use throughline::propagation::W3cPropagator;
use throughline_test_support::Recorder;

/// Adapts a result of the SDK to an answer.
struct Called<T>(Result<T, ServiceError>);

impl<T: serde::Serialize> McpOutput for Called<T> {
    fn record(&self, exchange: &mut McpExchange) {
        match &self.0 {
            Ok(result) => exchange.answer(&json!({ "result": result })),
            Err(ServiceError::McpError(error)) => exchange.answer(&json!({ "error": error })),
            Err(error) => exchange.fail(error),
        }
    }
}

struct Tools(Mcp);

impl ServerHandler for Tools {
    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let params = json!({"name": request.name, "_meta": context.meta});
        let message = json!({"id": context.id, "method": "tools/call", "params": params});
        let work = async {
            match &*request.name {
                "search" => {
                    let trace = opentelemetry::Context::map_current(|cx| cx.span().span_context().trace_id());
                    Ok(CallToolResult::success(vec![ContentBlock::text(
                        trace.to_string(),
                    )]))
                }
                "broken" => Ok(CallToolResult::error(vec![ContentBlock::text("no network")])),
                _ => Err(ErrorData::invalid_params("there is no such tool", None)),
            }
        };
        let called = self
            .0
            .server(&message)
            .run(async { Called(work.await.map_err(ServiceError::McpError)) })
            .await;
        match called.0 {
            Ok(result) => Ok(result.into()),
            Err(ServiceError::McpError(error)) => Err(error),
            Err(_) => Err(ErrorData::internal_error("no answer", None)),
        }
    }
}

async fn call(
    mcp: &Mcp,
    server: &Peer<RoleClient>,
    tool: &'static str,
) -> Result<CallToolResult, ServiceError> {
    let mut message = json!({"method": "tools/call", "params": CallToolRequestParams::new(tool)});
    let exchange = mcp.client(&mut message);
    let params = message.get_mut("params").map(Value::take);
    let params: CallToolRequestParams =
        serde_json::from_value(params.unwrap_or_default()).expect("parameters");
    exchange
        .run(async { Called(server.call_tool(params).await) })
        .await
        .0
}

#[tokio::test]
async fn a_tool_called_through_the_sdk_is_in_the_trace_of_its_caller() {
    let recorder = Recorder::new();
    let mcp = Mcp::new()
        .with_tracer_provider(recorder.tracer_provider())
        .with_meter_provider(recorder.meter_provider())
        .with_propagator(W3cPropagator::new())
        .with_transport(Transport::Stdio);
    let (ours, theirs) = tokio::io::duplex(4096);
    let tools = Tools(mcp.clone());
    let serving = tokio::spawn(async move { tools.serve(theirs).await.expect("a server").waiting().await });
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

    let expected = r#"Internal invoke_agent Planner
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
    assert_eq!(
        recorder.tree(&["jsonrpc.request.id", "mcp.protocol.version"]),
        expected,
        "the tree"
    );
}
