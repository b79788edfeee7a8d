//! Receives the prompt of a request.

use std::fmt;
use std::ops::Add;

/// Receives the prompt of a request as it is read, so that its tokens can be counted while no text of it is
/// held.
///
/// The parts come in the order of the body, which may differ from the order in which a model reads them. Tool
/// definitions come as sizes: a definition may have several schemas, and only its end shows which of them
/// counts.
pub trait PromptVisitor {
    /// The size of a text, or of several, that is not part of the prompt yet.
    type Size: Copy + Default + fmt::Debug + Add<Output = Self::Size>;

    /// A message begins.
    fn message(&mut self);

    /// The message has the name of its author beside the role.
    fn author(&mut self);

    /// A whole text.
    fn text(&mut self, text: &str);

    /// The role of a message. Default: a text like any other.
    fn role(&mut self, role: &str) {
        self.text(role);
    }

    /// The role of a message begins, which comes in pieces like a text. Default: a text like any other.
    fn begin_role(&mut self) {
        self.begin_text();
    }

    /// A number that is a token itself.
    fn token(&mut self);

    /// A text begins, which comes in pieces.
    fn begin_text(&mut self);

    /// A piece of the text that began last.
    fn piece(&mut self, piece: &str);

    /// The text that began last ends.
    fn end_text(&mut self);

    /// Returns the size of an item of an enumeration in a schema, or of an item without a text.
    fn enum_item(&mut self, text: Option<&str>) -> Self::Size;

    /// Returns the size of a property of a schema. `items` is the size of its enumeration, if it has one.
    fn property(&mut self, key: &str, kind: &str, description: &str, items: Option<Self::Size>)
    -> Self::Size;

    /// A function that the model may call. `properties` is the total size of its schema's properties, if it
    /// has any.
    fn function(&mut self, name: &str, description: &str, properties: Option<Self::Size>);
}
