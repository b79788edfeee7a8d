//! One model call: its request, its observer, and what is recorded of it.

mod attributes;
mod bound;
mod captured_content;
mod chunk_series;
mod cost;
mod dimensions;
mod extra_attributes;
mod failure;
mod features;
mod fetched;
mod future;
mod instruments;
mod label_budget;
mod legacy;
mod limits;
mod message_call;
mod metrics;
mod observer;
mod off;
mod openinference;
mod outcome;
mod parameters;
mod prompt;
mod prompt_size;
mod rate_limits;
mod recorder;
mod reply_counters;
mod request;
mod request_body;
mod start;
mod state;
mod streams;
mod timing;
mod usage;
mod usage_hook;
mod wait_idle;

pub use self::extra_attributes::CallAttributes;
pub use self::future::CallFuture;
pub(crate) use self::instruments::Instruments;
pub(crate) use self::message_call::{MessageCall, MessageEnd};
pub use self::observer::CallObserver;
#[cfg(test)]
pub(crate) use self::prompt::CountedPrompt;
pub use self::prompt_size::{Direction, TokenAmount, add_prompt_size};
pub(crate) use self::request::{is_encoded, target};
pub use self::request_body::{ReadAhead, RequestBody};
pub(crate) use self::state::Shared;
pub use self::usage_hook::UsageHook;
pub(crate) use self::wait_idle::register as register_pending;
pub use self::wait_idle::wait_idle;

#[cfg(test)]
mod feature_tests;
#[cfg(test)]
mod request_memory_tests;
#[cfg(test)]
mod tests;
