//! Legacy completions, and Mistral's fill-in-the-middle.
//!
//! <https://platform.openai.com/docs/api-reference/completions>

use serde_json::Value;

use super::ask::{Kind, Param, model_in};
use super::openai_chat::{completion, deployment, includes_usage};
use super::{Ask, Channel, Reply, WireFormat, texts};
use crate::estimate::Prompt;
use crate::json::{Path, Scalar};
use crate::semconv;

/// `POST …/completions`.
#[derive(Debug)]
pub(crate) struct OpenAiCompletions;

impl WireFormat for OpenAiCompletions {
    fn operation(&self) -> &'static str {
        "text_completion"
    }

    fn matches(&self, body: &Value) -> bool {
        body.get("prompt").is_some()
    }

    fn ask(&self, path: &str, body: &Value) -> Ask {
        let mut ask = Ask::read(body, PARAMS);
        ask.model = ask.model.or_else(|| deployment(path)).or_else(|| model_in(path));
        ask.stream |= path.ends_with(":streamRawPredict");
        ask.count_choices(semconv::REQUEST_CHOICE_COUNT, body.get("n"));
        ask
    }

    fn prompt(&self, body: &Value, prompt: &mut Prompt) {
        texts::count(body.get("suffix"), prompt);
        texts::count_or_tokens(body.get("prompt"), prompt);
    }

    fn reports(&self, body: &Value) -> bool {
        includes_usage(body)
    }

    fn alternatives(&self) -> &'static str {
        "choices[]"
    }

    fn channel(&self, at: &Path, _: &Reply) -> Option<Channel> {
        match at.as_str() {
            "choices[].text" | "choices[].message.content" | "choices[].delta.content" => {
                Some(Channel::Content)
            }
            _ => None,
        }
    }

    fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
        completion(at, value, reply);
    }
}

const PARAMS: &[Param] = &[
    (semconv::REQUEST_MAX_TOKENS, "/max_tokens", Kind::Int),
    (semconv::REQUEST_TEMPERATURE, "/temperature", Kind::Double),
    (semconv::REQUEST_TOP_P, "/top_p", Kind::Double),
    (
        semconv::REQUEST_FREQUENCY_PENALTY,
        "/frequency_penalty",
        Kind::Double,
    ),
    (
        semconv::REQUEST_PRESENCE_PENALTY,
        "/presence_penalty",
        Kind::Double,
    ),
    (semconv::REQUEST_SEED, "/seed", Kind::Int),
    (semconv::REQUEST_SEED, "/random_seed", Kind::Int),
    (semconv::REQUEST_STOP_SEQUENCES, "/stop", Kind::Texts),
];
