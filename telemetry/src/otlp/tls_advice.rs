//! Advice for TLS failures.

use crate::config::OtlpTarget;

/// Returns advice for a TLS failure, or `None` for any other failure.
pub(crate) fn tls_advice(why: &str, target: &OtlpTarget) -> Option<String> {
    if !target.is_https() {
        return None;
    }
    let is_rejected = |kind: &str| why.contains("invalid peer certificate") && why.contains(kind);
    if is_rejected("UnknownIssuer") || is_rejected("BadSignature") {
        let roots = match &target.tls.certificate {
            Some(path) => {
                format!("the issuer of its certificate is neither in the system's roots nor in {path}")
            }
            None => "the system does not trust the issuer of its certificate".to_owned(),
        };
        return Some(format!(
            "{roots}: set the issuer's certificate as tls.certificate (OTEL_EXPORTER_OTLP_CERTIFICATE)"
        ));
    }
    if is_rejected("NotValidForName") {
        return Some("its certificate is for another host: check the endpoint".to_owned());
    }
    if is_rejected("CaUsedAsEndEntity") {
        return Some(CA_CERTIFICATE.to_owned());
    }
    if is_rejected("Expired") {
        return Some("its certificate has expired".to_owned());
    }
    if why.contains("InvalidContentType") {
        return Some(USE_HTTP.to_owned());
    }
    let is_closed = ["closed", "reset", "Broken pipe"]
        .iter()
        .any(|end| why.contains(end));
    if why.contains("CertificateRequired") || why.contains("UnknownCA") {
        Some(format!(
            "it requires a client certificate from an issuer that it trusts: {CLIENT}"
        ))
    } else if is_closed && target.tls.client_certificate.is_none() {
        Some(format!(
            "it closes the connection: if it requires a client certificate, {CLIENT}"
        ))
    } else {
        None
    }
}

const CA_CERTIFICATE: &str = "its certificate is a CA certificate (CA:TRUE), not a server certificate: create one with \
                            basicConstraints=CA:FALSE, or one that is signed by the CA";
const CLIENT: &str = "set tls.client_certificate (OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE), and its key";
pub(crate) const USE_HTTP: &str = "the port does not use TLS: use http";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::TelemetryConfig;
    use crate::signal::Signal;

    /// `openssl req -x509` creates such a certificate, and rustls rejects it.
    #[test]
    fn ca_certificate_of_a_server_is_explained() {
        let config = TelemetryConfig::default().with_endpoint("https://localhost:4318");
        let target = OtlpTarget::new(&config, Signal::Traces).expect("a URL");
        let why = "client error (Connect): invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))";
        let advice = tls_advice(why, &target);
        assert_eq!(advice.as_deref(), Some(CA_CERTIFICATE), "the advice");
    }
}
