//! Stored log records.

use std::collections::VecDeque;
use std::sync::Arc;

use opentelemetry_proto::tonic::logs::v1::LogRecord;
use prost::Message;

use crate::ids;

use super::scope::Origin;

#[derive(Debug)]
pub(crate) struct StoredLog {
    /// 0 if it belongs to no trace.
    pub(crate) trace: u128,
    /// 0 if it belongs to no span.
    pub(crate) span: u64,
    /// When it happened, or was observed; nanoseconds since the Unix epoch.
    pub(crate) time: u64,
    pub(crate) severity: i32,
    pub(crate) origin: Arc<Origin>,
    encoded: Box<[u8]>,
    bytes: usize,
}

impl StoredLog {
    pub(super) fn new(record: &LogRecord, origin: &Arc<Origin>) -> Self {
        let encoded = record.encode_to_vec().into_boxed_slice();
        Self {
            trace: ids::trace_id(&record.trace_id).unwrap_or(0),
            span: ids::span_id(&record.span_id).unwrap_or(0),
            time: match record.time_unix_nano {
                0 => record.observed_time_unix_nano,
                time => time,
            },
            severity: record.severity_number,
            origin: Arc::clone(origin),
            bytes: size_of::<Self>() + LOG_OVERHEAD + encoded.len(),
            encoded,
        }
    }

    pub(crate) fn encoded(&self) -> &[u8] {
        &self.encoded
    }

    /// Decodes the whole record.
    pub(crate) fn decode(&self) -> LogRecord {
        // The bytes were encoded here, so decoding them cannot fail.
        LogRecord::decode(&*self.encoded).unwrap_or_default()
    }
}

/// The newest log records, bounded in bytes.
#[derive(Debug, Default)]
pub(super) struct Logs {
    records: VecDeque<Arc<StoredLog>>,
    bytes: usize,
}

impl Logs {
    /// Adds a record. Returns the number of records that were dropped for it, itself included.
    pub(super) fn add(&mut self, mut log: StoredLog, max_bytes: usize) -> u64 {
        // An origin counts once for records in a row.
        let is_new = !self
            .records
            .back()
            .is_some_and(|last| Arc::ptr_eq(&last.origin, &log.origin));
        log.bytes += if is_new { log.origin.bytes } else { 0 };
        if log.bytes > max_bytes {
            return 1;
        }
        self.bytes += log.bytes;
        self.records.push_back(Arc::new(log));
        let mut dropped = 0;
        while self.bytes > max_bytes {
            let Some(oldest) = self.records.pop_front() else {
                break;
            };
            self.bytes -= oldest.bytes;
            dropped += 1;
        }
        dropped
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// In the order of arrival.
    pub(super) fn records(&self) -> impl DoubleEndedIterator<Item = &Arc<StoredLog>> {
        self.records.iter()
    }
}

/// The memory of a record beside its own: the count of its owners, its place, and the allocator.
const LOG_OVERHEAD: usize = 64;
