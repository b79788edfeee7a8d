//! Reka's chat.
//!
//! <https://docs.reka.ai/api-reference/chat/create>

use super::table::Table;
use crate::parameter::{Parameter, ParameterType};
use crate::prompt_part::PromptPart;
use crate::usage::UsagePart;

/// `POST /v1/chat`.
pub(super) const REKA: Table = Table {
    required: &["messages"],
    parameters: &[
        (Parameter::MaxTokens, "max_tokens", ParameterType::Int),
        (Parameter::Temperature, "temperature", ParameterType::Double),
        (Parameter::TopP, "top_p", ParameterType::Double),
        (Parameter::TopK, "top_k", ParameterType::Int),
        (Parameter::Seed, "seed", ParameterType::Int),
        (Parameter::StopSequences, "stop", ParameterType::Texts),
    ],
    prompt: &[("messages[]", PromptPart::Message)],
    alternatives: "responses[]",
    text: &["responses[].message.content", "responses[].chunk.content"],
    finish_reason: &["responses[].finish_reason"],
    usage: &[
        ("usage.input_tokens", UsagePart::Input),
        ("usage.output_tokens", UsagePart::Output),
        ("usage.reasoning_tokens", UsagePart::Reasoning),
    ],
    ..Table::PLAIN
};
