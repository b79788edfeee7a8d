//! Streams in which each text repeats the text before it.
//!
//! `{"text":"It"}`, `{"text":"It was"}`, `{"text":"It was late."}`: the whole text so far comes again and
//! again. Most APIs that can do this have a parameter for it, but the default depends on the model. So the
//! answer shows it: if each text begins with all that came before at its place, only the rest of it is new.
//! Once a text does not, the stream is not cumulative, and all further texts are new.

use super::cursor::TextPlace;
use crate::cut;

/// Finds what is new in each text.
#[derive(Debug, Default, Hash)]
pub(crate) struct CumulativeText {
    by_place: Vec<TextSoFar>,
    is_refuted: bool,
}

/// The text so far at a place.
#[derive(Debug, Hash)]
struct TextSoFar {
    place: TextPlace,
    /// Its beginning, which is compared.
    beginning: String,
    length: usize,
    /// How much was read of the text that repeats it.
    read: usize,
}

impl CumulativeText {
    /// The most bytes that are compared.
    const MAX_COMPARED_BYTES: usize = 256;
    /// The most places; texts at further ones are taken as new.
    const MAX_PLACES: usize = 64;

    /// Reads a piece of a text. Returns what is new: what was taken for a repetition and is none, and the new
    /// part of the piece.
    pub(crate) fn read<'a>(&mut self, place: TextPlace, piece: &'a str) -> (Option<String>, &'a str) {
        let Some(text) = self.text_at(place) else {
            return (None, piece);
        };
        let ahead = text.beginning.as_bytes().get(text.read..).unwrap_or_default();
        if ahead.iter().zip(piece.as_bytes()).any(|(old, new)| old != new) {
            let taken = text.taken();
            self.is_refuted = true;
            return (taken, piece);
        }
        let repeated = text.length.saturating_sub(text.read).min(piece.len());
        let new = piece.get(repeated..).unwrap_or_default();
        text.read += repeated;
        if text.beginning.len() == text.read {
            let room = Self::MAX_COMPARED_BYTES.saturating_sub(text.read);
            text.beginning.push_str(cut::at_char_boundary(new, room));
        }
        text.read += new.len();
        (None, new)
    }

    /// Ends the text at this place. Returns what was taken for a repetition, if the text turns out to be none.
    pub(crate) fn end(&mut self, place: TextPlace) -> Option<String> {
        let text = self.text_at(place)?;
        if text.read > 0 && text.read < text.length.min(text.beginning.len()) {
            let taken = text.taken();
            self.is_refuted = true;
            return taken;
        }
        text.length = text.length.max(text.read);
        text.read = 0;
        None
    }

    fn text_at(&mut self, place: TextPlace) -> Option<&mut TextSoFar> {
        if self.is_refuted {
            return None;
        }
        let at = self.by_place.iter().position(|text| text.place == place);
        if at.is_none() && self.by_place.len() < Self::MAX_PLACES {
            self.by_place.push(TextSoFar::new(place));
        }
        match at {
            Some(at) => self.by_place.get_mut(at),
            None => self.by_place.last_mut().filter(|text| text.place == place),
        }
    }
}

impl TextSoFar {
    fn new(place: TextPlace) -> Self {
        Self {
            place,
            beginning: String::new(),
            length: 0,
            read: 0,
        }
    }

    /// What was read of the current text as a repetition.
    fn taken(&self) -> Option<String> {
        self.beginning.get(..self.read).map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::{CumulativeText, TextPlace};
    use crate::reply::Channel;

    /// Reads events whose pieces of text are separated by `|`.
    fn read(events: &[&str]) -> String {
        let place = TextPlace {
            choice: 0,
            channel: Channel::Content,
        };
        let mut cumulative = CumulativeText::default();
        let mut new = String::new();
        for text in events {
            for piece in text.split('|') {
                let (taken, rest) = cumulative.read(place, piece);
                new.extend(taken.as_deref().into_iter().chain([rest]));
            }
            new.extend(cumulative.end(place));
        }
        new
    }

    #[test]
    fn only_what_is_new_counts() {
        let long = "x".repeat(1000);
        let longer = format!("{long}yz");
        let cases: [(&[&str], &str); 9] = [
            (&["It", "It was", "It was late."], "It was late."),
            (&["I|t", "I|t w|as", "It| was la|te."], "It was late."),
            (&["It", "It", "It was", "It was"], "It was"),
            (&["It", "", "It was"], "It was"),
            (&["日", "日本", "日|本語"], "日本語"),
            (&["It", " was", " late.", " It"], "It was late. It"),
            (&["It was", "It", " late."], "It wasIt late."),
            (&["It was", "It w|ill", "It was"], "It wasIt willIt was"),
            (&[&long, &longer, &longer], &longer),
        ];
        for (events, expected) in cases {
            assert_eq!(read(events), expected, "{events:?}");
        }
    }
}
