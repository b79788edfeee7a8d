//! TLS for gRPC: the system's roots, the configured ones, and a client's certificate.

use opentelemetry_otlp::WithTonicConfig;
use opentelemetry_otlp::tonic_types::transport::{Certificate, ClientTlsConfig, Identity};

use crate::error::InitError;
use crate::target::Target;

pub(super) fn secure<B: WithTonicConfig>(builder: B, target: &Target) -> Result<B, InitError> {
    if !target.url.starts_with("https:") {
        return Ok(builder);
    }
    let mut tls = ClientTlsConfig::new().with_enabled_roots();
    if let Some(root) = target.tls.root()? {
        tls = tls.ca_certificate(Certificate::from_pem(root));
    }
    if let Some((certificate, key)) = target.tls.identity()? {
        tls = tls.identity(Identity::from_pem(certificate, key));
    }
    Ok(builder.with_tls_config(tls))
}
