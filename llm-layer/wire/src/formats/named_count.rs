//! Lists of counts by name: `{"modality": "TEXT", "tokenCount": 7}`,
//! `{"metric": "num_prompt_tokens", "value": 7}`.

use crate::json::{Path, Scalar};
use crate::reply::{HalfEntry, Reply};
use crate::usage::{Paths, UsagePart};

/// Returns the path of a list without its end, if a value is a member of one of its elements. `path` is the
/// path of the value, or the end of it.
pub(super) fn list_of<'a>(path: &'a str, at: &Path, end: &str) -> Option<&'a str> {
    let list = path.len().checked_sub(at.key().len())?;
    path.get(..list)?.strip_suffix(end)
}

/// Reads a member of an element of such a list. Members have no order, so the first of the two is held until
/// the second comes.
pub(super) fn read(names: &Paths, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
    let half = match value {
        Scalar::Text(name) => {
            let part = names.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
            HalfEntry::Name(part.map(|(_, part)| *part))
        }
        Scalar::Number(_) => HalfEntry::Count(value.as_count()),
        _ => return,
    };
    // Together they differ between the elements of an answer.
    let element = (at.last_position(), at.len() - at.key().len());
    let held = reply.cursor.half_entry.take();
    match (held.filter(|(other, _)| *other == element), half) {
        (Some((_, HalfEntry::Name(part))), HalfEntry::Count(count))
        | (Some((_, HalfEntry::Count(count))), HalfEntry::Name(part)) => {
            if let (Some(part), Some(count)) = (part, count) {
                reply.usage.set(part, count);
            }
        }
        _ => reply.cursor.half_entry = Some((element, half)),
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

#[cfg(test)]
mod tests {
    use crate::formats::Format;
    use crate::json::Scanner;
    use crate::reading::{Reading, TextPiece};
    use crate::recognised::AnyFormat;
    use crate::reply::Reply;
    use crate::usage::UsagePart;

    /// The events of a stream may list other modalities, in another order, or leave out a count of 0.
    #[test]
    fn an_event_does_not_complete_the_entry_of_the_one_before() {
        const FIRST: &str = r#"{"modality":"TEXT","tokenCount":3}"#;
        for (first, then) in [
            (FIRST, r#"{"modality":"AUDIO","tokenCount":5}"#),
            (FIRST, r#"{"tokenCount":5,"modality":"AUDIO"}"#),
            (r#"{"modality":"TEXT"}"#, r#"{"modality":"AUDIO","tokenCount":5}"#),
            (r#"{"modality":"TEXT"}"#, r#"{"tokenCount":5,"modality":"AUDIO"}"#),
            (r#"{"tokenCount":3}"#, r#"{"modality":"AUDIO","tokenCount":5}"#),
        ] {
            let wire = AnyFormat::from(Format::Gemini);
            let mut reply = Reply::new("candidates[]", &[]);
            let mut reading = Reading {
                format: &wire,
                reply: &mut reply,
                answer: None,
                on_text: |_: TextPiece<'_>| (),
            };
            for entry in [first, then] {
                let document = format!(r#"{{"usageMetadata":{{"candidatesTokensDetails":[{entry}]}}}}"#);
                let fed = Scanner::default().feed(document.as_bytes(), &mut reading);
                assert_eq!(fed, Ok(()), "{document}");
            }
            let text = (first == FIRST).then_some(3);
            assert_eq!(
                reply.usage.part(UsagePart::TextOutput),
                text,
                "text: {first}, then {then}"
            );
            assert_eq!(
                reply.usage.part(UsagePart::AudioOutput),
                Some(5),
                "audio: {first}, then {then}"
            );
        }
    }
}
