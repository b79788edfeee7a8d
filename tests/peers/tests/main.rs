//! Real peers: `rotel`, a collector, Prometheus, and `SmolLM2` by llama.cpp, a model.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on panics"
)]

mod model;
mod peer;
mod prometheus;
mod rotel;
mod service;
mod signals;
