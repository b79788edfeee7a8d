//! Attribute names: those that the console reads
//! (<https://github.com/open-telemetry/semantic-conventions-genai>), and those of the resource
//! (<https://opentelemetry.io/docs/specs/semconv/resource/>).

/// The metrics of an SDK about itself, for one signal
/// (<https://opentelemetry.io/docs/specs/semconv/otel/sdk-metrics/>).
#[derive(Debug, Clone, Copy)]
pub(crate) struct SelfMetrics {
    pub(crate) queue_size: &'static str,
    pub(crate) queue_capacity: &'static str,
    pub(crate) processed: &'static str,
    pub(crate) exported: &'static str,
    pub(crate) unit: &'static str,
}

pub(crate) const SPAN_METRICS: SelfMetrics = SelfMetrics {
    queue_size: "otel.sdk.processor.span.queue.size",
    queue_capacity: "otel.sdk.processor.span.queue.capacity",
    processed: "otel.sdk.processor.span.processed",
    exported: "otel.sdk.exporter.span.exported",
    unit: "{span}",
};
pub(crate) const LOG_METRICS: SelfMetrics = SelfMetrics {
    queue_size: "otel.sdk.processor.log.queue.size",
    queue_capacity: "otel.sdk.processor.log.queue.capacity",
    processed: "otel.sdk.processor.log.processed",
    exported: "otel.sdk.exporter.log.exported",
    unit: "{log_record}",
};
pub(crate) const DATA_POINTS_EXPORTED: &str = "otel.sdk.exporter.metric_data_point.exported";
pub(crate) const DATA_POINT_UNIT: &str = "{data_point}";
pub(crate) const COMPONENT_TYPE: &str = "otel.component.type";
pub(crate) const COMPONENT_NAME: &str = "otel.component.name";

/// The values of [`ERROR_TYPE`] on these metrics.
pub(crate) const QUEUE_FULL: &str = "queue_full";
pub(crate) const REJECTED: &str = "rejected";
pub(crate) const OTHER: &str = "_OTHER";

/// The attribute, and the counter of calls whose cost is known.
pub(crate) const COST: &str = "throughline.cost";
/// The counter of the other calls.
pub(crate) const COST_UNKNOWN: &str = "throughline.cost.unknown";
pub(crate) const HTTP_STATUS: &str = "http.response.status_code";
pub(crate) const RPC_STATUS: &str = "rpc.response.status_code";
/// The name after version 1.44 of the conventions.
pub(crate) const RPC_STATUS_LATER: &str = "rpc.status_code";
pub(crate) const RPC_SYSTEM: &str = "rpc.system.name";
pub(crate) const SERVER_ADDRESS: &str = "server.address";
pub(crate) const SERVER_PORT: &str = "server.port";
pub(crate) const URL_FULL: &str = "url.full";
pub(crate) const AGENT_NAME: &str = "gen_ai.agent.name";
pub(crate) const ERROR_TYPE: &str = "error.type";
pub(crate) const EXCEPTION_MESSAGE: &str = "exception.message";
pub(crate) const OPERATION_NAME: &str = "gen_ai.operation.name";
pub(crate) const REQUEST_MODEL: &str = "gen_ai.request.model";
pub(crate) const RESPONSE_MODEL: &str = "gen_ai.response.model";
pub(crate) const TOKENS_INPUT: &str = "throughline.tokens.input";
pub(crate) const TOKENS_OUTPUT: &str = "throughline.tokens.output";
pub(crate) const TOKENS_SOURCE: &str = "throughline.tokens.source";
/// On the span of a scope: how many of its tokens are estimates, and how many of its calls have unknown tokens.
pub(crate) const TOKENS_ESTIMATED: &str = "throughline.tokens.estimated";
pub(crate) const TOKENS_UNKNOWN: &str = "throughline.tokens.unknown";
pub(crate) const USAGE_CACHED: &str = "gen_ai.usage.cache_read.input_tokens";
pub(crate) const USAGE_INPUT: &str = "gen_ai.usage.input_tokens";
pub(crate) const USAGE_OUTPUT: &str = "gen_ai.usage.output_tokens";
pub(crate) const USAGE_REASONING: &str = "gen_ai.usage.reasoning.output_tokens";

/// The operations that call a model. Only they use tokens themselves; the spans of agents have sums.
pub(crate) const MODEL_CALLS: &[&str] = &["chat", "text_completion", "generate_content", "embeddings"];

/// The values of [`TOKENS_SOURCE`] whose counts are not exact. The registry in `semconv/` defines them.
pub(crate) const INEXACT_SOURCES: &[&str] = &["estimated", "partial"];

pub(crate) const CONTAINER_ID: &str = "container.id";
pub(crate) const HOST_ARCH: &str = "host.arch";
pub(crate) const HOST_NAME: &str = "host.name";
pub(crate) const OS_TYPE: &str = "os.type";
pub(crate) const PROCESS_EXECUTABLE_NAME: &str = "process.executable.name";
pub(crate) const PROCESS_PID: &str = "process.pid";
pub(crate) const SERVICE_INSTANCE_ID: &str = "service.instance.id";
pub(crate) const HTTP_ROUTE: &str = "http.route";

pub(crate) const URL_PATH: &str = "url.path";

pub(crate) const SERVICE_NAME: &str = "service.name";
pub(crate) const SERVICE_VERSION: &str = "service.version";
