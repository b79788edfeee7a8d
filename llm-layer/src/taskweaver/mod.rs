//! What the counter `prompt_size` counts, and TaskWeaver's way of counting.

mod dump;

use throughline_tokens::{SegmentedCounter, SharedCounter, TargetModel, Tokenizer};

use self::dump::{Dump, Sink};

/// What the counter `prompt_size` counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PromptSizeMode {
    /// What the provider reports; where it does not, an estimate.
    #[default]
    Usage,
    /// What TaskWeaver counted, for old dashboards to go on: the prompt's messages and tools as JSON, and the
    /// text of the answer, with `cl100k_base`, the vocabulary of its default model, or that of
    /// [`LlmLayer::with_tokenizer_target_model`](crate::LlmLayer::with_tokenizer_target_model). It is about
    /// 40 % more than what is billed.
    TaskWeaver,
}

/// The vocabulary of TaskWeaver's target model, by the first counter that has it.
pub(crate) fn tokenizer(target: Option<&TargetModel>, counters: &[SharedCounter]) -> Tokenizer {
    let model = target.map_or(MODEL, TargetModel::as_str);
    let own = Tokenizer::built_in(model);
    let mut candidates = Tokenizer::candidates(model, counters);
    let same = candidates.find(|tokenizer| tokenizer.encoding().name() == own.encoding().name());
    same.unwrap_or(own)
}

/// Reads the size of a prompt as TaskWeaver counts it: nothing of the prompt is kept.
pub(crate) fn size_reader(tokenizer: &Tokenizer) -> Dump<'_, SegmentedCounter, 2> {
    Dump::new(["messages", "tools"], || SegmentedCounter::new(tokenizer.clone()))
}

/// The size of a prompt that was read; `None` if nothing here can count.
pub(crate) fn size(read: Dump<'_, SegmentedCounter, 2>) -> Option<u64> {
    let parts = read.into_parts().into_iter().flatten();
    parts.map(|part| Some(part.finish()?.tokens)).sum()
}

/// Reads a prompt as TaskWeaver writes it on its spans, if it has at most so many bytes.
pub(crate) fn text_reader(limit: usize) -> Dump<'static, Text, 2> {
    Dump::new(["messages", "prompt"], move || Text {
        text: Some(String::new()),
        limit,
    })
}

/// The prompt that was read, unless it is too long.
pub(crate) fn text(read: Dump<'_, Text, 2>) -> Option<String> {
    let [messages, prompt] = read.into_parts();
    messages.or(prompt)?.text
}

/// A text that is given up once it is too long.
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

const MODEL: &str = "gpt-4";

#[cfg(test)]
mod tests;
