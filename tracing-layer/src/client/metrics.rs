//! The instruments, and the bound of their hosts.

use std::sync::{Arc, OnceLock};

use opentelemetry::metrics::{Histogram, Meter};

use super::peer::Peer;
use crate::limits::{Claim, DistinctValues, Place, SeriesBudget};
use crate::series::{Bindable, Series, Text};
use crate::{metrics, semconv};

#[derive(Debug)]
pub(super) struct Instruments {
    pub(super) exchange: metrics::Instruments,
    /// The durations of gRPC calls.
    pub(super) calls: Bindable<f64, Histogram<f64>>,
    budget: OnceLock<Box<Budget>>,
}

/// Bounds the series of the instruments by host, since the clients of a proxy may choose the host.
#[derive(Debug)]
struct Budget {
    hosts: DistinctValues,
    series: SeriesBudget,
}

/// Which labels one exchange may have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Admission {
    host: Place,
    /// Whether all labels may be recorded, or only those of the host.
    pub(super) in_full: bool,
}

impl Instruments {
    pub(super) fn new(meter: &Meter) -> Self {
        let exchange = metrics::Instruments {
            duration: metrics::seconds(
                meter,
                semconv::HTTP_CLIENT_REQUEST_DURATION,
                "Duration of HTTP client requests.",
            ),
            request_size: metrics::bytes(
                meter,
                semconv::HTTP_CLIENT_REQUEST_BODY_SIZE,
                "Size of HTTP client request bodies.",
            ),
            response_size: metrics::bytes(
                meter,
                semconv::HTTP_CLIENT_RESPONSE_BODY_SIZE,
                "Size of HTTP client response bodies.",
            ),
        };
        Self {
            exchange,
            calls: metrics::seconds(
                meter,
                semconv::RPC_CLIENT_CALL_DURATION,
                "Measures the duration of an outgoing Remote Procedure Call (RPC).",
            ),
            budget: OnceLock::new(),
        }
    }

    /// Admits a series with this [id](crate::limits::series_id) for a host. The first `max_hosts` sets the
    /// bound.
    pub(super) fn admit(&self, peer: Option<&Peer>, id: u64, max_hosts: usize) -> Admission {
        let budget = self.budget.get_or_init(|| Box::new(Budget::new(max_hosts)));
        let host = peer.map_or(Place::OTHER, |peer| {
            let port = peer.port.map_or(0, u32::from);
            budget.hosts.place(&peer.host, port, || Claim::Unknown)
        });
        Admission {
            host,
            in_full: budget.series.admits(host, id),
        }
    }
}

impl Budget {
    fn new(max_hosts: usize) -> Self {
        let hosts = DistinctValues::new(max_hosts);
        Self {
            series: SeriesBudget::new(&hosts),
            hosts,
        }
    }
}

impl Admission {
    /// Adds the address and the port of a host, or `_OTHER`.
    pub(super) fn label(self, peer: &Peer, labels: &mut Series) {
        labels.push(
            semconv::SERVER_ADDRESS,
            Text::label(self.host, Arc::clone(&peer.host)),
        );
        if self.host.is_other() {
            return;
        }
        if let Some(port) = peer.port {
            labels.push(semconv::SERVER_PORT, i64::from(port));
        }
    }
}
