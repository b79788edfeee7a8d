//! llama.cpp's own completions, also of its fill-in-the-middle. Its chat completions are OpenAI's.
//!
//! <https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md>

use super::table::{End, Table};
use crate::operation::Operation;
use crate::parameter::{Parameter, ParameterType};
use crate::prompt_part::PromptPart;
use crate::usage::UsagePart;

/// `POST /completion`, `/infill`.
pub(super) const LLAMA_CPP: Table = Table {
    operation: Operation::TextCompletion,
    parameters: &[
        (Parameter::MaxTokens, "n_predict", ParameterType::Int),
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
        (Parameter::StopSequences, "stop", ParameterType::Texts),
    ],
    prompt: &[
        ("prompt", PromptPart::TextsOrTokens),
        ("input_prefix", PromptPart::Texts),
        ("input_suffix", PromptPart::Texts),
    ],
    text: &["content"],
    finish_reason: &["stop_type"],
    // `tokens_cached` is the length of the slot, and no count of tokens that were read from a cache.
    usage: &[
        ("tokens_evaluated", UsagePart::Input),
        ("tokens_predicted", UsagePart::Output),
        ("timings.cache_n", UsagePart::CacheRead),
    ],
    end: End::Flag("stop"),
    ..Table::PLAIN
};
