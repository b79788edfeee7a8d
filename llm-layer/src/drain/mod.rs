//! Reads the answer of a model call to its end if the caller drops it, so that its exact usage is known.
//!
//! Providers bill answers that are not read to their end, and most report usage only at the end. For such a
//! call, [`LlmLayer`](crate::LlmLayer) estimates the tokens that passed. With a [`DrainLayer`] around it, the
//! call continues in the background, within limits: the head of the answer is awaited and the body is read.
//!
//! ```
//! # use throughline_llm_layer as throughline;
//! use std::time::Duration;
//!
//! use throughline::{DrainLayer, IncludeUsageLayer, LlmLayer};
//! use tower::ServiceBuilder;
//!
//! # #[cfg(all(feature = "reqwest", feature = "tokio"))]
//! # async fn run() {
//! let drain = DrainLayer::new(tokio::runtime::Handle::current()).with_time_limit(Duration::from_secs(10));
//! let client = ServiceBuilder::new()
//!     .layer(drain.clone())
//!     .layer(IncludeUsageLayer::new())
//!     .layer(LlmLayer::new())
//!     .service(reqwest::Client::new());
//! // At shutdown, before the shutdown of the telemetry:
//! drain.wait_idle(Duration::from_secs(5)).await;
//! # }
//! ```
//!
//! **Draining has a price.** Many providers stop generating when the connection closes. Draining keeps the
//! provider generating, and you pay for it: token counts become exact, but costs rise. Inner layers keep
//! running too: a call that was still waiting for a connection is sent, and a retry inside still retries.
//!
//! # What is drained
//!
//! Calls and bodies are drained only if a [`LlmLayer`](crate::LlmLayer) inside observes them.
//!
//! | the caller drops | drained |
//! |---|---|
//! | the body of a successful answer, before its end | yes, unless a limit is reached |
//! | such a body after its end, its trailers or an error | no: nothing remains |
//! | a call before the head of its answer, as most timeouts do | yes: the head is awaited, and the body of a success is read |
//! | a call before its first poll | no: nothing was sent |
//! | anything else | no |
//!
//! A timeout inside the client, such as `reqwest::ClientBuilder::timeout`, ends the call together with its
//! connection, so that nothing remains to be read. To drain calls that time out, put the timeout around this
//! layer.
//!
//! # Limits
//!
//! | limit | default | when it is reached |
//! |---|---|---|
//! | [`DrainLayer::with_max_drains`] | 64 at once | the next call or body is dropped, as without this layer |
//! | [`DrainLayer::with_byte_limit`] | 1 MiB each | the answer is dropped, together with its connection or stream |
//! | [`DrainLayer::with_time_limit`] | 30 s each, for head and body together | as for bytes, even if no data arrives |
//!
//! A runtime that shuts down drops its drains. To wait for them first, call [`DrainLayer::wait_idle`].
//!
//! # What is recorded
//!
//! The [`LlmLayer`](crate::LlmLayer) inside records the drained call. As without this layer, its span and its
//! durations end when the caller leaves, and `error.type` is `cancelled` unless the answer was complete by
//! then. If the provider refuses the call later or the call fails, `error.type` is that error. In addition:
//!
//! | attribute | when | what |
//! |---|---|---|
//! | `throughline.response.drained` | data was read after the caller had left | `true` |
//! | `gen_ai.usage.*`, `gen_ai.response.finish_reasons`, `throughline.tokens.source` | always | from everything that was read, the drained part included: `reported` if the usage arrived, else `partial` or `estimated` |
//!
//! The span is exported when the drain ends. Spans of scopes above that were open when the caller left, such
//! as an agent's, are also exported then, so that their totals include the call.
//!
//! # Position in the stack
//!
//! Put it directly around [`LlmLayer`](crate::LlmLayer), or around an
//! [`IncludeUsageLayer`](crate::IncludeUsageLayer) around it, and inside of everything that may drop the
//! call, such as a timeout. Inside of a `LlmLayer` it has no effect.
//!
//! The futures of the inner service must be `Send` and `'static`, as those of clients are. For other
//! services, such as those inside `LlmMiddleware`, use [`DrainLayer::bodies_only`]. Over `http::Request<B>`,
//! the type of the request is unchanged and the response body is a [`DrainBody`]. Over reqwest, no type
//! changes.

mod bodies;
mod body;
mod drains;
mod executor;
mod future;
mod layer;
mod open;

pub use self::bodies::{BodyDrain, BodyDrainLayer};
pub use self::body::DrainBody;
pub use self::drains::Drains;
pub use self::executor::{Executor, Work};
pub use self::future::DrainFuture;
pub use self::layer::{Drain, DrainLayer};

#[cfg(test)]
mod tests;
