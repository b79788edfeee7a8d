//! Documents that come again.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::Ordering;

use super::{Channel, Reply};

impl Reply {
    /// Where the text went that came last, if the answer need not be kept.
    pub(in crate::wire) fn place(&self) -> Option<usize> {
        self.place.filter(|_| self.answer.is_none())
    }

    /// A piece of the text at a place.
    pub(in crate::wire) fn text_at(&mut self, place: usize, piece: &str) {
        self.place = Some(place);
        let channel = self.spoken.again(place, piece);
        if let Some(content) = self
            .content
            .as_mut()
            .filter(|_| channel == Some(Channel::Content))
        {
            content.push(piece);
        }
    }

    /// Whether all that a format can see or change, texts apart, is as it was when this was asked before.
    pub(in crate::wire) fn is_settled(&mut self) -> bool {
        let digest = self.digest();
        std::mem::replace(&mut self.settled, digest) == digest
    }

    fn digest(&self) -> u64 {
        let Self {
            id,
            model,
            usage,
            has_error,
            error_code,
            error_class,
            attributes,
            done,
            has_text,
            finishes,
            event,
            kept,
            alternatives: _,
            panicked,
            indices,
            pending,
            begun,
            documents: _,
            spoken: _,
            place: _,
            settled: _,
            answer: _,
            content: _,
        } = self;
        let mut hasher = DefaultHasher::new();
        (id, model, usage, has_error, error_code, error_class).hash(&mut hasher);
        (attributes, done, has_text, finishes, event, kept).hash(&mut hasher);
        (panicked.load(Ordering::Relaxed), indices, pending, begun).hash(&mut hasher);
        hasher.finish()
    }
}
