//! Chats and completions of Vertex's `:predict`: a model of one's own, or one of the Model Garden, which vLLM serves.
//!
//! <https://cloud.google.com/vertex-ai/generative-ai/docs/open-models/vllm/use-vllm>

use super::table::Table;
use crate::content::Members;
use crate::operation::Operation;
use crate::parameter::{Parameter, ParameterType};
use crate::prompt_part::PromptPart;
use crate::usage::UsagePart;

/// `POST …:predict` with messages. The answer is OpenAI's.
pub(super) const CHAT: Table = Table {
    operation: Operation::Chat,
    required: &["instances"],
    parameters: &[
        (Parameter::MaxTokens, "instances[].max_tokens", ParameterType::Int),
        (
            Parameter::Temperature,
            "instances[].temperature",
            ParameterType::Double,
        ),
        (Parameter::TopP, "instances[].top_p", ParameterType::Double),
        (Parameter::TopK, "instances[].top_k", ParameterType::Int),
        (
            Parameter::MaxTokens,
            "parameters.maxOutputTokens",
            ParameterType::Int,
        ),
        (Parameter::MaxTokens, "parameters.max_tokens", ParameterType::Int),
        (
            Parameter::Temperature,
            "parameters.temperature",
            ParameterType::Double,
        ),
        (Parameter::TopP, "parameters.topP", ParameterType::Double),
        (Parameter::TopK, "parameters.topK", ParameterType::Int),
    ],
    prompt: &[
        ("instances[].context", PromptPart::Texts),
        ("instances[].messages[]", PromptPart::Message),
        ("instances[].prompt", PromptPart::Texts),
    ],
    content: Members {
        instructions: &["/instances/0/context"],
        messages: &["/instances/0/messages", "/instances/0/prompt"],
        tools: &["/instances/0/tools"],
    },
    envelopes: &["predictions"],
    alternatives: "choices[]",
    text: &[
        "choices[].message.content",
        "choices[].text",
        "candidates[].content",
        "content",
        // An element of the envelope.
        "",
    ],
    reasoning: &[
        "choices[].message.reasoning_content",
        "choices[].message.reasoning",
    ],
    finish_reason: &["choices[].finish_reason"],
    usage: &[
        ("usage.prompt_tokens", UsagePart::Input),
        ("usage.completion_tokens", UsagePart::Output),
        ("usage.total_tokens", UsagePart::Total),
        (
            "metadata.tokenMetadata.inputTokenCount.totalTokens",
            UsagePart::Input,
        ),
        (
            "metadata.tokenMetadata.outputTokenCount.totalTokens",
            UsagePart::Output,
        ),
    ],
    ..Table::PLAIN
};

/// `POST …:predict` with prompts for a model of language. vLLM's answer is a list of texts.
pub(super) const COMPLETION: Table = Table {
    operation: Operation::TextCompletion,
    ..CHAT
};
