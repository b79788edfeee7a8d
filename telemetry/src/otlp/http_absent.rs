//! What stands in for OTLP over HTTP where the feature `otlp-http` is not compiled in.

#[cfg(feature = "otlp-grpc")]
mod connection {
    use crate::config::OtlpTarget;
    use crate::error::InitError;
    use crate::otlp::connection::Post;
    use crate::otlp::{CollectorReply, missing};

    /// A connection that never exists.
    #[derive(Debug)]
    pub(crate) enum Http {}

    impl Http {
        pub(crate) fn new(target: &OtlpTarget) -> Result<Self, InitError> {
            Err(missing(target))
        }

        pub(crate) fn send(&self, _: Post<'_>) -> CollectorReply {
            match *self {}
        }
    }
}

#[cfg(feature = "otlp-grpc")]
pub(crate) use connection::Http;

#[cfg(test)]
mod tests {
    use crate::config::{Exporter, Protocol, TelemetryConfig};
    use crate::exporter::Setup;

    #[test]
    fn the_feature_is_named() {
        let config = TelemetryConfig::default()
            .with_enabled(true)
            .with_exporter(Exporter::Otlp);
        let config = config
            .with_protocol(Protocol::HttpProtobuf)
            .with_endpoint("http://c");
        let error = Setup::new(config).providers(None).expect_err("no feature");
        let expected = "traces over OTLP by HTTP to http://c/v1/traces needs the feature \"otlp-http\" of throughline-telemetry, which is not compiled in";
        assert_eq!(error.to_string(), expected, "the message");
        assert!(error.is_exporter(), "what kind it is");
    }
}
