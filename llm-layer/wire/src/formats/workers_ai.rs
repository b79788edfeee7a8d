//! Cloudflare's Workers AI. The model is the rest of the path.
//!
//! <https://developers.cloudflare.com/workers-ai/models/>

use super::table::Table;
use crate::operation::Operation;
use crate::parameter::{Parameter, ParameterType};
use crate::prompt_part::PromptPart;
use crate::usage::UsagePart;

/// `POST …/ai/run/{model}`, and `/workers-ai/{model}` at its gateway, with messages.
pub(super) const CHAT: Table = Table {
    operation: Operation::Chat,
    required: &["messages"],
    prompt: &[
        ("messages[]", PromptPart::Message),
        ("tools[]", PromptPart::Function("")),
    ],
    ..COMPLETION
};

/// `POST …/ai/run/{model}` with a prompt.
pub(super) const COMPLETION: Table = Table {
    operation: Operation::TextCompletion,
    required: &["prompt"],
    model_in_path: model,
    parameters: &[
        (Parameter::MaxTokens, "max_tokens", ParameterType::Int),
        (Parameter::Temperature, "temperature", ParameterType::Double),
        (Parameter::TopP, "top_p", ParameterType::Double),
        (Parameter::TopK, "top_k", ParameterType::Int),
        (Parameter::Seed, "seed", ParameterType::Int),
        (
            Parameter::FrequencyPenalty,
            "frequency_penalty",
            ParameterType::Double,
        ),
        (
            Parameter::PresencePenalty,
            "presence_penalty",
            ParameterType::Double,
        ),
    ],
    prompt: &[("prompt", PromptPart::Texts)],
    envelopes: &["result"],
    text: &["response", "choices[].message.content", "choices[].delta.content"],
    finish_reason: &["choices[].finish_reason"],
    usage: &[
        ("usage.prompt_tokens", UsagePart::Input),
        ("usage.completion_tokens", UsagePart::Output),
        ("usage.total_tokens", UsagePart::Total),
        ("usage.prompt_tokens_details.cached_tokens", UsagePart::CacheRead),
    ],
    ..Table::PLAIN
};

/// The model's name has slashes: `@cf/meta/llama-3.1-8b-instruct`.
fn model(path: &str) -> Option<String> {
    let (_, model) = path
        .split_once("/ai/run/")
        .or_else(|| path.split_once("/workers-ai/"))?;
    (!model.is_empty()).then(|| model.to_owned())
}
