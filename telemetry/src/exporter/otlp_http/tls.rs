//! TLS for HTTP: the configured roots and a client's certificate; the system's roots need nothing.

use std::thread;
use std::time::Duration;

use opentelemetry_otlp::WithHttpConfig;
use reqwest::blocking::Client;
use reqwest::{Certificate, Identity};

use crate::error::InitError;
use crate::signal::Signal;
use crate::target::Target;

pub(super) fn secure<B: WithHttpConfig>(builder: B, target: &Target) -> Result<B, InitError> {
    let (root, identity) = (target.tls.root()?, target.tls.identity()?);
    if !target.url.starts_with("https:") || (root.is_none() && identity.is_none()) {
        return Ok(builder);
    }
    // A blocking client makes a runtime, which must not happen on a thread of another one.
    let timeout = timeout(target.signal, |variable| std::env::var(variable).ok());
    let build = move || client(root, identity, timeout);
    let failed = || InitError::exporter(format!("the certificates of {target} cannot be used"));
    let client = thread::spawn(build).join().map_err(|_| failed())?;
    Ok(builder.with_http_client(client.map_err(|error| failed().caused_by(error))?))
}

fn client(
    root: Option<Vec<u8>>,
    identity: Option<(Vec<u8>, Vec<u8>)>,
    timeout: Duration,
) -> reqwest::Result<Client> {
    let mut client = Client::builder().timeout(timeout);
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

/// What the SDK's own client would take: the signal's variable in milliseconds, else that of all signals.
fn timeout(signal: Signal, variable: impl Fn(&str) -> Option<String>) -> Duration {
    let own = format!(
        "OTEL_EXPORTER_OTLP_{}_TIMEOUT",
        signal.name().to_ascii_uppercase()
    );
    let set = variable(&own).or_else(|| variable("OTEL_EXPORTER_OTLP_TIMEOUT"));
    let millis = set.and_then(|text| text.trim().parse().ok());
    millis.map_or(TIMEOUT, Duration::from_millis)
}

/// The specification's default of a delivery.
const TIMEOUT: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_do_not_change_the_timeout() {
        for (set, expected) in [
            (&[][..], 10_000),
            (&[("OTEL_EXPORTER_OTLP_TIMEOUT", "300")], 300),
            (
                &[
                    ("OTEL_EXPORTER_OTLP_TIMEOUT", "300"),
                    ("OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "20"),
                ],
                20,
            ),
            (&[("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "20")], 10_000),
        ] {
            let variable = |name: &str| {
                let found = set.iter().find(|(other, _)| *other == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            let timeout = timeout(Signal::Logs, variable);
            assert_eq!(timeout, Duration::from_millis(expected), "{set:?}");
        }
    }
}
