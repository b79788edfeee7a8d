//! TLS for gRPC: the system's roots, the configured roots, and a client certificate.

use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};

use crate::config::OtlpTarget;
use crate::error::InitError;

pub(super) fn secure(endpoint: Endpoint, target: &OtlpTarget) -> Result<Endpoint, InitError> {
    if !target.is_https() {
        return Ok(endpoint);
    }
    let mut tls = ClientTlsConfig::new().with_enabled_roots();
    if let Some(root) = target.tls.root()? {
        tls = tls.ca_certificate(Certificate::from_pem(root));
    }
    if let Some((certificate, key)) = target.tls.identity()? {
        tls = tls.identity(Identity::from_pem(certificate, key));
    }
    endpoint.tls_config(tls).map_err(|error| {
        InitError::exporter(format!("the certificates of {target} cannot be used")).caused_by(error)
    })
}
