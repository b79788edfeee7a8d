//! Asks a destination whether it is there and would take what is exported: it is sent an export of nothing.

#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
mod advice;
mod connect;
mod sniff;

use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use opentelemetry::Context;
use tracing::Dispatch;

use crate::config::Endpoint;
use crate::destination::Destination;
#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
use crate::{error::chain, exporter};

use self::connect::connect;

/// What a destination said, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProbeReply {
    /// As it was said: `200 OK`.
    pub(crate) said: Option<String>,
    /// Why it takes nothing.
    pub(crate) fault: Option<String>,
}

/// A probe that is being asked, on a thread of its own: a name server may hang.
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
    /// Asks; `None` where there is no network between. The timeout is for the connection, and as long again for the
    /// answer.
    pub(crate) fn start(destination: &Destination, timeout: Duration) -> Option<Self> {
        let address = Endpoint::parse(&destination.url()?).ok()?.address();
        let destination = destination.clone();
        let (stage, stages) = mpsc::channel();
        let run = move || {
            // What is asked here is neither recorded nor logged: it is no delivery.
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
        // A thread that cannot be started drops its sender, which is told below.
        let _ = thread::Builder::new()
            .name("throughline-diagnose".into())
            .spawn(run);
        Some(Self {
            begun,
            timeout,
            stages,
        })
    }

    /// Waits for the answer.
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
                    return ProbeReply::fault("the question could not be asked".into());
                }
            }
        }
    }
}

impl ProbeReply {
    fn fault(fault: String) -> Self {
        Self {
            said: None,
            fault: Some(fault),
        }
    }
}

fn answer(destination: &Destination, address: &str, timeout: Duration) -> ProbeReply {
    match destination {
        #[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
        Destination::Otlp(target) => {
            // Less than is waited for, so that what came back so far is said and not that it took too long.
            match exporter::otlp::export_nothing(target, timeout.mul_f32(0.8)) {
                Ok(reply) => advice::answer(reply, target, address, timeout),
                Err(error) => ProbeReply::fault(chain(&error)),
            }
        }
        _ => sniff::page(address, timeout),
    }
}

fn silent(timeout: Duration) -> String {
    format!("it connects but does not answer within {timeout:?}")
}
