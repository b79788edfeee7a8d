//! Traces and measures an HTTP client.
//!
//! ```
//! # mod throughline {
//! #     pub use throughline_propagation as propagation;
//! #     pub use throughline_tracing_layer::*;
//! # }
//! use http::{Request, Response};
//! use throughline::ClientLayer;
//! use throughline::propagation::Outgoing;
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
//! The layer works with three libraries: services of [`http::Request`], such as hyper-util's client; with the
//! feature `reqwest`, services of `reqwest::Request`, such as `reqwest::Client`; and with the feature
//! `reqwest-middleware`, as a `Middleware`.
//!
//! # What is recorded
//!
//! One span of kind client per attempt, a child of the current span, named `{method} {template}` or
//! `{method}`:
//!
//! | attribute | when | from |
//! |---|---|---|
//! | `http.request.method` | at creation | the method, or `_OTHER` if it is not [a known one](ClientLayer::with_known_methods) |
//! | `http.request.method_original` | at creation | the method, if that was `_OTHER` |
//! | `server.address`, `server.port` | at creation | the URL, or else `Host`; the host in lower case, the port by default that of the scheme; no port with a [Unix domain socket](ClientLayer::with_unix_socket) |
//! | `network.transport` | at creation | `unix`, if it is a Unix domain socket; `network.peer.address` is its path |
//! | `url.full` | at creation | the URL without user, password and fragment; the names of its query, and [by default no value](ClientLayer::with_query) |
//! | `url.template` | at the start | [`UrlTemplate`] in the extensions or in the context |
//! | `http.request.resend_count` | at the start | [`Attempts`] in the extensions or in the context, from the second attempt on; in a chain of reqwest-middleware without either |
//! | `http.request.header.*` | at the start | [the selected headers](ClientLayer::with_request_headers) |
//! | `http.response.header.*` | at the head | [the selected headers](ClientLayer::with_response_headers) |
//! | `network.peer.address`, `network.peer.port` | at the head | the response of reqwest, or of hyper-util with that feature; none if reqwest followed a redirect to another host or port |
//! | `http.response.status_code` | at the end | the response |
//! | `network.protocol.version` | at the end | the response |
//! | `throughline.http.time_to_headers` | at the end | [opt-in](ClientLayer::with_time_to_headers), seconds until the head of the response, if the span lasts until the end of the body |
//! | `error.type` | at the end | the status code from 400 on; otherwise [the class of the error](crate::error_type), or `panic` |
//!
//! The status is `Error` if there is an `error.type`, otherwise unset. It has no description.
//!
//! | metric | unit | when | labels |
//! |---|---|---|---|
//! | `http.client.request.duration` | `s` | when the span ends, with the same duration | method, server address and port, template, status code, protocol version, `error.type` |
//! | `http.client.request.body.size` | `By` | [opt-in](ClientLayer::with_body_sizes), when the body of the response has ended | as of the duration |
//! | `http.client.response.body.size` | `By` | [opt-in](ClientLayer::with_body_sizes), when the body of the response has ended | as of the duration |
//!
//! An attribute has at most 1 KiB, a captured header at most 32 values: see [`limits`](crate::limits). The
//! clients of a proxy may choose the host, and its upstreams the status code. Therefore the metrics
//! distinguish [the first 100 addresses](ClientLayer::with_max_server_addresses), each with some combinations
//! of the other labels. Later ones are recorded as `_OTHER`, on the metrics only.
//!
//! The context is injected into every request unless telemetry is suppressed, even if no span is recorded:
//! trace context for every host, **baggage for none** until [hosts are named](ClientLayer::with_outgoing).
//! For clients that follow redirects, see [below](self#redirects). Exporters suppress telemetry while they
//! send, so their own requests are neither traced nor measured.
//!
//! # gRPC
//!
//! A request of type `application/grpc*` is recorded by the [conventions for
//! gRPC](https://opentelemetry.io/docs/specs/semconv/rpc/grpc/): context, span, metrics and settings are the
//! same, the names are others. With tonic, enable the feature `tonic`, which reads the status of errors. Put
//! the layer around the `Channel`, and [set its target](ClientLayer::with_target), since the requests of
//! generated clients name no host:
//!
//! ```
//! # use throughline_tracing_layer as throughline;
//! # #[cfg(feature = "tonic")] mod generated {
//! #     use tonic::client::GrpcService;
//! #     type BoxError = Box<dyn std::error::Error + Send + Sync>;
//! #     pub struct OrdersClient<T>(pub T);
//! #     impl<T> OrdersClient<T>
//! #     where
//! #         T: GrpcService<tonic::body::Body, Error: Into<BoxError>>,
//! #         T::ResponseBody: http_body::Body<Data = bytes::Bytes, Error: Into<BoxError> + Send> + Send + 'static,
//! #     {
//! #         pub fn new(inner: T) -> Self { Self(inner) }
//! #     }
//! # }
//! # #[cfg(feature = "tonic")] async fn connect() {
//! # use generated::OrdersClient;
//! use throughline::ClientLayer;
//! use tonic::transport::Endpoint;
//! use tower_layer::Layer;
//!
//! let endpoint = Endpoint::from_static("https://orders.internal:50051");
//! let layer = ClientLayer::new().with_target(endpoint.uri().clone());
//! let client = OrdersClient::new(layer.layer(endpoint.connect_lazy())); // as tonic generates it
//! # }
//! ```
//!
//! The span is named after the method, such as `shop.Orders/Get`:
//!
//! | attribute | when | from |
//! |---|---|---|
//! | `rpc.system.name` | at creation | `grpc` |
//! | `rpc.method` | at creation | the path, such as `shop.Orders/Get`; `_OTHER` if it has another form |
//! | `rpc.method_original` | at creation | the path, if that was `_OTHER` |
//! | `server.address`, `server.port` | at creation | the URL, or else [the target](ClientLayer::with_target) |
//! | `rpc.request.metadata.*`, `rpc.response.metadata.*` | at the start, at the head | [the](ClientLayer::with_request_headers) [selected](ClientLayer::with_response_headers) headers |
//! | `rpc.response.status_code` | at the end | the name of the status, such as `NOT_FOUND`, in the trailers or in the head |
//! | `error.type` | at the end | the status, unless it is `OK`; if the server sent none, [the class of the error](crate::error_type) |
//!
//! There are no `http.*` and `url.*` attributes, and no message of the status, which may contain anything. The
//! only metric is `rpc.client.call.duration` (`s`), with method, status, server address and port, and
//! `error.type`.
//!
//! A call ends with its body, whatever [`with_end_at`](ClientLayer::with_end_at) says, since its status is
//! there. It can end earlier, without a status, only [by response](ClientLayer::with_end_at_fn). If the
//! server sent none, it is the one that gRPC defines: that of the HTTP status code (`401` is
//! `UNAUTHENTICATED`, `503` is `UNAVAILABLE`), `DEADLINE_EXCEEDED` for a timeout, `UNAVAILABLE` for another
//! failure of the transport, and `CANCELLED` if the caller leaves, which is no error.
//!
//! # When it ends
//!
//! The span ends with the head of the response, as the conventions require, or
//! [optionally](ClientLayer::with_end_at) with the last frame of its body. If a layer outside of this one
//! retries, each attempt has a span; put an [`AttemptsLayer`] around it to count them. (Attempts of
//! reqwest-middleware are counted without it.)
//!
//! # Redirects
//!
//! A redirect may lead to a host that [`Outgoing`](throughline_propagation::Outgoing) does not name. Follow
//! redirects in a layer outside of this one, such as tower-http's `FollowRedirectLayer`, around a client that
//! follows none: [`AttemptsLayer`] → retry → `FollowRedirectLayer` → [`ClientLayer`] → transport. Each hop
//! then has its own span, and each host gets what `Outgoing` allows it. hyper-util's client follows no
//! redirects. If redirects are followed inside of this layer, all hops are one span, and its headers go to
//! every host.
//!
//! ```
//! # mod throughline {
//! #     pub use throughline_propagation as propagation;
//! #     pub use throughline_tracing_layer::*;
//! # }
//! # use http::{Request, Response};
//! use throughline::ClientLayer;
//! use throughline::client::AttemptsLayer;
//! use throughline::propagation::Outgoing;
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
//! By default, that layer removes `authorization`, `cookie` and `proxy-authorization` if the origin changes,
//! but no other credentials, such as `x-api-key`. It follows a `307` or `308` of a request with a body only
//! if its policy can clone the body.
//!
//! A `reqwest::Client` follows up to ten redirects by itself, unless it is built with
//! `redirect::Policy::none()`. Its hops are one span, with `url.full`, `server.address` and `server.port` of
//! the requested URL and the status of the last hop. To another origin it forwards all headers except
//! `authorization`, `cookie`, `cookie2`, `proxy-authorization` and `www-authenticate`. It therefore forwards
//! `traceparent`, `tracestate` and `baggage`, and adds a `referer` with the path and query of the previous
//! hop. A layer cannot see how the client was built. Therefore a `reqwest::Request`, also in a chain of
//! reqwest-middleware, only gets the headers that `Outgoing` allows every host: by default trace context, and
//! never baggage for named hosts. Use [`Outgoing::with_trusted_redirects`] if the client follows no
//! redirects, or if you accept the forwarding.
//!
//! [`Outgoing::with_trusted_redirects`]: throughline_propagation::Outgoing::with_trusted_redirects
//!
//! # When the caller leaves
//!
//! The span ends at that time, without an error: it is no failure of the server if the caller drops the
//! response. The same applies to a timeout outside of this layer. A timeout inside of the library is an error
//! of class `timeout`.
//!
//! # Two layers around one client
//!
//! If a request passes two of these layers, the inner one records and injects nothing that the outer one
//! does, and OpenTelemetry's internal log has one warning. Two requests count as the same if they have the
//! same method and URL and the inner one is sent while the outer one is in flight. A retry between two layers
//! is therefore seen as one attempt, so put one layer inside of it.

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
