//! Lists of counts by name: `{"modality": "TEXT", "tokenCount": 7}`,
//! `{"metric": "num_prompt_tokens", "value": 7}`.

use crate::Reply;
use crate::json::{Path, Scalar};
use crate::usage::{Paths, UsagePart};

/// Returns the path of a list without its end, if a value is a member of one of its elements.
pub(super) fn list_of<'a>(path: &'a str, at: &Path, end: &str) -> Option<&'a str> {
    path.strip_suffix(at.key())?.strip_suffix(end)
}

/// Reads a member of an element of such a list. Members have no order, so the first of the two is stored
/// until the second has come.
pub(super) fn read(names: &Paths, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
    let (Scalar::Text(text) | Scalar::Number(text)) = value else {
        return;
    };
    // Two characters that differ between the elements of an answer.
    let character = |number: usize| char::from(b'!' + u8::try_from(number % 64).unwrap_or(0));
    let [position, length] = [at.last_position() as usize, at.as_str().len() - at.key().len()].map(character);
    let stashed = reply.stashed().strip_prefix(position);
    let Some(other) = stashed.and_then(|stashed| stashed.strip_prefix(length)) else {
        let stash = &mut reply.cursor.stashed;
        stash.clear();
        stash.push(position);
        stash.push(length);
        stash.push_str(text);
        return;
    };
    let (name, count) = match value {
        Scalar::Text(name) => (name, Scalar::Number(other)),
        _ => (other, value),
    };
    let part = names.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
    if let (Some(count), Some((_, part))) = (count.as_count(), part) {
        reply.usage.set(*part, count);
    }
}

/// The modalities of Gemini's input, output and cached input.
pub(super) const INPUT: &Paths = &[
    ("TEXT", UsagePart::TextInput),
    ("AUDIO", UsagePart::AudioInput),
    ("IMAGE", UsagePart::ImageInput),
];
pub(super) const OUTPUT: &Paths = &[
    ("TEXT", UsagePart::TextOutput),
    ("AUDIO", UsagePart::AudioOutput),
    ("IMAGE", UsagePart::ImageOutput),
];
pub(super) const CACHE_READ: &Paths = &[
    ("TEXT", UsagePart::TextCacheRead),
    ("AUDIO", UsagePart::AudioCacheRead),
    ("IMAGE", UsagePart::ImageCacheRead),
];
