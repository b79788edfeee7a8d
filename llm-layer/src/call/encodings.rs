//! Names the feature `encodings` to users who need it.

use throughline_llm_wire::Unseen;
use throughline_tracing_layer::notice;

/// Adds a notice for `diagnose()`, if a body was not read because the feature is disabled.
pub(super) fn note_disabled(unseen: Option<Unseen>) {
    if unseen == Some(Unseen::EncodingsDisabled) {
        notice::add(DISABLED);
    }
}

const DISABLED: &str = "bodies of model calls have a content encoding, so tokens or parameters are unknown: enable the \
    feature `encodings`";
