//! Writes JSON as Python's `json.dumps` does by default, while it is read.
//!
//! TaskWeaver counts the tokens of that text, so the output must be identical: a space after commas and
//! colons, only ASCII, and the keys in their original order. The pieces go to a sink, which counts or stores
//! them, so that the prompt does not have to be in memory.

use std::fmt::{self, Write as _};

use throughline_llm_wire::json::{Container, Path, Scalar, Take, Visit, number_text};

/// Receives a text in pieces.
pub(crate) trait Sink {
    fn push(&mut self, piece: &str);
}

/// Writes the selected members of the root object while they are read. If a name occurs twice, the last one
/// counts.
pub(crate) struct Dump<'a, S, const N: usize> {
    members: [&'static str; N],
    parts: [Option<S>; N],
    new: Box<dyn Fn() -> S + 'a>,
    /// The index of the member that is being read.
    current: Option<usize>,
    /// The open containers, and whether each one has an item.
    open: Vec<(Container, bool)>,
    in_key: bool,
}

impl<'a, S: Sink, const N: usize> Dump<'a, S, N> {
    /// Creates a writer with one sink for each of these members.
    pub(super) fn new(members: [&'static str; N], new: impl Fn() -> S + 'a) -> Self {
        Self {
            members,
            parts: [const { None }; N],
            new: Box::new(new),
            current: None,
            open: Vec::new(),
            in_key: false,
        }
    }

    pub(super) fn into_parts(self) -> [Option<S>; N] {
        self.parts
    }

    fn push(&mut self, piece: &str) {
        if let Some(Some(part)) = self.current.and_then(|at| self.parts.get_mut(at)) {
            part.push(piece);
        }
    }

    fn push_escaped(&mut self, text: &str) {
        if let Some(Some(part)) = self.current.and_then(|at| self.parts.get_mut(at)) {
            let _ = Escaped(part).write_str(text);
        }
    }

    /// Begins a value. Returns whether it is written.
    fn begin(&mut self, at: &Path) -> bool {
        if let [(Container::Object, _)] = self.open.as_slice() {
            self.current = self.members.iter().position(|member| *member == at.key());
            if let Some(part) = self.current.and_then(|at| self.parts.get_mut(at)) {
                *part = Some((self.new)());
            }
        } else if std::mem::take(&mut self.in_key) {
            self.push("\": ");
        } else {
            self.separate();
        }
        self.current.is_some()
    }

    /// Writes the separator before the next item of the innermost container.
    fn separate(&mut self) {
        let Some((_, is_filled)) = self.open.last_mut() else {
            return;
        };
        if std::mem::replace(is_filled, true) {
            self.push(", ");
        }
    }

    /// Ends a value.
    fn end(&mut self) {
        if self.open.len() == 1 {
            self.current = None;
        }
    }
}

impl<S: Sink, const N: usize> Visit for Dump<'_, S, N> {
    fn open(&mut self, at: &Path, container: Container) -> bool {
        let is_root = self.open.is_empty();
        let is_written = match is_root {
            true => container == Container::Object,
            false => self.begin(at),
        };
        if is_written {
            self.push(if container == Container::Object { "{" } else { "[" });
            self.open.push((container, false));
        }
        is_written
    }

    fn close(&mut self, _: &Path) {
        let container = self.open.pop().map(|(container, _)| container);
        self.push(if container == Some(Container::Object) {
            "}"
        } else {
            "]"
        });
        self.end();
    }

    fn key(&mut self, piece: &str) {
        if self.current.is_none() {
            return;
        }
        if !std::mem::replace(&mut self.in_key, true) {
            self.separate();
            self.push("\"");
        }
        self.push_escaped(piece);
    }

    fn string(&mut self, at: &Path) -> Take {
        match self.begin(at) {
            true => {
                self.push("\"");
                Take::Pieces
            }
            false => Take::Skip,
        }
    }

    fn piece(&mut self, _: &Path, piece: &str) {
        self.push_escaped(piece);
    }

    fn string_end(&mut self, _: &Path) {
        self.push("\"");
        self.end();
    }

    fn value(&mut self, at: &Path, value: Scalar<'_>) {
        if self.begin(at) {
            match value {
                Scalar::Text(text) => self.push_escaped(text),
                Scalar::Number(digits) => self.push(&number_text(digits)),
                Scalar::Bool(true) => self.push("true"),
                Scalar::Bool(false) => self.push("false"),
                Scalar::Null => self.push("null"),
            }
            self.end();
        }
    }

    fn document(&mut self) {}
}

impl<S, const N: usize> fmt::Debug for Dump<'_, S, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dump")
            .field("members", &self.members)
            .finish_non_exhaustive()
    }
}

/// Escapes text for a JSON string in ASCII.
struct Escaped<'a, S>(&'a mut S);

impl<S: Sink> fmt::Write for Escaped<'_, S> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            let plain = rest.find(|next: char| !matches!(next, ' '..='~') || matches!(next, '"' | '\\'));
            let (run, after) = rest
                .split_at_checked(plain.unwrap_or(rest.len()))
                .unwrap_or((rest, ""));
            if !run.is_empty() {
                self.0.push(run);
                rest = after;
                continue;
            }
            self.escape(character);
            rest = rest.get(character.len_utf8()..).unwrap_or_default();
        }
        Ok(())
    }
}

impl<S: Sink> Escaped<'_, S> {
    fn escape(&mut self, character: char) {
        let short = match character {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\u{8}' => "\\b",
            '\u{c}' => "\\f",
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    self.0.push(&format!("\\u{unit:04x}"));
                }
                return;
            }
        };
        self.0.push(short);
    }
}
