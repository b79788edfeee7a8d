//! Counts a prompt by the formula of OpenAI's cookbook.
//!
//! <https://github.com/openai/openai-cookbook/blob/main/examples/How_to_count_tokens_with_tiktoken.ipynb>

use std::ops::Add;

use super::Encoding;
use super::encoding::CL100K_BASE;
use super::segmented::{Count, Segmented};

/// A prompt being counted, by the formula of OpenAI's cookbook. It sums up its parts, in any
/// order.
#[derive(Debug)]
pub(crate) struct Prompt {
    encoding: Encoding,
    size: Measure,
    /// The text that is coming in pieces.
    text: Option<Segmented>,
    exact: bool,
    unable: bool,
    messages: bool,
    tools: bool,
    counts: bool,
}

/// How large a part of a prompt is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Measure {
    tokens: u64,
    chars: u64,
}

impl Measure {
    fn of_tokens(tokens: u64) -> Self {
        Self { tokens, chars: 0 }
    }

    /// The size of an item of an enumeration, of the size of its text.
    pub(crate) fn of_enum_item(self) -> Self {
        self + Self::of_tokens(PER_ENUM_ITEM)
    }
}

impl Add for Measure {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.saturating_add(other.tokens),
            chars: self.chars.saturating_add(other.chars),
        }
    }
}

impl Prompt {
    pub(crate) fn new(encoding: Encoding) -> Self {
        Self {
            encoding,
            size: Measure::default(),
            text: None,
            exact: true,
            unable: false,
            messages: false,
            tools: false,
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
        self.size.chars
    }

    /// A message begins: 3 tokens, and 3 for all of them.
    pub(crate) fn message(&mut self) {
        self.messages = true;
        self.add(PER_MESSAGE);
    }

    /// The message has the name of its author beside the role: 1 token.
    pub(crate) fn author(&mut self) {
        self.add(PER_NAME);
    }

    /// Adds a known number of tokens.
    pub(crate) fn add(&mut self, tokens: u64) {
        self.size = self.size + Measure::of_tokens(tokens);
    }

    /// A text of the prompt begins, which comes in pieces.
    pub(crate) fn begin_text(&mut self) {
        self.end_text();
        self.text = self.counts.then(|| Segmented::new(self.encoding.clone()));
    }

    /// A piece of the text that began last.
    pub(crate) fn piece(&mut self, piece: &str) {
        match &mut self.text {
            Some(text) => text.push(piece),
            None => self.size.chars = self.size.chars.saturating_add(chars(piece)),
        }
    }

    /// The text that began last ends.
    pub(crate) fn end_text(&mut self) {
        if let Some(text) = self.text.take() {
            self.size = self.size + self.count(text);
        }
    }

    /// A text of the prompt, whole.
    pub(crate) fn text(&mut self, text: &str) {
        self.size = self.size + self.measure(text);
    }

    /// The size of a text that is not added yet.
    pub(crate) fn measure(&mut self, text: &str) -> Measure {
        if !self.counts {
            return Measure {
                tokens: 0,
                chars: chars(text),
            };
        }
        let mut counter = Segmented::new(self.encoding.clone());
        counter.push(text);
        self.count(counter)
    }

    fn count(&mut self, text: Segmented) -> Measure {
        match text.finish() {
            Some(Count { tokens, exact }) => {
                self.exact &= exact;
                Measure::of_tokens(tokens)
            }
            None => {
                self.unable = true;
                Measure::default()
            }
        }
    }

    /// A function that the model may call: its name, its description and the size of the properties of its schema, if it
    /// has any.
    pub(crate) fn function(&mut self, name: &str, description: &str, properties: Option<Measure>) {
        self.tools = true;
        self.add(match self.encoding.is().name() {
            CL100K_BASE => FUNCTION_CL100K,
            _ => FUNCTION_O200K,
        });
        self.text(&[name, ":", without_stop(description)].concat());
        if let Some(properties) = properties {
            self.size = self.size + properties + Measure::of_tokens(PROPERTIES);
        }
    }

    /// The size of a property of a schema that is not added yet. `items` is the size of its enumeration, if it has one.
    pub(crate) fn property(
        &mut self,
        key: &str,
        kind: &str,
        description: &str,
        items: Option<Measure>,
    ) -> Measure {
        let line = self.measure(&[key, ":", kind, ":", without_stop(description)].concat());
        let tokens = if items.is_some() {
            PER_PROPERTY - ENUM
        } else {
            PER_PROPERTY
        };
        line + items.unwrap_or_default() + Measure::of_tokens(tokens)
    }

    /// The tokens of the prompt, or `None` if nothing here can count.
    pub(crate) fn finish(self) -> Option<Count> {
        let priming = if self.messages { REPLY } else { 0 };
        let tools = if self.tools { FUNCTIONS } else { 0 };
        (!self.unable).then_some(Count {
            tokens: self.size.tokens.saturating_add(priming + tools),
            exact: self.exact,
        })
    }
}

fn chars(text: &str) -> u64 {
    u64::try_from(text.chars().count()).unwrap_or(u64::MAX)
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
