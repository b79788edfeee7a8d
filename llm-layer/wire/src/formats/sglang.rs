//! SGLang's own API. Each event of a stream has the whole text so far.
//!
//! <https://docs.sglang.ai/basic_usage/native_api.html>

use super::table::Table;
use crate::operation::Operation;
use crate::parameter::{Parameter, ParameterType};
use crate::prompt_part::PromptPart;
use crate::usage::UsagePart;

/// `POST /generate`.
pub(super) const GENERATE: Table = Table {
    operation: Operation::TextCompletion,
    required: &["sampling_params"],
    repeats_text: true,
    parameters: &[
        (
            Parameter::MaxTokens,
            "sampling_params.max_new_tokens",
            ParameterType::Int,
        ),
        (
            Parameter::Temperature,
            "sampling_params.temperature",
            ParameterType::Double,
        ),
        (Parameter::TopP, "sampling_params.top_p", ParameterType::Double),
        (Parameter::TopK, "sampling_params.top_k", ParameterType::Int),
        (
            Parameter::StopSequences,
            "sampling_params.stop",
            ParameterType::Texts,
        ),
    ],
    prompt: &[("text", PromptPart::Texts)],
    text: &["text"],
    id: &["meta_info.id"],
    model: &[],
    finish_reason: &["meta_info.finish_reason.type"],
    usage: &[
        ("meta_info.prompt_tokens", UsagePart::Input),
        ("meta_info.completion_tokens", UsagePart::Output),
        ("meta_info.cached_tokens", UsagePart::CacheRead),
    ],
    ..Table::PLAIN
};
