//! Notices about the setup of a process, which a diagnosis lists.
//!
//! ```
//! use throughline_tracing_layer::notice;
//!
//! notice::add("responses are encoded, and the feature `encodings` is disabled");
//! assert!(notice::all().iter().any(|notice| notice.contains("encodings")));
//! ```

use std::sync::{Mutex, PoisonError};

static NOTICES: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

/// The maximum number of notices.
const MAX_NOTICES: usize = 32;

/// Adds a notice, unless it was added before.
///
/// Use it for what a user has to change, such as a feature to enable. `Telemetry::diagnose` lists it.
pub fn add(notice: &'static str) {
    let mut notices = NOTICES.lock().unwrap_or_else(PoisonError::into_inner);
    if notices.len() < MAX_NOTICES && !notices.contains(&notice) {
        notices.push(notice);
    }
}

/// Returns all notices, in the order in which they were added.
#[must_use]
pub fn all() -> Vec<&'static str> {
    NOTICES.lock().unwrap_or_else(PoisonError::into_inner).clone()
}
