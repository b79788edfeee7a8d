//! Scopes, graphs and MCP from outside, without a layer that observes model calls.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests are tests"
)]

mod graph;
mod mcp;
mod scopes;
