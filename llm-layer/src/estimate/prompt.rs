//! Counts a prompt by the formula of OpenAI's cookbook.
//!
//! <https://github.com/openai/openai-cookbook/blob/main/examples/How_to_count_tokens_with_tiktoken.ipynb>

use serde_json::Value;

use super::Encoding;
use super::encoding::CL100K_BASE;
use super::segmented::{Count, Segmented};
use crate::wire::texts;

/// A prompt being counted, by the formula of OpenAI's cookbook.
#[derive(Debug)]
pub struct Prompt {
    encoding: Encoding,
    tokens: u64,
    exact: bool,
    unable: bool,
    messages: bool,
    tools: bool,
    chars: u64,
    counts: bool,
}

impl Prompt {
    pub(crate) fn new(encoding: Encoding) -> Self {
        Self {
            encoding,
            tokens: 0,
            exact: true,
            unable: false,
            messages: false,
            tools: false,
            chars: 0,
            counts: true,
        }
    }

    /// A prompt of which only the characters are counted.
    pub(crate) fn uncounted() -> Self {
        Self {
            counts: false,
            ..Self::new(Encoding::of_model(""))
        }
    }

    /// The characters of the texts so far.
    pub(crate) fn chars(&self) -> u64 {
        self.chars
    }

    /// A message begins: 3 tokens, and 3 for all of them.
    pub fn message(&mut self) {
        self.messages = true;
        self.add(PER_MESSAGE);
    }

    /// The message has the name of its author beside the role: 1 token.
    pub(crate) fn author(&mut self) {
        self.add(PER_NAME);
    }

    /// Tokens that are known to be some.
    pub fn add(&mut self, tokens: u64) {
        self.tokens = self.tokens.saturating_add(tokens);
    }

    /// Every text of a value that a model reads: all strings but ids, types, addresses and encoded media, by the names
    /// that providers use for these.
    pub fn texts(&mut self, value: Option<&Value>) {
        texts::count(value, self);
    }

    /// A text of the prompt, whole.
    pub fn text(&mut self, text: &str) {
        if !self.counts {
            self.chars += text.chars().count() as u64;
            return;
        }
        let mut counter = Segmented::new(self.encoding.clone());
        counter.push(text);
        match counter.finish() {
            Some(Count { tokens, exact }) => {
                self.tokens += tokens;
                self.exact &= exact;
            }
            None => self.unable = true,
        }
    }

    /// A function that the model may call: its name, description and JSON schema.
    pub fn function(&mut self, name: &str, description: &str, parameters: Option<&Value>) {
        self.tools = true;
        self.tokens += match self.encoding.is().name() {
            CL100K_BASE => FUNCTION_CL100K,
            _ => FUNCTION_O200K,
        };
        self.text(&format!("{name}:{}", without_stop(description)));
        let properties = parameters.and_then(|schema| schema.get("properties")?.as_object());
        let Some(properties) = properties.filter(|properties| !properties.is_empty()) else {
            return;
        };
        self.tokens += PROPERTIES;
        for (key, property) in properties {
            self.property(key, property);
        }
    }

    fn property(&mut self, key: &str, property: &Value) {
        let string = |key| property.get(key).and_then(Value::as_str).unwrap_or_default();
        self.tokens += PER_PROPERTY;
        if let Some(items) = property.get("enum").and_then(Value::as_array) {
            self.tokens = self.tokens.saturating_sub(ENUM);
            for item in items {
                self.tokens += PER_ENUM_ITEM;
                match item.as_str() {
                    Some(item) => self.text(item),
                    None => self.text(&item.to_string()),
                }
            }
        }
        let line = format!("{key}:{}:{}", string("type"), without_stop(string("description")));
        self.text(&line);
    }

    /// The tokens cannot be told.
    pub(crate) fn give_up(&mut self) {
        self.unable = true;
    }

    /// The tokens of the prompt, or `None` if nothing here can count.
    pub(crate) fn finish(self) -> Option<Count> {
        let priming = if self.messages { REPLY } else { 0 };
        let tools = if self.tools { FUNCTIONS } else { 0 };
        (!self.unable).then_some(Count {
            tokens: self.tokens.saturating_add(priming + tools),
            exact: self.exact,
        })
    }
}

fn without_stop(description: &str) -> &str {
    description.trim_end_matches('.')
}

const PER_MESSAGE: u64 = 3;
const PER_NAME: u64 = 1;
/// What primes the reply.
const REPLY: u64 = 3;
const FUNCTION_O200K: u64 = 7;
const FUNCTION_CL100K: u64 = 10;
const PROPERTIES: u64 = 3;
const PER_PROPERTY: u64 = 3;
/// What an enumeration takes away before its items.
const ENUM: u64 = 3;
const PER_ENUM_ITEM: u64 = 3;
/// What ends the list of functions.
const FUNCTIONS: u64 = 12;
