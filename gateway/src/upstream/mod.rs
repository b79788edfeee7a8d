//! Sends requests to providers: the layers around the HTTP client, retries and fail-over.

mod attempts;
mod backoff;
mod client;
mod error;
mod idle;
mod plan;
mod request_body;
mod stack;

pub(crate) use self::client::connectors;
pub(crate) use self::plan::Plan;
pub(crate) use self::request_body::{ForwardedBody, TooLarge, body_refusal};
pub(crate) use self::stack::{Stack, StackSettings};
