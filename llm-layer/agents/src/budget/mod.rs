//! Budgets of tokens: a scope that has spent its own calls no more models.
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
//! The limit is the scope's: [`Scope::with_token_budget`]. The layer keeps it, and goes beneath the `LlmLayer` that
//! counts, with all that sends inside: `LlmLayer` → `TokenBudgetLayer` → `ClientLayer` → client. What is no model call
//! passes. Where it is forgotten, or stands elsewhere, nothing is refused; the first call that is sent with its budget
//! spent is told to OpenTelemetry's internal log.
//!
//! # What counts
//!
//! Input and output tokens of all calls beneath the scope, reported or estimated, cached ones in full: what
//! [`Tokens::total`] says. A call is refused if the scope that makes it, or any above, has spent its limit or more.
//!
//! A call counts when its answer has ended. So one that began before the limit was reached is let finish, and is counted:
//! the total passes the limit by what that last call and those in flight beside it spend, never by a call that began
//! later. Of a hundred calls that begin at once below the limit, all are sent: where that is too much, bound how many
//! do. One whose long prompt is still being counted is in flight.
//!
//! # What the caller gets
//!
//! A response that no server sent: status 429, `x-should-retry: false`, and an error as OpenAI and Anthropic write it:
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
//! The clients of OpenAI and Anthropic, and async-openai's, take it for final and do not retry. A retry that looks at
//! nothing but the status, such as async-openai's `SimpleRetryPolicy`, tries its few times and sends nothing.
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
//! A refused call is none of [`Tokens::calls`], nor of an agent's `gen_ai.invoke_agent.inference_calls`: it is one of
//! [`Tokens::refused`].
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
use self::refusal::Refusal;
pub use self::refusal::{CODE, Refusable, warn_not_enforced};
