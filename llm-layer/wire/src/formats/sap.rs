//! The orchestration of SAP's AI Core: a chat completion within what other modules did.
//!
//! <https://help.sap.com/docs/sap-ai-core/generative-ai/orchestration-workflow-v2>

use super::table::Table;
use crate::content::Members;
use crate::parameter::{Parameter, ParameterType};
use crate::prompt_part::PromptPart;
use crate::usage::UsagePart;

/// `POST …/v2/completion`.
pub(super) const ORCHESTRATION: Table = Table {
    required: &["config"],
    request_model: "config.modules.prompt_templating.model.name",
    parameters: &[
        (
            Parameter::MaxTokens,
            "config.modules.prompt_templating.model.params.max_tokens",
            ParameterType::Int,
        ),
        (
            Parameter::Temperature,
            "config.modules.prompt_templating.model.params.temperature",
            ParameterType::Double,
        ),
    ],
    prompt: &[
        ("messages_history[]", PromptPart::Message),
        (
            "config.modules.prompt_templating.prompt.template[]",
            PromptPart::Message,
        ),
    ],
    content: Members {
        instructions: &[],
        messages: &[
            "/messages_history",
            "/config/modules/prompt_templating/prompt/template",
        ],
        tools: &["/config/modules/prompt_templating/prompt/tools"],
    },
    alternatives: "choices[]",
    envelopes: &["final_result"],
    text: &["choices[].message.content", "choices[].delta.content"],
    finish_reason: &["choices[].finish_reason"],
    usage: &[
        ("usage.prompt_tokens", UsagePart::Input),
        ("usage.completion_tokens", UsagePart::Output),
        ("usage.total_tokens", UsagePart::Total),
        ("usage.prompt_tokens_details.cached_tokens", UsagePart::CacheRead),
        (
            "usage.completion_tokens_details.reasoning_tokens",
            UsagePart::Reasoning,
        ),
    ],
    ..Table::PLAIN
};
