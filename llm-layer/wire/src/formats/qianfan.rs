//! Baidu's Qianfan in its own form. Its compatible API is OpenAI's.
//!
//! <https://cloud.baidu.com/doc/WENXINWORKSHOP/s/clntwmv7t>

use super::table::{End, Table};
use crate::content::Members;
use crate::parameter::{Parameter, ParameterType};
use crate::prompt_part::PromptPart;
use crate::usage::UsagePart;

/// `POST …/wenxinworkshop/chat/{model}`. Each event of a stream has a finish reason.
pub(super) const QIANFAN: Table = Table {
    required: &["messages"],
    model_in_path: model,
    parameters: &[
        (Parameter::MaxTokens, "max_output_tokens", ParameterType::Int),
        (Parameter::Temperature, "temperature", ParameterType::Double),
        (Parameter::TopP, "top_p", ParameterType::Double),
        (Parameter::StopSequences, "stop", ParameterType::Texts),
    ],
    prompt: &[
        ("system", PromptPart::Texts),
        ("messages[]", PromptPart::Message),
        ("functions[]", PromptPart::Function("")),
    ],
    content: Members {
        instructions: &["/system"],
        messages: &["/messages"],
        tools: &["/functions"],
    },
    text: &["result"],
    model: &[],
    finish_reason: &["finish_reason"],
    usage: &[
        ("usage.prompt_tokens", UsagePart::Input),
        ("usage.completion_tokens", UsagePart::Output),
        ("usage.total_tokens", UsagePart::Total),
    ],
    end: End::Flag("is_end"),
    ..Table::PLAIN
};

fn model(path: &str) -> Option<String> {
    let (_, model) = path.rsplit_once('/')?;
    Some(model.to_owned())
}
