//! Agents, tools and workflows: spans with the tokens of all model calls beneath them.
//!
//! A scope is a span and a ledger of tokens that is current while its work runs. Every model call that a
//! `LlmLayer` observes is added to all scopes above it, across tasks and concurrent branches, and carries the
//! name of the innermost agent.
//!
//! ```
//! use throughline_agents::{in_agent, in_tool, tokens, try_in_agent};
//!
//! # async fn plan() -> Result<String, std::io::Error> { Ok(String::new()) }
//! # async fn work() {
//! let plan = try_in_agent("Planner", async {
//!     let plan = plan().await?;
//!     in_tool("execute_plan", async { /* … */ }).await;
//!     println!("{} tokens so far", tokens().total());
//!     Ok::<_, std::io::Error>(plan)
//! })
//! .await;
//! # }
//! ```
//!
//! # Tasks and threads
//!
//! A spawned task has no context, and so no scope, unless you carry it there. A future that is
//! [run](Scope::run) in a scope of its own carries the context in which it was made.
//!
//! ```
//! use throughline_agents::{agent, in_agent};
//! use throughline_tracing_layer::span::InContextExt;
//!
//! # async fn ask_model() {}
//! # async fn run() -> Result<(), tokio::task::JoinError> {
//! in_agent("Planner", async {
//!     let critic = tokio::spawn(agent("Critic").run(ask_model())); // beneath the planner
//!     let draft = tokio::spawn(ask_model().in_current_context()); // the planner's own
//!     critic.await?;
//!     draft.await
//! })
//! .await
//! # }
//! ```
//!
//! `spawn_in_context` and `spawn_blocking_in_context` of [`span`](throughline_tracing_layer::span) do that
//! for Tokio. For work that is not one future, such as the job of a worker, [`Scope::start`] returns a value
//! that can be sent along.
//!
//! # Streams
//!
//! A scope that runs a future ends with the future. If an answer streams, the future ends with the head of
//! the response or with the value of the stream, and the work goes on. [`Scope::run_response`] ends with the
//! body of the response, [`Scope::run_stream`] with the stream and [`Scope::run_body`] with the body; the
//! scope is current whenever they are polled.
//!
//! # What is recorded
//!
//! | span | kind | attributes |
//! |---|---|---|
//! | `invoke_agent {name}` | internal | `gen_ai.operation.name`, `gen_ai.agent.name`, `gen_ai.conversation.id` if set |
//! | `execute_tool {name}` | internal | `gen_ai.operation.name`, `gen_ai.tool.name`, `gen_ai.agent.name` of the agent around it, `gen_ai.conversation.id` if set; `gen_ai.tool.type`, `.description` and `.call.id` if [set](Scope::with_type) |
//! | `invoke_workflow {name}` | internal | `gen_ai.operation.name`, `gen_ai.workflow.name` |
//!
//! And, at their end, the totals of the model calls beneath them:
//!
//! <!-- semconv attributes.throughline.scope -->
//! | attribute | type | condition | description |
//! |---|---|---|---|
//! | `throughline.cost` | double | If greater than 0. | The cost of a model call or of the model calls in a scope, in the currency of the configured prices. On a scope, the sum of the calls whose cost is known. |
//! | `throughline.tokens.cache_read` | int | If greater than 0. | Input tokens that providers read from their caches, in all model calls of a scope. |
//! | `throughline.tokens.calls` | int | If greater than 0. | The number of model calls in a scope. |
//! | `throughline.tokens.estimated` | int | If greater than 0. | The number of estimated tokens in a scope. |
//! | `throughline.tokens.input` | int | If the count of at least one model call is known. | Input tokens that no provider reported, or that the caller of a proxy reports. On a scope, the sum of its model calls. |
//! | `throughline.tokens.limit` | int | If the scope has a token budget. Set at the start. | The token budget of a scope. |
//! | `throughline.tokens.output` | int | If the count of at least one model call is known. | Output tokens that no provider reported, or that the caller of a proxy reports. On a scope, the sum of its model calls. |
//! | `throughline.tokens.reasoning` | int | If greater than 0. | Output tokens used for reasoning, in all model calls of a scope. |
//! | `throughline.tokens.refused` | int | If greater than 0. | The number of model calls in a scope that a token budget rejected. |
//! | `throughline.tokens.unknown` | int | If greater than 0. | The number of model calls in a scope with unknown or incomplete token counts. The totals of the scope cover the other calls. |
//! <!-- endsemconv -->
//!
//! The totals cover the calls whose tokens are known; a total of unknown tokens is omitted. For
//! `throughline.tokens.limit` and `throughline.tokens.refused` see [`Scope::with_token_budget`].
//!
//! The span of an agent also ends with attributes of the conventions:
//!
//! | attribute | when | what |
//! |---|---|---|
//! | `gen_ai.usage.input_tokens`, `gen_ai.usage.output_tokens` | if providers reported all numbers | the totals; the conventions do not allow estimates |
//! | `gen_ai.usage.cache_read.input_tokens`, `gen_ai.usage.cache_write.input_tokens` | like those, if greater than 0 | the part of the input that providers read from caches or wrote to them; the newest conventions have them on model calls only |
//! | `gen_ai.response.finish_reasons` | if the agent made an inference call | the reasons of the last one; calls of agents beneath it do not count |
//!
//! If content is [captured](crate::content), the span of a tool has `gen_ai.tool.call.arguments`
//! ([`Scope::with_arguments`]) and `gen_ai.tool.call.result` ([`record_result`]).
//!
//! Metrics, also of scopes whose span is not recorded:
//!
//! | metric | unit | attributes |
//! |---|---|---|
//! | `gen_ai.invoke_agent.duration` | s | `gen_ai.agent.name`; `error.type` on failure |
//! | `gen_ai.invoke_agent.inference_calls` | `{inference_call}` | `gen_ai.agent.name` |
//! | `gen_ai.invoke_agent.tool_calls` | `{tool_call}` | `gen_ai.agent.name` |
//! | `gen_ai.execute_tool.duration` | s | `gen_ai.tool.name`, `gen_ai.tool.type`, `gen_ai.agent.name` of the agent around it; `error.type` on failure |
//! | `gen_ai.invoke_workflow.duration` | s | `gen_ai.workflow.name`; `error.type` on failure |
//!
//! To bound cardinality, metrics distinguish the first 300 names of each kind and the first 16 types of
//! tools; further ones are `_OTHER`. A name has at most 1 KiB on a span, and 128 bytes as a label and in a
//! span's name.
//!
//! The numbers of calls are those of one invocation of the agent, 0 included. Calls in its tools and
//! workflows are its own; calls of another agent beneath it are not. Failed calls count, embeddings do not.
//! Tools called through [`mcp`](crate::mcp) count.
//!
//! A call is counted when its answer has ended. Tokens of an answer that ends after the scope are not on the
//! scope's span. If the long prompt of a call is still being counted, the span waits for it and ends with the
//! time at which the scope ended.
//!
//! # Services
//!
//! [`Scope::layer`] puts a scope around each request of a tower service. [`Scope::http_layer`] puts one
//! around each exchange of an HTTP service, until the response body has ended. [`request`] is a scope without
//! a span: inside a server layer, `request().http_layer()` records the tokens of each request on its server
//! span.
//!
//! # Across services
//!
//! If you enable it, the names travel as OpenTelemetry baggage:
//!
//! | side | what allows it |
//! |---|---|
//! | the caller | a scope with [`Scope::with_names_to_baggage`], and a client layer with an [`Outgoing`] that names the host |
//! | the callee | a server layer whose [`Trust`] believes the caller, and `LlmLayer::with_names_from_baggage`, or a scope around the calls, such as a [`request()`], with [`Scope::with_names_from_baggage`] |
//!
//! If both a scope of the callee and the baggage have a name, the scope's wins. Tokens do not travel: a
//! ledger belongs to one process.
//!
//! # Errors
//!
//! [`in_agent`], [`in_tool`] and [`in_workflow`] ignore the output of the future. [`try_in_agent`],
//! [`try_in_tool`] and [`try_in_workflow`] take a future of a [`Result`]. On an `Err`, the span has the
//! status `Error` with the error's message, and `error.type` is the error's
//! [class](throughline_tracing_layer::error_type): the kind of an [`std::io::Error`] or `reqwest::Error`
//! among its sources, such as `timeout`, else the name of its type, else `_OTHER` (for a boxed string). If
//! the future is dropped before it is ready, `error.type` is `cancelled`; if it panics, `panic`.
//!
//! [`Outgoing`]: throughline_propagation::Outgoing
//! [`Trust`]: throughline_propagation::Trust

mod close;
mod exhausted;
mod failure;
mod graph_run;
mod handle;
mod http;
mod identity;
mod in_scope;
mod instruments;
mod label_budget;
mod layer;
mod ledger;
mod names;
mod run;
mod running;
mod setup;
mod start;
mod tokens;

use std::borrow::Cow;
use std::fmt;
use std::future::Future;

pub use self::exhausted::ExhaustedBudget;
pub(crate) use self::failure::Failure;
pub use self::handle::{OpenCall, ScopeHandle, record_result, tokens};
pub use self::http::{HttpScopeLayer, HttpScopedService, ScopedExchange};
pub(crate) use self::identity::ScopeKind;
pub use self::in_scope::InScope;
pub use self::layer::{ScopeFor, ScopeLayer, ScopedService};
pub use self::names::ScopeNames;
pub use self::running::RunningScope;
pub use self::setup::Scope;
pub use self::tokens::Tokens;

/// An agent of this name: a span `invoke_agent {name}`.
pub fn agent(name: impl Into<Cow<'static, str>>) -> Scope {
    Scope::new(ScopeKind::Agent, name.into())
}

/// A tool of this name: a span `execute_tool {name}`.
pub fn tool(name: impl Into<Cow<'static, str>>) -> Scope {
    Scope::new(ScopeKind::Tool, name.into())
}

/// A workflow of this name: a span `invoke_workflow {name}`.
pub fn workflow(name: impl Into<Cow<'static, str>>) -> Scope {
    Scope::new(ScopeKind::Workflow, name.into())
}

/// A request: a scope without a span, which writes its totals on the current span.
///
/// ```
/// use throughline_agents::scope::request;
/// # use tower::{Layer, service_fn};
/// # let service = service_fn(|_: http::Request<String>| async { Ok::<_, std::io::Error>(http::Response::new(String::new())) });
/// // Inside of a `ServerLayer`: each server span has the tokens of its request.
/// let service = request().http_layer().layer(service);
/// ```
///
/// Attributes and conversation are recorded on that span when the scope starts. The scope does not set the
/// span's status or end the span, and its end does not wait for calls that are still being counted.
pub fn request() -> Scope {
    Scope::new(ScopeKind::Request, Cow::Borrowed("request"))
}

/// Runs a future as an agent of this name.
pub fn in_agent<F: Future>(name: impl Into<Cow<'static, str>>, future: F) -> InScope<F, F::Output> {
    agent(name).run(future)
}

/// Runs a future as a tool of this name.
pub fn in_tool<F: Future>(name: impl Into<Cow<'static, str>>, future: F) -> InScope<F, F::Output> {
    tool(name).run(future)
}

/// Runs a future as a workflow of this name.
pub fn in_workflow<F: Future>(name: impl Into<Cow<'static, str>>, future: F) -> InScope<F, F::Output> {
    workflow(name).run(future)
}

/// Runs a future as an agent of this name; an `Err` marks the span as failed.
pub fn try_in_agent<F, T, E>(name: impl Into<Cow<'static, str>>, future: F) -> InScope<F, F::Output>
where
    F: Future<Output = Result<T, E>>,
    E: fmt::Display + 'static,
{
    agent(name).try_run(future)
}

/// Runs a future as a tool of this name; an `Err` marks the span as failed.
pub fn try_in_tool<F, T, E>(name: impl Into<Cow<'static, str>>, future: F) -> InScope<F, F::Output>
where
    F: Future<Output = Result<T, E>>,
    E: fmt::Display + 'static,
{
    tool(name).try_run(future)
}

/// Runs a future as a workflow of this name; an `Err` marks the span as failed.
pub fn try_in_workflow<F, T, E>(name: impl Into<Cow<'static, str>>, future: F) -> InScope<F, F::Output>
where
    F: Future<Output = Result<T, E>>,
    E: fmt::Display + 'static,
{
    workflow(name).try_run(future)
}
