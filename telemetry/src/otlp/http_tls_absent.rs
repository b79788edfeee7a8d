//! What stands in for TLS where the feature `tls` is not compiled in.

use reqwest::blocking::ClientBuilder;

use crate::config::OtlpTarget;
use crate::error::InitError;

/// Lets `http` pass and refuses `https`.
pub(super) fn secure(builder: ClientBuilder, target: &OtlpTarget) -> Result<ClientBuilder, InitError> {
    if target.is_https() {
        return Err(InitError::exporter(format!(
            "{target} needs the feature \"tls\" of throughline-telemetry, which is not compiled in"
        )));
    }
    Ok(builder)
}

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
            .with_endpoint("https://c");
        let error = Setup::new(config).providers(None).expect_err("no feature");
        let expected = "traces over OTLP by HTTP to https://c/v1/traces needs the feature \"tls\" of throughline-telemetry, which is not compiled in";
        assert_eq!(error.to_string(), expected, "the message");
    }
}
