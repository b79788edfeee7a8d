//! The layer from outside: whole exchanges in, whole span trees out.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests are tests"
)]

mod allocations;
mod amplification;
mod attempts;
mod baggage;
mod batches;
mod bound;
mod budgets;
mod budgets_estimates;
mod call_attributes;
mod complaints;
mod content;
mod conventions;
mod costs;
mod counters;
#[cfg(feature = "tokio")]
mod drain;
#[cfg(feature = "tokio")]
mod drain_heads;
mod endings;
mod evaluations;
mod events;
mod exchanges;
mod floods;
mod golden;
mod hooks;
mod hostile;
mod include_usage;
mod limits;
mod long_requests;
mod mangled;
mod options;
mod prompt_size;
mod providers;
mod requests;
#[cfg(feature = "reqwest")]
mod reqwest_client;
mod roles;
mod scopes;
mod scopes_branches;
mod scopes_layers;
mod scopes_metrics;
mod scopes_streams;
mod scopes_usage;
mod secrets;
mod streams;
mod support;
mod tools;
#[cfg(feature = "encodings")]
mod unread_requests;
mod usage_hook;
#[cfg(all(feature = "axum-ws", feature = "tungstenite"))]
mod websocket;
