//! Real peers: `rotel`, a collector, Prometheus, `SmolLM2` by llama.cpp, a model, aimock, a mock of all
//! providers, the SDKs that people call models with, and Chromium.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on panics"
)]

mod aimock;
mod browser;
mod clients;
mod gateway;
mod model;
mod peer;
#[cfg(feature = "phoenix")]
mod phoenix;
mod prometheus;
mod rotel;
mod sdks;
mod service;
mod signals;
mod tap;
