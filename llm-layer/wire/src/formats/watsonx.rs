//! Text generation of watsonx. Its chat is OpenAI's.
//!
//! <https://cloud.ibm.com/apidocs/watsonx-ai#text-generation>

use super::table::Table;
use crate::operation::Operation;
use crate::parameter::{Parameter, ParameterType};
use crate::prompt_part::PromptPart;
use crate::usage::UsagePart;

/// `POST /ml/v1/text/generation`, `/ml/v1/text/generation_stream`.
pub(super) const GENERATION: Table = Table {
    operation: Operation::TextCompletion,
    required: &["input"],
    stream_paths: &["/text/generation_stream"],
    parameters: &[
        (
            Parameter::MaxTokens,
            "parameters.max_new_tokens",
            ParameterType::Int,
        ),
        (
            Parameter::Temperature,
            "parameters.temperature",
            ParameterType::Double,
        ),
        (Parameter::TopP, "parameters.top_p", ParameterType::Double),
        (Parameter::TopK, "parameters.top_k", ParameterType::Int),
        (Parameter::Seed, "parameters.random_seed", ParameterType::Int),
        (
            Parameter::StopSequences,
            "parameters.stop_sequences",
            ParameterType::Texts,
        ),
    ],
    prompt: &[("input", PromptPart::Texts)],
    text: &["results[].generated_text"],
    model: &["model_id"],
    finish_reason: &["results[].stop_reason"],
    usage: &[
        ("results[].input_token_count", UsagePart::Input),
        ("results[].generated_token_count", UsagePart::Output),
    ],
    ..Table::PLAIN
};
