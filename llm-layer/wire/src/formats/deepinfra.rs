//! DeepInfra's own API. Its others are OpenAI's and Anthropic's.
//!
//! <https://deepinfra.com/docs/inference_api>

use super::table::Table;
use crate::operation::Operation;
use crate::parameter::{Parameter, ParameterType};
use crate::prompt_part::PromptPart;
use crate::usage::UsagePart;

/// `POST /v1/inference/{model}`, of language models.
pub(super) const INFERENCE: Table = Table {
    operation: Operation::TextCompletion,
    required: &["input"],
    model_in_path: model,
    parameters: &[
        (Parameter::MaxTokens, "max_new_tokens", ParameterType::Int),
        (Parameter::Temperature, "temperature", ParameterType::Double),
        (Parameter::TopP, "top_p", ParameterType::Double),
        (Parameter::TopK, "top_k", ParameterType::Int),
        (Parameter::StopSequences, "stop", ParameterType::Texts),
    ],
    prompt: &[("input", PromptPart::Texts)],
    text: &["results[].generated_text", "token.text"],
    id: &["request_id"],
    model: &[],
    finish_reason: &["details.finish_reason"],
    usage: &[
        ("num_input_tokens", UsagePart::Input),
        ("num_tokens", UsagePart::Output),
        ("num_output_tokens", UsagePart::Output),
        ("inference_status.tokens_input", UsagePart::Input),
        ("inference_status.tokens_generated", UsagePart::Output),
    ],
    ..Table::PLAIN
};

/// The owner and the name of the model.
fn model(path: &str) -> Option<String> {
    let (_, model) = path.split_once("/v1/inference/")?;
    Some(model.to_owned())
}
