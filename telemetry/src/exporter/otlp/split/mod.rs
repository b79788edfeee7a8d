//! Splits a request that is too large into smaller ones.
//!
//! A collector rejects a whole request above its limit (4 MiB by default), so one huge span would lose
//! hundreds of others. A request that is too large is halved by number of items until each part fits or is a
//! single item, which is dropped. The size is that of the encoded request with its resource and scopes,
//! before compression, because that is what a collector limits. Halving does not need the sizes of single
//! items, which are unknown in JSON until it is written. It isolates one huge span of 512 in nine steps.

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{
    ExponentialHistogram, Gauge, Histogram, Metric, ResourceMetrics, ScopeMetrics, Sum, Summary,
};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::DecodeError;

use super::encoding::{OtlpMessage, RequestEncoding, TooLarge};

/// The requests that fit, and the items that were dropped because they exceed the limit.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    pub(super) bodies: Vec<Piece>,
    /// The sizes of the dropped items, each as a separate request.
    pub(super) too_large: Vec<usize>,
}

/// An encoded request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) body: Bytes,
    /// The number of its items. `None`: they were not counted, since the request was not decoded.
    items: Option<usize>,
}

impl Piece {
    /// Returns the number of spans, log records or data points.
    pub(super) fn items<M: OtlpMessage + Items>(&self) -> u64 {
        // What was not decoded is the protobuf of an exporter.
        let decoded = || M::decode(&*self.body).map_or(0, |request| request.items());
        self.items.unwrap_or_else(decoded) as u64
    }
}

/// Splits an exporter's protobuf request into encoded requests of at most `limit` bytes.
pub(super) fn pieces<M: OtlpMessage + Items>(
    protobuf: Bytes,
    encoding: RequestEncoding,
    limit: usize,
) -> Result<Pieces, DecodeError> {
    let mut pieces = Pieces::default();
    if !encoding.is_json && protobuf.len() <= limit {
        let (body, items) = (protobuf, None);
        pieces.bodies.push(Piece { body, items });
        return Ok(pieces);
    }
    let mut waiting = vec![M::decode(protobuf)?];
    while let Some(mut request) = waiting.pop() {
        let items = request.items();
        match encoding.message(&request, limit) {
            Ok(body) => pieces.bodies.push(Piece {
                body,
                items: Some(items),
            }),
            Err(TooLarge { bytes }) if items <= 1 => pieces.too_large.push(bytes),
            Err(_) => {
                let second = request.split_off(items / 2);
                waiting.extend([second, request]);
            }
        }
    }
    Ok(pieces)
}

/// A container of items, possibly in nested groups.
pub(super) trait Items: Sized {
    fn items(&self) -> usize;

    /// Removes all items after the first `at` and returns them, in the same groups.
    fn split_off(&mut self, at: usize) -> Self;
}

/// Splits a list of groups after `at` items, inside a group if necessary.
fn split<G: Items>(groups: &mut Vec<G>, mut at: usize) -> Vec<G> {
    for (index, group) in groups.iter_mut().enumerate() {
        let items = group.items();
        if at < items {
            let rest = (at > 0).then(|| group.split_off(at));
            let whole = groups.split_off(index + usize::from(rest.is_some()));
            return rest.into_iter().chain(whole).collect();
        }
        at -= items;
    }
    Vec::new()
}

/// A group with a list and fields that apply to all of it.
macro_rules! group {
    ($group:ident, $list:ident $(, $common:ident)*) => {
        impl Items for $group {
            fn items(&self) -> usize {
                self.$list.iter().map(Items::items).sum()
            }

            fn split_off(&mut self, at: usize) -> Self {
                Self {
                    $list: split(&mut self.$list, at),
                    $($common: self.$common.clone(),)*
                }
            }
        }
    };
}

/// A list of data points and fields that apply to all of them.
macro_rules! points {
    ($group:ident $(, $common:ident)*) => {
        impl Items for $group {
            fn items(&self) -> usize {
                self.data_points.len()
            }

            fn split_off(&mut self, at: usize) -> Self {
                Self {
                    data_points: self.data_points.split_off(at.min(self.data_points.len())),
                    $($common: self.$common,)*
                }
            }
        }
    };
}

/// Items that cannot be split.
macro_rules! item {
    ($item:ident) => {
        impl Items for $item {
            fn items(&self) -> usize {
                1
            }

            fn split_off(&mut self, _: usize) -> Self {
                std::mem::take(self)
            }
        }
    };
}

group!(ExportTraceServiceRequest, resource_spans);
group!(ResourceSpans, scope_spans, resource, schema_url);
group!(ScopeSpans, spans, scope, schema_url);
item!(Span);

group!(ExportLogsServiceRequest, resource_logs);
group!(ResourceLogs, scope_logs, resource, schema_url);
group!(ScopeLogs, log_records, scope, schema_url);
item!(LogRecord);

group!(ExportMetricsServiceRequest, resource_metrics);
group!(ResourceMetrics, scope_metrics, resource, schema_url);
group!(ScopeMetrics, metrics, scope, schema_url);
points!(Gauge);
points!(Sum, aggregation_temporality, is_monotonic);
points!(Histogram, aggregation_temporality);
points!(ExponentialHistogram, aggregation_temporality);
points!(Summary);

/// A metric is split by its data points.
impl Items for Metric {
    fn items(&self) -> usize {
        match &self.data {
            Some(Data::Gauge(data)) => data.items(),
            Some(Data::Sum(data)) => data.items(),
            Some(Data::Histogram(data)) => data.items(),
            Some(Data::ExponentialHistogram(data)) => data.items(),
            Some(Data::Summary(data)) => data.items(),
            None => 0,
        }
    }

    fn split_off(&mut self, at: usize) -> Self {
        let data = self.data.as_mut().map(|data| match data {
            Data::Gauge(data) => Data::Gauge(data.split_off(at)),
            Data::Sum(data) => Data::Sum(data.split_off(at)),
            Data::Histogram(data) => Data::Histogram(data.split_off(at)),
            Data::ExponentialHistogram(data) => Data::ExponentialHistogram(data.split_off(at)),
            Data::Summary(data) => Data::Summary(data.split_off(at)),
        });
        Self {
            name: self.name.clone(),
            description: self.description.clone(),
            unit: self.unit.clone(),
            metadata: self.metadata.clone(),
            data,
        }
    }
}

#[cfg(test)]
#[cfg(feature = "otlp-json")]
mod tests;
