//! Traces and measures an HTTP client.
//!
//! ```
//! use http::{Request, Response};
//! use throughline_propagation::Outgoing;
//! use throughline_tracing_layer::ClientLayer;
//! use tower_layer::Layer;
//!
//! # type Body = http_body_util::Empty<bytes::Bytes>;
//! async fn send(_: Request<Body>) -> Result<Response<Body>, std::io::Error> {
//!     Ok(Response::new(Body::new()))
//! }
//!
//! let client = ClientLayer::new()
//!     .with_outgoing(Outgoing::new().baggage_to(["*.internal"]))
//!     .layer(tower::service_fn(send));
//! ```
//!
//! One layer for three libraries: a service of [`http::Request`], such as hyper-util's client; with the feature
//! `reqwest` a service of `reqwest::Request`, such as `reqwest::Client`; with the feature `reqwest-middleware` a
//! `Middleware`.
//!
//! # What is recorded
//!
//! One span of kind client an attempt, a child of the current one, named `{method} {template}` or `{method}`:
//!
//! | attribute | when | from |
//! |---|---|---|
//! | `http.request.method` | at creation | the method, or `_OTHER` if it is not [a known one](ClientLayer::with_known_methods) |
//! | `http.request.method_original` | at creation | the method, if that was `_OTHER` |
//! | `server.address`, `server.port` | at creation | the URL, or `Host`; the port by default that of the scheme |
//! | `url.full` | at creation | the URL without user, password and fragment, its query [redacted](ClientLayer::with_redacted_query_keys) |
//! | `url.template` | at the start | [`UrlTemplate`] among the extensions or in the context |
//! | `http.request.resend_count` | at the start | [`Attempts`] among the extensions or in the context, from the second attempt on |
//! | `http.request.header.*` | at the start | [the headers that were listed](ClientLayer::with_request_headers) |
//! | `http.response.header.*` | at the head | [the headers that were listed](ClientLayer::with_response_headers) |
//! | `network.peer.address`, `network.peer.port` | at the head | reqwest's response; hyper-util's with that feature |
//! | `http.response.status_code` | at the end | the response |
//! | `network.protocol.version` | at the end | the response |
//! | `throughline.http.time_to_headers` | at the end | seconds to the response's head, if the span lasts until the body's end |
//! | `error.type` | at the end | the status code from 400 on; else [the error's class](crate::error_type), or `panic` |
//!
//! The status is `Error` if there is an `error.type`, otherwise unset; there is no description.
//!
//! | metric | unit | when | labels |
//! |---|---|---|---|
//! | `http.client.request.duration` | `s` | with the span's end, and as long | method, server address and port, template, status code, protocol version, `error.type` |
//! | `http.client.request.body.size` | `By` | [if asked](ClientLayer::with_body_sizes), when the response's body has passed | as of the duration |
//! | `http.client.response.body.size` | `By` | [if asked](ClientLayer::with_body_sizes), when the response's body has passed | as of the duration |
//!
//! An attribute has at most 1 KiB, a captured header at most 32 values: see [`limits`](crate::limits). A proxy's clients may
//! choose the host that a request is for, and its upstreams the status code. So the metrics tell [the first 100
//! addresses](ClientLayer::with_max_server_addresses) apart, each with some combinations of the other labels; what comes
//! later is `_OTHER`, on the metrics alone.
//!
//! The context is injected into every request for which nothing suppresses telemetry, also where no span is recorded:
//! trace context for every host, **baggage for none** until [hosts are named](ClientLayer::with_outgoing). Exporters
//! suppress telemetry while they call out, so their own calls are neither traced nor measured.
//!
//! # When it ends
//!
//! With the response's head, as the conventions ask; with the last frame of its body if [so
//! set](ClientLayer::with_end_at). Redirects that the library follows on its own are part of one span, whose `url.full` is
//! the URL that was asked for. A retry outside of this layer makes a span of each attempt: put [`AttemptsLayer`] around it.
//!
//! # When the caller leaves
//!
//! The span ends there, without an error: to no longer want a response is no failure of the server's. A caller's own
//! timeout outside of this layer is that, too; a timeout of the library inside is an error of class `timeout`.

mod attempts;
mod exchange;
mod layer;
mod metrics;
#[cfg(feature = "reqwest-middleware")]
mod middleware;
mod outbound;
mod outline;
mod parts;
mod service;
mod settings;

pub use self::attempts::{Attempts, AttemptsLayer, Counted, UrlTemplate};
pub use self::exchange::Sending;
pub use self::layer::ClientLayer;
pub use self::outbound::Attempt;
pub use self::parts::{MetricsLayer, SpanLayer};
pub use self::service::Client;

#[cfg(test)]
mod tests;
