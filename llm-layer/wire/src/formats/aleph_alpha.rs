//! Aleph Alpha's completions.
//!
//! <https://docs.aleph-alpha.com/api/complete/>

use super::table::Table;
use crate::operation::Operation;
use crate::parameter::{Parameter, ParameterType};
use crate::prompt_part::PromptPart;
use crate::usage::UsagePart;

/// `POST /complete`.
pub(super) const COMPLETE: Table = Table {
    operation: Operation::TextCompletion,
    required: &["model", "prompt"],
    parameters: &[
        (Parameter::MaxTokens, "maximum_tokens", ParameterType::Int),
        (Parameter::Temperature, "temperature", ParameterType::Double),
        (Parameter::TopP, "top_p", ParameterType::Double),
        (Parameter::TopK, "top_k", ParameterType::Int),
        (Parameter::StopSequences, "stop_sequences", ParameterType::Texts),
    ],
    prompt: &[("prompt", PromptPart::Texts)],
    text: &["completions[].completion"],
    id: &[],
    model: &["model_version"],
    finish_reason: &["completions[].finish_reason"],
    usage: &[
        ("num_tokens_prompt_total", UsagePart::Input),
        ("num_tokens_generated", UsagePart::Output),
    ],
    ..Table::PLAIN
};
