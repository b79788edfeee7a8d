//! Exporters, protocols, compression and propagators, and their names in files and variables.

use crate::signal::Signal;

/// A destination of a signal.
///
/// The order is the order of flush and shutdown: exporters on this machine first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Exporter {
    /// The signal is not recorded. In a file or a variable: `none`.
    None,
    /// Standard output, human-readable: a tree per trace, and a line per metric and log record. In a file or
    /// a variable: `console`.
    Console,
    /// Standard output, machine-readable: a line of OTLP/JSON per batch. Needs the feature `file`. In a file
    /// or a variable: `console-json`.
    ConsoleJson,
    /// A file of such lines ([`FileConfig`](crate::FileConfig)). Needs the feature `file`. In a file or a
    /// variable: `file`.
    File,
    /// An endpoint for Prometheus to scrape. Metrics only. Needs the feature `prometheus`. In a file or
    /// a variable: `prometheus`.
    Prometheus,
    /// A page in this process that shows traces, model calls, tokens and logs. Needs the feature `viewer`. In a
    /// file or a variable: `viewer`.
    Viewer,
    /// A collector, or any other receiver of OTLP. In a file or a variable: `otlp`.
    Otlp,
    /// Jaeger, over OTLP. Traces only; as the exporter of all signals it exports no metrics. In a file or a
    /// variable: `jaeger`.
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
            "viewer" => Self::Viewer,
            "otlp" => Self::Otlp,
            "jaeger" => Self::Jaeger,
            _ => return None,
        })
    }

    /// Whether this exporter supports a signal.
    pub(crate) fn supports(self, signal: Signal) -> bool {
        match self {
            Self::Prometheus => signal == Signal::Metrics,
            Self::Jaeger => signal == Signal::Traces,
            _ => true,
        }
    }

    /// Whether this exporter uses OTLP.
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
            Self::Viewer => "viewer",
            Self::Otlp => "otlp",
            Self::Jaeger => "jaeger",
        }
    }
}

/// The transport protocol of OTLP (<https://opentelemetry.io/docs/specs/otel/protocol/exporter/>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// gRPC, usually on port 4317. Needs the feature `otlp-grpc`. In a file or a variable: `grpc`.
    Grpc,
    /// Protobuf over HTTP, usually on port 4318. Needs the feature `otlp-http`. In a file or a variable:
    /// `http/protobuf`.
    HttpProtobuf,
    /// JSON over HTTP, for intermediaries that do not read protobuf. Needs the feature `otlp-http`. In a file
    /// or a variable: `http/json`.
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

/// The compression of requests to a collector.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compression {
    /// None: cheapest for a collector on the same machine. In a file or a variable: `none`.
    #[default]
    None,
    /// Gzip, which reduces requests to a few percent of their size. In a file or a variable: `gzip`.
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

/// A format of the headers that propagate a trace between services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Propagator {
    /// W3C `traceparent` and `tracestate`. In a file or a variable: `tracecontext`.
    TraceContext,
    /// W3C `baggage`. In a file or a variable: `baggage`.
    Baggage,
    /// B3 in a single header. A debug trace remains one, and a decision without ids (`b3: 0`) applies to new
    /// traces. In a file or a variable: `b3`.
    B3,
    /// B3 in several headers. Both forms are read. In a file or a variable: `b3multi`.
    B3Multi,
    /// Jaeger's `uber-trace-id` and its baggage, `uberctx-NAME`. In a file or a variable: `jaeger`.
    Jaeger,
    /// AWS X-Ray. A deferred sampling decision is made here. Needs the feature `xray`. In a file or a
    /// variable: `xray`.
    XRay,
}

impl Propagator {
    /// Parses a comma-separated list, in which repetitions are dropped, or `none`.
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
