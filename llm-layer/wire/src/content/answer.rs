//! The captured answer of a model.

use serde_json::{Value, json};

use super::arguments::Arguments;
use crate::cut;
use crate::json::Scalar;
use crate::reply::Channel;

/// The texts and tool calls of an answer, up to a limit.
#[derive(Debug, Clone)]
pub struct Answer {
    parts: Vec<(u32, Part)>,
    remaining: usize,
    /// Where in its part the text that began last begins.
    begun: usize,
}

#[derive(Debug, Clone)]
enum Part {
    Text {
        channel: Channel,
        text: String,
    },
    Tool {
        name: String,
        arguments: String,
        members: Arguments,
    },
}

impl Answer {
    /// Creates an empty answer of which at most `limit` bytes are kept.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            parts: Vec::new(),
            remaining: limit,
            begun: 0,
        }
    }

    /// A text of this alternative begins at `path`: a name is that of a new tool call.
    pub(crate) fn begin(&mut self, choice: u32, channel: Channel, path: &str) {
        let last = self.parts.iter().rev().find(|(other, _)| *other == choice);
        self.begun = match last {
            Some((_, Part::Text { channel: other, text })) if *other == channel => text.len(),
            _ => 0,
        };
        if channel == Channel::ToolCall && is_name(path) && self.parts.len() < Self::MAX_PARTS {
            let tool = Part::Tool {
                name: String::new(),
                arguments: String::new(),
                members: Arguments::default(),
            };
            self.parts.push((choice, tool));
        }
        if let Some(member) = member(path).filter(|_| channel == Channel::ToolCall) {
            self.put(choice, member, "".into());
        }
    }

    /// A value of a tool call's arguments that is not text.
    pub(crate) fn argument(&mut self, choice: u32, path: &str, value: Scalar<'_>) {
        let value = match value {
            Scalar::Text(_) => return,
            Scalar::Number(digits) => serde_json::from_str(digits).unwrap_or_default(),
            Scalar::Bool(value) => value.into(),
            Scalar::Null => Value::Null,
        };
        if let Some(member) = member(path) {
            self.put(choice, member, value);
        }
    }

    fn put(&mut self, choice: u32, member: &str, value: Value) {
        let mut of_choice = self.parts.iter_mut().rev().filter(|(other, _)| *other == choice);
        if let Some((_, Part::Tool { members, .. })) =
            of_choice.next().filter(|_| member.len() <= self.remaining)
        {
            let taken = members.put(member, value);
            self.remaining = self.remaining.saturating_sub(taken);
        }
    }

    /// The text of this alternative that began last turns out to be of another channel.
    pub(crate) fn correct(&mut self, choice: u32, truer: Channel) {
        let at = self.parts.iter().rposition(|(other, _)| *other == choice);
        let Some(at) = at else { return };
        let Some((_, Part::Text { channel, text })) = self.parts.get_mut(at) else {
            return;
        };
        if *channel == truer || !text.is_char_boundary(self.begun) {
            return;
        }
        let moved = text.split_off(self.begun);
        if text.is_empty() {
            self.parts.remove(at);
        }
        self.remaining = self.remaining.saturating_add(moved.len());
        self.piece(choice, truer, "", &moved);
    }

    /// The most parts of an answer.
    const MAX_PARTS: usize = 256;

    /// A piece of a text.
    pub(crate) fn piece(&mut self, choice: u32, channel: Channel, path: &str, piece: &str) {
        let piece = cut::at_char_boundary(piece, self.remaining);
        self.remaining -= piece.len();
        if piece.is_empty() {
            return;
        }
        let has_room = self.parts.len() < Self::MAX_PARTS;
        let mut of_choice = self.parts.iter_mut().rev().filter(|(other, _)| *other == choice);
        match of_choice.next().map(|(_, part)| part) {
            Some(Part::Tool {
                name,
                arguments,
                members,
            }) if channel == Channel::ToolCall => match member(path) {
                _ if is_name(path) => name.push_str(piece),
                Some(member) => members.append(member, piece),
                None => arguments.push_str(piece),
            },
            Some(Part::Text { channel: other, text }) if *other == channel => text.push_str(piece),
            _ if channel != Channel::ToolCall && has_room => {
                let text = piece.to_owned();
                self.parts.push((choice, Part::Text { channel, text }));
            }
            _ => {}
        }
    }

    /// Returns the answer as messages of the conventions' schema, one for each alternative. `finishes` are
    /// the finish reasons by alternative.
    #[must_use]
    pub fn into_messages<'a>(self, finishes: impl Iterator<Item = Option<&'a str>>) -> Vec<Value> {
        let finishes: Vec<Option<&str>> = finishes.collect();
        let mut messages: Vec<(u32, Vec<Value>)> = Vec::new();
        for (choice, part) in self.parts {
            match messages.iter_mut().find(|(other, _)| *other == choice) {
                Some((_, parts)) => parts.push(part.into_value()),
                None => messages.push((choice, vec![part.into_value()])),
            }
        }
        messages.sort_by_key(|(choice, _)| *choice);
        let message = |(choice, parts): (u32, Vec<Value>)| {
            let finish = finishes.get(choice as usize).copied().flatten();
            json!({"role": "assistant", "parts": parts, "finish_reason": finish.unwrap_or("error")})
        };
        messages.into_iter().map(message).collect()
    }
}

impl Part {
    fn into_value(self) -> Value {
        match self {
            Self::Text {
                channel: Channel::Reasoning,
                text,
            } => json!({"type": "reasoning", "content": text}),
            Self::Text { text, .. } => json!({"type": "text", "content": text}),
            Self::Tool {
                name,
                arguments,
                members,
            } => {
                let arguments = if arguments.is_empty() {
                    members.into_value()
                } else {
                    serde_json::from_str(&arguments).unwrap_or(Value::String(arguments))
                };
                json!({"type": "tool_call", "name": name, "arguments": arguments})
            }
        }
    }
}

fn is_name(path: &str) -> bool {
    path.rsplit('.').next() == Some("name") && member(path).is_none()
}

/// The path of a value within a tool call's arguments, where these are an object.
fn member(path: &str) -> Option<&str> {
    [".input.", ".args.", ".arguments."]
        .iter()
        .find_map(|marker| path.split_once(marker).map(|(_, member)| member))
}
