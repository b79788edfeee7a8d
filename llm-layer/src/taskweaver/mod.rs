//! The modes of the counter `prompt_size`, and the way in which TaskWeaver counts.

mod dump;

use throughline_tokens::{SegmentedCounter, SharedCounter, TargetModel, Tokenizer};

use self::dump::{Dump, Sink};

/// What the counter `prompt_size` counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PromptSizeMode {
    /// The tokens that the provider reports, or an estimate.
    #[default]
    Usage,
    /// The number that TaskWeaver records, so that existing dashboards continue: the tokens of the messages
    /// and tools as JSON, and of the text of the answer, about 40 % more than what is billed; of a request to
    /// complete a text, the prompt. They are
    /// counted with the vocabulary of
    /// [`LlmLayer::with_tokenizer_target_model`](crate::LlmLayer::with_tokenizer_target_model). Default:
    /// `cl100k_base`, that of TaskWeaver's default model.
    TaskWeaver,
}

/// Returns a tokenizer for the target model of TaskWeaver: of the first counter that has its vocabulary.
pub(crate) fn tokenizer(target: Option<&TargetModel>, counters: &[SharedCounter]) -> Tokenizer {
    let model = target.map_or(DEFAULT_TARGET_MODEL, TargetModel::as_str);
    let own = Tokenizer::built_in(model);
    let mut candidates = Tokenizer::candidates(model, counters);
    let same = candidates.find(|tokenizer| tokenizer.encoding().name() == own.encoding().name());
    same.unwrap_or(own)
}

/// Returns a reader that counts a prompt as TaskWeaver does, without storing it.
pub(crate) fn size_reader(tokenizer: &Tokenizer) -> Dump<'_, SegmentedCounter, 4> {
    Dump::new(PROMPT, || SegmentedCounter::new(tokenizer.clone()))
}

/// Returns the size of the prompt, in tokens, or `None` if no counter is available.
pub(crate) fn size(read: Dump<'_, SegmentedCounter, 4>) -> Option<u64> {
    let parts = read.into_parts().into_iter().flatten();
    parts.map(|part| Some(part.finish()?.tokens)).sum()
}

/// Returns a reader for the text of a prompt as TaskWeaver writes it on its spans, of at most `limit` bytes.
pub(crate) fn text_reader(limit: usize) -> Dump<'static, Text, 2> {
    Dump::new(["messages", "prompt"], move || Text {
        text: Some(String::new()),
        limit,
    })
}

/// Returns the text of the prompt, unless it exceeds the limit.
pub(crate) fn text(read: Dump<'_, Text, 2>) -> Option<String> {
    let [messages, prompt] = read.into_parts();
    messages.or(prompt)?.text
}

/// A text that is discarded once it exceeds the limit.
#[derive(Debug)]
pub(crate) struct Text {
    text: Option<String>,
    limit: usize,
}

impl Sink for Text {
    fn push(&mut self, piece: &str) {
        if let Some(text) = &mut self.text {
            text.push_str(piece);
            if text.len() > self.limit {
                self.text = None;
            }
        }
    }
}

#[cfg(test)]
impl Sink for String {
    fn push(&mut self, piece: &str) {
        self.push_str(piece);
    }
}

impl Sink for SegmentedCounter {
    fn push(&mut self, piece: &str) {
        self.push(piece);
    }
}

/// The members with the prompt. TaskWeaver sends the first two; the others are those of requests to complete
/// a text, as of Ollama's `/api/generate`.
const PROMPT: [&str; 4] = ["messages", "tools", "prompt", "system"];

const DEFAULT_TARGET_MODEL: &str = "gpt-4";

#[cfg(test)]
mod tests;
