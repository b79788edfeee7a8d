//! A tower layer that recognises LLM calls, reads their answers as they pass, and accounts for every token.
//!
//! ```
//! use http::Request;
//! use http_body_util::Full;
//! use throughline_llm_layer::{LlmLayer, RequestBody};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! # type Body = RequestBody<Full<bytes::Bytes>>;
//! # let hyper_client = service_fn(|_: Request<Body>| async { Ok::<_, std::io::Error>(http::Response::new(Full::new(bytes::Bytes::new()))) });
//! let client = ServiceBuilder::new().layer(LlmLayer::new()).service(hyper_client);
//!
//! let request = Request::post("https://api.openai.com/v1/chat/completions")
//!     .body(Full::from(r#"{"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}]}"#))?;
//! let response = client.oneshot(request).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # What is a model call
//!
//! A `POST` to a path with one of these ends, whatever the host, with a body of that API's shape:
//!
//! | API | path ends with |
//! |---|---|
//! | OpenAI chat completions, and all that speak like it | `/chat/completions` |
//! | OpenAI Responses, legacy completions, embeddings | `/responses`, `/completions`, `/embeddings` |
//! | Azure OpenAI and Foundry | the same, under `/openai/deployments/{model}`, which tells Azure at any host, `/openai/v1` or `/models` |
//! | Anthropic Messages, also on Vertex | `/v1/messages`, `/publishers/anthropic/models/{model}:rawPredict`, `:streamRawPredict` |
//! | Gemini, Vertex | `:generateContent`, `:streamGenerateContent`, `:embedContent`, `:batchEmbedContents`, `/v1beta/interactions`; at googleapis.com embeddings by `:predict`, and models that speak OpenAI's by `:rawPredict` |
//! | Ollama | `/api/chat`, `/api/generate`, `/api/embed`, `/api/embeddings` |
//! | Cohere | `/v2/chat`, `/v2/embed`; `/v1/chat`, `/v1/embed` at cohere.com |
//! | Mistral | OpenAI's, `/v1/fim/completions`, `/agents/completions`, `/v1/conversations`; `/v1/conversations/{id}` at mistral.ai |
//! | Bedrock | `/model/{model}/` and `converse`, `converse-stream`, `invoke`, `invoke-with-response-stream`: embeddings too, by the model's name or the request's shape |
//! | watsonx, Perplexity | OpenAI's, `/ml/v1/text/chat`, `/ml/v1/text/chat_stream`; `/v1/sonar` at perplexity.ai |
//!
//! What else is a model call, and what is none, you say by a [`Rule`]: by path, host and model. A provider that speaks
//! another format needs a [`wire::WireFormat`].
//!
//! Everything else passes as it came. Of a model call too, every byte passes as it came and when it came: the layer
//! looks at what goes by and holds nothing back. Only the request is read before it is sent, up to
//! [`LlmLayer::with_request_limit`] and further if it is in memory, because the span must know the model when it begins.
//! It is read once, into what the span says of it and nothing more, at most 64 KiB in a poll.
//!
//! # What is recorded
//!
//! One span a call, `chat {model}` (or `embeddings {model}` and so on) of kind client, from the call until the answer has ended, by the
//! [GenAI conventions](https://github.com/open-telemetry/semantic-conventions-genai):
//!
//! | attribute | when | what |
//! |---|---|---|
//! | `gen_ai.operation.name`, `gen_ai.provider.name` | always, at the start | the provider by its host, else the format's |
//! | `gen_ai.request.model`, `server.address`, `server.port` | at the start | from the request |
//! | `gen_ai.request.*`, `gen_ai.output.type`, `openai.*`, `aws.bedrock.*` | at the start, where the request has them | parameters, `openai.api.type` |
//! | `azure.resource_provider.namespace` | at the start, at Azure's model inference | `Microsoft.CognitiveServices` |
//! | `gen_ai.agent.name`, `gen_ai.conversation.id` | at the start, in a scope or by baggage | see [`scope`](throughline_agents::scope) |
//! | `gen_ai.response.id`, `gen_ai.response.model` | at the end | from the answer |
//! | `gen_ai.response.finish_reasons` | at the end | one an alternative; `error` where it did not come |
//! | `gen_ai.response.time_to_first_chunk` | streams | seconds from the call to the first bytes of the answer |
//! | `gen_ai.usage.*` | where the provider reported them | tokens; input with cached ones, output with reasoning |
//! | `http.request.resend_count`, event `throughline.attempt` | with a [`ClientLayer`] inside | how often the request was sent again; [one event an attempt](#attempts) |
//! | `http.response.header.{name}` | refusals | `retry-after`, rate limits, the request's id |
//! | `error.type`, status `Error` | on failure | the provider's code, else the HTTP status, else the kind of error |
//!
//! And attributes of our own, about the call's tokens, its cost and its stream:
//!
//! <!-- semconv attributes.throughline.model_call -->
//! | attribute | type | when | what |
//! |---|---|---|---|
//! | `throughline.cost` | double | If `LlmLayer::with_prices` knows the model. | The cost of a model call or of the model calls in a scope, in the currency of the configured prices. |
//! | `throughline.request.unseen` | string | If the body was not read. At the start. | Why the body of a model call's request was not read. `encoded`: It has a content encoding that is not supported. `failed`: It ended with an error. `fragmented`: It is in too many pieces, in memory or in frames. `malformed`: It is no valid JSON. `too_large`: It is longer than the limit; its parameters are recorded as far as it is in memory. |
//! | `throughline.response.drained` | boolean | If so; with `DrainLayer`. | Whether a part of the response was read after the caller had dropped it. |
//! | `throughline.response.unseen` | string | If the body was not read to its end. | Why the body of a model call's response, or the rest of it, was not read. `encoded`: It has a content encoding that is not supported. `fragmented`: It is in too many pieces, in memory or in frames. `malformed`: It is not of the expected format. `panicked`: The user's code that reads it panicked. `too_large`: An event of it is longer than the limit. |
//! | `throughline.role` | string | If set by `LlmLayer::with_role`. At the start. | The role of the layer in the model call. `client`: The application that makes the call and reports its tokens. `proxy`: A hop on the way, whose caller reports the tokens. |
//! | `throughline.time_to_first_token` | double | If a streamed response has text. | Seconds from the call to the first text of a streamed response: content, reasoning or a tool's arguments. A frame that only has a role, or a ping, has no text. |
//! | `throughline.time_waiting_for_reader` | double | If the response is streamed. | Seconds for which a streamed response waited until its reader asked for more. |
//! | `throughline.tokens.encoding` | string | If a count is an estimate. | The tokenizer of an estimate. With `?` at the end if the model's own tokenizer is not known or a part of the text was not counted; `bytes/4` if there was no time to count. |
//! | `throughline.tokens.input` | int | If estimated; in a proxy also if reported. | Input tokens that no provider reported or that another hop reports; on a scope, those of all its model calls. |
//! | `throughline.tokens.output` | int | If estimated; in a proxy also if reported. | Output tokens that no provider reported or that another hop reports; on a scope, those of all its model calls. |
//! | `throughline.tokens.source` | string | Always. | Where the token counts of a model call come from. `reported`: The provider reported them, and the response is complete. `partial`: The provider reported some, or the response is not complete. `estimated`: They are estimates. `unknown`: They are not known. `none`: The call was not sent. |
//! <!-- endsemconv -->
//!
//! Metrics, told apart by operation, provider, models, server address and port:
//!
//! | metric | unit | when |
//! |---|---|---|
//! | `gen_ai.client.inference.duration` | s | each call; with `error.type` on failure |
//! | `gen_ai.client.inference.time_to_first_chunk`, `.time_per_output_chunk` | s | streams |
//! | `gen_ai.client.inference.usage.input_tokens`, `.output_tokens` and their parts | `{token}` | each call, by `gen_ai.token.modality` and, in an [`agent`](throughline_agents::agent) of this process, `gen_ai.agent.name`; 0 where nothing was reported |
//! | `gen_ai.client.inference.operation.input_tokens`, `.output_tokens` | `{token}` | calls whose tokens were reported |
//! | `gen_ai.client.operation.duration` | s | embeddings; with [`Convention::V1_41`] each call |
//! | `gen_ai.client.token.usage` and `gen_ai.client.operation.*` | `{token}`, s | with [`Convention::V1_41`] or [`Convention::Both`] |
//!
//! And metrics of our own:
//!
//! <!-- semconv metric.prompt_size metric.throughline.active_streams metric.throughline.rate_limit.remaining -->
//! | metric | instrument | unit | attributes | what |
//! |---|---|---|---|---|
//! | `prompt_size` | counter | `{token}` | `direction` | Counts the number of tokens in the prompt. TaskWeaver's counter. It counts the tokens of every model call, estimates included, and of `add_prompt_size`. |
//! | `throughline.active_streams` | updowncounter | `{stream}` | `gen_ai.operation.name`, `gen_ai.provider.name`, `gen_ai.request.model` | Streamed answers that are being read. From the head of the response until its body has ended or is dropped. |
//! | `throughline.rate_limit.remaining` | gauge |  | `throughline.rate_limit.kind`, `gen_ai.provider.name`, `gen_ai.request.model` | What a provider's last answer said is left of a rate limit. With `LlmLayer::with_rate_limit_metrics`. The unit depends on the kind. |
//! <!-- endsemconv -->
//!
//! And an entry in the ledger of each scope above: see [`tokens`]. Agents, tools and workflows have spans of their own,
//! see [`scope`](throughline_agents::scope), and so have the runs of a graph, step by step: see [`graph`](mod@throughline_agents::graph). With a
//! [`budget`](throughline_agents::budget), a scope that has spent its tokens calls no more models. Tools of other processes are reached by the Model
//! Context Protocol: see [`mcp`](throughline_agents::mcp).
//!
//! And, with [`LlmLayer::with_logger_provider`], two events as log records: `gen_ai.client.operation.exception` for each
//! call that failed, and `gen_ai.client.inference.operation.details` with the content, for those who capture it there.
//!
//! What a user can add: the content of calls ([`LlmLayer::with_capture`]), OpenInference's attributes for Phoenix
//! ([`LlmLayer::with_openinference`]), those of TinyLLM and TaskWeaver ([`LlmLayer::with_legacy_attributes`]), and
//! attributes of their own ([`CallAttributes`]).
//!
//! # Where the numbers come from
//!
//! The provider's last report; where there is none, an estimate: of the prompt by the formula of OpenAI's cookbook, of
//! the answer by the text that passed, counted with tiktoken-rs (feature `tiktoken`, on by default) or with a
//! [`TokenCounter`] of the user's. What could be neither seen nor estimated is not there, and never 0.
//!
//! No caller waits for it: a vocabulary is loaded (0.1 s) by a thread of this crate's, when a stream begins that was not
//! asked for its usage or else when it is first needed, and what is long (a prompt of more than 32 KiB, each 16 KiB of
//! an answer) is counted there too. Where usage will be reported, nothing is counted unless the answer breaks off or has
//! more than 64 KiB of text. A call that waits for that thread is recorded late, with the time at which it ended:
//! see [`settle`]. If too many calls wait, bytes are divided by 4; of one answer at most 192 KiB wait, and what comes faster than
//! it is counted, or after 1 MiB, is taken at the rate of the rest. `throughline.tokens.encoding` says so.
//!
//! A stream keeps at most 256 KiB, however long it is, unless its content is captured. Beside that a call keeps the bytes
//! of its request until it ends, at most as many as [`LlmLayer::with_request_limit`] allows: shared with the body if that
//! came as one `Bytes`, else a copy. A request that is longer is not kept. If the prompt has to be counted, or its content
//! is captured, these bytes are read again, in a few hundred KiB; of a request of more than 32 KiB on the thread above.
//!
//! Streams of OpenAI's tell their usage only if they are asked: [`IncludeUsageLayer`], around this one, asks, and hides
//! from the caller that it did.
//!
//! # Bounds
//!
//! Clients, upstreams and other processes choose much of what is recorded. All of it is bounded where it is set, by the
//! [`limits`](throughline_tracing_layer::limits): an attribute has at most 1 KiB, an array 32 items and 1 KiB in all, the name
//! of a span and a label 128 bytes; they are cut between two characters. What the program sets itself is not cut, and
//! content has [limits of its own](LlmLayer::with_content_limits).
//!
//! | label | distinct values | beyond them |
//! |---|---|---|
//! | `gen_ai.request.model` | the first [100](LlmLayer::with_max_models); 200 more that prices and rules name, whenever they come; 100 versions of those, or that begin as a rule says | `_OTHER` |
//! | `gen_ai.response.model` | the requested model; else as many, with versions of the requested model in place of those of named ones | `_OTHER` |
//! | `server.address` and `server.port` | the first 100 pairs | `_OTHER`, no port |
//! | `error.type` | the first 64 codes and statuses of providers, and the classes of errors in this process | `_OTHER` |
//! | `gen_ai.agent.name` | the first 100 | `_OTHER` |
//! | `throughline.rate_limit.kind` | the first 16 | `_OTHER` |
//!
//! These are combined, and an SDK holds 2,000 series of an instrument. So combinations are [counted
//! too](throughline_tracing_layer::limits::SeriesBudget), model by model: one that would be too many is recorded with the model
//! and, on failure, `error.type` = `_OTHER`; operation and provider are then `_OTHER`, and the rest is left out. A flood of
//! any of these takes no model's place that came before it or is named. Spans have the real values in any case. All layers
//! with one meter provider share the bounds, as they share the series.
//!
//! # One call, many hops
//!
//! An application that observes its calls may send them through a gateway that observes them too. Their spans are one trace,
//! and both durations are true; but a sum over all spans, or over the metrics of all services, would find every token
//! twice. So only one hop reports a call's tokens: give the gateway's layer [`Role::Proxy`].
//!
//! | | [`Role::Client`], the default | [`Role::Proxy`] |
//! |---|---|---|
//! | span | `gen_ai.usage.*` | none of them; `throughline.tokens.input` and `.output`, reported ones too |
//! | attributes for Phoenix, TinyLLM and TaskWeaver | where asked for | those of tokens are left out |
//! | metrics of tokens, `prompt_size` | yes | none |
//! | `throughline.cost` | with prices | with prices: give them to one of both |
//! | durations, open streams, rate limits | yes | yes |
//! | ledgers of [scopes](throughline_agents::scope), which belong to one process | yes | yes |
//!
//! The span of a layer that was given a role has `throughline.role` = `client` or `proxy`. A gateway whose callers do not
//! count stays a client. Within one process nothing is to be done: see [`in_model_call`](throughline_agents::in_model_call).
//!
//! # Attempts
//!
//! The span is the call as the caller sees it. What retries goes inside this layer, what follows
//! [redirects](throughline_tracing_layer::client#redirects) inside that, and a [`ClientLayer`] innermost: `LlmLayer` → retry →
//! redirects → [`ClientLayer`] → transport. Each attempt and each hop then is a span of its own below the call's, and an
//! [event](throughline_tracing_layer::client::Attempts::with_events_on) on the call's with its number, status and duration. What
//! fails over to another provider counts too, if it is a model call of the same operation; any other request on the way, such
//! as one for a token, does not. tower's retry and tower-http's redirects clone requests: see [`RequestBody::try_clone`].
//!
//! # A slow reader is no slow model
//!
//! A stream is as slow as the slower of its two ends. `throughline.time_waiting_for_reader` is the sum of all times from the
//! answer's head, or a frame of its body, until the caller asked for the next, or dropped the body.
//! `time_per_output_chunk` is how long the caller waited for a chunk: the time since the one before, less the reader's time
//! in between. What the model did while the reader was busy is not in it: a slow reader never makes a model look slow.
//! `time_to_first_chunk` runs from the call, whoever was slow.
//!
//! # When the caller leaves
//!
//! The span ends with what was seen: `error.type` = `cancelled`, finish reason `error`, the tokens that passed. A caller
//! that leaves after the last finish reason, as most do after `[DONE]`, has the whole answer: no error.
//!
//! What it leaves behind is billed too: [`DrainLayer`], around this one, reads on within bounds, to learn what it cost.
//!
//! # Features
//!
//! | feature | for |
//! |---|---|
//! | `tiktoken` (default) | estimates |
//! | `async-openai` | `AsyncOpenAi`: async-openai over a service such as [`Llm`] |
//! | `bpe-openai` | `BpeOpenAi`: estimates by bpe-openai, which its documentation compares |
//! | `encodings` | requests and answers encoded with gzip, deflate, br or zstd; without it they pass and are not read |
//! | `internal-logs` (default) | a setting that is not understood is told to OpenTelemetry's internal log |
//! | `reqwest` | [`LlmLayer`] over `reqwest::Client` |
//! | `reqwest-middleware` | `LlmMiddleware`: [`LlmLayer`] as a middleware |
//! | `tokio` | [`DrainLayer`] on a Tokio runtime |
//!
//! [`ClientLayer`]: throughline_tracing_layer::ClientLayer

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(feature = "async-openai", feature = "reqwest-middleware"))]
mod adapter;
mod call;
mod clock;
mod config;
mod content;
mod convention;
pub mod drain;
mod drain_signal;
mod events;
pub mod include_usage;
mod layer;
mod prices;
mod response;
mod role;
mod semconv;
mod taskweaver;

use opentelemetry::InstrumentationScope;
#[doc(no_inline)]
pub use throughline_llm_wire as wire;
#[doc(no_inline)]
pub use throughline_tokens as tokens;

#[cfg(feature = "async-openai")]
pub use self::adapter::AsyncOpenAi;
#[cfg(feature = "reqwest-middleware")]
pub use self::adapter::LlmMiddleware;
pub use throughline_llm_wire::{Content, Format, Rule};
#[cfg(feature = "bpe-openai")]
pub use throughline_tokens::BpeOpenAi;
pub use throughline_tokens::{TargetModel, TokenCounter, TokenEncoding, UnknownModel};

pub use self::call::{
    CallAttributes, CallFuture, Direction, LlmRequest, RequestBody, Watch, add_prompt_size, settle,
};
pub use self::content::Capture;
pub use self::convention::Convention;
pub use self::drain::DrainLayer;
pub use self::include_usage::IncludeUsageLayer;
pub use self::layer::{Llm, LlmLayer};
pub use self::prices::{Price, Prices};
pub use self::response::LlmResponse;
pub use self::role::Role;
pub use self::taskweaver::PromptSizeMode;

/// The instrumentation scope of everything that this crate records.
fn scope_of_instrumentation() -> InstrumentationScope {
    InstrumentationScope::builder(env!("CARGO_PKG_NAME"))
        .with_version(env!("CARGO_PKG_VERSION"))
        .with_schema_url(semconv::SCHEMA_URL)
        .build()
}
