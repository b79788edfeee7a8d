//! End to end: the examples as their users run them, over real sockets.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says why"
)]

mod agents;
mod baggage;
mod existing_service;
mod features;
mod mcp;
mod orders;
mod proxy;
mod quickstart;
mod redirects;
mod serve;
mod worker;
