//! The stable conventions as tables, written from their text.
//!
//! <https://opentelemetry.io/docs/specs/semconv/http/http-spans/> and
//! <https://opentelemetry.io/docs/specs/semconv/http/http-metrics/>

use throughline_test_support::conventions::{AttributeRule, Instrument, MetricRule, Requirement, Type};

use Requirement::{If, IfFailed, Optional, Required, RequiredWith};
use Type::{Int, OptionalText, Text, Texts};

pub(super) const SERVER_SPAN: &[AttributeRule] = &[
    ("http.request.method", Text, Required),
    ("url.path", OptionalText, Required),
    ("url.scheme", Text, Required),
    ("error.type", Text, IfFailed),
    (
        "http.request.method_original",
        Text,
        If("http.request.method", "_OTHER"),
    ),
    ("http.response.status_code", Int, Optional),
    ("http.route", Text, Optional),
    ("server.address", Text, Optional),
    ("server.port", Int, Optional),
    ("url.query", OptionalText, Optional),
    ("client.address", Text, Required),
    ("network.peer.address", Text, Required),
    ("network.peer.port", Int, RequiredWith("network.peer.address")),
    ("network.protocol.version", Text, Required),
    ("user_agent.original", OptionalText, Optional),
    ("http.request.header.x-tenant", Texts, Optional),
    ("http.response.header.x-answer", Texts, Optional),
];

pub(super) const CLIENT_SPAN: &[AttributeRule] = &[
    ("http.request.method", Text, Required),
    ("server.address", Text, Required),
    ("server.port", Int, Required),
    ("url.full", Text, Required),
    ("error.type", Text, IfFailed),
    (
        "http.request.method_original",
        Text,
        If("http.request.method", "_OTHER"),
    ),
    ("http.response.status_code", Int, Optional),
    ("http.request.resend_count", Int, Optional),
    (
        "network.peer.address",
        Text,
        RequiredWith("http.response.status_code"),
    ),
    ("network.peer.port", Int, RequiredWith("network.peer.address")),
    (
        "network.protocol.version",
        Text,
        RequiredWith("http.response.status_code"),
    ),
    ("url.template", Text, Optional),
    ("http.request.header.x-tenant", Texts, Optional),
    ("http.response.header.x-answer", Texts, Optional),
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

const SERVER_LABELS: &[AttributeRule] = &[
    ("http.request.method", Text, Required),
    ("url.scheme", Text, Required),
    ("error.type", Text, Optional),
    ("http.response.status_code", Int, Optional),
    ("http.route", Text, Optional),
    ("network.protocol.version", Text, Required),
];

const CLIENT_LABELS: &[AttributeRule] = &[
    ("http.request.method", Text, Required),
    ("server.address", Text, Required),
    ("server.port", Int, Required),
    ("error.type", Text, Optional),
    ("http.response.status_code", Int, Optional),
    (
        "network.protocol.version",
        Text,
        RequiredWith("http.response.status_code"),
    ),
    ("url.template", Text, Optional),
];

pub(super) const METRICS: &[MetricRule] = &[
    MetricRule {
        name: "http.server.request.duration",
        instrument: Instrument::Seconds(&DURATION_BUCKETS),
        unit: "s",
        description: Some("Duration of HTTP server requests."),
        labels: &[SERVER_LABELS],
    },
    MetricRule {
        name: "http.server.active_requests",
        instrument: Instrument::UpDownCounter,
        unit: "{request}",
        description: Some("Number of active HTTP server requests."),
        labels: &[&[
            ("http.request.method", Text, Required),
            ("url.scheme", Text, Required),
        ]],
    },
    MetricRule {
        name: "http.server.request.body.size",
        instrument: Instrument::Histogram(&DEFAULT_BUCKETS),
        unit: "By",
        description: Some("Size of HTTP server request bodies."),
        labels: &[SERVER_LABELS],
    },
    MetricRule {
        name: "http.server.response.body.size",
        instrument: Instrument::Histogram(&DEFAULT_BUCKETS),
        unit: "By",
        description: Some("Size of HTTP server response bodies."),
        labels: &[SERVER_LABELS],
    },
    MetricRule {
        name: "http.client.request.duration",
        instrument: Instrument::Seconds(&DURATION_BUCKETS),
        unit: "s",
        description: Some("Duration of HTTP client requests."),
        labels: &[CLIENT_LABELS],
    },
    MetricRule {
        name: "http.client.request.body.size",
        instrument: Instrument::Histogram(&DEFAULT_BUCKETS),
        unit: "By",
        description: Some("Size of HTTP client request bodies."),
        labels: &[CLIENT_LABELS],
    },
    MetricRule {
        name: "http.client.response.body.size",
        instrument: Instrument::Histogram(&DEFAULT_BUCKETS),
        unit: "By",
        description: Some("Size of HTTP client response bodies."),
        labels: &[CLIENT_LABELS],
    },
];

/// In seconds.
const DURATION_BUCKETS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// The conventions have none for sizes: these are the SDK's.
const DEFAULT_BUCKETS: [f64; 15] = [
    0.0, 5.0, 10.0, 25.0, 50.0, 75.0, 100.0, 250.0, 500.0, 750.0, 1000.0, 2500.0, 5000.0, 7500.0, 10000.0,
];

/// The values of attributes that have no others.
pub(super) const VALUES: &[(&str, &[&str])] = &[
    (
        "http.request.method",
        &[
            "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE", "_OTHER",
        ],
    ),
    ("network.protocol.version", &["1.0", "1.1", "2", "3"]),
    ("url.scheme", &["http", "https"]),
];
