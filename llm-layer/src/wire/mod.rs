//! What a model call looks like on the wire: one file a format, behind [`WireFormat`].
//!
//! The formats that this crate knows are the values of [`Format`]. For any other provider, implement [`WireFormat`] and
//! say by a [`Rule`] where it is spoken:
//!
//! ```
#![doc = include_str!("example.rs")]
//!
//! let layer = throughline_llm_layer::LlmLayer::new()
//!     .with_rule(throughline_llm_layer::Rule::new("/v7/ask", Acme).at("acme.example").by("acme"));
//! ```
//!
//! A provider that speaks a known format with a difference asks that format for the rest: `Format` is a [`WireFormat`]
//! too.
//!
//! # How a request is read
//!
//! Before it is sent, its body is read once into a [`RequestInfo`], as far as
//! [`LlmLayer::with_request_limit`](crate::LlmLayer::with_request_limit) says, and nothing else is made of it:
//!
//! | hook | when | for |
//! |---|---|---|
//! | [`WireFormat::request_value`] | a string as far as 1 KiB, a number, `true`, `false`, `null` | the parameters |
//! | [`WireFormat::finish_request`] | the body was read | what the path says |
//! | [`WireFormat::matches`] | after that | whether the request is of this format |
//!
//! The path of a value is its keys with points between them, each array as `[]`: `messages[].content`. If it turns out
//! later that the prompt has to be counted, the body is read again, and [`WireFormat::prompt`] says what of it is prompt.
//!
//! # How an answer is read
//!
//! JSON is read while it comes, cut anywhere, and nothing is kept of it. It may be one document, one a line, the
//! elements of an array, or the data of server-sent events or of Amazon's event stream, as the `content-type` of the
//! answer says, or its first byte if the two disagree. Of each document, the format hears in this order:
//!
//! | hook | when | for |
//! |---|---|---|
//! | [`WireFormat::head`] | the head of the answer has come | what stands in headers |
//! | [`WireFormat::event`] | the line `event:`, the header `:event-type`, or a member `type` or `event_type` at the root | streams of named events |
//! | [`WireFormat::channel`] | a string begins, and at each of its pieces | texts of the answer, which may be of any length |
//! | [`WireFormat::value`] | a number, `true`, `false`, `null`, or a string that is no text, as far as 1 KiB | the rest |
//!
//! # What a hook must not do
//!
//! The hooks run where the answer is read, for each value that passes: they must not wait. If one panics, the caller
//! notices nothing; the rest of the answer is not observed, and the span says `throughline.response.unseen` = `panicked`.
//!
//! What a hook does must follow from what it is given, the [`Reply`] included. An event of a stream that the hooks have
//! heard before, when it changed nothing, is not told again but for its text, nor for what [`WireFormat::ignores`].

mod anthropic;
mod bedrock;
mod bedrock_invoke;
mod candidates;
mod cohere;
mod embeddings;
mod format;
mod function_reader;
mod gemini;
mod gemini_interactions;
mod guarded;
mod known;
mod mistral;
mod ollama;
mod openai_chat;
mod openai_completions;
mod openai_responses;
mod parameter;
mod prompt_part;
mod prompt_reader;
mod reading;
mod recognise;
mod reply;
mod request;
mod rule;
mod segments;
mod spoken;
mod usage;
mod values;

pub(crate) use self::candidates::{Candidates, Extent};
pub use self::format::{Format, WireFormat};
pub use self::parameter::{Parameter, ParameterValue};
pub use self::prompt_part::PromptPart;
pub(crate) use self::prompt_reader::PromptReader;
pub(crate) use self::reading::Reading;
#[cfg(test)]
pub(crate) use self::recognise::Wire;
pub(crate) use self::recognise::{Recognised, Target, candidates, recognise};
pub use self::reply::{Channel, Reply};
pub use self::request::RequestInfo;
pub use self::rule::Rule;
pub use self::usage::Field;
pub(crate) use self::values::{items, string};
pub use crate::content::Document;
pub use crate::json::{Path, Scalar};
