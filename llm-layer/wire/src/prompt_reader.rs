//! Reads the prompt of a request, by what a format says of each path.
//!
//! A value that [`WireFormat::prompt`](crate::WireFormat::prompt) names is *active* until it ends: its
//! strings go to a [`PromptVisitor`] piece by piece, so that no text of the prompt is held. Only the parts of
//! a function definition are held, one function at a time, since they are counted joined and in an order of
//! their own: see [`FunctionReader`].

use crate::function_reader::FunctionReader;
use crate::json::{Container, Path, Scalar, Take, Visit};
use crate::prompt_part::PromptPart;
use crate::prompt_visitor::PromptVisitor;
use crate::recognised::AnyFormat;

/// Reads a request into a [`PromptVisitor`].
pub(crate) struct PromptReader<'a, V: PromptVisitor> {
    format: &'a AnyFormat,
    visitor: V,
    /// How many containers are open.
    depth: usize,
    active: Option<Active>,
    function: FunctionReader<V::Size>,
}

/// A container that is part of the prompt.
#[derive(Debug, Clone, Copy)]
struct Active {
    part: PromptPart,
    /// How many containers were open around it.
    base: usize,
    /// The length of its path.
    path: usize,
}

impl<'a, V: PromptVisitor> PromptReader<'a, V> {
    pub(crate) fn new(format: &'a AnyFormat, visitor: V) -> Self {
        Self {
            format,
            visitor,
            depth: 0,
            active: None,
            function: FunctionReader::default(),
        }
    }

    pub(crate) fn into_visitor(mut self) -> V {
        self.visitor.end_text();
        self.visitor
    }

    /// A value begins, a container or not. Returns whether its texts count.
    fn begin(&mut self, at: &Path, container: Option<Container>) -> bool {
        if let Some(active) = self.active {
            return self.begin_within(active, at);
        }
        let Some(part) = self.format.prompt(at) else {
            return false;
        };
        let part = match part {
            PromptPart::Messages if container != Some(Container::Array) => PromptPart::MessageOf("user"),
            part => part,
        };
        match part {
            PromptPart::Message | PromptPart::ChatMessage => self.visitor.message(),
            PromptPart::MessageOf(role) => {
                self.visitor.message();
                self.visitor.role(role);
            }
            PromptPart::Function(member) => self.function.begin(member),
            PromptPart::Texts | PromptPart::TextsOrTokens | PromptPart::Messages => {}
        }
        match (container, part) {
            (Some(_), _) => {
                self.active = Some(Active {
                    part,
                    base: self.depth,
                    path: at.len(),
                });
            }
            (None, PromptPart::Function(_)) => self.function.finish(&mut self.visitor),
            (None, _) => {}
        }
        // A function that is a string has no text that counts; a message of OpenAI's chat has members that
        // do.
        container.is_some() || !matches!(part, PromptPart::Function(_) | PromptPart::ChatMessage)
    }

    /// A value within the active one begins. Returns whether its texts count.
    fn begin_within(&mut self, active: Active, at: &Path) -> bool {
        let is_member = self.depth == active.base + 1;
        match active.part {
            PromptPart::ChatMessage if is_member => {
                if at.key() == "name" {
                    self.visitor.author();
                }
                true
            }
            PromptPart::Messages if is_member => {
                self.visitor.message();
                true
            }
            _ => !UNREAD.contains(&at.key()),
        }
    }

    /// Whether a string is the role of a message.
    fn is_role(&self, at: &Path) -> bool {
        let members_at = match self.active {
            Some(Active {
                part: PromptPart::Message | PromptPart::ChatMessage,
                base,
                ..
            }) => base + 1,
            Some(Active {
                part: PromptPart::Messages,
                base,
                ..
            }) => base + 2,
            _ => return false,
        };
        self.depth == members_at && at.key() == "role"
    }

    fn is_in_function(&self) -> bool {
        let active = self.active.map(|active| active.part);
        matches!(active, Some(PromptPart::Function(_)))
    }
}

impl<V: PromptVisitor> Visit for PromptReader<'_, V> {
    fn open(&mut self, at: &Path, container: Container) -> bool {
        let is_read = match self.active {
            Some(_) if self.is_in_function() => self.function.open(at, container, &mut self.visitor),
            Some(active) => self.begin_within(active, at),
            None => {
                self.begin(at, Some(container));
                let is_definition =
                    !self.is_in_function() || self.function.open(at, container, &mut self.visitor);
                if !is_definition {
                    // It has no members, and its end is not visited.
                    self.function.finish(&mut self.visitor);
                    self.active = None;
                }
                is_definition
            }
        };
        self.depth += usize::from(is_read);
        is_read
    }

    fn close(&mut self, _: &Path) {
        self.depth = self.depth.saturating_sub(1);
        if self.is_in_function() {
            self.function.close(&mut self.visitor);
        }
        if self.active.is_some_and(|active| active.base == self.depth) {
            if self.is_in_function() {
                self.function.finish(&mut self.visitor);
            }
            self.active = None;
        }
    }

    fn string(&mut self, at: &Path) -> Take {
        if self.is_in_function() {
            return self.function.string(at);
        }
        match self.begin(at, None) {
            true => {
                if self.is_role(at) {
                    self.visitor.begin_role();
                } else {
                    self.visitor.begin_text();
                }
                Take::Pieces
            }
            false => Take::Skip,
        }
    }

    fn piece(&mut self, _: &Path, piece: &str) {
        match self.is_in_function() {
            true => self.function.piece(piece),
            false => self.visitor.piece(piece),
        }
    }

    fn string_end(&mut self, _: &Path) {
        match self.is_in_function() {
            true => self.function.string_end(&mut self.visitor),
            false => self.visitor.end_text(),
        }
    }

    fn value(&mut self, at: &Path, value: Scalar<'_>) {
        if self.is_in_function() {
            return self.function.value(at, value, &mut self.visitor);
        }
        self.begin(at, None);
        let Some(Active { part, path, .. }) = self.active else {
            return;
        };
        let within = at.as_str().get(path..);
        let is_token = matches!(value, Scalar::Number(_)) && matches!(within, Some("[]" | "[][]"));
        if part == PromptPart::TextsOrTokens && is_token {
            self.visitor.token();
        }
    }

    fn document(&mut self) {}
}

/// The members whose texts no model reads.
const UNREAD: &[&str] = &[
    "bytes",
    "cache_control",
    "cachePoint",
    "data",
    "fileUri",
    "file_data",
    "file_id",
    "format",
    "id",
    "image_url",
    "images",
    "media_type",
    "mimeType",
    "mime_type",
    "signature",
    "thoughtSignature",
    "toolUseId",
    "tool_call_id",
    "tool_use_id",
    "type",
    "uri",
    "url",
];
