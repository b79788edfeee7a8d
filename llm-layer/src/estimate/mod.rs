//! Counts tokens where no provider did.

mod encoding;
mod prompt;
mod segmented;
pub(crate) mod taskweaver;
#[cfg(feature = "tiktoken")]
mod tiktoken;

pub(crate) use self::encoding::{Encoding, Vocabulary};
pub(crate) use self::prompt::Prompt;
pub(crate) use self::segmented::Segmented;
pub use self::taskweaver::PromptSizeMode;

#[cfg(test)]
mod tests;
