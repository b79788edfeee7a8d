//! Names disabled features to users who need them.

use throughline_llm_wire::Unseen;
use throughline_tracing_layer::notice;

/// Adds a notice for `diagnose()`, if a body was not read because the feature `encodings` is disabled.
pub(super) fn note_unseen(unseen: Option<Unseen>) {
    if unseen == Some(Unseen::EncodingsDisabled) {
        notice::add(NO_ENCODINGS);
    }
}

/// Adds a notice for `diagnose()`: tokens were not counted because the feature `tiktoken` is disabled.
pub(super) fn note_uncounted() {
    notice::add(NO_TOKENIZER);
}

const NO_ENCODINGS: &str = "bodies of model calls have a content encoding, so tokens or parameters are unknown: enable the \
    feature `encodings`";
pub(super) const NO_TOKENIZER: &str = "providers reported no usage for some model calls, so tokens are unknown: enable the feature \
    `tiktoken`, which estimates them, or set a counter with `LlmLayer::with_token_counter`";
