//! Reads the definition of a function that the model may call.
//!
//! What counts is `name:description`, and of each property of the schema `key:type:description` and the items
//! of its `enum`. The members may come in any order, and more than one may hold the function or its schema,
//! so that it is known only at the end of the definition what counts. So the possible contributions are
//! summed up separately.

use std::ops::Add;

use crate::cut;
use crate::json::{Container, Path, Scalar, Take, number_text};
use crate::prompt_visitor::PromptVisitor;

/// A definition that is being read.
#[derive(Debug, Default)]
pub(crate) struct FunctionReader<S> {
    /// The member without which the definition does not count.
    needed: &'static str,
    has_needed: bool,
    /// The definition itself, and what its members `function` and `toolSpec` say.
    holders: [Holder<S>; 3],
    open: Vec<Place>,
    property: Property<S>,
    string: Option<Part>,
    /// An item of an enumeration.
    item: String,
}

/// An object that may describe the function.
#[derive(Debug, Default)]
struct Holder<S> {
    is_present: bool,
    name: String,
    description: String,
    /// By [`SCHEMAS`], and `inputSchema.json`.
    schemas: [Schema<S>; 4],
}

#[derive(Debug, Clone, Copy, Default)]
struct Schema<S> {
    is_present: bool,
    has_properties: bool,
    size: S,
}

/// A property of a schema.
#[derive(Debug, Default)]
struct Property<S> {
    kind: String,
    description: String,
    /// Of the items of its enumeration, if it has one.
    items: Option<S>,
    key: String,
}

/// A container that is open. Indices are those of holders and schemas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Holder(usize),
    InputSchema(usize),
    Schema(usize, usize),
    Properties(usize, usize),
    Property(usize, usize),
    Enum,
}

/// What a string is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Name(usize),
    Description(usize),
    Kind,
    PropertyDescription,
    Item,
}

impl<S: Copy + Default + Add<Output = S>> FunctionReader<S> {
    /// A definition begins, which counts if it has the member `needed`.
    pub(crate) fn begin(&mut self, needed: &'static str) {
        self.needed = needed;
        self.has_needed = needed.is_empty();
        self.open.clear();
        self.string = None;
        for holder in &mut self.holders {
            holder.is_present = false;
            holder.name.clear();
            holder.description.clear();
            holder.schemas = Default::default();
        }
    }

    /// A container begins, the definition itself among them. Returns whether its inside matters.
    pub(crate) fn open(
        &mut self,
        at: &Path,
        container: Container,
        visitor: &mut impl PromptVisitor<Size = S>,
    ) -> bool {
        let is_object = container == Container::Object;
        self.note(at.key());
        let place = match (self.open.last().copied(), at.key()) {
            (None, _) => Some(Place::Holder(0)).filter(|_| is_object),
            (Some(Place::Holder(0)), key) if holder_index(key).is_some() => {
                holder_index(key).map(Place::Holder).filter(|_| is_object)
            }
            (Some(Place::Holder(index)), "inputSchema") => {
                Some(Place::InputSchema(index)).filter(|_| is_object)
            }
            (Some(Place::Holder(index)), key) => {
                let schema = SCHEMAS.iter().position(|name| *name == key);
                schema
                    .map(|schema| Place::Schema(index, schema))
                    .filter(|_| is_object)
            }
            (Some(Place::InputSchema(index)), "json") => {
                Some(Place::Schema(index, SCHEMAS.len())).filter(|_| is_object)
            }
            (Some(Place::Schema(index, schema)), "properties") => {
                Some(Place::Properties(index, schema)).filter(|_| is_object)
            }
            (Some(Place::Properties(index, schema)), key) => {
                self.property.begin(key);
                // An array as a property has no type and no description; it counts when it ends, as an object
                // does.
                Some(Place::Property(index, schema))
            }
            (Some(Place::Property(..)), "enum") if !is_object => {
                self.property.items = Some(S::default());
                Some(Place::Enum)
            }
            // An item that is not a scalar counts as an item without a text.
            (Some(Place::Enum), _) => {
                self.property.add_item(visitor.enum_item(None));
                None
            }
            _ => None,
        };
        self.open.extend(place);
        place.is_some()
    }

    /// A container ends.
    pub(crate) fn close(&mut self, visitor: &mut impl PromptVisitor<Size = S>) {
        if let Some(Place::Property(index, schema)) = self.open.pop() {
            self.end_property(index, schema, visitor);
        }
    }

    pub(crate) fn string(&mut self, at: &Path) -> Take {
        self.note(at.key());
        self.string = match (self.open.last().copied(), at.key()) {
            (Some(Place::Holder(index)), "name") => Some(Part::Name(index)),
            (Some(Place::Holder(index)), "description") => Some(Part::Description(index)),
            (Some(Place::Property(..)), "type") => Some(Part::Kind),
            (Some(Place::Property(..)), "description") => Some(Part::PropertyDescription),
            (Some(Place::Enum), _) => Some(Part::Item),
            (Some(Place::Properties(..)), key) => {
                self.property.begin(key);
                None
            }
            _ => None,
        };
        // Of two members of one name the last counts.
        if let Some(text) = self.text() {
            text.clear();
        }
        match self.string {
            Some(_) => Take::Pieces,
            None if matches!(self.open.last(), Some(Place::Properties(..))) => Take::Pieces,
            None => Take::Skip,
        }
    }

    pub(crate) fn piece(&mut self, piece: &str) {
        if let Some(text) = self.text() {
            let room = MAX_TEXT_BYTES.saturating_sub(text.len());
            text.push_str(cut::at_char_boundary(piece, room));
        }
    }

    pub(crate) fn string_end(&mut self, visitor: &mut impl PromptVisitor<Size = S>) {
        match (self.string.take(), self.open.last().copied()) {
            (Some(Part::Item), _) => {
                let size = visitor.enum_item(Some(&self.item));
                self.property.add_item(size);
            }
            (None, Some(Place::Properties(index, schema))) => self.end_property(index, schema, visitor),
            _ => {}
        }
    }

    /// A number, `true`, `false` or `null`.
    pub(crate) fn value(&mut self, at: &Path, value: Scalar<'_>, visitor: &mut impl PromptVisitor<Size = S>) {
        self.note(at.key());
        match self.open.last().copied() {
            Some(Place::Enum) => {
                let size = match value {
                    Scalar::Text(text) => visitor.enum_item(Some(text)),
                    Scalar::Number(digits) => visitor.enum_item(Some(&number_text(digits))),
                    Scalar::Bool(true) => visitor.enum_item(Some("true")),
                    Scalar::Bool(false) => visitor.enum_item(Some("false")),
                    Scalar::Null => visitor.enum_item(Some("null")),
                };
                self.property.add_item(size);
            }
            Some(Place::Properties(index, schema)) => {
                self.property.begin(at.key());
                self.end_property(index, schema, visitor);
            }
            _ => {}
        }
    }

    /// The definition ends: what counts of it is added to the prompt.
    pub(crate) fn finish(&self, visitor: &mut impl PromptVisitor<Size = S>) {
        if !self.has_needed {
            return;
        }
        let [own, inner @ ..] = &self.holders;
        let holder = inner.iter().find(|holder| holder.is_present).unwrap_or(own);
        let schema = holder.schemas.iter().find(|schema| schema.is_present);
        let schema = schema.filter(|schema| schema.has_properties);
        visitor.function(
            &holder.name,
            &holder.description,
            schema.map(|schema| schema.size),
        );
    }

    /// Notes that a member is there, whatever its value.
    fn note(&mut self, key: &str) {
        match self.open.last().copied() {
            Some(Place::Holder(0)) if holder_index(key).is_some() => {
                self.has_needed |= key == self.needed;
                if let Some(holder) = holder_index(key).and_then(|at| self.holders.get_mut(at)) {
                    holder.is_present = true;
                }
            }
            Some(Place::Holder(index)) => {
                self.has_needed |= index == 0 && key == self.needed;
                let schema = SCHEMAS.iter().position(|name| *name == key);
                self.note_schema(index, schema);
            }
            Some(Place::InputSchema(index)) if key == "json" => self.note_schema(index, Some(SCHEMAS.len())),
            _ => {}
        }
    }

    fn note_schema(&mut self, index: usize, schema: Option<usize>) {
        let holder = self.holders.get_mut(index);
        if let Some(schema) = holder.and_then(|holder| holder.schemas.get_mut(schema?)) {
            *schema = Schema {
                is_present: true,
                ..Schema::default()
            };
        }
    }

    /// The text that the current string goes to.
    fn text(&mut self) -> Option<&mut String> {
        Some(match self.string? {
            Part::Name(index) => &mut self.holders.get_mut(index)?.name,
            Part::Description(index) => &mut self.holders.get_mut(index)?.description,
            Part::Kind => &mut self.property.kind,
            Part::PropertyDescription => &mut self.property.description,
            Part::Item => &mut self.item,
        })
    }

    fn end_property(&mut self, index: usize, schema: usize, visitor: &mut impl PromptVisitor<Size = S>) {
        let Property {
            kind,
            description,
            items,
            key,
        } = &self.property;
        let size = visitor.property(key, kind, description, *items);
        let holder = self.holders.get_mut(index);
        if let Some(schema) = holder.and_then(|holder| holder.schemas.get_mut(schema)) {
            schema.has_properties = true;
            schema.size = schema.size + size;
        }
    }
}

impl<S: Copy + Default + Add<Output = S>> Property<S> {
    fn begin(&mut self, key: &str) {
        self.kind.clear();
        self.description.clear();
        self.items = None;
        self.key.clear();
        self.key.push_str(key);
    }

    fn add_item(&mut self, size: S) {
        let items = self.items.unwrap_or_default();
        self.items = Some(items + size);
    }
}

/// Which holder a member of the definition is.
fn holder_index(key: &str) -> Option<usize> {
    match key {
        "function" => Some(1),
        "toolSpec" => Some(2),
        _ => None,
    }
}

/// The members that hold a schema, in the order in which they count; `inputSchema.json` comes last.
const SCHEMAS: [&str; 3] = ["parameters", "input_schema", "parametersJsonSchema"];

/// The most bytes of a text of a definition.
const MAX_TEXT_BYTES: usize = 1024 * 1024;
