#![doc = include_str!("../README.md")]
//!
//! # Modules
//!
//! | to | see |
//! |---|---|
//! | trace an HTTP server | [`ServerLayer`], [`server`] |
//! | trace an HTTP client | [`ClientLayer`], [`client`] |
//! | trace model calls and count their tokens | [`LlmLayer`], [`llm`] |
//! | trace agents, tools, workflows and MCP; limit tokens | [`agents`] |
//! | create spans of your own and carry them across tasks | [`span`], [`traced`] |
//! | propagate a trace through queues, child processes or other carriers | [`propagation`] |
//! | configure, export and shut down | [`telemetry`] |
//! | write a layer of your own | [`observe`], [`message`], [`provider`], [`limits`], [`error_type`] |
//! | look up names of attributes and metrics | [`semconv`] |
//! | use the OpenTelemetry API in the version of this crate | [`opentelemetry`] |
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
//! | `reqwest` | the client layers over `reqwest::Client`; without it, they are for services of `http::Request`, such as hyper's |
//! | `telemetry` | [`telemetry`]: configuration, exporters, shutdown; without it, set up OpenTelemetry yourself |
//! | `tiktoken` | token estimates if a provider reports no usage; 7 MB of vocabulary |
//! | | |
//! | `agents` | [`agents`]: agents, tools, workflows, token budgets, MCP; part of `llm` |
//! | `async-openai` | model calls of async-openai's client |
//! | `axum-ws` | model calls over axum's WebSockets; adds its feature `ws` |
//! | `bpe-openai` | [`llm`]`::BpeOpenAi`, token estimates by bpe-openai; 49 MB of vocabulary |
//! | `encodings` | model requests and answers encoded with gzip, deflate, br or zstd, read on a copy |
//! | `file` | OTLP as lines of JSON, to a file that rotates or to the console |
//! | `hyper-util` | the peer's address on the spans of a hyper-util client, and the kind of its errors |
//! | `json` | serde_json's objects as carriers; part of `agents` |
//! | `logs` | trace ids in the lines of tracing-subscriber; `tracing` events as OTLP logs |
//! | `prometheus` | metrics for a Prometheus to scrape, from a listener or from your route |
//! | `reqwest-middleware` | [`ClientLayer`] and [`LlmLayer`] as `Middleware` of reqwest-middleware |
//! | `tls` | https to a collector; adds rustls, which needs a C compiler |
//! | `tokio` | helpers that spawn Tokio tasks in the current context; [`DrainLayer`] on a Tokio runtime |
//! | `tower` | the class of tower's and Tokio's own errors on client spans; part of `hyper-util` and `reqwest` |
//! | `tungstenite` | model calls over tungstenite's WebSockets, as in tokio-tungstenite |
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
