//! The body of a request, kept for what may have to be known of it later.

use bytes::Bytes;

use crate::content::{Document, DocumentReader};
use crate::encoding::{Coding, Decoder, Side};
use crate::json::{StrictScanner, Visit};

/// The body of a request as it was sent. It is read again, piece by piece, if its prompt has to be counted or recorded.
#[derive(Debug, Clone)]
pub(super) struct RequestCopy {
    bytes: Bytes,
    coding: Option<Coding>,
    length: usize,
}

impl RequestCopy {
    /// A body that unfolds to `length` bytes.
    pub(super) fn new(bytes: Bytes, coding: Option<Coding>, length: usize) -> Self {
        Self {
            bytes,
            coding,
            length,
        }
    }

    /// Its length in bytes, decoded.
    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// Reads it for its content, which may have `total` bytes when it is written.
    pub(super) fn document(&self, total: usize) -> Document {
        let mut reader = DocumentReader::new(total);
        self.read(&mut reader);
        reader.finish()
    }

    /// Reads it. Returns whether it could be read to its end, as it could when it was read first.
    pub(super) fn read(&self, visit: &mut impl Visit) -> bool {
        let mut scanner = StrictScanner::new();
        let mut read = Ok(());
        let mut decoder = Decoder::new(self.coding, Side::Request);
        let decoded = decoder.feed(&self.bytes, |bytes| {
            if read.is_ok() {
                read = scanner.feed(bytes, visit);
            }
        });
        decoded.is_ok() && read.is_ok() && scanner.finish(visit).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use allocation_counter::measure;
    use bytes::Bytes;

    use super::RequestCopy;
    use crate::estimate::{Counter, Encoding, Prompt, TokenCounter, TokenEncoding, taskweaver};
    use crate::wire::{Format, PromptReader, Wire};

    /// Counts a token a byte.
    struct BytesOfText;

    impl TokenCounter for BytesOfText {
        fn encoding(&self, _: &str) -> Option<TokenEncoding> {
            Some(TokenEncoding::exact("bytes"))
        }

        fn count(&self, _: &TokenEncoding, segment: &str) -> Option<u64> {
            u64::try_from(segment.len()).ok()
        }
    }

    const BYTES: usize = 200_000;

    /// What is made of a request later, when its prompt is counted and recorded, is bounded too.
    #[test]
    fn a_second_look_takes_no_more_than_the_request() {
        let fill = |with: &str| with.repeat(BYTES / with.len());
        let property = r#""a":{"type":"string","description":"d","enum":["x"]},"#;
        let shapes = [
            ("objects", format!(r#"{{"messages":[{}0]}}"#, fill(r#"{"":0},"#))),
            ("arrays", format!(r#"{{"messages":[{}0]}}"#, fill("[],"))),
            (
                "messages",
                format!(
                    r#"{{"messages":[{}0]}}"#,
                    fill(r#"{"role":"user","content":"x"},"#)
                ),
            ),
            (
                "nesting",
                format!(
                    r#"{{"messages":[{}0]}}"#,
                    fill(&["[".repeat(90), "]".repeat(90), ",".into()].concat())
                ),
            ),
            (
                "a text",
                format!(r#"{{"messages":[{{"content":"{}"}}]}}"#, fill("xy ")),
            ),
            (
                "a text of escapes",
                format!(r#"{{"messages":[{{"content":"{}"}}]}}"#, fill(r"\u0001")),
            ),
            (
                "arguments",
                format!(
                    r#"{{"messages":[{{"tool_calls":[{{"function":{{"name":"f","arguments":"[{}0]"}}}}]}}]}}"#,
                    fill(r#"{\"\":0},"#),
                ),
            ),
            ("members", format!(r#"{{{}"messages":[]}}"#, fill(r#""a":0,"#))),
            (
                "tools",
                format!(
                    r#"{{"messages":[],"tools":[{}0]}}"#,
                    fill(r#"{"function":{"name":"f","description":"d"}},"#)
                ),
            ),
            (
                "properties",
                format!(
                    r#"{{"messages":[],"tools":[{{"function":{{"name":"f","parameters":{{"properties":{{{}"z":0}}}}}}}}]}}"#,
                    fill(property),
                ),
            ),
            (
                "a description",
                format!(
                    r#"{{"messages":[],"tools":[{{"function":{{"name":"f","description":"{}"}}}}]}}"#,
                    fill("xy "),
                ),
            ),
        ];
        let counters = [Counter::new(BytesOfText)];
        let encoding = Encoding::of("m", &counters, None);
        let wire = Wire::BuiltIn(Format::OpenAiChat);
        for (name, body) in shapes {
            let length = body.len();
            let copy = RequestCopy::new(Bytes::from(body), None, length);
            let read_prompt = |prompt| {
                let mut reader = PromptReader::new(&wire, prompt);
                assert!(copy.read(&mut reader), "{name}: it is valid");
                reader.into_prompt()
            };
            let looks: [(&str, &dyn Fn()); 5] = [
                ("tokens", &|| {
                    let count = read_prompt(Prompt::new(encoding.clone())).finish();
                    assert!(count.is_some(), "{name}: tokens");
                }),
                ("characters", &|| {
                    read_prompt(Prompt::uncounted());
                }),
                ("TaskWeaver's size", &|| {
                    let mut size = taskweaver::size_reader(&encoding);
                    assert!(copy.read(&mut size), "{name}: it is valid");
                    assert!(
                        taskweaver::size(size).is_some_and(|size| size > 0),
                        "{name}: a size"
                    );
                }),
                ("TaskWeaver's prompt", &|| {
                    let mut text = taskweaver::text_reader(64 * 1024);
                    assert!(copy.read(&mut text), "{name}: it is valid");
                    let text = taskweaver::text(text);
                    assert!(
                        text.is_none_or(|text| text.len() <= 64 * 1024),
                        "{name}: a short text"
                    );
                }),
                ("content", &|| {
                    let content = crate::content::Content::of_request(&copy.document(64 * 1024));
                    assert!(content.output.is_empty(), "{name}: a request has no output");
                }),
            ];
            for (look, run) in looks {
                let most = match look {
                    // Its own limit: four times 64 KiB, written as values of serde_json.
                    "content" => 3 * 1024 * 1024,
                    _ => length as u64 + 512 * 1024,
                };
                let measured = measure(run).bytes_max;
                assert!(
                    measured <= most,
                    "{name}, {look}: {measured} bytes beside {length}"
                );
            }
        }
    }
}
