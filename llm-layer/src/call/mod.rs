//! One model call: its request, its observer, and what is recorded of it.

mod additions;
mod attributes;
mod failure;
mod future;
mod given;
mod instruments;
mod label_budget;
mod limits;
mod pace;
mod parameters;
mod peek;
mod prompt;
mod prompt_size;
mod rate_limits;
mod record;
mod reply_counters;
mod request;
mod request_body;
mod settle;
mod spent;
mod start;
mod streams;
mod watch;

pub use self::future::CallFuture;
pub use self::given::CallAttributes;
pub(crate) use self::instruments::Instruments;
#[cfg(test)]
pub(crate) use self::prompt::CountedPrompt;
pub use self::prompt_size::{Direction, add_prompt_size};
pub use self::request::LlmRequest;
pub(crate) use self::request::is_encoded;
pub(crate) use self::request::sealed::Parts;
pub use self::request_body::RequestBody;
pub(crate) use self::settle::register as register_pending;
pub use self::settle::settle;
pub(crate) use self::watch::Shared;
pub use self::watch::Watch;

#[cfg(test)]
mod request_memory_tests;
#[cfg(test)]
mod tests;
