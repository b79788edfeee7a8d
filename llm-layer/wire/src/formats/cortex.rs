//! Snowflake's Cortex. Its streams have neither a finish reason nor an end, but report usage last.
//!
//! <https://docs.snowflake.com/en/user-guide/snowflake-cortex/cortex-rest-api>

use super::table::{End, Table};
use crate::parameter::{Parameter, ParameterType};
use crate::prompt_part::PromptPart;
use crate::usage::UsagePart;

/// `POST /api/v2/cortex/inference:complete`.
pub(super) const CORTEX: Table = Table {
    required: &["model", "messages"],
    parameters: &[
        (Parameter::MaxTokens, "max_tokens", ParameterType::Int),
        (Parameter::Temperature, "temperature", ParameterType::Double),
        (Parameter::TopP, "top_p", ParameterType::Double),
    ],
    prompt: &[
        ("messages[]", PromptPart::Message),
        ("tools[]", PromptPart::Function("")),
    ],
    alternatives: "choices[]",
    text: &[
        "choices[].delta.content",
        "choices[].message.content",
        "choices[].messages",
    ],
    finish_reason: &["choices[].finish_reason"],
    usage: &[
        ("usage.prompt_tokens", UsagePart::Input),
        ("usage.completion_tokens", UsagePart::Output),
        ("usage.total_tokens", UsagePart::Total),
        ("usage.prompt_tokens_details.cached_tokens", UsagePart::CacheRead),
    ],
    end: End::Usage,
    ..Table::PLAIN
};
