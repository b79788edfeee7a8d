//! Real peers: `rotel`, a collector, and `SmolLM2` by llama.cpp, a model.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on panics"
)]

mod model;
mod peer;
mod rotel;
