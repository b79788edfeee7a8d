//! Telemetry for the tests, and requests to a viewer without a network.

use axum::Router;
use axum::body::Body;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::Event;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use serde_json::Value;
use throughline_viewer::Viewer;
use tower::ServiceExt;

/// The start of the traces, in nanoseconds since the Unix epoch.
pub(crate) const START: u64 = 1_764_500_000_000_000_000;

pub(crate) fn attribute(key: &str, value: impl Into<TestValue>) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue {
            value: Some(value.into().0),
        }),
        ..KeyValue::default()
    }
}

pub(crate) struct TestValue(pub(crate) Any);

impl From<&str> for TestValue {
    fn from(text: &str) -> Self {
        Self(Any::StringValue(text.to_owned()))
    }
}

impl From<String> for TestValue {
    fn from(text: String) -> Self {
        Self(Any::StringValue(text))
    }
}

impl From<i64> for TestValue {
    fn from(number: i64) -> Self {
        Self(Any::IntValue(number))
    }
}

impl From<f64> for TestValue {
    fn from(number: f64) -> Self {
        Self(Any::DoubleValue(number))
    }
}

impl From<Any> for TestValue {
    fn from(value: Any) -> Self {
        Self(value)
    }
}

/// A span. Times are in microseconds after [`START`]; parent 0 means no parent.
pub(crate) fn span(trace: u128, id: u64, parent: u64, name: &str, from: u64, to: u64) -> Span {
    Span {
        trace_id: trace.to_be_bytes().to_vec(),
        span_id: id.to_be_bytes().to_vec(),
        parent_span_id: if parent == 0 {
            Vec::new()
        } else {
            parent.to_be_bytes().to_vec()
        },
        name: name.to_owned(),
        kind: 1,
        start_time_unix_nano: START + from * 1_000,
        end_time_unix_nano: START + to * 1_000,
        ..Span::default()
    }
}

pub(crate) trait SpanExt {
    fn with(self, key: &str, value: impl Into<TestValue>) -> Self;
    fn failing(self, message: &str) -> Self;
    fn event(self, name: &str, at: u64) -> Self;
}

impl SpanExt for Span {
    fn with(mut self, key: &str, value: impl Into<TestValue>) -> Self {
        self.attributes.push(attribute(key, value));
        self
    }

    fn failing(mut self, message: &str) -> Self {
        self.status = Some(Status {
            message: message.to_owned(),
            code: 2,
        });
        self
    }

    fn event(mut self, name: &str, at: u64) -> Self {
        self.events.push(Event {
            name: name.to_owned(),
            time_unix_nano: START + at * 1_000,
            ..Event::default()
        });
        self
    }
}

/// A request with spans of one service.
pub(crate) fn request(service: &str, spans: Vec<Span>) -> ExportTraceServiceRequest {
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource {
                attributes: vec![attribute("service.name", service)],
                ..Resource::default()
            }),
            scope_spans: vec![ScopeSpans {
                spans,
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        }],
    }
}

/// A task with an agent, a model call with content, its HTTP attempt, and a failing tool.
pub(crate) fn task(trace: u128) -> ExportTraceServiceRequest {
    let messages = r#"[{"role":"user","parts":[{"type":"text","content":"Weather in Paris?"}]}]"#;
    let answer =
        r#"[{"role":"assistant","parts":[{"type":"text","content":"Rain."}],"finish_reason":"stop"}]"#;
    request(
        "shop",
        vec![
            span(trace, 1, 0, "POST /task", 0, 1_000).with("http.request.method", "POST"),
            span(trace, 2, 1, "invoke_agent Planner", 100, 900)
                .with("gen_ai.operation.name", "invoke_agent")
                .with("gen_ai.agent.name", "Planner"),
            span(trace, 3, 2, "chat gpt-4o", 200, 700)
                .with("gen_ai.operation.name", "chat")
                .with("gen_ai.provider.name", "openai")
                .with("gen_ai.request.model", "gpt-4o")
                .with("gen_ai.request.temperature", 0.5)
                .with("gen_ai.usage.input_tokens", 57)
                .with("gen_ai.usage.output_tokens", 24)
                .with("gen_ai.usage.cache_read.input_tokens", 40)
                .with("gen_ai.response.time_to_first_chunk", 0.0001)
                .with("gen_ai.conversation.id", "conv-1")
                .with(
                    "gen_ai.system_instructions",
                    r#"[{"type":"text","content":"Be brief."}]"#,
                )
                .with("gen_ai.input.messages", messages)
                .with("gen_ai.output.messages", answer)
                .with("throughline.cost", 0.25),
            span(trace, 4, 3, "POST", 210, 690)
                .with("http.request.method", "POST")
                .event("retry", 300),
            span(trace, 5, 2, "execute_tool run", 700, 800)
                .with("gen_ai.operation.name", "execute_tool")
                .with("error.type", "timeout")
                .failing("too slow"),
        ],
    )
}

/// The answer to a request, and its body.
pub(crate) async fn send(router: &Router, request: Request<Body>) -> (http::response::Parts, Vec<u8>) {
    let response: Response<Body> = router
        .clone()
        .oneshot(request)
        .await
        .expect("a router does not fail");
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("the body is complete").to_bytes();
    (parts, body.to_vec())
}

pub(crate) fn get(path: &str) -> Request<Body> {
    Request::get(path)
        .header("host", "127.0.0.1:4319")
        .body(Body::empty())
        .expect("a request")
}

/// The status and the JSON of a path of the API.
pub(crate) async fn json_of(viewer: &Viewer, path: &str) -> (StatusCode, Value) {
    let (parts, body) = send(&viewer.router(), get(path)).await;
    let json = serde_json::from_slice(&body);
    (
        parts.status,
        json.unwrap_or_else(|error| panic!("{path}: {error}: {:?}", String::from_utf8_lossy(&body))),
    )
}

/// The JSON of a path of the API that must exist.
pub(crate) async fn ok(viewer: &Viewer, path: &str) -> Value {
    let (status, json) = json_of(viewer, path).await;
    assert_eq!(status, StatusCode::OK, "{path}: {json}");
    json
}

pub(crate) fn hex(trace: u128) -> String {
    format!("{trace:032x}")
}
