//! Reads a request into a [`Document`].
//!
//! A body is read only if its content is captured, when the call has ended. So that it takes no more than a
//! few times the limits of content, whatever the body, a [`DocumentReader`] counts what it makes and shrinks
//! it when that is too much: first all texts are cut to half and half again, as content is when it is
//! written, then the oldest elements of the longest list go. Of encoded media, length and digest are taken
//! before they are cut.

use super::Document;
use super::document::{Node, OBJECT_BYTES, VALUE_BYTES};
use super::text::Text;
use crate::json::{Container, Path, Scalar, Take, Visit};

/// Reads a body into a document of bounded size.
#[derive(Debug)]
pub(crate) struct DocumentReader {
    /// The containers that are open, from the root on.
    open: Vec<Open>,
    root: Document,
    /// The string that is coming.
    text: Option<Text>,
    /// About how many bytes all of it takes, and may take.
    size: usize,
    max_size: usize,
    /// The most bytes of a text.
    limit: usize,
    /// It cannot be made any smaller: the rest is left out.
    is_full: bool,
}

#[derive(Debug)]
struct Open {
    /// The key in the container around it.
    key: Box<str>,
    document: Document,
}

impl DocumentReader {
    /// The shortest limit of a text.
    const MIN_TEXT_BYTES: usize = 64;

    /// A reader of a body whose content may have `total` bytes when it is written.
    pub(crate) fn new(total: usize) -> Self {
        Self {
            open: Vec::new(),
            root: Document::default(),
            text: None,
            size: 0,
            max_size: total.saturating_mul(4),
            limit: total,
            is_full: false,
        }
    }

    /// Returns what was read.
    pub(crate) fn finish(self) -> Document {
        self.root
    }

    /// Puts a value where it belongs.
    fn put(&mut self, key: Box<str>, document: Document) {
        match self.open.last_mut().map(|open| &mut open.document.0) {
            Some(Node::Array(items)) => items.push(document),
            Some(Node::Object(members)) => members.push((key, document)),
            _ => self.root = document,
        }
    }

    fn put_scalar(&mut self, at: &Path, document: Document) {
        self.size += at.key().len() + document.size();
        self.put(at.key().into(), document);
        self.shrink();
    }

    /// Makes it smaller by a quarter, if it is too large. So that it is not gone through for each value that
    /// comes, it takes no more where that is not to be had.
    fn shrink(&mut self) {
        if self.size <= self.max_size {
            return;
        }
        while self.size > self.max_size / 4 * 3 && !self.is_full {
            if self.limit > Self::MIN_TEXT_BYTES {
                self.limit = (self.limit / 2).max(Self::MIN_TEXT_BYTES);
                self.open
                    .iter_mut()
                    .for_each(|open| open.document.cut(self.limit));
            } else if !self.drop_oldest() {
                self.is_full = true;
            }
            self.size = self.open.iter().map(|open| open.document.size()).sum();
        }
    }

    /// Drops the first half of the longest array that is a member of the root. Returns whether there is one.
    fn drop_oldest(&mut self) -> bool {
        let mut open = self.open.iter_mut();
        let finished = match open.next().map(|root| &mut root.document.0) {
            Some(Node::Object(members)) => members.iter_mut().map(|(_, member)| member).collect(),
            _ => Vec::new(),
        };
        let opened = open.next().map(|member| &mut member.document);
        let arrays = finished
            .into_iter()
            .chain(opened)
            .filter_map(|document| match &mut document.0 {
                Node::Array(items) => Some(items),
                _ => None,
            });
        match arrays.max_by_key(|items| items.len()) {
            Some(items) if items.len() > 1 => {
                items.drain(..items.len() / 2);
                true
            }
            _ => false,
        }
    }
}

impl Visit for DocumentReader {
    fn open(&mut self, at: &Path, container: Container) -> bool {
        if self.is_full || is_schema(at) {
            return false;
        }
        let (node, size) = match container {
            Container::Array => (Node::Array(Vec::new()), VALUE_BYTES),
            Container::Object => (Node::Object(Vec::new()), VALUE_BYTES + OBJECT_BYTES),
        };
        self.size += size + at.key().len();
        self.open.push(Open {
            key: at.key().into(),
            document: Document(node),
        });
        self.shrink();
        true
    }

    fn close(&mut self, _: &Path) {
        if let Some(Open { key, document }) = self.open.pop() {
            self.put(key, document);
        }
    }

    fn string(&mut self, at: &Path) -> Take {
        if self.is_full || is_schema(at) {
            return Take::Skip;
        }
        self.text = Some(Text::default());
        Take::Pieces
    }

    fn piece(&mut self, _: &Path, piece: &str) {
        if let Some(text) = &mut self.text {
            text.push(piece, self.limit);
        }
    }

    fn string_end(&mut self, at: &Path) {
        if let Some(text) = self.text.take() {
            self.put_scalar(at, Document(Node::Text(text)));
        }
    }

    fn value(&mut self, at: &Path, value: Scalar<'_>) {
        if self.is_full {
            return;
        }
        let node = match value {
            Scalar::Text(_) | Scalar::Null => Node::Null,
            Scalar::Bool(value) => Node::Bool(value),
            Scalar::Number(digits) => serde_json::from_str(digits).map_or(Node::Null, Node::Number),
        };
        self.put_scalar(at, Document(node));
    }

    fn document(&mut self) {}
}

/// Whether a value is the schema or the description of a tool: they are not recorded, and may be most of a
/// request.
fn is_schema(at: &Path) -> bool {
    let is_tool = ["tools[]", "functions[]", "toolConfig.tools[]"]
        .iter()
        .any(|tools| at.as_str().starts_with(tools));
    is_tool && SCHEMAS.contains(&at.key())
}

const SCHEMAS: [&str; 5] = [
    "description",
    "inputSchema",
    "input_schema",
    "parameters",
    "parametersJsonSchema",
];
