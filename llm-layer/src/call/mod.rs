//! One model call: its request, its observer, and what is recorded of it.

mod additions;
mod attributes;
pub(crate) mod background;
mod clock;
mod event;
mod failure;
mod future;
mod given;
mod instruments;
mod label_budget;
mod limits;
mod pace;
mod parameters;
mod peek;
mod prompt_size;
mod rate_limits;
mod record;
mod request;
mod request_body;
mod request_copy;
mod request_reader;
mod spent;
mod start;
mod streams;
mod watch;

pub use self::background::settle;
pub(crate) use self::clock::Clock;
pub(crate) use self::event::Events;
pub use self::future::CallFuture;
pub use self::given::CallAttributes;
pub(crate) use self::instruments::Instruments;
pub use self::prompt_size::{Direction, add_prompt_size};
pub use self::request::LlmRequest;
pub(crate) use self::request::is_encoded;
pub(crate) use self::request::sealed::Parts;
pub use self::request_body::RequestBody;
pub use self::start::in_model_call;
pub(crate) use self::start::{is_model_call, is_observed, refuse};
pub(crate) use self::watch::Shared;
pub use self::watch::Watch;

#[cfg(test)]
mod tests;
