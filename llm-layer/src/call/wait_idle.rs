//! Waiting for calls that are recorded after they ended.

use std::sync::Once;
use std::time::Duration;

use throughline_tokens::background;
use throughline_tracing_layer::pending;

/// Waits up to `within` for all finished calls to be recorded. Returns whether they were.
///
/// A call is recorded after it ends if the provider reported no usage and the prompt is longer than 32 KiB,
/// the answer is longer than 16 KiB or the vocabulary is not loaded yet; also if content is captured and the
/// prompt is longer than 32 KiB. Call this before you shut down your own providers. `throughline-telemetry`
/// waits by itself.
#[expect(clippy::must_use_candidate, reason = "it is called to wait")]
pub fn wait_idle(within: Duration) -> bool {
    background::wait_idle(within)
}

/// Lets a shutdown of telemetry wait for these calls.
pub(crate) fn register() {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| pending::register_with_fallback(background::wait_idle, background::hurry));
}
