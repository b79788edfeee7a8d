//! What the counter `prompt_size` counts, and TaskWeaver's way of counting.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use serde_core::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::{Counter, Encoding, Segmented, TargetModel};

/// What the counter `prompt_size` counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PromptSizeMode {
    /// What the provider reports; where it does not, an estimate.
    #[default]
    Usage,
    /// What TaskWeaver counted, for old dashboards to go on: the prompt's messages and tools as JSON, and the text of the
    /// answer, with `cl100k_base`, the vocabulary of its default model, or that of
    /// [`LlmLayer::with_tokenizer_target_model`](crate::LlmLayer::with_tokenizer_target_model). It is about 40 % more than
    /// what is billed.
    TaskWeaver,
}

/// The vocabulary of TaskWeaver's target model, by the first counter that has it.
pub(crate) fn encoding(target: Option<&TargetModel>, counters: &[Counter]) -> Encoding {
    let model = target.map_or(MODEL, TargetModel::as_str);
    let own = Encoding::of_model(model);
    let mut known = Encoding::known(model, counters);
    let same = known.find(|encoding| encoding.is().name() == own.is().name());
    same.unwrap_or(own)
}

/// The size of a prompt as TaskWeaver counts it.
pub(crate) fn prompt_size(body: &[u8], encoding: &Encoding) -> Option<u64> {
    let mut size = 0;
    for part in dumps(body, ["messages", "tools"]).into_iter().flatten() {
        let mut counter = Segmented::new(encoding.clone());
        counter.push(&part);
        size += counter.finish()?.tokens;
    }
    Some(size)
}

/// A prompt as TaskWeaver writes it on its spans.
pub(crate) fn prompt(body: &[u8]) -> Option<String> {
    let [messages, prompt] = dumps(body, ["messages", "prompt"]);
    messages.or(prompt)
}

/// What `json.dumps` of Python writes of some members of a JSON object, with its defaults: a space behind commas and
/// colons, nothing but ASCII, the keys in the order they came in.
pub(super) fn dumps<const N: usize>(body: &[u8], members: [&str; N]) -> [Option<String>; N] {
    let mut texts = [const { None }; N];
    let mut json = serde_json::Deserializer::from_slice(body);
    let pick = Pick {
        members,
        texts: &mut texts,
    };
    // What is written so far is no use to anybody.
    if json.deserialize_map(pick).is_err() {
        return [const { None }; N];
    }
    texts
}

/// Picks members of an object.
struct Pick<'a, const N: usize> {
    members: [&'a str; N],
    texts: &'a mut [Option<String>; N],
}

/// Writes a value while it is read: a `Value` would have forgotten the order of its keys.
struct Dump<'a>(&'a mut String);

impl<'de, const N: usize> Visitor<'de> for Pick<'_, N> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Cow<'_, str>>()? {
            let slot = self
                .members
                .iter()
                .zip(&mut *self.texts)
                .find(|(member, _)| **member == key);
            match slot {
                Some((_, slot)) => {
                    let mut text = String::new();
                    map.next_value_seed(Dump(&mut text))?;
                    *slot = Some(text);
                }
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Dump<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Dump<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.0.push_str("null");
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.0.push_str(if value { "true" } else { "false" });
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        let _ = write!(self.0, "{value}");
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        let _ = write!(self.0, "{value}");
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        let _ = write!(self.0, "{}", Value::from(value));
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        quoted(value, self.0);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        self.0.push('[');
        let begin = self.0.len();
        // The comma behind the last item is one too many.
        while items.next_element_seed(Dump(&mut *self.0))?.is_some() {
            self.0.push_str(", ");
        }
        self.0.truncate(self.0.len().saturating_sub(2).max(begin));
        self.0.push(']');
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        self.0.push('{');
        let mut first = true;
        while let Some(key) = members.next_key::<Cow<'_, str>>()? {
            self.0
                .push_str(if std::mem::take(&mut first) { "" } else { ", " });
            quoted(&key, self.0);
            self.0.push_str(": ");
            members.next_value_seed(Dump(&mut *self.0))?;
        }
        self.0.push('}');
        Ok(())
    }
}

fn quoted(string: &str, text: &mut String) {
    text.push('"');
    for unit in string.encode_utf16() {
        match u8::try_from(unit).map(char::from) {
            Ok('"') => text.push_str("\\\""),
            Ok('\\') => text.push_str("\\\\"),
            Ok('\n') => text.push_str("\\n"),
            Ok('\r') => text.push_str("\\r"),
            Ok('\t') => text.push_str("\\t"),
            Ok('\u{8}') => text.push_str("\\b"),
            Ok('\u{c}') => text.push_str("\\f"),
            Ok(character @ ' '..='~') => text.push(character),
            _ => {
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    text.push('"');
}

const MODEL: &str = "gpt-4";
