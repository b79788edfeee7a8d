//! Exchanges of several providers, from their documentation: what each call records.

use http::{Request, Response};
use throughline_agents::{agent, tokens};
use throughline_llm_layer::{Capture, LlmLayer, Prices};
use throughline_test_support::Recorder;

use crate::support::{Chunks, MASKED, block_on, exchange, layer, lines_with};

struct Case {
    name: &'static str,
    url: &'static str,
    request: &'static str,
    /// An event stream, if it begins so.
    response: &'static str,
    /// The prefixes of the attributes that are compared.
    about: &'static [&'static str],
    expected: &'static [&'static str],
}

const COST: &[&str] = &["throughline.cost"];
const OUTPUT: &[&str] = &["gen_ai.output.messages"];
const INPUT: &[&str] = &["gen_ai.input.messages"];

fn prices() -> Prices {
    Prices::from_json(r#"{
        "claude-sonnet-4-5": {"litellm_provider":"anthropic","mode":"chat","input_cost_per_token":3e-06,"output_cost_per_token":1.5e-05,"cache_creation_input_token_cost":3.75e-06,"cache_creation_input_token_cost_above_1hr":6e-06,"cache_read_input_token_cost":3e-07,"input_cost_per_token_above_200k_tokens":6e-06,"output_cost_per_token_above_200k_tokens":2.25e-05,"cache_creation_input_token_cost_above_200k_tokens":7.5e-06,"cache_creation_input_token_cost_above_1hr_above_200k_tokens":1.2e-05,"cache_read_input_token_cost_above_200k_tokens":6e-07,"search_context_cost_per_query":{"search_context_size_high":0.01,"search_context_size_low":0.01,"search_context_size_medium":0.01}},
        "gemini/gemini-2.5-pro": {"litellm_provider":"gemini","mode":"chat","input_cost_per_token":1.25e-06,"input_cost_per_token_above_200k_tokens":2.5e-06,"cache_read_input_token_cost":1.25e-07,"cache_read_input_token_cost_above_200k_tokens":2.5e-07,"output_cost_per_token":1e-05,"output_cost_per_token_above_200k_tokens":1.5e-05},
        "gemini/gemini-2.5-flash": {"litellm_provider":"gemini","mode":"chat","input_cost_per_token":3e-07,"input_cost_per_audio_token":1e-06,"cache_read_input_token_cost":3e-08,"output_cost_per_token":2.5e-06,"output_cost_per_reasoning_token":2.5e-06,"search_context_cost_per_query":{"search_context_size_high":0.035,"search_context_size_low":0.035,"search_context_size_medium":0.035}},
        "gemini/gemini-2.5-flash-image": {"litellm_provider":"gemini","mode":"image_generation","input_cost_per_token":3e-07,"output_cost_per_token":2.5e-06,"output_cost_per_image_token":3e-05},
        "gpt-5": {"litellm_provider":"openai","mode":"chat","input_cost_per_token":1.25e-06,"input_cost_per_token_flex":6.25e-07,"input_cost_per_token_priority":2.5e-06,"cache_read_input_token_cost":1.25e-07,"cache_read_input_token_cost_flex":6.25e-08,"cache_read_input_token_cost_priority":2.5e-07,"output_cost_per_token":1e-05,"output_cost_per_token_flex":5e-06,"output_cost_per_token_priority":2e-05,"search_context_cost_per_query":{"search_context_size_high":0.01,"search_context_size_low":0.01,"search_context_size_medium":0.01}},
        "gpt-4o-2024-08-06": {"litellm_provider":"openai","mode":"chat","input_cost_per_token":2.5e-06,"output_cost_per_token":1e-05,"cache_read_input_token_cost":1.25e-06},
        "gpt-4o-audio-preview": {"litellm_provider":"openai","mode":"chat","input_cost_per_token":2.5e-06,"output_cost_per_token":1e-05,"input_cost_per_audio_token":4e-05,"output_cost_per_audio_token":8e-05},
        "gpt-image-1": {"litellm_provider":"openai","mode":"image_generation","input_cost_per_token":5e-06,"input_cost_per_image_token":1e-05,"output_cost_per_image_token":4e-05},
        "text-embedding-3-small": {"litellm_provider":"openai","mode":"embedding","input_cost_per_token":2e-08,"output_cost_per_token":0.0},
        "rerank-v3.5": {"litellm_provider":"cohere","mode":"rerank","input_cost_per_query":0.002,"input_cost_per_token":0.0,"output_cost_per_token":0.0},
        "deepseek/deepseek-chat": {"litellm_provider":"deepseek","mode":"chat","input_cost_per_token":2.8e-07,"input_cost_per_token_cache_hit":2.8e-08,"output_cost_per_token":4.2e-07},
        "xai/grok-4": {"litellm_provider":"xai","mode":"chat","input_cost_per_token":3e-06,"output_cost_per_token":1.5e-05,"cache_read_input_token_cost":7.5e-07},
        "claude-opus-4-6": {"litellm_provider":"anthropic","mode":"chat","input_cost_per_token":5e-06,"input_cost_per_token_batches":2.5e-06,"output_cost_per_token":2.5e-05,"output_cost_per_token_batches":1.25e-05,"provider_specific_entry":{"us":1.1,"fast":6.0}},
        "gemini/gemini-3-pro": {"litellm_provider":"gemini","mode":"chat","input_cost_per_token":2e-06,"output_cost_per_token":1.2e-05,"search_context_cost_per_query":{"search_context_size_high":0.014,"search_context_size_low":0.014,"search_context_size_medium":0.014}},
        "fireworks_ai/accounts/fireworks/models/deepseek-v3p1": {"litellm_provider":"fireworks_ai","mode":"chat","input_cost_per_token":5.6e-07,"output_cost_per_token":1.68e-06},
        "groq/openai/gpt-oss-120b": {"litellm_provider":"groq","mode":"chat","input_cost_per_token":1.5e-07,"output_cost_per_token":7.5e-07},
        "amazon.nova-lite-v1:0": {"litellm_provider":"bedrock_converse","mode":"chat","input_cost_per_token":6e-08,"output_cost_per_token":2.4e-07},
        "azure/gpt-4.1-2025-04-14": {"litellm_provider":"azure","mode":"chat","input_cost_per_token":2e-06,"output_cost_per_token":8e-06},
        "mistral/mistral-large-latest": {"litellm_provider":"mistral","mode":"chat","input_cost_per_token":2e-06,"output_cost_per_token":6e-06},
        "whisper-1": {"litellm_provider":"openai","mode":"audio_transcription","input_cost_per_second":0.0001,"output_cost_per_second":0.0001}
    }"#).expect("prices")
}

fn layer_of(recorder: &Recorder) -> LlmLayer {
    layer(recorder)
        .with_prices(prices())
        .with_capture(Capture::SpanOnly)
}

fn run(case: &Case) -> Vec<String> {
    let recorder = Recorder::new();
    let is_stream = case.response.starts_with("data:") || case.response.starts_with("event:");
    let kind = if is_stream {
        "text/event-stream"
    } else {
        "application/json"
    };
    let (method, url) = case.url.split_once(' ').unwrap_or(("POST", case.url));
    let request = Request::builder()
        .method(method)
        .uri(url)
        .header("content-type", "application/json");
    let request = request.body(Chunks::from_iter([case.request])).unwrap();
    let response = Response::builder().header("content-type", kind);
    exchange(
        &layer_of(&recorder),
        request,
        response.body(Chunks::from_iter([case.response])).unwrap(),
    );
    let tree = recorder.tree(MASKED);
    let lines = tree.lines().filter_map(|line| line.trim().strip_prefix("- "));
    let lines = lines.filter(|line| case.about.iter().any(|about| line.starts_with(about)));
    lines
        .map(|line| {
            match line
                .strip_prefix("throughline.cost=")
                .and_then(|cost| cost.parse::<f64>().ok())
            {
                Some(cost) => format!("throughline.cost={}", (cost * 1e10).round() / 1e10),
                None => line.replace("\\\"", "'"),
            }
        })
        .collect()
}

/// The counts of audio were missing.
#[test]
fn openinference_has_the_parts_of_the_usage() {
    let recorder = Recorder::new();
    let request = Request::post("https://api.openai.com/v1/chat/completions");
    let request = request.body(Chunks::from_iter([
        r#"{"model":"gpt-4o-audio-preview","modalities":["text","audio"],"messages":[{"role":"user","content":"Hi"}]}"#,
    ]));
    let answer = r#"{"id":"c","model":"gpt-4o-audio-preview","choices":[{"index":0,"finish_reason":"tool_calls","message":{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"f","arguments":"{}"}}]}}],"usage":{"prompt_tokens":30,"completion_tokens":62,"total_tokens":92,"prompt_tokens_details":{"cached_tokens":8,"audio_tokens":10},"completion_tokens_details":{"reasoning_tokens":2,"audio_tokens":50}}}"#;
    let layer = layer(&recorder)
        .with_openinference(true)
        .with_capture(Capture::SpanOnly);
    exchange(
        &layer,
        request.unwrap(),
        Response::new(Chunks::from_iter([answer])),
    );
    let expected = [
        r#"llm.output_messages.0.message.role="assistant""#,
        r#"llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments="{}""#,
        r#"llm.output_messages.0.message.tool_calls.0.tool_call.function.name="f""#,
        r#"llm.output_messages.0.message.tool_calls.0.tool_call.id="call_1""#,
        "llm.token_count.completion=62",
        "llm.token_count.completion_details.audio=50",
        "llm.token_count.completion_details.reasoning=2",
        "llm.token_count.prompt=30",
        "llm.token_count.prompt_details.audio=10",
        "llm.token_count.prompt_details.cache_read=8",
        "llm.token_count.total=92",
    ];
    assert_eq!(
        lines_with(&recorder, &["llm.token_count", "llm.output_messages"]),
        expected
    );
}

/// What is fetched has no tokens of its own. The ledger counts a response that was made in the background once,
/// and its cost once.
#[test]
fn a_response_that_is_polled_counts_once() {
    let recorder = Recorder::new();
    let layer = layer_of(&recorder);
    let poll = |status: &str, usage: &str| {
        let request = Request::get("https://api.openai.com/v1/responses/resp_1").body(Chunks::default());
        let answer = format!(
            r#"{{"id":"resp_1","object":"response","background":true,"status":"{status}","model":"gpt-5","output":[],"usage":{usage}}}"#
        );
        exchange(
            &layer,
            request.unwrap(),
            Response::new(Chunks::from_iter([answer])),
        );
    };
    let usage = r#"{"input_tokens":1000,"output_tokens":100,"total_tokens":1100}"#;
    let scope = agent("Planner")
        .with_tracer_provider(recorder.tracer_provider())
        .with_meter_provider(recorder.meter_provider());
    let tokens = block_on(scope.run(async {
        poll("queued", "null");
        poll("in_progress", "null");
        poll("completed", usage);
        poll("completed", usage);
        tokens()
    }));
    assert_eq!(
        (tokens.input, tokens.output),
        (1000, 100),
        "the tokens of the agent"
    );
    assert_eq!(tokens.nanocost, 2_250_000, "the cost of the agent");
    let counters = recorder.metrics();
    let is_tokens = |line: &&String| line.starts_with("gen_ai.client.inference.usage");
    assert_eq!(
        counters.iter().filter(is_tokens).count(),
        0,
        "no metrics of tokens: {counters:#?}"
    );
}

#[test]
fn exchanges() {
    let mut failures = Vec::new();
    for case in CASES {
        let seen = run(case);
        if seen != case.expected {
            failures.push(format!(
                "{}\n  seen     {seen:#?}\n  expected {:#?}",
                case.name, case.expected
            ));
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {}: {}",
        failures.len(),
        CASES.len(),
        failures.join("\n")
    );
}

const CASES: &[Case] = &[
    Case {
        name: "cost: cache writes of an hour",
        url: "https://api.anthropic.com/v1/messages",
        request: r#"{"model":"claude-sonnet-4-5","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}"#,
        response: r#"{"id":"m","type":"message","role":"assistant","model":"claude-sonnet-4-5-20250929","content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn","usage":{"input_tokens":100,"cache_creation_input_tokens":5000,"cache_read_input_tokens":2000,"cache_creation":{"ephemeral_5m_input_tokens":1000,"ephemeral_1h_input_tokens":4000},"output_tokens":500,"service_tier":"standard"}}"#,
        about: COST,
        expected: &["throughline.cost=0.03615"],
    },
    Case {
        name: "cost: long context with cache",
        url: "https://api.anthropic.com/v1/messages",
        request: r#"{"model":"claude-sonnet-4-5","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}"#,
        response: r#"{"id":"m","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn","usage":{"input_tokens":150000,"cache_creation_input_tokens":0,"cache_read_input_tokens":60000,"output_tokens":1000}}"#,
        about: COST,
        expected: &["throughline.cost=0.9585"],
    },
    Case {
        name: "cost: a profile of Bedrock",
        url: "https://bedrock-runtime.eu-west-1.amazonaws.com/model/eu.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse",
        request: r#"{"messages":[{"role":"user","content":[{"text":"Hi"}]}]}"#,
        response: r#"{"output":{"message":{"role":"assistant","content":[{"text":"Hi"}]}},"stopReason":"end_turn","usage":{"inputTokens":1000,"outputTokens":100,"cacheReadInputTokens":200,"cacheWriteInputTokens":0,"totalTokens":1300}}"#,
        about: COST,
        expected: &["throughline.cost=0.00456"],
    },
    Case {
        name: "cost: OpenRouter's own and that of the table",
        url: "https://openrouter.ai/api/v1/chat/completions",
        request: r#"{"model":"anthropic/claude-sonnet-4.5","usage":{"include":true},"messages":[{"role":"user","content":"Hi"}]}"#,
        response: r#"{"id":"g","provider":"Anthropic","model":"anthropic/claude-sonnet-4.5","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"Hi"}}],"usage":{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100,"cost":0.0042,"cost_details":{"upstream_inference_cost":null}}}"#,
        about: COST,
        expected: &["throughline.cost.reported=0.0042", "throughline.cost=0.0045"],
    },
    Case {
        name: "cost: Gemini beyond 200k with thoughts and cache",
        url: "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-pro:generateContent",
        request: r#"{"contents":[{"parts":[{"text":"Hi"}]}]}"#,
        response: r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"Hi"}]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":250000,"cachedContentTokenCount":100000,"candidatesTokenCount":1000,"thoughtsTokenCount":500,"totalTokenCount":251500},"modelVersion":"gemini-2.5-pro"}"#,
        about: COST,
        expected: &["throughline.cost=0.4225"],
    },
    Case {
        name: "cost: audio at Gemini",
        url: "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent",
        request: r#"{"contents":[{"parts":[{"inlineData":{"mimeType":"audio/mp3","data":"AAAA"}}]}]}"#,
        response: r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"Hi"}]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":1200,"candidatesTokenCount":100,"totalTokenCount":1300,"promptTokensDetails":[{"modality":"TEXT","tokenCount":200},{"modality":"AUDIO","tokenCount":1000}]},"modelVersion":"gemini-2.5-flash"}"#,
        about: COST,
        expected: &["throughline.cost=0.00131"],
    },
    Case {
        name: "cost: an image by Gemini",
        url: "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash-image:generateContent",
        request: r#"{"contents":[{"parts":[{"text":"A cat"}]}],"generationConfig":{"responseModalities":["IMAGE"]}}"#,
        response: r#"{"candidates":[{"content":{"role":"model","parts":[{"inlineData":{"mimeType":"image/png","data":"AAAA"}}]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":1290,"totalTokenCount":1300,"promptTokensDetails":[{"modality":"TEXT","tokenCount":10}],"candidatesTokensDetails":[{"modality":"IMAGE","tokenCount":1290}]},"modelVersion":"gemini-2.5-flash-image"}"#,
        about: &["throughline.cost", "gen_ai.output.messages", "gen_ai.usage"],
        expected: &[
            "gen_ai.output.messages=\"[{'finish_reason':'STOP','parts':[{'content':'','digest':'fnv1a64:8943628b9f33b719','encoded_length':4,'mime_type':'image/png','modality':'image','type':'blob'}],'role':'assistant'}]\"",
            "gen_ai.usage.image.output_tokens=1290",
            "gen_ai.usage.input_tokens=10",
            "gen_ai.usage.output_tokens=1290",
            "gen_ai.usage.text.input_tokens=10",
            "throughline.cost=0.038703",
        ],
    },
    Case {
        name: "cost: flex with cache and reasoning",
        url: "https://api.openai.com/v1/chat/completions",
        request: r#"{"model":"gpt-5","service_tier":"flex","messages":[{"role":"user","content":"Hi"}]}"#,
        response: r#"{"id":"c","model":"gpt-5-2025-08-07","service_tier":"flex","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"Hi"}}],"usage":{"prompt_tokens":2000,"completion_tokens":300,"total_tokens":2300,"prompt_tokens_details":{"cached_tokens":1000},"completion_tokens_details":{"reasoning_tokens":200}}}"#,
        about: COST,
        expected: &["throughline.cost=0.0021875"],
    },
    Case {
        name: "cost: priority is asked for but not given",
        url: "https://api.openai.com/v1/responses",
        request: r#"{"model":"gpt-5","service_tier":"priority","input":"Hi"}"#,
        response: r#"{"id":"r","object":"response","status":"completed","model":"gpt-5-2025-08-07","service_tier":"default","output":[{"type":"message","content":[{"type":"output_text","text":"Hi"}]}],"usage":{"input_tokens":1000,"output_tokens":100,"total_tokens":1100}}"#,
        about: COST,
        expected: &["throughline.cost=0.00225"],
    },
    Case {
        name: "cost: two searches of Responses",
        url: "https://api.openai.com/v1/responses",
        request: r#"{"model":"gpt-5","input":"Hi","tools":[{"type":"web_search"}]}"#,
        response: r#"{"id":"r","object":"response","status":"completed","model":"gpt-5-2025-08-07","output":[{"id":"ws_1","type":"web_search_call","status":"completed","action":{"type":"search","query":"a"}},{"id":"ws_2","type":"web_search_call","status":"completed","action":{"type":"search","query":"b"}},{"id":"ws_3","type":"web_search_call","status":"completed","action":{"type":"open_page","url":"https://a"}},{"type":"message","content":[{"type":"output_text","text":"Hi"}]}],"usage":{"input_tokens":1000,"output_tokens":100,"total_tokens":1100}}"#,
        about: COST,
        expected: &["throughline.cost=0.02225"],
    },
    Case {
        name: "cost: three searches of Anthropic",
        url: "https://api.anthropic.com/v1/messages",
        request: r#"{"model":"claude-sonnet-4-5","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}"#,
        response: r#"{"id":"m","type":"message","role":"assistant","model":"claude-sonnet-4-5-20250929","content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn","usage":{"input_tokens":1000,"output_tokens":100,"server_tool_use":{"web_search_requests":3,"web_fetch_requests":0}}}"#,
        about: COST,
        expected: &["throughline.cost=0.0345"],
    },
    Case {
        name: "cost: an image without details of its output",
        url: "https://api.openai.com/v1/images/generations",
        request: r#"{"model":"gpt-image-1","prompt":"A cat","size":"1024x1024"}"#,
        response: r#"{"created":1,"data":[{"b64_json":"AAAA"}],"usage":{"total_tokens":1106,"input_tokens":50,"output_tokens":1056,"input_tokens_details":{"text_tokens":10,"image_tokens":40}}}"#,
        about: COST,
        expected: &["throughline.cost=0.04269"],
    },
    Case {
        name: "cost: audio in and out",
        url: "https://api.openai.com/v1/chat/completions",
        request: r#"{"model":"gpt-4o-audio-preview","modalities":["text","audio"],"audio":{"voice":"alloy","format":"wav"},"messages":[{"role":"user","content":"Hi"}]}"#,
        response: r#"{"id":"c","model":"gpt-4o-audio-preview-2025-06-03","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":null,"audio":{"id":"a","data":"AAAA","transcript":"Hi","expires_at":1}}}],"usage":{"prompt_tokens":30,"completion_tokens":62,"total_tokens":92,"prompt_tokens_details":{"cached_tokens":0,"text_tokens":20,"audio_tokens":10},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":50,"text_tokens":12}}}"#,
        about: COST,
        expected: &["throughline.cost=0.00457"],
    },
    Case {
        name: "cost: Azure's deployment by the model that answered",
        url: "https://r.openai.azure.com/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21",
        request: r#"{"messages":[{"role":"user","content":"Hi"}]}"#,
        response: r#"{"id":"c","model":"gpt-4o-2024-08-06","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"Hi"}}],"usage":{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100}}"#,
        about: COST,
        expected: &["throughline.cost=0.0035"],
    },
    Case {
        name: "cost: a model without a price",
        url: "https://api.openai.com/v1/chat/completions",
        request: r#"{"model":"gpt-9","messages":[{"role":"user","content":"Hi"}]}"#,
        response: r#"{"id":"c","model":"gpt-9","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"Hi"}}],"usage":{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100}}"#,
        about: COST,
        expected: &[r#"throughline.cost.unpriced=["model"]"#],
    },
    Case {
        name: "cost: embeddings",
        url: "https://api.openai.com/v1/embeddings",
        request: r#"{"model":"text-embedding-3-small","input":"Hi","dimensions":256,"encoding_format":"base64"}"#,
        response: r#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":"AAAA"}],"model":"text-embedding-3-small","usage":{"prompt_tokens":1000000,"total_tokens":1000000}}"#,
        about: &[
            "throughline.cost",
            "gen_ai.embeddings",
            "gen_ai.request",
            "gen_ai.usage",
            "gen_ai.operation",
        ],
        expected: &[
            "gen_ai.embeddings.dimension.count=256",
            r#"gen_ai.operation.name="embeddings""#,
            r#"gen_ai.request.encoding_formats=["base64"]"#,
            r#"gen_ai.request.model="text-embedding-3-small""#,
            "gen_ai.usage.input_tokens=1000000",
            "throughline.cost=0.02",
        ],
    },
    Case {
        name: "cost: rerank by search units",
        url: "https://api.cohere.com/v2/rerank",
        request: r#"{"model":"rerank-v3.5","query":"q","documents":["a","b"]}"#,
        response: r#"{"id":"x","results":[{"index":0,"relevance_score":0.9}],"meta":{"api_version":{"version":"2"},"billed_units":{"search_units":1}}}"#,
        about: COST,
        expected: &["throughline.cost=0.002"],
    },
    Case {
        name: "cost: DeepSeek's cache hits",
        url: "https://api.deepseek.com/chat/completions",
        request: r#"{"model":"deepseek-chat","messages":[{"role":"user","content":"Hi"}]}"#,
        response: r#"{"id":"c","model":"deepseek-chat","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"Hi"}}],"usage":{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100,"prompt_tokens_details":{"cached_tokens":600},"prompt_cache_hit_tokens":600,"prompt_cache_miss_tokens":400}}"#,
        about: COST,
        expected: &["throughline.cost=0.0001708"],
    },
    Case {
        name: "cost: reasoning beside the completion at xAI",
        url: "https://api.x.ai/v1/chat/completions",
        request: r#"{"model":"grok-4","messages":[{"role":"user","content":"Hi"}]}"#,
        response: r#"{"id":"c","model":"grok-4-0709","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"Hi"}}],"usage":{"prompt_tokens":1000,"completion_tokens":50,"total_tokens":1350,"prompt_tokens_details":{"text_tokens":1000,"audio_tokens":0,"image_tokens":0,"cached_tokens":200},"completion_tokens_details":{"reasoning_tokens":300,"audio_tokens":0},"num_sources_used":0}}"#,
        about: COST,
        expected: &["throughline.cost=0.0078"],
    },
    Case {
        name: "content: parallel tool calls of a stream",
        url: "https://api.openai.com/v1/chat/completions",
        request: r#"{"model":"gpt-5","stream":true,"messages":[{"role":"user","content":"Hi"}]}"#,
        response: "data: {\"id\":\"c\",\"model\":\"gpt-5\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"tool_calls\":[{\"index\":0,\"id\":\"call_a\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"\"}}]}}]}\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":1,\"id\":\"call_b\",\"type\":\"function\",\"function\":{\"name\":\"g\",\"arguments\":\"{\"}}]}}]}\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\\\"x\\\":1}\"}},{\"index\":1,\"function\":{\"arguments\":\"}\"}}]}}]}\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\ndata: [DONE]\n\n",
        about: OUTPUT,
        expected: &[
            "gen_ai.output.messages=\"[{'finish_reason':'tool_calls','parts':[{'arguments':{'x':1},'id':'call_a','name':'f','type':'tool_call'},{'arguments':{},'id':'call_b','name':'g','type':'tool_call'}],'role':'assistant'}]\"",
        ],
    },
    Case {
        name: "content: Gemini's call with its id, and thoughts",
        url: "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent",
        request: r#"{"contents":[{"parts":[{"text":"Hi"}]}]}"#,
        response: r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"Hm","thought":true},{"functionCall":{"id":"call_1","name":"get_weather","args":{"location":"Seattle"}},"thoughtSignature":"AAAA"}]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":25,"candidatesTokenCount":12,"thoughtsTokenCount":3,"totalTokenCount":40},"modelVersion":"gemini-2.5-flash"}"#,
        about: OUTPUT,
        expected: &[
            "gen_ai.output.messages=\"[{'finish_reason':'STOP','parts':[{'content':'Hm','type':'reasoning'},{'arguments':{'location':'Seattle'},'id':'call_1','name':'get_weather','type':'tool_call'}],'role':'assistant'}]\"",
        ],
    },
    Case {
        name: "content: a server tool of Anthropic in a stream",
        url: "https://api.anthropic.com/v1/messages",
        request: r#"{"model":"claude-sonnet-4-5","stream":true,"max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}"#,
        response: "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-sonnet-4-5-20250929\",\"content\":[],\"usage\":{\"input_tokens\":10,\"output_tokens\":1}}}\n\nevent: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"server_tool_use\",\"id\":\"srvtoolu_1\",\"name\":\"web_search\",\"input\":{}}}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"query\\\":\\\"cats\\\"}\"}}\n\nevent: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\nevent: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"f\",\"input\":{}}}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"a\\\":\"}}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"1}\"}}\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\"},\"usage\":{\"output_tokens\":20,\"server_tool_use\":{\"web_search_requests\":1}}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
        about: &[
            "gen_ai.output.messages",
            "throughline.cost",
            "gen_ai.response.finish",
        ],
        expected: &[
            "gen_ai.output.messages=\"[{'finish_reason':'tool_use','parts':[{'id':'srvtoolu_1','name':'web_search','server_tool_call':{'query':'cats','type':'web_search'},'type':'server_tool_call'},{'arguments':{'a':1},'id':'toolu_1','name':'f','type':'tool_call'}],'role':'assistant'}]\"",
            r#"gen_ai.response.finish_reasons=["tool_use"]"#,
            "throughline.cost=0.01033",
        ],
    },
    Case {
        name: "content: media of a chat",
        url: "https://api.openai.com/v1/chat/completions",
        request: r#"{"model":"gpt-5","messages":[{"role":"user","content":[{"type":"text","text":"Look"},{"type":"image_url","image_url":{"url":"https://a/b.png"}},{"type":"image_url","image_url":{"url":"data:image/jpeg;base64,AAAA"}},{"type":"input_audio","input_audio":{"data":"AAAA","format":"mp3"}},{"type":"file","file":{"file_id":"file-1"}}]}]}"#,
        response: r#"{"id":"c","model":"gpt-5","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"Hi"}}],"usage":{"prompt_tokens":10,"completion_tokens":1,"total_tokens":11}}"#,
        about: INPUT,
        expected: &[
            "gen_ai.input.messages=\"[{'parts':[{'content':'Look','type':'text'},{'modality':'image','type':'uri','uri':'https://a/b.png'},{'content':'','digest':'fnv1a64:8943628b9f33b719','encoded_length':4,'mime_type':'image/jpeg','modality':'image','type':'blob'},{'content':'','digest':'fnv1a64:8943628b9f33b719','encoded_length':4,'mime_type':'audio/mp3','modality':'audio','type':'blob'},{'file_id':'file-1','modality':'document','type':'file'}],'role':'user'}]\"",
        ],
    },
    Case {
        name: "content: a tool's result at Anthropic",
        url: "https://api.anthropic.com/v1/messages",
        request: r#"{"model":"claude-sonnet-4-5","max_tokens":9,"system":"Be brief.","messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"f","input":{"a":1}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"42"}]}]}"#,
        response: r#"{"id":"m","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn","usage":{"input_tokens":10,"output_tokens":1}}"#,
        about: &["gen_ai.input.messages", "gen_ai.system"],
        expected: &[
            "gen_ai.input.messages=\"[{'parts':[{'content':'Hi','type':'text'}],'role':'user'},{'parts':[{'arguments':{'a':1},'id':'t1','name':'f','type':'tool_call'}],'role':'assistant'},{'parts':[{'id':'t1','response':'42','type':'tool_call_response'}],'role':'user'}]\"",
            "gen_ai.system_instructions=\"[{'content':'Be brief.','type':'text'}]\"",
        ],
    },
    Case {
        name: "content: compaction of Responses",
        url: "https://api.openai.com/v1/responses",
        request: r#"{"model":"gpt-5","input":[{"role":"user","content":"Hi"}],"context_management":[{"type":"compaction","compact_threshold":1000}]}"#,
        response: r#"{"id":"r","object":"response","status":"completed","model":"gpt-5","output":[{"id":"cmp_1","type":"compaction","encrypted_content":"AAAA"},{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Hi"}]}],"usage":{"input_tokens":1000,"output_tokens":100,"total_tokens":1100}}"#,
        about: &["gen_ai.output.messages", "gen_ai.conversation"],
        expected: &[
            "gen_ai.conversation.compacted=true",
            "gen_ai.output.messages=\"[{'finish_reason':'stop','parts':[{'id':'cmp_1','type':'compaction'},{'content':'Hi','type':'text'}],'role':'assistant'}]\"",
        ],
    },
    Case {
        name: "content: a hosted MCP call of Responses",
        url: "https://api.openai.com/v1/responses",
        request: r#"{"model":"gpt-5","input":"Hi"}"#,
        response: r#"{"id":"r","object":"response","status":"completed","model":"gpt-5","output":[{"id":"rs_1","type":"reasoning","summary":[{"type":"summary_text","text":"Hm"}]},{"id":"mcp_1","type":"mcp_call","name":"roll","server_label":"dice","arguments":"{\"n\":2}","output":"4","error":null},{"id":"fc_1","type":"function_call","call_id":"call_1","name":"f","arguments":"{}"}],"usage":{"input_tokens":10,"output_tokens":10,"total_tokens":20}}"#,
        about: &["gen_ai.output.messages", "gen_ai.response.finish"],
        expected: &[
            "gen_ai.output.messages=\"[{'finish_reason':'tool_call','parts':[{'content':'Hm','type':'reasoning'},{'id':'mcp_1','name':'roll','server_tool_call':{'arguments':{'n':2},'server_label':'dice','type':'mcp'},'type':'server_tool_call'},{'id':'mcp_1','server_tool_call_response':{'output':'4','type':'mcp_call'},'type':'server_tool_call_response'},{'arguments':{},'id':'call_1','name':'f','type':'tool_call'}],'role':'assistant'}]\"",
            r#"gen_ai.response.finish_reasons=["tool_call"]"#,
        ],
    },
    Case {
        name: "errors: an overloaded Anthropic in the stream",
        url: "https://api.anthropic.com/v1/messages",
        request: r#"{"model":"claude-sonnet-4-5","stream":true,"max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}"#,
        response: "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"model\":\"claude-sonnet-4-5-20250929\",\"content\":[],\"usage\":{\"input_tokens\":10,\"output_tokens\":1}}}\n\nevent: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n",
        about: &[
            "error.type",
            "gen_ai.response.finish",
            "gen_ai.usage",
            "throughline.tokens",
            "throughline.cost",
        ],
        expected: &[
            r#"error.type="overloaded_error""#,
            r#"gen_ai.response.finish_reasons=["error"]"#,
            "gen_ai.usage.input_tokens=10",
            "gen_ai.usage.output_tokens=1",
            "throughline.cost=0.000045",
            r#"throughline.tokens.source="partial""#,
        ],
    },
    Case {
        name: "a stored response that is fetched",
        url: "GET https://api.openai.com/v1/responses/resp_1",
        request: "",
        response: r#"{"id":"resp_1","object":"response","background":true,"status":"completed","model":"gpt-5","output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Hi"}]}],"usage":{"input_tokens":1000,"output_tokens":100,"total_tokens":1100}}"#,
        about: &["gen_ai.operation", "gen_ai.response", "gen_ai.usage"],
        expected: &[
            r#"gen_ai.operation.name="fetch_response""#,
            r#"gen_ai.response.finish_reasons=["stop"]"#,
            r#"gen_ai.response.id="resp_1""#,
            r#"gen_ai.response.model="gpt-5""#,
        ],
    },
    Case {
        name: "the mock's stream of Vertex: an array",
        url: "https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1/publishers/google/models/gemini-2.5-pro:streamGenerateContent",
        request: r#"{"contents":[{"role":"user","parts":[{"text":"Hi"}]}],"generationConfig":{"candidateCount":1,"topK":40,"seed":7,"stopSequences":["x"],"maxOutputTokens":20}}"#,
        response: r#"[{"candidates":[{"content":{"role":"model","parts":[{"text":"This "}]},"index":0}]},{"candidates":[{"content":{"role":"model","parts":[{"text":""}]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":25,"candidatesTokenCount":6,"totalTokenCount":31}}]"#,
        about: &[
            "gen_ai.operation",
            "gen_ai.request",
            "gen_ai.response.finish",
            "gen_ai.usage",
            "gen_ai.provider",
        ],
        expected: &[
            r#"gen_ai.operation.name="generate_content""#,
            r#"gen_ai.provider.name="gcp.vertex_ai""#,
            "gen_ai.request.max_tokens=20",
            r#"gen_ai.request.model="gemini-2.5-pro""#,
            "gen_ai.request.seed=7",
            r#"gen_ai.request.stop_sequences=["x"]"#,
            "gen_ai.request.stream=true",
            "gen_ai.request.top_k=40",
            r#"gen_ai.response.finish_reasons=["STOP"]"#,
            "gen_ai.usage.input_tokens=25",
            "gen_ai.usage.output_tokens=6",
        ],
    },
    Case {
        name: "Perplexity's own cost and its searches",
        url: "https://api.perplexity.ai/chat/completions",
        request: r#"{"model":"sonar","messages":[{"role":"user","content":"Hi"}]}"#,
        response: r#"{"id":"c","model":"sonar","citations":["https://a"],"choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"Hi"}}],"usage":{"prompt_tokens":10,"completion_tokens":20,"total_tokens":30,"search_context_size":"low","cost":{"input_tokens_cost":0.00001,"output_tokens_cost":0.00002,"request_cost":0.005,"total_cost":0.00503}}}"#,
        about: COST,
        expected: &[
            "throughline.cost.reported=0.00503",
            r#"throughline.cost.unpriced=["model"]"#,
        ],
    },
    Case {
        name: "Groq's stream with its usage apart",
        url: "https://api.groq.com/openai/v1/chat/completions",
        request: r#"{"model":"openai/gpt-oss-120b","stream":true,"reasoning_effort":"low","messages":[{"role":"user","content":"Hi"}]}"#,
        response: "data: {\"id\":\"c\",\"model\":\"openai/gpt-oss-120b\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"reasoning\":\"Hm\"},\"finish_reason\":null}],\"x_groq\":{\"id\":\"req_1\"}}\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"x_groq\":{\"id\":\"req_1\",\"usage\":{\"queue_time\":0.1,\"prompt_tokens\":73,\"completion_tokens\":40,\"total_tokens\":113,\"completion_tokens_details\":{\"reasoning_tokens\":21}}}}\n\ndata: [DONE]\n\n",
        about: &[
            "gen_ai.usage",
            "gen_ai.request.reasoning",
            "gen_ai.output.messages",
        ],
        expected: &[
            "gen_ai.output.messages=\"[{'finish_reason':'stop','parts':[{'content':'Hm','type':'reasoning'},{'content':'Hi','type':'text'}],'role':'assistant'}]\"",
            r#"gen_ai.request.reasoning.level="low""#,
            "gen_ai.usage.input_tokens=73",
            "gen_ai.usage.output_tokens=40",
            "gen_ai.usage.reasoning.output_tokens=21",
        ],
    },
    Case {
        name: "Gemini's parameters in snake case",
        url: "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent",
        request: r#"{"system_instruction":{"parts":[{"text":"Be brief."}]},"contents":[{"role":"user","parts":[{"text":"Hi"},{"inline_data":{"mime_type":"image/png","data":"AAAA"}}]}],"generation_config":{"max_output_tokens":20,"top_p":0.5,"stop_sequences":["x"],"response_mime_type":"application/json","thinking_config":{"thinking_level":"low"}}}"#,
        response: r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"Hi"}]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":1,"totalTokenCount":11},"modelVersion":"gemini-2.5-flash"}"#,
        about: &[
            "gen_ai.request",
            "gen_ai.output.type",
            "gen_ai.system",
            "gen_ai.input",
        ],
        expected: &[
            "gen_ai.input.messages=\"[{'parts':[{'content':'Hi','type':'text'},{'content':'','digest':'fnv1a64:8943628b9f33b719','encoded_length':4,'mime_type':'image/png','modality':'image','type':'blob'}],'role':'user'}]\"",
            r#"gen_ai.output.type="json""#,
            "gen_ai.request.max_tokens=20",
            r#"gen_ai.request.model="gemini-2.5-flash""#,
            r#"gen_ai.request.reasoning.level="low""#,
            r#"gen_ai.request.stop_sequences=["x"]"#,
            "gen_ai.request.top_p=0.5",
            "gen_ai.system_instructions=\"[{'content':'Be brief.','type':'text'}]\"",
        ],
    },
    Case {
        name: "definitions of tools that are no functions",
        url: "https://api.openai.com/v1/responses",
        request: r#"{"model":"gpt-5","input":"Hi","tools":[{"type":"web_search"},{"type":"mcp","server_label":"dice","server_url":"https://a"},{"type":"function","name":"f","description":"d","parameters":{}},{"type":"code_interpreter","container":{"type":"auto"}}]}"#,
        response: r#"{"id":"r","object":"response","status":"completed","model":"gpt-5","output":[],"usage":{"input_tokens":10,"output_tokens":0,"total_tokens":10}}"#,
        about: &["gen_ai.tool"],
        expected: &[
            "gen_ai.tool.definitions=\"[{'name':'web_search','type':'web_search'},{'name':'mcp','type':'mcp'},{'name':'f','type':'function'},{'name':'code_interpreter','type':'code_interpreter'}]\"",
        ],
    },
    Case {
        name: "definitions of tools at Anthropic and a cached one",
        url: "https://api.anthropic.com/v1/messages",
        request: r#"{"model":"claude-sonnet-4-5","max_tokens":9,"messages":[{"role":"user","content":"Hi"}],"tools":[{"name":"f","description":"d","input_schema":{"type":"object"}},{"type":"web_search_20250305","name":"web_search","max_uses":5}]}"#,
        response: r#"{"id":"m","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn","usage":{"input_tokens":10,"output_tokens":1}}"#,
        about: &["gen_ai.tool"],
        expected: &[
            "gen_ai.tool.definitions=\"[{'name':'f','type':'function'},{'name':'web_search','type':'web_search_20250305'}]\"",
        ],
    },
    Case {
        name: "several choices, one of them cut off",
        url: "https://api.openai.com/v1/chat/completions",
        request: r#"{"model":"gpt-5","n":2,"stream":true,"messages":[{"role":"user","content":"Hi"}]}"#,
        response: "data: {\"id\":\"c\",\"model\":\"gpt-5\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"A\"}}]}\n\ndata: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"B\"}}]}\n\ndata: {\"choices\":[{\"index\":1,\"delta\":{},\"finish_reason\":\"length\"}]}\n\n",
        about: &["gen_ai.response.finish", "gen_ai.request.choice", "error.type"],
        expected: &[
            r#"error.type="incomplete_stream""#,
            "gen_ai.request.choice.count=2",
            r#"gen_ai.response.finish_reasons=["error","length"]"#,
        ],
    },
    Case {
        name: "a response that failed over HTTP",
        url: "https://api.openai.com/v1/responses",
        request: r#"{"model":"gpt-5","input":"Hi"}"#,
        response: r#"{"id":"r","object":"response","status":"failed","model":"gpt-5","error":{"code":"server_error","message":"m"},"output":[],"usage":null}"#,
        about: &["gen_ai.response.finish", "error.type"],
        expected: &[
            r#"error.type="server_error""#,
            r#"gen_ai.response.finish_reasons=["error"]"#,
        ],
    },
    Case {
        name: "cost: a batch of Anthropic",
        url: "https://api.anthropic.com/v1/messages",
        request: r#"{"model":"claude-opus-4-6","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}"#,
        response: r#"{"id":"m","type":"message","role":"assistant","model":"claude-opus-4-6","content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn","usage":{"input_tokens":1000,"output_tokens":100,"service_tier":"batch"}}"#,
        about: COST,
        expected: &["throughline.cost=0.00375"],
    },
    Case {
        name: "cost: a region of Anthropic",
        url: "https://api.anthropic.com/v1/messages",
        request: r#"{"model":"claude-opus-4-6","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}"#,
        response: r#"{"id":"m","type":"message","role":"assistant","model":"claude-opus-4-6","content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn","usage":{"input_tokens":1000,"output_tokens":100,"service_tier":"standard","inference_geo":"us"}}"#,
        about: COST,
        expected: &["throughline.cost=0.00825"],
    },
    Case {
        name: "cost: the fast mode of Anthropic",
        url: "https://api.anthropic.com/v1/messages",
        request: r#"{"model":"claude-opus-4-6","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}"#,
        response: r#"{"id":"m","type":"message","role":"assistant","model":"claude-opus-4-6","content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn","usage":{"input_tokens":1000,"output_tokens":100,"service_tier":"standard","speed":"fast"}}"#,
        about: COST,
        expected: &["throughline.cost=0.045"],
    },
    Case {
        name: "cost: Claude at Vertex",
        url: "https://us-east5-aiplatform.googleapis.com/v1/projects/p/locations/us-east5/publishers/anthropic/models/claude-opus-4-6@20260101:rawPredict",
        request: r#"{"anthropic_version":"vertex-2023-10-16","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}"#,
        response: r#"{"id":"m","type":"message","role":"assistant","model":"claude-opus-4-6","content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn","usage":{"input_tokens":1000,"output_tokens":100}}"#,
        about: COST,
        expected: &["throughline.cost=0.0075"],
    },
    Case {
        name: "cost: a host whose provider has no name",
        url: "https://api.fireworks.ai/inference/v1/chat/completions",
        request: r#"{"model":"accounts/fireworks/models/deepseek-v3p1","messages":[{"role":"user","content":"Hi"}]}"#,
        response: r#"{"id":"c","model":"accounts/fireworks/models/deepseek-v3p1","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"Hi"}}],"usage":{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100}}"#,
        about: COST,
        expected: &[r#"throughline.cost.unpriced=["model"]"#],
    },
    Case {
        name: "cost: Groq",
        url: "https://api.groq.com/openai/v1/chat/completions",
        request: r#"{"model":"openai/gpt-oss-120b","messages":[{"role":"user","content":"Hi"}]}"#,
        response: r#"{"id":"c","model":"openai/gpt-oss-120b","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"Hi"}}],"usage":{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100}}"#,
        about: COST,
        expected: &["throughline.cost=0.000225"],
    },
    Case {
        name: "cost: Azure's row",
        url: "https://r.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-10-21",
        request: r#"{"model":"d","messages":[{"role":"user","content":"Hi"}]}"#,
        response: r#"{"id":"c","model":"gpt-4.1-2025-04-14","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"Hi"}}],"usage":{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100}}"#,
        about: COST,
        expected: &["throughline.cost=0.0028"],
    },
    Case {
        name: "cost: Mistral",
        url: "https://api.mistral.ai/v1/chat/completions",
        request: r#"{"model":"mistral-large-latest","messages":[{"role":"user","content":"Hi"}]}"#,
        response: r#"{"id":"c","model":"mistral-large-latest","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"Hi"}}],"usage":{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100}}"#,
        about: COST,
        expected: &["throughline.cost=0.0026"],
    },
    Case {
        name: "cost: through Cloudflare's gateway",
        url: "https://gateway.ai.cloudflare.com/v1/acct/gw/openai/chat/completions",
        request: r#"{"model":"gpt-4o-2024-08-06","messages":[{"role":"user","content":"Hi"}]}"#,
        response: r#"{"id":"c","model":"gpt-4o-2024-08-06","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"Hi"}}],"usage":{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100}}"#,
        about: COST,
        expected: &["throughline.cost=0.0035"],
    },
    Case {
        name: "cost: Nova by a profile of a region",
        url: "https://bedrock-runtime.us-east-1.amazonaws.com/model/us.amazon.nova-lite-v1%3A0/converse",
        request: r#"{"messages":[{"role":"user","content":[{"text":"Hi"}]}]}"#,
        response: r#"{"output":{"message":{"role":"assistant","content":[{"text":"Hi"}]}},"stopReason":"end_turn","usage":{"inputTokens":1000,"outputTokens":100,"totalTokens":1100}}"#,
        about: COST,
        expected: &["throughline.cost=0.000084"],
    },
    Case {
        name: "cost: sources of xAI's search without a price",
        url: "https://api.x.ai/v1/chat/completions",
        request: r#"{"model":"grok-4","messages":[{"role":"user","content":"Hi"}],"search_parameters":{"mode":"on"}}"#,
        response: r#"{"id":"c","model":"grok-4","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"Hi"}}],"usage":{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100,"num_sources_used":5}}"#,
        about: COST,
        expected: &[r#"throughline.cost.unpriced=["web_search"]"#],
    },
    Case {
        name: "cost: two queries of Gemini's grounding",
        url: "https://generativelanguage.googleapis.com/v1beta/models/gemini-3-pro:generateContent",
        request: r#"{"contents":[{"parts":[{"text":"Hi"}]}],"tools":[{"google_search":{}}]}"#,
        response: r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"Hi"}]},"finishReason":"STOP","groundingMetadata":{"webSearchQueries":["","a","","b"],"groundingChunks":[{"web":{"uri":"https://a","title":"a"}}]},"index":0}],"usageMetadata":{"promptTokenCount":1000,"candidatesTokenCount":100,"totalTokenCount":1100},"modelVersion":"gemini-3-pro"}"#,
        about: COST,
        expected: &["throughline.cost=0.0312"],
    },
    Case {
        name: "cost: a grounded prompt of Gemini 2.5",
        url: "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent",
        request: r#"{"contents":[{"parts":[{"text":"Hi"}]}],"tools":[{"google_search":{}}]}"#,
        response: r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"Hi"}]},"finishReason":"STOP","groundingMetadata":{"webSearchQueries":["","a","","b"],"groundingChunks":[{"web":{"uri":"https://a","title":"a"}}]},"index":0}],"usageMetadata":{"promptTokenCount":1000,"candidatesTokenCount":100,"totalTokenCount":1100},"modelVersion":"gemini-2.5-flash"}"#,
        about: COST,
        expected: &["throughline.cost=0.03555"],
    },
    Case {
        name: "embeddings of Gemini in a batch",
        url: "https://generativelanguage.googleapis.com/v1beta/models/gemini-embedding-001:batchEmbedContents",
        request: r#"{"requests":[{"model":"models/gemini-embedding-001","content":{"parts":[{"text":"a"}]},"outputDimensionality":256},{"model":"models/gemini-embedding-001","content":{"parts":[{"text":"b"}]},"outputDimensionality":256}]}"#,
        response: r#"{"embeddings":[{"values":[0.1]},{"values":[0.2]}]}"#,
        about: &["gen_ai.embeddings", "gen_ai.request", "gen_ai.operation"],
        expected: &[
            "gen_ai.embeddings.dimension.count=256",
            r#"gen_ai.operation.name="embeddings""#,
            r#"gen_ai.request.model="gemini-embedding-001""#,
        ],
    },
    Case {
        name: "a filtered prompt at Gemini",
        url: "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent",
        request: r#"{"contents":[{"parts":[{"text":"Hi"}]}]}"#,
        response: r#"{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":7,"totalTokenCount":7},"modelVersion":"gemini-2.5-flash"}"#,
        about: &["gen_ai.usage", "gen_ai.response.finish", "error"],
        expected: &[
            r#"gen_ai.response.finish_reasons=["SAFETY"]"#,
            "gen_ai.usage.input_tokens=7",
            "gen_ai.usage.output_tokens=0",
        ],
    },
];
