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
//! crates directly. The last column is the number of crates that a feature alone adds to the 23 of a build
//! without features. Features share many crates: a build with the default features has 124.
//!
//! | feature | adds | crates |
//! |---|---|--:|
//! | `axum` | `http.route` from axum's `MatchedPath`; without it, name the route yourself | 21 |
//! | `llm` | [`LlmLayer`] and [`llm`]: spans, metrics and token counts of model calls | 8 |
//! | `macros` | the attribute [`traced`]; without it, use the functions of [`span`] | 1 |
//! | `otlp-http` | OTLP over HTTP with protobuf; adds reqwest | 81 |
//! | `reqwest` | the client layers over `reqwest::Client`; without it, they work over services of `http::Request`, such as hyper | 52 |
//! | `telemetry` | [`telemetry`]: configuration, exporters, shutdown; without it, set up OpenTelemetry yourself | 24 |
//! | `tiktoken` | token estimates if a provider reports no usage; 7 MB of vocabulary | 20 |
//! | | | |
//! | `agents` | [`agents`]: agents, tools, workflows, token budgets, MCP; part of `llm` | 5 |
//! | `async-openai` | model calls of the async-openai client | 91 |
//! | `aws-smithy` | model calls of the AWS SDK, such as aws-sdk-bedrockruntime | 35 |
//! | `axum-ws` | model calls over axum's WebSockets; adds its feature `ws` | 47 |
//! | `bpe-openai` | [`llm`]`::BpeOpenAi`, token estimates by bpe-openai; 49 MB of vocabulary | 24 |
//! | `encodings` | reading of model requests and answers encoded with gzip, deflate, br or zstd | 20 |
//! | `file` | OTLP/JSON lines, to a rotating file or to the console | 39 |
//! | `gzip` | compressed OTLP requests | 29 |
//! | `hyper-util` | the peer's address and the class of errors on the spans of a hyper-util client | 16 |
//! | `json` | `serde_json` objects as carriers; part of `agents` | 4 |
//! | `logs` | trace ids in the lines of tracing-subscriber; `tracing` events as OTLP logs | 31 |
//! | `loopback` | [`loopback`]: observes clients that own their HTTP client, through a reverse proxy on 127.0.0.1 | 61 |
//! | `otlp-grpc` | OTLP over gRPC; adds tonic | 61 |
//! | `otlp-json` | OTLP over HTTP with JSON | 86 |
//! | `prometheus` | metrics for Prometheus to scrape, from a listener or from your own route | 48 |
//! | `reqwest-middleware` | [`ClientLayer`] and [`llm`]`::LlmMiddleware` as `Middleware` of reqwest-middleware | 55 |
//! | `rmcp` | MCP through rmcp, the Rust SDK | 47 |
//! | `terminal` | lines of the console that fit the width of the terminal | 28 |
//! | `tls` | `https` to collectors; adds rustls, which requires a C compiler | 24 |
//! | `tokio` | helpers that spawn Tokio tasks in the current context; [`DrainLayer`] on a Tokio runtime | 1 |
//! | `toml` | configuration files in TOML | 29 |
//! | `tonic` | the peer's address on the spans of a tonic server, and the status of errors on those of a client; gRPC is recognised without it | 34 |
//! | `tower` | the class of tower and Tokio errors on client spans, such as timeouts; part of `hyper-util`, `reqwest` and `tonic` | 2 |
//! | `trace-layer` | `#[instrument]` spans of the `tracing` crate in the same traces | 31 |
//! | `tungstenite` | model calls over tungstenite's WebSockets, as in tokio-tungstenite | 17 |
//! | `viewer` | a page to look at the telemetry of this process; adds axum | 63 |
//! | `xray` | X-Ray propagation (`OTEL_PROPAGATORS=xray`), for services on AWS | 25 |
//! | `yaml` | configuration files in YAML, and the declarative configuration of OpenTelemetry | 26 |
//! | `full` | all features | 237 |

#![cfg_attr(docsrs, feature(doc_cfg))]

pub use opentelemetry;
pub use throughline_propagation as propagation;
pub use throughline_tracing_layer::{
    client, error_type, limits, message, observe, provider, semconv, series, server, span,
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
