#![doc = include_str!("../README.md")]
//!
//! # Modules
//!
//! | task | see |
//! |---|---|
//! | trace an HTTP or gRPC server | [`ServerLayer`], [`server`] |
//! | trace an HTTP or gRPC client | [`ClientLayer`], [`client`] |
//! | trace model calls and count their tokens | [`LlmLayer`], [`llm`] |
//! | trace agents, tools, workflows and MCP; limit tokens | [`agents`] |
//! | trace a client that owns its HTTP client | [`loopback`] |
//! | create your own spans and carry them across tasks | [`span`], [`traced`] |
//! | propagate a trace through queues, child processes or other carriers | [`propagation`] |
//! | configure, export and shut down | [`telemetry`] |
//! | write your own layer | [`observe`], [`message`], [`provider`], [`limits`], [`error_type`] |
//! | look up names of attributes and metrics | [`semconv`] |
//! | use the version of the OpenTelemetry API that this crate uses | [`opentelemetry`] |
//!
//! # Features
//!
//! The features in the first group are enabled by default, and the example above builds with them. For a
//! smaller build, set `default-features = false` and enable the features you need, or depend on the member
//! crates directly.
//!
//! | feature | adds |
//! |---|---|
//! | `axum` | `http.route` from axum's `MatchedPath`; without it, name the route yourself |
//! | `llm` | [`LlmLayer`] and [`llm`]: spans, metrics and token counts of model calls |
//! | `macros` | the attribute [`traced`]; without it, use the functions of [`span`] |
//! | `otlp-grpc` | OTLP over gRPC; adds tonic |
//! | `otlp-http` | OTLP over HTTP; adds a blocking reqwest |
//! | `reqwest` | the client layers over `reqwest::Client`; without it, they work over services of `http::Request`, such as hyper |
//! | `telemetry` | [`telemetry`]: configuration, exporters, shutdown; without it, set up OpenTelemetry yourself |
//! | `tiktoken` | token estimates if a provider reports no usage; 7 MB of vocabulary |
//! | | |
//! | `agents` | [`agents`]: agents, tools, workflows, token budgets, MCP; part of `llm` |
//! | `async-openai` | model calls of the async-openai client |
//! | `axum-ws` | model calls over axum's WebSockets; adds its feature `ws` |
//! | `bpe-openai` | [`llm`]`::BpeOpenAi`, token estimates by bpe-openai; 49 MB of vocabulary |
//! | `encodings` | reading of model requests and answers encoded with gzip, deflate, br or zstd |
//! | `file` | OTLP/JSON lines, to a rotating file or to the console |
//! | `hyper-util` | the peer's address and the class of errors on the spans of a hyper-util client |
//! | `json` | `serde_json` objects as carriers; part of `agents` |
//! | `logs` | trace ids in the lines of tracing-subscriber; `tracing` events as OTLP logs |
//! | `loopback` | [`loopback`]: observes clients that own their HTTP client, through a reverse proxy on 127.0.0.1 |
//! | `prometheus` | metrics for Prometheus to scrape, from a listener or from your own route |
//! | `reqwest-middleware` | [`ClientLayer`] and [`llm`]`::LlmMiddleware` as `Middleware` of reqwest-middleware |
//! | `rmcp` | MCP through rmcp, the Rust SDK |
//! | `tls` | `https` to collectors; adds rustls, which requires a C compiler |
//! | `tokio` | helpers that spawn Tokio tasks in the current context; [`DrainLayer`] on a Tokio runtime |
//! | `tonic` | the peer's address on the spans of a tonic server, and the status of errors on those of a client; gRPC is recognised without it |
//! | `tower` | the class of tower and Tokio errors on client spans, such as timeouts; part of `hyper-util`, `reqwest` and `tonic` |
//! | `trace-layer` | `#[instrument]` spans of the `tracing` crate in the same traces |
//! | `tungstenite` | model calls over tungstenite's WebSockets, as in tokio-tungstenite |
//! | `viewer` | a page to look at the telemetry of this process; adds axum |
//! | `xray` | X-Ray propagation (`OTEL_PROPAGATORS=xray`), for services on AWS |
//! | `full` | all features |

#![cfg_attr(docsrs, feature(doc_cfg))]

pub use opentelemetry;
pub use throughline_propagation as propagation;
pub use throughline_tracing_layer::{
    client, error_type, limits, message, observe, provider, semconv, server, span,
};

pub use throughline_propagation::{ExtractLayer, InjectLayer, W3cPropagator};
pub use throughline_tracing_layer::{ClientLayer, EndAt, ParameterNames, Query, ServerLayer};

#[cfg(feature = "agents")]
pub use throughline_agents as agents;
#[cfg(feature = "llm")]
pub use throughline_llm_layer as llm;
#[cfg(feature = "llm")]
pub use throughline_llm_layer::{DrainLayer, IncludeUsageLayer, LlmLayer};
#[cfg(feature = "macros")]
pub use throughline_macros::traced_by_throughline as traced;
#[cfg(feature = "telemetry")]
pub use throughline_telemetry as telemetry;
#[cfg(feature = "loopback")]
pub use throughline_tracing_layer::loopback;
