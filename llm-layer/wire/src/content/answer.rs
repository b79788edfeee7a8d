//! The captured answer of a model.
//!
//! An answer is a sequence of parts: texts, by their channel, and items, which are objects: tool calls, the
//! calls of the provider's own tools and their results, media. Items are put together from the values in
//! them, since a stream sends them in pieces, and are converted like the parts of a request when the answer
//! has ended.

use serde_json::{Value, json};

use super::document::Node;
use super::{Document, parts};
use crate::cut;
use crate::json::{Scalar, StrictScanner};
use crate::reply::Channel;

/// The texts and items of an answer, up to a limit.
#[derive(Debug, Clone)]
pub struct Answer {
    parts: Vec<(u32, Part)>,
    remaining: usize,
    /// Where in its part the text that began last begins.
    begun: usize,
    current: Option<Current>,
    /// The string of an item that is being read.
    open: Option<OpenString>,
}

#[derive(Debug, Clone)]
enum Part {
    Text { channel: Channel, text: String },
    Item(Item),
}

#[derive(Debug, Clone, Default)]
struct Item {
    document: Document,
    /// The number by which later pieces of a stream refer to it.
    index: Option<u64>,
    /// The member that is a piece of a text, which may belong to an earlier item.
    piece: Option<&'static str>,
}

/// The item that is being read.
#[derive(Debug, Clone)]
struct Current {
    place: ItemPlace,
    /// Its position in the parts.
    part: usize,
}

/// Where an item is in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ItemPlace {
    /// The number of the document.
    pub(crate) document: u64,
    /// The path, with the positions of its arrays.
    pub(crate) path: String,
    pub(crate) choice: u32,
}

#[derive(Debug, Clone)]
struct OpenString {
    /// The part, and the path in its item; `None` if the string is not kept.
    target: Option<(usize, String)>,
    /// Its beginning, as it is passed on as a value.
    beginning: String,
    /// Whether it continues a text that is there.
    continues: bool,
}

/// A tool call of an answer.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ToolCall {
    /// The provider's id, by which the result refers to the call.
    pub id: Option<String>,
    /// The name of the tool.
    pub name: String,
    /// The arguments: an object, or a text if they are not valid JSON.
    pub arguments: Value,
}

impl Answer {
    /// The maximum number of parts.
    const MAX_PARTS: usize = 256;

    /// Creates an empty answer of which at most `limit` bytes are kept.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            parts: Vec::new(),
            remaining: limit,
            begun: 0,
            current: None,
            open: None,
        }
    }

    /// A text of this alternative begins.
    pub(crate) fn begin_text(&mut self, choice: u32, channel: Channel) {
        self.open = None;
        let last = self.parts.iter().rev().find(|(other, _)| *other == choice);
        self.begun = match last {
            Some((_, Part::Text { channel: other, text })) if *other == channel => text.len(),
            _ => 0,
        };
    }

    /// A piece of a text.
    pub(crate) fn text(&mut self, choice: u32, channel: Channel, piece: &str) {
        let piece = cut::at_char_boundary(piece, self.remaining);
        self.remaining -= piece.len();
        if piece.is_empty() {
            return;
        }
        let has_room = self.parts.len() < Self::MAX_PARTS;
        let mut of_choice = self.parts.iter_mut().rev().filter(|(other, _)| *other == choice);
        match of_choice.next().map(|(_, part)| part) {
            Some(Part::Text { channel: other, text }) if *other == channel => text.push_str(piece),
            _ if has_room => {
                let text = piece.to_owned();
                self.parts.push((choice, Part::Text { channel, text }));
            }
            _ => {}
        }
    }

    /// The text of this alternative that began last turns out to be of another channel.
    pub(crate) fn correct(&mut self, choice: u32, truer: Channel) {
        let at = self
            .parts
            .iter()
            .rposition(|(other, part)| *other == choice && matches!(part, Part::Text { .. }));
        let Some(at) = at else { return };
        let Some((_, Part::Text { channel, text })) = self.parts.get_mut(at) else {
            return;
        };
        if *channel == truer || !text.is_char_boundary(self.begun) {
            return;
        }
        let moved = text.split_off(self.begun);
        if text.is_empty() {
            self.remove(at);
        }
        self.remaining = self.remaining.saturating_add(moved.len());
        self.text(choice, truer, &moved);
    }

    /// A value of an item that is not a string.
    pub(crate) fn value(&mut self, place: ItemPlace, member: &str, value: Scalar<'_>) {
        let choice = place.choice;
        let Some(part) = self.item(place) else { return };
        let node = match value {
            Scalar::Text(_) | Scalar::Null => Node::Null,
            Scalar::Bool(value) => Node::Bool(value),
            Scalar::Number(digits) => serde_json::from_str(digits).map_or(Node::Null, Node::Number),
        };
        if let Some(slot) = self.slot(part, member) {
            *slot = Document(node);
        }
        if let ("index", Some(index)) = (member, value.as_count()) {
            self.join(choice, part, index);
        }
    }

    /// A string of an item begins. `piece`: it is a piece of a text, which may belong to an earlier item.
    pub(crate) fn begin_string(&mut self, place: ItemPlace, member: String, piece: Option<&'static str>) {
        let target = self.item(place).map(|part| (part, member));
        if let Some((part, member)) = &target {
            if let Some(item) = self.item_mut(*part) {
                item.piece = item.piece.or(piece);
            }
            if let Some(slot) = self.slot(*part, member).filter(|slot| slot.as_text().is_none()) {
                slot.push_text("", 0);
            }
        }
        self.open = Some(OpenString {
            target,
            beginning: String::new(),
            continues: piece.is_some(),
        });
    }

    /// A string begins that is a piece of a member of the last item.
    pub(crate) fn continue_string(&mut self, choice: u32, member: &str) {
        let is_item = |(other, part): &(u32, Part)| *other == choice && matches!(part, Part::Item(_));
        let part = self.parts.iter().rposition(is_item);
        self.open = Some(OpenString {
            target: part.map(|part| (part, member.to_owned())),
            beginning: String::new(),
            continues: true,
        });
    }

    /// A document of the answer has ended.
    pub(crate) fn end_document(&mut self) {
        // Some servers send no index: then a piece belongs to the last item.
        let Some(Current { place, part }) = self.current.take() else {
            return;
        };
        let is_piece = self.item_mut(part).is_some_and(|item| {
            let has_name = ["id", "name", "function.name", "custom.name"].iter().any(|name| {
                let pointer = ["/", &name.replace('.', "/")].concat();
                let text = item.document.pointer(&pointer).and_then(Document::as_str);
                text.is_some_and(|text| !text.is_empty())
            });
            item.piece.is_some() && item.index.is_none() && !has_name
        });
        let is_item = |(other, part): &(u32, Part)| *other == place.choice && matches!(part, Part::Item(_));
        let earlier = self.parts.iter().take(part).rposition(is_item);
        if let (Some(earlier), true) = (earlier, is_piece) {
            self.merge(part, earlier);
        }
    }

    /// A piece of the string that began last. Returns whether it belongs to an item.
    pub(crate) fn string_piece(&mut self, piece: &str) -> bool {
        let Some(open) = &mut self.open else { return false };
        let room = StrictScanner::MAX_WHOLE_BYTES.saturating_sub(open.beginning.len());
        open.beginning.push_str(cut::at_char_boundary(piece, room));
        let replaces = !std::mem::replace(&mut open.continues, true);
        if let Some((part, member)) = open.target.clone() {
            let limit = self.remaining;
            let mut added = 0;
            if let Some(slot) = self.slot(part, &member) {
                if replaces {
                    *slot = Document::default();
                }
                let before = slot.as_text().map_or(0, |text| text.as_str().len());
                slot.push_text(piece, before.saturating_add(limit));
                added = slot.as_text().map_or(0, |text| text.as_str().len()) - before;
            }
            self.remaining = self.remaining.saturating_sub(added);
        }
        true
    }

    /// The string that began last ends. Returns its beginning, if it belongs to an item.
    pub(crate) fn end_string(&mut self) -> Option<String> {
        let open = self.open.take()?;
        if let Some((part, "id")) = open
            .target
            .as_ref()
            .map(|(part, member)| (*part, member.as_str()))
        {
            self.replace_earlier(part, &open.beginning);
        }
        Some(open.beginning)
    }

    /// Returns the part of an item, which is a new one if the item was not current.
    fn item(&mut self, place: ItemPlace) -> Option<usize> {
        match &self.current {
            Some(current) if current.place == place => Some(current.part),
            _ if self.parts.len() >= Self::MAX_PARTS => None,
            _ => {
                self.parts.push((place.choice, Part::Item(Item::default())));
                let part = self.parts.len() - 1;
                self.current = Some(Current { place, part });
                Some(part)
            }
        }
    }

    fn slot(&mut self, part: usize, member: &str) -> Option<&mut Document> {
        if member.len() > self.remaining {
            return None;
        }
        let Some((_, Part::Item(item))) = self.parts.get_mut(part) else {
            return None;
        };
        let mut made = 0;
        let slot = item.document.slot(member, &mut made);
        self.remaining = self.remaining.saturating_sub(made);
        slot
    }

    fn item_mut(&mut self, part: usize) -> Option<&mut Item> {
        match self.parts.get_mut(part)? {
            (_, Part::Item(item)) => Some(item),
            (_, Part::Text { .. }) => None,
        }
    }

    /// The current item has this index: it is a part of the earlier item that has it too.
    fn join(&mut self, choice: u32, part: usize, index: u64) {
        let is_it = |(other, part): &(u32, Part)| {
            *other == choice && matches!(part, Part::Item(item) if item.index == Some(index))
        };
        match self
            .parts
            .iter()
            .position(is_it)
            .filter(|earlier| *earlier != part)
        {
            Some(earlier) => self.merge(part, earlier),
            None => {
                if let Some(item) = self.item_mut(part) {
                    item.index = Some(index);
                }
            }
        }
    }

    /// Moves what the item of a part has into an earlier one, which goes on.
    fn merge(&mut self, part: usize, earlier: usize) {
        let Some(Item { document, piece, .. }) = self.item_mut(part).map(std::mem::take) else {
            return;
        };
        self.remove(part);
        if let Some(current) = &mut self.current {
            current.part = earlier;
        }
        let Some(item) = self.item_mut(earlier) else {
            return;
        };
        let pointer = piece.map(|member| ["/", &member.replace('.', "/")].concat());
        let text = pointer.and_then(|pointer| document.pointer(&pointer).and_then(Document::as_str));
        if let (Some(text), Some(slot)) = (text, piece.and_then(|member| item.document.slot(member, &mut 0)))
        {
            slot.push_text(text, usize::MAX);
        }
    }

    /// A stream may send an item as it begins, and again when it is complete.
    fn replace_earlier(&mut self, part: usize, id: &str) {
        let has_id = |(_, other): &(u32, Part)| match other {
            Part::Item(item) => item.document.string("id") == Some(id),
            Part::Text { .. } => false,
        };
        let earlier = self.parts.iter().take(part).position(has_id);
        if let Some(earlier) = earlier.filter(|_| !id.is_empty()) {
            self.parts.swap(earlier, part);
            self.remove(part);
            if let Some(current) = &mut self.current {
                current.part = earlier;
            }
        }
    }

    fn remove(&mut self, part: usize) {
        self.parts.remove(part);
        if let Some(current) = &mut self.current {
            if current.part > part {
                current.part -= 1;
            }
        }
    }

    /// Returns the tool calls of an alternative.
    pub fn tool_calls(&self, choice: u32) -> impl Iterator<Item = ToolCall> {
        let of_choice = self.parts.iter().filter(move |(other, _)| *other == choice);
        let values = of_choice.flat_map(|(_, part)| part.values());
        values.filter_map(|mut value| {
            let is_call = value.get("type").is_some_and(|kind| kind == "tool_call");
            is_call.then(|| ToolCall {
                id: value.get("id").and_then(Value::as_str).map(str::to_owned),
                name: value
                    .get("name")
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned(),
                arguments: value.get_mut("arguments").map(Value::take).unwrap_or_default(),
            })
        })
    }

    /// Returns the answer as messages of the conventions' schema, one for each alternative. `finishes` are
    /// the finish reasons by alternative. A message without one has no `finish_reason`: some APIs send none.
    #[must_use]
    pub fn into_messages<'a>(self, finishes: impl Iterator<Item = Option<&'a str>>) -> Vec<Value> {
        let finishes: Vec<Option<&str>> = finishes.collect();
        let mut messages: Vec<(u32, Vec<Value>)> = Vec::new();
        for (choice, part) in self.parts {
            let at = messages.iter().position(|(other, _)| *other == choice);
            let at = at.unwrap_or_else(|| {
                messages.push((choice, Vec::new()));
                messages.len() - 1
            });
            if let Some((_, parts)) = messages.get_mut(at) {
                part.values().into_iter().for_each(|value| push(parts, value));
            }
        }
        messages.retain(|(_, parts)| !parts.is_empty());
        messages.sort_by_key(|(choice, _)| *choice);
        let message =
            |(choice, parts): (u32, Vec<Value>)| match finishes.get(choice as usize).copied().flatten() {
                Some(finish) => json!({"role": "assistant", "parts": parts, "finish_reason": finish}),
                None => json!({"role": "assistant", "parts": parts}),
            };
        messages.into_iter().map(message).collect()
    }
}

/// Adds a part. Texts of one kind are joined, since a stream sends each piece in a separate object.
fn push(parts: &mut Vec<Value>, part: Value) {
    let is_text = |part: &Value| {
        part.get("type")
            .is_some_and(|kind| kind == "text" || kind == "reasoning")
    };
    if let Some(last) = parts
        .last_mut()
        .filter(|last| is_text(last) && last.get("type") == part.get("type"))
    {
        if let (Some(Value::String(text)), Some(more)) = (
            last.get_mut("content"),
            part.get("content").and_then(Value::as_str),
        ) {
            text.push_str(more);
            return;
        }
    }
    parts.push(part);
}

impl Part {
    fn values(&self) -> Vec<Value> {
        match self {
            Self::Text {
                channel: Channel::Reasoning,
                text,
            } => {
                vec![json!({"type": "reasoning", "content": text})]
            }
            Self::Text { text, .. } => vec![json!({"type": "text", "content": text})],
            Self::Item(item) => parts::answer_item(&item.document),
        }
    }
}
