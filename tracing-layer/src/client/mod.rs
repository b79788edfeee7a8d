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
//!     .with_outgoing(Outgoing::new().with_baggage_to(["*.internal"]))
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
//! | `server.address`, `server.port` | at creation | the URL, or `Host`; the host in lower case, the port by default that of the scheme; no port with a [Unix domain socket](ClientLayer::with_unix_socket) |
//! | `network.transport` | at creation | `unix`, if it is a Unix domain socket; `network.peer.address` is its path |
//! | `url.full` | at creation | the URL without user, password and fragment; of its query the names, and [by default no value](ClientLayer::with_query) |
//! | `url.template` | at the start | [`UrlTemplate`] among the extensions or in the context |
//! | `http.request.resend_count` | at the start | [`Attempts`] among the extensions or in the context, from the second attempt on; in a chain of reqwest-middleware without either |
//! | `http.request.header.*` | at the start | [the headers that were listed](ClientLayer::with_request_headers) |
//! | `http.response.header.*` | at the head | [the headers that were listed](ClientLayer::with_response_headers) |
//! | `network.peer.address`, `network.peer.port` | at the head | reqwest's response; hyper-util's with that feature; none where reqwest followed a redirect to another host or port |
//! | `http.response.status_code` | at the end | the response |
//! | `network.protocol.version` | at the end | the response |
//! | `throughline.http.time_to_headers` | at the end | [if asked](ClientLayer::with_time_to_headers), seconds to the response's head, if the span lasts until the body's end |
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
//! trace context for every host, **baggage for none** until [hosts are named](ClientLayer::with_outgoing). What a client gets
//! that follows redirects is [below](self#redirects). Exporters
//! suppress telemetry while they call out, so their own calls are neither traced nor measured.
//!
//! # When it ends
//!
//! With the response's head, as the conventions ask; with the last frame of its body if [so
//! set](ClientLayer::with_end_at). A retry outside of this layer makes a span of each attempt: put [`AttemptsLayer`] around
//! it. (The attempts of a middleware of reqwest-middleware are counted without.)
//!
//! # Redirects
//!
//! A redirect leads to a host that [`Outgoing`](throughline_propagation::Outgoing) may not name. Follow redirects by a layer
//! outside of this one, such as tower-http's `FollowRedirectLayer`, around a client that follows none:
//! [`AttemptsLayer`] → retry → `FollowRedirectLayer` → [`ClientLayer`] → transport. Each hop is then a span of its own, and
//! each host gets what `Outgoing` allows it. hyper-util's client follows none. The other way round, with the redirects
//! inside of this layer, all hops are one span, and its headers go to every host.
//!
//! ```
//! # use http::{Request, Response};
//! use throughline_propagation::Outgoing;
//! use throughline_tracing_layer::ClientLayer;
//! use throughline_tracing_layer::client::AttemptsLayer;
//! use tower::ServiceBuilder;
//! use tower_http::follow_redirect::FollowRedirectLayer;
//!
//! # type Body = http_body_util::Empty<bytes::Bytes>;
//! # let transport = tower::service_fn(|_: Request<Body>| async { Ok::<_, std::io::Error>(Response::new(Body::new())) });
//! let client = ServiceBuilder::new()
//!     .layer(AttemptsLayer::new())
//!     .layer(FollowRedirectLayer::new())
//!     .layer(ClientLayer::new().with_outgoing(Outgoing::new().with_baggage_to(["*.internal"])))
//!     .service(transport); // such as hyper-util's client
//! # let _ = tower::util::ServiceExt::oneshot(client, Request::new(Body::new()));
//! ```
//!
//! By default that layer removes `authorization`, `cookie` and `proxy-authorization` where the origin changes, and no other
//! credentials, such as `x-api-key`. It follows a `307` or `308` of a request with a body only if its policy can clone the
//! body.
//!
//! A `reqwest::Client` follows up to ten redirects by itself, unless it is built with `redirect::Policy::none()`. Its hops are
//! one span, whose `url.full`, `server.address` and `server.port` are of the URL of the request, and whose status is the last
//! one's. To another origin it forwards all headers of the request but
//! `authorization`, `cookie`, `cookie2`, `proxy-authorization` and `www-authenticate`: `traceparent`, `tracestate` and
//! `baggage` too, and it adds a `referer` with path and query of the hop before. A layer cannot see how the client was built.
//! Therefore a `reqwest::Request`, also in a chain of reqwest-middleware, gets only the headers that `Outgoing` allows every
//! host: by default trace context, and never baggage for named hosts. [`Outgoing::with_trusted_redirects`] changes that,
//! for a client that follows none or where you accept it.
//!
//! [`Outgoing::with_trusted_redirects`]: throughline_propagation::Outgoing::with_trusted_redirects
//!
//! # When the caller leaves
//!
//! The span ends there, without an error: to no longer want a response is no failure of the server's. A caller's own
//! timeout outside of this layer is that, too; a timeout of the library inside is an error of class `timeout`.
//!
//! # Two layers around one client
//!
//! Where a request goes out through two of these layers, the inner one records and injects nothing that the outer one
//! does, and the internal log says so once. The same request is one of the same method and URL that is sent while the outer
//! layer's is on its way: a retry between two layers is seen as one attempt, so put one layer inside of it.

mod attempt;
mod attempts;
mod exchange;
mod layer;
mod metrics;
#[cfg(feature = "reqwest-middleware")]
mod middleware;
mod outline;
mod parts;
mod peer;
mod service;
mod settings;

pub use self::attempt::Attempt;
pub use self::attempts::{Attempts, AttemptsLayer, AttemptsService, UrlTemplate};
pub use self::exchange::ClientExchange;
pub use self::layer::ClientLayer;
pub use self::parts::{MetricsLayer, SpanLayer};
pub use self::service::Client;

#[cfg(test)]
mod tests;
