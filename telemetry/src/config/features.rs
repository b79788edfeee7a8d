//! The features that parts of a configuration require. This is the only table of features and the only place
//! that reports a missing one.

use std::fmt::Display;

use crate::config::{
    Compression, Exporter, HistogramBuckets, OtlpTarget, Propagator, Protocol, TelemetryConfig,
};
use crate::error::InitError;
use crate::signal::Signal;

/// A feature of this crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Feature {
    name: &'static str,
    is_compiled_in: bool,
}

/// Returns the feature with this name.
macro_rules! feature {
    ($name:literal) => {
        Feature {
            name: $name,
            is_compiled_in: cfg!(feature = $name),
        }
    };
}

const FILE: Feature = feature!("file");
const OTLP_GRPC: Feature = feature!("otlp-grpc");
const OTLP_HTTP: Feature = feature!("otlp-http");
const OTLP_JSON: Feature = feature!("otlp-json");
const PROMETHEUS: Feature = feature!("prometheus");
const GZIP: Feature = feature!("gzip");
const TLS: Feature = feature!("tls");
const VIEWER: Feature = feature!("viewer");
const XRAY: Feature = feature!("xray");
pub(super) const TOML: Feature = feature!("toml");
pub(super) const YAML: Feature = feature!("yaml");

/// Either feature that enables OTLP.
const OTLP: Feature = Feature {
    name: "otlp-grpc\" or \"otlp-http",
    is_compiled_in: OTLP_GRPC.is_compiled_in || OTLP_HTTP.is_compiled_in,
};

impl Feature {
    /// Returns why `what` cannot be used, or `None` if the feature is compiled in.
    pub(crate) fn missing(self, what: impl Display) -> Option<String> {
        (!self.is_compiled_in).then(|| self.message(what))
    }

    fn message(self, what: impl Display) -> String {
        let name = self.name;
        format!("{what} needs the feature \"{name}\" of throughline-telemetry, which is not compiled in")
    }

    pub(super) fn check(self, what: impl Display) -> Result<(), InitError> {
        if self.is_compiled_in {
            Ok(())
        } else {
            Err(self.error(what))
        }
    }

    pub(crate) fn error(self, what: impl Display) -> InitError {
        InitError::exporter(self.message(what))
    }
}

impl Exporter {
    pub(super) fn feature(self) -> Option<Feature> {
        match self {
            Self::None | Self::Console => None,
            Self::ConsoleJson | Self::File => Some(FILE),
            Self::Prometheus => Some(PROMETHEUS),
            Self::Viewer => Some(VIEWER),
            Self::Otlp | Self::Jaeger => Some(OTLP),
        }
    }
}

impl Protocol {
    pub(crate) fn feature(self) -> Feature {
        match self {
            Self::Grpc => OTLP_GRPC,
            Self::HttpProtobuf => OTLP_HTTP,
            Self::HttpJson => OTLP_JSON,
        }
    }
}

impl Compression {
    pub(super) fn feature(self) -> Option<Feature> {
        (self == Self::Gzip).then_some(GZIP)
    }
}

impl Propagator {
    pub(super) fn feature(self) -> Option<Feature> {
        (self == Self::XRay).then_some(XRAY)
    }
}

impl OtlpTarget {
    /// Checks that the features for this collector are compiled in.
    fn check_features(&self) -> Result<(), InitError> {
        if let Some(missing) = self.protocol.feature().missing(self) {
            let other = self.alternative().map_or_else(String::new, |other| {
                let protocol = other.protocol.as_str();
                format!("; if the port uses {protocol}, set this protocol (OTEL_EXPORTER_OTLP_PROTOCOL)")
            });
            return Err(InitError::exporter(format!("{missing}{other}")));
        }
        if let Some(feature) = self.compression.feature() {
            feature.check(format_args!("compression of {self}"))?;
        }
        if self.is_https() { TLS.check(self) } else { Ok(()) }
    }
}

impl TelemetryConfig {
    /// Checks that an exporter of a signal is compiled in.
    pub(crate) fn check_exporter_feature(&self, signal: Signal, exporter: Exporter) -> Result<(), InitError> {
        if exporter.is_otlp() {
            return OtlpTarget::new(self, signal)?.check_features();
        }
        let buckets = self.sdk.metric_views.histogram_buckets;
        if exporter == Exporter::Prometheus && buckets == HistogramBuckets::Exponential {
            let why = "the exporter prometheus has explicit buckets only, and with_histogram_buckets sets \
                       exponential ones for all exporters of metrics: remove one of the two";
            return Err(InitError::exporter(why.to_owned()));
        }
        let what = format!("the exporter {}", exporter.as_str());
        exporter.feature().map_or(Ok(()), |feature| feature.check(what))
    }

    /// Checks that the propagators are compiled in.
    pub(crate) fn check_propagator_features(&self) -> Result<(), InitError> {
        self.propagators.iter().try_for_each(|propagator| {
            let what = format!("the propagator {}", propagator.as_str());
            propagator.feature().map_or(Ok(()), |feature| feature.check(what))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exporter::ExporterSetup;
    use crate::propagator::install_propagator;

    /// An exporter that is not compiled in is an error that names the feature.
    #[test]
    fn missing_feature_is_reported() {
        let config = |exporter| {
            TelemetryConfig::default()
                .with_enabled(true)
                .with_prometheus_listen(None)
                .with_viewer_listen(None)
                .with_metrics_exporter(Exporter::None)
                .with_exporter(exporter)
        };
        let otlp = |protocol, url: &str| config(Exporter::Otlp).with_protocol(protocol).with_endpoint(url);
        let prometheus = config(Exporter::None).with_metrics_exporter(Exporter::Prometheus);
        let file = crate::config::FileConfig::default().with_path(
            std::env::temp_dir()
                .join("throughline-{pid}-features")
                .to_string_lossy(),
        );
        let (grpc, http, json) = (Protocol::Grpc, Protocol::HttpProtobuf, Protocol::HttpJson);
        let by_grpc = |url| format!("traces over OTLP by gRPC to {url}");
        let by_http = |url| format!("traces over OTLP by HTTP to {url}/v1/traces");
        for (config, what, feature) in [
            (
                config(Exporter::File).with_file(file),
                "the exporter file".to_owned(),
                FILE,
            ),
            (
                config(Exporter::ConsoleJson),
                "the exporter console-json".to_owned(),
                FILE,
            ),
            (prometheus, "the exporter prometheus".to_owned(), PROMETHEUS),
            (config(Exporter::Viewer), "the exporter viewer".to_owned(), VIEWER),
            (otlp(grpc, "http://c"), by_grpc("http://c"), OTLP_GRPC),
            (otlp(http, "http://c"), by_http("http://c"), OTLP_HTTP),
            (otlp(json, "http://c"), by_http("http://c"), OTLP_JSON),
            (
                otlp(grpc, "https://c"),
                by_grpc("https://c"),
                if OTLP_GRPC.is_compiled_in { TLS } else { OTLP_GRPC },
            ),
            (
                otlp(http, "https://c"),
                by_http("https://c"),
                if OTLP_HTTP.is_compiled_in { TLS } else { OTLP_HTTP },
            ),
        ] {
            let result = ExporterSetup::new(config).providers(None).map(drop);
            expect_named(result, &what, feature);
        }
        // The port suggests gRPC, and may use HTTP.
        let implied = config(Exporter::Otlp).with_endpoint("http://c:4317");
        let result = ExporterSetup::new(implied).providers(None).map(drop);
        if OTLP_HTTP.is_compiled_in && !OTLP_GRPC.is_compiled_in {
            let error = result.expect_err("gRPC is not compiled in").to_string();
            let hint = "which is not compiled in; if the port uses http/protobuf, set this protocol \
                        (OTEL_EXPORTER_OTLP_PROTOCOL)";
            assert!(error.ends_with(hint), "{error}");
        }
        let gzip = otlp(http, "http://c").with_compression(Compression::Gzip);
        let result = ExporterSetup::new(gzip).providers(None).map(drop);
        if OTLP_HTTP.is_compiled_in {
            expect_named(result, &format!("compression of {}", by_http("http://c")), GZIP);
        }
        let toml = TelemetryConfig::from_toml_str("").map(drop);
        expect_named(toml, "a configuration in TOML", TOML);
        let yaml = TelemetryConfig::from_yaml_str("").map(drop);
        expect_named(yaml, "a configuration in YAML", YAML);
        let declarative = TelemetryConfig::from_declarative_str("file_format: '1.0'").map(drop);
        expect_named(declarative, "a declarative configuration", YAML);
        let config = TelemetryConfig::default().with_propagators([Propagator::XRay]);
        expect_named(install_propagator(&config), "the propagator xray", XRAY);
    }

    fn expect_named(result: Result<(), InitError>, what: &str, feature: Feature) {
        let Feature { name, is_compiled_in } = feature;
        if is_compiled_in {
            assert!(result.is_ok(), "{what} is set up: {result:?}");
            return;
        }
        let error = result.expect_err("the feature is not compiled in");
        let expected =
            format!("{what} needs the feature \"{name}\" of throughline-telemetry, which is not compiled in");
        assert_eq!(error.to_string(), expected, "the message");
        assert!(error.is_exporter(), "the kind of the error: {what}");
    }
}
