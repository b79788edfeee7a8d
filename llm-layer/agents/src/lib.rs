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
//!     let found = in_tool("search", search()).await;
//!     println!("{} results for {} tokens", found.len(), tokens().total());
//! })
//! .await;
//! # }
//! ```
//!
//! | module | for |
//! |---|---|
//! | [`scope`] | agents, tools, workflows and requests: spans, metrics, names and the tokens of the model calls beneath |
//! | [`budget`] | a scope whose tokens are used up makes no more model calls |
//! | [`mod@graph`] | runs of a graph, step by step |
//! | [`mcp`] | exchanges of the Model Context Protocol |
//! | [`model_call`] | for libraries that observe model calls themselves |
//!
//! `LlmLayer` of `throughline-llm-layer` adds each model call to the ledgers above it. A program that calls models through a
//! client of its own adds a [`CallUsage`] with [`ScopeHandle::add`](scope::ScopeHandle::add).
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
pub mod graph;
pub mod mcp;
pub mod model_call;
pub mod scope;
mod semconv;
mod usage;

use opentelemetry::InstrumentationScope;

pub use self::budget::{TokenBudgetLayer, TokenBudgetService};
pub use self::graph::{graph, node};
pub use self::model_call::in_model_call;
pub use self::scope::{
    Tokens, agent, in_agent, in_tool, in_workflow, tokens, tool, try_in_agent, try_in_tool, try_in_workflow,
    workflow,
};
pub use self::usage::{CallUsage, TokenSource};

/// The instrumentation scope of everything that this crate records.
fn scope_of_instrumentation() -> InstrumentationScope {
    InstrumentationScope::builder(env!("CARGO_PKG_NAME"))
        .with_version(env!("CARGO_PKG_VERSION"))
        .with_schema_url(semconv::SCHEMA_URL)
        .build()
}

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
