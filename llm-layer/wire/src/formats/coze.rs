//! Chat with bots of Coze.
//!
//! <https://www.coze.com/open/docs/developer_guides/chat_v3>

use super::table::{End, Table};
use crate::content::Members;
use crate::prompt_part::PromptPart;
use crate::usage::UsagePart;

/// `POST /v3/chat`. The bot has the model, and neither request nor answer names it.
pub(super) const CHAT: Table = Table {
    required: &["bot_id", "user_id"],
    prompt: &[("additional_messages[]", PromptPart::Message)],
    content: Members {
        instructions: &[],
        messages: &["/additional_messages"],
        tools: &[],
    },
    text: &["content"],
    reasoning: &["reasoning_content"],
    whole_event: "conversation.message.completed",
    failure: &[("status", &["failed"])],
    usage: &[
        ("usage.input_count", UsagePart::Input),
        ("usage.output_count", UsagePart::Output),
        ("usage.token_count", UsagePart::Total),
    ],
    end: End::Event("conversation.chat.completed"),
    ..Table::PLAIN
};
