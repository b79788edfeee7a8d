//! Counts against known numbers.

#![cfg(all(feature = "bpe-openai", feature = "tiktoken"))]

use std::sync::{Arc, Condvar, Mutex};

use serde_json::Value;

use super::segmented::is_safe;
use crate::bpe_openai::BpeOpenAi;
use crate::counter::TokenCounter;
use crate::encoding::TokenEncoding;
use crate::segmented::{HeldSegments, SegmentedCounter, TokenCount};
use crate::tokenizer::{SharedCounter, Tokenizer};

/// The counters that have OpenAI's vocabularies, as a user would give them to the layer.
fn backends() -> [(&'static str, Vec<SharedCounter>); 2] {
    [
        ("tiktoken-rs", Vec::new()),
        ("bpe-openai", vec![SharedCounter::new(BpeOpenAi::new())]),
    ]
}

fn count(tokenizer: &Tokenizer, pieces: &[&str]) -> Option<TokenCount> {
    let mut counter = SegmentedCounter::new(tokenizer.clone());
    pieces.iter().for_each(|piece| counter.push(piece));
    counter.finish()
}

#[test]
fn encodings_of_models() {
    const O200K: &str = "o200k_base";
    const CL100K: &str = "cl100k_base";
    let cases = [
        ("gpt-4o", O200K, true),
        ("gpt-4o-2024-08-06", O200K, true),
        ("GPT-4o", O200K, true),
        ("openai/gpt-4o:free", O200K, true),
        ("ft:gpt-4.1-mini:acme::1", O200K, true),
        ("o1", O200K, true),
        ("o4-mini", O200K, true),
        ("gpt-5.2", O200K, true),
        ("gpt-oss-20b", O200K, true),
        ("gpt-4", CL100K, true),
        ("gpt-4-turbo", CL100K, true),
        ("gpt-3.5-turbo-0125", CL100K, true),
        ("text-embedding-3-large", CL100K, true),
        ("gpt-45", O200K, false),
        ("o100", O200K, false),
        ("smollm2", O200K, false),
        ("", O200K, false),
    ];
    for (model, name, exact) in cases {
        let expected = match exact {
            true => TokenEncoding::exact(name),
            false => TokenEncoding::rough(name),
        };
        assert_eq!(Tokenizer::built_in(model).encoding(), &expected, "{model}");
    }
}

#[test]
fn special_tokens_are_plain_text() {
    for (name, counters) in backends() {
        let tokenizer = Tokenizer::for_model("gpt-4o", &counters, None);
        let count = count(&tokenizer, &["<|endoftext|>"]).unwrap();
        assert_eq!(
            count.tokens, 7,
            "{name}: a user must not talk their way under a limit"
        );
    }
}

/// tiktoken-rs alone panics here.
#[test]
fn a_million_spaces() {
    let spaces = " ".repeat(1_100_000);
    for (name, counters) in backends() {
        for model in ["gpt-4", "gpt-4o"] {
            let count = count(&Tokenizer::for_model(model, &counters, None), &[&spaces, "x"]).unwrap();
            let bounds = spaces.len() as u64 / 128..=spaces.len() as u64;
            assert!(bounds.contains(&count.tokens), "{name}, {model}: {count:?}");
            assert!(!count.exact, "{name}, {model}: there is no boundary to cut at");
        }
    }
}

#[test]
fn a_long_text_is_counted_as_one() {
    let sentence = "The planner split the task, 3 steps; it's done. 我们把任务分成三个步骤。";
    let tokenizer = Tokenizer::built_in("gpt-4o");
    let one = count(&tokenizer, &[sentence]).unwrap().tokens;
    let text = sentence.repeat(2_000);
    let whole = count(&tokenizer, &[&text]).unwrap();
    assert_eq!(
        whole,
        TokenCount {
            tokens: one * 2_000,
            exact: true
        },
        "whole"
    );
    let pieces: Vec<&str> = text.split_inclusive(['e', ' ', '务']).collect();
    assert_eq!(count(&tokenizer, &pieces), Some(whole), "piece by piece");
}

/// A generator of the same numbers every time: splitmix64.
fn random(state: &mut u64, below: usize) -> usize {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) % below as u64) as usize
}

/// 1,500 texts counted by Python tiktoken, each whole and cut at random.
#[test]
fn oracle() {
    for (name, counters) in backends() {
        agrees(name, &counters);
    }
}

fn agrees(name: &str, counters: &[SharedCounter]) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/token_counts.jsonl");
    let file = std::fs::read_to_string(path).unwrap();
    let mut state = 1;
    let mut all = [String::new(), String::new()];
    let mut sums = [0, 0];
    for (number, line) in file.lines().enumerate() {
        let case: Value = serde_json::from_str(line).unwrap();
        let text = case["text"].as_str().unwrap();
        for (at, model) in ["gpt-4o", "gpt-4"].into_iter().enumerate() {
            let tokenizer = Tokenizer::for_model(model, counters, None);
            let tokens = case[tokenizer.encoding().name()].as_u64().unwrap();
            let expected = Some(TokenCount { tokens, exact: true });
            assert_eq!(
                count(&tokenizer, &[text]),
                expected,
                "{name}, {}, line {number}, whole",
                tokenizer.encoding().name()
            );
            let mut pieces = Vec::new();
            let mut rest = text;
            while !rest.is_empty() {
                let to = rest.ceil_char_boundary(random(&mut state, 40).min(rest.len()));
                let (piece, tail) = rest.split_at(to);
                pieces.push(piece);
                rest = tail;
            }
            assert_eq!(
                count(&tokenizer, &pieces),
                expected,
                "{name}, {}, line {number}, cut",
                tokenizer.encoding().name()
            );
            let joinable =
                text.starts_with(|first| is_safe('1', first)) && text.ends_with(|last| is_safe(last, ' '));
            if joinable {
                all[at].push_str(text);
                all[at].push_str(" 1");
                sums[at] += tokens + count(&tokenizer, &[" 1"]).unwrap().tokens;
            }
        }
    }
    for (at, model) in ["gpt-4o", "gpt-4"].into_iter().enumerate() {
        let joined = count(&Tokenizer::for_model(model, counters, None), &[&all[at]]);
        assert!(
            all[at].len() > 4 * SegmentedCounter::MAX_SEGMENT_BYTES,
            "{name}, {model}: long enough to be counted by segments"
        );
        assert_eq!(
            joined,
            Some(TokenCount {
                tokens: sums[at],
                exact: true
            }),
            "{name}, {model}: joined at safe boundaries"
        );
    }
}

#[test]
fn hostile_texts() {
    let bmp: String = (0..60_000u32)
        .filter_map(|i| char::from_u32(0x100 + i * 7919 % 0xFE00))
        .collect();
    let samples = [
        ("one letter", "a".repeat(200_000)),
        ("dashes", "-".repeat(200_000)),
        ("no-break spaces, digits, tabs", "\u{a0}0\t".repeat(50_000)),
        ("newlines and spaces", "\n     ".repeat(30_000)),
        ("families", "👨‍👩‍👧‍👦".repeat(8_000)),
        ("combining marks", "e\u{301}\u{302}".repeat(30_000)),
        ("special tokens", "<|endoftext|><|im_start|>".repeat(5_000)),
        ("NUL", "\0".repeat(100_000)),
        ("random characters", bmp),
    ];
    for (name, text) in samples {
        for model in ["gpt-4o", "gpt-4"] {
            let counts = backends().map(|(by, counters)| {
                let count = count(&Tokenizer::for_model(model, &counters, None), &[&text]).unwrap();
                let bounds = text.len() as u64 / 128..=text.len() as u64;
                assert!(bounds.contains(&count.tokens), "{name}, {model}, {by}: {count:?}");
                count
            });
            assert_eq!(counts[0], counts[1], "{name}, {model}: both count the same");
        }
    }
}

#[test]
fn what_is_too_long_to_count_is_extrapolated() {
    let sentence = " All work and no play makes Jack a dull boy.";
    let tokenizer = Tokenizer::built_in("gpt-4o");
    let mut counter = SegmentedCounter::new(tokenizer.clone());
    let times = 3 * SegmentedCounter::MAX_COUNTED_BYTES as usize / sentence.len();
    (0..times).for_each(|_| counter.push(sentence));
    let long = counter.finish().unwrap();
    let expected = count(&tokenizer, &[sentence]).unwrap().tokens * times as u64;
    assert!(!long.exact, "and says so");
    assert!(
        long.tokens.abs_diff(expected) * 100 < expected,
        "{long:?}, expected about {expected}"
    );
}

/// A stream that came faster than it was counted used to fill the queue of the whole process.
#[test]
fn a_fast_stream_keeps_little() {
    #[derive(Default)]
    struct Slow(Arc<(Mutex<bool>, Condvar)>);

    impl TokenCounter for Slow {
        fn encoding(&self, _: &str) -> Option<TokenEncoding> {
            Some(TokenEncoding::exact("slow"))
        }

        fn count(&self, _: &TokenEncoding, segment: &str) -> Option<u64> {
            let (gate, opened) = &*self.0;
            drop(opened.wait_while(gate.lock().unwrap(), |open| !*open).unwrap());
            u64::try_from(segment.len() / 2).ok()
        }
    }

    let gate = Slow::default();
    let counters = [SharedCounter::new(Slow(gate.0.clone()))];
    let held_segments = HeldSegments::default();
    let mut text =
        SegmentedCounter::for_stream(Tokenizer::for_model("m", &counters, None), 3, &held_segments);
    for _ in 0..64 {
        text.push(&"ab cd ".repeat(SegmentedCounter::MAX_SEGMENT_BYTES / 6));
        assert!(
            held_segments.count() <= SegmentedCounter::MAX_HELD_SEGMENTS,
            "segments that are held_segments"
        );
    }
    assert_eq!(
        held_segments.count(),
        SegmentedCounter::MAX_HELD_SEGMENTS,
        "as many as may"
    );
    *gate.0.0.lock().unwrap() = true;
    gate.0.1.notify_all();
    while text.is_behind() {
        std::thread::yield_now();
    }
    let count = text.finish().unwrap();
    let bytes = (SegmentedCounter::MAX_SEGMENT_BYTES / 6 * 6 * 64) as u64;
    assert!(!count.exact, "not all was counted");
    assert!(
        count.tokens.abs_diff(bytes / 2) <= 64,
        "at the rate of the rest: {count:?}"
    );
}
