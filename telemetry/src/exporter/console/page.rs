//! How a page looks: its width, its colours, its characters and its details.

use std::fmt;

/// How a page looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PageStyle {
    /// The width in columns.
    pub(super) width: usize,
    pub(super) colour: bool,
    /// Whether only ASCII characters are printed.
    pub(super) is_ascii: bool,
    /// Whether attributes, events, content and all series of metrics are printed.
    pub(super) has_details: bool,
}

/// What the look of a page depends on.
#[derive(Clone, Copy)]
pub(super) struct Surroundings<'a> {
    /// Whether the program takes the text. It is then for no terminal.
    pub(super) is_writer: bool,
    pub(super) is_terminal: bool,
    /// The width of the terminal.
    pub(super) columns: Option<usize>,
    pub(super) variable: &'a dyn Fn(&str) -> Option<String>,
}

impl PageStyle {
    /// A page of this width, without colours.
    pub(super) const fn plain(width: usize) -> Self {
        Self {
            width,
            colour: false,
            is_ascii: false,
            has_details: false,
        }
    }

    pub(super) fn new(around: &Surroundings<'_>) -> Self {
        let mut page = Self::plain(around.width());
        page.colour = around.has_colours();
        page.is_ascii = !around.is_writer && around.is_dumb();
        let choice = (around.variable)(CHOICE).unwrap_or_default();
        for word in choice.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            match word.to_ascii_lowercase().as_str() {
                "ascii" => page.is_ascii = true,
                "details" => page.has_details = true,
                // The configuration reports what is not accepted.
                _ => {}
            }
        }
        page
    }
}

impl Surroundings<'_> {
    /// Returns the value of a variable that is set and not empty.
    fn set(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }

    fn width(&self) -> usize {
        if self.is_writer {
            return DEFAULT_WIDTH;
        }
        let set = self.set("COLUMNS").and_then(|value| value.trim().parse().ok());
        let width = set.filter(|width| *width > 0).or(self.columns);
        width.map_or(DEFAULT_WIDTH, |width: usize| width.clamp(MIN_WIDTH, MAX_WIDTH))
    }

    fn is_dumb(&self) -> bool {
        self.set("TERM").is_some_and(|term| term == "dumb")
    }

    /// A refusal wins over a demand, and both over what the terminal can do:
    /// <https://no-color.org>, <https://force-color.org>, <https://bixense.com/clicolors>.
    fn has_colours(&self) -> bool {
        let is_off = |value: &str| value == "0" || value.eq_ignore_ascii_case("false");
        if self.is_writer || self.set("NO_COLOR").is_some() {
            return false;
        }
        if let Some(force) = self.set("FORCE_COLOR") {
            return !is_off(&force);
        }
        if self.set("CLICOLOR_FORCE").is_some_and(|force| !is_off(&force)) {
            return true;
        }
        self.is_terminal && !self.is_dumb() && self.set("CLICOLOR").is_none_or(|value| !is_off(&value))
    }
}

impl fmt::Debug for Surroundings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings")
            .field("is_writer", &self.is_writer)
            .field("is_terminal", &self.is_terminal)
            .field("columns", &self.columns)
            .finish_non_exhaustive()
    }
}

/// The variable that chooses details and characters.
const CHOICE: &str = "THROUGHLINE_CONSOLE";
/// The width if the output is not a terminal. It also suits a README.
const DEFAULT_WIDTH: usize = 100;
/// The minimum width. A narrower terminal breaks the lines.
const MIN_WIDTH: usize = 40;
/// The maximum width, so that a variable cannot make lines of any length.
const MAX_WIDTH: usize = 400;

#[cfg(test)]
mod tests {
    use super::*;

    type Variables<'a> = &'a [(&'a str, &'a str)];

    fn page(is_terminal: bool, columns: Option<usize>, variables: Variables<'_>) -> PageStyle {
        let variable = |name: &str| {
            let found = variables.iter().find(|(set, _)| *set == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        PageStyle::new(&Surroundings {
            is_writer: false,
            is_terminal,
            columns,
            variable: &variable,
        })
    }

    #[test]
    fn colours() {
        let cases: [(bool, Variables<'_>, bool); 15] = [
            (true, &[], true),
            (false, &[], false),
            (true, &[("NO_COLOR", "1")], false),
            (true, &[("NO_COLOR", "")], true),
            (false, &[("FORCE_COLOR", "1")], true),
            (false, &[("FORCE_COLOR", "")], false),
            (true, &[("FORCE_COLOR", "0")], false),
            (true, &[("FORCE_COLOR", "false")], false),
            (false, &[("FORCE_COLOR", "3"), ("NO_COLOR", "1")], false),
            (false, &[("CLICOLOR_FORCE", "1")], true),
            (false, &[("CLICOLOR_FORCE", "0")], false),
            (true, &[("CLICOLOR", "0")], false),
            (true, &[("CLICOLOR", "1")], true),
            (true, &[("TERM", "dumb")], false),
            (true, &[("TERM", "dumb"), ("FORCE_COLOR", "1")], true),
        ];
        for (is_terminal, variables, expected) in cases {
            let page = page(is_terminal, Some(80), variables);
            assert_eq!(page.colour, expected, "terminal: {is_terminal}, {variables:?}");
        }
    }

    #[test]
    fn widths() {
        let cases: [(Option<usize>, Variables<'_>, usize); 9] = [
            (None, &[], 100),
            (Some(80), &[], 80),
            (Some(20), &[], 40),
            (Some(80), &[("COLUMNS", "40")], 40),
            (None, &[("COLUMNS", " 72 ")], 72),
            (Some(80), &[("COLUMNS", "0")], 80),
            (Some(80), &[("COLUMNS", "wide")], 80),
            (None, &[("COLUMNS", "99999999")], 400),
            (Some(80), &[("COLUMNS", "")], 80),
        ];
        for (columns, variables, expected) in cases {
            assert_eq!(
                page(true, columns, variables).width,
                expected,
                "{columns:?}, {variables:?}"
            );
        }
    }

    #[test]
    fn details_and_characters() {
        let cases: [(Variables<'_>, (bool, bool)); 6] = [
            (&[], (false, false)),
            (&[("TERM", "dumb")], (true, false)),
            (&[("TERM", "xterm")], (false, false)),
            (&[("THROUGHLINE_CONSOLE", "details")], (false, true)),
            (&[("THROUGHLINE_CONSOLE", " ASCII , Details")], (true, true)),
            (&[("THROUGHLINE_CONSOLE", "detials,")], (false, false)),
        ];
        for (variables, expected) in cases {
            let page = page(true, None, variables);
            assert_eq!((page.is_ascii, page.has_details), expected, "{variables:?}");
        }
    }

    #[test]
    fn a_writer_is_no_terminal() {
        let variable = |name: &str| {
            let value = match name {
                "COLUMNS" => "40",
                "TERM" => "dumb",
                _ => "1",
            };
            (name != "THROUGHLINE_CONSOLE").then(|| value.to_owned())
        };
        let around = Surroundings {
            is_writer: true,
            is_terminal: false,
            columns: None,
            variable: &variable,
        };
        assert_eq!(
            PageStyle::new(&around),
            PageStyle::plain(100),
            "nothing of the terminal applies"
        );
    }
}
