//! LM Studio's own chat. Its other APIs are OpenAI's and Anthropic's.
//!
//! <https://lmstudio.ai/docs/developer/rest/chat>

use super::table::{End, Table};
use crate::content::Members;
use crate::parameter::{Parameter, ParameterType};
use crate::prompt_part::PromptPart;
use crate::usage::UsagePart;

/// `POST /api/v1/chat`.
pub(super) const LM_STUDIO: Table = Table {
    required: &["model", "input"],
    parameters: &[
        (Parameter::MaxTokens, "max_output_tokens", ParameterType::Int),
        (Parameter::Temperature, "temperature", ParameterType::Double),
        (Parameter::TopP, "top_p", ParameterType::Double),
        (Parameter::TopK, "top_k", ParameterType::Int),
        (
            Parameter::PreviousResponseId,
            "previous_response_id",
            ParameterType::Text,
        ),
    ],
    prompt: &[
        ("system_prompt", PromptPart::Texts),
        ("input", PromptPart::Messages),
    ],
    content: Members {
        instructions: &["/system_prompt"],
        messages: &["/input"],
        tools: &[],
    },
    envelopes: &["result"],
    text: &["content"],
    whole_text: &["output[].content"],
    text_kind: "output[].type",
    id: &["response_id"],
    model: &["model_instance_id"],
    usage: &[
        ("stats.input_tokens", UsagePart::Input),
        ("stats.total_output_tokens", UsagePart::Output),
        ("stats.reasoning_output_tokens", UsagePart::Reasoning),
    ],
    end: End::Event("chat.end"),
    ..Table::PLAIN
};
