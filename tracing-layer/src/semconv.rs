//! Every name that these layers emit: attributes, metrics, units, buckets.
//!
//! From the semantic conventions for [HTTP](https://opentelemetry.io/docs/specs/semconv/http/) and for
//! [exceptions](https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-spans/). Names of our own begin with
//! `throughline.`. On HTTP spans:
//!
//! <!-- semconv attributes.throughline.http -->
//! | attribute | type | condition | description |
//! |---|---|---|---|
//! | `throughline.http.time_to_headers` | double | Opt-in. | The time in seconds from the start of the request to the head of the response, on a span that ends with the body. |
//! <!-- endsemconv -->
//!
//! And an event on the span that [`Attempts::with_events_on`](crate::client::Attempts::with_events_on) names:
//!
//! <!-- semconv event.throughline.attempt -->
//! | event | attributes | description |
//! |---|---|---|
//! | `throughline.attempt` | `throughline.attempt.duration`, `throughline.attempt.number`, `error.type`, `http.response.status_code` | The end of an attempt to send the request of a model call, on the call's span. |
//! <!-- endsemconv -->

use opentelemetry::InstrumentationScope;

/// The version of the conventions that the names are of.
pub const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.44.0";

/// The original client's address.
pub const CLIENT_ADDRESS: &str = "client.address";
/// The class of error that an exchange or a span ended with.
pub const ERROR_TYPE: &str = "error.type";
/// The event of an error.
pub const EXCEPTION: &str = "exception";
/// The text of an error.
pub const EXCEPTION_MESSAGE: &str = "exception.message";
/// The text of an error and of its sources.
pub const EXCEPTION_STACKTRACE: &str = "exception.stacktrace";
/// The name of an error's type.
pub const EXCEPTION_TYPE: &str = "exception.type";
/// The method, or [`OTHER`].
pub const HTTP_REQUEST_METHOD: &str = "http.request.method";
/// The method as it was sent, where it is not a known one.
pub const HTTP_REQUEST_METHOD_ORIGINAL: &str = "http.request.method_original";
/// How often the request was sent before.
pub const HTTP_REQUEST_RESEND_COUNT: &str = "http.request.resend_count";
/// Before the name of a captured request header.
pub const HTTP_REQUEST_HEADER: &str = "http.request.header.";
/// Before the name of a captured response header.
pub const HTTP_RESPONSE_HEADER: &str = "http.response.header.";
/// The status code, a number.
pub const HTTP_RESPONSE_STATUS_CODE: &str = "http.response.status_code";
/// The template of the path that matched.
pub const HTTP_ROUTE: &str = "http.route";
/// The other end of the connection.
pub const NETWORK_PEER_ADDRESS: &str = "network.peer.address";
/// The port of the other end of the connection.
pub const NETWORK_PEER_PORT: &str = "network.peer.port";
/// What carries the connection, where it is not TCP: [`UNIX`].
pub const NETWORK_TRANSPORT: &str = "network.transport";
/// The version of HTTP: `1.0`, `1.1`, `2`, `3`.
pub const NETWORK_PROTOCOL_VERSION: &str = "network.protocol.version";
/// The host that the request was for.
pub const SERVER_ADDRESS: &str = "server.address";
/// The port that the request was for.
pub const SERVER_PORT: &str = "server.port";
/// The whole URL, redacted.
pub const URL_FULL: &str = "url.full";
/// The path.
pub const URL_PATH: &str = "url.path";
/// The query, redacted.
pub const URL_QUERY: &str = "url.query";
/// `http` or `https`.
pub const URL_SCHEME: &str = "url.scheme";
/// The template of the path that a client calls.
pub const URL_TEMPLATE: &str = "url.template";
/// The client's software.
pub const USER_AGENT_ORIGINAL: &str = "user_agent.original";
/// Seconds from the start to the response's head, on a span that lasts until its body has ended.
pub const TIME_TO_HEADERS: &str = "throughline.http.time_to_headers";

/// The event of an attempt that has ended.
pub const ATTEMPT: &str = "throughline.attempt";
/// Which attempt it was, from 1 on.
pub const ATTEMPT_NUMBER: &str = "throughline.attempt.number";
/// How long the attempt lasted, in seconds.
pub const ATTEMPT_DURATION: &str = "throughline.attempt.duration";

/// A method or an error that is none of the known ones.
pub const OTHER: &str = "_OTHER";
/// The span name of a request whose method is [`OTHER`].
pub const UNKNOWN_METHOD_SPAN_NAME: &str = "HTTP";
/// The [`ERROR_TYPE`] of an exchange that the client left.
pub const CANCELLED: &str = "cancelled";
/// The [`ERROR_TYPE`] of an exchange or a span that panicked.
pub const PANIC: &str = "panic";
/// What stands in the place of a secret.
pub const REDACTED: &str = crate::redaction::REDACTED;
/// The unencrypted scheme.
pub const HTTP: &str = "http";
/// The encrypted scheme.
pub const HTTPS: &str = "https";
/// The [`NETWORK_TRANSPORT`] of a Unix domain socket.
pub const UNIX: &str = "unix";

/// A histogram of seconds.
pub const HTTP_SERVER_REQUEST_DURATION: &str = "http.server.request.duration";
/// An up-down counter of requests.
pub const HTTP_SERVER_ACTIVE_REQUESTS: &str = "http.server.active_requests";
/// A histogram of bytes.
pub const HTTP_SERVER_REQUEST_BODY_SIZE: &str = "http.server.request.body.size";
/// A histogram of bytes.
pub const HTTP_SERVER_RESPONSE_BODY_SIZE: &str = "http.server.response.body.size";
/// A histogram of seconds.
pub const HTTP_CLIENT_REQUEST_DURATION: &str = "http.client.request.duration";
/// A histogram of bytes.
pub const HTTP_CLIENT_REQUEST_BODY_SIZE: &str = "http.client.request.body.size";
/// A histogram of bytes.
pub const HTTP_CLIENT_RESPONSE_BODY_SIZE: &str = "http.client.response.body.size";

/// Seconds, in UCUM.
pub const SECONDS: &str = "s";
/// Bytes, in UCUM.
pub const BYTES: &str = "By";
/// Requests, in UCUM.
pub const REQUESTS: &str = "{request}";

/// The boundaries of a duration, in seconds.
pub const DURATION_BUCKETS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// The variable that replaces [`KNOWN_METHODS`], a comma between two.
pub const KNOWN_METHODS_VARIABLE: &str = "OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS";
/// The variable that says what is recorded of queries: see [`Query`](crate::Query).
pub const URL_QUERY_VARIABLE: &str = "THROUGHLINE_URL_QUERY";
/// The methods that are named; any other is [`OTHER`].
pub const KNOWN_METHODS: [&str; 10] = [
    "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "QUERY", "CONNECT", "TRACE",
];
/// The headers that no span shows, whoever asks.
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
/// The instrumentation scope of these layers.
pub(crate) fn scope() -> InstrumentationScope {
    InstrumentationScope::builder(env!("CARGO_PKG_NAME"))
        .with_version(env!("CARGO_PKG_VERSION"))
        .with_schema_url(SCHEMA_URL)
        .build()
}
