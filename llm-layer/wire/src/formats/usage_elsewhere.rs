//! Usage at places, and by names, that the format of the answer does not know.
//!
//! Gateways wrap answers in their own envelopes (`result`, `data.response`), move the usage (`choices[].message`,
//! `metadata`), and write its names in another case. So each format has this net under it: counts by their usual
//! names, compared without case and underscores, at any place that says that it is about usage. They are used only if
//! the format itself read no usage at all, so that they can neither change nor double what it knows.

use crate::json::{Path, Scalar};
use crate::usage::{Paths, UsagePart};
use crate::{Reply, WireFormat};

/// Takes a value that may be a count.
#[inline]
pub(super) fn read(format: &dyn WireFormat, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
    let (Scalar::Number(digits) | Scalar::Text(digits)) = value else {
        return;
    };
    // Nearly all values end here: they are texts, or their key is that of no count.
    let is_digit = digits.as_bytes().first().is_some_and(u8::is_ascii_digit);
    if is_digit && matches!(at.as_str().as_bytes().last(), Some(b's' | b'S' | b't' | b'T')) {
        read_digits(format, at, value, reply);
    }
}

fn read_digits(format: &dyn WireFormat, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
    let Some(part) = part_of(at.key()) else {
        return;
    };
    let path = at.as_str();
    let (container, _) = path
        .split_at_checked(path.len() - at.key().len())
        .unwrap_or_default();
    let is_count = matches!(value, Scalar::Number(_)) || contains(container, "usage");
    if is_count && is_about_usage(container) && !is_content(format, container) && at.is_in_first_elements() {
        if let Some(count) = value.as_count() {
            reply.set_other_tokens(part, count);
        }
    }
}

/// The part that a key names.
fn part_of(key: &str) -> Option<UsagePart> {
    // All names have it.
    let has_token = |key: &[u8]| key.windows(5).any(|bytes| bytes.eq_ignore_ascii_case(b"token"));
    if key.len() > MAX_KEY_BYTES || !has_token(key.as_bytes()) {
        return None;
    }
    let letters = || key.bytes().filter(|byte| *byte != b'_' && *byte != b'-');
    let is_name = |name: &str| letters().map(|byte| byte.to_ascii_lowercase()).eq(name.bytes());
    let (_, part) = NAMES.iter().find(|(name, _)| is_name(name))?;
    Some(*part)
}

/// Whether an object is the document itself, or says that it is about usage.
fn is_about_usage(container: &str) -> bool {
    let has_any = |words: &[&str]| words.iter().any(|word| contains(container, word));
    container.is_empty()
        || has_any(&["usage", "metric", "token", "stats"])
            // `token_limits`, `token_prices`: numbers of tokens that the call did not use.
            && !has_any(&["limit", "quota", "max", "remaining", "price", "pricing", "cost"])
}

/// Whether an object is a part of what the model wrote: the arguments of a tool call may have any name.
fn is_content(format: &dyn WireFormat, container: &str) -> bool {
    let is_argument = ARGUMENTS.iter().any(|member| container.contains(member));
    is_argument || format.items().iter().any(|item| container.starts_with(item))
}

fn contains(text: &str, lower: &str) -> bool {
    let mut places = text.as_bytes().windows(lower.len());
    places.any(|bytes| bytes.eq_ignore_ascii_case(lower.as_bytes()))
}

const MAX_KEY_BYTES: usize = 40;

/// The members that hold the arguments of tool calls, where they are no string.
const ARGUMENTS: [&str; 3] = [".arguments.", ".args.", ".input."];

const NAMES: &Paths = &[
    ("prompttokens", UsagePart::Input),
    ("inputtokens", UsagePart::Input),
    ("prompttokencount", UsagePart::Input),
    ("inputtokencount", UsagePart::Input),
    ("inputtokenscount", UsagePart::Input),
    ("inputtexttokens", UsagePart::Input),
    ("numprompttokens", UsagePart::Input),
    ("numinputtokens", UsagePart::Input),
    ("totalinputtokens", UsagePart::Input),
    ("completiontokens", UsagePart::Output),
    ("outputtokens", UsagePart::Output),
    ("completiontokencount", UsagePart::Output),
    ("outputtokencount", UsagePart::Output),
    ("outputtokenscount", UsagePart::Output),
    ("candidatestokencount", UsagePart::Output),
    ("generatedtokens", UsagePart::Output),
    ("generatedtokencount", UsagePart::Output),
    ("generationtokencount", UsagePart::Output),
    ("numcompletiontokens", UsagePart::Output),
    ("numoutputtokens", UsagePart::Output),
    ("numgeneratedtokens", UsagePart::Output),
    ("totaloutputtokens", UsagePart::Output),
    ("thoughtstokencount", UsagePart::Thoughts),
    ("totaltokens", UsagePart::Total),
    ("totaltokencount", UsagePart::Total),
    ("numtotaltokens", UsagePart::Total),
    ("cachedtokens", UsagePart::CacheRead),
    ("cachedinputtokens", UsagePart::CacheRead),
    ("cachedprompttokens", UsagePart::CacheRead),
    ("cachedcontenttokencount", UsagePart::CacheRead),
    ("cachereadtokens", UsagePart::CacheRead),
    ("cachereadinputtokens", UsagePart::CacheRead),
    ("cachewritetokens", UsagePart::CacheWrite),
    ("cachewriteinputtokens", UsagePart::CacheWrite),
    ("cachecreationtokens", UsagePart::CacheWrite),
    ("cachecreationinputtokens", UsagePart::CacheWrite),
    ("reasoningtokens", UsagePart::Reasoning),
    ("thinkingtokens", UsagePart::Reasoning),
];

#[cfg(test)]
mod tests {
    use super::{NAMES, part_of};
    use crate::json::Scanner;
    use crate::reading::{Reading, TextPiece};
    use crate::usage::UsagePart;
    use crate::{AnyFormat, Format, Reply};

    /// Returns input, output, cache reads and reasoning of an answer.
    fn read(format: Format, document: &str) -> [Option<u64>; 4] {
        let wire = AnyFormat::from(format);
        let mut reply = Reply::new(format.decoder().alternatives());
        let mut reading = Reading {
            format: &wire,
            reply: &mut reply,
            answer: None,
            on_text: |_: TextPiece<'_>| (),
        };
        let fed = Scanner::default().feed(document.as_bytes(), &mut reading);
        assert_eq!(fed, Ok(()), "{document}");
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

    /// Of a list of reports, the first counts.
    #[test]
    fn the_first_of_a_list() {
        let document = r#"{"model_usage":[{"prompt_tokens":11,"completion_tokens":2},{"prompt_tokens":5,"completion_tokens":1}]}"#;
        let expected = [Some(11), Some(2), None, None];
        assert_eq!(read(Format::OpenAiChat, document), expected, "{document}");
    }

    #[test]
    fn names_are_found_as_they_are_written() {
        for (name, part) in NAMES {
            assert!(name.ends_with(['s', 't']), "{name} is found by its last letter");
            assert_eq!(part_of(name), Some(*part), "{name}");
            assert_eq!(part_of(&name.to_uppercase()), Some(*part), "{name} in capitals");
        }
        assert_eq!(part_of("prompt_tokens_details"), None, "an object is no count");
    }
}
