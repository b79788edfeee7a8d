//! Finds out whether an endpoint speaks HTTP, if its protocol is not configured.
//!
//! The port and the path imply a protocol, but a gateway may answer OTLP over HTTP on any port. A port that
//! answers HTTP/1.1 does not speak gRPC.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::config::{Exporter, OtlpTarget, Protocol, TelemetryConfig};
use crate::otlp::speaks_http1;
use crate::signal::Signal;

/// Sets the protocol of each signal whose endpoint would get gRPC by its form, but answers HTTP/1.1. Nothing
/// changes without an answer in time.
pub(crate) fn with_found_protocols(mut config: TelemetryConfig) -> TelemetryConfig {
    let mut found: BTreeMap<String, bool> = BTreeMap::new();
    for signal in Signal::ALL {
        let is_otlp = config.exporters_of(signal).iter().any(Exporter::is_otlp);
        let Some(address) = config.guessed_grpc_address(signal).filter(|_| is_otlp) else {
            continue;
        };
        let Ok(target) = OtlpTarget::new(&config, signal) else {
            continue;
        };
        let speaks_http = found
            .entry(address)
            .or_insert_with_key(|address| speaks_http1(&target, address, TIMEOUT));
        if *speaks_http {
            config.signals.get_mut(signal).protocol = Some(Protocol::HttpProtobuf);
        }
    }
    config
}

/// The time limit for an answer at the start of the program, together with the share that `speaks_http1` takes.
const TIMEOUT: Duration = Duration::from_millis(500);
