//! NLP Cloud's text generation.
//!
//! <https://docs.nlpcloud.com/#generation>

use super::table::Table;
use crate::operation::Operation;
use crate::parameter::{Parameter, ParameterType};
use crate::path_segments::segment;
use crate::prompt_part::PromptPart;
use crate::usage::UsagePart;

/// `POST /v1/gpu/{model}/generation`.
pub(super) const GENERATION: Table = Table {
    operation: Operation::TextCompletion,
    required: &["text"],
    model_in_path: |path| segment(path, "/gpu/", '/'),
    parameters: &[
        (Parameter::MaxTokens, "max_length", ParameterType::Int),
        (Parameter::Temperature, "temperature", ParameterType::Double),
        (Parameter::TopP, "top_p", ParameterType::Double),
        (Parameter::TopK, "top_k", ParameterType::Int),
    ],
    prompt: &[("text", PromptPart::Texts)],
    whole_text: &["generated_text"],
    id: &[],
    model: &[],
    usage: &[
        ("nb_input_tokens", UsagePart::Input),
        ("nb_generated_tokens", UsagePart::Output),
    ],
    ..Table::PLAIN
};
