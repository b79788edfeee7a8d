//! Where telemetry goes and how it gets there.

/// Where spans and metrics go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Exporter {
    /// Nowhere: the signal is not recorded. In a file or a variable: `none`.
    None,
    /// Standard output, for people: a tree for each trace, a line for each metric and log record. In a file or a variable: `console`.
    Console,
    /// Standard output, for machines: a line of OTLP/JSON for each batch; needs the feature `file`. In a file or a
    /// variable: `console-json`.
    ConsoleJson,
    /// A file of such lines ([`FileConfig`](crate::FileConfig)); needs the feature `file`. In a file or a variable: `file`.
    File,
    /// A page of metrics for a Prometheus to scrape; needs the feature `prometheus`. There are no traces in it. In a file
    /// or a variable: `prometheus`.
    Prometheus,
    /// A collector, or anything else that speaks OTLP. In a file or a variable: `otlp`.
    Otlp,
    /// Jaeger, by OTLP: traces only. As the exporter of all signals it sends no metrics. In a file or a variable: `jaeger`.
    Jaeger,
}

impl Exporter {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "none" => Self::None,
            "console" => Self::Console,
            "console-json" => Self::ConsoleJson,
            "file" => Self::File,
            "prometheus" => Self::Prometheus,
            "otlp" => Self::Otlp,
            "jaeger" => Self::Jaeger,
            _ => return None,
        })
    }

    /// Whether it is reached by OTLP.
    pub(crate) fn is_otlp(self) -> bool {
        matches!(self, Self::Otlp | Self::Jaeger)
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Console => "console",
            Self::ConsoleJson => "console-json",
            Self::File => "file",
            Self::Prometheus => "prometheus",
            Self::Otlp => "otlp",
            Self::Jaeger => "jaeger",
        }
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
    /// JSON over HTTP, for what stands between that reads no protobuf; needs the feature `otlp-http`. In a file or a
    /// variable: `http/json`.
    HttpJson,
}

impl Protocol {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "grpc" => Self::Grpc,
            "http/protobuf" => Self::HttpProtobuf,
            "http/json" => Self::HttpJson,
            _ => return None,
        })
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Grpc => "grpc",
            Self::HttpProtobuf => "http/protobuf",
            Self::HttpJson => "http/json",
        }
    }
}

/// How a request to the collector is made smaller.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compression {
    /// Not at all: the cheapest for a collector on the same machine. In a file or a variable: `none`.
    #[default]
    None,
    /// By gzip, to a few percent of the bytes. In a file or a variable: `gzip`.
    Gzip,
}

impl Compression {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "none" => Self::None,
            "gzip" => Self::Gzip,
            _ => return None,
        })
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
        }
    }
}

/// A format of the headers that carry a trace from one service to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Propagator {
    /// W3C `traceparent` and `tracestate`. In a file or a variable: `tracecontext`.
    TraceContext,
    /// W3C `baggage`. In a file or a variable: `baggage`.
    Baggage,
    /// B3 in one header; a debug trace stays one, and a decision without ids (`b3: 0`) is heeded by new traces. In a file or a
    /// variable: `b3`.
    B3,
    /// B3 in several headers, read like the other. In a file or a variable: `b3multi`.
    B3Multi,
    /// Jaeger's `uber-trace-id` and its baggage, `uberctx-NAME`. In a file or a variable: `jaeger`.
    Jaeger,
    /// AWS X-Ray; a decision that is left open is made here. Needs the feature `xray`. In a file or a variable: `xray`.
    XRay,
}

impl Propagator {
    /// A list with commas, each name once, or `none`.
    pub(crate) fn parse_list(text: &str) -> Option<Vec<Self>> {
        if text.trim() == "none" {
            return Some(Vec::new());
        }
        let mut list = Vec::new();
        for name in text.split(',') {
            let propagator = Self::parse(name.trim())?;
            if !list.contains(&propagator) {
                list.push(propagator);
            }
        }
        Some(list)
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "tracecontext" => Self::TraceContext,
            "baggage" => Self::Baggage,
            "b3" => Self::B3,
            "b3multi" => Self::B3Multi,
            "jaeger" => Self::Jaeger,
            "xray" => Self::XRay,
            _ => return None,
        })
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::TraceContext => "tracecontext",
            Self::Baggage => "baggage",
            Self::B3 => "b3",
            Self::B3Multi => "b3multi",
            Self::Jaeger => "jaeger",
            Self::XRay => "xray",
        }
    }
}
