//! The viewer: its store, its API, its receiver, with ordinary and with hostile telemetry.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test's helpers may fail the test"
)]

mod access;
mod api;
mod bounds;
mod events;
mod file;
mod hostile;
mod json;
mod receiver;
mod server;
mod support;
