//! One model call: its request, its observer, and what is recorded of it.

mod failure;
mod future;
mod peek;
mod record;
mod request;
mod request_body;
mod watch;

pub use self::future::CallFuture;
pub(crate) use self::record::Instruments;
pub use self::request::LlmRequest;
pub use self::request_body::RequestBody;
pub(crate) use self::watch::Shared;
pub use self::watch::Watch;
