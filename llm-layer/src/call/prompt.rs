//! Counts the prompt that a format reads.

use throughline_llm_wire::PromptVisitor;
use throughline_tokens::{PromptCounter, PromptSize, Tokenizer};

/// A prompt that is counted while it is read.
#[derive(Debug)]
pub(crate) struct CountedPrompt(pub(crate) PromptCounter);

impl CountedPrompt {
    pub(crate) fn new(tokenizer: Tokenizer) -> Self {
        Self(PromptCounter::new(tokenizer))
    }

    pub(crate) fn characters_only() -> Self {
        Self(PromptCounter::characters_only())
    }
}

impl PromptVisitor for CountedPrompt {
    type Size = PromptSize;

    fn message(&mut self) {
        self.0.message();
    }

    fn author(&mut self) {
        self.0.author();
    }

    fn text(&mut self, text: &str) {
        self.0.text(text);
    }

    fn role(&mut self, role: &str) {
        self.0.role(role);
    }

    fn begin_role(&mut self) {
        self.0.begin_role();
    }

    fn token(&mut self) {
        self.0.add(1);
    }

    fn begin_text(&mut self) {
        self.0.begin_text();
    }

    fn piece(&mut self, piece: &str) {
        self.0.piece(piece);
    }

    fn end_text(&mut self) {
        self.0.end_text();
    }

    fn enum_item(&mut self, text: Option<&str>) -> PromptSize {
        let size = text.map(|text| self.0.measure(text));
        size.unwrap_or_default().as_enum_item()
    }

    fn property(
        &mut self,
        key: &str,
        kind: &str,
        description: &str,
        items: Option<PromptSize>,
    ) -> PromptSize {
        self.0.property(key, kind, description, items)
    }

    fn function(&mut self, name: &str, description: &str, properties: Option<PromptSize>) {
        self.0.function(name, description, properties);
    }
}
