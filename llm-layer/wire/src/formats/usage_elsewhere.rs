//! Usage at places, and by names, that the format of the answer does not know.
//!
//! Gateways wrap answers in their own envelopes (`result`, `data.response`), move the usage
//! (`choices[].message`, `metadata`), and write its names in another case. So each format has this net under
//! it: counts whose names consist of the usual words, in any case, at any place that says that it is about
//! usage. They are used only if the format itself read no usage at all, so that they can neither change nor
//! double what it knows.

use crate::format::WireFormat;
use crate::json::{Path, Scalar};
use crate::reply::Reply;
use crate::usage::UsagePart;

/// Takes a value that may be a count.
#[inline]
pub(super) fn read(format: &dyn WireFormat, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
    let (Scalar::Number(digits) | Scalar::Text(digits)) = value else {
        return;
    };
    // Nearly all values end here: they are texts, or their key is that of no count.
    let is_digit = digits.as_bytes().first().is_some_and(u8::is_ascii_digit);
    // Some streams report the usage in every event, so the search stops once the format has read it.
    if !is_digit || reply.usage.has_tokens() {
        return;
    }
    let last = at.as_str().as_bytes().last().map(u8::to_ascii_lowercase);
    if last.is_some_and(|last| LAST_LETTERS.contains(&last)) {
        read_digits(format, at, value, digits, reply);
    }
}

fn read_digits(format: &dyn WireFormat, at: &Path, value: Scalar<'_>, digits: &str, reply: &mut Reply) {
    let (path, key) = (at.as_str(), at.key());
    let Some(words) = words(key).filter(|words| *words != 0) else {
        return;
    };
    let (container, _) = path.split_at_checked(path.len() - key.len()).unwrap_or_default();
    let Some(usage) = usage_position(container) else {
        return;
    };
    let is_usage = contains(container, "usage") || contains(reply.event(), "usage");
    let is_count = match value {
        // Without the word, it may be a price.
        Scalar::Number(_) => words & TOKENS != 0 || digits.bytes().all(|byte| byte.is_ascii_digit()),
        _ => contains(container, "usage"),
    };
    if is_count && !is_content(format, container, usage) && at.is_in_first_elements() {
        let object = words_of_object(container);
        if let (Some(part), Some(count)) = (part(words, object, is_usage), value.as_count()) {
            reply.set_other_tokens(part, count);
        }
    }
}

/// The part that a count is, by the words of its key and of the object that it is in.
fn part(words: u16, object: u16, is_usage: bool) -> Option<UsagePart> {
    let any = words | object;
    if any & TOKENS == 0 && !is_usage {
        return None;
    }
    let is_cache = any & CACHE != 0 || words & CACHED != 0;
    match words {
        _ if is_cache && words & WRITE != 0 => Some(UsagePart::CacheWrite),
        _ if is_cache && words & (READ | CACHED) != 0 => Some(UsagePart::CacheRead),
        _ if is_cache || words & (READ | WRITE) != 0 => None,
        _ if words & REASONING != 0 => Some(UsagePart::Reasoning),
        _ if words & THOUGHTS != 0 => Some(UsagePart::Thoughts),
        _ => match (words & (INPUT | OUTPUT), object & (INPUT | OUTPUT)) {
            (INPUT, _) => Some(UsagePart::Input),
            (OUTPUT, _) => Some(UsagePart::Output),
            // A part of a count.
            _ if words & TEXT != 0 => None,
            (0, INPUT) => Some(UsagePart::Input),
            (0, OUTPUT) => Some(UsagePart::Output),
            (0, 0) if words & TOTAL != 0 && any & TOKENS != 0 => Some(UsagePart::Total),
            _ => None,
        },
    }
}

/// The words that a key consists of, as bits. `None` if it has any other.
fn words(key: &str) -> Option<u16> {
    if key.len() > MAX_KEY_BYTES {
        return None;
    }
    let (mut rest, mut words) = (key.as_bytes(), 0);
    while let [first, behind @ ..] = rest {
        if matches!(first, b'_' | b'-') {
            rest = behind;
            continue;
        }
        let (behind, word) = WORDS.iter().find_map(|(word, bit)| {
            let (begin, behind) = rest.split_at_checked(word.len())?;
            begin
                .eq_ignore_ascii_case(word.as_bytes())
                .then_some((behind, bit))
        })?;
        rest = behind;
        words |= word;
    }
    Some(words)
}

/// The words of the name of an object, the last one of a path. 0 if it has any other.
fn words_of_object(container: &str) -> u16 {
    let path = container.trim_end_matches(['.', '[', ']']);
    let name = path.rsplit('.').next().unwrap_or_default();
    words(name).unwrap_or(0)
}

/// Where an object says that it is about usage. The document itself may be.
fn usage_position(container: &str) -> Option<usize> {
    // `token_limits`, `token_prices`: numbers of tokens that the call did not use.
    const OTHER: [&str; 7] = ["limit", "quota", "max", "remaining", "price", "pricing", "cost"];
    const USAGE: [&str; 4] = ["usage", "metric", "token", "stats"];
    if container.is_empty() {
        return Some(0);
    }
    let is_other = OTHER.iter().any(|word| contains(container, word));
    let positions = USAGE.iter().filter_map(|word| position(container, word));
    positions.min().filter(|_| !is_other)
}

/// Whether an object is a part of what the model wrote: the arguments of a tool call may have any name.
/// `usage` is where it says that it is about usage.
fn is_content(format: &dyn WireFormat, container: &str, usage: usize) -> bool {
    let outer = container.get(..usage).unwrap_or_default();
    let is_argument = ARGUMENTS.iter().any(|member| outer.contains(member));
    is_argument || format.items().iter().any(|item| container.starts_with(item))
}

fn contains(text: &str, lower: &str) -> bool {
    position(text, lower).is_some()
}

fn position(text: &str, lower: &str) -> Option<usize> {
    let mut places = text.as_bytes().windows(lower.len());
    places.position(|bytes| bytes.eq_ignore_ascii_case(lower.as_bytes()))
}

const MAX_KEY_BYTES: usize = 40;

/// The members that hold the arguments of tool calls, where they are no string.
const ARGUMENTS: [&str; 3] = [".arguments.", ".args.", ".input."];

const INPUT: u16 = 1;
const OUTPUT: u16 = 1 << 1;
const CACHED: u16 = 1 << 2;
const CACHE: u16 = 1 << 3;
const READ: u16 = 1 << 4;
const WRITE: u16 = 1 << 5;
const REASONING: u16 = 1 << 6;
const THOUGHTS: u16 = 1 << 7;
const TOTAL: u16 = 1 << 8;
const TOKENS: u16 = 1 << 9;
const TEXT: u16 = 1 << 10;

/// The words of which the names of counts consist. A longer word stands in front of one that it begins with.
const WORDS: &[(&str, u16)] = &[
    ("input", INPUT),
    ("prompt", INPUT),
    ("output", OUTPUT),
    ("completion", OUTPUT),
    ("candidates", OUTPUT),
    ("generated", OUTPUT),
    ("generation", OUTPUT),
    ("cached", CACHED),
    ("cache", CACHE),
    ("read", READ),
    ("write", WRITE),
    ("creation", WRITE),
    ("reasoning", REASONING),
    ("thinking", REASONING),
    ("thoughts", THOUGHTS),
    ("thought", THOUGHTS),
    ("total", TOTAL),
    ("tokens", TOKENS),
    ("token", TOKENS),
    ("text", TEXT),
    ("content", 0),
    ("count", 0),
    ("num", 0),
];

/// The last letters of the words that a name may end with.
const LAST_LETTERS: &[u8] = b"tndegsl";

#[cfg(test)]
mod tests {
    use super::{CACHE, LAST_LETTERS, TEXT, WORDS, part, words, words_of_object};
    use crate::formats::Format;
    use crate::json::Scanner;
    use crate::reading::{Reading, TextPiece};
    use crate::recognised::AnyFormat;
    use crate::reply::Reply;
    use crate::usage::UsagePart;

    fn reply(format: Format, document: &str) -> Reply {
        let wire = AnyFormat::from(format);
        let mut reply = Reply::new(wire.alternatives(), wire.envelopes());
        let mut reading = Reading {
            format: &wire,
            reply: &mut reply,
            answer: None,
            on_text: |_: TextPiece<'_>| (),
        };
        let fed = Scanner::default().feed(document.as_bytes(), &mut reading);
        assert_eq!(fed, Ok(()), "{document}");
        reply
    }

    /// Returns input, output, cache reads and reasoning of an answer.
    fn read(format: Format, document: &str) -> [Option<u64>; 4] {
        let reply = reply(format, document);
        let usage = reply.usage();
        let cached = usage.part(UsagePart::CacheRead);
        [usage.input(), usage.output(), cached, usage.reasoning()]
    }

    #[test]
    fn usage_of_any_gateway() {
        let found = [Some(11), Some(2), None, None];
        let cases = [
            (
                r#"{"result":{"usage":{"prompt_tokens":11,"completion_tokens":2}}}"#,
                found,
            ),
            (
                r#"{"data":{"response":{"usage":{"input_tokens":11,"output_tokens":2}}}}"#,
                found,
            ),
            (
                r#"{"usage":{"promptTokens":11,"completionTokens":2,"totalTokens":13}}"#,
                found,
            ),
            (r#"{"Usage":{"PromptTokens":"11","CompletionTokens":"2"}}"#, found),
            (
                r#"{"choices":[{"message":{"usage":{"prompt_tokens":11,"completion_tokens":2}}}]}"#,
                found,
            ),
            (
                r#"{"choices":[{"delta":{},"usage_metadata":{"input_tokens":11,"output_tokens":2}}]}"#,
                found,
            ),
            (
                r#"{"metadata":{"usage":{"prompt_tokens":11,"completion_tokens":2}}}"#,
                found,
            ),
            (r#"{"tokenUsage":{"input-tokens":11,"output-tokens":2}}"#, found),
            (
                r#"{"usage":{"input_count":11,"output_count":2,"token_count":13}}"#,
                found,
            ),
            (
                r#"{"usage":{"input":{"totalTokens":11,"cachedTokens":4},"output":{"totalTokens":2,"reasoningTokens":1}}}"#,
                [Some(11), Some(2), Some(4), Some(1)],
            ),
            (
                r#"{"usage_metadata":{"input_tokens":11,"output_tokens":2,"input_token_details":{"cache_read":4}}}"#,
                [Some(11), Some(2), Some(4), None],
            ),
            (r#"{"type":"usage","input":11,"output":2}"#, found),
            (r#"{"input_tokens":11,"output_tokens":2}"#, found),
            (
                r#"{"metrics":{"num_prompt_tokens":11,"num_completion_tokens":2,"details":{"cached_tokens":4,"reasoning_tokens":1}}}"#,
                [Some(11), Some(2), Some(4), Some(1)],
            ),
        ];
        for (document, expected) in cases {
            assert_eq!(read(Format::OpenAiChat, document), expected, "{document}");
        }
    }

    #[test]
    fn what_is_no_usage() {
        let arguments = r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"usage":{"prompt_tokens":7}}}}]}}]}"#;
        let input = r#"{"content":[{"type":"tool_use","name":"f","input":{"usage":{"input_tokens":7}}}]}"#;
        let cases = [
            (Format::Gemini, arguments),
            (Format::Anthropic, input),
            (Format::OpenAiChat, r#"{"limits":{"prompt_tokens":7}}"#),
            (
                Format::OpenAiChat,
                r#"{"token_limits":{"input_tokens":128000},"usageQuota":{"total_tokens":9}}"#,
            ),
            (
                Format::OpenAiChat,
                r#"{"token_prices":{"input_tokens":3,"output_tokens":15}}"#,
            ),
            (
                Format::OpenAiChat,
                r#"{"usage":{"max_tokens":7,"token_limit":8}}"#,
            ),
            (
                Format::OpenAiChat,
                r#"{"usage":{"prompt_tokens":null,"completion_tokens":"many"}}"#,
            ),
            (Format::OpenAiChat, r#"{"prompt_tokens":"7"}"#),
            (Format::OpenAiChat, r#"{"usage":{"input":0.0012,"output":0.5}}"#),
            (Format::OpenAiChat, r#"{"input":7,"output":8}"#),
            (
                Format::OpenAiResponses,
                r#"{"metadata":{"input_tokens":"7","output_tokens":"8"}}"#,
            ),
        ];
        for (format, document) in cases {
            assert_eq!(read(format, document), [None; 4], "{document}");
        }
    }

    #[test]
    fn what_the_format_knows_counts() {
        let document = r#"{"usage":{"prompt_tokens":11,"completion_tokens":2},"details":{"usage":{"input_tokens":900,"cached_tokens":5}}}"#;
        let expected = [Some(11), Some(2), None, None];
        assert_eq!(read(Format::OpenAiChat, document), expected, "{document}");
    }

    /// The second reading and its copy of the usage took a thirteenth of each event of a stream of Gemini's.
    #[test]
    fn what_the_format_read_is_not_read_again() {
        let document =
            r#"{"usageMetadata":{"promptTokenCount":7,"candidatesTokenCount":2,"totalTokenCount":9}}"#;
        let reply = reply(Format::Gemini, document);
        assert_eq!(reply.usage().input(), Some(7), "the input");
        assert_eq!(reply.other_usage, None, "no usage elsewhere");
    }

    /// Of a list of reports, the first counts.
    #[test]
    fn the_first_of_a_list() {
        let document = r#"{"model_usage":[{"prompt_tokens":11,"completion_tokens":2},{"prompt_tokens":5,"completion_tokens":1}]}"#;
        let expected = [Some(11), Some(2), None, None];
        assert_eq!(read(Format::OpenAiChat, document), expected, "{document}");
    }

    #[test]
    fn parts_by_their_words() {
        use UsagePart::{CacheRead, CacheWrite, Input, Output, Reasoning, Thoughts, Total};
        let cases = [
            ("inputTextTokens", "", Some(Input)),
            ("num_prompt_tokens", "", Some(Input)),
            ("input-tokens-count", "", Some(Input)),
            ("INPUT_COUNT", "usage.", Some(Input)),
            ("total", "usage.input_tokens.", Some(Input)),
            ("tokens", "usage.prompt.", Some(Input)),
            ("candidatesTokenCount", "", Some(Output)),
            ("generation_token_count", "", Some(Output)),
            ("output", "usage.", Some(Output)),
            ("thoughtsTokenCount", "", Some(Thoughts)),
            ("thinking_tokens", "metrics.", Some(Reasoning)),
            ("reasoningTokens", "usage.output.", Some(Reasoning)),
            ("cachedContentTokenCount", "", Some(CacheRead)),
            ("cache_read", "usage.input_token_details.", Some(CacheRead)),
            ("read", "usage.cache.", Some(CacheRead)),
            ("cached_write_tokens", "", Some(CacheWrite)),
            ("cacheCreationInputTokens", "", Some(CacheWrite)),
            ("num_total_tokens", "", Some(Total)),
            ("total", "tokens.", Some(Total)),
            ("cache_tokens", "usage.", None),
            ("total", "usage.", None),
            ("input", "", None),
            ("input", "metrics.", None),
            ("text_tokens", "usage.input.", None),
            ("input_characters", "usage.", None),
            ("prompt_tokens_per_second", "metrics.", None),
            ("prompt_tokens_details", "usage.", None),
        ];
        for (key, container, expected) in cases {
            let object = words_of_object(container);
            let part = words(key).and_then(|words| part(words, object, container.contains("usage")));
            assert_eq!(part, expected, "{container}{key}");
        }
        for (word, _) in WORDS.iter().filter(|(_, bits)| bits & (TEXT | CACHE) == 0) {
            let last = word
                .as_bytes()
                .last()
                .is_some_and(|last| LAST_LETTERS.contains(last));
            assert!(last || *word == "num", "{word} is found by its last letter");
        }
    }
}
