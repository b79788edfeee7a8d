//! Helpers that the tests of this workspace share: a recorder of spans and metrics, a check against
//! conventions, golden cases, scripted bodies, a collector.

#![cfg_attr(
    feature = "end-to-end",
    expect(clippy::expect_used, reason = "a test fails with a panic")
)]
#![expect(clippy::panic, reason = "a test fails with a panic")]
#![cfg_attr(
    any(feature = "golden", feature = "vacant"),
    expect(clippy::unwrap_used, reason = "a test fails with a panic")
)]

mod block_on;
mod body;
#[cfg(feature = "end-to-end")]
mod collector;
#[cfg(feature = "telemetry")]
pub mod conventions;
#[cfg(feature = "golden")]
pub mod golden;
#[cfg(feature = "telemetry")]
pub mod noting;
#[cfg(feature = "polling")]
mod polling;
#[cfg(feature = "end-to-end")]
pub mod process;
#[cfg(feature = "telemetry")]
mod recorder;
#[cfg(feature = "end-to-end")]
mod server;
pub mod tree;
#[cfg(feature = "vacant")]
mod vacant;

pub use block_on::block_on;
pub use body::{Script, ScriptedBody, ScriptedError};
#[cfg(feature = "end-to-end")]
pub use collector::{Collector, VARYING, hex};
#[cfg(feature = "telemetry")]
pub use opentelemetry_sdk::trace::SpanData;
#[cfg(feature = "polling")]
pub use polling::{TEST_TIMEOUT, poll_until};
#[cfg(feature = "telemetry")]
pub use recorder::{Recorder, attribute};
#[cfg(feature = "end-to-end")]
pub use server::serve;
#[cfg(feature = "vacant")]
pub use vacant::Vacant;
