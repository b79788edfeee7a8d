//! Traces and measures an HTTP server.
//!
//! ```
//! use http::{Request, Response};
//! use throughline_tracing_layer::ServerLayer;
//! use tower_layer::Layer;
//!
//! # type Body = http_body_util::Empty<bytes::Bytes>;
//! async fn handle(_: Request<Body>) -> Result<Response<Body>, std::convert::Infallible> {
//!     Ok(Response::new(Body::new()))
//! }
//!
//! let service = ServerLayer::new()
//!     .with_request_headers(["x-tenant"])
//!     .with_filter(|head| head.uri().path() != "/healthz")
//!     .layer(tower::service_fn(handle));
//! ```
//!
//! With axum it is `Router::layer(ServerLayer::new())`, after the routes, and the feature `axum`. Serve the router with
//! `into_make_service_with_connect_info::<SocketAddr>()`: without it the layer does not see the connection, so that there is
//! no `network.peer.*`, and `client.address` only where a proxy's header has it. It changes neither the
//! type of the request nor its body's, so it may stand in one `ServiceBuilder` with `middleware::from_fn`.
//!
//! # What is recorded
//!
//! One span of kind server a request, a child of the caller's, named `{method} {route}` or `{method}`:
//!
//! | attribute | when | from |
//! |---|---|---|
//! | `http.request.method` | at creation | the method, or `_OTHER` if it is not [a known one](ServerLayer::with_known_methods) |
//! | `http.request.method_original` | at creation | the method, if that was `_OTHER` |
//! | `url.path` | at creation | the path, in a nested router of axum's with its prefix |
//! | `url.query` | at creation | the names of the query's parameters, and [by default no value](ServerLayer::with_query) |
//! | `url.scheme` | at creation | `Forwarded`, `X-Forwarded-Proto`, the URI, or [the default](ServerLayer::with_scheme) |
//! | `server.address`, `server.port` | at creation | `Forwarded`, `X-Forwarded-Host`, `:authority`, or `Host`; the host in lower case; the port beside a forwarded host, else `X-Forwarded-Port`, else the one beside the host |
//! | `client.address` | at creation | `Forwarded`, `X-Forwarded-For`, or the connection, if its address is among the extensions |
//! | `user_agent.original` | at creation | `User-Agent` |
//! | `network.peer.address`, `network.peer.port` | at the start | [`PeerAddr`](throughline_propagation::PeerAddr) or axum's `ConnectInfo` among the extensions |
//! | `http.request.header.*` | at creation | [the headers that were listed](ServerLayer::with_request_headers) |
//! | `http.response.header.*` | at the head | [the headers that were listed](ServerLayer::with_response_headers) |
//! | `http.route` | at creation; at the end, if it has a wildcard or is learned late | [`set_route`] or [`RouteLayer`], else [a function](ServerLayer::with_route), else axum's `MatchedPath`; otherwise absent |
//! | `http.response.status_code` | at the end | the response |
//! | `network.protocol.version` | at the end | the request |
//! | `throughline.http.time_to_headers` | at the end | [if asked](ServerLayer::with_time_to_headers), seconds to the response's head, if the span lasts until the body's end |
//! | `error.type` | at the end | the status code from 500 on; else [the error's class](crate::error_type), `cancelled`, or `panic` |
//!
//! An attribute has at most 1 KiB, a captured header at most 32 values: see [`limits`](crate::limits).
//!
//! What is set at creation a sampler sees. The rest is only made for a span that records. Proxies' headers and `Host`
//! count only where [the caller is believed](ServerLayer::with_trust). The status is `Error` if there is an
//! `error.type`, otherwise unset; there is no description.
//!
//! | metric | unit | when | labels |
//! |---|---|---|---|
//! | `http.server.request.duration` | `s` | with the span's end, and as long | method, scheme, route, status code, protocol version, `error.type` |
//! | `http.server.active_requests` | `{request}` | from the call to the span's end | method, scheme |
//! | `http.server.request.body.size` | `By` | [if asked](ServerLayer::with_body_sizes), when the body has passed | as of the duration |
//! | `http.server.response.body.size` | `By` | [if asked](ServerLayer::with_body_sizes), when the body has passed | as of the duration |
//!
//! No label is of a client's choosing. A request's size is what its body says, or what was counted of a streamed
//! `axum::body::Body`; where nobody can say, there is no measurement. A response's bytes are counted.
//!
//! # When it ends
//!
//! With the last frame of the response's body, or with its head if [so set](ServerLayer::with_end_at), [for each
//! response](ServerLayer::with_end_at_fn) if need be. Where the head
//! is all there is (`HEAD`, `204`, `304`, an upgrade's `101`), with that; an upgraded connection is left alone. Who keeps
//! the [`Context`](opentelemetry::Context) does not prolong the span.
//!
//! # When the client leaves
//!
//! | what happens | `error.type` | status code |
//! |---|---|---|
//! | before the head, or a timeout outside of this layer | `cancelled` | none |
//! | in the middle of the body | `cancelled`; of an [event stream](ServerLayer::with_stream_cancellation_errors), none | the response's |
//! | a panic in the service or its body, wherever it is caught outside | `panic` | that of the response, if there was one |
//! | the body fails | [its class](crate::error_type) | the response's |
//!
//! A status code from 500 on is the `error.type` in any case. The span always ends once, the duration is measured and the
//! request is no longer active.
//!
//! # Two layers around one request
//!
//! Where a request comes through two of these layers, such as those of a router and of a router nested in it, the inner one
//! records nothing that the outer one does, and the internal log says so once. If it knows the route and the outer one
//! does not, the span gets that. A request that a handler makes itself and serves in the same process is a request of
//! its own.
//!
//! # What it costs
//!
//! Nothing is allocated where telemetry is suppressed or the provider is a no-op, but for the caller's context (one
//! allocation). A request that is sampled out costs four, a sampled one five, and each of its path, query, host, address
//! and user agent that the thread has not seen a moment ago one more.

mod attributes;
mod exchange;
mod forwarded;
mod incoming;
mod layer;
mod metrics;
mod origin;
mod parts;
mod route;
mod route_layer;
mod service;
mod settings;

pub use self::exchange::ServerExchange;
pub use self::layer::ServerLayer;
pub use self::parts::{MetricsLayer, SpanLayer};
pub use self::route::set_route;
pub use self::route_layer::{RouteLayer, WithRoute};
pub use self::service::Server;

#[cfg(test)]
mod tests;
