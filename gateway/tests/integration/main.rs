//! Runs the gateway between real sockets.

#![expect(clippy::expect_used, clippy::panic, reason = "a test fails with a message")]

mod attempts;
mod budgets;
mod conformance;
mod connections;
mod forwarding;
mod limits;
mod operations;
mod reload;
mod router;
mod routing;
mod secrets;
mod support;
mod tls;
