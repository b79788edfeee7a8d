//! Asks a destination whether it is there and would take what is exported: it is sent an export of nothing.

#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
mod advice;
mod connect;
mod spoken;

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
pub(crate) struct Answer {
    /// As it was said: `200 OK`.
    pub(crate) said: Option<String>,
    /// Why it takes nothing.
    pub(crate) fault: Option<String>,
}

/// A question that is being asked, on a thread of its own: a name server may hang.
#[derive(Debug)]
pub(crate) struct Question {
    begun: Instant,
    patience: Duration,
    stages: Receiver<Stage>,
}

#[derive(Debug)]
enum Stage {
    Connected,
    Done(Answer),
}

impl Question {
    /// Asks; `None` where there is no network between. The patience is for the connection, and as long again for the
    /// answer.
    pub(crate) fn ask(destination: &Destination, patience: Duration) -> Option<Self> {
        let address = Endpoint::parse(&destination.url()?).ok()?.address();
        let destination = destination.clone();
        let (stage, stages) = mpsc::channel();
        let run = move || {
            // What is asked here is neither recorded nor logged: it is no delivery.
            let _suppressed = Context::enter_telemetry_suppressed_scope();
            tracing::dispatcher::with_default(&Dispatch::none(), || {
                let done = match connect(&address, patience).map(drop) {
                    Err(error) => Answer::fault(error.to_string()),
                    Ok(()) => {
                        let _ = stage.send(Stage::Connected);
                        answer(&destination, &address, patience)
                    }
                };
                let _ = stage.send(Stage::Done(done));
            });
        };
        let begun = Instant::now();
        // A thread that cannot be started drops its sender, which is told below.
        let _ = thread::Builder::new()
            .name("throughline-diagnose".into())
            .spawn(run);
        Some(Self {
            begun,
            patience,
            stages,
        })
    }

    /// Waits for the answer.
    pub(crate) fn wait(self) -> Answer {
        let patience = self.patience;
        let mut deadline = patience;
        let mut late = format!("no connection within {patience:?}");
        loop {
            match self
                .stages
                .recv_timeout(deadline.saturating_sub(self.begun.elapsed()))
            {
                Ok(Stage::Done(answer)) => return answer,
                Ok(Stage::Connected) => {
                    deadline = deadline.saturating_add(patience);
                    late = silent(patience);
                }
                Err(RecvTimeoutError::Timeout) => return Answer::fault(late),
                Err(RecvTimeoutError::Disconnected) => {
                    return Answer::fault("the question could not be asked".into());
                }
            }
        }
    }
}

impl Answer {
    fn fault(fault: String) -> Self {
        Self {
            said: None,
            fault: Some(fault),
        }
    }
}

fn answer(destination: &Destination, address: &str, patience: Duration) -> Answer {
    match destination {
        #[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
        Destination::Otlp(target) => {
            // Less than is waited for, so that what came back so far is said and not that it took too long.
            match exporter::otlp::export_nothing(target, patience.mul_f32(0.8)) {
                Ok(reply) => advice::answer(reply, target, address, patience),
                Err(error) => Answer::fault(chain(&error)),
            }
        }
        _ => spoken::page(address, patience),
    }
}

fn silent(patience: Duration) -> String {
    format!("it connects but does not answer within {patience:?}")
}
