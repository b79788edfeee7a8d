//! The Model Context Protocol: trace context in its messages, and a span and a duration for each exchange.
//!
//! This module reads JSON-RPC messages, so it works over stdio and HTTP and with any MCP library. On the
//! requesting side, [`Mcp::client`] starts a span and writes its context into the request's `params._meta`.
//! On the responding side, [`Mcp::server`] reads the context and starts the span of the work. Both peers may
//! request: a server that samples a model of its client uses [`Mcp::client`].
//!
//! ```
//! use serde_json::{Value, json};
//! use throughline_agents::mcp::{Mcp, Transport};
//!
//! # async fn over_the_pipe(_: Value) -> std::io::Result<Value> { Ok(Value::Null) }
//! # async fn answer(_: Value) -> Value { Value::Null }
//! async fn call(mcp: &Mcp) -> std::io::Result<Value> {
//!     let mut request = json!({
//!         "jsonrpc": "2.0", "id": 1, "method": "tools/call",
//!         "params": {"name": "search", "arguments": {"query": "rust"}},
//!     });
//!     mcp.client(&mut request).run(over_the_pipe(request)).await
//! }
//!
//! async fn serve(mcp: &Mcp, request: Value) -> Value {
//!     mcp.server(&request).run(answer(request)).await
//! }
//!
//! let mcp = Mcp::new().with_transport(Transport::Stdio);
//! # let _ = (call(&mcp), serve(&mcp, Value::Null));
//! ```
//!
//! The feature `rmcp` adapts it to rmcp, the Rust SDK. For another library with its own types, build a
//! message from the parameters (`json!({"method": "tools/call", "params": params})`), convert them back with
//! `serde_json::from_value`, and wrap the result in a type that implements [`McpOutput`].
//!
//! # What is recorded
//!
//! A span `{method} {tool or prompt}` of kind client or server, by the
//! [conventions](https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/mcp.md):
//!
//! | attribute | when | what |
//! |---|---|---|
//! | `mcp.method.name` | at the start | the method |
//! | `gen_ai.tool.name`, `gen_ai.operation.name` | at the start, `tools/call` | the tool, `execute_tool` |
//! | `gen_ai.prompt.name` | at the start, `prompts/get` | the prompt |
//! | `mcp.resource.uri` | at the start, methods about one resource | the URI with `REDACTED` for user and password, query and fragment |
//! | `jsonrpc.request.id` | at the start, requests | the id |
//! | `jsonrpc.protocol.version` | at the start, unless 2.0 | |
//! | `mcp.protocol.version` | at the start or the end | [`Mcp::with_protocol_version`], the request's `_meta`, or what `initialize` agreed on |
//! | `mcp.session.id`, `network.*`, `server.*` | at the start, if given | see [`Mcp`] |
//! | `rpc.response.status_code` | at the end, of an error | the code of the JSON-RPC error |
//! | `gen_ai.tool.call.arguments`, `gen_ai.prompt.variable.*` | at the start, if content is [captured](Mcp::with_capture) on spans | the arguments of `tools/call` and of `prompts/get`, at most 32 of a prompt |
//! | `gen_ai.tool.call.result` | at the end, if content is captured and the tool did not fail | the result |
//! | `error.type`, status `Error` | at the end, on failure | the code, with its message; `tool_error` for a tool's `isError`; an error's [class](throughline_tracing_layer::error_type); `cancelled`, `panic` |
//!
//! A client's `tools/call` counts as a tool call of the [agent](crate::agent) around it
//! (`gen_ai.invoke_agent.tool_calls`), unless it is made within a [`tool`](crate::tool), which counts itself.
//! A tool that is only such a call needs no scope: the exchange's span has the operation `execute_tool` too.
//!
//! On the server, JSON-RPC errors caused by the client (-32700, -32600, -32601, -32602 and -32002) do not set
//! the error status. Texts of a message are recorded up to 256 bytes. Arguments and results are
//! recorded only if content is captured.
//!
//! | metric | unit | attributes |
//! |---|---|---|
//! | `mcp.client.operation.duration`, `mcp.server.operation.duration` | s | those above without id, session, resource and what comes of [`Mcp::with_attribute`] |
//! | `mcp.client.session.duration`, `mcp.server.session.duration` | s | `mcp.protocol.version`, `network.*`, of clients `server.*`, and `error.type` of a session that [failed](McpSession::fail) |
//!
//! A session lasts from [`Mcp::client_session`] or [`Mcp::server_session`] until the returned value is dropped.
//!
//! To bound cardinality, client errors are recorded without the tool or prompt name, and unknown methods as
//! `_OTHER`. The metrics distinguish the first 200 methods, tools and prompts of a process, the first 16
//! versions, the first 64 errors, and a bounded number of combinations; further ones are `_OTHER` or left
//! out.
//!
//! # What is read and written
//!
//! | member of `params._meta` | written by the client | read by the server |
//! |---|---|---|
//! | `traceparent`, `tracestate` | if there is a trace, with or without a span here; `params` and `_meta` are created if absent | unless [disabled](Mcp::with_trust) |
//! | `baggage` | if [enabled](Mcp::with_baggage) | if enabled |
//! | all others | unchanged | |
//!
//! If the message, `params` or `_meta` is not an object, it is unchanged. The parent of the server's span is
//! the span in the message. If another span is current, such as that of the HTTP request, the server's span
//! links to it.
//!
//! # Cancellation
//!
//! An exchange that is dropped before its answer is known fails with `cancelled`. A notification has no
//! answer: it ends when it is dropped.

mod begin;
mod exchange;
mod instruments;
mod label_budget;
mod message;
mod output;
#[cfg(feature = "rmcp")]
#[cfg_attr(docsrs, doc(cfg(feature = "rmcp")))]
pub mod rmcp;
mod session;

use std::sync::{Arc, LazyLock};

use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;
use opentelemetry::trace::{Span, Tracer, TracerProvider};
use serde_json::Value;
use throughline_propagation::Propagator;
use throughline_tracing_layer::limits::{MAX_ATTRIBUTE_BYTES, MAX_LABEL_BYTES, truncate_string};
use throughline_tracing_layer::provider::{LazyInstruments, LazyTracer};

pub use self::exchange::McpExchange;
use self::instruments::Instruments;
pub use self::output::McpOutput;
pub use self::session::McpSession;
use crate::content::{Capture, ContentSettings};
use crate::convention::Convention;
use crate::semconv::mcp;

/// Traces and measures the exchanges of an MCP session, or of many that are alike. See the [module](self).
#[derive(Debug, Clone)]
pub struct Mcp {
    tracer: LazyTracer,
    instruments: LazyInstruments<Instruments>,
    propagator: Propagator,
    trust: bool,
    baggage: bool,
    /// The attributes of spans and metrics on both sides.
    labels: Vec<KeyValue>,
    /// The address of the server, for the spans and metrics of clients.
    server_labels: Vec<KeyValue>,
    /// The attributes of spans only.
    span_attributes: Vec<KeyValue>,
    content: Option<Arc<ContentSettings>>,
}

/// What carries the messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Transport {
    /// The standard streams of a child process: `network.transport` = `pipe`.
    Stdio,
    /// HTTP over TCP: `network.transport` = `tcp`, `network.protocol.name` = `http`.
    Http,
}

impl Default for Mcp {
    fn default() -> Self {
        Self::new()
    }
}

impl Mcp {
    /// Creates an instance with the global providers and propagator that trusts the trace in messages and
    /// ignores baggage.
    #[must_use]
    pub fn new() -> Self {
        Self {
            tracer: TRACER.clone(),
            instruments: INSTRUMENTS.clone(),
            propagator: Propagator::global(),
            trust: true,
            baggage: false,
            labels: Vec::new(),
            server_labels: Vec::new(),
            span_attributes: Vec::new(),
            content: None,
        }
    }

    /// Sets the provider of the spans. Default: the global one.
    #[must_use]
    pub fn with_tracer_provider<P, T, S>(mut self, provider: P) -> Self
    where
        P: TracerProvider<Tracer = T> + Send + Sync + 'static,
        T: Tracer<Span = S> + Send + Sync + 'static,
        S: Span + Send + Sync + 'static,
    {
        self.tracer = self.tracer.with_provider(provider);
        self
    }

    /// Sets the provider of the metrics. Default: the one that is global when the first exchange ends.
    #[must_use]
    pub fn with_meter_provider(mut self, provider: impl MeterProvider + Send + Sync + 'static) -> Self {
        self.instruments = self.instruments.with_provider(provider);
        self
    }

    /// Sets the propagator that reads and writes `_meta`. Default: the global one.
    #[must_use]
    pub fn with_propagator(mut self, propagator: impl Into<Propagator>) -> Self {
        self.propagator = propagator.into();
        self
    }

    /// Sets whether the span in a message is the parent of the work that answers it; otherwise it is linked.
    /// Default: `true`.
    #[must_use]
    pub fn with_trust(mut self, trust: bool) -> Self {
        self.trust = trust;
        self
    }

    /// Sets whether baggage is written into messages and read from trusted ones. Default: `false`.
    #[must_use]
    pub fn with_baggage(mut self, baggage: bool) -> Self {
        self.baggage = baggage;
        self
    }

    /// Sets what carries the messages. Default: not recorded.
    #[must_use]
    pub fn with_transport(mut self, transport: Transport) -> Self {
        let (network, protocol) = match transport {
            Transport::Stdio => ("pipe", None),
            Transport::Http => ("tcp", Some("http")),
        };
        let is_old = |attribute: &KeyValue| attribute.key.as_str().starts_with(mcp::NETWORK);
        self.labels.retain(|attribute| !is_old(attribute));
        self.labels.push(KeyValue::new(mcp::NETWORK_TRANSPORT, network));
        let protocol = protocol.map(|name| KeyValue::new(mcp::NETWORK_PROTOCOL_NAME, name));
        self.labels.extend(protocol);
        self
    }

    /// Sets the version of MCP that the session agreed on, such as `2025-11-25`. Default: what the messages
    /// say.
    #[must_use]
    pub fn with_protocol_version(mut self, version: impl Into<String>) -> Self {
        self.labels
            .retain(|attribute| attribute.key.as_str() != mcp::PROTOCOL_VERSION);
        let mut version = version.into();
        truncate_string(&mut version, MAX_LABEL_BYTES);
        self.labels.push(KeyValue::new(mcp::PROTOCOL_VERSION, version));
        self
    }

    /// Sets the id of the session: `mcp.session.id`, cut to 1 KiB. Default: none.
    #[must_use]
    pub fn with_session(self, id: impl Into<String>) -> Self {
        let mut id = id.into();
        truncate_string(&mut id, MAX_ATTRIBUTE_BYTES);
        self.with_attribute(KeyValue::new(mcp::SESSION_ID, id))
    }

    /// Sets the address and port of the server, for the client. Default: none.
    #[must_use]
    pub fn with_server(mut self, address: impl Into<String>, port: u16) -> Self {
        self.server_labels = vec![
            KeyValue::new(crate::semconv::SERVER_ADDRESS, address.into()),
            KeyValue::new(crate::semconv::SERVER_PORT, i64::from(port)),
        ];
        self
    }

    /// Sets where the arguments and results of tools and the variables of prompts are recorded. Default: as
    /// the [scope](crate::scope) around the exchange does, else as the
    /// [environment](Capture::from_env) says.
    #[must_use]
    pub fn with_capture(mut self, capture: Capture) -> Self {
        self.content_mut().capture = Some(capture);
        self
    }

    /// Sets a hook that can change captured content before it is recorded. If it sets `null` or panics, nothing
    /// is recorded. Default: that of the scope around the exchange, else none.
    #[must_use]
    pub fn with_redaction(mut self, redact: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        self.content_mut().redact = Some(Arc::new(redact));
        self
    }

    fn content_mut(&mut self) -> &mut ContentSettings {
        Arc::make_mut(self.content.get_or_insert_default())
    }

    /// Adds an attribute to the spans.
    #[must_use]
    pub fn with_attribute(mut self, attribute: KeyValue) -> Self {
        self.span_attributes.push(attribute);
        self
    }
}

static TRACER: LazyLock<LazyTracer> =
    LazyLock::new(|| LazyTracer::global(Convention::in_environment().instrumentation_scope()));
static INSTRUMENTS: LazyLock<LazyInstruments<Instruments>> = LazyLock::new(|| {
    LazyInstruments::global(
        Convention::in_environment().instrumentation_scope(),
        Instruments::new,
    )
});
