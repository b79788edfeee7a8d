//! Replicate's predictions. A language model's report their tokens; others have their own input.
//!
//! <https://replicate.com/docs/reference/http>

use super::table::{End, Table};
use crate::content::Members;
use crate::operation::Operation;
use crate::parameter::{Parameter, ParameterType};
use crate::prompt_part::PromptPart;
use crate::usage::UsagePart;

/// `POST /v1/predictions`, `/v1/models/{owner}/{model}/predictions`,
/// `/v1/deployments/{owner}/{name}/predictions`. Unless it waits, the answer comes before the prediction has
/// begun.
pub(super) const CREATE: Table = Table {
    operation: Operation::TextCompletion,
    required: &["input"],
    model_in_path: model,
    request_model: "version",
    parameters: &[
        (Parameter::MaxTokens, "input.max_tokens", ParameterType::Int),
        (Parameter::MaxTokens, "input.max_new_tokens", ParameterType::Int),
        (
            Parameter::MaxTokens,
            "input.max_completion_tokens",
            ParameterType::Int,
        ),
        (Parameter::Temperature, "input.temperature", ParameterType::Double),
        (Parameter::TopP, "input.top_p", ParameterType::Double),
        (Parameter::TopK, "input.top_k", ParameterType::Int),
        (Parameter::Seed, "input.seed", ParameterType::Int),
        (
            Parameter::PresencePenalty,
            "input.presence_penalty",
            ParameterType::Double,
        ),
        (
            Parameter::FrequencyPenalty,
            "input.frequency_penalty",
            ParameterType::Double,
        ),
    ],
    prompt: &[
        ("input.system_prompt", PromptPart::Texts),
        ("input.prompt", PromptPart::Texts),
        ("input.messages[]", PromptPart::Message),
    ],
    content: Members {
        instructions: &["/input/system_prompt"],
        messages: &["/input/prompt", "/input/messages"],
        tools: &[],
    },
    ..FETCH
};

/// `GET …/v1/predictions/{id}`.
pub(super) const FETCH: Table = Table {
    operation: Operation::FetchResponse,
    text: &["output", "output[]"],
    failure: &[("status", &["failed", "canceled", "aborted"])],
    usage: &[
        ("metrics.input_token_count", UsagePart::Input),
        ("metrics.output_token_count", UsagePart::Output),
    ],
    is_background: true,
    end: End::Value("status", "succeeded"),
    ..Table::PLAIN
};

/// The owner and the name of the model.
fn model(path: &str) -> Option<String> {
    let (_, rest) = path.rsplit_once("/models/")?;
    let mut segments = rest.split('/');
    let (owner, name) = (segments.next()?, segments.next()?);
    Some([owner, "/", name].concat())
}
