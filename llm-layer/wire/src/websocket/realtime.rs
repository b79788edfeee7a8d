//! The responses of OpenAI's Realtime API.
//!
//! <https://platform.openai.com/docs/api-reference/realtime-server-events>
//!
//! A response has the form of the Responses API, except for its usage, the details of its status, and the
//! names of some events.

use crate::format::WireFormat;
use crate::formats::Format;
use crate::json::{Path, Scalar};
use crate::operation::Operation;
use crate::prompt_part::PromptPart;
use crate::reply::{Channel, Reply, ReplyDetail};
use crate::request::RequestInfo;
use crate::usage::{Paths, UsagePart};

/// The responses of a Realtime session. Its requests are read by
/// [`SessionParameters`](super::parameters::SessionParameters).
#[derive(Debug)]
pub(super) struct Realtime {
    /// The model of the session, as the server says. No event of a response has it.
    model: Option<String>,
}

impl Realtime {
    pub(super) fn new(model: Option<String>) -> Self {
        Self { model }
    }
}

/// What is the same in the Responses API.
const RESPONSES: Format = Format::OpenAiResponses;

impl WireFormat for Realtime {
    fn operation(&self) -> Operation {
        Operation::Chat
    }

    fn matches(&self, _: &RequestInfo) -> bool {
        true
    }

    /// The prompt is the conversation so far, which the request does not have.
    fn prompt(&self, _: &Path) -> Option<PromptPart> {
        None
    }

    fn channel(&self, at: &Path, reply: &Reply) -> Option<Channel> {
        match (at.as_str(), reply.event()) {
            (
                "delta",
                "response.text.delta"
                | "response.output_audio_transcript.delta"
                | "response.audio_transcript.delta",
            ) => Some(Channel::Content),
            _ => RESPONSES.channel(at, reply),
        }
    }

    fn items(&self) -> &'static [&'static str] {
        RESPONSES.items()
    }

    fn continued(&self, at: &Path, reply: &Reply) -> Option<&'static str> {
        RESPONSES.continued(at, reply)
    }

    fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
        match (at.as_str(), value.as_str()) {
            ("response.conversation_id", Some(id)) => reply.set_detail(ReplyDetail::ConversationId, id),
            ("response.status_details.reason", Some(reason @ ("max_output_tokens" | "content_filter"))) => {
                reply.finish(at, reason);
            }
            ("response.status_details.error.code", Some(_)) => reply.read_error("error.code", value),
            ("response.status_details.error.type", Some(_)) => reply.read_error("error.type", value),
            ("response.status", Some("failed")) => {
                reply.read_error("error", value);
                reply.finish(at, "error");
            }
            (path, _) => {
                reply.usage.read(USAGE, path, value.as_count());
                RESPONSES.value(at, value, reply);
            }
        }
    }

    fn event(&self, name: &str, reply: &mut Reply) {
        if matches!(name, "response.done" | "response.cancelled") {
            reply.complete();
        }
        if let ("response.created" | "response.done", Some(model)) = (name, &self.model) {
            reply.set_model(model);
        }
    }
}

const USAGE: &Paths = &[
    (
        "response.usage.input_token_details.text_tokens",
        UsagePart::TextInput,
    ),
    (
        "response.usage.input_token_details.audio_tokens",
        UsagePart::AudioInput,
    ),
    (
        "response.usage.input_token_details.image_tokens",
        UsagePart::ImageInput,
    ),
    (
        "response.usage.input_token_details.cached_tokens",
        UsagePart::CacheRead,
    ),
    (
        "response.usage.input_token_details.cached_tokens_details.text_tokens",
        UsagePart::TextCacheRead,
    ),
    (
        "response.usage.input_token_details.cached_tokens_details.audio_tokens",
        UsagePart::AudioCacheRead,
    ),
    (
        "response.usage.input_token_details.cached_tokens_details.image_tokens",
        UsagePart::ImageCacheRead,
    ),
    (
        "response.usage.output_token_details.text_tokens",
        UsagePart::TextOutput,
    ),
    (
        "response.usage.output_token_details.audio_tokens",
        UsagePart::AudioOutput,
    ),
    (
        "response.usage.output_token_details.reasoning_tokens",
        UsagePart::Reasoning,
    ),
];
