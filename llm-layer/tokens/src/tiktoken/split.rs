//! Cuts a text into pieces as the regular expressions of OpenAI's encodings do, in linear time.
//!
//! `cl100k_base`:
//!
//! ```text
//! '(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+
//! | ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s
//! ```
//!
//! `o200k_base`, where `contraction` is `(?i:'s|'t|'re|'ve|'m|'ll|'d)`:
//!
//! ```text
//! [^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+contraction?
//! |[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*contraction?
//! |\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+
//! ```
//!
//! The first alternative that matches wins, and repetitions take what they can. Each alternative begins with
//! another class of characters, but for the one character that may come before a word or before punctuation.
//! So the first character and the class of the second one decide which alternative it is, and only its end is
//! left to find. Where an expression would go back (from the end of white space to the last newline, or from
//! the end of a word to the last letter without case), the place is noted on the way.

use std::str::Chars;

use super::classes::{ClassTable, Classes};

/// The regular expression of an encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pattern {
    Cl100k,
    O200k,
}

const LETTER: Classes = Classes::UPPER.or(Classes::LOWER).or(Classes::CASELESS);
/// Letters without case, which `o200k_base` takes as upper case and as lower case.
const ANY_CASE: Classes = Classes::CASELESS.or(Classes::MARK);
const WHITE_SPACE: Classes = Classes::NEWLINE.or(Classes::BLANK);
const PUNCTUATION: Classes = Classes::OTHER.or(Classes::MARK);

impl Pattern {
    /// The characters that begin a word, after the one character that may come before it.
    const fn word(self) -> Classes {
        match self {
            Self::Cl100k => LETTER,
            Self::O200k => LETTER.or(Classes::MARK),
        }
    }
}

/// The pieces of a text, from the first to the last.
#[derive(Debug)]
pub(super) struct Pieces<'t> {
    pattern: Pattern,
    rest: Cursor<'t>,
}

impl<'t> Pieces<'t> {
    pub(super) fn new(pattern: Pattern, text: &'t str) -> Self {
        let rest = Cursor {
            chars: text.chars(),
            table: ClassTable::shared(),
        };
        Self { pattern, rest }
    }
}

impl<'t> Iterator for Pieces<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        let text = self.rest.chars.as_str();
        let first = self.rest.chars.next()?;
        self.rest.skip_piece(self.pattern, first);
        let length = text.len() - self.rest.chars.as_str().len();
        text.get(..length)
    }
}

/// A place in a text.
#[derive(Debug, Clone)]
struct Cursor<'t> {
    chars: Chars<'t>,
    table: &'static ClassTable,
}

impl Cursor<'_> {
    /// Moves to the end of the piece that begins with `first`, which is just before the cursor.
    fn skip_piece(&mut self, pattern: Pattern, first: char) {
        let class = self.table.class(first);
        if class.is_in(pattern.word()) {
            return self.skip_word(pattern, class);
        }
        if class.is_in(Classes::NUMBER) {
            return (1..3).for_each(|_| self.skip_one(Classes::NUMBER));
        }
        if first == '\'' && pattern == Pattern::Cl100k && self.skip_contraction_letters() {
            return;
        }
        let next = self.peek();
        if next.is_in(pattern.word()) && !class.is_in(Classes::NEWLINE) {
            self.chars.next();
            self.skip_word(pattern, next);
        } else if class.is_in(PUNCTUATION) || first == ' ' && next.is_in(PUNCTUATION) {
            self.skip_punctuation(pattern);
        } else {
            self.skip_white_space(pattern, class);
        }
    }

    /// Skips the rest of a word whose first letter was skipped.
    fn skip_word(&mut self, pattern: Pattern, first: Classes) {
        match pattern {
            Pattern::Cl100k => self.skip_all(LETTER),
            Pattern::O200k => {
                self.skip_cased_word(first);
                let mut ahead = self.clone();
                if ahead.chars.next() == Some('\'') && ahead.skip_contraction_letters() {
                    *self = ahead;
                }
            }
        }
    }

    /// Skips the rest of upper case letters and the lower case letters after them. Without the latter, a word
    /// ends with its last letter without case, or is of upper case only.
    fn skip_cased_word(&mut self, first: Classes) {
        let mut class = first;
        let mut last_of_any_case = None;
        while class.is_in(Classes::UPPER.or(ANY_CASE)) {
            if class.is_in(ANY_CASE) {
                last_of_any_case = Some(self.chars.clone());
            }
            class = self.peek();
            if class.is_in(Classes::UPPER.or(ANY_CASE)) {
                self.chars.next();
            }
        }
        if class.is_in(Classes::LOWER) {
            self.skip_all(Classes::LOWER.or(ANY_CASE));
        } else if let Some(chars) = last_of_any_case {
            self.chars = chars;
        }
    }

    /// Skips the letters of a contraction, if some follow. `ſ` is a lower case of `S`.
    fn skip_contraction_letters(&mut self) -> bool {
        let mut ahead = self.chars.clone();
        let is_contraction = match ahead.next() {
            Some('s' | 'S' | 'ſ' | 't' | 'T' | 'm' | 'M' | 'd' | 'D') => true,
            Some('r' | 'R' | 'v' | 'V') => matches!(ahead.next(), Some('e' | 'E')),
            Some('l' | 'L') => matches!(ahead.next(), Some('l' | 'L')),
            _ => false,
        };
        if is_contraction {
            self.chars = ahead;
        }
        is_contraction
    }

    /// Skips punctuation and the line breaks after it.
    fn skip_punctuation(&mut self, pattern: Pattern) {
        self.skip_all(PUNCTUATION);
        self.skip_all(Classes::NEWLINE);
        while pattern == Pattern::O200k && self.chars.as_str().starts_with('/') {
            self.chars.next();
            self.skip_all(Classes::NEWLINE);
        }
    }

    /// Skips the rest of white space: up to its last newline, or to its end if that is the end of the text,
    /// or up to its last character, which then begins the next piece.
    fn skip_white_space(&mut self, pattern: Pattern, first: Classes) {
        let mut class = first;
        let mut after_newline = None;
        let mut before_last = None;
        loop {
            if class.is_in(Classes::NEWLINE) {
                after_newline = Some(self.chars.clone());
            }
            class = self.peek();
            if !class.is_in(WHITE_SPACE) {
                break;
            }
            before_last = Some(self.chars.clone());
            self.chars.next();
        }
        let is_end = class == Classes::END;
        let end = match pattern {
            Pattern::Cl100k if is_end => None,
            _ if after_newline.is_some() => after_newline,
            _ if is_end => None,
            _ => before_last,
        };
        if let Some(chars) = end {
            self.chars = chars;
        }
    }

    /// Returns the class of the next character.
    #[inline]
    fn peek(&self) -> Classes {
        let next = self.chars.clone().next();
        next.map_or(Classes::END, |next| self.table.class(next))
    }

    #[inline]
    fn skip_all(&mut self, classes: Classes) {
        let mut ahead = self.chars.clone();
        while ahead
            .next()
            .is_some_and(|next| self.table.class(next).is_in(classes))
        {
            self.chars = ahead.clone();
        }
    }

    #[inline]
    fn skip_one(&mut self, classes: Classes) {
        if self.peek().is_in(classes) {
            self.chars.next();
        }
    }
}
