//! Tables of prices, from code and from files, and how the usage of a call is divided into billed parts.

use std::fs;

use http::HeaderMap;
use throughline_agents::{CallUsage, TokenSource};
use throughline_llm_wire::{Format, ResponseReader};

use super::*;

const M: u64 = 1_000_000;

fn cost(prices: &Prices, provider: &str, model: &str, usage: &BilledUsage) -> Cost {
    prices.cost(&BilledCall::new(provider, model, usage))
}

/// A million input tokens.
fn input() -> BilledUsage {
    BilledUsage::new().with_count(BilledPart::Input, M)
}

fn unpriced(part: BilledPart) -> Cost {
    Cost::Unpriced(vec![Unpriced::Part(part)])
}

#[test]
fn costs() {
    let prices = Prices::new()
        .with_price("gpt-4o", Price::new(2.0, 8.0).with_cache(1.0, 4.0))
        .with_price("gpt-4o-mini", Price::new(0.5, 1.0).with_cache(0.5, 0.5));
    let usage = BilledUsage::new()
        .with_count(BilledPart::Input, 500_000)
        .with_count(BilledPart::CacheRead, 250_000)
        .with_count(BilledPart::CacheWrite5m, 250_000)
        .with_count(BilledPart::Output, 500_000);
    let unknown = Cost::Unpriced(vec![Unpriced::Model]);
    let cases = [
        ([Some("gpt-4o"), None], Cost::Priced(1.0 + 0.25 + 1.0 + 4.0)),
        ([Some("gpt-4o-2024-08-06"), None], Cost::Priced(6.25)),
        ([Some("gpt-4o-mini-2024-07-18"), None], Cost::Priced(1.0)),
        ([Some("unheard-of"), Some("gpt-4o-mini")], Cost::Priced(1.0)),
        ([Some("gpt-4o-mini"), Some("gpt-4o")], Cost::Priced(1.0)),
        ([Some("gpt-4o@2024"), None], Cost::Priced(6.25)),
        ([Some("gpt-4"), None], unknown.clone()),
        ([Some("gpt-4o.1"), None], unknown.clone()),
        // OpenRouter's variants of another price.
        ([Some("gpt-4o:extended"), None], unknown.clone()),
        ([None, None], unknown),
    ];
    for ([response_model, request_model], expected) in cases {
        let call = BilledCall {
            provider: "openai",
            request_model,
            response_model,
            usage: &usage,
        };
        let models = [response_model, request_model];
        assert_eq!(prices.cost(&call), expected, "the cost of {models:?}");
    }
}

/// Divides the usage of an answer.
fn billed(format: Format, answer: &str) -> Option<BilledUsage> {
    let mut reader = ResponseReader::new(format.into());
    reader.read_head(&HeaderMap::new());
    reader.feed(answer.as_bytes(), |_| ());
    reader.finish(|_| ());
    let reported = reader.reply().usage();
    let count = |count: Option<u64>| count.map(|count| (count, TokenSource::Reported));
    let totals = CallUsage {
        input: count(reported.input()),
        output: count(reported.output()),
        ..CallUsage::default()
    };
    BilledUsage::from_usage(&totals, reported, None)
}

#[test]
fn usage_is_divided_into_parts_that_do_not_overlap() {
    use BilledPart::*;
    type Parts = &'static [(BilledPart, u64)];
    let cases: [(&str, Format, &str, Parts); 8] = [
        (
            "Anthropic's cache, by lifetime",
            Format::Anthropic,
            r#"{"usage":{"input_tokens":100,"cache_creation_input_tokens":6000,"cache_read_input_tokens":2000,
                "cache_creation":{"ephemeral_5m_input_tokens":1000,"ephemeral_1h_input_tokens":5000},
                "output_tokens":500,"server_tool_use":{"web_search_requests":2}}}"#,
            &[
                (Input, 100),
                (CacheRead, 2000),
                (CacheWrite5m, 1000),
                (CacheWrite1h, 5000),
                (Output, 500),
                (WebSearch, 2),
            ],
        ),
        (
            "Converse's cache, the tokens ahead of the lifetime",
            Format::BedrockConverse,
            r#"{"usage":{"inputTokens":100,"outputTokens":5,"cacheWriteInputTokens":60,
                "cacheDetails":[{"inputTokens":50,"ttl":"1h"},{"ttl":"5m","inputTokens":10}]}}"#,
            &[(Input, 100), (CacheWrite5m, 10), (CacheWrite1h, 50), (Output, 5)],
        ),
        (
            "OpenAI's audio and reasoning",
            Format::OpenAiChat,
            r#"{"usage":{"prompt_tokens":66,"completion_tokens":120,
                "prompt_tokens_details":{"cached_tokens":10,"audio_tokens":50},
                "completion_tokens_details":{"reasoning_tokens":5,"audio_tokens":95}}}"#,
            &[
                (Input, 6),
                (InputAudio, 50),
                (CacheRead, 10),
                (Output, 20),
                (OutputAudio, 95),
                (Reasoning, 5),
            ],
        ),
        (
            "more cached tokens than text",
            Format::OpenAiChat,
            r#"{"usage":{"prompt_tokens":66,"completion_tokens":1,
                "prompt_tokens_details":{"cached_tokens":60,"audio_tokens":50}}}"#,
            &[
                (InputAudio, 6),
                (CacheRead, 16),
                (CacheReadAudio, 44),
                (Output, 1),
            ],
        ),
        (
            "Gemini's modalities, cached ones too",
            Format::Gemini,
            r#"{"usageMetadata":{"promptTokenCount":1000,"cachedContentTokenCount":500,
                "candidatesTokenCount":30,"thoughtsTokenCount":20,
                "promptTokensDetails":[{"modality":"TEXT","tokenCount":100},{"modality":"AUDIO","tokenCount":800},
                    {"modality":"IMAGE","tokenCount":100}],
                "cacheTokensDetails":[{"modality":"AUDIO","tokenCount":400},{"modality":"TEXT","tokenCount":100}],
                "candidatesTokensDetails":[{"modality":"IMAGE","tokenCount":25}]}}"#,
            &[
                (InputAudio, 400),
                (InputImage, 100),
                (CacheRead, 100),
                (CacheReadAudio, 400),
                (Output, 5),
                (OutputImage, 25),
                (Reasoning, 20),
            ],
        ),
        (
            "parts that are more than the whole",
            Format::OpenAiChat,
            r#"{"usage":{"prompt_tokens":10,"completion_tokens":10,
                "prompt_tokens_details":{"audio_tokens":80,"image_tokens":9},
                "completion_tokens_details":{"audio_tokens":8,"image_tokens":7}}}"#,
            &[(InputAudio, 10), (OutputAudio, 3), (OutputImage, 7)],
        ),
        (
            "searches of Responses, but not the pages that were opened",
            Format::OpenAiResponses,
            r#"{"output":[{"type":"web_search_call","action":{"type":"search","query":"q"}},
                {"type":"web_search_call","action":{"type":"open_page","url":"u"}},{"type":"web_search_call"}],
                "usage":{"input_tokens":7,"output_tokens":3}}"#,
            &[(Input, 7), (Output, 3), (WebSearch, 2)],
        ),
        (
            "Perplexity's citations and searches",
            Format::OpenAiChat,
            r#"{"usage":{"prompt_tokens":7,"completion_tokens":3,"citation_tokens":20,"num_search_queries":4}}"#,
            &[(Input, 7), (Output, 3), (Citation, 20), (WebSearch, 4)],
        ),
    ];
    for (name, format, answer, expected) in cases {
        let usage = billed(format, answer).unwrap_or_else(|| panic!("{name}: tokens are known"));
        let parts = usage.parts().filter(|(part, _)| *part != Request);
        assert_eq!(parts.collect::<Vec<_>>(), expected, "{name}");
        let text = [Input, CacheRead, CacheWrite5m, CacheWrite1h];
        let input = [InputAudio, InputImage, CacheReadAudio, CacheReadImage];
        let counts = text.into_iter().chain(input).map(|part| usage.count(part));
        let tokens: u64 = counts.sum();
        assert_eq!(tokens, usage.context(), "{name}: the input's parts add up");
    }
}

#[test]
fn what_prices_depend_on_is_read_from_the_usage() {
    type Terms = (Option<&'static str>, Option<&'static str>, Option<f64>);
    let cases: [(&str, Format, &str, Terms); 8] = [
        (
            "Anthropic's tier",
            Format::Anthropic,
            r#"{"usage":{"input_tokens":1,"output_tokens":1,"service_tier":"batch","inference_geo":"us"}}"#,
            (Some("batch"), Some("us"), None),
        ),
        (
            "Anthropic's standard",
            Format::Anthropic,
            r#"{"usage":{"input_tokens":1,"output_tokens":1,"service_tier":"standard","speed":"standard","inference_geo":"global"}}"#,
            (None, None, None),
        ),
        (
            "Anthropic's fast mode",
            Format::Anthropic,
            r#"{"usage":{"input_tokens":1,"output_tokens":1,"service_tier":"standard","speed":"fast"}}"#,
            (Some("fast"), None, None),
        ),
        (
            "Converse's tier",
            Format::BedrockConverse,
            r#"{"usage":{"inputTokens":1,"outputTokens":1},"serviceTier":{"type":"priority"}}"#,
            (Some("priority"), None, None),
        ),
        (
            "Vertex's traffic",
            Format::Gemini,
            r#"{"usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":1,"trafficType":"ON_DEMAND_FLEX"}}"#,
            (Some("flex"), None, None),
        ),
        (
            "Vertex's usual traffic",
            Format::Gemini,
            r#"{"usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":1,"trafficType":"ON_DEMAND"}}"#,
            (None, None, None),
        ),
        (
            "OpenRouter's cost",
            Format::OpenAiChat,
            r#"{"usage":{"prompt_tokens":1,"completion_tokens":1,"cost":0.00333,"cost_details":{"upstream_inference_cost":9}}}"#,
            (None, None, Some(0.00333)),
        ),
        (
            "Perplexity's cost",
            Format::OpenAiChat,
            r#"{"usage":{"prompt_tokens":1,"completion_tokens":1,"cost":{"input_tokens_cost":1,"total_cost":0.5}}}"#,
            (None, None, Some(0.5)),
        ),
    ];
    for (name, format, answer, expected) in cases {
        let usage = billed(format, answer).unwrap_or_else(|| panic!("{name}: tokens are known"));
        let seen = (usage.service_tier(), usage.region(), usage.reported_cost());
        assert_eq!(seen, expected, "{name}");
    }
}

#[test]
fn unknown_tokens_are_not_billed() {
    let usage = billed(Format::OpenAiChat, r#"{"usage":{"prompt_tokens":7}}"#);
    assert_eq!(usage, None, "the output is not known");
}

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
             reasoning, citation, web_search, request, context_over, service_tier, multiplier",
        ),
        (
            r#"{"models": {"m": {"service_tier": {"flex": {"input": "cheap"}}}}}"#,
            "model \"m\": key \"service_tier.flex.input\": \"cheap\" is no price: a number from 0 is accepted",
        ),
        (
            r#"{"models": {"m": {"service_tier": {"flex": {"multiplier": {}}}}}}"#,
            "model \"m\": key \"service_tier.flex.multiplier\": this key is unknown: accepted are input, input_audio, \
             input_image, cache_read, cache_read_audio, cache_read_image, cache_write_5m, cache_write_1h, output, \
             output_audio, output_image, reasoning, citation, web_search, request, context_over",
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

const LITELLM: &str = r#"{
    "sample_spec": {"input_cost_per_token": 0.0, "litellm_provider": "prose", "max_tokens": "prose"},
    "claude-sonnet-4-5": {"litellm_provider": "anthropic", "mode": "chat", "max_tokens": 64000,
        "input_cost_per_token": 3e-06, "output_cost_per_token": 1.5e-05, "cache_read_input_token_cost": 3e-07,
        "cache_creation_input_token_cost": 3.75e-06, "cache_creation_input_token_cost_above_1hr": 6e-06,
        "cache_creation_input_token_cost_above_1hr_above_200k_tokens": 1.2e-05,
        "input_cost_per_token_batches": 1.5e-06, "input_cost_per_token_above_200k_tokens": 6e-06,
        "search_context_cost_per_query": {"search_context_size_low": 0.01, "search_context_size_medium": 0.01},
        "provider_specific_entry": {"us": 1.1, "fast": 2, "realtime_ga_only": 1}},
    "latest": {"alias_of": "claude-sonnet-4-5", "litellm_provider": "anthropic"},
    "gpt-5.2": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 2e-06,
        "output_cost_per_token": "1.4e-05", "input_cost_per_token_priority": 4e-06,
        "input_cost_per_token_above_272k_tokens_priority": 8e-06, "cache_read_input_token_cost_flex": 1e-07,
        "cache_creation_input_token_cost_above_12hr": 9.0},
    "gemini/gemini-2.5-pro": {"litellm_provider": "gemini", "mode": "chat", "input_cost_per_token": 1e-06,
        "output_cost_per_token": 4e-06, "input_cost_per_token_flex": 5e-07},
    "gpt-audio": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 1e-06},
    "xai/grok": {"litellm_provider": "xai", "mode": "chat", "input_cost_per_token": 1e-06,
        "input_cost_per_token_above_200k_tokens": 2e-06},
    "dashscope/qwen-flash": {"litellm_provider": "dashscope", "mode": "chat", "tiered_pricing": [
        {"input_cost_per_token": 1e-06, "range": [0, 256000.0]},
        {"input_cost_per_token": 3e-06, "range": [256000.0, 1000000.0]}]},
    "deepseek/deepseek-chat": {"litellm_provider": "deepseek", "input_cost_per_token": 1e-06,
        "input_cost_per_token_cache_hit": 2e-07},
    "sonar": {"litellm_provider": "perplexity", "input_cost_per_token": 1e-06, "search_context_cost_per_query":
        {"search_context_size_low": 0.005, "search_context_size_high": 0.014}},
    "whisper": {"litellm_provider": "openai", "mode": "audio_transcription", "input_cost_per_second": 0.0001},
    "odd-value": {"litellm_provider": "openai", "input_cost_per_token": "free of charge"},
    "odd-suffix": {"litellm_provider": "openai", "input_cost_per_token_above_one_hour": 1},
    "odd-range": {"litellm_provider": "openai", "tiered_pricing": [{"input_cost_per_token": 1, "range": "all"}]},
    "odd-search": {"litellm_provider": "openai", "search_context_cost_per_query": {"low": []}},
    "odd-alias": {"alias_of": "unheard-of"},
    "odd-row": 7,
    "night": {"litellm_provider": "deepseek", "input_cost_per_token": 1e-06, "off_peak_pricing": {}}
}"#;

#[test]
fn the_public_table_of_litellm() {
    use BilledPart::{CacheRead, CacheWrite1h, CacheWrite5m, InputAudio, InputImage, Output, WebSearch};
    let prices = Prices::from_json(LITELLM).expect("LiteLLM's table");
    let long = |tokens| input().with_context(tokens);
    let of = |part| BilledUsage::new().with_count(part, M);
    let search = input().with_count(WebSearch, 2);
    for (provider, model, usage, expected) in [
        (
            "anthropic",
            "claude-sonnet-4-5-20250929",
            input(),
            Cost::Priced(3.0),
        ),
        ("anthropic", "claude-sonnet-4-5", of(Output), Cost::Priced(15.0)),
        ("anthropic", "claude-sonnet-4-5", of(CacheRead), Cost::Priced(0.3)),
        (
            "anthropic",
            "claude-sonnet-4-5",
            of(CacheWrite5m),
            Cost::Priced(3.75),
        ),
        (
            "anthropic",
            "claude-sonnet-4-5",
            of(CacheWrite1h),
            Cost::Priced(6.0),
        ),
        ("anthropic", "claude-sonnet-4-5", search, Cost::Priced(3.02)),
        ("anthropic", "claude-sonnet-4-5", long(200_000), Cost::Priced(3.0)),
        ("anthropic", "claude-sonnet-4-5", long(200_001), Cost::Priced(6.0)),
        (
            "anthropic",
            "claude-sonnet-4-5",
            of(CacheWrite1h).with_context(200_001),
            Cost::Priced(12.0),
        ),
        (
            "anthropic",
            "claude-sonnet-4-5",
            of(CacheWrite5m).with_context(200_001),
            unpriced(CacheWrite5m),
        ),
        (
            "anthropic",
            "claude-sonnet-4-5",
            of(InputImage),
            Cost::Priced(3.0),
        ),
        (
            "anthropic",
            "claude-sonnet-4-5",
            of(InputAudio),
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
        ("openai", "gpt-5.2", of(Output), Cost::Priced(14.0)),
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
        ("gcp.gemini", "gemini-2.5-pro", of(InputAudio), Cost::Priced(1.0)),
        (
            "gcp.gemini",
            "gemini-2.5-pro",
            of(InputAudio).with_service_tier("flex"),
            Cost::Priced(0.5),
        ),
        ("openai", "gpt-audio", of(InputAudio), unpriced(InputAudio)),
        ("x_ai", "grok", long(199_999), Cost::Priced(1.0)),
        ("x_ai", "grok", long(200_000), Cost::Priced(2.0)),
        ("dashscope", "qwen-flash", long(256_000), Cost::Priced(1.0)),
        ("dashscope", "qwen-flash", long(256_001), Cost::Priced(3.0)),
        ("deepseek", "deepseek-chat", of(CacheRead), Cost::Priced(0.2)),
        (
            "perplexity",
            "sonar",
            input().with_count(WebSearch, 1),
            unpriced(WebSearch),
        ),
        ("openai", "whisper", input(), unpriced(BilledPart::Input)),
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
        "model \"night\": key \"off_peak_pricing\": prices that depend on the time of day are not supported",
        "model \"odd-alias\": key \"alias_of\": \"unheard-of\" is not in the table",
        "model \"odd-range\": key \"tiered_pricing[0].range\": a range is accepted, such as [0, 256000]",
        "model \"odd-row\": 7 is no object of prices",
        "model \"odd-search\": key \"search_context_cost_per_query\": [] is no price: a number from 0 is accepted",
        "model \"odd-suffix\": key \"input_cost_per_token_above_one_hour\": this suffix is unknown: accepted are a size \
         such as `_above_200k_tokens`, then a tier such as `_flex`",
        "model \"odd-value\": key \"input_cost_per_token\": \"free of charge\" is no price: a number from 0 is accepted",
    ];
    assert_eq!(ignored, expected, "the rows that are left out");
    assert_eq!(prices.len(), 10, "the rows that count");
    let unknown = Cost::Unpriced(vec![Unpriced::Model]);
    assert_eq!(
        cost(&prices, "openai", "odd-value", &input()),
        unknown,
        "a row that is left out"
    );
}

/// Bug it would be: a public table names thousands of models, which would keep their labels in the metrics.
#[test]
fn a_public_table_names_no_models_of_the_users() {
    let public = Prices::from_json(LITELLM).expect("LiteLLM's table");
    assert!(!public.names("gpt-5.2"), "a row of the table");
    assert!(!public.has("gpt-5.2-2025-12-11"), "a version of one");
    let named = public.with_price("gpt-5.2", Price::new(9.0, 9.0));
    assert!(named.names("gpt-5.2"), "the user's own price");
    let seen = cost(&named, "openai", "gpt-5.2", &input());
    assert_eq!(seen, Cost::Priced(9.0), "it replaces the table's");
    assert!(!named.names("gpt-audio"), "another row of the table");
}

#[test]
fn names_that_differ_in_a_dot_only_keep_their_own_price() {
    let prices = Prices::new()
        .with_price("mistral-medium-3.5", Price::new(1.0, 1.0))
        .with_price("mistral-medium-3-5", Price::new(2.0, 2.0));
    for (model, expected) in [("mistral-medium-3.5", 1.0), ("mistral-medium-3-5", 2.0)] {
        let seen = cost(&prices, "mistral_ai", model, &input());
        assert_eq!(seen, Cost::Priced(expected), "{model}");
    }
}
