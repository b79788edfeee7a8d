//! Traces and measures an HTTP server.
//!
//! ```
//! # use throughline_tracing_layer as throughline;
//! use http::{Request, Response};
//! use throughline::ServerLayer;
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
//! With axum, enable the feature `axum` and use `Router::layer(ServerLayer::new())` after the routes. Serve
//! the router with `into_make_service_with_connect_info::<SocketAddr>()`. Otherwise the layer does not see
//! the connection: there is no `network.peer.*`, and `client.address` only if a proxy's header has it. The
//! layer changes neither the type of the request nor that of its body, so it can be in one `ServiceBuilder`
//! with `middleware::from_fn`.
//!
//! # What is recorded
//!
//! One span of kind server per request, a child of the caller's span, named `{method} {route}` or `{method}`:
//!
//! | attribute | when | from |
//! |---|---|---|
//! | `http.request.method` | at creation | the method, or `_OTHER` if it is not [a known one](ServerLayer::with_known_methods) |
//! | `http.request.method_original` | at creation | the method, if that was `_OTHER` |
//! | `url.path` | at creation | the path, in a nested router of axum with its prefix |
//! | `url.query` | at creation | the names of the query's parameters, and [by default no value](ServerLayer::with_query) |
//! | `url.scheme` | at creation | `Forwarded`, `X-Forwarded-Proto`, the URI, or [the default](ServerLayer::with_scheme) |
//! | `server.address`, `server.port` | at creation | `Forwarded`, `X-Forwarded-Host`, `:authority`, or `Host`; the host in lower case; the port of a forwarded host, else `X-Forwarded-Port`, else the port of the host |
//! | `client.address` | at creation | `Forwarded`, `X-Forwarded-For`, or the connection, if its address is in the extensions |
//! | `user_agent.original` | at creation | `User-Agent` |
//! | `network.peer.address`, `network.peer.port` | at the start | [`PeerAddr`](throughline_propagation::PeerAddr) or axum's `ConnectInfo` in the extensions |
//! | `http.request.header.*` | at creation | [the selected headers](ServerLayer::with_request_headers) |
//! | `http.response.header.*` | at the head | [the selected headers](ServerLayer::with_response_headers) |
//! | `http.route` | at creation; at the end, if it has a wildcard or is set late | [`set_route`] or [`RouteLayer`], else [a function](ServerLayer::with_route), else axum's `MatchedPath`; otherwise absent |
//! | `http.response.status_code` | at the end | the response |
//! | `network.protocol.version` | at the end | the request |
//! | `throughline.http.time_to_headers` | at the end | [opt-in](ServerLayer::with_time_to_headers), seconds until the head of the response, if the span lasts until the end of the body |
//! | `error.type` | at the end | the status code from 500 on; otherwise [the class of the error](crate::error_type), `cancelled`, or `panic` |
//!
//! An attribute has at most 1 KiB, a captured header at most 32 values: see [`limits`](crate::limits).
//!
//! Samplers see the attributes that are set at creation. All others are only created for spans that are
//! recorded. Proxy headers and `Host` are only used if [the caller is trusted](ServerLayer::with_trust). The
//! status is `Error` if there is an `error.type`, otherwise unset. It has no description.
//!
//! | metric | unit | when | labels |
//! |---|---|---|---|
//! | `http.server.request.duration` | `s` | when the span ends, with the same duration | method, scheme, route, status code, protocol version, `error.type` |
//! | `http.server.active_requests` | `{request}` | from the call to the end of the span | method, scheme |
//! | `http.server.request.body.size` | `By` | [opt-in](ServerLayer::with_body_sizes), when the body of the response has ended | as of the duration |
//! | `http.server.response.body.size` | `By` | [opt-in](ServerLayer::with_body_sizes), when the body of the response has ended | as of the duration |
//!
//! A client cannot choose the value of a label. The size of a request is the one that its body reports, or
//! that was counted if it is a streamed `axum::body::Body`. If it is unknown, it is not recorded. The bytes
//! of responses are counted.
//!
//! # gRPC
//!
//! A request of type `application/grpc*` is recorded by the [conventions for
//! gRPC](https://opentelemetry.io/docs/specs/semconv/rpc/grpc/): context, span, metrics and settings are the
//! same, the names are others. With tonic, enable the feature `tonic`, which reads the peer's address, and use
//! `Server::layer`:
//!
//! ```no_run
//! # use throughline_tracing_layer as throughline;
//! # #[cfg(feature = "tonic")] mod generated {
//! #     use std::{convert::Infallible, future, task};
//! #     use tonic::{Status, body::Body, server::NamedService};
//! #     #[derive(Clone)]
//! #     pub struct OrdersServer;
//! #     impl OrdersServer { pub fn new(_: ()) -> Self { Self } }
//! #     impl NamedService for OrdersServer { const NAME: &'static str = "shop.Orders"; }
//! #     impl tower_service::Service<http::Request<Body>> for OrdersServer {
//! #         type Response = http::Response<Body>;
//! #         type Error = Infallible;
//! #         type Future = future::Ready<Result<http::Response<Body>, Infallible>>;
//! #         fn poll_ready(&mut self, _: &mut task::Context<'_>) -> task::Poll<Result<(), Infallible>> { Ok(()).into() }
//! #         fn call(&mut self, _: http::Request<Body>) -> Self::Future { future::ready(Ok(Status::ok("").into_http())) }
//! #     }
//! # }
//! # #[cfg(feature = "tonic")] async fn serve() -> Result<(), Box<dyn std::error::Error>> {
//! # use generated::OrdersServer;
//! # let orders = ();
//! use throughline::ServerLayer;
//! use tonic::transport::Server;
//!
//! Server::builder()
//!     .layer(ServerLayer::new())
//!     .add_service(OrdersServer::new(orders)) // as tonic generates it
//!     .serve("[::1]:50051".parse()?)
//!     .await?;
//! # Ok(())
//! # }
//! ```
//!
//! The span is named after the method, such as `shop.Orders/Get`, or `grpc` if the path names none:
//!
//! | attribute | when | from |
//! |---|---|---|
//! | `rpc.system.name` | at creation | `grpc` |
//! | `rpc.method` | at creation | the path, such as `shop.Orders/Get`; `_OTHER` if it has another form |
//! | `rpc.method_original` | at creation | the path, if that was `_OTHER` |
//! | `server.address`, `server.port`, `network.peer.*` | | as for any other request |
//! | `rpc.request.metadata.*`, `rpc.response.metadata.*` | at creation, at the head | [the](ServerLayer::with_request_headers) [selected](ServerLayer::with_response_headers) headers |
//! | `rpc.response.status_code` | at the end | the name of the status, such as `NOT_FOUND`, in the trailers or in the head |
//! | `error.type` | at the end | the status, if it is `UNKNOWN`, `DEADLINE_EXCEEDED`, `UNIMPLEMENTED`, `INTERNAL`, `UNAVAILABLE` or `DATA_LOSS`; otherwise the class of the error, or `panic` |
//!
//! There are no `http.*` and `url.*` attributes, and no message of the status, which may contain anything. The
//! only metric is `rpc.server.call.duration` (`s`), with method, status and `error.type`. It distinguishes the
//! first 200 methods. A method that the server refuses with `UNIMPLEMENTED` is `_OTHER`, unless another status
//! has shown before that it exists.
//!
//! A call ends with its body, whatever [`with_end_at`](ServerLayer::with_end_at) says, since its status is
//! there. It can end earlier, without a status, only [by response](ServerLayer::with_end_at_fn). If there is
//! none, it is the one that gRPC defines:
//!
//! | event | status |
//! |---|---|
//! | a response without a status, as from a layer that knows only HTTP | that of the HTTP status code: `401` is `UNAUTHENTICATED`, `503` is `UNAVAILABLE` |
//! | the client leaves, or tonic's own timeout | `CANCELLED`, which is no error [by default](ServerLayer::with_stream_cancellation_errors); `DEADLINE_EXCEEDED` if the `grpc-timeout` of the request has passed |
//! | the service fails, or panics | `UNKNOWN` |
//! | a body of gRPC-Web that cannot be read, such as one with a content encoding | not recorded; its status is in the body. Put this layer inside of tonic-web's, which moves it to the trailers |
//!
//! # When it ends
//!
//! The span ends with the last frame of the response's body or, [optionally](ServerLayer::with_end_at), with
//! its head. This can also be decided [for each response](ServerLayer::with_end_at_fn). If the response
//! consists of its head only (`HEAD`, `204`, `304`, the `101` of an upgrade), it ends there; an upgraded
//! connection is not observed. Holding the [`Context`](opentelemetry::Context) does not prolong the span.
//!
//! # When the client leaves
//!
//! | event | `error.type` | status code |
//! |---|---|---|
//! | the client leaves before the head, or a timeout outside of this layer | `cancelled` | none |
//! | the client leaves in the middle of the body | `cancelled`; for an [event stream](ServerLayer::with_stream_cancellation_errors), none | of the response |
//! | a panic in the service or its body, wherever it is caught outside | `panic` | of the response, if there was one |
//! | the body fails | [its class](crate::error_type) | of the response |
//!
//! A status code from 500 on is always the `error.type`. In all cases the span ends once, the duration is
//! recorded, and the request is no longer active.
//!
//! # Two layers around one request
//!
//! If a request passes two of these layers, such as those of a router and of a router nested in it, the inner
//! one records nothing that the outer one does, and OpenTelemetry's internal log has one warning. If the
//! inner one knows the route and the outer one does not, the span gets that route. A request that a handler
//! creates and serves in the same process is a separate request.
//!
//! # What it costs
//!
//! If telemetry is suppressed or the provider is a no-op, only the context of the caller is allocated (one
//! allocation). A request that is sampled out takes four allocations and a sampled one takes five, plus one
//! for each path, query, host, address and user agent that the thread has not seen recently.

mod attributes;
mod calls;
mod exchange;
mod forwarded;
mod incoming;
mod layer;
mod metrics;
mod noted;
mod origin;
mod outside;
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
