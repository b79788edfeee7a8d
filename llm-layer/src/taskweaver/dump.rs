//! What `json.dumps` of Python writes, with its defaults: a space behind commas and colons, nothing but
//! ASCII, the keys in the order in which they came.

use std::fmt::{self, Write as _};

use throughline_llm_wire::json::{Container, Path, Scalar, Take, Visit, number_text};

/// Takes a text in pieces.
pub(crate) trait Sink {
    fn push(&mut self, piece: &str);
}

/// Writes some members of the object at the root while they are read. Of two members of one name the last
/// counts.
pub(crate) struct Dump<'a, S, const N: usize> {
    members: [&'static str; N],
    parts: [Option<S>; N],
    new: Box<dyn Fn() -> S + 'a>,
    /// Which member is being read.
    current: Option<usize>,
    /// The containers that are open, and whether anything came in each.
    open: Vec<(Container, bool)>,
    in_key: bool,
}

impl<'a, S: Sink, const N: usize> Dump<'a, S, N> {
    /// Writes each of these members into a sink of its own.
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

    /// A value begins. Returns whether it is written.
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

    /// Something in the innermost container begins.
    fn separate(&mut self) {
        let Some((_, is_filled)) = self.open.last_mut() else {
            return;
        };
        if std::mem::replace(is_filled, true) {
            self.push(", ");
        }
    }

    /// A value has ended.
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

/// Writes text as it stands in a string of JSON in ASCII.
struct Escaped<'a, S>(&'a mut S);

impl<S: Sink> fmt::Write for Escaped<'_, S> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            let plain = rest.find(|next: char| !matches!(next, ' '..='~') || matches!(next, '"' | '\\'));
            let (run, behind) = rest
                .split_at_checked(plain.unwrap_or(rest.len()))
                .unwrap_or((rest, ""));
            if !run.is_empty() {
                self.0.push(run);
                rest = behind;
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
