//! The formula of OpenAI's cookbook for the tokens of a prompt.
//!
//! <https://github.com/openai/openai-cookbook/blob/main/examples/How_to_count_tokens_with_tiktoken.ipynb>
//!
//! Beside the tokens of its texts, a prompt has a fixed number for each message, author's name, function and
//! property, and for the start of the answer. All of them are sums, so the parts may be added in any order.

use std::ops::Add;

use super::encoding::CL100K_BASE;
use crate::segmented::{SegmentedCounter, TokenCount};
use crate::tokenizer::Tokenizer;

/// Counts a prompt by the formula of OpenAI's cookbook.
///
/// ```
/// use throughline_tokens::{PromptCounter, Tokenizer};
///
/// let mut prompt = PromptCounter::new(Tokenizer::built_in("gpt-4o"));
/// prompt.message();
/// prompt.text("user");
/// prompt.text("Hello");
/// # #[cfg(feature = "tiktoken")]
/// assert_eq!(prompt.finish().map(|count| count.tokens), Some(8));
/// ```
#[derive(Debug)]
pub struct PromptCounter {
    tokenizer: Tokenizer,
    size: PromptSize,
    /// The text that is coming in pieces.
    text: Option<SegmentedCounter>,
    exact: bool,
    has_failed: bool,
    has_messages: bool,
    has_functions: bool,
    counts_tokens: bool,
    /// Whether the text that is coming in pieces is a role.
    is_role: bool,
}

/// The size of a part of a prompt that is not added to it yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PromptSize {
    tokens: u64,
    chars: u64,
}

impl PromptSize {
    fn from_tokens(tokens: u64) -> Self {
        Self { tokens, chars: 0 }
    }

    /// Returns the size of an item of an enumeration whose text has this size.
    #[must_use]
    pub fn as_enum_item(self) -> Self {
        self + Self::from_tokens(PER_ENUM_ITEM)
    }
}

impl Add for PromptSize {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.saturating_add(other.tokens),
            chars: self.chars.saturating_add(other.chars),
        }
    }
}

impl PromptCounter {
    /// Creates a counter of an empty prompt.
    #[must_use]
    pub fn new(tokenizer: Tokenizer) -> Self {
        Self {
            tokenizer,
            size: PromptSize::default(),
            text: None,
            exact: true,
            has_failed: false,
            has_messages: false,
            has_functions: false,
            counts_tokens: true,
            is_role: false,
        }
    }

    /// Creates a counter that counts the characters of the texts without the roles, and no tokens.
    #[must_use]
    pub fn characters_only() -> Self {
        Self {
            counts_tokens: false,
            ..Self::new(Tokenizer::built_in(""))
        }
    }

    /// Returns the number of characters, if only they are counted.
    #[must_use]
    pub fn chars(&self) -> u64 {
        self.size.chars
    }

    /// Adds the frame of a message: 3 tokens, and 3 more for all messages together.
    pub fn message(&mut self) {
        self.has_messages = true;
        self.add(PER_MESSAGE);
    }

    /// Adds the frame of an author's name: 1 token.
    pub fn author(&mut self) {
        self.add(PER_NAME);
    }

    /// Adds a known number of tokens.
    pub fn add(&mut self, tokens: u64) {
        self.size = self.size + PromptSize::from_tokens(tokens);
    }

    /// Begins a text that comes in pieces.
    pub fn begin_text(&mut self) {
        self.end_text();
        let counts_tokens = self.counts_tokens;
        self.text = counts_tokens.then(|| SegmentedCounter::new(self.tokenizer.clone()));
    }

    /// Begins the role of a message, which comes in pieces like a text.
    pub fn begin_role(&mut self) {
        self.begin_text();
        self.is_role = true;
    }

    /// Adds the role of a message.
    pub fn role(&mut self, role: &str) {
        self.begin_role();
        self.piece(role);
        self.end_text();
    }

    /// Adds a piece of the text that began last.
    pub fn piece(&mut self, piece: &str) {
        match &mut self.text {
            Some(text) => text.push(piece),
            // It is not part of what the author wrote.
            None if self.is_role => {}
            None => self.size.chars = self.size.chars.saturating_add(chars(piece)),
        }
    }

    /// Ends the text that began last.
    pub fn end_text(&mut self) {
        self.is_role = false;
        if let Some(text) = self.text.take() {
            self.size = self.size + self.count(text);
        }
    }

    /// Adds a whole text.
    pub fn text(&mut self, text: &str) {
        self.size = self.size + self.measure(text);
    }

    /// Returns the size of a text, without adding it.
    pub fn measure(&mut self, text: &str) -> PromptSize {
        if !self.counts_tokens {
            return PromptSize {
                tokens: 0,
                chars: chars(text),
            };
        }
        let mut counter = SegmentedCounter::new(self.tokenizer.clone());
        counter.push(text);
        self.count(counter)
    }

    fn count(&mut self, text: SegmentedCounter) -> PromptSize {
        match text.finish() {
            Some(TokenCount { tokens, exact }) => {
                self.exact &= exact;
                PromptSize::from_tokens(tokens)
            }
            None => {
                self.has_failed = true;
                PromptSize::default()
            }
        }
    }

    /// Adds a function that the model may call. `properties` is the total size of its schema's properties, if
    /// it has any.
    pub fn function(&mut self, name: &str, description: &str, properties: Option<PromptSize>) {
        self.has_functions = true;
        self.add(match self.tokenizer.encoding().name() {
            CL100K_BASE => FUNCTION_CL100K,
            _ => FUNCTION_O200K,
        });
        self.text(&[name, ":", without_stop(description)].concat());
        if let Some(properties) = properties {
            self.size = self.size + properties + PromptSize::from_tokens(PROPERTIES);
        }
    }

    /// Returns the size of a property of a schema, without adding it. `items` is the size of its enumeration,
    /// if it has one.
    pub fn property(
        &mut self,
        key: &str,
        kind: &str,
        description: &str,
        items: Option<PromptSize>,
    ) -> PromptSize {
        let line = self.measure(&[key, ":", kind, ":", without_stop(description)].concat());
        let tokens = if items.is_some() {
            PER_PROPERTY - ENUM
        } else {
            PER_PROPERTY
        };
        line + items.unwrap_or_default() + PromptSize::from_tokens(tokens)
    }

    /// Returns the tokens of the prompt, or `None` if they cannot be counted.
    #[must_use]
    pub fn finish(self) -> Option<TokenCount> {
        let priming = if self.has_messages { ANSWER_START } else { 0 };
        let functions = if self.has_functions { FUNCTION_LIST } else { 0 };
        (!self.has_failed).then_some(TokenCount {
            tokens: self.size.tokens.saturating_add(priming + functions),
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
/// The tokens that start the answer.
const ANSWER_START: u64 = 3;
const FUNCTION_O200K: u64 = 7;
const FUNCTION_CL100K: u64 = 10;
const PROPERTIES: u64 = 3;
const PER_PROPERTY: u64 = 3;
/// The tokens by which a property with an enumeration is shorter, before its items.
const ENUM: u64 = 3;
const PER_ENUM_ITEM: u64 = 3;
/// The tokens that end the list of functions.
const FUNCTION_LIST: u64 = 12;
