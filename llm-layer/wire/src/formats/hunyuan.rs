//! Tencent's Hunyuan in its own form. Its compatible API is OpenAI's.
//!
//! <https://cloud.tencent.com/document/product/1729/105701>

use super::table::Table;
use crate::content::Members;
use crate::parameter::{Parameter, ParameterType};
use crate::prompt_part::PromptPart;
use crate::usage::UsagePart;

/// `POST /` at the host of the API. Only a whole answer is wrapped in `Response`.
pub(super) const HUNYUAN: Table = Table {
    required: &["Model", "Messages"],
    request_model: "Model",
    parameters: &[
        (Parameter::Temperature, "Temperature", ParameterType::Double),
        (Parameter::TopP, "TopP", ParameterType::Double),
        (Parameter::Seed, "Seed", ParameterType::Int),
        (Parameter::StopSequences, "Stop", ParameterType::Texts),
    ],
    prompt: &[("Messages[].Content", PromptPart::Texts)],
    content: Members {
        instructions: &[],
        messages: &["/messages"],
        tools: &["/tools"],
    },
    is_pascal_case: true,
    alternatives: "Choices[]",
    envelopes: &["Response"],
    text: &["Choices[].Message.Content", "Choices[].Delta.Content"],
    reasoning: &[
        "Choices[].Message.ReasoningContent",
        "Choices[].Delta.ReasoningContent",
    ],
    id: &["Id"],
    model: &[],
    finish_reason: &["Choices[].FinishReason"],
    usage: &[
        ("Usage.PromptTokens", UsagePart::Input),
        ("Usage.CompletionTokens", UsagePart::Output),
        ("Usage.TotalTokens", UsagePart::Total),
    ],
    ..Table::PLAIN
};
