//! Models of Salesforce's Einstein.
//!
//! <https://developer.salesforce.com/docs/einstein/genai/guide/access-models-api-with-rest.html>

use super::table::Table;
use crate::operation::Operation;
use crate::prompt_part::PromptPart;
use crate::usage::UsagePart;

/// `POST …/models/{model}/chat-generations`.
pub(super) const CHAT: Table = Table {
    required: &["messages"],
    model_in_path: model,
    prompt: &[("messages[]", PromptPart::Message)],
    alternatives: "generations[]",
    envelopes: &["generationDetails"],
    text: &["generations[].content"],
    model: &["parameters.model"],
    finish_reason: &["generations[].parameters.finish_reason"],
    usage: &[
        ("parameters.usage.prompt_tokens", UsagePart::Input),
        ("parameters.usage.completion_tokens", UsagePart::Output),
        ("parameters.usage.total_tokens", UsagePart::Total),
    ],
    ..Table::PLAIN
};

/// `POST …/models/{model}/generations`.
pub(super) const GENERATION: Table = Table {
    operation: Operation::TextCompletion,
    required: &["prompt"],
    prompt: &[("prompt", PromptPart::Texts)],
    alternatives: "",
    envelopes: &[],
    text: &["generation.generatedText"],
    model: &["parameters.model", "generation.parameters.model"],
    finish_reason: &["generation.parameters.finish_reason"],
    usage: &[
        ("parameters.usage.prompt_tokens", UsagePart::Input),
        ("parameters.usage.completion_tokens", UsagePart::Output),
        ("parameters.usage.total_tokens", UsagePart::Total),
    ],
    ..CHAT
};

/// The name that Salesforce gives to the model.
fn model(path: &str) -> Option<String> {
    let (_, rest) = path.rsplit_once("/models/")?;
    Some(rest.split('/').next()?.to_owned())
}
