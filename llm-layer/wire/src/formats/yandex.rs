//! YandexGPT's own API. Its numbers are strings.
//!
//! <https://yandex.cloud/en/docs/foundation-models/text-generation/api-ref/TextGeneration/completion>

use super::table::{End, Table};
use crate::content::Members;
use crate::parameter::{Parameter, ParameterType};
use crate::prompt_part::PromptPart;
use crate::usage::UsagePart;

/// `POST /foundationModels/v1/completion`.
pub(super) const COMPLETION: Table = Table {
    required: &["modelUri", "messages"],
    request_model: "modelUri",
    request_stream: "completionOptions.stream",
    repeats_text: true,
    parameters: &[
        (
            Parameter::MaxTokens,
            "completionOptions.maxTokens",
            ParameterType::Int,
        ),
        (
            Parameter::Temperature,
            "completionOptions.temperature",
            ParameterType::Double,
        ),
    ],
    prompt: &[("messages[]", PromptPart::Message)],
    content: Members {
        instructions: &[],
        messages: &["/messages"],
        tools: &["/tools"],
    },
    envelopes: &["result"],
    text: &["alternatives[].message.text"],
    id: &[],
    model: &["modelVersion"],
    finish_reason: &["alternatives[].status"],
    usage: &[
        ("usage.inputTextTokens", UsagePart::Input),
        ("usage.completionTokens", UsagePart::Output),
        ("usage.totalTokens", UsagePart::Total),
        (
            "usage.completionTokensDetails.reasoningTokens",
            UsagePart::Reasoning,
        ),
    ],
    end: End::Value("alternatives[].status", "ALTERNATIVE_STATUS_FINAL"),
    ..Table::PLAIN
};
