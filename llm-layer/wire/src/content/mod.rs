//! The content of requests and answers, in the schema of the GenAI conventions.
//!
//! <https://github.com/open-telemetry/semantic-conventions-genai/tree/main/docs/gen-ai>

mod answer;
mod arguments;
mod digest;
mod document;
mod document_reader;
mod media;
mod parts;
mod server_tool;
mod text;
mod tree;

use serde_json::Value;

pub(crate) use self::answer::ItemPlace;
pub use self::answer::{Answer, ToolCall};
pub use self::document::Document;
pub(crate) use self::document_reader::DocumentReader;
pub(crate) use self::parts::Members;

/// The content of a call, in the schema of the GenAI conventions.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Content {
    /// The parts of `gen_ai.system_instructions`: only if the API has a separate member for them.
    pub system_instructions: Vec<Value>,
    /// The messages of `gen_ai.input.messages`.
    pub input: Vec<Value>,
    /// The messages of `gen_ai.output.messages`.
    pub output: Vec<Value>,
    /// `gen_ai.tool.definitions`: type and name of each tool.
    pub tools: Vec<Value>,
}

impl Content {
    /// Reads the content of a request, whatever its format.
    #[must_use]
    pub fn from_request(body: &Document) -> Self {
        Members::ALL.read(body)
    }

    /// Returns whether the request has encoded media. Only their type, length and digest are recorded.
    #[must_use]
    pub fn has_media(&self) -> bool {
        self.input.iter().any(media::has_media)
    }
}

#[cfg(test)]
mod tests;
