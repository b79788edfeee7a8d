//! Sends requests to providers: the layers around the HTTP client, retries and fail-over.

mod attempts;
mod backoff;
mod client;
mod connection;
mod connector;
mod error;
mod idle;
mod plan;
mod pool;
mod request_body;
mod response_body;
mod stack;

pub(crate) use self::attempts::AnsweredBy;
pub(crate) use self::connector::endpoints;
pub(crate) use self::plan::Plan;
pub(crate) use self::request_body::{ForwardedBody, TooLarge, body_refusal};
pub(crate) use self::stack::{Stack, StackSettings};
