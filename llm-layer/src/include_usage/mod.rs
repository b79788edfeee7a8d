//! Asks the providers of streams for their usage, and hides from the caller that it did.
//!
//! A stream of OpenAI-style chat completions, or of the legacy completions, ends without a word about its
//! tokens unless the request says `"stream_options": {"include_usage": true}`. [`LlmLayer`](crate::LlmLayer)
//! then has to estimate, since it observes and changes nothing. With this layer outside it, the provider
//! counts.
//!
//! ```
//! use throughline_llm_layer::{IncludeUsageLayer, LlmLayer};
//! use tower::ServiceBuilder;
//!
//! # #[cfg(feature = "reqwest")] {
//! let client = ServiceBuilder::new()
//!     .layer(IncludeUsageLayer::new().with_host("vllm.internal"))
//!     .layer(LlmLayer::new())
//!     .service(reqwest::Client::new());
//! # }
//! ```
//!
//! # Who is asked
//!
//! | host | asked |
//! |---|---|
//! | `openai.com`, `deepseek.com`, `fireworks.ai`, `x.ai`, and what is below them | yes |
//! | Azure OpenAI | under `/openai/v1/`, and under `/openai/deployments/` from `api-version=2024-09-01-preview` on |
//! | a host of [`IncludeUsageLayer::with_host`], such as that of a vLLM or a llama.cpp server | yes |
//! | Groq, Mistral, OpenRouter | no: they tell unasked, and Mistral refuses the option |
//! | any other | no: many refuse what they do not know |
//!
//! # What is changed
//!
//! | of | what | when |
//! |---|---|---|
//! | the request | the option is spliced into the body, and `content-length` mended; every other byte stays | a `POST` to `…/completions` with one `"stream": true` |
//! | the answer | the event with `"choices": []` and a `usage` object is left out, and `content-length` | the option was added, and the answer is a successful `text/event-stream` |
//!
//! A request that says `"include_usage"` itself passes as it is, be it `true` or `false`, and so does its
//! answer. So does a request whose body is longer than 4 MiB, encoded, signed (`content-digest` and the
//! like), no valid JSON, or says something twice; one with trailers; and one with Azure's `data_sources`,
//! which refuse the option.
//!
//! A request whose `accept-encoding` allows more than `identity` passes as it is too, since nothing can be
//! taken out of an encoded answer. Clients that decode answers themselves, as reqwest and tower-http's
//! `Decompression` *inside* this layer do, ask for encodings where this layer does not see it, and are fine.
//! A proxy, whose callers ask for encodings themselves, takes that header away in front of this layer. From a
//! provider that encodes unasked, the caller sees the added event.
//!
//! A caller that leaves before the end has left before the usage: see [`drain`](crate::drain).
//!
//! What stays in the answer: the `"usage": null` that OpenAI writes into all other events once it was asked.
//! Every client that knows the option knows it.
//!
//! # When it is changed
//!
//! As it comes. Frames pass as they are until the added event has come; of an event that may be the one, what
//! has come is held back until that is known, which it is not later than when its first choice begins. So
//! content never waits. At most 16 KiB are held back: of a longer event, all passes.
//!
//! # Types
//!
//! Over `http::Request<B>`, the inner service gets [`RequestBody<B>`](crate::RequestBody): with a
//! [`LlmLayer`](crate::LlmLayer) in between, the client's is `RequestBody<RequestBody<B>>`. Over reqwest no
//! type changes, so this layer goes around what `AsyncOpenAi` and `LlmMiddleware` take.

mod accepts;
mod body;
mod cutter;
mod edit;
mod future;
mod layer;
mod request;

pub use self::body::{Asked, IncludeUsageBody};
pub use self::future::IncludeUsageFuture;
pub use self::layer::{IncludeUsage, IncludeUsageLayer};
pub use self::request::UsageRequest;

#[cfg(test)]
mod tests;
