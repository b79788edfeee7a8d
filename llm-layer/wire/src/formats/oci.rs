//! Chat of Oracle Cloud's generative AI, in its generic form and in Cohere's.
//!
//! <https://docs.oracle.com/en-us/iaas/api/#/en/generative-ai-inference/20231130/ChatResult/Chat>

use super::table::Table;
use crate::content::Members;
use crate::parameter::{Parameter, ParameterType};
use crate::prompt_part::PromptPart;
use crate::usage::UsagePart;

/// `POST /{version}/actions/chat`.
pub(super) const OCI_CHAT: Table = Table {
    required: &["servingMode", "chatRequest"],
    request_model: "servingMode.modelId",
    parameters: &[
        (Parameter::MaxTokens, "chatRequest.maxTokens", ParameterType::Int),
        (
            Parameter::Temperature,
            "chatRequest.temperature",
            ParameterType::Double,
        ),
        (Parameter::TopP, "chatRequest.topP", ParameterType::Double),
        (Parameter::TopK, "chatRequest.topK", ParameterType::Int),
        (Parameter::Seed, "chatRequest.seed", ParameterType::Int),
        (
            Parameter::FrequencyPenalty,
            "chatRequest.frequencyPenalty",
            ParameterType::Double,
        ),
        (
            Parameter::PresencePenalty,
            "chatRequest.presencePenalty",
            ParameterType::Double,
        ),
        (Parameter::StopSequences, "chatRequest.stop", ParameterType::Texts),
        (
            Parameter::StopSequences,
            "chatRequest.stopSequences",
            ParameterType::Texts,
        ),
    ],
    prompt: &[
        ("chatRequest.messages[]", PromptPart::Message),
        ("chatRequest.chatHistory[]", PromptPart::Message),
        ("chatRequest.message", PromptPart::Texts),
        ("chatRequest.preambleOverride", PromptPart::Texts),
        ("chatRequest.tools[]", PromptPart::Function("")),
    ],
    content: Members {
        instructions: &["/chatRequest/preambleOverride"],
        messages: &[
            "/chatRequest/messages",
            "/chatRequest/chatHistory",
            "/chatRequest/message",
        ],
        tools: &["/chatRequest/tools"],
    },
    alternatives: "choices[]",
    envelopes: &["chatResponse"],
    text: &[
        "text",
        "choices[].message.content[].text",
        "message.content[].text",
    ],
    model: &["modelId"],
    finish_reason: &["finishReason", "choices[].finishReason"],
    usage: &[
        ("usage.promptTokens", UsagePart::Input),
        ("usage.completionTokens", UsagePart::Output),
        ("usage.totalTokens", UsagePart::Total),
        ("usage.promptTokensDetails.cachedTokens", UsagePart::CacheRead),
        (
            "usage.completionTokensDetails.reasoningTokens",
            UsagePart::Reasoning,
        ),
    ],
    ..Table::PLAIN
};
