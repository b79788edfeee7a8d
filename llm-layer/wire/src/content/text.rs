//! A text of a request, or its beginning and what is known of the whole.

use serde_json::Value;

use super::digest::Digest;
use crate::cut;

/// A text, or its beginning.
#[derive(Debug, Clone, Default)]
pub(super) struct Text {
    text: String,
    /// What is known of the whole, if only its beginning is here.
    whole: Option<Box<Whole>>,
}

/// The whole of a text whose beginning is kept.
#[derive(Debug, Clone, Copy)]
struct Whole {
    digest: Digest,
    /// The digest of the text after the first comma: the data of a `data:` URL.
    behind_comma: Option<Digest>,
}

impl Text {
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the length and the digest of the whole text, or of the text after its first comma.
    pub(super) fn digest(&self, behind_comma: bool) -> Digest {
        match (&self.whole, behind_comma) {
            (Some(whole), false) => whole.digest,
            (Some(whole), true) => whole.behind_comma.unwrap_or_default(),
            (None, false) => Digest::from_text(&self.text),
            (None, true) => self.behind_comma().unwrap_or_default(),
        }
    }

    fn behind_comma(&self) -> Option<Digest> {
        self.text.split_once(',').map(|(_, data)| Digest::from_text(data))
    }

    /// Whether only its beginning is here.
    pub(super) fn is_cut(&self) -> bool {
        self.whole.is_some()
    }

    pub(super) fn to_value(&self) -> Value {
        match self.whole {
            Some(_) => Value::String([&self.text, "…"].concat()),
            None => Value::String(self.text.clone()),
        }
    }

    /// Appends a piece, of which only so much is kept that the text has at most `limit` bytes.
    pub(super) fn push(&mut self, piece: &str, limit: usize) {
        if self.whole.is_none() {
            let fitting = cut::at_char_boundary(piece, limit.saturating_sub(self.text.len()));
            if fitting.len() == piece.len() {
                self.text.push_str(piece);
                return;
            }
            self.whole = Some(Box::new(self.whole()));
            self.text.push_str(fitting);
        }
        if let Some(whole) = &mut self.whole {
            whole.digest.push(piece);
            match &mut whole.behind_comma {
                Some(digest) => digest.push(piece),
                None => whole.behind_comma = piece.split_once(',').map(|(_, data)| Digest::from_text(data)),
            }
        }
    }

    fn whole(&self) -> Whole {
        Whole {
            digest: Digest::from_text(&self.text),
            behind_comma: self.behind_comma(),
        }
    }

    pub(super) fn cut(&mut self, limit: usize) {
        if self.text.len() <= limit {
            return;
        }
        if self.whole.is_none() {
            self.whole = Some(Box::new(self.whole()));
        }
        let length = cut::at_char_boundary(&self.text, limit).len();
        self.text.truncate(length);
        self.text.shrink_to_fit();
    }
}
