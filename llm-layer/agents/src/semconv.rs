//! The names, units and buckets of everything that this crate records.
//!
//! The GenAI conventions are in development, and the constants of their crate are deprecated:
//! <https://github.com/open-telemetry/semantic-conventions-genai>.

use opentelemetry::KeyValue;

pub(crate) const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/gen-ai/1.42.0";

pub(crate) const SCHEMA_URL_1_41: &str = "https://opentelemetry.io/schemas/1.41.0";

pub(crate) const AGENT_NAME: &str = "gen_ai.agent.name";
pub(crate) const CONVERSATION_ID: &str = "gen_ai.conversation.id";
pub(crate) const OPERATION_NAME: &str = "gen_ai.operation.name";
pub(crate) const PROMPT_NAME: &str = "gen_ai.prompt.name";
/// The prefix of the variables of a prompt.
pub(crate) const PROMPT_VARIABLE: &str = "gen_ai.prompt.variable.";
pub(crate) const TOOL_NAME: &str = "gen_ai.tool.name";
pub(crate) const TOOL_TYPE: &str = "gen_ai.tool.type";
pub(crate) const TOOL_DESCRIPTION: &str = "gen_ai.tool.description";
pub(crate) const TOOL_CALL_ID: &str = "gen_ai.tool.call.id";
pub(crate) const TOOL_CALL_ARGUMENTS: &str = "gen_ai.tool.call.arguments";
pub(crate) const TOOL_CALL_RESULT: &str = "gen_ai.tool.call.result";
pub(crate) const WORKFLOW_NAME: &str = "gen_ai.workflow.name";
pub(crate) const USAGE_INPUT_TOKENS: &str = "gen_ai.usage.input_tokens";
pub(crate) const USAGE_OUTPUT_TOKENS: &str = "gen_ai.usage.output_tokens";
pub(crate) const USAGE_CACHE_READ_INPUT_TOKENS: &str = "gen_ai.usage.cache_read.input_tokens";
pub(crate) const USAGE_CACHE_WRITE_INPUT_TOKENS: &str = "gen_ai.usage.cache_write.input_tokens";
/// The name up to 1.41 of [`USAGE_CACHE_WRITE_INPUT_TOKENS`].
pub(crate) const USAGE_CACHE_CREATION_INPUT_TOKENS: &str = "gen_ai.usage.cache_creation.input_tokens";
pub(crate) const EVALUATION_RESULT: &str = "gen_ai.evaluation.result";
pub(crate) const EVALUATION_NAME: &str = "gen_ai.evaluation.name";
pub(crate) const EVALUATION_SCORE_VALUE: &str = "gen_ai.evaluation.score.value";
pub(crate) const EVALUATION_SCORE_LABEL: &str = "gen_ai.evaluation.score.label";
pub(crate) const EVALUATION_EXPLANATION: &str = "gen_ai.evaluation.explanation";
pub(crate) const RESPONSE_ID: &str = "gen_ai.response.id";
pub(crate) const RESPONSE_FINISH_REASONS: &str = "gen_ai.response.finish_reasons";
pub(crate) const ERROR_TYPE: &str = "error.type";
/// The value of a label without room for another.
pub(crate) const OTHER: &str = "_OTHER";
pub(crate) const SERVER_ADDRESS: &str = "server.address";
pub(crate) const SERVER_PORT: &str = "server.port";
/// The input tokens of a scope.
pub(crate) const TOKENS_INPUT: &str = "throughline.tokens.input";
/// The output tokens of a scope.
pub(crate) const TOKENS_OUTPUT: &str = "throughline.tokens.output";
/// The input tokens of a scope that were read from a cache.
pub(crate) const TOKENS_CACHE_READ: &str = "throughline.tokens.cache_read";
/// The output tokens of a scope for reasoning.
pub(crate) const TOKENS_REASONING: &str = "throughline.tokens.reasoning";
/// How many tokens of a scope are estimates.
pub(crate) const TOKENS_ESTIMATED: &str = "throughline.tokens.estimated";
/// The token budget of a scope.
pub(crate) const TOKENS_LIMIT: &str = "throughline.tokens.limit";
/// The number of model calls in a scope with unknown or incomplete token counts.
pub(crate) const TOKENS_UNKNOWN: &str = "throughline.tokens.unknown";
/// The number of model calls in a scope that a budget refused.
pub(crate) const TOKENS_REFUSED: &str = "throughline.tokens.refused";
/// The number of model calls in a scope.
pub(crate) const TOKENS_CALLS: &str = "throughline.tokens.calls";
/// The cost of a scope. The conventions have no name for it.
pub(crate) const COST: &str = "throughline.cost";
/// Version 1.41 has this one in place of the durations by kind.
pub(crate) const OPERATION_DURATION: &str = "gen_ai.client.operation.duration";
pub(crate) const INVOKE_AGENT_DURATION: &str = "gen_ai.invoke_agent.duration";
pub(crate) const INVOKE_AGENT_INFERENCE_CALLS: &str = "gen_ai.invoke_agent.inference_calls";
pub(crate) const INVOKE_AGENT_TOOL_CALLS: &str = "gen_ai.invoke_agent.tool_calls";
pub(crate) const INVOKE_WORKFLOW_DURATION: &str = "gen_ai.invoke_workflow.duration";
pub(crate) const EXECUTE_TOOL_DURATION: &str = "gen_ai.execute_tool.duration";
pub(crate) const INFERENCE_CALL_UNIT: &str = "{inference_call}";
pub(crate) const TOOL_CALL_UNIT: &str = "{tool_call}";
pub(crate) const SECOND_UNIT: &str = "s";
pub(crate) const AGENT_SECOND_BUCKETS: [f64; 13] = [
    0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 102.4, 204.8, 409.6,
];
pub(crate) const WORKFLOW_SECOND_BUCKETS: [f64; 11] = [
    1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0,
];
pub(crate) const CALL_BUCKETS: [f64; 8] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0];
pub(crate) const SECOND_BUCKETS: [f64; 14] = [
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];

/// Returns a count as an attribute.
pub(crate) fn count(name: &'static str, count: u64) -> KeyValue {
    KeyValue::new(name, i64::try_from(count).unwrap_or(i64::MAX))
}

/// Returns the description of an instrument, which Prometheus shows.
pub(crate) fn description(instrument: &str) -> &'static str {
    match instrument {
        INVOKE_AGENT_DURATION => "Duration of agents' invocations.",
        INVOKE_AGENT_INFERENCE_CALLS => "Model calls that an agent made in one invocation.",
        INVOKE_AGENT_TOOL_CALLS => "Tools that an agent called in one invocation.",
        INVOKE_WORKFLOW_DURATION => "Duration of workflows.",
        EXECUTE_TOOL_DURATION => "Duration of tools' executions.",
        OPERATION_DURATION => "GenAI operation duration.",
        mcp::CLIENT_DURATION => "Duration of MCP requests and notifications, as their sender sees it.",
        mcp::SERVER_DURATION => "Duration of MCP requests and notifications, as their receiver sees it.",
        mcp::CLIENT_SESSION_DURATION => "Duration of MCP sessions, as the client sees them.",
        mcp::SERVER_SESSION_DURATION => "Duration of MCP sessions, as the server sees them.",
        _ => "",
    }
}

/// The names of TinyLLM for a run of a graph and its nodes.
pub(crate) mod tinyllm {
    pub(crate) const GRAPH: &str = "graph.execute";
    pub(crate) const GRAPH_ID: &str = "graph.id";
    pub(crate) const TASK_CONTENT: &str = "task.content";
    pub(crate) const TRACE_ID: &str = "execution.trace_id";
    pub(crate) const NODES_EXECUTED: &str = "execution.nodes_executed";
    pub(crate) const TOKENS_USED: &str = "execution.tokens_used";
    pub(crate) const DURATION_MS: &str = "execution.duration_ms";
    /// The span name of a node, before its type.
    pub(crate) const NODE: &str = "node.";
    pub(crate) const NODE_ID: &str = "node.id";
    pub(crate) const NODE_TYPE: &str = "node.type";
    pub(crate) const STEP: &str = "execution.step";
}

/// The Model Context Protocol:
/// <https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/mcp.md>.
pub(crate) mod mcp {
    pub(crate) const METHOD_NAME: &str = "mcp.method.name";
    pub(crate) const PROTOCOL_VERSION: &str = "mcp.protocol.version";
    pub(crate) const RESOURCE_URI: &str = "mcp.resource.uri";
    pub(crate) const SESSION_ID: &str = "mcp.session.id";
    pub(crate) const JSONRPC_REQUEST_ID: &str = "jsonrpc.request.id";
    pub(crate) const JSONRPC_VERSION: &str = "jsonrpc.protocol.version";
    pub(crate) const STATUS_CODE: &str = "rpc.response.status_code";
    /// The prefix of the attributes of the transport.
    pub(crate) const NETWORK: &str = "network.";
    pub(crate) const NETWORK_TRANSPORT: &str = "network.transport";
    pub(crate) const NETWORK_PROTOCOL_NAME: &str = "network.protocol.name";
    /// The `error.type` of a tool call whose result says `isError`.
    pub(crate) const TOOL_ERROR: &str = "tool_error";
    pub(crate) const CLIENT_DURATION: &str = "mcp.client.operation.duration";
    pub(crate) const SERVER_DURATION: &str = "mcp.server.operation.duration";
    pub(crate) const CLIENT_SESSION_DURATION: &str = "mcp.client.session.duration";
    pub(crate) const SERVER_SESSION_DURATION: &str = "mcp.server.session.duration";
    pub(crate) const SECOND_BUCKETS: [f64; 14] = [
        0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0,
    ];
}
