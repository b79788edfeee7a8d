//! The rerank APIs of Cohere, Jina, Voyage, vLLM and Text Embeddings Inference.
//!
//! <https://docs.cohere.com/reference/rerank>

use super::table::Table;
use crate::parameter::ParameterType;
use crate::usage::UsagePart;
use crate::{Operation, Parameter};

/// `POST …/rerank` with documents.
pub(super) const DOCUMENTS: Table = Table {
    operation: Operation::Rerank,
    required: &["query", "documents"],
    parameters: &[(Parameter::TopK, "top_k", ParameterType::Int)],
    usage: &[
        ("usage.total_tokens", UsagePart::Input),
        ("usage.prompt_tokens", UsagePart::Input),
        ("meta.tokens.input_tokens", UsagePart::Input),
        ("meta.billed_units.input_tokens", UsagePart::BilledInput),
    ],
    ..Table::PLAIN
};

/// `POST /rerank` with texts.
pub(super) const TEXTS: Table = Table {
    required: &["query", "texts"],
    ..DOCUMENTS
};
