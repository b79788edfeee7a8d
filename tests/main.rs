//! End to end: the examples as their users run them, over real sockets.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says why"
)]

mod agents;
mod existing_service;
mod orders;
mod proxy;
mod quickstart;
mod worker;

/// An id as headers and logs show it.
fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}
