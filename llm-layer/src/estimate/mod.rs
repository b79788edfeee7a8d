//! Counts tokens where no provider did.

#[cfg(feature = "bpe-openai")]
mod bpe_openai;
mod counter;
mod dump;
mod encoding;
mod prompt;
mod segmented;
mod target;
pub(crate) mod taskweaver;
#[cfg(feature = "tiktoken")]
mod tiktoken;

#[cfg(feature = "bpe-openai")]
pub use self::bpe_openai::BpeOpenAi;
pub(crate) use self::counter::{Counter, Encoding};
pub use self::counter::{TokenCounter, TokenEncoding};
pub(crate) use self::prompt::{Measure, Prompt};
pub(crate) use self::segmented::{Count, Kept, Segmented, rough};
pub use self::target::{TargetModel, UnknownModel};
pub use self::taskweaver::PromptSizeMode;

#[cfg(test)]
mod tests;
