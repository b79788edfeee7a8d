//! Batches of requests and the files that hold them. Each request of a batch may name another model.
//!
//! <https://platform.openai.com/docs/api-reference/batch>

use super::table::Table;
use crate::operation::Operation;
use crate::usage::UsagePart;

/// `POST …/batches`, `…/messages/batches`, `…/batch/jobs`, `…:batchGenerateContent`.
pub(super) const CREATE: Table = Table {
    operation: Operation::CreateBatch,
    model: &[],
    ..FETCH
};

/// `GET …/batches/{id}`, `…/messages/batches/{id}`.
pub(super) const FETCH: Table = Table {
    operation: Operation::FetchBatch,
    // A batch of Gemini contains its answers.
    envelopes: &["response", "inlinedResponses", "inlinedEmbedContentResponses"],
    sums_usage: true,
    usage_id: "output_file_id",
    usage: &[
        ("usage.input_tokens", UsagePart::Input),
        ("usage.output_tokens", UsagePart::Output),
        ("usage.total_tokens", UsagePart::Total),
        ("usage.input_tokens_details.cached_tokens", UsagePart::CacheRead),
        (
            "usage.output_tokens_details.reasoning_tokens",
            UsagePart::Reasoning,
        ),
        ("usageMetadata.promptTokenCount", UsagePart::Input),
        ("usageMetadata.toolUsePromptTokenCount", UsagePart::ToolInput),
        ("usageMetadata.cachedContentTokenCount", UsagePart::CacheRead),
        ("usageMetadata.candidatesTokenCount", UsagePart::Output),
        ("usageMetadata.thoughtsTokenCount", UsagePart::Thoughts),
        ("usageMetadata.totalTokenCount", UsagePart::Total),
        ("tokenCount", UsagePart::Input),
    ],
    ..Table::PLAIN
};

/// `POST …/files`: a form.
pub(super) const UPLOAD: Table = Table {
    operation: Operation::UploadFile,
    required: &["file", "purpose"],
    model: &[],
    ..Table::PLAIN
};
