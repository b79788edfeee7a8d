#![doc = include_str!("../README.md")]
//!
//! # Features
//!
//! All are on by default, so that the example above works as it stands. Who wants less takes
//! `default-features = false` and names the rest, or depends on the member crates.
//!
//! | feature | gives | without it |
//! |---|---|---|
//! | `axum` | routes from axum's `MatchedPath` | a server span has no `http.route` unless you name it |
//! | `llm` | [`LlmLayer`], agents, tools, [`llm`] | no model calls are recognised |
//! | `otlp-grpc` | OTLP over gRPC | one HTTP/2 stack and tonic less |
//! | `otlp-http` | OTLP over HTTP | one blocking HTTP client less |
//! | `reqwest` | the client layers over `reqwest::Client` | they are for `http::Request` services, such as hyper's |
//! | `telemetry` | [`telemetry`]: configuration, exporters, shutdown | you set up OpenTelemetry yourself |
//! | `tiktoken` | token estimates where a provider reports none | such calls say `unknown`; 7 MB of vocabulary less |

#![cfg_attr(docsrs, feature(doc_cfg))]

pub use opentelemetry;
pub use throughline_propagation as propagation;
pub use throughline_tracing_layer::{client, observe, provider, semconv, server, span};

pub use throughline_propagation::{ExtractLayer, InjectLayer, W3cPropagator};
pub use throughline_tracing_layer::{ClientLayer, EndAt, ServerLayer};

#[cfg(feature = "llm")]
pub use throughline_llm_layer as llm;
#[cfg(feature = "llm")]
pub use throughline_llm_layer::LlmLayer;
#[cfg(feature = "telemetry")]
pub use throughline_telemetry as telemetry;
