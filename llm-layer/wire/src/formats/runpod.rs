//! Jobs of RunPod's serverless endpoints, whose workers run vLLM or SGLang.
//!
//! <https://docs.runpod.io/serverless/vllm/vllm-requests>

use super::table::{End, Table};
use crate::content::Members;
use crate::operation::Operation;
use crate::parameter::{Parameter, ParameterType};
use crate::prompt_part::PromptPart;
use crate::usage::UsagePart;

/// `POST /v2/{endpoint}/runsync`, `/v2/{endpoint}/run`. The answer to the latter comes before the job has begun.
pub(super) const CREATE: Table = Table {
    operation: Operation::Chat,
    required: &["input"],
    request_model: "input.openai_input.model",
    parameters: &[
        (
            Parameter::MaxTokens,
            "input.sampling_params.max_tokens",
            ParameterType::Int,
        ),
        (
            Parameter::Temperature,
            "input.sampling_params.temperature",
            ParameterType::Double,
        ),
        (
            Parameter::TopP,
            "input.sampling_params.top_p",
            ParameterType::Double,
        ),
    ],
    prompt: &[
        ("input.prompt", PromptPart::Texts),
        ("input.messages[]", PromptPart::Message),
        ("input.openai_input.messages[]", PromptPart::Message),
    ],
    content: Members {
        instructions: &[],
        messages: &["/input/prompt", "/input/messages", "/input/openai_input/messages"],
        tools: &[],
    },
    ..FETCH
};

/// `GET /v2/{endpoint}/status/{job}`.
pub(super) const FETCH: Table = Table {
    operation: Operation::FetchResponse,
    envelopes: &["output"],
    alternatives: "choices[]",
    text: &[
        "choices[].tokens[]",
        "choices[].text",
        "choices[].message.content",
        "choices[].delta.content",
    ],
    reasoning: &[
        "choices[].message.reasoning_content",
        "choices[].delta.reasoning_content",
    ],
    finish_reason: &["choices[].finish_reason"],
    failure: &[("status", &["FAILED", "CANCELLED", "TIMED_OUT"])],
    usage: &[
        ("usage.input", UsagePart::Input),
        ("usage.output", UsagePart::Output),
        ("usage.prompt_tokens", UsagePart::Input),
        ("usage.completion_tokens", UsagePart::Output),
        ("usage.total_tokens", UsagePart::Total),
    ],
    is_background: true,
    end: End::Value("status", "COMPLETED"),
    ..Table::PLAIN
};
