//! Finds out whether an endpoint speaks HTTP, if its protocol is not configured.
//!
//! The port and the path imply a protocol, but a gateway may answer OTLP over HTTP on any port. A port that
//! answers HTTP/1.1 does not speak gRPC.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::config::{Endpoint, Exporter, OtlpTarget, Protocol, TelemetryConfig};
use crate::otlp::speaks_http1;
use crate::signal::Signal;

/// Sets the protocol of each signal whose endpoint would get gRPC by its form, but answers HTTP/1.1. Nothing
/// changes without an answer in time.
pub(crate) fn with_found_protocols(mut config: TelemetryConfig) -> TelemetryConfig {
    let mut found: BTreeMap<String, bool> = BTreeMap::new();
    for signal in Signal::ALL {
        let is_otlp = config.exporters_of(signal).iter().any(Exporter::is_otlp);
        let target = OtlpTarget::new(&config, signal).ok();
        let Some(target) = target.filter(|target| is_otlp && target.http_url.is_some()) else {
            continue;
        };
        let is_http = found
            .entry(target.url.clone())
            .or_insert_with(|| over_http(&target, TIMEOUT).is_some());
        if *is_http {
            config.signals.get_mut(signal).protocol = Some(Protocol::HttpProtobuf);
        }
    }
    config
}

/// Returns the target over HTTP, if gRPC is only assumed and the port answers HTTP/1.1 in time.
pub(crate) fn over_http(target: &OtlpTarget, timeout: Duration) -> Option<OtlpTarget> {
    let other = target.over_http()?;
    let address = Endpoint::parse(&target.url).ok()?.address();
    speaks_http1(target, &address, timeout).then_some(other)
}

/// The time limit for an answer at the start of the program, together with the share that `speaks_http1` takes.
const TIMEOUT: Duration = Duration::from_millis(500);
