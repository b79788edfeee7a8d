//! The body of a request, as far as it may be recorded.
//!
//! A body is read into a [`Document`] only if its content is captured, when the call has ended. So that it takes no more
//! than a few times the limits of content, whatever the body, a [`DocumentReader`] counts what it makes and shrinks it
//! when that is too much: first all texts are cut to half and half again, as content is when it is written, then the
//! oldest elements of the longest list go. Of encoded media, length and digest are taken before they are cut.

use serde_json::{Map, Number, Value};

use super::media::Digest;
use crate::json::{Container, Path, Scalar, Take, Visit, up_to};

/// The body of a request, or a value in it. Long texts are cut, and of a very long body parts are missing.
#[derive(Debug, Clone, Default)]
pub struct Document(Node);

#[derive(Debug, Clone, Default)]
enum Node {
    #[default]
    Null,
    Bool(bool),
    Number(Number),
    Text(Text),
    Array(Vec<Document>),
    Object(Vec<(Box<str>, Document)>),
}

/// A text, or its beginning.
#[derive(Debug, Clone, Default)]
pub(super) struct Text {
    text: String,
    /// What is known of the whole, if only its beginning is here.
    whole: Option<Box<Whole>>,
}

/// The whole of a text whose beginning is kept.
#[derive(Debug, Clone, Copy)]
struct Whole {
    digest: Digest,
    /// Of what stands behind the first comma, as the data of an address does.
    behind_comma: Option<Digest>,
}

impl Document {
    /// The member of an object. `None` for any other value.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        match &self.0 {
            // Of two members of one name the last counts.
            Node::Object(members) => {
                let mut members = members.iter().rev();
                members.find(|(name, _)| **name == *key).map(|(_, member)| member)
            }
            _ => None,
        }
    }

    /// The value at a path of members, with a slash in front of each: `/source/data`.
    #[must_use]
    pub fn pointer(&self, pointer: &str) -> Option<&Self> {
        let mut names = pointer.split('/').skip(1);
        names.try_fold(self, |value, name| value.get(name))
    }

    /// The string, or its beginning, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        self.as_text().map(|text| text.text.as_str())
    }

    /// The value, if it is `true` or `false`.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self.0 {
            Node::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// Whether it is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self.0, Node::Null)
    }

    /// The elements of an array; none of any other value.
    pub fn items(&self) -> impl Iterator<Item = &Self> {
        self.as_array().into_iter().flatten()
    }

    /// The members of an object; none of any other value.
    pub fn members(&self) -> impl Iterator<Item = (&str, &Self)> {
        let members = match &self.0 {
            Node::Object(members) => members.as_slice(),
            _ => &[],
        };
        members.iter().map(|(name, member)| (&**name, member))
    }

    /// As a value of serde_json; an ellipsis stands behind a text that is cut.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match &self.0 {
            Node::Null => Value::Null,
            Node::Bool(value) => Value::Bool(*value),
            Node::Number(number) => Value::Number(number.clone()),
            Node::Text(text) => text.to_value(),
            Node::Array(items) => items.iter().map(Self::to_value).collect(),
            Node::Object(_) => {
                let members = self.members();
                Value::Object(
                    members
                        .map(|(name, member)| (name.to_owned(), member.to_value()))
                        .collect(),
                )
            }
        }
    }

    pub(super) fn as_array(&self) -> Option<&[Self]> {
        match &self.0 {
            Node::Array(items) => Some(items),
            _ => None,
        }
    }

    pub(super) fn is_object(&self) -> bool {
        matches!(self.0, Node::Object(_))
    }

    pub(super) fn as_text(&self) -> Option<&Text> {
        match &self.0 {
            Node::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A member that is a string.
    pub(super) fn string(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_str()
    }

    /// The elements of a member that is an array.
    pub(super) fn items_of(&self, key: &str) -> impl Iterator<Item = &Self> {
        self.get(key).into_iter().flat_map(Self::items)
    }

    /// With each value that `change` gives something for replaced by that.
    pub(super) fn to_value_with(&self, change: &impl Fn(&Self) -> Option<Value>) -> Value {
        if let Some(value) = change(self) {
            return value;
        }
        match &self.0 {
            Node::Array(items) => items.iter().map(|item| item.to_value_with(change)).collect(),
            Node::Object(_) => {
                let members = self.members();
                let members = members.map(|(name, member)| (name.to_owned(), member.to_value_with(change)));
                Value::Object(members.collect::<Map<_, _>>())
            }
            _ => self.to_value(),
        }
    }

    /// Cuts all texts in it.
    fn cut(&mut self, limit: usize) {
        match &mut self.0 {
            Node::Text(text) => text.cut(limit),
            Node::Array(items) => items.iter_mut().for_each(|item| item.cut(limit)),
            Node::Object(members) => members.iter_mut().for_each(|(_, member)| member.cut(limit)),
            Node::Null | Node::Bool(_) | Node::Number(_) => {}
        }
    }

    /// About how many bytes it takes.
    fn size(&self) -> usize {
        let inside = match &self.0 {
            Node::Text(text) => text.text.len(),
            Node::Array(items) => items.iter().map(Self::size).sum(),
            Node::Object(members) => {
                let size = |(name, member): &(Box<str>, Self)| name.len() + member.size();
                OBJECT + members.iter().map(size).sum::<usize>()
            }
            Node::Null | Node::Bool(_) | Node::Number(_) => 0,
        };
        VALUE + inside
    }
}

impl Text {
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// The length and the digest of the whole text, or of what stands behind its first comma.
    pub(super) fn digest(&self, behind_comma: bool) -> Digest {
        match (&self.whole, behind_comma) {
            (Some(whole), false) => whole.digest,
            (Some(whole), true) => whole.behind_comma.unwrap_or_default(),
            (None, false) => Digest::of(&self.text),
            (None, true) => self.behind_comma().unwrap_or_default(),
        }
    }

    fn behind_comma(&self) -> Option<Digest> {
        self.text.split_once(',').map(|(_, data)| Digest::of(data))
    }

    /// Whether only its beginning is here.
    pub(super) fn is_cut(&self) -> bool {
        self.whole.is_some()
    }

    fn to_value(&self) -> Value {
        match self.whole {
            Some(_) => Value::String([&self.text, "…"].concat()),
            None => Value::String(self.text.clone()),
        }
    }

    /// Appends a piece, of which only so much is kept that the text has at most `limit` bytes.
    fn push(&mut self, piece: &str, limit: usize) {
        if self.whole.is_none() {
            let kept = up_to(piece, limit.saturating_sub(self.text.len()));
            if kept.len() == piece.len() {
                self.text.push_str(piece);
                return;
            }
            self.whole = Some(Box::new(self.whole()));
            self.text.push_str(kept);
        }
        if let Some(whole) = &mut self.whole {
            whole.digest.push(piece);
            match &mut whole.behind_comma {
                Some(digest) => digest.push(piece),
                None => whole.behind_comma = piece.split_once(',').map(|(_, data)| Digest::of(data)),
            }
        }
    }

    fn whole(&self) -> Whole {
        Whole {
            digest: Digest::of(&self.text),
            behind_comma: self.behind_comma(),
        }
    }

    fn cut(&mut self, limit: usize) {
        if self.text.len() <= limit {
            return;
        }
        if self.whole.is_none() {
            self.whole = Some(Box::new(self.whole()));
        }
        let length = up_to(&self.text, limit).len();
        self.text.truncate(length);
        self.text.shrink_to_fit();
    }
}

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
    most: usize,
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
    const SHORTEST: usize = 64;

    /// A reader of a body whose content may have `total` bytes when it is written.
    pub(crate) fn new(total: usize) -> Self {
        Self {
            open: Vec::new(),
            root: Document::default(),
            text: None,
            size: 0,
            most: total.saturating_mul(4),
            limit: total,
            is_full: false,
        }
    }

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

    /// Makes it smaller by a quarter, if it is too large. So that it is not gone through for each value that comes, it
    /// takes no more where that is not to be had.
    fn shrink(&mut self) {
        if self.size <= self.most {
            return;
        }
        while self.size > self.most / 4 * 3 && !self.is_full {
            if self.limit > Self::SHORTEST {
                self.limit = (self.limit / 2).max(Self::SHORTEST);
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
            Container::Array => (Node::Array(Vec::new()), VALUE),
            Container::Object => (Node::Object(Vec::new()), VALUE + OBJECT),
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

/// Whether a value is the schema or the description of a tool: they are not recorded, and may be most of a request.
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

/// About what a value takes, in a list that has grown; and what an object takes beside its members once it is written.
const VALUE: usize = 2 * size_of::<Document>();
const OBJECT: usize = 128;
