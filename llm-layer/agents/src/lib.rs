//! Spans, token ledgers and budgets of agents, tools and workflows.
//!
//! ```
//! use throughline_agents::{in_agent, in_tool, tokens};
//!
//! # async fn plan() {}
//! # async fn search() -> Vec<String> { Vec::new() }
//! # async fn run() {
//! in_agent("Planner", async {
//!     plan().await; // model calls in here are in the agent's trace, and in its ledger
//!     let results = in_tool("search", search()).await;
//!     println!("{} results for {} tokens", results.len(), tokens().total());
//! })
//! .await;
//! # }
//! ```
//!
//! | module | for |
//! |---|---|
//! | [`scope`] | agents, tools, workflows and requests: spans, metrics, names and the tokens of the model calls beneath |
//! | [`budget`] | no more model calls in a scope whose tokens are used up |
//! | [`mod@graph`] | runs of a graph, step by step |
//! | [`content`] | the capture of what tools receive and return |
//! | [`evaluation`] | results of evaluations |
//! | [`mcp`] | exchanges of the Model Context Protocol |
//! | [`model_call`] | for libraries that observe model calls themselves |
//!
//! # Model calls of your own client
//!
//! `LlmLayer` of `throughline-llm-layer` adds each model call to the ledgers above it. If you call models
//! through a client that it does not observe, add the usage of each call to the ledger of the scope around
//! it:
//!
//! ```
//! use opentelemetry::Context;
//! use throughline_agents::scope::ScopeHandle;
//! use throughline_agents::{CallUsage, TokenSource};
//!
//! /// Call it in the scope of the model call, when its answer has ended.
//! fn add_to_ledgers(input_tokens: u64, output_tokens: u64) {
//!     let usage = CallUsage {
//!         input: Some((input_tokens, TokenSource::Reported)),
//!         output: Some((output_tokens, TokenSource::Reported)),
//!         is_inference: true,
//!         ..CallUsage::default()
//!     };
//!     if let Some(scope) = ScopeHandle::in_context(&Context::current()) {
//!         scope.add(&usage);
//!     }
//! }
//! # add_to_ledgers(12, 34);
//! ```
//!
//! This crate is a part of [Throughline](https://docs.rs/throughline).
//!
//! # Features
//!
//! | feature | adds |
//! |---|---|
//! | `internal-logs` (default) | a warning in OpenTelemetry's internal log when a model call is sent although its budget is exhausted |
//! | `reqwest` | [`TokenBudgetLayer`] over `reqwest::Client` |

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod budget;
pub mod content;
mod convention;
pub mod evaluation;
pub mod graph;
pub mod mcp;
pub mod model_call;
pub mod scope;
mod semconv;
mod usage;

pub use self::budget::{TokenBudgetLayer, TokenBudgetService};
pub use self::convention::Convention;
pub use self::graph::{graph, node};
pub use self::model_call::in_model_call;
pub use self::scope::{
    Tokens, agent, in_agent, in_tool, in_workflow, record_result, tokens, tool, try_in_agent, try_in_tool,
    try_in_workflow, workflow,
};
pub use self::usage::{CallUsage, TokenSource};

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
