//! Aligns text, and escapes characters that could control the terminal.

use std::time::Duration;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::output::PageStyle;

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
