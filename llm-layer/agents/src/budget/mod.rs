//! Token budgets: a scope whose tokens are used up makes no more model calls.
//!
//! ```
//! use http::Request;
//! use throughline_agents::{TokenBudgetLayer, agent};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # async fn run(request: Request<http_body_util::Full<bytes::Bytes>>) -> Result<(), Box<dyn std::error::Error>> {
//! # let hyper_client = service_fn(|_: Request<_>| async { Ok::<_, std::io::Error>(http::Response::new(http_body_util::Full::new(bytes::Bytes::new()))) });
//! let client = ServiceBuilder::new()
//!     // .layer(LlmLayer::new())
//!     .layer(TokenBudgetLayer::new())
//!     .service(hyper_client);
//!
//! let planner = agent("Planner").with_token_budget(10_000);
//! let response = planner.run(client.oneshot(request)).await?;
//! # Ok(())
//! # }
//! ```
//!
//! The limit belongs to the scope: [`Scope::with_token_budget`]. The layer enforces it. Place it inside the
//! `LlmLayer` that counts and around everything that sends: `LlmLayer` → `TokenBudgetLayer` → `ClientLayer` →
//! client. Other requests pass. Without the layer, no call is refused, and the first call that is sent with
//! an exhausted budget is reported to OpenTelemetry's internal log.
//!
//! # What counts
//!
//! The input and output tokens of all calls beneath the scope, reported or estimated, cached ones in full:
//! [`Tokens::total`]. A call is refused if its scope, or any scope above, has used its limit or more.
//!
//! A call is counted when its answer has ended; if its tokens are estimated and the vocabulary is not loaded
//! yet, the end waits for that, for up to 0.1 s, once in a process. A call that started below the limit runs
//! to completion and is counted, so the total can exceed the limit by the tokens of the calls that were in
//! flight. If a hundred calls start at once below the limit, all of them are sent; limit the concurrency if
//! that is too much. A call whose long prompt is still being counted is in flight.
//!
//! # What the caller receives
//!
//! A response that no server sent: status 429, `x-should-retry: false`, and an error in the format of OpenAI
//! and Anthropic:
//!
//! ```json
//! {
//!   "type": "error",
//!   "error": {
//!     "type": "insufficient_quota",
//!     "code": "token_budget_exceeded",
//!     "message": "agent \"Planner\" has spent 10012 of its 10000 tokens; this call was not sent",
//!     "param": null
//!   }
//! }
//! ```
//!
//! The clients of OpenAI and Anthropic and async-openai treat it as final and do not retry. A retry that
//! looks only at the status, such as async-openai's `SimpleRetryPolicy`, makes its attempts, and none of them
//! is sent.
//!
//! # What is recorded
//!
//! | where | what |
//! |---|---|
//! | the span of the call | `error.type` = `token_budget_exceeded`, status `Error` with the message, `throughline.tokens.source` = `none`; no attempt beneath it |
//! | the span of a scope with a budget | `throughline.tokens.limit`, at the start |
//! | the spans of all scopes above the call | `throughline.tokens.refused`, the number of calls refused, at the end |
//! | `gen_ai.client.inference.duration` | the call, with its `error.type` |
//!
//! A refused call is counted in [`Tokens::refused`], not in [`Tokens::calls`] or an agent's
//! `gen_ai.invoke_agent.inference_calls`.
//!
//! [`Scope::with_token_budget`]: crate::scope::Scope::with_token_budget
//! [`Tokens::calls`]: crate::Tokens::calls
//! [`Tokens::refused`]: crate::Tokens::refused
//! [`Tokens::total`]: crate::Tokens::total

mod body;
mod layer;
mod refusal;

pub use self::body::BudgetBody;
pub use self::layer::{BudgetFuture, TokenBudgetLayer, TokenBudgetService};
pub use self::refusal::{TOKEN_BUDGET_EXCEEDED, warn_not_enforced};
