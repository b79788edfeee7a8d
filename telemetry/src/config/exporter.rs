//! Where telemetry goes and how it gets there.

/// Where spans and metrics go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Exporter {
    /// Nowhere: the signal is not recorded. In a file or a variable: `none`.
    None,
    /// Standard output, for people: a tree for each trace, a line for each metric. In a file or a variable: `console`.
    Console,
    /// A collector, or anything else that speaks OTLP, such as Jaeger. In a file or a variable: `otlp` or `jaeger`.
    Otlp,
}

impl Exporter {
    pub(crate) const ACCEPTED: &str = r#""console", "otlp", "jaeger" (which is otlp) or "none""#;

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "none" => Self::None,
            "console" => Self::Console,
            "otlp" | "jaeger" => Self::Otlp,
            _ => return None,
        })
    }
}

/// How OTLP is carried (<https://opentelemetry.io/docs/specs/otel/protocol/exporter/>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// gRPC, usually on port 4317; needs the feature `otlp-grpc`. In a file or a variable: `grpc`.
    Grpc,
    /// Protobuf over HTTP, usually on port 4318; needs the feature `otlp-http`. In a file or a variable: `http/protobuf`.
    HttpProtobuf,
}

impl Protocol {
    pub(crate) const ACCEPTED: &str = r#""grpc" or "http/protobuf""#;

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "grpc" => Self::Grpc,
            "http/protobuf" => Self::HttpProtobuf,
            _ => return None,
        })
    }
}
