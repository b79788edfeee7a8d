//! Files of our own format.

use std::fs;

use super::*;

const OWN: &str = r#"{"models": {
    "gpt-5.2": {"input": 2, "output": 8, "cache_read": 0.5, "web_search": 0.25,
        "service_tier": {"flex": {"input": 1, "output": 4, "context_over": {"1000": {"input": 3}}}},
        "context_over": {"1000": {"input": 6}},
        "multiplier": {"us": 1.5}},
    "tiny": {"input": 0}
}}"#;

#[test]
fn our_own_format() {
    let prices = Prices::from_json(OWN).expect("our own format");
    assert_eq!(prices.len(), 2, "both models");
    let long = input().with_context(1_001);
    for (name, usage, expected) in [
        ("input", input(), Cost::Priced(2.0)),
        (
            "a search",
            input().with_count(BilledPart::WebSearch, 1),
            Cost::Priced(2.25),
        ),
        ("a tier", input().with_service_tier("flex"), Cost::Priced(1.0)),
        ("a long prompt", long.clone(), Cost::Priced(6.0)),
        ("both", long.with_service_tier("flex"), Cost::Priced(3.0)),
        ("a region", input().with_region("us"), Cost::Priced(3.0)),
        (
            "what is not listed",
            input().with_count(BilledPart::InputAudio, 1),
            unpriced(BilledPart::InputAudio),
        ),
    ] {
        assert_eq!(cost(&prices, "openai", "gpt-5.2", &usage), expected, "{name}");
    }
    assert!(prices.names("GPT-5.2"), "its models are the user's own");
    assert!(prices.has("gpt-5.2-2025-12-11"), "and so are their versions");
}

#[test]
fn errors_name_file_model_key_and_what_is_accepted() {
    let folder = std::env::temp_dir().join(format!("throughline-prices-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("prices.json");
    for (text, expected) in [
        (
            r#"{"models": {"m": {"inputs": 1}}}"#,
            "model \"m\": key \"inputs\": this key is unknown: accepted are input, input_audio, input_image, cache_read, \
             cache_read_audio, cache_read_image, cache_write_5m, cache_write_1h, output, output_audio, output_image, \
             reasoning, citation, web_search, audio_second, page, search_unit, request, context_over, service_tier, multiplier",
        ),
        (
            r#"{"models": {"m": {"service_tier": {"flex": {"input": "cheap"}}}}}"#,
            "model \"m\": key \"service_tier.flex.input\": \"cheap\" is no price: a number from 0 is accepted",
        ),
        (
            r#"{"models": {"m": {"service_tier": {"flex": {"multiplier": {}}}}}}"#,
            "model \"m\": key \"service_tier.flex.multiplier\": this key is unknown: accepted are input, input_audio, \
             input_image, cache_read, cache_read_audio, cache_read_image, cache_write_5m, cache_write_1h, output, \
             output_audio, output_image, reasoning, citation, web_search, audio_second, page, search_unit, request, context_over",
        ),
        (
            r#"{"models": {"m": {"context_over": {"200k": {"input": 1}}}}}"#,
            "model \"m\": key \"context_over.200k\": this is no number of tokens: an integer is accepted, such as \"200000\"",
        ),
        (
            r#"{"models": {"m": {"multiplier": {"us": -1}}}}"#,
            "model \"m\": key \"multiplier.us\": -1 is no price: a number from 0 is accepted",
        ),
        (
            r#"{"models": {"m": 1}}"#,
            "model \"m\": 1 is no object: {\"input\": 1.75, \"output\": 14} is accepted",
        ),
        ("[]", "is no table of prices: accepted are {\"models\": "),
        (
            r#"{"m": {"price": 1}}"#,
            "is no table of prices: accepted are {\"models\": ",
        ),
        ("{", "is no valid JSON: "),
    ] {
        fs::write(&file, text).expect("a file");
        let error = Prices::from_file(&file).expect_err(text).to_string();
        let expected = format!("{}: {expected}", file.display());
        assert!(error.starts_with(&expected), "{text}: {error}");
    }
    fs::remove_dir_all(&folder).expect("the folder");
    let error = Prices::from_file(&file).expect_err("no file").to_string();
    let expected = format!("{}: cannot be read: ", file.display());
    assert!(error.starts_with(&expected), "no file: {error}");
}
