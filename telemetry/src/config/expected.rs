//! The accepted values of settings, for error messages.

use std::borrow::Cow;
use std::fmt;

use throughline_tokens::TargetModel;

/// What is accepted in place of an invalid value.
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
    HistogramBuckets,
    Host,
    Interval,
    Listener,
    LogLevel,
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
    TargetModel,
    Temporality,
    Timeout,
    Url,
}

impl Expected {
    #[rustfmt::skip]
    fn text(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Boolean => "true or false",
            Self::Bytes => "a whole number of bytes from 1",
            Self::ByteCount => "a whole number of bytes",
            Self::Characters => "a whole number of characters from 0 to 2147483647",
            Self::Compression => r#""gzip" or "none""#,
            Self::Count => "a whole number from 0 to 2147483647",
            Self::Exporter => r#""console", "console-json", "file", "viewer", "otlp", "jaeger" (traces only) and "prometheus" (metrics only), with commas between them, or "none""#,
            Self::ExporterOfMetrics => r#"exporters that support metrics and logs, and "jaeger" for traces only"#,
            Self::ExporterOfTracesAndLogs => r#"exporters that support traces and logs, and "prometheus" for metrics only (metrics_exporter, OTEL_METRICS_EXPORTER)"#,
            Self::FileCount => "a whole number of files",
            Self::Header => "a name of letters, digits and dashes, and a value without line breaks",
            Self::HistogramBuckets => r#""explicit_bucket_histogram" or "base2_exponential_bucket_histogram""#,
            Self::Host => "a host name or an IP address",
            Self::Interval => "an interval from 1 ms to 2147483647 ms",
            Self::Listener => r#"a host and a port such as 127.0.0.1:9464, or "none""#,
            Self::LogLevel => r#""none", "fatal", "error", "warn", "info", "debug" or "trace""#,
            Self::MillisecondCount => "a whole number of milliseconds",
            Self::Milliseconds => "a whole number of milliseconds from 1 to 2147483647",
            Self::Name => "a name that is not empty",
            Self::Pairs => "a comma-separated list of name=value; write a comma in a value as %2C",
            Self::Percentage => "a number from 0 to 100",
            Self::Port => "a port from 0 to 65535",
            Self::Propagators => r#""tracecontext", "baggage", "b3", "b3multi", "jaeger" and "xray", with commas between them, or "none""#,
            Self::Protocol => r#""grpc", "http/protobuf" or "http/json""#,
            Self::QueueSize => "a whole number from 1 to 1000000",
            Self::Rate => "a number from 0.0 to 1.0",
            Self::Sampler => r#""always_on", "always_off", "traceidratio", or one of them after "parentbased_""#,
            Self::SpanCount => "a whole number of spans",
            Self::TargetModel => return TargetModel::accepted().into(),
            Self::Temporality => r#""cumulative", "delta" or "lowmemory""#,
            Self::Timeout => "a whole number of milliseconds from 0 (no limit) to 2147483647",
            Self::Url => "a URL such as http://127.0.0.1:4317 (gRPC) or http://127.0.0.1:4318 (HTTP)",
        })
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}
