//! TLS for HTTP: the system's roots, the configured roots, and a client certificate.

use reqwest::{Certificate, ClientBuilder, Identity};

use crate::config::OtlpTarget;
use crate::error::InitError;

pub(super) fn secure(builder: ClientBuilder, target: &OtlpTarget) -> Result<ClientBuilder, InitError> {
    if !target.is_https() {
        // Without https, loading the system's roots is unnecessary, and takes longer than the rest of the
        // start-up.
        return Ok(builder.tls_certs_only([]));
    }
    let unusable =
        |error| InitError::exporter(format!("the certificates of {target} cannot be used")).caused_by(error);
    let mut builder = builder;
    if let Some(root) = target.tls.root()? {
        for certificate in Certificate::from_pem_bundle(&root).map_err(unusable)? {
            builder = builder.add_root_certificate(certificate);
        }
    }
    if let Some((certificate, key)) = target.tls.identity()? {
        let identity = Identity::from_pem(&[key, certificate].concat()).map_err(unusable)?;
        builder = builder.identity(identity);
    }
    Ok(builder)
}
