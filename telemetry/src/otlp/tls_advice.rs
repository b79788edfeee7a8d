//! What to do about a failure of TLS.

use crate::config::OtlpTarget;

/// What to do about a failure of TLS; `None` for another failure.
pub(crate) fn tls_advice(why: &str, target: &OtlpTarget) -> Option<String> {
    if !target.is_https() {
        return None;
    }
    let is_refused = |kind: &str| why.contains("invalid peer certificate") && why.contains(kind);
    if is_refused("UnknownIssuer") || is_refused("BadSignature") {
        let roots = match &target.tls.certificate {
            Some(path) => format!("neither the system nor {path} knows who issued its certificate"),
            None => "the system does not know who issued its certificate".to_owned(),
        };
        return Some(format!(
            "{roots}: give the issuer's certificate as tls.certificate (OTEL_EXPORTER_OTLP_CERTIFICATE)"
        ));
    }
    if is_refused("NotValidForName") {
        return Some("its certificate is another host's: see the endpoint".to_owned());
    }
    if is_refused("CaUsedAsEndEntity") {
        return Some(OF_AUTHORITY.to_owned());
    }
    if is_refused("Expired") {
        return Some("its certificate has expired".to_owned());
    }
    if why.contains("InvalidContentType") {
        return Some(USE_HTTP.to_owned());
    }
    let is_closed = ["closed", "reset", "Broken pipe"]
        .iter()
        .any(|end| why.contains(end));
    if why.contains("CertificateRequired") || why.contains("UnknownCA") {
        Some(format!("it wants a client's certificate that it knows: {CLIENT}"))
    } else if is_closed && target.tls.client_certificate.is_none() {
        Some(format!(
            "it ends the connection: if it wants a client's certificate, {CLIENT}"
        ))
    } else {
        None
    }
}

const OF_AUTHORITY: &str = "its certificate is that of an authority (CA:TRUE), which is no server's: make one with \
                            basicConstraints=CA:FALSE, or let the authority sign one";
const CLIENT: &str = "give it as tls.client_certificate (OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE), and its key";
pub(crate) const USE_HTTP: &str = "TLS is not spoken there: use http";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::TelemetryConfig;
    use crate::signal::Signal;

    /// What `openssl req -x509` makes, and rustls refuses.
    #[test]
    fn an_authority_is_no_server() {
        let config = TelemetryConfig::default().with_endpoint("https://localhost:4318");
        let target = OtlpTarget::new(&config, Signal::Traces).expect("a URL");
        let why = "client error (Connect): invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))";
        let advice = tls_advice(why, &target);
        assert_eq!(advice.as_deref(), Some(OF_AUTHORITY), "what to make instead");
    }
}
