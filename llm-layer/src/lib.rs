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
//! A `POST` request to a known path of a provider's API, on any host, with a body of that API's shape. See
//! [`wire`] for the table of APIs and paths.
//!
//! Use a [`Rule`] to include or exclude requests by path, host or model. For a provider with another format,
//! implement [`wire::WireFormat`].
//!
//! Calls over a WebSocket are observed by an [`LlmWebSocket`].
//!
//! All other requests pass unchanged. Model calls are also forwarded unchanged and without delay. Only the
//! request body is read before it is sent, since the span needs the model when it starts: up to
//! [`LlmLayer::with_request_limit`], and to its end if it is in memory. It is parsed once, at most 64 KiB in
//! a poll.
//!
//! # What is recorded
//!
//! Each call has one span of kind client, named `chat {model}`, `embeddings {model}` and so on. It lasts from
//! the call to the end of the answer and follows the
//! [GenAI conventions](https://github.com/open-telemetry/semantic-conventions-genai):
//!
//! | attribute | when | what |
//! |---|---|---|
//! | `gen_ai.operation.name`, `gen_ai.provider.name` | always, at the start | the provider by its host, else the format's |
//! | `gen_ai.request.model`, `server.address`, `server.port` | at the start | from the request |
//! | `gen_ai.request.*`, `gen_ai.output.type`, `openai.*`, `aws.bedrock.*` | at the start, where the request has them | parameters, `openai.api.type` |
//! | `azure.resource_provider.namespace` | at the start, at Azure's model inference | `Microsoft.CognitiveServices` |
//! | `gen_ai.agent.name`, `gen_ai.conversation.id` | at the start, in a scope or by baggage | see [`scope`](throughline_agents::scope) |
//! | `gen_ai.conversation.compacted`, `gen_ai.prompt.variable.*` | at the start, if set by [`CallAttributes`]; variables only if content is captured | |
//! | `gen_ai.conversation.compacted` | at the end, if the provider reports it | whether a summary replaced a part of the conversation |
//! | `gen_ai.response.id`, `gen_ai.response.model` | at the end | from the answer |
//! | `gen_ai.response.finish_reasons` | at the end | one an alternative; `error` where it did not come |
//! | `gen_ai.response.time_to_first_chunk` | streams | seconds from the call to the first event of the answer; comments and pings do not count |
//! | `gen_ai.usage.*` | where the provider reported them | tokens; input with cached ones, output with reasoning |
//! | `http.request.resend_count`, event `throughline.attempt` | with a [`ClientLayer`] inside | how often the request was sent again; [one event an attempt](#attempts) |
//! | `http.response.header.{name}` | refusals | `retry-after`, rate limits, the request's id |
//! | `error.type`, status `Error` | on failure | the provider's code, else the HTTP status, else the kind of error |
//!
//! Attributes of this crate, about tokens, cost and streams:
//!
//! <!-- semconv attributes.throughline.model_call -->
//! | attribute | type | condition | description |
//! |---|---|---|---|
//! | `throughline.cost` | double | If each part of the usage has a price, by `LlmLayer::with_prices` or `LlmLayer::with_cost_hook`. | The cost of a model call or of the model calls in a scope, in the currency of the configured prices. On a scope, the sum of the calls whose cost is known. |
//! | `throughline.cost.reported` | double | If the provider reports it; not with the role `proxy`. | The cost of a model call that the provider reports with the usage, in the provider's currency. |
//! | `throughline.cost.unpriced` | string[] | If `LlmLayer::with_prices` is set and something has no price. | The parts of a model call without a price, because of which its cost is unknown. A part of the usage, by its name in `BilledPart` (`cache_write_1h`, `input_audio`, `web_search`), `model`, or `model:`, `service_tier:`, `region:` or `context_over:` with a value. |
//! | `throughline.request.unseen` | string | If the body was not read. Set at the start. | Why the body of a model call's request was not read. `encoded`: The content encoding is not supported. `encodings_disabled`: The content encoding is supported with the feature `encodings`, which is disabled. `failed`: The body ended with an error. `fragmented`: The body has too many fragments. `malformed`: The body is not valid JSON. `too_large`: The body is longer than the limit. Parameters within the limit are recorded. |
//! | `throughline.response.drained` | boolean | If true; with `DrainLayer`. | Whether a part of the response was read after the caller dropped it. |
//! | `throughline.response.unseen` | string | If the body was not read completely. | Why the body of a model call's response was not read, or not completely. `encoded`: The content encoding is not supported. `encodings_disabled`: The content encoding is supported with the feature `encodings`, which is disabled. `fragmented`: The body has too many fragments. `malformed`: The body does not have the expected format. `panicked`: User code that reads the body panicked. `too_large`: An event is longer than the limit. |
//! | `throughline.role` | string | If set by `LlmLayer::with_role`. Set at the start. | The role of the layer in the model call. `client`: The application that makes the call and reports its tokens. `proxy`: A proxy whose caller reports the tokens. |
//! | `throughline.time_to_first_token` | double | If a streamed response has text. | The time in seconds from the call to the first text of a streamed response: content, reasoning or tool arguments. Frames with only a role, and pings, have no text. |
//! | `throughline.time_waiting_for_reader` | double | If the response is streamed. | The time in seconds that a streamed response waited for its reader. |
//! | `throughline.tokens.encoding` | string | If a count is an estimate, or would be one with the feature `tiktoken`. | The tokenizer of an estimate. It ends in `?` if the model's own tokenizer is unknown or a part of the text was not counted. It is `bytes/4` if there was no time to count, and `tiktoken_disabled` if there is no estimate because the feature `tiktoken` is disabled. |
//! | `throughline.tokens.input` | int | If estimated; with the role `proxy`, also if reported. | Input tokens that no provider reported, or that the caller of a proxy reports. On a scope, the sum of its model calls. |
//! | `throughline.tokens.output` | int | If estimated; with the role `proxy`, also if reported. | Output tokens that no provider reported, or that the caller of a proxy reports. On a scope, the sum of its model calls. |
//! | `throughline.tokens.source` | string | If the operation uses tokens, or the provider reports some. | The source of the token counts of a model call. `reported`: The provider reported the counts, and the response is complete. `partial`: The provider reported some counts, or the response is incomplete. `estimated`: The counts are estimates. `unknown`: The counts are unknown. `none`: The call was not sent. |
//! <!-- endsemconv -->
//!
//! Metrics, labelled by operation, provider, models, server address and port:
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
//! The conventions want each usage metric for every inference, with 0 if nothing was reported. The counters
//! of input and output do so. The histograms and the counters of cached and reasoning tokens are recorded
//! only if the provider reported a value: in a distribution, a 0 for an unknown count would be a false value.
//!
//! [`Convention::V1_41`] omits the attributes and metrics that version 1.41 does not have, and sets its
//! schema URL.
//!
//! Metrics of this crate:
//!
//! <!-- semconv metric.prompt_size metric.throughline.active_streams metric.throughline.cost metric.throughline.cost.unknown metric.throughline.rate_limit.remaining -->
//! | metric | instrument | unit | attributes | description |
//! |---|---|---|---|---|
//! | `prompt_size` | counter | `{token}` | `direction` | Counts the number of tokens in the prompt. TaskWeaver's counter. It counts the tokens of all model calls, including estimates, and those of `add_prompt_size`. |
//! | `throughline.active_streams` | updowncounter | `{stream}` | `gen_ai.operation.name`, `gen_ai.provider.name`, `gen_ai.request.model` | The number of streamed responses in progress. A response counts from its head until its body ends or is dropped. |
//! | `throughline.cost` | counter | `{currency}` | `gen_ai.agent.name`, `gen_ai.operation.name`, `gen_ai.provider.name`, `gen_ai.request.model`, `gen_ai.response.model`, `server.address`, `server.port`, `throughline.tokens.source` | The cost of model calls, in the currency of the configured prices. With `LlmLayer::with_prices` or `LlmLayer::with_cost_hook`. `throughline.cost.unknown` counts the calls that it misses. |
//! | `throughline.cost.unknown` | counter | `{call}` | `gen_ai.agent.name`, `gen_ai.operation.name`, `gen_ai.provider.name`, `gen_ai.request.model`, `gen_ai.response.model`, `server.address`, `server.port`, `throughline.tokens.source` | The number of model calls whose cost is unknown. With `LlmLayer::with_prices` or `LlmLayer::with_cost_hook`, if a part of the usage has no price, or the usage is unknown. Calls that the provider refused are not counted. |
//! | `throughline.rate_limit.remaining` | gauge |  | `throughline.rate_limit.kind`, `gen_ai.provider.name`, `gen_ai.request.model` | The remaining amount of a rate limit, from the provider's last response. Opt-in with `LlmLayer::with_rate_limit_metrics`. The unit depends on the kind. |
//! <!-- endsemconv -->
//!
//! Each call is also entered in the ledger of each scope above it. Agents, tools and workflows have spans of
//! their own (see [`scope`](throughline_agents::scope)), and so have the runs and nodes of a graph (see
//! [`graph`](mod@throughline_agents::graph)). A [`budget`](throughline_agents::budget) limits the tokens of a
//! scope. For tools in other processes, see [`mcp`](throughline_agents::mcp).
//!
//! With [`LlmLayer::with_logger_provider`], two events are emitted as log records:
//! `gen_ai.client.operation.exception` for each failed call, and `gen_ai.client.inference.operation.details`
//! with the content, if it is captured there.
//!
//! Options add the content of calls ([`LlmLayer::with_capture`]), OpenInference attributes for Phoenix
//! ([`LlmLayer::with_openinference`]), the attributes of TinyLLM and TaskWeaver
//! ([`LlmLayer::with_legacy_attributes`]), and your own attributes ([`CallAttributes`]).
//!
//! # Where the numbers come from
//!
//! Token counts are those of the provider's last usage report. Without a report they are estimated: the
//! prompt by the formula of OpenAI's cookbook, the answer by its text, counted with tiktoken-rs (feature
//! `tiktoken`) or with your own [`TokenCounter`]. A count that can be neither read nor estimated is omitted,
//! never 0; if the feature would estimate it, `throughline.tokens.encoding` is `tiktoken_disabled`.
//!
//! Counting does not block the caller. A background thread loads the vocabulary (about 0.1 s) when a stream
//! that will not report usage starts, or a call in a scope with a [budget](throughline_agents::budget), or on
//! first use. Only in a scope with a budget, an answer that ends before that waits for it. It also counts
//! prompts of more than 32 KiB and answers in segments of 16 KiB. If usage will be reported, nothing is
//! counted unless the answer breaks off or has more than 64 KiB of text. A call that waits for the thread is
//! recorded late, with the time at which it ended: see [`wait_idle`]. If too many calls wait, tokens are
//! approximated as bytes / 4. At most 192 KiB of one answer wait. Text beyond that, and text after the first
//! MiB, is extrapolated from the counted rest. `throughline.tokens.encoding` marks both.
//!
//! A stream holds at most 256 KiB, whatever its length, unless its content is captured. A call also holds the
//! bytes of its request until it ends, up to [`LlmLayer::with_request_limit`]: shared with the body if that
//! is one `Bytes`, else a copy. A longer request is not held. To count the prompt or capture its content,
//! these bytes are read again, in a few hundred KiB; for requests of more than 32 KiB this happens on the
//! background thread.
//!
//! OpenAI streams report usage only when the request asks for it. An [`IncludeUsageLayer`] around this layer
//! asks for usage and hides the additional event from the caller.
//!
//! # Bounds
//!
//! Values that come from the network are bounded by the [`limits`](throughline_tracing_layer::limits): an
//! attribute has at most 1 KiB, an array 32 items and 1 KiB in total, a span name or a label 128 bytes.
//! Longer values are cut at a character boundary. Values that the program sets are not cut, and content has
//! [its own limits](LlmLayer::with_content_limits).
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
//! An SDK holds 2,000 series of an instrument, so the combinations of labels are
//! [bounded too](throughline_tracing_layer::limits::SeriesBudget), for each model. A combination beyond the
//! bound is recorded with its model; operation, provider and, on failure, `error.type` are then `_OTHER`, and
//! the other labels are omitted. Models that were recorded earlier or are configured keep their labels. Spans
//! always have the real values. All layers with the same meter provider share the bounds.
//!
//! # One call, many hops
//!
//! If an application and the gateway behind it both observe a call, both spans are in one trace and both
//! durations are correct, but sums over all spans or services would count each token twice. To report tokens
//! on one hop only, give the gateway's layer [`Role::Proxy`].
//!
//! | | [`Role::Client`], the default | [`Role::Proxy`] |
//! |---|---|---|
//! | span | `gen_ai.usage.*` | none of them; `throughline.tokens.input` and `.output`, reported ones too |
//! | attributes for Phoenix, TinyLLM and TaskWeaver | where asked for | those of tokens are left out |
//! | metrics of tokens, `prompt_size` | yes | none |
//! | `throughline.cost`, on the span and as a metric | with prices | with prices: give them to one of both |
//! | `throughline.cost.reported` | where the provider reports it | none |
//! | durations, open streams, rate limits | yes | yes |
//! | ledgers of [scopes](throughline_agents::scope), which belong to one process | yes | yes |
//!
//! If a role is set, the span has `throughline.role` = `client` or `proxy`. If a gateway's callers do not
//! count tokens, leave the gateway a client. Within one process, see
//! [`in_model_call`](throughline_agents::in_model_call).
//!
//! # Attempts
//!
//! The span covers the call as the caller sees it. Put retries inside this layer,
//! [redirects](throughline_tracing_layer::client#redirects) inside those, and a [`ClientLayer`] innermost:
//! `LlmLayer` → retry → redirects → [`ClientLayer`] → transport. Each attempt and each redirect then has its
//! own span below the call's span, and an
//! [event](throughline_tracing_layer::client::Attempts::with_events_on) on the call's span with its number,
//! status and duration. A failover to another provider counts as an attempt if it is a model call of the same
//! operation. Other requests, such as one for an access token, do not count. tower's retry and tower-http's
//! redirects clone requests: see [`RequestBody::try_clone`].
//!
//! # Slow readers
//!
//! `throughline.time_waiting_for_reader` is the total time from the delivery of the response's head, or of a
//! frame of its body, until the caller polls again or drops the body. `time_per_output_chunk` is the time
//! since the previous chunk without the reader's time in between, so that a slow reader does not make a model
//! look slow. `time_to_first_chunk` is measured from the call and includes both.
//!
//! # Cancellation
//!
//! If the caller drops the answer, the span ends with what was read: `error.type` = `cancelled`, finish
//! reason `error` and the tokens up to then. If the last finish reason had arrived, the answer is complete
//! and there is no error.
//!
//! The provider may bill the rest as well. A [`DrainLayer`] around this layer reads on, within bounds, to
//! record it.
//!
//! # Features
//!
//! | feature | for |
//! |---|---|
//! | `tiktoken` (default) | estimates |
//! | `async-openai` | `AsyncOpenAi`: async-openai through layers, with its built-in retry inside |
//! | `aws-smithy` | `AwsHttpClient`: the AWS SDK, such as aws-sdk-bedrockruntime, through layers |
//! | `axum-ws` | [`LlmWebSocket`] over axum's WebSockets |
//! | `bpe-openai` | `BpeOpenAi`: estimates by bpe-openai; faster on long texts, 49 MB larger |
//! | `encodings` | reading gzip, deflate, br and zstd; without it such bodies pass unread |
//! | `internal-logs` (default) | warnings about invalid settings in OpenTelemetry's internal log |
//! | `reqwest` | [`LlmLayer`] over `reqwest::Client` |
//! | `reqwest-middleware` | `LlmMiddleware`: [`LlmLayer`] as a middleware |
//! | `tokio` | [`DrainLayer`] on a Tokio runtime |
//! | `tungstenite` | [`LlmWebSocket`] over tungstenite's WebSockets |
//!
//! [`ClientLayer`]: throughline_tracing_layer::ClientLayer

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(
    feature = "async-openai",
    feature = "aws-smithy",
    feature = "reqwest-middleware"
))]
mod adapter;
mod call;
mod clock;
mod config;
mod content;
pub mod drain;
mod drain_signal;
mod events;
pub mod include_usage;
mod layer;
mod prices;
mod role;
mod semconv;
mod taskweaver;
pub mod websocket;

#[doc(no_inline)]
pub use throughline_llm_wire as wire;
#[doc(no_inline)]
pub use throughline_tokens as tokens;

#[cfg(feature = "async-openai")]
pub use self::adapter::AsyncOpenAi;
#[cfg(feature = "reqwest-middleware")]
pub use self::adapter::LlmMiddleware;
#[cfg(feature = "aws-smithy")]
pub use self::adapter::{AwsHttpClient, AwsTransport};
pub use throughline_llm_wire::{Content, Format, Rule};
#[cfg(feature = "bpe-openai")]
pub use throughline_tokens::BpeOpenAi;
pub use throughline_tokens::{TargetModel, TokenCounter, TokenEncoding, UnknownModel};

pub use self::call::{
    CallAttributes, CallFuture, CallObserver, Direction, ReadAhead, RequestBody, TokenAmount, UsageHook,
    add_prompt_size, wait_idle,
};
pub use self::content::Capture;
pub use self::drain::DrainLayer;
pub use self::include_usage::IncludeUsageLayer;
pub use self::layer::{Llm, LlmLayer};
pub use self::prices::{
    BilledCall, BilledPart, BilledUsage, Cost, Price, Prices, PricesError, RowError, Unpriced,
};
pub use self::role::Role;
pub use self::taskweaver::PromptSizeMode;
pub use self::websocket::LlmWebSocket;
pub use throughline_agents::Convention;

/// The example of the README, so that it is compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
