//! KoboldCpp's own API. Its others are OpenAI's and Ollama's.
//!
//! <https://lite.koboldai.net/koboldcpp_api>

use super::table::Table;
use crate::operation::Operation;
use crate::parameter::{Parameter, ParameterType};
use crate::prompt_part::PromptPart;
use crate::usage::UsagePart;

/// `POST /api/v1/generate`, `/api/extra/generate/stream`.
pub(super) const KOBOLD: Table = Table {
    operation: Operation::TextCompletion,
    required: &["prompt"],
    stream_paths: &["/generate/stream"],
    parameters: &[
        (Parameter::MaxTokens, "max_length", ParameterType::Int),
        (Parameter::Temperature, "temperature", ParameterType::Double),
        (Parameter::TopP, "top_p", ParameterType::Double),
        (Parameter::TopK, "top_k", ParameterType::Int),
        (Parameter::Seed, "sampler_seed", ParameterType::Int),
        (Parameter::StopSequences, "stop_sequence", ParameterType::Texts),
    ],
    prompt: &[("memory", PromptPart::Texts), ("prompt", PromptPart::Texts)],
    text: &["token", "results[].text"],
    id: &[],
    model: &[],
    finish_reason: &["finish_reason", "results[].finish_reason"],
    usage: &[
        ("results[].prompt_tokens", UsagePart::Input),
        ("results[].completion_tokens", UsagePart::Output),
    ],
    ..Table::PLAIN
};
