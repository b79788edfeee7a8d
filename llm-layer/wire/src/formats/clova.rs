//! Naver's CLOVA Studio. Its streams end with an event that has the whole text again.
//!
//! <https://api.ncloud-docs.com/docs/clovastudio-chatcompletionsv3>

use super::table::{End, Table};
use crate::parameter::{Parameter, ParameterType};
use crate::prompt_part::PromptPart;
use crate::usage::UsagePart;

/// `POST /v1/chat-completions/{model}`, `/v3/chat-completions/{model}`.
pub(super) const CHAT: Table = Table {
    required: &["messages"],
    model_in_path: model,
    stream_header: ("accept", "text/event-stream"),
    parameters: &[
        (Parameter::MaxTokens, "maxTokens", ParameterType::Int),
        (Parameter::MaxTokens, "maxCompletionTokens", ParameterType::Int),
        (Parameter::Temperature, "temperature", ParameterType::Double),
        (Parameter::TopP, "topP", ParameterType::Double),
        (Parameter::TopK, "topK", ParameterType::Int),
        (Parameter::Seed, "seed", ParameterType::Int),
        (Parameter::StopSequences, "stop", ParameterType::Texts),
        (Parameter::StopSequences, "stopBefore", ParameterType::Texts),
    ],
    prompt: &[
        ("messages[]", PromptPart::Message),
        ("tools[]", PromptPart::Function("")),
    ],
    envelopes: &["result"],
    text: &["message.content"],
    reasoning: &["message.thinkingContent"],
    whole_event: "result",
    id: &[],
    model: &[],
    finish_reason: &["finishReason", "stopReason"],
    usage: &[
        ("usage.promptTokens", UsagePart::Input),
        ("usage.completionTokens", UsagePart::Output),
        ("usage.totalTokens", UsagePart::Total),
        (
            "usage.completionTokensDetails.thinkingTokens",
            UsagePart::Reasoning,
        ),
        ("inputLength", UsagePart::Input),
        ("outputLength", UsagePart::Output),
    ],
    end: End::Event("result"),
    ..Table::PLAIN
};

/// The last segment of the path.
fn model(path: &str) -> Option<String> {
    let (_, model) = path.rsplit_once('/')?;
    Some(model.to_owned()).filter(|model| !model.is_empty())
}
