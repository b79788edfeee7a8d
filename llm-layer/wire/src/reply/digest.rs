//! Whether a document changed anything that a format can see.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::Ordering;

use super::Reply;

impl Reply {
    /// Returns whether everything that a format can see or change, apart from texts, is as it was at the last
    /// call.
    pub(crate) fn is_unchanged(&mut self) -> bool {
        let digest = self.digest();
        std::mem::replace(&mut self.last_digest, digest) == digest
    }

    fn digest(&self) -> u64 {
        // Every field is named, so that a new one is not forgotten.
        let Self {
            ids,
            model,
            usage,
            other_usage,
            error,
            details,
            flags,
            finish_reasons,
            cursor,
            cumulative,
            has_panicked,
            last_digest: _,
        } = self;
        let mut hasher = DefaultHasher::new();
        (ids, model, usage, other_usage, error, details).hash(&mut hasher);
        (flags, finish_reasons, has_panicked.load(Ordering::Relaxed)).hash(&mut hasher);
        (
            &cursor.event,
            &cursor.stashed,
            cursor.is_error,
            &cursor.code,
            &cursor.indices,
            &cursor.finishes,
            cursor.text.last,
            cumulative,
        )
            .hash(&mut hasher);
        hasher.finish()
    }
}
