//! The names that these layers emit: attributes, metrics, units, buckets.
//!
//! They are from the semantic conventions for [HTTP](https://opentelemetry.io/docs/specs/semconv/http/), for
//! [gRPC](https://opentelemetry.io/docs/specs/semconv/rpc/grpc/) and for
//! [exceptions](https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-spans/). Our own names
//! begin with `throughline.`. On HTTP spans:
//!
//! <!-- semconv attributes.throughline.http -->
//! | attribute | type | condition | description |
//! |---|---|---|---|
//! | `throughline.http.time_to_headers` | double | Opt-in. | The time in seconds from the start of the request to the head of the response, on a span that ends with the body. |
//! <!-- endsemconv -->
//!
//! An event on the span of [`Attempts::with_events_on`](crate::client::Attempts::with_events_on):
//!
//! <!-- semconv event.throughline.attempt -->
//! | event | attributes | description |
//! |---|---|---|
//! | `throughline.attempt` | `throughline.attempt.duration`, `throughline.attempt.number`, `error.type`, `http.response.status_code` | The end of an attempt to send the request of a model call, on the call's span. |
//! <!-- endsemconv -->

use opentelemetry::InstrumentationScope;

/// The version of the conventions.
pub const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.44.0";

/// The address of the original client.
pub(crate) const CLIENT_ADDRESS: &str = "client.address";
/// The class of the error with which an exchange or a span ended.
pub const ERROR_TYPE: &str = "error.type";
/// The event of an error.
pub(crate) const EXCEPTION: &str = "exception";
/// The text of an error.
pub const EXCEPTION_MESSAGE: &str = "exception.message";
/// The texts of an error and of its sources.
pub(crate) const EXCEPTION_STACKTRACE: &str = "exception.stacktrace";
/// The name of an error's type.
pub const EXCEPTION_TYPE: &str = "exception.type";
/// The method, or [`OTHER`].
pub(crate) const HTTP_REQUEST_METHOD: &str = "http.request.method";
/// The method as it was sent, if it is not a known one.
pub(crate) const HTTP_REQUEST_METHOD_ORIGINAL: &str = "http.request.method_original";
/// The number of previous attempts.
pub const HTTP_REQUEST_RESEND_COUNT: &str = "http.request.resend_count";
/// The prefix of captured request headers.
pub(crate) const HTTP_REQUEST_HEADER: &str = "http.request.header.";
/// The prefix of captured response headers.
pub(crate) const HTTP_RESPONSE_HEADER: &str = "http.response.header.";
/// The status code, as a number.
pub(crate) const HTTP_RESPONSE_STATUS_CODE: &str = "http.response.status_code";
/// The template of the matched path.
pub const HTTP_ROUTE: &str = "http.route";
/// The address of the peer.
pub(crate) const NETWORK_PEER_ADDRESS: &str = "network.peer.address";
/// The port of the peer.
pub(crate) const NETWORK_PEER_PORT: &str = "network.peer.port";
/// The transport, if it is not TCP: [`UNIX`].
pub const NETWORK_TRANSPORT: &str = "network.transport";
/// The version of HTTP: `1.0`, `1.1`, `2`, `3`.
pub(crate) const NETWORK_PROTOCOL_VERSION: &str = "network.protocol.version";
/// The method of a gRPC call, as `package.Service/Method`, or [`OTHER`].
pub(crate) const RPC_METHOD: &str = "rpc.method";
/// The path of a gRPC call that names no method.
pub(crate) const RPC_METHOD_ORIGINAL: &str = "rpc.method_original";
/// The prefix of captured request headers of a gRPC call.
pub(crate) const RPC_REQUEST_METADATA: &str = "rpc.request.metadata.";
/// The prefix of captured response headers of a gRPC call.
pub(crate) const RPC_RESPONSE_METADATA: &str = "rpc.response.metadata.";
/// The status of a gRPC call, in capitals. Versions of the conventions after [`SCHEMA_URL`]'s call it
/// `rpc.status_code`.
pub(crate) const RPC_RESPONSE_STATUS_CODE: &str = "rpc.response.status_code";
/// The system of a call: [`GRPC`].
pub const RPC_SYSTEM_NAME: &str = "rpc.system.name";
/// The host of the server.
pub const SERVER_ADDRESS: &str = "server.address";
/// The port of the server.
pub const SERVER_PORT: &str = "server.port";
/// The whole URL, redacted.
pub const URL_FULL: &str = "url.full";
/// The path.
pub const URL_PATH: &str = "url.path";
/// The query, redacted.
pub(crate) const URL_QUERY: &str = "url.query";
/// `http` or `https`.
pub(crate) const URL_SCHEME: &str = "url.scheme";
/// The template of the path that a client requests.
pub(crate) const URL_TEMPLATE: &str = "url.template";
/// The software of the client.
pub(crate) const USER_AGENT_ORIGINAL: &str = "user_agent.original";
/// Seconds until the head of the response, on a span that lasts until the end of its body.
pub const TIME_TO_HEADERS: &str = "throughline.http.time_to_headers";

/// The event for the end of an attempt.
pub(crate) const ATTEMPT: &str = "throughline.attempt";
/// The number of the attempt, starting at 1.
pub(crate) const ATTEMPT_NUMBER: &str = "throughline.attempt.number";
/// The duration of the attempt, in seconds.
pub(crate) const ATTEMPT_DURATION: &str = "throughline.attempt.duration";

/// Stands for a method, error or other value that is not recorded.
pub const OTHER: &str = "_OTHER";
/// The name of the span of a request whose method is [`OTHER`].
pub(crate) const UNKNOWN_METHOD_SPAN_NAME: &str = "HTTP";
/// The [`ERROR_TYPE`] of an exchange that the client aborted.
pub const CANCELLED: &str = "cancelled";
/// The [`ERROR_TYPE`] of an exchange or a span that panicked.
pub(crate) const PANIC: &str = "panic";
/// The replacement of a secret.
pub const REDACTED: &str = crate::redaction::REDACTED;
/// The [`RPC_SYSTEM_NAME`] of gRPC, and the name of the span of a call that names no method.
pub const GRPC: &str = "grpc";
/// The unencrypted scheme.
pub const HTTP: &str = "http";
/// The encrypted scheme.
pub const HTTPS: &str = "https";
/// The [`NETWORK_TRANSPORT`] of a Unix domain socket.
pub const UNIX: &str = "unix";

/// A histogram of seconds.
pub(crate) const HTTP_SERVER_REQUEST_DURATION: &str = "http.server.request.duration";
/// An up-down counter of requests.
pub(crate) const HTTP_SERVER_ACTIVE_REQUESTS: &str = "http.server.active_requests";
/// A histogram of bytes.
pub(crate) const HTTP_SERVER_REQUEST_BODY_SIZE: &str = "http.server.request.body.size";
/// A histogram of bytes.
pub(crate) const HTTP_SERVER_RESPONSE_BODY_SIZE: &str = "http.server.response.body.size";
/// A histogram of seconds.
pub(crate) const HTTP_CLIENT_REQUEST_DURATION: &str = "http.client.request.duration";
/// A histogram of bytes.
pub(crate) const HTTP_CLIENT_REQUEST_BODY_SIZE: &str = "http.client.request.body.size";
/// A histogram of bytes.
pub(crate) const HTTP_CLIENT_RESPONSE_BODY_SIZE: &str = "http.client.response.body.size";

/// A histogram of seconds.
pub(crate) const RPC_CLIENT_CALL_DURATION: &str = "rpc.client.call.duration";
/// A histogram of seconds.
pub(crate) const RPC_SERVER_CALL_DURATION: &str = "rpc.server.call.duration";

/// Seconds, in UCUM.
pub const SECONDS: &str = "s";
/// Bytes, in UCUM.
pub const BYTES: &str = "By";
/// Requests, in UCUM.
pub const REQUESTS: &str = "{request}";

/// The bucket boundaries of durations, in seconds.
pub const DURATION_BUCKETS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// The environment variable that replaces [`KNOWN_METHODS`], separated by commas.
pub(crate) const KNOWN_METHODS_VARIABLE: &str = "OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS";
/// The environment variable that sets what is recorded of queries: see [`Query`](crate::Query).
pub(crate) const URL_QUERY_VARIABLE: &str = "THROUGHLINE_URL_QUERY";
/// The methods that are recorded. Any other is [`OTHER`].
pub const KNOWN_METHODS: [&str; 10] = [
    "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "QUERY", "CONNECT", "TRACE",
];
/// The headers that are never recorded.
pub const SECRET_HEADERS: [&str; 14] = [
    "api-key",
    "authorization",
    "cookie",
    "ocp-apim-subscription-key",
    "proxy-authenticate",
    "proxy-authorization",
    "set-cookie",
    "www-authenticate",
    "x-amz-security-token",
    "x-api-key",
    "x-auth-token",
    "x-csrf-token",
    "x-goog-api-key",
    "x-xsrf-token",
];
/// Returns the instrumentation scope of these layers.
pub(crate) fn scope() -> InstrumentationScope {
    InstrumentationScope::builder(env!("CARGO_PKG_NAME"))
        .with_version(env!("CARGO_PKG_VERSION"))
        .with_schema_url(SCHEMA_URL)
        .build()
}
