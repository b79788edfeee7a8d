//! LiteLLM's table.

use std::time::{Duration, UNIX_EPOCH};

use super::*;

#[test]
fn the_public_table_of_litellm() {
    use BilledPart::{CacheRead, CacheWrite1h, CacheWrite5m, InputAudio, InputImage, Output, WebSearch};
    let prices = Prices::from_json(LITELLM).expect("LiteLLM's table");
    let long = |tokens| input().with_context(tokens);
    let only = |part| BilledUsage::new().with_count(part, MILLION);
    let search = input().with_count(WebSearch, 2);
    for (provider, model, usage, expected) in [
        (
            "anthropic",
            "claude-sonnet-4-5-20250929",
            input(),
            Cost::Priced(3.0),
        ),
        ("anthropic", "claude-sonnet-4-5", only(Output), Cost::Priced(15.0)),
        (
            "anthropic",
            "claude-sonnet-4-5",
            only(CacheRead),
            Cost::Priced(0.3),
        ),
        (
            "anthropic",
            "claude-sonnet-4-5",
            only(CacheWrite5m),
            Cost::Priced(3.75),
        ),
        (
            "anthropic",
            "claude-sonnet-4-5",
            only(CacheWrite1h),
            Cost::Priced(6.0),
        ),
        ("anthropic", "claude-sonnet-4-5", search, Cost::Priced(3.02)),
        ("anthropic", "claude-sonnet-4-5", long(200_000), Cost::Priced(3.0)),
        ("anthropic", "claude-sonnet-4-5", long(200_001), Cost::Priced(6.0)),
        (
            "anthropic",
            "claude-sonnet-4-5",
            only(CacheWrite1h).with_context(200_001),
            Cost::Priced(12.0),
        ),
        (
            "anthropic",
            "claude-sonnet-4-5",
            only(CacheWrite5m).with_context(200_001),
            unpriced(CacheWrite5m),
        ),
        (
            "anthropic",
            "claude-sonnet-4-5",
            only(InputImage),
            Cost::Priced(3.0),
        ),
        (
            "anthropic",
            "claude-sonnet-4-5",
            only(InputAudio),
            unpriced(InputAudio),
        ),
        (
            "anthropic",
            "claude-sonnet-4-5",
            input().with_service_tier("batch"),
            Cost::Priced(1.5),
        ),
        (
            "anthropic",
            "claude-sonnet-4-5",
            input().with_service_tier("fast").with_region("us"),
            Cost::Priced(6.6),
        ),
        ("anthropic", "latest", input(), Cost::Priced(3.0)),
        ("openai", "gpt-5.2", only(Output), Cost::Priced(14.0)),
        ("openrouter", "openai/gpt-5.2", input(), Cost::Priced(2.0)),
        (
            "openai",
            "gpt-5.2",
            input().with_service_tier("priority"),
            Cost::Priced(4.0),
        ),
        (
            "openai",
            "gpt-5.2",
            input().with_service_tier("fast"),
            Cost::Priced(4.0),
        ),
        (
            "openai",
            "gpt-5.2",
            long(272_001).with_service_tier("priority"),
            Cost::Priced(8.0),
        ),
        (
            "openai",
            "gpt-5.2",
            input().with_service_tier("flex"),
            unpriced(BilledPart::Input),
        ),
        (
            "gcp.gemini",
            "gemini-2.5-pro",
            only(InputAudio),
            Cost::Priced(1.0),
        ),
        (
            "gcp.gemini",
            "gemini-2.5-pro",
            only(InputAudio).with_service_tier("flex"),
            Cost::Priced(0.5),
        ),
        ("openai", "gpt-audio", only(InputAudio), unpriced(InputAudio)),
        ("x_ai", "grok", long(199_999), Cost::Priced(1.0)),
        ("x_ai", "grok", long(200_000), Cost::Priced(2.0)),
        ("dashscope", "qwen-flash", long(256_000), Cost::Priced(1.0)),
        ("dashscope", "qwen-flash", long(256_001), Cost::Priced(3.0)),
        ("deepseek", "deepseek-chat", only(CacheRead), Cost::Priced(0.2)),
        (
            "perplexity",
            "sonar",
            input().with_count(WebSearch, 1),
            unpriced(WebSearch),
        ),
        ("openai", "whisper", input(), unpriced(BilledPart::Input)),
        (
            "openai",
            "whisper",
            BilledUsage::new().with_count(BilledPart::AudioSecond, 60),
            Cost::Priced(0.006),
        ),
        (
            "mistral_ai",
            "ocr",
            BilledUsage::new()
                .with_count(BilledPart::Page, 3)
                .with_service_tier("batch"),
            Cost::Priced(0.006),
        ),
        (
            "cohere",
            "rerank-v3.5",
            BilledUsage::new().with_count(BilledPart::SearchUnit, 2),
            Cost::Priced(0.004),
        ),
    ] {
        let seen = cost(&prices, provider, model, &usage);
        let is_equal = match (&seen, &expected) {
            (Cost::Priced(seen), Cost::Priced(expected)) => (seen - expected).abs() < 1e-9,
            (seen, expected) => seen == expected,
        };
        assert!(
            is_equal,
            "{model} with {usage:?}: {seen:?} in place of {expected:?}"
        );
    }
}

#[test]
fn rows_that_cannot_be_used_are_reported_and_the_others_count() {
    let prices = Prices::from_json(LITELLM).expect("LiteLLM's table");
    let mut ignored: Vec<String> = prices.ignored_rows().iter().map(ToString::to_string).collect();
    ignored.sort();
    let expected = [
        "model \"odd-alias\": key \"alias_of\": \"unheard-of\" is not in the table",
        "model \"odd-hours\": key \"off_peak_pricing\": \"at night\" is no window of time: \"16:30-00:30\" is accepted",
        "model \"odd-range\": key \"tiered_pricing[0].range\": a range is accepted, such as [0, 256000]",
        "model \"odd-row\": 7 is no object of prices",
        "model \"odd-search\": key \"search_context_cost_per_query\": [] is no price: a number from 0 is accepted",
        "model \"odd-suffix\": key \"input_cost_per_token_above_one_hour\": this suffix is unknown: accepted are a size \
         such as `_above_200k_tokens`, then a tier such as `_flex`",
        "model \"odd-value\": key \"input_cost_per_token\": \"free of charge\" is no price: a number from 0 is accepted",
        "model \"odd-zone\": key \"off_peak_pricing\": the time zone of weekdays is unknown: accepted are UTC, \
         Asia/Shanghai",
    ];
    assert_eq!(ignored, expected, "the rows that are left out");
    assert_eq!(prices.len(), 13, "the rows that count");
    let unknown = Cost::Unpriced(vec![Unpriced::Model]);
    assert_eq!(
        cost(&prices, "openai", "odd-value", &input()),
        unknown,
        "a row that is left out"
    );
}

#[test]
fn prices_of_certain_hours() {
    let prices = Prices::from_json(LITELLM).expect("LiteLLM's table");
    // 2026-11-30 is a Monday.
    let monday = UNIX_EPOCH + Duration::from_secs(1_795_996_800);
    for (name, minutes, expected) in [
        ("Monday, 03:59", 239, 2.0),
        ("Monday, 04:00", 240, 1.0),
        ("Monday, 05:59", 359, 1.0),
        ("Monday, 06:00", 360, 2.0),
        ("Monday, 15:59, still Monday in Shanghai", 959, 2.0),
        ("Monday, 22:29", 1_349, 2.0),
        ("Monday, 22:30", 1_350, 1.0),
        ("Tuesday, 00:29", 1_469, 1.0),
        ("Tuesday, 00:30", 1_470, 2.0),
        ("Friday, 15:59", 4 * 1_440 + 959, 2.0),
        ("Friday, 16:00, Saturday in Shanghai", 4 * 1_440 + 960, 1.0),
        ("Sunday, 12:00", 6 * 1_440 + 720, 1.0),
        ("Sunday, 16:00, Monday in Shanghai", 6 * 1_440 + 960, 2.0),
    ] {
        let usage = input().with_time(monday + Duration::from_secs(minutes * 60));
        let seen = cost(&prices, "deepseek", "night", &usage);
        assert_eq!(seen, Cost::Priced(expected), "{name}");
        let output = usage
            .with_count(BilledPart::Input, 0)
            .with_count(BilledPart::Output, MILLION);
        let seen = cost(&prices, "deepseek", "night", &output);
        assert_eq!(seen, Cost::Priced(4.0), "{name}: output has one price");
    }
}
