//! What is expected of a value that is not accepted.

use std::fmt;

/// Why a value is not accepted: what would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    Boolean,
    Bytes,
    ByteCount,
    Characters,
    Compression,
    Count,
    Exporter,
    ExporterOfMetrics,
    ExporterOfTracesAndLogs,
    FileCount,
    Header,
    Host,
    Listener,
    MillisecondCount,
    Milliseconds,
    Name,
    Pairs,
    Percentage,
    Port,
    Propagators,
    Protocol,
    QueueSize,
    Rate,
    Sampler,
    SpanCount,
    Temporality,
    Timeout,
    Url,
}

impl Expected {
    #[rustfmt::skip]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Boolean => "true or false",
            Self::Bytes => "a whole number of bytes from 1",
            Self::ByteCount => "a whole number of bytes",
            Self::Characters => "a whole number of characters from 0 to 2147483647",
            Self::Compression => r#""gzip" or "none""#,
            Self::Count => "a whole number from 0 to 2147483647",
            Self::Exporter => r#"one of "console", "console-json", "file", "otlp", "jaeger" (traces only), "prometheus" (metrics only) or "none""#,
            Self::ExporterOfMetrics => r#"an exporter that takes metrics and logs, and "jaeger" for traces alone"#,
            Self::ExporterOfTracesAndLogs => r#"an exporter that takes traces and logs, and "prometheus" for metrics alone (metrics_exporter, OTEL_METRICS_EXPORTER)"#,
            Self::FileCount => "a whole number of files",
            Self::Header => "a name and a value that HTTP takes: letters, digits and dashes; no line break",
            Self::Host => "the name of a host or an address",
            Self::Listener => r#"a host and a port such as 127.0.0.1:9464, or "none""#,
            Self::MillisecondCount => "a whole number of milliseconds",
            Self::Milliseconds => "a whole number of milliseconds from 1 to 2147483647",
            Self::Name => "a name that is not empty",
            Self::Pairs => "name=value, with commas between them; a comma in a value is %2C",
            Self::Percentage => "a number from 0 to 100",
            Self::Port => "a port from 0 to 65535",
            Self::Propagators => r#""tracecontext", "baggage", "b3", "b3multi", "jaeger" and "xray", with commas between them, or "none""#,
            Self::Protocol => r#""grpc", "http/protobuf" or "http/json""#,
            Self::QueueSize => "a whole number from 1 to 1000000",
            Self::Rate => "a number from 0.0 to 1.0",
            Self::Sampler => r#""always_on", "always_off", "traceidratio", or one of them after "parentbased_""#,
            Self::SpanCount => "a whole number of spans",
            Self::Temporality => r#""cumulative", "delta" or "lowmemory""#,
            Self::Timeout => "a whole number of milliseconds from 0, which is no limit, to 2147483647",
            Self::Url => "a URL such as http://127.0.0.1:4317 (gRPC) or http://127.0.0.1:4318 (HTTP)",
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
