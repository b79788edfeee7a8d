//! The answers to requests that were accepted, as a whole or in part.

use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};

use crate::store::Receipt;

/// Answers to a request with spans. Log records and data points are never rejected.
pub(super) fn traces(receipt: Receipt) -> ExportTraceServiceResponse {
    let partial_success = (receipt.rejected > 0).then(|| ExportTracePartialSuccess {
        rejected_spans: i64::try_from(receipt.rejected).unwrap_or(i64::MAX),
        error_message: REJECTED.to_owned(),
    });
    ExportTraceServiceResponse { partial_success }
}

const REJECTED: &str = "spans were rejected: a trace id has 16 bytes, a span id 8, neither is all zeros, and a span \
                        takes at most 16 MiB";
