//! Counts tokens where no provider did.

mod encoding;
mod prompt;
mod segmented;
#[cfg(feature = "tiktoken")]
mod tiktoken;

pub(crate) use self::encoding::{Encoding, Vocabulary};
pub(crate) use self::prompt::Prompt;
pub(crate) use self::segmented::Segmented;

#[cfg(test)]
mod tests;
