//! A connection to a collector, over gRPC or HTTP.
//!
//! If neither the configuration nor the path of the endpoint says which protocol the collector uses, its port
//! does: 4317 is for gRPC, others for HTTP. This may be wrong, for example behind a mapped port. The first request
//! shows it: if there is no readable response, and the port answers in the other protocol only, then the connection
//! changes to that protocol, and sends the request again. Nothing waits for this at start-up, and no request is
//! lost by it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

#[cfg(feature = "otlp-grpc")]
use super::grpc::Grpc;
#[cfg(feature = "otlp-http")]
use super::http::Http;
use super::runtime::{Runtime, RuntimeHandle};
use super::{CollectorReply, OtlpRequest, is_late, speaks};
use crate::config::{OtlpTarget, Protocol};
use crate::error::InitError;

/// A connection to a collector. Requests are sent one at a time. Each call blocks until the response or the
/// timeout.
#[derive(Debug)]
pub(crate) struct Connection {
    current: Mutex<Arc<Transport>>,
    runtime: RuntimeHandle,
}

/// The way to a collector with one protocol.
#[derive(Debug)]
struct Transport {
    target: OtlpTarget,
    client: Client,
    /// Whether a response has confirmed the protocol, or there is no other.
    is_settled: AtomicBool,
}

#[derive(Debug)]
enum Client {
    #[cfg(feature = "otlp-grpc")]
    Grpc(Grpc),
    #[cfg(feature = "otlp-http")]
    Http(Http),
}

impl Connection {
    pub(crate) fn send(&self, post: OtlpRequest<'_>) -> CollectorReply {
        let begun = Instant::now();
        let transport = self.current();
        if transport.is_settled.load(Ordering::Relaxed) {
            return transport.client.send(post);
        }
        let reply = transport.client.send(post.clone());
        let remaining = |timeout: Duration| timeout.saturating_sub(begun.elapsed());
        let probe_timeout = remaining(post.timeout).min(MAX_PROBE_TIME);
        let alternative = match &reply {
            // The server may accept both protocols, and have failed for another reason.
            CollectorReply::None(why) if !is_late(why) => {
                (transport.target.alternative()).filter(|_| !speaks(&transport.target, probe_timeout))
            }
            CollectorReply::None(_) => None,
            // A server of HTTP that also accepts HTTP/2 has no methods of gRPC.
            CollectorReply::Grpc { code, .. } if code == "Unimplemented" => transport.target.alternative(),
            CollectorReply::Grpc { .. } | CollectorReply::Http { .. } => {
                transport.is_settled.store(true, Ordering::Relaxed);
                None
            }
        };
        let alternative = alternative.filter(|alternative| speaks(alternative, probe_timeout));
        let other = alternative.and_then(|target| Transport::new(target, self.runtime.clone()).ok());
        let Some(other) = other.map(Arc::new) else {
            return reply;
        };
        tracing::info!(
            target: "throughline",
            "{}: its port does not use {}; set OTEL_EXPORTER_OTLP_PROTOCOL={} to connect without a probe",
            other.target,
            transport.target.protocol.as_str(),
            other.target.protocol.as_str(),
        );
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&other);
        other.client.send(OtlpRequest {
            timeout: remaining(post.timeout),
            ..post
        })
    }

    /// Returns the collector, with the protocol of the last request.
    pub(crate) fn target(&self) -> OtlpTarget {
        self.current().target.clone()
    }

    fn current(&self) -> Arc<Transport> {
        Arc::clone(&self.current.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Transport {
    fn new(target: OtlpTarget, runtime: RuntimeHandle) -> Result<Self, InitError> {
        Ok(Self {
            client: Client::new(&target, runtime)?,
            is_settled: target.alternative().is_none().into(),
            target,
        })
    }
}

impl Client {
    /// Prepares a connection. Nothing is sent yet.
    fn new(target: &OtlpTarget, runtime: RuntimeHandle) -> Result<Self, InitError> {
        match target.protocol {
            #[cfg(feature = "otlp-grpc")]
            Protocol::Grpc => Grpc::new(target, runtime).map(Self::Grpc),
            #[cfg(feature = "otlp-http")]
            Protocol::HttpProtobuf | Protocol::HttpJson => Http::new(target, runtime).map(Self::Http),
            #[cfg(not(all(feature = "otlp-grpc", feature = "otlp-http")))]
            protocol => Err(protocol.feature().error(target)),
        }
    }

    fn send(&self, post: OtlpRequest<'_>) -> CollectorReply {
        match self {
            #[cfg(feature = "otlp-grpc")]
            Self::Grpc(grpc) => grpc.send(post),
            #[cfg(feature = "otlp-http")]
            Self::Http(http) => http.send(post),
        }
    }
}

/// Creates connections, and owns their runtime. The first connection starts it.
#[derive(Debug, Default)]
pub(crate) struct Connector {
    runtime: Option<Runtime>,
}

impl Connector {
    /// Prepares a connection. Nothing is sent yet.
    pub(crate) fn connect(&mut self, target: &OtlpTarget) -> Result<Connection, InitError> {
        let runtime = Runtime::handle(&mut self.runtime)?;
        Ok(Connection {
            current: Mutex::new(Arc::new(Transport::new(target.clone(), runtime.clone())?)),
            runtime,
        })
    }
}

/// The time limit for asking which protocol a port uses.
const MAX_PROBE_TIME: Duration = Duration::from_millis(500);
