//! What a model call looks like on the wire: one file a format, behind [`WireFormat`].

mod ask;
mod openai_chat;
mod reading;
mod recognise;
mod reply;
mod usage;

use std::fmt;

use serde_json::Value;

pub(crate) use self::ask::Ask;
#[cfg(all(test, feature = "tiktoken"))]
pub(crate) use self::openai_chat::OpenAiChat;
pub(crate) use self::reading::Reading;
pub(crate) use self::recognise::{Recognised, Target, recognise};
pub(crate) use self::reply::{Channel, Reply};
use crate::estimate::Prompt;
use crate::json::{Path, Scalar};

/// A wire format: how a request says what it asks for, and a response what came of it.
pub(crate) trait WireFormat: fmt::Debug + Send + Sync {
    /// The operation's name in the conventions, such as `chat`.
    fn operation(&self) -> &'static str;

    /// Whether a request body has this format's shape.
    fn matches(&self, body: &Value) -> bool;

    /// Reads a request.
    fn ask(&self, body: &Value) -> Ask;

    /// Counts a request's prompt.
    fn prompt(&self, body: &Value, prompt: &mut Prompt);

    /// Whether the string that begins here is text of the answer.
    fn channel(&self, at: &Path, reply: &Reply) -> Option<Channel>;

    /// Which of the answer's alternatives a piece of text belongs to.
    fn position(&self, at: &Path) -> u32 {
        at.position(0)
    }

    /// Reads a value of the response.
    fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply);
}
