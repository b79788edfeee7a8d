//! Pieces against the regular expressions, and counts against tiktoken-rs.

use std::collections::HashSet;
use std::sync::LazyLock;

use fancy_regex::Regex;
use proptest::collection::vec;
use proptest::prelude::*;
use tiktoken_rs::{CoreBPE, O200K_BASE_PAT_STR, cl100k_base_singleton, o200k_base_singleton};

use super::split::{Pattern, Pieces};
use super::{count, vocabulary};
use crate::encoding::TokenEncoding;

const CL100K_BASE_PATTERN: &str = concat!(
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+",
    r"| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s",
);

/// What counts a text here, and what it must agree with.
struct Reference {
    encoding: TokenEncoding,
    pattern: Pattern,
    expression: Regex,
    tiktoken: &'static CoreBPE,
}

impl Reference {
    fn all() -> &'static [Self; 2] {
        static ALL: LazyLock<[Reference; 2]> = LazyLock::new(Reference::new);
        &ALL
    }

    fn new() -> [Self; 2] {
        [
            Self {
                encoding: TokenEncoding::exact("cl100k_base"),
                pattern: Pattern::Cl100k,
                expression: Regex::new(CL100K_BASE_PATTERN).unwrap(),
                tiktoken: cl100k_base_singleton(),
            },
            Self {
                encoding: TokenEncoding::exact("o200k_base"),
                pattern: Pattern::O200k,
                expression: Regex::new(O200K_BASE_PAT_STR).unwrap(),
                tiktoken: o200k_base_singleton(),
            },
        ]
    }

    fn check(&self, text: &str) {
        let matches = self.expression.find_iter(text);
        let expected: Vec<&str> = matches.map(|piece| piece.unwrap().as_str()).collect();
        let pieces: Vec<&str> = Pieces::new(self.pattern, text).collect();
        assert_eq!(pieces, expected, "{}: the pieces of {text:?}", self.encoding);
        let expected = self.tiktoken.count(text, &HashSet::new()).unwrap();
        let tokens = count(&self.encoding, text);
        assert_eq!(
            tokens,
            Some(expected as u64),
            "{}: the tokens of {text:?}",
            self.encoding
        );
    }
}

fn check(text: &str) {
    Reference::all()
        .iter()
        .for_each(|reference| reference.check(text));
}

#[test]
fn all_tokens_are_read() {
    for (pattern, tokens) in [(Pattern::Cl100k, 100_256), (Pattern::O200k, 199_998)] {
        assert_eq!(vocabulary(pattern).unwrap().len(), tokens, "{pattern:?}");
    }
}

/// Characters of all planes that have some, each beside those of all classes.
#[test]
fn every_character_is_in_its_class() {
    let references = Reference::all();
    let characters: Vec<char> = (0..0x3_4000)
        .chain(0xE_0000..0xE_0200)
        .filter_map(char::from_u32)
        .collect();
    for characters in characters.chunks(256) {
        let text: String = characters
            .iter()
            .map(|c| format!("a{c}B{c}漢{c}1{c}!{c} {c}\n{c}{c}'s{c}'{c}e\u{301}{c}\t\t{c}"))
            .collect();
        references.iter().for_each(|reference| reference.check(&text));
    }
}

#[test]
fn contractions() {
    let endings = [
        "'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'S", "'rE", "'LL", "'ſ", "'l", "'r", "'ves", "''s",
    ];
    for ending in endings {
        for word in ["it", "IT", "It", "漢", "", " ", "1", "e\u{301}", "!", "\n"] {
            for after in ["", "a", "A", " b", "'s", "\n", "1"] {
                check(&format!("{word}{ending}{after}"));
            }
        }
    }
}

#[test]
fn long_pieces() {
    for unit in [
        "a",
        "-",
        "=",
        " ",
        "^",
        "ab",
        "ABa",
        "漢",
        "漢字A",
        "a\u{301}",
        "👨‍👩‍👧‍👦",
        "\0",
        "\n ",
        "qxzj",
        "\u{3000}",
    ] {
        for length in [62, 63, 64, 65, 66, 67, 99, 100, 101, 127, 128, 129, 1_000, 16_384] {
            check(&unit.repeat(length / unit.len()));
            check(&format!("{}x", unit.repeat(length / unit.len())));
        }
    }
}

/// These take tiktoken-rs the longest of all that a search found.
#[test]
fn short_pieces_that_are_no_tokens() {
    for unit in [
        "}\t\t",
        " \t{",
        "\u{a0}0\t",
        "\n     ",
        "<|endoftext|>",
        "{\"\\u00e9\":",
    ] {
        check(&unit.repeat(2_000));
    }
}

/// Some tokens begin or end within a character. Beside such a token, that character is not merged first.
#[test]
fn tokens_with_parts_of_characters() {
    let characters: Vec<String> = ('\u{80}'..'\u{10000}').map(String::from).collect();
    for reference in Reference::all() {
        let tokens = (0..199_998).map_while(|rank| reference.tiktoken.decode_bytes(&[rank]).ok());
        let mut checked = 0;
        for token in tokens.filter(|token| std::str::from_utf8(token).is_err()) {
            let is_start = |byte: &u8| !(0x80..0xC0).contains(byte);
            let Some(start) = token.iter().position(is_start) else {
                continue;
            };
            let end = token.iter().rposition(is_start).unwrap_or(start);
            let (before, rest) = token.split_at(start);
            let (inner, after) = rest.split_at(end - start);
            let befores = characters
                .iter()
                .filter(|c| !before.is_empty() && c.as_bytes().ends_with(before));
            let afters = characters.iter().filter(|c| c.as_bytes().starts_with(after));
            let inner = String::from_utf8_lossy(inner);
            let befores: Vec<&str> = befores.step_by(97).take(8).map(String::as_str).collect();
            let afters: Vec<&str> = afters.step_by(7).take(8).map(String::as_str).collect();
            let ascii = str::from_utf8(after).unwrap_or_default();
            for before in befores.iter().copied().chain([""]) {
                for after in afters.iter().copied().chain([ascii]) {
                    reference.check(&format!("{before}{inner}{after}"));
                    reference.check(&format!("一{before}{inner}{after}a"));
                    checked += 2;
                }
            }
        }
        assert!(checked > 1_000, "{}: {checked} texts", reference.encoding);
    }
}

#[test]
fn a_short_text_is_counted_without_an_allocation() {
    let text = "The planner split the task: antidisestablishmentarianism, 我们把任务分成三个步骤。\n\t}";
    for reference in Reference::all() {
        reference.check(text);
        let allocated = allocation_counter::measure(|| {
            count(&reference.encoding, text);
        });
        assert_eq!(allocated.count_total, 0, "{}", reference.encoding);
    }
}

/// Characters at which the expressions decide something.
fn character() -> impl Strategy<Value = char> {
    let decisive = "aAzZsStTlLrRvVeEmMdDſK0129٣²Ⅷ  \t\n\r\u{b}\u{85}\u{a0}\u{2028}\u{3000}'’!/\\-_{}\"<|>éÉßǅʰªªあア漢字한글हिन्दी\u{301}\u{302}\u{20e3}\u{e0100}👨\u{200d}👩🏽€\0";
    prop_oneof![
        8 => proptest::sample::select(decisive.chars().collect::<Vec<_>>()),
        1 => any::<char>(),
    ]
}

/// Text of tokens, which merge in many ways.
fn tokens() -> impl Strategy<Value = String> {
    vec(0_u32..199_998, 1..40).prop_map(|ranks| {
        let bytes = o200k_base_singleton().decode_bytes(&ranks).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_text(text in vec(character(), 0..200)) {
        check(&text.into_iter().collect::<String>());
    }

    #[test]
    fn any_tokens(text in tokens()) {
        check(&text);
    }

    #[test]
    fn any_tokens_without_spaces(text in tokens()) {
        check(&text.chars().filter(|c| c.is_alphabetic()).collect::<String>());
    }

    #[test]
    fn any_words_of_all_scripts(text in "([\u{80}-\u{d7ff}]|[一-龥]|[ぁ-ヺ]|[가-힣]|[Ѐ-ӿ]|[ऀ-ॿ]|[a-zA-Z]| ){1,80}") {
        check(&text);
    }

    #[test]
    fn any_run(unit in "[a-cA-C漢]{1,4}", length in 1_usize..600) {
        check(&unit.repeat(length));
    }

    #[test]
    fn any_letters(text in "[a-f]{1,400}") {
        check(&text);
    }
}
