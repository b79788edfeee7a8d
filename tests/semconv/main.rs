//! Compares the registry of our own names with the sources, the recorded telemetry, and the docs.

#![expect(clippy::expect_used, clippy::panic, reason = "a test fails with a message")]

mod check;
mod docs;
mod recorded;
mod registry;
mod scenarios;
mod sources;
