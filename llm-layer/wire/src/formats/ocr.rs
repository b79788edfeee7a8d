//! Mistral's OCR, which is billed by the page.
//!
//! <https://docs.mistral.ai/api/endpoint/ocr>

use super::table::Table;
use crate::operation::Operation;

/// `POST /v1/ocr`.
pub(super) const OCR: Table = Table {
    operation: Operation::Ocr,
    required: &["model", "document"],
    ..Table::PLAIN
};
