//! What stands in for OTLP over gRPC where the feature `otlp-grpc` is not compiled in.

/// A runtime that never exists.
#[derive(Debug)]
pub(crate) enum Runtime {}

#[cfg(feature = "otlp-http")]
mod connection {
    use super::Runtime;
    use crate::config::OtlpTarget;
    use crate::error::InitError;
    use crate::otlp::connection::Post;
    use crate::otlp::{CollectorReply, missing};

    /// A connection that never exists.
    #[derive(Debug)]
    pub(crate) enum Grpc {}

    impl Grpc {
        pub(crate) fn new(target: &OtlpTarget, _: &mut Option<Runtime>) -> Result<Self, InitError> {
            Err(missing(target))
        }

        pub(crate) fn send(&self, _: Post<'_>) -> CollectorReply {
            match *self {}
        }
    }
}

#[cfg(feature = "otlp-http")]
pub(crate) use connection::Grpc;

#[cfg(test)]
mod tests {
    use crate::config::{Exporter, Protocol, TelemetryConfig};
    use crate::exporter::Setup;

    #[test]
    fn the_feature_is_named() {
        let config = TelemetryConfig::default()
            .with_enabled(true)
            .with_exporter(Exporter::Otlp);
        let config = config.with_protocol(Protocol::Grpc).with_endpoint("http://c");
        let error = Setup::new(config).providers(None).expect_err("no feature");
        let expected = "traces over OTLP by gRPC to http://c needs the feature \"otlp-grpc\" of throughline-telemetry, which is not compiled in";
        assert_eq!(error.to_string(), expected, "the message");
        assert!(error.is_exporter(), "what kind it is");
    }
}
