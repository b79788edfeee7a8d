//! Requests the usage of streams from the provider, and hides the additional event from the caller.
//!
//! A stream of OpenAI-style chat completions or legacy completions reports no usage unless the request has
//! `"stream_options": {"include_usage": true}`. [`LlmLayer`](crate::LlmLayer) changes nothing and has to
//! estimate the tokens of such a stream. With an [`IncludeUsageLayer`] around it, the provider reports them.
//!
//! ```
//! # use throughline_llm_layer as throughline;
//! use throughline::{IncludeUsageLayer, LlmLayer};
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
//! # Which requests
//!
//! | host | option is added |
//! |---|---|
//! | `openai.com`, `deepseek.com`, `fireworks.ai`, `x.ai` and their subdomains | yes |
//! | Azure OpenAI | under `/openai/v1/`, and under `/openai/deployments/` since `api-version=2024-09-01-preview` |
//! | a host of [`IncludeUsageLayer::with_host`], such as a vLLM or llama.cpp server | yes |
//! | Groq, Mistral, OpenRouter | no: they report usage without it, and Mistral refuses the option |
//! | any other | no: many refuse options that they do not support |
//!
//! # What is changed
//!
//! | message | change | condition |
//! |---|---|---|
//! | request | the option is inserted into the body and `content-length` is corrected; all other bytes are unchanged | a `POST` to `…/completions` with exactly one `"stream": true` |
//! | answer | the event with `"choices": []` and a `usage` object is removed, and so is `content-length` | the option was added, and the answer is a successful `text/event-stream` |
//!
//! Requests that already have `"include_usage"`, whether `true` or `false`, are left unchanged, and so are
//! their answers. Requests are also left unchanged if the body exceeds 4 MiB, is encoded, signed
//! (`content-digest` and similar headers) or invalid JSON, has trailers, has one of the relevant keys twice,
//! or has Azure's `data_sources`, which do not support the option.
//!
//! A request whose `accept-encoding` allows more than `identity` is left unchanged, since no event can be
//! removed from an encoded answer. Clients that decode answers themselves, such as reqwest and tower-http's
//! `Decompression` *inside* this layer, add the header further inside and are not affected. In a proxy whose
//! callers send the header, remove it before this layer. If a provider encodes an answer although it was not
//! requested, the caller sees the additional event.
//!
//! If the caller drops the answer before its end, no usage arrives: see [`drain`](crate::drain).
//!
//! OpenAI also adds `"usage": null` to all other events. It is not removed: clients that support the option
//! expect it.
//!
//! # Latency
//!
//! Frames pass without delay, except those of an event that may be the additional one: they are held back
//! until this is decided, at the latest when the first choice of the event begins. So content is never
//! delayed. At most 16 KiB are held back; a longer event passes.
//!
//! # Types
//!
//! Over `http::Request<B>`, the inner service gets a [`RequestBody<B>`](crate::RequestBody). With a
//! [`LlmLayer`](crate::LlmLayer) in between, the client gets a `RequestBody<RequestBody<B>>`. Over reqwest,
//! no type changes, so that this layer can be part of the stacks of `AsyncOpenAi` and `LlmMiddleware`.

mod accepts;
mod body;
mod cutter;
mod edit;
mod future;
mod layer;

pub use self::body::{IncludeUsageBody, UsageRequested};
pub use self::future::IncludeUsageFuture;
pub use self::layer::{IncludeUsage, IncludeUsageLayer};

#[cfg(test)]
mod tests;
