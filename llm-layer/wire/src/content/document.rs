//! The body of a request, bounded, for capture of content.

use serde_json::{Map, Number, Value};

use super::text::Text;

/// The body of a request, or a value in it. Long texts are cut, and parts of a very long body are missing.
#[derive(Debug, Clone, Default)]
pub struct Document(pub(super) Node);

#[derive(Debug, Clone, Default)]
pub(super) enum Node {
    #[default]
    Null,
    Bool(bool),
    Number(Number),
    Text(Text),
    Array(Vec<Document>),
    Object(Vec<(Box<str>, Document)>),
}

impl Document {
    /// Returns the member of an object. `None` for any other value.
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

    /// Returns the value at a path of members and positions in arrays, each with a slash before it: `/source/data`,
    /// `/instances/0/context`.
    #[must_use]
    pub fn pointer(&self, pointer: &str) -> Option<&Self> {
        let mut names = pointer.split('/').skip(1);
        names.try_fold(self, |value, name| match value.as_array() {
            Some(items) => items.get(name.parse::<usize>().ok()?),
            None => value.get(name),
        })
    }

    /// Returns the string or its beginning, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        self.as_text().map(Text::as_str)
    }

    /// Returns the value, if it is `true` or `false`.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self.0 {
            Node::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// Returns whether it is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self.0, Node::Null)
    }

    /// Returns the elements of an array. Empty for any other value.
    pub fn items(&self) -> impl Iterator<Item = &Self> {
        self.as_array().into_iter().flatten()
    }

    /// Returns the members of an object. Empty for any other value.
    pub fn members(&self) -> impl Iterator<Item = (&str, &Self)> {
        let members = match &self.0 {
            Node::Object(members) => members.as_slice(),
            _ => &[],
        };
        members.iter().map(|(name, member)| (&**name, member))
    }

    /// Converts it to a value of serde_json. A text that was cut ends with an ellipsis.
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

    /// With the names of all members in another case: `ToolCalls` becomes `tool_calls`.
    pub(crate) fn with_snake_case(&self) -> Self {
        Self(match &self.0 {
            Node::Array(items) => Node::Array(items.iter().map(Self::with_snake_case).collect()),
            Node::Object(members) => {
                let member = |(name, member): &(Box<str>, Self)| {
                    (snake_case(name).into_boxed_str(), member.with_snake_case())
                };
                Node::Object(members.iter().map(member).collect())
            }
            node => node.clone(),
        })
    }

    /// Cuts all texts in it.
    pub(super) fn cut(&mut self, limit: usize) {
        match &mut self.0 {
            Node::Text(text) => text.cut(limit),
            Node::Array(items) => items.iter_mut().for_each(|item| item.cut(limit)),
            Node::Object(members) => members.iter_mut().for_each(|(_, member)| member.cut(limit)),
            Node::Null | Node::Bool(_) | Node::Number(_) => {}
        }
    }

    /// About how many bytes it takes.
    pub(super) fn size(&self) -> usize {
        let inside = match &self.0 {
            Node::Text(text) => text.as_str().len(),
            Node::Array(items) => items.iter().map(Self::size).sum(),
            Node::Object(members) => {
                let size = |(name, member): &(Box<str>, Self)| name.len() + member.size();
                OBJECT_BYTES + members.iter().map(size).sum::<usize>()
            }
            Node::Null | Node::Bool(_) | Node::Number(_) => 0,
        };
        VALUE_BYTES + inside
    }
}

/// About what a value takes, in a list that has grown; and what an object takes beside its members once it is
/// written.
pub(super) const VALUE_BYTES: usize = 2 * size_of::<Document>();
pub(super) const OBJECT_BYTES: usize = 128;

fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 2);
    for character in name.chars() {
        if character.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(character.to_ascii_lowercase());
    }
    snake
}
