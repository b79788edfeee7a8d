//! What users of other libraries complained of: each is a test of ours.

use std::path::Path;

/// Golden cases by their path, tests by file and name.
enum Held {
    Golden(&'static str),
    Test(&'static str, &'static str),
}

use Held::{Golden, Test};

const COMPLAINTS: &[(&str, &str, &[Held])] = &[
    (
        "openllmetry#627",
        "no tokens of a streamed call",
        &[
            Golden("openai/stream_without_usage"),
            Golden("azure/filtered_stream"),
        ],
    ),
    (
        "openllmetry#2898",
        "estimates win over reports, and unknown models have neither",
        &[Golden("openai/stream"), Golden("dialects/llama_cpp")],
    ),
    (
        "openllmetry#3139",
        "usage in the choice",
        &[Golden("dialects/moonshot")],
    ),
    (
        "logfire#1280, llama_index#16721",
        "streams are not asked for their usage",
        &[
            Test(INCLUDE_USAGE, "the_span_has_the_usage_and_the_caller_has_not"),
            Golden("openai/stream"),
        ],
    ),
    (
        "agentgateway#1686",
        "usage of a streamed response",
        &[Golden("openai_responses/stream_tool")],
    ),
    (
        "new-api#418, cherry-studio#11652",
        "hosts that refuse stream_options",
        &[
            Golden("openai/stream_refused_as_json"),
            Test(INCLUDE_USAGE, "what_has_its_own_will_passes_untouched"),
        ],
    ),
    (
        "headroom#2026, litellm#35290",
        "an explicit no turned over, a frame the caller did not ask for",
        &[
            Test(INCLUDE_USAGE, "what_has_its_own_will_passes_untouched"),
            Test(INCLUDE_USAGE, "the_span_has_the_usage_and_the_caller_has_not"),
        ],
    ),
    (
        "litellm#14457, openai-openapi#539, tiktoken#418",
        "nothing is known once the caller leaves",
        &[Test(ENDINGS, "a_caller_who_leaves")],
    ),
    (
        "litellm#36008",
        "usage that comes after the caller left",
        &[Test(DRAIN, "the_usage_is_reported_after_the_caller_left")],
    ),
    (
        "OpenGateLLM#1148",
        "what was delivered is not billed, and the connection leaks",
        &[
            Test(ENDINGS, "a_caller_who_leaves"),
            Test(
                ENDINGS,
                "the_span_lasts_as_long_as_the_body_and_no_longer_than_the_caller",
            ),
        ],
    ),
    (
        "open-ace#3422",
        "all is read but the last chunk",
        &[Test(ENDINGS, "a_caller_who_leaves")],
    ),
    (
        "openlit#1454, openllmetry#4394, openllmetry#4429, openinference#2515",
        "a span that never ends, or ends well when the stream did not",
        &[
            Test(ENDINGS, "a_caller_who_leaves"),
            Test(ENDINGS, "a_stream_that_breaks_off"),
            Test(ENDINGS, "a_service_that_fails"),
        ],
    ),
    (
        "openlit#1618",
        "a span that ends with the head",
        &[Test(
            ENDINGS,
            "the_span_lasts_as_long_as_the_body_and_no_longer_than_the_caller",
        )],
    ),
    (
        "langfuse#12306, pydantic-ai#4364, litellm#26919",
        "cached tokens counted twice, or not at all",
        &[
            Golden("openai/unary"),
            Golden("anthropic/unary"),
            Golden("bedrock/converse"),
            Golden("gemini/unary"),
        ],
    ),
    (
        "agno#6264",
        "usage of each chunk added up",
        &[
            Golden("gemini/stream_sse"),
            Golden("dialects/vllm_continuous_usage"),
        ],
    ),
    (
        "python-genai#283",
        "thoughts are not in the output",
        &[Golden("gemini/unary"), Golden("gemini/stream_array")],
    ),
    (
        "mcp-use#2127",
        "the last usage takes the first away",
        &[Golden("anthropic/stream_delta_without_input")],
    ),
    (
        "tiktoken#474, tiktoken-rs#40, harness-sdk#2031",
        "tools and their calls are not counted",
        &[
            Test(ESTIMATE, "cookbook_tools"),
            Golden("openai/tool_history_without_usage"),
            Golden("openai/stream_truncated_tool_call"),
        ],
    ),
    (
        "llm-gateway#1567",
        "a last event without a blank line",
        &[Golden("openai/stream_last_event_unfinished")],
    ),
    (
        "cortex#864",
        "a zipped stream is taken for nothing",
        &[
            Golden("openai/stream_gzip"),
            Test(REQUESTS, "what_was_not_seen_of_a_response"),
        ],
    ),
    (
        "gateway-api-inference-extension#1357, obot#7488",
        "usage of the wrong chunk",
        &[
            Golden("dialects/usage_in_the_last_chunk_but_one"),
            Golden("openai_responses/unary"),
        ],
    ),
    (
        "aisix#869, inference-perf#559, mecatl#155, otari#431",
        "the first token is one of reasoning or of a tool, and no ceremony",
        &[Test(TIMES, "the_first_token_is_of_any_channel_and_no_ceremony")],
    ),
    (
        "aura#124, langfuse#6517",
        "a span of megabytes, JSON that is cut",
        &[Test(CONTENT, "content_is_cut_to_size_and_stays_json")],
    ),
    (
        "genai#475, agentgateway#3272",
        "two spans of one call",
        &[Test(OPTIONS, "a_model_call_in_a_model_call_counts_once")],
    ),
    (
        "claude-code#77562",
        "a counter where the conventions have a histogram",
        &[Test(OPTIONS, "conventions")],
    ),
];

const CONTENT: &str = include_str!("../../src/content/tests.rs");
const DRAIN: &str = include_str!("drain.rs");
const ENDINGS: &str = include_str!("endings.rs");
const ESTIMATE: &str = include_str!("../../src/taskweaver/tests.rs");
const INCLUDE_USAGE: &str = include_str!("include_usage.rs");
const OPTIONS: &str = include_str!("options.rs");
const REQUESTS: &str = include_str!("requests.rs");
const TIMES: &str = include_str!("../../src/call/tests.rs");

#[test]
fn each_complaint_is_held_by_a_test() {
    let golden = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/wire/tests/golden"));
    for (thread, complaint, held) in COMPLAINTS {
        assert!(!held.is_empty(), "{thread}: {complaint}");
        for by in *held {
            match by {
                Golden(case) => assert!(
                    golden.join(format!("{case}.request.http")).exists(),
                    "{thread}, {complaint}: no case {case}"
                ),
                Test(file, name) => assert!(
                    file.contains(&format!("fn {name}()")),
                    "{thread}, {complaint}: no test {name}"
                ),
            }
        }
    }
}
