//! End-to-end tests: run the examples like a user, over real sockets.

#![expect(clippy::expect_used, clippy::panic, reason = "a test fails with a message")]

mod agents;
mod baggage;
mod existing_service;
mod features;
mod mcp;
mod orders;
mod quickstart;
mod redirects;
mod serve;
mod service;
mod worker;
