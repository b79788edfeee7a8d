//! Aligns text, and escapes characters that could control the terminal.

use std::time::Duration;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::page::PageStyle;

/// The style of a piece of text, if the output has colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Strong,
    Faint,
    Critical,
    Number,
    Failure,
}

impl PageStyle {
    pub(super) fn paint(self, style: Style, text: &str) -> String {
        let code = match style {
            _ if !self.colour || text.trim().is_empty() => return text.to_owned(),
            Style::Strong => "1",
            Style::Faint => "2",
            Style::Critical => "36",
            Style::Number => "33",
            Style::Failure => "31",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// Escapes control and direction characters, and truncates the text to [`MAX_TEXT_CHARS`].
pub(super) fn plain(text: &str) -> String {
    plain_within(text, MAX_TEXT_CHARS)
}

/// Like [`plain`], with another bound.
pub(super) fn plain_within(text: &str, max_chars: usize) -> String {
    let mut plain = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == max_chars {
            plain.push('…');
            break;
        }
        let invisible = matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        if character.is_control() || invisible {
            plain.extend(character.escape_default());
        } else {
            plain.push(character);
        }
    }
    plain
}

/// Returns the width of a text in columns.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// Fits the text into exactly `columns` columns: clips it with an ellipsis or pads it with spaces.
pub(super) fn align(text: &str, columns: usize) -> String {
    let mut fitted = clip(text, columns);
    fitted.extend(std::iter::repeat_n(' ', columns.saturating_sub(width(&fitted))));
    fitted
}

/// Clips the text to at most `columns` columns, with an ellipsis.
pub(super) fn clip(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut clipped = String::new();
    let mut used = 1;
    for character in text.chars() {
        used += character.width().unwrap_or(0);
        if used > columns {
            break;
        }
        clipped.push(character);
    }
    clipped.push('…');
    clipped
}

/// Breaks the text into lines of at most `columns` columns, between words where that is possible. Lines after
/// the first are indented by two.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split_inclusive(' ') {
        if used > INDENT.len() && used + width(word.trim_end()) > columns {
            lines.push(std::mem::take(&mut line));
            line.push_str(INDENT);
            used = INDENT.len();
        }
        for character in word.chars() {
            let character_width = character.width().unwrap_or(0);
            // A word that is longer than a line is broken.
            if used + character_width > columns && character != ' ' {
                lines.push(std::mem::take(&mut line));
                line.push_str(INDENT);
                used = INDENT.len();
            }
            line.push(character);
            used += character_width;
        }
    }
    lines.push(line);
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

/// Formats an amount of money without trailing zeros, up to a millionth.
pub(super) fn cost(amount: f64) -> String {
    let text = format!("{amount:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "0" && amount > 0.0 {
        return format!("{amount:.1e}");
    }
    text.to_owned()
}

/// Formats a duration with three significant digits and a unit, such as `1.42 s`, `81.2 ms` or `45 ns`. From
/// a minute, the format is `2m 05s`.
pub(super) fn duration(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    let (unit, scale) = match nanos {
        0..1_000 => return format!("{nanos} ns"),
        1_000..999_500 => ("µs", 1_000),
        999_500..999_500_000 => ("ms", 1_000_000),
        999_500_000..59_950_000_000 => ("s", 1_000_000_000),
        _ => {
            let seconds = (nanos + 500_000_000) / 1_000_000_000;
            return format!("{}m {:02}s", seconds / 60, seconds % 60);
        }
    };
    let rounded = |parts: u128| (nanos * parts + scale / 2) / scale;
    match (rounded(100), rounded(10)) {
        (hundredths @ 0..1_000, _) => format!("{}.{:02} {unit}", hundredths / 100, hundredths % 100),
        (_, tenths @ 0..1_000) => format!("{}.{} {unit}", tenths / 10, tenths % 10),
        _ => format!("{} {unit}", rounded(1)),
    }
}

/// In front of the lines after the first.
const INDENT: &str = "  ";
/// The maximum characters of a name. Names come from the network.
const MAX_TEXT_CHARS: usize = 300;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_three_digits_and_never_a_thousand_of_a_unit() {
        for (nanos, expected) in [
            (0, "0 ns"),
            (999, "999 ns"),
            (1_000, "1.00 µs"),
            (999_499, "999 µs"),
            (999_500, "1.00 ms"),
            (9_994_999, "9.99 ms"),
            (9_995_000, "10.0 ms"),
            (81_249_000, "81.2 ms"),
            (99_949_999, "99.9 ms"),
            (99_950_000, "100 ms"),
            (1_420_000_000, "1.42 s"),
            (59_940_000_000, "59.9 s"),
            (59_950_000_000, "1m 00s"),
            (125_400_000_000, "2m 05s"),
        ] {
            assert_eq!(duration(Duration::from_nanos(nanos)), expected, "{nanos} ns");
        }
    }

    #[test]
    fn text_is_wrapped_between_words() {
        let cases: [(&str, usize, &[&str]); 6] = [
            ("", 10, &[""]),
            ("one two", 10, &["one two"]),
            ("one two three", 8, &["one two", "  three"]),
            ("one twothreefour", 8, &["one", "  twothr", "  eefour"]),
            ("计划者计划者", 8, &["计划者计", "  划者"]),
            ("exact fit", 9, &["exact fit"]),
        ];
        for (text, columns, expected) in cases {
            assert_eq!(wrap(text, columns), expected, "{text:?} in {columns}");
        }
    }

    #[test]
    fn costs_are_short() {
        for (amount, expected) in [
            (0.0, "0"),
            (12.5, "12.5"),
            (0.001_234_6, "0.001235"),
            (0.000_04, "0.00004"),
            (0.000_000_04, "4.0e-8"),
            (3.0, "3"),
        ] {
            assert_eq!(cost(amount), expected, "{amount}");
        }
    }

    #[test]
    fn text_is_cut_and_filled_by_columns() {
        for (text, columns, expected) in [
            ("abc", 5, "abc  "),
            ("abcdef", 4, "abc…"),
            ("计划者", 4, "计… "),
            ("计划者", 6, "计划者"),
            ("", 2, "  "),
        ] {
            assert_eq!(align(text, columns), expected, "{text:?} in {columns}");
        }
        let long = "x".repeat(MAX_TEXT_CHARS + 1);
        assert_eq!(
            plain(&long).chars().count(),
            MAX_TEXT_CHARS + 1,
            "cut, with an ellipsis"
        );
    }
}
