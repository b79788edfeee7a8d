//! Reads the answer of a model call to its end when the caller leaves, so that what it cost is known.
//!
//! Providers bill an answer that was broken off, and most tell its tokens only at its end. Of such a call
//! [`LlmLayer`](crate::LlmLayer) estimates what passed. With this layer outside it, the call goes on in the
//! background, within bounds: the head of its answer is awaited, and the rest is read.
//!
//! ```
//! use std::time::Duration;
//!
//! use throughline_llm_layer::{DrainLayer, IncludeUsageLayer, LlmLayer};
//! use tower::ServiceBuilder;
//!
//! # #[cfg(all(feature = "reqwest", feature = "tokio"))]
//! # async fn run() {
//! let drain = DrainLayer::new(tokio::runtime::Handle::current()).with_time(Duration::from_secs(10));
//! let client = ServiceBuilder::new()
//!     .layer(drain.clone())
//!     .layer(IncludeUsageLayer::new())
//!     .layer(LlmLayer::new())
//!     .service(reqwest::Client::new());
//! // At shutdown, before the telemetry's own:
//! drain.settle(Duration::from_secs(5)).await;
//! # }
//! ```
//!
//! **Think before you add it.** Many providers stop generating when the connection closes. One that is read
//! on generates on, and bills that: the number gets exact, and higher. And what is inside this layer goes on
//! whole: a call whose caller left while it waited for a connection is sent, and a retry inside retries.
//!
//! # What is drained
//!
//! | the caller drops | drained |
//! |---|---|
//! | the body of a successful answer that a [`LlmLayer`](crate::LlmLayer) inside observes, before its end | yes, unless a bound is reached |
//! | such a body after its end, its trailers or an error | no: nothing more comes |
//! | a call that a [`LlmLayer`](crate::LlmLayer) inside observes, before the head of its answer, as a timeout mostly does | yes: the head is awaited, and the body of a success is read |
//! | such a call before its first poll | no: nothing was sent |
//! | anything else | no |
//!
//! A timeout of the client's own, such as `reqwest::ClientBuilder::timeout`, is no drop: it ends the call
//! with its connection, and nothing is left to read. Put a timeout whose calls are to be drained around this
//! layer.
//!
//! # The bounds
//!
//! | bound | default | when it is reached |
//! |---|---|---|
//! | [`DrainLayer::with_count`] | 64 at once | the next call or answer is dropped, as without this layer |
//! | [`DrainLayer::with_bytes`] | 1 MiB each | the answer is dropped, and with it its connection or stream |
//! | [`DrainLayer::with_time`] | 30 s each, for head and body together | so too, at once, even if nothing comes |
//!
//! A runtime that shuts down drops its drains; [`DrainLayer::settle`] waits for them first.
//!
//! # What is recorded
//!
//! By the [`LlmLayer`](crate::LlmLayer) inside, and so only with one. Its span and its durations end when the
//! caller left, and its `error.type` is `cancelled` unless the answer was complete by then, as without this
//! layer, or the call was refused or failed after all: then it is that. Beyond that:
//!
//! | attribute | when | what |
//! |---|---|---|
//! | `throughline.response.drained` | something was read after the caller had left | `true` |
//! | `gen_ai.usage.*`, `gen_ai.response.finish_reasons`, `throughline.tokens.source` | always | by all that was read, the rest included: `reported` if the usage came, else `partial` or `estimated` |
//!
//! The span is exported when the drain ends; so are those of the scopes above, such as an agent's, that had
//! not ended when the caller left: they have the call in their totals.
//!
//! # Where it stands
//!
//! Directly around [`LlmLayer`](crate::LlmLayer), or around an
//! [`IncludeUsageLayer`](crate::IncludeUsageLayer) around it, and inside all that may leave, such as a
//! timeout. Inside a `LlmLayer` it does nothing. The futures of the service inside must be `Send` and
//! `'static`, as those of clients are; for others, such as `LlmMiddleware`'s, there is
//! [`DrainLayer::bodies_only`]. Over `http::Request<B>` no type of the request changes, and the response's
//! body is a [`DrainBody`]; over reqwest no type changes at all.

mod bodies;
mod body;
mod drains;
mod executor;
mod future;
mod layer;
mod open;
mod response;

pub use self::bodies::{BodyDrain, BodyDrainLayer};
pub use self::body::DrainBody;
pub use self::drains::Drains;
pub use self::executor::{Executor, Work};
pub use self::future::DrainFuture;
pub use self::layer::{Drain, DrainLayer};
pub use self::response::Drainable;

#[cfg(test)]
mod tests;
