//! Delivers an exporter's requests to the collector: split by size, with retries, and with a report of the
//! outcome.
//!
//! One request of an exporter becomes one or more parts. Parts are sent in order, each with its own timeout
//! and retries. A failed part does not affect the others, except after a timeout. Then the collector does not
//! respond, and each further part would block the queue for another timeout, so the rest fails immediately.
//! If the collector does not support the signal, the rest of the batch is not sent. Rejected and oversized
//! items are counted as such, and not as lost. The SDK sees only success or an error; the counts go through
//! the [`BatchReporter`].

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;

use super::backoff::Backoff;
use super::encoding::{OtlpMessage, RequestEncoding, body, headers};
use super::split::{Items, Pieces, pieces};
use super::verdict::{Verdict, verdict};
use crate::config::{Endpoint, OtlpTarget, Protocol};
use crate::error::InitError;
use crate::health::{BatchReport, BatchReporter, DeliveryMonitor};
use crate::otlp::{CollectorReply, Connection, HEADERS, OtlpRequest, PartialSuccess, connection_advice};
use crate::signal::Signal;
use crate::sniff::connect;

/// The client of an exporter. It blocks on the thread of the exporter's processor or reader.
#[derive(Debug)]
pub(super) struct Delivery {
    connection: Connection,
    target: OtlpTarget,
    headers: HeaderMap,
    encoding: RequestEncoding,
    timeout: Duration,
    reporter: BatchReporter,
    /// The last failure without an answer, and the advice about it.
    examined: Mutex<Option<(String, Option<String>)>>,
}

/// The outcome of sending one request.
enum SendOutcome {
    Taken(PartialSuccess),
    NotImplemented(String),
    Failed {
        why: String,
        /// Whether the timeout was used up.
        is_late: bool,
    },
}

impl Delivery {
    pub(super) fn new(
        connection: Connection,
        target: OtlpTarget,
        monitor: &DeliveryMonitor,
    ) -> Result<Self, InitError> {
        Ok(Self {
            connection,
            headers: headers(&target)?,
            encoding: RequestEncoding::new(&target),
            timeout: target.timeout(),
            reporter: monitor.reporter(),
            target,
            examined: Mutex::default(),
        })
    }

    /// Delivers an encoded batch, and reports the outcome. This blocks.
    pub(super) fn export(&self, protobuf: Bytes) -> Result<(), HttpError> {
        if self.reporter.health().is_switched_off() {
            self.reporter.report(BatchReport {
                is_switched_off: true,
                ..BatchReport::default()
            });
            return Ok(());
        }
        let report = match self.target.signal {
            Signal::Traces => self.deliver::<ExportTraceServiceRequest>(protobuf),
            Signal::Logs => self.deliver::<ExportLogsServiceRequest>(protobuf),
            Signal::Metrics => self.deliver::<ExportMetricsServiceRequest>(protobuf),
        }?;
        let failure = report.failure.clone();
        self.reporter.report(report);
        match failure {
            Some(why) => Err(why.into()),
            None => Ok(()),
        }
    }

    /// Sends the parts in order, and returns the outcome for their items.
    fn deliver<M: OtlpMessage + Items>(&self, protobuf: Bytes) -> Result<BatchReport, HttpError> {
        let health = self.reporter.health();
        let limit = self.target.max_request_bytes;
        let Pieces { bodies, too_large } = pieces::<M>(protobuf, self.encoding, limit)?;
        health.too_large(&too_large, limit);
        let mut report = BatchReport {
            excluded: too_large.len() as u64,
            ..BatchReport::default()
        };
        let mut late_failure = None;
        for piece in bodies {
            let sent = match &late_failure {
                Some(why) => SendOutcome::Failed {
                    why: String::clone(why),
                    is_late: true,
                },
                None => self.send(&piece.body)?,
            };
            match sent {
                SendOutcome::Taken(partial) => {
                    health.is_implemented();
                    if partial.rejected > 0 {
                        let sent = piece.items::<M>();
                        let rejected = partial.rejected.min(sent);
                        report.excluded += rejected;
                        health.rejected(rejected, sent, &partial.message);
                    } else if !partial.message.is_empty() {
                        health.accepted_with_message(&partial.message);
                    }
                }
                SendOutcome::NotImplemented(why) => {
                    health.is_not_implemented(&why);
                    report.is_switched_off = true;
                    break;
                }
                SendOutcome::Failed { why, is_late } => {
                    report.lost += piece.items::<M>();
                    if is_late {
                        late_failure = Some(why.clone());
                    }
                    report.failure = Some(why);
                }
            }
        }
        Ok(report)
    }

    /// Sends one request until it is accepted, permanently rejected, or out of time.
    fn send(&self, body: &Bytes) -> Result<SendOutcome, HttpError> {
        let begun = Instant::now();
        let packed = self.encoding.pack(body.clone())?;
        let mut backoff = Backoff::new();
        loop {
            let reply = self.connection.send(OtlpRequest {
                headers: &self.headers,
                body: packed.clone(),
                is_gzip: self.encoding.is_gzip,
                timeout: self.timeout.saturating_sub(begun.elapsed()).max(MIN_TIMEOUT),
            });
            let fault = Fault::from_reply(&reply);
            let is_grpc = self.connection.target().protocol == Protocol::Grpc;
            let (why, retry) = match verdict(reply, is_grpc) {
                Verdict::Taken(partial) => return Ok(SendOutcome::Taken(partial)),
                Verdict::NotImplemented(why) => return Ok(SendOutcome::NotImplemented(why)),
                Verdict::Failed { why, retry } => (why, retry),
            };
            let remaining = self.timeout.saturating_sub(begun.elapsed());
            let Some(wait) = backoff.next(retry, remaining) else {
                let why = match self.advice(fault, &why) {
                    Some(advice) if advice.contains(&why) => advice,
                    Some(advice) => format!("{why}; {advice}"),
                    None => why,
                };
                return Ok(SendOutcome::Failed {
                    why,
                    is_late: remaining.is_zero(),
                });
            };
            pause(wait);
        }
    }

    /// Returns what a diagnosis would say about a failure. The same failure is examined once, since that
    /// takes a connection.
    fn advice(&self, fault: Fault, why: &str) -> Option<String> {
        match fault {
            Fault::Credentials => return Some(HEADERS.to_owned()),
            Fault::Answer => return None,
            Fault::NoAnswer => {}
        }
        let mut examined = self.examined.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, advice)) = examined.as_ref().filter(|(cause, _)| cause == why) {
            return advice.clone();
        }
        let target = self.connection.target();
        let address = Endpoint::parse(&target.url).ok()?.address();
        let advice = match connect(&address, ADVICE_TIMEOUT) {
            Ok(_) => connection_advice(why, &target, &address, ADVICE_TIMEOUT),
            // The cause says it.
            Err(_) => None,
        };
        *examined = Some((why.to_owned(), advice.clone()));
        advice
    }
}

/// What kind of failure a reply is.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Credentials,
    /// Another answer, which explains itself.
    Answer,
    NoAnswer,
}

impl Fault {
    fn from_reply(reply: &CollectorReply) -> Self {
        match reply {
            CollectorReply::Http {
                status: 401 | 403, ..
            } => Self::Credentials,
            CollectorReply::Grpc { code, .. }
                if matches!(code.as_str(), "Unauthenticated" | "PermissionDenied") =>
            {
                Self::Credentials
            }
            CollectorReply::Http { .. } | CollectorReply::Grpc { .. } => Self::Answer,
            CollectorReply::None(_) => Self::NoAnswer,
        }
    }
}

/// Delivers what the exporters of `opentelemetry-otlp` encode.
#[async_trait]
impl HttpClient for Delivery {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        self.export(body(request)?)?;
        Ok(Response::new(Bytes::new()))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the thread of the exporter has no other work"
)]
fn pause(wait: Duration) {
    thread::sleep(wait);
}

/// The time limit for a connection that examines a failure, and again for its answer.
const ADVICE_TIMEOUT: Duration = Duration::from_millis(500);

/// Some clients treat a timeout of 0 as no timeout.
const MIN_TIMEOUT: Duration = Duration::from_millis(1);
