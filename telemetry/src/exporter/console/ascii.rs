//! Replaces all characters of a finished page by ASCII ones of the same width.

use unicode_width::UnicodeWidthChar;

/// Returns the page in ASCII. Characters of names become `?`.
pub(super) fn to_ascii(text: &str) -> String {
    let mut ascii = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii() {
            ascii.push(character);
            continue;
        }
        match DRAWN.iter().find(|(drawn, _)| *drawn == character) {
            Some((_, replacement)) => ascii.push(*replacement),
            None => ascii.extend(std::iter::repeat_n('?', character.width().unwrap_or(0))),
        }
    }
    ascii
}

/// The characters that the console draws.
const DRAWN: [(char, char); 13] = [
    ('├', '|'),
    ('└', '`'),
    ('│', '|'),
    ('─', '-'),
    ('●', '*'),
    ('█', '#'),
    ('░', '.'),
    ('✗', 'x'),
    ('·', '-'),
    ('×', 'x'),
    ('…', '.'),
    ('≥', '>'),
    ('µ', 'u'),
];

#[cfg(test)]
mod tests {
    use super::super::text::width;
    use super::*;

    #[test]
    fn pages_keep_their_width() {
        let page = "● ├─ 计划者 … × 3 · ≥57 1.00 µs ░█\u{1b}[31m✗ é\u{1b}[0m\n│  └─ a~b\n";
        let ascii = to_ascii(page);
        let expected = "* |- ?????? . x 3 - >57 1.00 us .#\u{1b}[31mx ?\u{1b}[0m\n|  `- a~b\n";
        assert_eq!(ascii, expected, "the page");
        for (line, drawn) in ascii.lines().zip(page.lines()) {
            assert_eq!(width(line), width(drawn), "{line}");
        }
    }
}
