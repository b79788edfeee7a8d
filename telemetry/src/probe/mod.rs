//! Probes a destination with an empty export, to check whether it responds and accepts exports.

#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
mod advice;
mod page;

use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use opentelemetry::Context;
use tracing::Dispatch;

use crate::config::Endpoint;
use crate::destination::Destination;
use crate::sniff::connect;
#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
use crate::{error::chain, exporter};

/// The result of a probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProbeReply {
    /// The response, such as `200 OK`.
    pub(crate) response: Option<String>,
    /// Why the destination does not accept exports.
    pub(crate) fault: Option<String>,
}

/// A probe in progress. It has its own thread, because name resolution may hang.
#[derive(Debug)]
pub(crate) struct Probe {
    begun: Instant,
    timeout: Duration,
    stages: Receiver<ProbeStage>,
}

#[derive(Debug)]
enum ProbeStage {
    Connected,
    Done(ProbeReply),
}

impl Probe {
    /// Starts a probe. Returns `None` if the destination is not on a network. `timeout` applies to the
    /// connection, and again to the response.
    pub(crate) fn start(destination: &Destination, timeout: Duration) -> Option<Self> {
        let address = Endpoint::parse(&destination.url()?).ok()?.address();
        let destination = destination.clone();
        let (stage, stages) = mpsc::channel();
        let run = move || {
            // A probe is not a delivery. It is neither recorded nor logged.
            let _suppressed = Context::enter_telemetry_suppressed_scope();
            tracing::dispatcher::with_default(&Dispatch::none(), || {
                let done = match connect(&address, timeout).map(drop) {
                    Err(error) => ProbeReply::fault(error.to_string()),
                    Ok(()) => {
                        let _ = stage.send(ProbeStage::Connected);
                        answer(&destination, &address, timeout)
                    }
                };
                let _ = stage.send(ProbeStage::Done(done));
            });
        };
        let begun = Instant::now();
        // A thread that cannot be started drops its sender, which `wait` reports.
        let _ = thread::Builder::new()
            .name("throughline-diagnose".into())
            .spawn(run);
        Some(Self {
            begun,
            timeout,
            stages,
        })
    }

    /// Waits for the result.
    pub(crate) fn wait(self) -> ProbeReply {
        let timeout = self.timeout;
        let mut deadline = timeout;
        let mut late = format!("no connection within {timeout:?}");
        loop {
            match self
                .stages
                .recv_timeout(deadline.saturating_sub(self.begun.elapsed()))
            {
                Ok(ProbeStage::Done(answer)) => return answer,
                Ok(ProbeStage::Connected) => {
                    deadline = deadline.saturating_add(timeout);
                    late = silent(timeout);
                }
                Err(RecvTimeoutError::Timeout) => return ProbeReply::fault(late),
                Err(RecvTimeoutError::Disconnected) => {
                    return ProbeReply::fault("the probe could not be started".into());
                }
            }
        }
    }
}

impl ProbeReply {
    fn fault(fault: String) -> Self {
        Self {
            response: None,
            fault: Some(fault),
        }
    }
}

fn answer(destination: &Destination, address: &str, timeout: Duration) -> ProbeReply {
    match destination {
        #[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
        Destination::Otlp(target) => {
            // Shorter than the wait, so that a partial result is reported instead of a timeout.
            match exporter::otlp::send_empty_export(target, timeout.mul_f32(0.8)) {
                Ok(reply) => advice::answer(reply, target, address, timeout),
                Err(error) => ProbeReply::fault(chain(&error)),
            }
        }
        _ => page::page(address, timeout),
    }
}

fn silent(timeout: Duration) -> String {
    format!("it accepts the connection but does not respond within {timeout:?}")
}
