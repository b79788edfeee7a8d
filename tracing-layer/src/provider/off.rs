//! Whether anything receives what a layer records.

use super::lookups::{Receiver, millis};
use super::{LazyInstruments, LazyTracer};

/// Returns whether neither spans nor measurements are recorded. Then a layer need not observe anything. Pass
/// `None` for what it does not record.
///
/// This is known from the spans and measurements before. When it is time to look for a global provider again,
/// this looks for it.
#[must_use]
pub fn is_off<I: Send + Sync + 'static>(
    tracer: Option<&LazyTracer>,
    instruments: Option<&LazyInstruments<I>>,
) -> bool {
    let receivers = [
        tracer.map_or(Receiver::None, LazyTracer::receiver),
        instruments.map_or(Receiver::None, LazyInstruments::receiver),
    ];
    let lookups = match receivers {
        [Receiver::Present, _] | [_, Receiver::Present] => return false,
        receivers => receivers.map(|receiver| match receiver {
            Receiver::Missing(lookups) => Some(lookups),
            _ => None,
        }),
    };
    let mut lookups = lookups.into_iter().flatten().peekable();
    if lookups.peek().is_none() {
        return true;
    }
    let now = millis();
    if !lookups.any(|lookups| lookups.is_eager() || lookups.is_due_at(now)) {
        return true;
    }
    // An exchange that is observed only to find out costs much more, and finds out when it ends. Until then,
    // all exchanges that begin would be observed, which in a program with calls of a second is every one.
    let has_tracer = tracer.is_some_and(LazyTracer::look_up);
    let has_instruments = instruments.is_some_and(LazyInstruments::is_found);
    !has_tracer && !has_instruments
}
