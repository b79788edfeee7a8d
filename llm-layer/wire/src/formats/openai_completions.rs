//! Legacy completions, and Mistral's fill-in-the-middle.
//!
//! <https://platform.openai.com/docs/api-reference/completions>

use http::HeaderMap;

use super::openai_chat::{ENVELOPES, PARAMS, completion, includes_usage, read_head, usage_option};
use crate::content::{Content, Document, Members};
use crate::format::WireFormat;
use crate::json::{Path, Scalar};
use crate::operation::Operation;
use crate::path_segments::{deployment, model_in};
use crate::prompt_part::PromptPart;
use crate::reply::{Channel, Reply};
use crate::request::RequestInfo;

/// `POST …/completions`.
#[derive(Debug)]
pub(crate) struct OpenAiCompletions;

impl WireFormat for OpenAiCompletions {
    fn operation(&self) -> Operation {
        Operation::TextCompletion
    }

    fn members(&self) -> &'static [&'static str] {
        &["prompt"]
    }

    fn matches(&self, request: &RequestInfo) -> bool {
        request.has("prompt")
    }

    fn request_value(&self, at: &Path, value: Scalar<'_>, request: &mut RequestInfo) {
        request.read(&[PARAMS], at, value);
        usage_option(at, value, request);
    }

    fn finish_request(&self, path: &str, request: &mut RequestInfo) {
        request.default_model(|| deployment(path).or_else(|| model_in(path)));
        if path.ends_with(":streamRawPredict") {
            request.stream = Some(true);
        }
    }

    fn prompt(&self, at: &Path) -> Option<PromptPart> {
        match at.as_str() {
            "suffix" => Some(PromptPart::Texts),
            "prompt" => Some(PromptPart::TextsOrTokens),
            _ => None,
        }
    }

    fn content(&self, body: &Document) -> Content {
        let members = Members {
            instructions: &[],
            messages: &["/prompt"],
            tools: &[],
        };
        members.read(body)
    }

    fn reports_usage(&self, request: &RequestInfo) -> bool {
        includes_usage(request)
    }

    fn alternatives(&self) -> &'static str {
        "choices[]"
    }

    fn envelopes(&self) -> &'static [&'static str] {
        ENVELOPES
    }

    fn head(&self, headers: &HeaderMap, reply: &mut Reply) {
        read_head(headers, reply);
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
