//! The registry of our own names, beside what the sources hold, what a run records, and what the docs say.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says why"
)]

mod check;
mod docs;
mod recorded;
mod registry;
mod scenarios;
mod sources;
