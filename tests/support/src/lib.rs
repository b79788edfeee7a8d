//! Helpers that the tests of this workspace share: a recorder of spans and metrics, scripted bodies, a
//! collector.

#![cfg_attr(
    feature = "end-to-end",
    expect(clippy::expect_used, clippy::panic, reason = "a test fails with a panic")
)]
#![cfg_attr(
    feature = "vacant",
    expect(clippy::unwrap_used, reason = "a test fails with a panic")
)]

mod body;
#[cfg(feature = "end-to-end")]
mod collector;
pub mod noting;
#[cfg(feature = "end-to-end")]
pub mod process;
mod recorder;
#[cfg(feature = "end-to-end")]
mod server;
pub mod tree;
#[cfg(feature = "vacant")]
mod vacant;

pub use body::{Script, ScriptedBody, ScriptedError};
#[cfg(feature = "end-to-end")]
pub use collector::{Collector, VARYING, hex};
pub use opentelemetry_sdk::trace::SpanData;
pub use recorder::Recorder;
#[cfg(feature = "end-to-end")]
pub use server::serve;
#[cfg(feature = "vacant")]
pub use vacant::Vacant;
