//! The body of a request, stored to be read again.

use bytes::Bytes;

use crate::content::{Document, DocumentReader};
use crate::encoding::{Coding, Decoder, Side};
use crate::json::{StrictScanner, Visit};
use crate::prompt_reader::PromptReader;
use crate::prompt_visitor::PromptVisitor;
use crate::recognised::AnyFormat;

/// The body of a request as it was sent. It is read again if its prompt has to be counted or its content
/// recorded.
#[derive(Debug, Clone)]
pub struct RequestCopy {
    bytes: Bytes,
    coding: Option<Coding>,
    length: usize,
}

impl RequestCopy {
    /// A body that decodes to `length` bytes.
    pub(crate) fn new(bytes: Bytes, coding: Option<Coding>, length: usize) -> Self {
        Self {
            bytes,
            coding,
            length,
        }
    }

    /// Returns its length in bytes, decoded.
    #[must_use]
    pub fn length(&self) -> usize {
        self.length
    }

    /// Reads it as a document of bounded size, for content of at most `total` bytes.
    #[must_use]
    pub fn document(&self, total: usize) -> Document {
        let mut reader = DocumentReader::new(total);
        self.read(&mut reader);
        reader.finish()
    }

    /// Reads its prompt, by what the format says of each value, into `visitor`. Returns `None` if it cannot
    /// be read.
    pub fn prompt<V: PromptVisitor>(&self, format: &AnyFormat, visitor: V) -> Option<V> {
        let mut reader = PromptReader::new(format, visitor);
        self.read(&mut reader).then(|| reader.into_visitor())
    }

    /// Reads it. Returns whether it could be read to its end, as it could when it was read first.
    pub fn read(&self, visit: &mut impl Visit) -> bool {
        let mut scanner = StrictScanner::new();
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
