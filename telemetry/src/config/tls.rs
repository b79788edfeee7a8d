//! The certificates of the connection to a collector.

use std::fs;
use std::path::Path;

use crate::error::InitError;

/// Certificate files in PEM format for an `https` endpoint. They are not required if the system trusts the
/// issuer of the collector's certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsConfig {
    /// Roots to trust in addition to the system's. Default: none.
    pub certificate: Option<String>,
    /// The client certificate. Default: none.
    pub client_certificate: Option<String>,
    /// The private key of the client certificate. Default: none.
    pub client_key: Option<String>,
}

/// A certificate and its key.
pub(crate) type Identity = (Vec<u8>, Vec<u8>);

impl TlsConfig {
    /// Sets a file of roots to trust in addition to the system's. Default: none.
    #[must_use]
    pub fn with_certificate(mut self, path: impl Into<String>) -> Self {
        self.certificate = Some(path.into());
        self
    }

    /// Sets the files of the client certificate and its private key. Default: none.
    #[must_use]
    pub fn with_identity(mut self, certificate: impl Into<String>, key: impl Into<String>) -> Self {
        self.client_certificate = Some(certificate.into());
        self.client_key = Some(key.into());
        self
    }
}

impl TlsConfig {
    /// Returns the settings of one signal, completed by the common ones. A certificate and its key are
    /// replaced together.
    pub(crate) fn or(&self, all: &Self) -> Self {
        let own = self.client_certificate.is_some() || self.client_key.is_some();
        let identity = if own { self } else { all };
        Self {
            certificate: self.certificate.clone().or_else(|| all.certificate.clone()),
            client_certificate: identity.client_certificate.clone(),
            client_key: identity.client_key.clone(),
        }
    }

    pub(crate) fn root(&self) -> Result<Option<Vec<u8>>, InitError> {
        let root = self.certificate.as_deref();
        root.map(|path| read(ROOT, path, CERTIFICATE)).transpose()
    }

    pub(crate) fn identity(&self) -> Result<Option<Identity>, InitError> {
        match (&self.client_certificate, &self.client_key) {
            (Some(certificate), Some(key)) => Ok(Some((
                read(CLIENT_CERTIFICATE, certificate, CERTIFICATE)?,
                read(CLIENT_KEY, key, KEY)?,
            ))),
            (None, None) => Ok(None),
            _ => {
                let message = format!("{CLIENT_CERTIFICATE} and {CLIENT_KEY} must be set together");
                Err(InitError::exporter(message))
            }
        }
    }

    /// Checks that the client certificate can be used, if there is one.
    pub(super) fn check_client_certificate(&self) -> Result<(), InitError> {
        match (&self.client_certificate, &self.client_key) {
            (Some(certificate), Some(_)) => read(CLIENT_CERTIFICATE, certificate, CERTIFICATE).map(drop),
            _ => self.identity().map(drop),
        }
    }

    /// Checks that the client key can be used, if there is one.
    pub(super) fn check_client_key(&self) -> Result<(), InitError> {
        match (&self.client_certificate, &self.client_key) {
            (Some(_), Some(key)) => read(CLIENT_KEY, key, KEY).map(drop),
            _ => self.identity().map(drop),
        }
    }

    pub(super) fn remove_identity(&mut self) {
        self.client_certificate = None;
        self.client_key = None;
    }
}

/// Reads a file and checks that it contains a certificate or a key, because a client would treat a file
/// without one as an empty list.
fn read(setting: &str, path: &str, what: &str) -> Result<Vec<u8>, InitError> {
    let bytes = fs::read(path).map_err(|error| InitError::unreadable(setting, Path::new(path), error))?;
    let ending = format!("{}-----", what.to_ascii_uppercase());
    let has_it = String::from_utf8_lossy(&bytes)
        .lines()
        .any(|line| line.starts_with("-----BEGIN ") && line.trim_end().ends_with(&ending));
    if has_it {
        Ok(bytes)
    } else {
        Err(InitError::no_pem(setting, Path::new(path), what))
    }
}

const ROOT: &str = "tls.certificate (OTEL_EXPORTER_OTLP_CERTIFICATE)";
const CLIENT_CERTIFICATE: &str = "tls.client_certificate (OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE)";
const CLIENT_KEY: &str = "tls.client_key (OTEL_EXPORTER_OTLP_CLIENT_KEY)";
const CERTIFICATE: &str = "certificate";
const KEY: &str = "private key";
