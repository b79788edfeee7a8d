//! Usage divided into parts.

use http::HeaderMap;
use throughline_agents::{CallUsage, TokenSource};
use throughline_llm_wire::{Format, ResponseReader};

use super::*;

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
    BilledUsage::from_reply(&totals, reader.reply(), None)
}

#[test]
fn usage_is_divided_into_parts_that_do_not_overlap() {
    use BilledPart::*;
    type Parts = &'static [(BilledPart, u64)];
    let cases: [(&str, Format, &str, Parts); 10] = [
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
        (
            "audio by its length, beside tokens",
            Format::OpenAiChat,
            r#"{"usage":{"prompt_tokens":7,"completion_tokens":3,"prompt_audio_seconds":12}}"#,
            &[(Input, 7), (Output, 3), (AudioSecond, 12)],
        ),
        (
            "search units without tokens",
            Format::Cohere,
            r#"{"meta":{"billed_units":{"search_units":2}}}"#,
            &[(SearchUnit, 2)],
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
