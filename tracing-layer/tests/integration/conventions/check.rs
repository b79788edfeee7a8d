//! The HTTP conventions.

use opentelemetry::trace::{SpanKind, Status};
use opentelemetry_sdk::trace::SpanData;
use throughline_test_support::conventions::{
    AttributeRule, Attributes, Conventions, ExpectedSpan, MetricRule,
};

use super::table::{CLIENT_AT_CREATION, CLIENT_SPAN, METRICS, SERVER_AT_CREATION, SERVER_SPAN, VALUES};

/// The conventions of HTTP servers and clients.
pub(super) struct Http;

impl Conventions for Http {
    fn metrics(&self) -> &'static [MetricRule] {
        METRICS
    }

    fn values(&self) -> &'static [(&'static str, &'static [&'static str])] {
        VALUES
    }

    fn span(&self, case: &str, span: &SpanData, attributes: &Attributes<'_>) -> ExpectedSpan {
        let (rules, at_creation): (&'static [&'static [AttributeRule]], _) = match span.span_kind {
            SpanKind::Server => (&[SERVER_SPAN], SERVER_AT_CREATION),
            SpanKind::Client => (&[CLIENT_SPAN], CLIENT_AT_CREATION),
            ref other => panic!("{case}: a span of kind {other:?}"),
        };
        let method = attributes.text("http.request.method").expect("required");
        let method = if method == "_OTHER" { "HTTP" } else { &method };
        let target = attributes
            .text("http.route")
            .or_else(|| attributes.text("url.template"));
        ExpectedSpan {
            name: target.map_or_else(|| method.to_owned(), |target| format!("{method} {target}")),
            scope: "throughline-tracing-layer",
            rules,
            at_creation,
        }
    }

    fn check_span(&self, case: &str, span: &SpanData, attributes: &Attributes<'_>) {
        if let Status::Error { description } = &span.status {
            assert_eq!(description, "", "{case}: the attributes explain the status");
        }
        let error_from = if span.span_kind == SpanKind::Server {
            500
        } else {
            400
        };
        if let Some(status) = attributes.int("http.response.status_code")
            && status >= error_from
        {
            assert_eq!(
                attributes.text("error.type"),
                Some(status.to_string()),
                "{case}: the code explains it"
            );
        }
        assert_eq!(
            span.instrumentation_scope.schema_url(),
            Some("https://opentelemetry.io/schemas/1.44.0"),
            "{case}: the schema"
        );
    }

    fn check_attributes(&self, case: &str, attributes: &Attributes<'_>) {
        if let Some(class) = attributes.text("error.type") {
            let is_class = class.len() <= 80 && !class.contains(char::is_whitespace);
            assert!(is_class, "{case}: a class, not a text: {class}");
        }
        for secret in ["s3cr3t", "authorization", "cookie"] {
            let shown = attributes
                .iter()
                .find(|attribute| format!("{attribute:?}").contains(secret));
            assert!(shown.is_none(), "{case}: a secret in {shown:?}");
        }
    }
}
