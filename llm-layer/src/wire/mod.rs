//! What a model call looks like on the wire: one file a format, behind [`WireFormat`].

mod anthropic;
mod ask;
mod bedrock;
mod cohere;
mod embeddings;
mod gemini;
mod ollama;
mod openai_chat;
mod openai_completions;
mod openai_responses;
mod reading;
mod recognise;
mod reply;
mod rule;
mod texts;
mod usage;

use std::fmt;

use http::HeaderMap;
use serde_json::Value;

pub(crate) use self::ask::{Ask, items, string};
#[cfg(all(test, feature = "tiktoken"))]
pub(crate) use self::openai_chat::OpenAiChat;
pub(crate) use self::reading::Reading;
pub(crate) use self::recognise::{Recognised, Target, recognise};
pub(crate) use self::reply::{Channel, Reply};
pub use self::rule::{Format, Rule};
pub(crate) use self::usage::Field;
use crate::estimate::Prompt;
use crate::json::{Path, Scalar};

/// A wire format: how a request says what it asks for, and a response what came of it.
pub(crate) trait WireFormat: fmt::Debug + Send + Sync {
    /// The operation's name in the conventions, such as `chat`.
    fn operation(&self) -> &'static str;

    /// Whether a request body has this format's shape.
    fn matches(&self, body: &Value) -> bool;

    /// Reads a request; `body` is null where it was not seen.
    fn ask(&self, path: &str, body: &Value) -> Ask;

    /// Counts a request's prompt.
    fn prompt(&self, body: &Value, prompt: &mut Prompt);

    /// Whether the answer to a request tells its usage, as far as the request shows.
    fn reports(&self, _body: &Value) -> bool {
        true
    }

    /// Reads the head of a response.
    fn head(&self, _headers: &HeaderMap, _reply: &mut Reply) {}

    /// Whether the string that begins here is text of the answer.
    fn channel(&self, at: &Path, reply: &Reply) -> Option<Channel>;

    /// Reads a value of the response.
    fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply);

    /// An event of this name begins, by its line in the stream or by its member `type`.
    fn event(&self, _name: &str, _reply: &mut Reply) {}
}
