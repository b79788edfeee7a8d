//! The body of a request, kept for what may have to be known of it later.

use bytes::Bytes;

use crate::encoding::{Coding, Decoder, Side};
use crate::json::{Scanner, Visit};

/// The body of a request as it was sent. It is read again, piece by piece, if its prompt has to be counted or recorded.
#[derive(Debug, Clone)]
pub(super) struct RequestCopy {
    bytes: Bytes,
    coding: Option<Coding>,
    length: usize,
}

impl RequestCopy {
    /// A body that unfolds to `length` bytes.
    pub(super) fn new(bytes: Bytes, coding: Option<Coding>, length: usize) -> Self {
        Self { bytes, coding, length }
    }

    /// Its length in bytes, decoded.
    pub(super) fn length(&self) -> usize {
        self.length
    }

    pub(super) fn document(&self) -> serde_json::Value {
        serde_json::from_slice(&self.bytes).unwrap_or_default()
    }

    /// Reads it. Returns whether it could be read to its end, as it could when it was read first.
    pub(super) fn read(&self, visit: &mut impl Visit) -> bool {
        let mut scanner = Scanner::strict();
        let mut read = Ok(());
        let mut decoder = Decoder::new(self.coding, Side::Request);
        let decoded = decoder.feed(&self.bytes, |bytes| {
            if read.is_ok() {
                read = scanner.feed(bytes, visit);
            }
        });
        decoded.is_ok() && read.is_ok() && scanner.finish(visit).is_ok()
    }
}
