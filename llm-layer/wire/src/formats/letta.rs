//! Messages to Letta's agents. Their prompts are made by the server.
//!
//! <https://docs.letta.com/api-reference/agents/messages/create>

use super::table::{End, Table};
use crate::operation::Operation;
use crate::path_segments::segment;
use crate::usage::UsagePart;

/// `POST /v1/agents/{agent}/messages`, `/messages/stream`.
pub(super) const LETTA: Table = Table {
    operation: Operation::InvokeAgent,
    model_in_path: |_| None,
    agent_in_path: |path| segment(path, "/agents/", '/'),
    request_stream: "streaming",
    stream_paths: &["/messages/stream"],
    // Chats of other services have such messages too.
    is_shown_by_text: false,
    text: &["messages[].content", "content"],
    reasoning: &["messages[].reasoning", "reasoning"],
    id: &[],
    model: &[],
    finish_reason: &["stop_reason.stop_reason", "stop_reason"],
    usage: &[
        ("usage.prompt_tokens", UsagePart::Input),
        ("usage.completion_tokens", UsagePart::Output),
        ("usage.total_tokens", UsagePart::Total),
        ("prompt_tokens", UsagePart::Input),
        ("completion_tokens", UsagePart::Output),
        ("total_tokens", UsagePart::Total),
    ],
    end: End::Usage,
    ..Table::PLAIN
};
