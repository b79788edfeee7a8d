//! `GET /api/export/{id}`: a trace as OTLP/JSON, in the form of the exporter `file`.

use std::collections::BTreeMap;
use std::sync::Arc;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};

use crate::store::{Origin, TraceSnapshot};

pub(crate) fn request(trace: &TraceSnapshot) -> ExportTraceServiceRequest {
    let mut by_origin: BTreeMap<usize, (&Origin, Vec<Span>)> = BTreeMap::new();
    for span in &trace.spans {
        let place = by_origin.entry(Arc::as_ptr(&span.origin).addr());
        place
            .or_insert_with(|| (&*span.origin, Vec::new()))
            .1
            .push(span.decode());
    }
    let of_origin = by_origin.into_values().map(|(origin, spans)| ResourceSpans {
        resource: Some(Resource {
            attributes: origin.resource.clone(),
            ..Resource::default()
        }),
        scope_spans: vec![ScopeSpans {
            scope: Some(origin.scope.clone()),
            spans,
            schema_url: origin.scope_schema.clone(),
        }],
        schema_url: origin.resource_schema.clone(),
    });
    ExportTraceServiceRequest {
        resource_spans: of_origin.collect(),
    }
}
