//! Prompts and answers on the span, for those who ask for it.
//!
//! Nothing is recorded by default. [`Capture`] says where the content goes; a hook may change or empty it before it is
//! written; each text and the whole are cut to a size that keeps the JSON valid; encoded media are never recorded, only
//! their length and a digest.

mod answer;
mod arguments;
mod document;
mod document_reader;
mod fit;
mod input;
mod media;
mod text;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use opentelemetry::otel_warn;
use serde_json::Value;

pub(crate) use self::answer::Answer;
pub use self::document::Document;
pub(crate) use self::document_reader::DocumentReader;
use self::fit::fit;

/// Where the content of calls goes. It may hold anything that people say to a model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Capture {
    /// Nowhere.
    #[default]
    NoContent,
    /// Into attributes of the span.
    SpanOnly,
    /// Into the event `gen_ai.client.inference.operation.details`: a log record where there is a logger
    /// ([`LlmLayer::with_logger_provider`](crate::LlmLayer::with_logger_provider)), else an event of the span.
    EventOnly,
    /// Into both.
    SpanAndEvent,
}

impl Capture {
    /// What the environment variable `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` says, in any case:
    /// `NO_CONTENT`, `SPAN_ONLY`, `EVENT_ONLY`, `SPAN_AND_EVENT`, or as it was once, `false` and `true` (on the span).
    ///
    /// Of anything else OpenTelemetry's log is told, and nothing is captured.
    #[must_use]
    pub fn from_env() -> Self {
        let choice = std::env::var(VARIABLE).unwrap_or_default();
        if choice.trim().is_empty() {
            return Self::NoContent;
        }
        Self::from_choice(&choice).unwrap_or_else(|| {
            otel_warn!(
                name: "throughline.unknown_capture",
                message = format!(
                    "{VARIABLE}={choice:?} is none of NO_CONTENT, SPAN_ONLY, EVENT_ONLY, SPAN_AND_EVENT, true, false: \
                     no content is captured"
                )
            );
            Self::NoContent
        })
    }

    fn from_choice(choice: &str) -> Option<Self> {
        match choice.trim().to_ascii_uppercase().as_str() {
            "NO_CONTENT" | "FALSE" => Some(Self::NoContent),
            "SPAN_ONLY" | "TRUE" => Some(Self::SpanOnly),
            "EVENT_ONLY" => Some(Self::EventOnly),
            "SPAN_AND_EVENT" => Some(Self::SpanAndEvent),
            _ => None,
        }
    }

    pub(crate) fn is_on(self) -> bool {
        self != Self::NoContent
    }

    pub(crate) fn on_span(self) -> bool {
        matches!(self, Self::SpanOnly | Self::SpanAndEvent)
    }

    pub(crate) fn on_event(self) -> bool {
        matches!(self, Self::EventOnly | Self::SpanAndEvent)
    }
}

/// What was said in a call, in the conventions' schema, before it is written down.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Content {
    /// The parts of `gen_ai.system_instructions`: only where the API has a place of its own for them.
    pub system_instructions: Vec<Value>,
    /// The messages of `gen_ai.input.messages`.
    pub input: Vec<Value>,
    /// The messages of `gen_ai.output.messages`.
    pub output: Vec<Value>,
    /// `gen_ai.tool.definitions`: type and name of each tool.
    pub tools: Vec<Value>,
}

/// A hook that may change or empty the content of a call.
#[derive(Clone)]
pub(crate) struct Redact(Arc<dyn Fn(&mut Content) + Send + Sync>);

/// The most bytes of content, and of one text in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) total: usize,
    pub(crate) text: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            total: 64 * 1024,
            text: 16 * 1024,
        }
    }
}

impl Content {
    /// The content of a call, redacted and cut to size. A hook that panics leaves nothing.
    pub(crate) fn with_answer(mut self, output: Vec<Value>, redact: Option<&Redact>, limits: Limits) -> Self {
        self.output = output;
        let redacted = redact.map(|Redact(redact)| catch_unwind(AssertUnwindSafe(|| redact(&mut self))));
        if redacted.is_some_and(|redacted| redacted.is_err()) {
            return Self::default();
        }
        let parts = [
            &mut self.system_instructions,
            &mut self.output,
            &mut self.input,
            &mut self.tools,
        ];
        fit(parts, limits);
        self
    }

    /// What a request says, whatever its format.
    pub(crate) fn of_request(body: &Document) -> Self {
        input::read(body)
    }

    /// Whether encoded media were left out of the request.
    pub(crate) fn has_media(&self) -> bool {
        self.input.iter().any(media::has_media)
    }

    /// The parts by the names of their attributes.
    pub(crate) fn parts(&self) -> [(&'static str, &[Value]); 4] {
        use crate::semconv::{INPUT_MESSAGES, OUTPUT_MESSAGES, SYSTEM_INSTRUCTIONS, TOOL_DEFINITIONS};
        [
            (SYSTEM_INSTRUCTIONS, &self.system_instructions),
            (INPUT_MESSAGES, &self.input),
            (OUTPUT_MESSAGES, &self.output),
            (TOOL_DEFINITIONS, &self.tools),
        ]
    }

    /// The parts that are not empty, by the names of their attributes, as JSON.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = (&'static str, String)> {
        let full = self.parts().into_iter().filter(|(_, part)| !part.is_empty());
        full.filter_map(|(name, part)| Some((name, serde_json::to_string(part).ok()?)))
    }
}

impl Redact {
    pub(crate) fn new(redact: impl Fn(&mut Content) + Send + Sync + 'static) -> Self {
        Self(Arc::new(redact))
    }
}

impl fmt::Debug for Redact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redact")
    }
}

const VARIABLE: &str = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT";

#[cfg(test)]
mod tests;
