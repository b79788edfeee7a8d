//! DashScope's own API. Its compatible API is OpenAI's.
//!
//! <https://help.aliyun.com/zh/model-studio/qwen-api-via-dashscope>

use super::table::Table;
use crate::content::Members;
use crate::parameter::{Parameter, ParameterType};
use crate::prompt_part::PromptPart;
use crate::usage::UsagePart;

/// `POST …/apps/{app}/completion`. The app has the models, and each of them has its usage.
pub(super) const APP: Table = Table {
    required: &["input"],
    parameters: &[],
    model: &["usage.models[].model_id"],
    usage: &[],
    runs: &[
        ("usage.models[].input_tokens", UsagePart::UncachedInput),
        ("usage.models[].output_tokens", UsagePart::Output),
    ],
    ..DASHSCOPE
};

/// `POST …/aigc/text-generation/generation`, `…/aigc/multimodal-generation/generation`. Whether a stream is
/// requested is named by a header and by the answer.
pub(super) const DASHSCOPE: Table = Table {
    required: &["model", "input"],
    stream_header: ("x-dashscope-sse", "enable"),
    parameters: &[
        (Parameter::MaxTokens, "parameters.max_tokens", ParameterType::Int),
        (
            Parameter::Temperature,
            "parameters.temperature",
            ParameterType::Double,
        ),
        (Parameter::TopP, "parameters.top_p", ParameterType::Double),
        (Parameter::TopK, "parameters.top_k", ParameterType::Int),
        (Parameter::Seed, "parameters.seed", ParameterType::Int),
        (
            Parameter::PresencePenalty,
            "parameters.presence_penalty",
            ParameterType::Double,
        ),
        (Parameter::StopSequences, "parameters.stop", ParameterType::Texts),
    ],
    incremental: "parameters.incremental_output",
    prompt: &[
        ("input.messages[]", PromptPart::Message),
        ("input.prompt", PromptPart::Texts),
        ("parameters.tools[]", PromptPart::Function("")),
    ],
    content: Members {
        instructions: &[],
        messages: &["/input/messages", "/input/prompt"],
        tools: &["/parameters/tools"],
    },
    alternatives: "choices[]",
    envelopes: &["output"],
    text: &[
        "text",
        "choices[].message.content",
        "choices[].message.content[].text",
    ],
    reasoning: &["choices[].message.reasoning_content"],
    id: &["request_id"],
    finish_reason: &["finish_reason", "choices[].finish_reason"],
    usage: &[
        ("usage.input_tokens", UsagePart::Input),
        ("usage.output_tokens", UsagePart::Output),
        ("usage.total_tokens", UsagePart::Total),
        ("usage.prompt_tokens_details.cached_tokens", UsagePart::CacheRead),
        (
            "usage.output_tokens_details.reasoning_tokens",
            UsagePart::Reasoning,
        ),
        ("usage.image_tokens", UsagePart::ImageInput),
        ("usage.audio_tokens", UsagePart::AudioInput),
    ],
    ..Table::PLAIN
};
