//! Text Generation Inference, also behind SageMaker.
//!
//! <https://huggingface.github.io/text-generation-inference/>

use super::table::Table;
use crate::operation::Operation;
use crate::parameter::{Parameter, ParameterType};
use crate::path_segments::hub_model;
use crate::prompt_part::PromptPart;
use crate::usage::UsagePart;

/// `POST /generate`, `/generate_stream`, `/endpoints/{endpoint}/invocations`.
pub(super) const TGI: Table = Table {
    operation: Operation::TextCompletion,
    required: &["inputs"],
    stream_paths: &["/generate_stream", "/invocations-response-stream"],
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
        (Parameter::Seed, "parameters.seed", ParameterType::Int),
        (Parameter::StopSequences, "parameters.stop", ParameterType::Texts),
        (
            Parameter::FrequencyPenalty,
            "parameters.frequency_penalty",
            ParameterType::Double,
        ),
    ],
    prompt: &[("inputs", PromptPart::Texts)],
    text: &["token.text"],
    whole_text: &["generated_text"],
    id: &[],
    model: &[],
    finish_reason: &["details.finish_reason"],
    usage: &[
        ("details.input_length", UsagePart::Input),
        // LoRAX's.
        ("details.prompt_tokens", UsagePart::Input),
        ("details.generated_tokens", UsagePart::Output),
    ],
    headers: &[
        ("x-prompt-tokens", UsagePart::Input),
        ("x-generated-tokens", UsagePart::Output),
    ],
    ..Table::PLAIN
};

/// `POST /models/{model}` of Hugging Face's inference providers, for models of many kinds. The answer is a list.
pub(super) const PIPELINE: Table = Table {
    model_in_path: hub_model,
    whole_text: &["generated_text", "summary_text", "translation_text"],
    ..TGI
};
