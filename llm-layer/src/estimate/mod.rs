//! Counts tokens where no provider did.

mod counter;
mod encoding;
mod prompt;
mod segmented;
pub(crate) mod taskweaver;
#[cfg(feature = "tiktoken")]
mod tiktoken;

pub(crate) use self::counter::{Counter, Encoding};
pub use self::counter::{TokenCounter, TokenEncoding};
pub use self::prompt::Prompt;
pub(crate) use self::segmented::Segmented;
pub use self::taskweaver::PromptSizeMode;

#[cfg(test)]
mod tests;
