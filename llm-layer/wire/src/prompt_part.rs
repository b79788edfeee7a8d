//! The parts of a prompt.

/// The part of the prompt that a value of a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PromptPart {
    /// Every text in the value that a model reads: all strings but ids, types, addresses and encoded media,
    /// by the names that providers use for these.
    Texts,
    /// Like [`Texts`](Self::Texts), but that each number in an array, or in an array of arrays, is a token.
    TextsOrTokens,
    /// A message: its texts, and what frames it.
    Message,
    /// A message of OpenAI's chat, of which every string counts, and 1 token more if it has a `name`.
    ChatMessage,
    /// The one message of this role, whose role is not in the value.
    MessageOf(&'static str),
    /// An array of messages, or the one of the user that any other value is.
    Messages,
    /// The definition of a function: `name`, `description` and a JSON schema under one of the keys that
    /// providers use. It counts if it has a member of this name, or whatever it has if the name is empty.
    Function(&'static str),
}
