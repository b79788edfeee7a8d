//! Runs of agents that the provider stores: OpenAI's Assistants, also of Azure AI Foundry.
//!
//! <https://learn.microsoft.com/azure/ai-foundry/agents/concepts/threads-runs-messages>

use super::table::{End, Table};
use crate::content::Members;
use crate::operation::Operation;
use crate::parameter::{Parameter, ParameterType};
use crate::prompt_part::PromptPart;
use crate::usage::UsagePart;

/// `POST …/threads/{thread}/runs`, `…/threads/runs`. Unless it streams, the answer comes before the run has
/// begun.
pub(super) const CREATE: Table = Table {
    operation: Operation::InvokeAgent,
    required: &["assistant_id"],
    parameters: &[
        (Parameter::AgentId, "assistant_id", ParameterType::Text),
        (Parameter::Temperature, "temperature", ParameterType::Double),
        (Parameter::TopP, "top_p", ParameterType::Double),
        (Parameter::MaxTokens, "max_completion_tokens", ParameterType::Int),
        (Parameter::ConversationId, "thread_id", ParameterType::Text),
    ],
    prompt: &[
        ("instructions", PromptPart::Texts),
        ("additional_instructions", PromptPart::Texts),
        ("additional_messages[]", PromptPart::Message),
        ("thread.messages[]", PromptPart::Message),
    ],
    content: Members {
        instructions: &["/instructions", "/additional_instructions"],
        messages: &["/additional_messages", "/thread/messages"],
        tools: &["/tools"],
    },
    ..FETCH
};

/// `POST …/threads/{thread}/runs/{run}/submit_tool_outputs`.
pub(super) const CONTINUE: Table = Table {
    required: &["tool_outputs"],
    prompt: &[("tool_outputs[].output", PromptPart::Texts)],
    ..CREATE
};

/// `GET …/threads/{thread}/runs/{run}`.
pub(super) const FETCH: Table = Table {
    operation: Operation::FetchResponse,
    text: &["delta.content[].text.value"],
    failure: &[("status", &["failed", "expired", "cancelled"])],
    usage: &[
        ("usage.prompt_tokens", UsagePart::Input),
        ("usage.completion_tokens", UsagePart::Output),
        ("usage.total_tokens", UsagePart::Total),
        ("usage.prompt_token_details.cached_tokens", UsagePart::CacheRead),
    ],
    is_background: true,
    end: End::Event("thread.run.completed"),
    ..Table::PLAIN
};
