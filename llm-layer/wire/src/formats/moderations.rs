//! OpenAI's and Mistral's moderation, which is free or billed by tokens.
//!
//! <https://platform.openai.com/docs/api-reference/moderations>

use super::table::Table;
use crate::operation::Operation;
use crate::usage::UsagePart;

/// `POST …/moderations`, `…/chat/moderations`.
pub(super) const MODERATIONS: Table = Table {
    operation: Operation::Moderation,
    required: &["input"],
    usage: &[("usage.prompt_tokens", UsagePart::Input)],
    ..Table::PLAIN
};
