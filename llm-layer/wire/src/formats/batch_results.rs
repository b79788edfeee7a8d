//! The results of batches: the answers to many requests, one a line, or in a list. Their usage is added up.
//!
//! <https://platform.openai.com/docs/guides/batch>, <https://docs.claude.com/en/docs/build-with-claude/batch-processing>

use super::batches::FETCH;
use super::table::Table;
use crate::operation::Operation;
use crate::path_segments::segment;
use crate::usage::UsagePart;

/// `GET …/files/{id}/content`. Only the content shows that it is that of a batch: other files are downloaded too.
pub(super) const OPENAI: Table = Table {
    operation: Operation::FetchBatch,
    stored_id: |path| segment(path, "/files/", '/'),
    envelopes: &["response", "body"],
    id: &[],
    model: &[],
    sums_usage: true,
    usage: &[
        ("usage.prompt_tokens", UsagePart::Input),
        ("usage.completion_tokens", UsagePart::Output),
        ("usage.prompt_tokens_details.cached_tokens", UsagePart::CacheRead),
        (
            "usage.completion_tokens_details.reasoning_tokens",
            UsagePart::Reasoning,
        ),
        ("usage.input_tokens", UsagePart::Input),
        ("usage.output_tokens", UsagePart::Output),
        ("usage.input_tokens_details.cached_tokens", UsagePart::CacheRead),
        (
            "usage.output_tokens_details.reasoning_tokens",
            UsagePart::Reasoning,
        ),
    ],
    ..FETCH
};

/// `GET …/messages/batches/{id}/results`.
pub(super) const ANTHROPIC: Table = Table {
    operation: Operation::FetchBatch,
    stored_id: |path| segment(path, "/batches/", '/'),
    envelopes: &["result", "message"],
    id: &[],
    sums_usage: true,
    excludes_cached: true,
    usage: &[
        ("usage.input_tokens", UsagePart::Input),
        ("usage.output_tokens", UsagePart::Output),
        ("usage.cache_read_input_tokens", UsagePart::CacheRead),
        ("usage.cache_creation_input_tokens", UsagePart::CacheWrite),
        (
            "usage.cache_creation.ephemeral_1h_input_tokens",
            UsagePart::CacheWriteHour,
        ),
    ],
    ..FETCH
};
