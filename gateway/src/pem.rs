//! Certificates in PEM files.

use std::path::Path;

use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

use crate::config::ConfigError;

/// Reads the certificates of a file. There is at least one.
pub(crate) fn certificates(path: &Path, place: &str) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unusable(path, place, &error))?;
    match certificates.is_empty() {
        true => Err(unusable(path, place, &"has no certificate")),
        false => Ok(certificates),
    }
}

/// Returns the error of a file that cannot be used.
pub(crate) fn unusable(path: &Path, place: &str, reason: &dyn std::fmt::Display) -> ConfigError {
    ConfigError::new(place, format!("{}: {reason}", path.display()))
}
