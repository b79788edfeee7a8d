//! TLS for HTTP: the configured roots and a client's certificate; the system's roots need nothing.

use std::thread;
use std::time::Duration;

use opentelemetry_otlp::WithHttpConfig;
use reqwest::blocking::Client;
use reqwest::{Certificate, Identity};

use crate::error::InitError;
use crate::target::Target;

pub(super) fn secure<B: WithHttpConfig>(builder: B, target: &Target) -> Result<B, InitError> {
    let (root, identity) = (target.tls.root()?, target.tls.identity()?);
    if !target.url.starts_with("https:") || (root.is_none() && identity.is_none()) {
        return Ok(builder);
    }
    // A blocking client makes a runtime, which must not happen on a thread of another one.
    let build = move || client(root, identity);
    let failed = || InitError::exporter(format!("the certificates of {target} cannot be used"));
    let client = thread::spawn(build).join().map_err(|_| failed())?;
    Ok(builder.with_http_client(client.map_err(|error| failed().caused_by(error))?))
}

fn client(root: Option<Vec<u8>>, identity: Option<(Vec<u8>, Vec<u8>)>) -> reqwest::Result<Client> {
    let mut client = Client::builder().timeout(TIMEOUT);
    if let Some(root) = root {
        for certificate in Certificate::from_pem_bundle(&root)? {
            client = client.add_root_certificate(certificate);
        }
    }
    if let Some((certificate, key)) = identity {
        client = client.identity(Identity::from_pem(&[key, certificate].concat())?);
    }
    client.build()
}

/// The specification's default of a delivery.
const TIMEOUT: Duration = Duration::from_secs(10);
