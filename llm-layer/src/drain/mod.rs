//! Reads the answer of a model call to its end when the caller leaves, so that what it cost is known.
//!
//! Providers bill an answer that was broken off, and most tell its tokens only at its end. Of such a call
//! [`LlmLayer`](crate::LlmLayer) estimates what passed. With this layer outside it, the rest is read in the background,
//! within bounds.
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
//! **Think before you add it.** Many providers stop generating when the connection closes. One that is read on
//! generates on, and bills that: the number gets exact, and higher.
//!
//! # What is drained
//!
//! | the caller drops | drained |
//! |---|---|
//! | the body of a successful answer that a [`LlmLayer`](crate::LlmLayer) inside observes, before its end | yes, unless a bound is reached |
//! | such a body after its end, its trailers or an error | no: nothing more comes |
//! | the call before its answer began | no: nothing says that it ever does |
//! | anything else | no |
//!
//! # The bounds
//!
//! | bound | default | when it is reached |
//! |---|---|---|
//! | [`DrainLayer::with_count`] | 64 at once | the next answer is dropped, as without this layer |
//! | [`DrainLayer::with_bytes`] | 1 MiB each | the answer is dropped, and with it its connection or stream |
//! | [`DrainLayer::with_time`] | 30 s each | so too, at once, even if nothing comes |
//!
//! A runtime that shuts down drops its drains; [`DrainLayer::settle`] waits for them first.
//!
//! # What is recorded
//!
//! By the [`LlmLayer`](crate::LlmLayer) inside, and so only with one. Its span and its durations end when the caller left, and
//! its `error.type` is `cancelled` unless the answer was complete by then, as without this layer. Beyond that:
//!
//! | attribute | when | what |
//! |---|---|---|
//! | `throughline.response.drained` | something was read after the caller had left | `true` |
//! | `gen_ai.usage.*`, `gen_ai.response.finish_reasons`, `throughline.tokens.source` | always | by all that was read, the rest included: `reported` if the usage came, else `partial` or `estimated` |
//!
//! The span is exported when the drain ends; so are those of the scopes above, such as an agent's, that had not ended when
//! the caller left: they have the call in their totals.
//!
//! # Where it stands
//!
//! Directly around [`LlmLayer`](crate::LlmLayer), or around an [`IncludeUsageLayer`](crate::IncludeUsageLayer) around it. Inside a
//! `LlmLayer` it does nothing; with a layer in between that reads bodies in a context of its own, such as a `ClientLayer`,
//! the span does not learn that the caller left. Over `http::Request<B>` no type of the request changes, and the
//! response's body is a [`DrainBody`]; over reqwest no type changes at all.

mod body;
mod drains;
mod executor;
mod future;
mod layer;
mod mark;
mod open;

pub use self::body::DrainBody;
pub use self::drains::Drains;
pub use self::executor::{Executor, Work};
pub use self::future::DrainFuture;
pub use self::layer::{Drain, DrainLayer};
pub(crate) use self::mark::{caller_left, observe};
