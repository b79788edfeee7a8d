//! The stable conventions as tables, written from their text.
//!
//! <https://opentelemetry.io/docs/specs/semconv/http/http-spans/> and
//! <https://opentelemetry.io/docs/specs/semconv/http/http-metrics/>

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Int,
    Double,
    Texts,
}

/// When an attribute must be there, beside its being allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    Required,
    /// Where another is.
    With(&'static str),
    /// Where there is an error, and nowhere else.
    IfFailed,
    /// Where the method is `_OTHER`, and nowhere else.
    IfOther,
    May,
}

use Need::{IfFailed, IfOther, May, Required, With};
use Type::{Int, Text, Texts};

pub(super) type Rule = (&'static str, Type, Need);

pub(super) const SERVER_SPAN: &[Rule] = &[
    ("http.request.method", Text, Required),
    ("url.path", Text, Required),
    ("url.scheme", Text, Required),
    ("error.type", Text, IfFailed),
    ("http.request.method_original", Text, IfOther),
    ("http.response.status_code", Int, May),
    ("http.route", Text, May),
    ("server.address", Text, May),
    ("server.port", Int, May),
    ("url.query", Text, May),
    ("client.address", Text, Required),
    ("network.peer.address", Text, Required),
    ("network.peer.port", Int, With("network.peer.address")),
    ("network.protocol.version", Text, Required),
    ("user_agent.original", Text, May),
    ("http.request.header.x-tenant", Texts, May),
    ("http.response.header.x-answer", Texts, May),
];

pub(super) const CLIENT_SPAN: &[Rule] = &[
    ("http.request.method", Text, Required),
    ("server.address", Text, Required),
    ("server.port", Int, Required),
    ("url.full", Text, Required),
    ("error.type", Text, IfFailed),
    ("http.request.method_original", Text, IfOther),
    ("http.response.status_code", Int, May),
    ("http.request.resend_count", Int, May),
    ("network.peer.address", Text, With("http.response.status_code")),
    ("network.peer.port", Int, With("network.peer.address")),
    (
        "network.protocol.version",
        Text,
        With("http.response.status_code"),
    ),
    ("url.template", Text, May),
    ("http.request.header.x-tenant", Texts, May),
    ("http.response.header.x-answer", Texts, May),
];

/// What a sampler must have seen, if the span has it.
pub(super) const SERVER_AT_CREATION: &[&str] = &[
    "client.address",
    "http.request.header.x-tenant",
    "http.request.method",
    "http.route",
    "server.address",
    "server.port",
    "url.path",
    "url.query",
    "url.scheme",
    "user_agent.original",
];

pub(super) const CLIENT_AT_CREATION: &[&str] =
    &["http.request.method", "server.address", "server.port", "url.full"];

/// The data of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Instrument {
    /// A histogram of seconds with these conventions' buckets.
    Duration,
    Bytes,
    UpDownCounter,
}

pub(super) struct Metric {
    pub(super) name: &'static str,
    pub(super) instrument: Instrument,
    pub(super) unit: &'static str,
    pub(super) description: &'static str,
    pub(super) labels: &'static [Rule],
}

const SERVER_LABELS: &[Rule] = &[
    ("http.request.method", Text, Required),
    ("url.scheme", Text, Required),
    ("error.type", Text, May),
    ("http.response.status_code", Int, May),
    ("http.route", Text, May),
    ("network.protocol.version", Text, Required),
];

const CLIENT_LABELS: &[Rule] = &[
    ("http.request.method", Text, Required),
    ("server.address", Text, Required),
    ("server.port", Int, Required),
    ("error.type", Text, May),
    ("http.response.status_code", Int, May),
    (
        "network.protocol.version",
        Text,
        With("http.response.status_code"),
    ),
    ("url.template", Text, May),
];

pub(super) const METRICS: &[Metric] = &[
    Metric {
        name: "http.server.request.duration",
        instrument: Instrument::Duration,
        unit: "s",
        description: "Duration of HTTP server requests.",
        labels: SERVER_LABELS,
    },
    Metric {
        name: "http.server.active_requests",
        instrument: Instrument::UpDownCounter,
        unit: "{request}",
        description: "Number of active HTTP server requests.",
        labels: &[
            ("http.request.method", Text, Required),
            ("url.scheme", Text, Required),
        ],
    },
    Metric {
        name: "http.server.request.body.size",
        instrument: Instrument::Bytes,
        unit: "By",
        description: "Size of HTTP server request bodies.",
        labels: SERVER_LABELS,
    },
    Metric {
        name: "http.server.response.body.size",
        instrument: Instrument::Bytes,
        unit: "By",
        description: "Size of HTTP server response bodies.",
        labels: SERVER_LABELS,
    },
    Metric {
        name: "http.client.request.duration",
        instrument: Instrument::Duration,
        unit: "s",
        description: "Duration of HTTP client requests.",
        labels: CLIENT_LABELS,
    },
    Metric {
        name: "http.client.request.body.size",
        instrument: Instrument::Bytes,
        unit: "By",
        description: "Size of HTTP client request bodies.",
        labels: CLIENT_LABELS,
    },
    Metric {
        name: "http.client.response.body.size",
        instrument: Instrument::Bytes,
        unit: "By",
        description: "Size of HTTP client response bodies.",
        labels: CLIENT_LABELS,
    },
];

/// In seconds.
pub(super) const DURATION_BUCKETS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

pub(super) const METHODS: [&str; 11] = [
    "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE", "_OTHER",
];

pub(super) const VERSIONS: [&str; 4] = ["1.0", "1.1", "2", "3"];
