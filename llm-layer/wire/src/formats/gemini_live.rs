//! The turns of Gemini's live sessions, over a WebSocket.
//!
//! <https://ai.google.dev/api/live>

use super::gemini::{add_search, request_value};
use super::named_count::{self, CACHE_READ, INPUT, OUTPUT};
use crate::format::WireFormat;
use crate::json::{Path, Scalar};
use crate::operation::Operation;
use crate::prompt_part::PromptPart;
use crate::reply::{Channel, Reply};
use crate::request::RequestInfo;
use crate::usage::{Paths, UsagePart};

/// The session's first message has the parameters of all its turns.
#[derive(Debug)]
pub(super) struct GeminiLive;

impl WireFormat for GeminiLive {
    fn operation(&self) -> Operation {
        Operation::GenerateContent
    }

    fn members(&self) -> &'static [&'static str] {
        &["setup"]
    }

    fn matches(&self, request: &RequestInfo) -> bool {
        request.has_object("setup")
    }

    fn request_value(&self, at: &Path, value: Scalar<'_>, request: &mut RequestInfo) {
        let Some(path) = at.as_str().strip_prefix("setup.") else {
            return;
        };
        match (path, value) {
            // Vertex has the project in front of it.
            ("model", Scalar::Text(model)) => {
                let name = model.rsplit_once("models/").map_or(model, |(_, name)| name);
                request.model = Some(name.to_owned());
            }
            _ => request_value(path, at, value, request),
        }
    }

    fn finish_request(&self, _: &str, request: &mut RequestInfo) {
        request.stream = Some(true);
    }

    /// The prompt is the session so far, which no message has.
    fn prompt(&self, _: &Path) -> Option<PromptPart> {
        None
    }

    fn channel(&self, at: &Path, _: &Reply) -> Option<Channel> {
        match at.as_str() {
            "serverContent.modelTurn.parts[].text" | "serverContent.outputTranscription.text" => {
                Some(Channel::Content)
            }
            "toolCall.functionCalls[].name" => Some(Channel::ToolCall),
            path if path.starts_with("toolCall.functionCalls[].args.") => Some(Channel::ToolCall),
            _ => None,
        }
    }

    fn items(&self) -> &'static [&'static str] {
        &["toolCall.functionCalls[]"]
    }

    fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
        let path = at.as_str();
        match (path, value) {
            ("serverContent.modelTurn.parts[].thought", Scalar::Bool(true)) => {
                reply.correct(at, Channel::Reasoning);
            }
            ("serverContent.turnComplete", Scalar::Bool(true)) => reply.complete(),
            ("serverContent.interrupted", Scalar::Bool(true)) => reply.finish(at, "interrupted"),
            ("serverContent.groundingMetadata.webSearchQueries[]", Scalar::Text(query)) => {
                add_search(query, at, reply);
            }
            ("serverContent.turnCompleteReason", Scalar::Text(reason)) => reply.finish(at, reason),
            ("usageMetadata.trafficType" | "usageMetadata.serviceTier", Scalar::Text(_)) => {
                reply.usage.billing_mut().set_service_tier(value);
            }
            _ => match named_count::list_of(path, at, "Details[].") {
                Some("usageMetadata.promptTokens") => named_count::read(INPUT, at, value, reply),
                Some("usageMetadata.responseTokens" | "usageMetadata.candidatesTokens") => {
                    named_count::read(OUTPUT, at, value, reply);
                }
                Some("usageMetadata.cacheTokens") => named_count::read(CACHE_READ, at, value, reply),
                Some(_) => {}
                None => reply.usage.read(USAGE, path, value.as_count()),
            },
        }
    }
}

const USAGE: &Paths = &[
    ("usageMetadata.promptTokenCount", UsagePart::Input),
    ("usageMetadata.toolUsePromptTokenCount", UsagePart::ToolInput),
    ("usageMetadata.cachedContentTokenCount", UsagePart::CacheRead),
    ("usageMetadata.responseTokenCount", UsagePart::Output),
    ("usageMetadata.candidatesTokenCount", UsagePart::Output),
    ("usageMetadata.thoughtsTokenCount", UsagePart::Thoughts),
];
