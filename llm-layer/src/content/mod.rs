//! Prompts and answers on the span, for users who enable it.
//!
//! Nothing is recorded by default. [`Capture`] says where the content goes. A hook may change or empty it
//! before it is written. Each text and the whole are cut to a size that keeps the JSON valid. Encoded media
//! are never recorded, only their length and a digest.

mod truncate;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use serde_json::Value;
pub use throughline_agents::content::Capture;
use throughline_llm_wire::Content;

use self::truncate::truncate;
use crate::semconv::{INPUT_MESSAGES, OUTPUT_MESSAGES, SYSTEM_INSTRUCTIONS, TOOL_DEFINITIONS};

/// A hook that may change or empty the content of a call.
#[derive(Clone)]
pub(crate) struct Redact(Arc<dyn Fn(&mut Content) + Send + Sync>);

/// The maximum size of an attribute of content, and of one text in it, in bytes.
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

/// Returns the content of a call, redacted and cut to size. If the hook panics, the content is empty.
pub(crate) fn finish(mut content: Content, redact: Option<&Redact>, limits: Limits) -> Content {
    let redacted = redact.map(|Redact(redact)| catch_unwind(AssertUnwindSafe(|| redact(&mut content))));
    if redacted.is_some_and(|redacted| redacted.is_err()) {
        return Content::default();
    }
    let parts = [
        &mut content.system_instructions,
        &mut content.output,
        &mut content.input,
        &mut content.tools,
    ];
    truncate(parts, limits);
    content
}

/// Returns the parts of content by the names of their attributes.
pub(crate) fn parts(content: &Content) -> [(&'static str, &[Value]); 4] {
    [
        (SYSTEM_INSTRUCTIONS, &content.system_instructions),
        (INPUT_MESSAGES, &content.input),
        (OUTPUT_MESSAGES, &content.output),
        (TOOL_DEFINITIONS, &content.tools),
    ]
}

/// Returns the parts that are not empty, by the names of their attributes, as JSON.
pub(crate) fn attributes(content: &Content) -> impl Iterator<Item = (&'static str, String)> {
    let full = parts(content).into_iter().filter(|(_, part)| !part.is_empty());
    full.filter_map(|(name, part)| Some((name, serde_json::to_string(part).ok()?)))
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

#[cfg(test)]
mod tests;
