//! Triton's generation, also of TensorRT-LLM. It reports neither usage nor why or that it ended.
//!
//! <https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_generate.md>

use super::table::{End, Table};
use crate::operation::Operation;
use crate::parameter::{Parameter, ParameterType};
use crate::path_segments::segment;
use crate::prompt_part::PromptPart;

/// `POST /v2/models/{model}/generate`, `/generate_stream`.
pub(super) const TRITON: Table = Table {
    operation: Operation::TextCompletion,
    required: &["text_input"],
    model_in_path: model,
    stream_paths: &["/generate_stream"],
    parameters: &[
        (Parameter::MaxTokens, "max_tokens", ParameterType::Int),
        (Parameter::MaxTokens, "parameters.max_tokens", ParameterType::Int),
        (Parameter::Temperature, "temperature", ParameterType::Double),
        (
            Parameter::Temperature,
            "parameters.temperature",
            ParameterType::Double,
        ),
        (Parameter::TopP, "top_p", ParameterType::Double),
        (Parameter::TopK, "top_k", ParameterType::Int),
    ],
    prompt: &[("text_input", PromptPart::Texts)],
    text: &["text_output"],
    model: &["model_name"],
    end: End::Any,
    ..Table::PLAIN
};

fn model(path: &str) -> Option<String> {
    segment(path, "/models/", '/')
}
