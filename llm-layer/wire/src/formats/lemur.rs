//! AssemblyAI's LeMUR: a prompt about transcripts.
//!
//! <https://www.assemblyai.com/docs/api-reference/lemur>

use super::table::{End, Table};
use crate::operation::Operation;
use crate::parameter::{Parameter, ParameterType};
use crate::prompt_part::PromptPart;
use crate::usage::UsagePart;

/// `POST /lemur/v3/generate/{task}`. The transcripts are not in the request.
pub(super) const GENERATE: Table = Table {
    operation: Operation::TextCompletion,
    request_model: "final_model",
    parameters: &[
        (Parameter::MaxTokens, "max_output_size", ParameterType::Int),
        (Parameter::Temperature, "temperature", ParameterType::Double),
    ],
    prompt: &[
        ("prompt", PromptPart::Texts),
        ("context", PromptPart::Texts),
        ("input_text", PromptPart::Texts),
        ("questions[].question", PromptPart::Texts),
    ],
    text: &["response", "response[].answer"],
    id: &["request_id"],
    usage: &[
        ("usage.input_tokens", UsagePart::Input),
        ("usage.output_tokens", UsagePart::Output),
    ],
    end: End::Any,
    ..Table::PLAIN
};
