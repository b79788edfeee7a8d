//! Meta's Llama API. Its requests are OpenAI's, its answers are not.
//!
//! <https://llama.developer.meta.com/docs/api/chat>

use super::table::{End, Table};
use crate::parameter::{Parameter, ParameterType};
use crate::prompt_part::PromptPart;
use crate::usage::{Paths, UsagePart};

/// `POST /v1/chat/completions` at api.llama.com.
pub(super) const CHAT: Table = Table {
    required: &["messages"],
    parameters: &[
        (Parameter::MaxTokens, "max_completion_tokens", ParameterType::Int),
        (Parameter::Temperature, "temperature", ParameterType::Double),
        (Parameter::TopP, "top_p", ParameterType::Double),
        (Parameter::TopK, "top_k", ParameterType::Int),
    ],
    prompt: &[
        ("messages[]", PromptPart::ChatMessage),
        ("tools[]", PromptPart::Function("")),
    ],
    // The events of a stream have all in one member.
    envelopes: &["completion_message", "event"],
    text: &["content.text", "delta.text"],
    finish_reason: &["stop_reason"],
    named_counts: &[("metrics[]", METRICS)],
    end: End::Value("event_type", "metrics"),
    ..Table::PLAIN
};

const METRICS: &Paths = &[
    ("num_prompt_tokens", UsagePart::Input),
    ("num_completion_tokens", UsagePart::Output),
    ("num_total_tokens", UsagePart::Total),
];
