//! Chat and text generation of apps made with Dify.
//!
//! <https://docs.dify.ai/api-reference/chat/send-chat-message>

use super::table::{End, Table};
use crate::content::Members;
use crate::prompt_part::PromptPart;
use crate::usage::UsagePart;

/// `POST /v1/chat-messages`, `/v1/completion-messages`. The app has the model, and neither request nor answer
/// names it.
pub(super) const MESSAGES: Table = Table {
    required: &["inputs", "user"],
    prompt: &[("query", PromptPart::Texts), ("inputs.query", PromptPart::Texts)],
    content: Members {
        instructions: &[],
        messages: &["/query"],
        tools: &[],
    },
    text: &["answer"],
    id: &["message_id"],
    usage: &[
        ("metadata.usage.prompt_tokens", UsagePart::Input),
        ("metadata.usage.completion_tokens", UsagePart::Output),
        ("metadata.usage.total_tokens", UsagePart::Total),
    ],
    end: End::Value("event", "message_end"),
    ..Table::PLAIN
};
