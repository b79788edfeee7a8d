//! Sessions of several providers, from their documentation: what each call records.

use http::Uri;
use throughline_llm_layer::{LlmLayer, LlmWebSocket, Prices};
use throughline_test_support::Recorder;

use crate::support::{MASKED, layer, recorded};

/// A session: who sends what, and what is recorded.
struct Case {
    name: &'static str,
    url: &'static str,
    /// `>` before a message of the client, `<` before one of the server.
    messages: &'static [&'static str],
    expected: &'static [&'static str],
}

/// The spans, each in a line, without what all have in common.
fn spans(recorder: &Recorder) -> Vec<String> {
    recorded();
    const COMMON: [&str; 6] = [
        "gen_ai.operation.name",
        "gen_ai.request.stream",
        "server.",
        "throughline.time",
        "gen_ai.response.time",
        "azure.",
    ];
    let mut spans: Vec<String> = Vec::new();
    for line in recorder.tree(MASKED).lines() {
        match line.trim().strip_prefix("- ") {
            Some(attribute) if COMMON.iter().any(|common| attribute.starts_with(common)) => {}
            Some(attribute) => {
                let span = spans.last_mut().expect("a span");
                span.push_str(" | ");
                span.push_str(
                    attribute
                        .trim_start_matches("gen_ai.")
                        .trim_start_matches("throughline."),
                );
            }
            // The description of an error is for people.
            None => match line.trim().split_once(" [error") {
                Some((name, _)) => spans.push(format!("{name} ERROR")),
                None => spans.push(line.trim().to_owned()),
            },
        }
    }
    spans
}

fn run(layer: &LlmLayer, url: &'static str, messages: &[&str]) {
    let mut session = LlmWebSocket::new(layer, &Uri::from_static(url));
    for message in messages {
        match message.split_at(1) {
            (">", text) => session.read_client(text),
            (_, text) => session.read_server(text),
        }
    }
}

#[test]
fn sessions() {
    let mut failures = Vec::new();
    for case in CASES {
        let recorder = Recorder::new();
        run(&layer(&recorder), case.url, case.messages);
        let seen = spans(&recorder);
        if seen != case.expected {
            failures.push(format!(
                "{}\n  seen     {:#?}\n  expected {:#?}",
                case.name, seen, case.expected
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

#[test]
fn costs_of_sessions() {
    let prices = Prices::from_json(r#"{
        "gpt-realtime": {"litellm_provider":"openai","mode":"chat","input_cost_per_token":4e-06,"input_cost_per_audio_token":3.2e-05,"cache_read_input_token_cost":4e-07,"cache_read_input_audio_token_cost":4e-07,"output_cost_per_token":1.6e-05,"output_cost_per_audio_token":6.4e-05},
        "gpt-4o-realtime-preview-2024-12-17": {"litellm_provider":"openai","mode":"chat","input_cost_per_token":5e-06,"input_cost_per_audio_token":4e-05,"output_cost_per_token":2e-05,"output_cost_per_audio_token":8e-05},
        "whisper-1": {"litellm_provider":"openai","mode":"audio_transcription","input_cost_per_second":0.0001},
        "gpt-4o-mini-transcribe": {"litellm_provider":"openai","mode":"audio_transcription","input_cost_per_token":1.25e-06,"input_cost_per_audio_token":3e-06,"output_cost_per_token":5e-06}
    }"#).expect("prices");
    let cases: &[(&str, &'static str, &[&str], &[&str])] = &[
        (
            "text and audio, cached",
            "wss://api.openai.com/v1/realtime?model=gpt-realtime",
            &[
                r#">{"type":"response.create"}"#,
                r#"<{"type":"response.created","response":{"id":"r1"}}"#,
                r#"<{"type":"response.done","response":{"id":"r1","status":"completed","usage":{"total_tokens":1855,"input_tokens":1459,"output_tokens":396,"input_token_details":{"text_tokens":1349,"audio_tokens":110,"cached_tokens":1408,"cached_tokens_details":{"text_tokens":1344,"audio_tokens":64}},"output_token_details":{"text_tokens":97,"audio_tokens":299}}}}"#,
                // (1349-1344)*4 + (110-64)*32 + 1344*.4 + 64*.4 + 97*16 + 299*64 = 20+1472+537.6+25.6+1552+19136
            ],
            &["cost=0.0227432"],
        ),
        (
            "a deployment of Azure",
            "wss://r.openai.azure.com/openai/realtime?api-version=2025-04-01-preview&deployment=my-voice",
            &[
                r#"<{"type":"session.created","session":{"id":"s","model":"gpt-4o-realtime-preview-2024-12-17","modalities":["audio","text"]}}"#,
                r#">{"type":"response.create"}"#,
                r#"<{"type":"response.created","response":{"id":"r1"}}"#,
                r#"<{"type":"response.done","response":{"id":"r1","status":"completed","usage":{"total_tokens":30,"input_tokens":10,"output_tokens":20,"input_token_details":{"text_tokens":10,"audio_tokens":0,"cached_tokens":0},"output_token_details":{"text_tokens":5,"audio_tokens":15}}}}"#,
                // 10*5 + 5*20 + 15*80 = 1350
            ],
            &["cost=0.00135"],
        ),
        (
            "a transcription by its seconds",
            "wss://api.openai.com/v1/realtime?intent=transcription",
            &[
                r#"<{"type":"session.created","session":{"type":"transcription","audio":{"input":{"transcription":{"model":"whisper-1"}}}}}"#,
                r#"<{"type":"conversation.item.input_audio_transcription.completed","item_id":"i1","transcript":"Hi","usage":{"type":"duration","seconds":12}}"#,
            ],
            &["cost=0.0012"],
        ),
        (
            "a transcription by tokens",
            "wss://api.openai.com/v1/realtime?intent=transcription",
            &[
                r#"<{"type":"session.created","session":{"type":"transcription","audio":{"input":{"transcription":{"model":"gpt-4o-mini-transcribe"}}}}}"#,
                r#"<{"type":"conversation.item.input_audio_transcription.completed","item_id":"i1","transcript":"Hi","usage":{"type":"tokens","total_tokens":22,"input_tokens":17,"output_tokens":5,"input_token_details":{"text_tokens":4,"audio_tokens":13}}}"#,
                // 4*1.25 + 13*3 + 5*5 = 69
            ],
            &["cost=0.000069"],
        ),
    ];
    let mut failures = Vec::new();
    for (name, url, messages, expected) in cases {
        let recorder = Recorder::new();
        run(&layer(&recorder).with_prices(prices.clone()), url, messages);
        let seen: Vec<String> = spans(&recorder)
            .iter()
            .flat_map(|span| {
                span.split(" | ")
                    .filter(|part| part.starts_with("cost"))
                    .map(|part| {
                        match part
                            .split_once('=')
                            .and_then(|(_, cost)| cost.parse::<f64>().ok())
                        {
                            Some(cost) => format!("cost={}", (cost * 1e9).round() / 1e9),
                            None => part.to_owned(),
                        }
                    })
                    .collect::<Vec<_>>()
            })
            .collect();
        if seen != *expected {
            failures.push(format!(
                "{name}: {seen:?} for {expected:?}: {:?}",
                spans(&recorder)
            ));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

const REALTIME: &str = "wss://api.openai.com/v1/realtime?model=gpt-realtime";
const RESPONSES: &str = "wss://api.openai.com/v1/responses";
const LIVE: &str = "wss://generativelanguage.googleapis.com/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent?key=k";

const CASES: &[Case] = &[
    Case {
        name: "beta shape",
        url: "wss://api.openai.com/v1/realtime?model=gpt-4o-realtime-preview-2024-12-17",
        messages: &[
            r#"<{"type":"session.created","event_id":"e1","session":{"id":"sess_1","object":"realtime.session","model":"gpt-4o-realtime-preview-2024-12-17","modalities":["audio","text"],"voice":"alloy","temperature":0.8,"max_response_output_tokens":4096}}"#,
            r#">{"type":"response.create"}"#,
            r#"<{"type":"response.created","event_id":"e2","response":{"id":"r1","object":"realtime.response","status":"in_progress","output":[],"usage":null}}"#,
            r#"<{"type":"response.audio_transcript.delta","response_id":"r1","item_id":"i1","delta":"Hello"}"#,
            r#"<{"type":"response.audio.delta","response_id":"r1","item_id":"i1","delta":"AAAA"}"#,
            r#"<{"type":"response.done","event_id":"e3","response":{"id":"r1","status":"completed","output":[],"usage":{"total_tokens":1855,"input_tokens":1459,"output_tokens":396,"input_token_details":{"text_tokens":1349,"audio_tokens":110,"cached_tokens":1408,"cached_tokens_details":{"text_tokens":1344,"audio_tokens":64}},"output_token_details":{"text_tokens":97,"audio_tokens":299}}}}"#,
        ],
        expected: &[
            r#"Client chat gpt-4o-realtime-preview-2024-12-17 | output.type="speech" | provider.name="openai" | request.max_tokens=4096 | request.model="gpt-4o-realtime-preview-2024-12-17" | request.temperature=0.8 | response.finish_reasons=["stop"] | response.id="r1" | response.model="gpt-4o-realtime-preview-2024-12-17" | usage.audio.cache_read.input_tokens=64 | usage.audio.input_tokens=110 | usage.audio.output_tokens=299 | usage.cache_read.input_tokens=1408 | usage.input_tokens=1459 | usage.output_tokens=396 | usage.text.cache_read.input_tokens=1344 | usage.text.input_tokens=1349 | usage.text.output_tokens=97 | tokens.source="reported""#,
        ],
    },
    Case {
        name: "a function call",
        url: REALTIME,
        messages: &[
            r#">{"type":"response.create"}"#,
            r#"<{"type":"response.created","response":{"id":"r1"}}"#,
            r#"<{"type":"response.output_item.added","response_id":"r1","item":{"id":"i1","type":"function_call","name":"f","call_id":"c1","arguments":""}}"#,
            r#"<{"type":"response.function_call_arguments.delta","response_id":"r1","item_id":"i1","call_id":"c1","delta":"{}"}"#,
            r#"<{"type":"response.function_call_arguments.done","response_id":"r1","item_id":"i1","call_id":"c1","arguments":"{}"}"#,
            r#"<{"type":"response.done","response":{"id":"r1","status":"completed","output":[{"id":"i1","type":"function_call","status":"completed","name":"f","call_id":"c1","arguments":"{}"}],"usage":{"total_tokens":541,"input_tokens":521,"output_tokens":20,"input_token_details":{"text_tokens":292,"audio_tokens":229,"cached_tokens":0,"cached_tokens_details":{"text_tokens":0,"audio_tokens":0}},"output_token_details":{"text_tokens":20,"audio_tokens":0}}}}"#,
        ],
        expected: &[
            r#"Client chat gpt-realtime | provider.name="openai" | request.model="gpt-realtime" | response.finish_reasons=["tool_call"] | response.id="r1" | usage.audio.input_tokens=229 | usage.cache_read.input_tokens=0 | usage.input_tokens=521 | usage.output_tokens=20 | usage.text.input_tokens=292 | usage.text.output_tokens=20 | tokens.source="reported""#,
        ],
    },
    Case {
        name: "stopped by the limit of tokens",
        url: REALTIME,
        messages: &[
            r#">{"type":"response.create","response":{"max_output_tokens":10}}"#,
            r#"<{"type":"response.created","response":{"id":"r1"}}"#,
            r#"<{"type":"response.done","response":{"id":"r1","status":"incomplete","status_details":{"type":"incomplete","reason":"max_output_tokens"},"usage":{"total_tokens":15,"input_tokens":5,"output_tokens":10}}}"#,
        ],
        expected: &[
            r#"Client chat gpt-realtime | provider.name="openai" | request.max_tokens=10 | request.model="gpt-realtime" | response.finish_reasons=["max_output_tokens"] | response.id="r1" | usage.input_tokens=5 | usage.output_tokens=10 | tokens.source="reported""#,
        ],
    },
    Case {
        name: "failed by a rate limit",
        url: REALTIME,
        messages: &[
            r#">{"type":"response.create"}"#,
            r#"<{"type":"response.created","response":{"id":"r1"}}"#,
            r#"<{"type":"response.done","response":{"id":"r1","status":"failed","status_details":{"type":"failed","error":{"type":"rate_limit_error","code":"rate_limit_exceeded","message":"Rate limit reached"}},"output":[],"usage":{"total_tokens":0,"input_tokens":0,"output_tokens":0}}}"#,
        ],
        expected: &[
            r#"Client chat gpt-realtime ERROR | error.type="rate_limit_exceeded" | provider.name="openai" | request.model="gpt-realtime" | response.finish_reasons=["error"] | response.id="r1" | usage.input_tokens=0 | usage.output_tokens=0 | tokens.source="reported""#,
        ],
    },
    Case {
        name: "cancelled by the client with part of the usage",
        url: REALTIME,
        messages: &[
            r#">{"type":"response.create"}"#,
            r#"<{"type":"response.created","response":{"id":"r1"}}"#,
            r#"<{"type":"response.output_text.delta","response_id":"r1","delta":"One"}"#,
            r#">{"type":"response.cancel"}"#,
            r#"<{"type":"response.done","response":{"id":"r1","status":"cancelled","status_details":{"type":"cancelled","reason":"client_cancelled"},"usage":{"total_tokens":12,"input_tokens":10,"output_tokens":2}}}"#,
        ],
        expected: &[
            r#"Client chat gpt-realtime | provider.name="openai" | request.model="gpt-realtime" | response.finish_reasons=["cancelled"] | response.id="r1" | usage.input_tokens=10 | usage.output_tokens=2 | tokens.source="reported""#,
        ],
    },
    Case {
        name: "interleaved ends of two responses outside of the conversation",
        url: REALTIME,
        messages: &[
            r#">{"type":"response.create","response":{"conversation":"none","metadata":{"topic":"a"}}}"#,
            r#">{"type":"response.create","response":{"conversation":"none","metadata":{"topic":"b"}}}"#,
            r#"<{"type":"response.created","response":{"id":"r1","conversation_id":null}}"#,
            r#"<{"type":"response.created","response":{"id":"r2","conversation_id":null}}"#,
            r#"<{"type":"response.done","response":{"id":"r2","status":"completed","usage":{"total_tokens":5,"input_tokens":3,"output_tokens":2}}}"#,
            r#"<{"type":"response.done","response":{"id":"r1","status":"completed","usage":{"total_tokens":9,"input_tokens":4,"output_tokens":5}}}"#,
            r#"<{"type":"response.done","response":{"id":"r1","status":"completed","usage":{"total_tokens":9,"input_tokens":4,"output_tokens":5}}}"#,
        ],
        expected: &[
            r#"Client chat gpt-realtime | provider.name="openai" | request.model="gpt-realtime" | response.finish_reasons=["stop"] | response.id="r1" | usage.input_tokens=4 | usage.output_tokens=5 | tokens.source="reported""#,
            r#"Client chat gpt-realtime | provider.name="openai" | request.model="gpt-realtime" | response.finish_reasons=["stop"] | response.id="r2" | usage.input_tokens=3 | usage.output_tokens=2 | tokens.source="reported""#,
        ],
    },
    Case {
        name: "a session whose model changes",
        url: REALTIME,
        messages: &[
            r#"<{"type":"session.created","session":{"type":"realtime","model":"gpt-realtime"}}"#,
            r#">{"type":"response.create"}"#,
            r#"<{"type":"response.created","response":{"id":"r1"}}"#,
            r#"<{"type":"response.done","response":{"id":"r1","status":"completed","usage":{"total_tokens":5,"input_tokens":3,"output_tokens":2}}}"#,
            r#">{"type":"session.update","session":{"type":"realtime","model":"gpt-realtime-mini"}}"#,
            r#"<{"type":"session.updated","session":{"type":"realtime","model":"gpt-realtime-mini"}}"#,
            r#"<{"type":"response.created","response":{"id":"r2"}}"#,
            r#"<{"type":"response.done","response":{"id":"r2","status":"completed","usage":{"total_tokens":5,"input_tokens":3,"output_tokens":2}}}"#,
        ],
        expected: &[
            r#"Client chat gpt-realtime | provider.name="openai" | request.model="gpt-realtime" | response.finish_reasons=["stop"] | response.id="r1" | response.model="gpt-realtime" | usage.input_tokens=3 | usage.output_tokens=2 | tokens.source="reported""#,
            r#"Client chat gpt-realtime-mini | provider.name="openai" | request.model="gpt-realtime-mini" | response.finish_reasons=["stop"] | response.id="r2" | response.model="gpt-realtime-mini" | usage.input_tokens=3 | usage.output_tokens=2 | tokens.source="reported""#,
        ],
    },
    Case {
        name: "an error about another event",
        url: REALTIME,
        messages: &[
            r#">{"type":"response.create","event_id":"c1"}"#,
            r#"<{"type":"response.created","response":{"id":"r1"}}"#,
            r#"<{"type":"error","event_id":"e9","error":{"type":"invalid_request_error","code":"input_audio_buffer_commit_empty","message":"buffer too small","event_id":"c0"}}"#,
            r#"<{"type":"error","event_id":"e9","error":{"type":"invalid_request_error","code":"response_cancel_not_active","message":"no active response","param":null}}"#,
            r#"<{"type":"response.done","response":{"id":"r1","status":"completed","usage":{"total_tokens":5,"input_tokens":3,"output_tokens":2}}}"#,
        ],
        expected: &[
            r#"Client chat gpt-realtime | provider.name="openai" | request.model="gpt-realtime" | response.finish_reasons=["stop"] | response.id="r1" | usage.input_tokens=3 | usage.output_tokens=2 | tokens.source="reported""#,
        ],
    },
    Case {
        name: "a second response while one is active",
        url: REALTIME,
        messages: &[
            r#">{"type":"response.create","event_id":"c1"}"#,
            r#"<{"type":"response.created","response":{"id":"r1"}}"#,
            r#">{"type":"response.create","event_id":"c2"}"#,
            r#"<{"type":"error","error":{"type":"invalid_request_error","code":"conversation_already_has_active_response","message":"m","event_id":"c2"}}"#,
            r#"<{"type":"response.done","response":{"id":"r1","status":"completed","usage":{"total_tokens":5,"input_tokens":3,"output_tokens":2}}}"#,
        ],
        expected: &[
            r#"Client chat gpt-realtime | provider.name="openai" | request.model="gpt-realtime" | response.finish_reasons=["stop"] | response.id="r1" | usage.input_tokens=3 | usage.output_tokens=2 | tokens.source="reported""#,
            r#"Client chat gpt-realtime ERROR | error.type="conversation_already_has_active_response" | provider.name="openai" | request.model="gpt-realtime" | tokens.source="unknown""#,
        ],
    },
    Case {
        name: "a deployment of Azure, preview",
        url: "wss://r.openai.azure.com/openai/realtime?api-version=2025-04-01-preview&deployment=my-voice",
        messages: &[
            r#"<{"type":"session.created","session":{"id":"s","model":"gpt-4o-realtime-preview-2024-12-17"}}"#,
            r#">{"type":"response.create"}"#,
            r#"<{"type":"response.created","response":{"id":"r1"}}"#,
            r#"<{"type":"response.done","response":{"id":"r1","status":"completed","usage":{"total_tokens":30,"input_tokens":10,"output_tokens":20}}}"#,
        ],
        expected: &[
            r#"Client chat my-voice | provider.name="azure.ai.openai" | request.model="my-voice" | response.finish_reasons=["stop"] | response.id="r1" | response.model="gpt-4o-realtime-preview-2024-12-17" | usage.input_tokens=10 | usage.output_tokens=20 | tokens.source="reported""#,
        ],
    },
    Case {
        name: "Azure, generally available",
        url: "wss://r.openai.azure.com/openai/v1/realtime?model=my-voice",
        messages: &[
            r#"<{"type":"response.done","response":{"id":"r1","status":"completed","usage":{"total_tokens":30,"input_tokens":10,"output_tokens":20}}}"#,
        ],
        expected: &[
            r#"Client chat my-voice | provider.name="azure.ai.openai" | request.model="my-voice" | response.finish_reasons=["stop"] | response.id="r1" | usage.input_tokens=10 | usage.output_tokens=20 | tokens.source="reported""#,
        ],
    },
    Case {
        name: "Azure's Voice Live",
        url: "wss://r.services.ai.azure.com/voice-live/realtime?api-version=2025-10-01&model=gpt-4.1",
        messages: &[
            r#"<{"type":"session.created","session":{"id":"s","model":"gpt-4.1","modalities":["text","audio"]}}"#,
            r#"<{"type":"response.created","response":{"id":"r1"}}"#,
            r#"<{"type":"response.done","response":{"id":"r1","status":"completed","usage":{"total_tokens":30,"input_tokens":10,"output_tokens":20,"input_token_details":{"text_tokens":4,"audio_tokens":6,"cached_tokens":0},"output_token_details":{"text_tokens":8,"audio_tokens":12}}}}"#,
        ],
        expected: &[
            r#"Client chat gpt-4.1 | output.type="speech" | provider.name="azure.ai.openai" | request.model="gpt-4.1" | response.finish_reasons=["stop"] | response.id="r1" | response.model="gpt-4.1" | usage.audio.input_tokens=6 | usage.audio.output_tokens=12 | usage.cache_read.input_tokens=0 | usage.input_tokens=10 | usage.output_tokens=20 | usage.text.input_tokens=4 | usage.text.output_tokens=8 | tokens.source="reported""#,
        ],
    },
    Case {
        name: "xAI's voice agent",
        url: "wss://api.x.ai/v1/realtime?model=grok-voice-latest",
        messages: &[
            r#"<{"type":"conversation.created","conversation":{"id":"conv_1","object":"realtime.conversation"}}"#,
            r#"<{"type":"response.created","response":{"id":"r1","status":"in_progress"}}"#,
            r#"<{"type":"response.output_audio_transcript.delta","response_id":"r1","delta":"Hi"}"#,
            r#"<{"type":"response.done","response":{"id":"r1","object":"realtime.response","status":"completed","usage":{"total_tokens":30,"input_tokens":10,"output_tokens":20}}}"#,
        ],
        expected: &[
            r#"Client chat grok-voice-latest | provider.name="x_ai" | request.model="grok-voice-latest" | response.finish_reasons=["stop"] | response.id="r1" | usage.input_tokens=10 | usage.output_tokens=20 | tokens.source="reported""#,
        ],
    },
    Case {
        name: "Qwen's Realtime with plural details",
        url: "wss://dashscope.aliyuncs.com/api-ws/v1/realtime?model=qwen3-omni-flash-realtime",
        messages: &[
            r#"<{"type":"session.created","session":{"object":"realtime.session","model":"qwen3-omni-flash-realtime","modalities":["text","audio"]}}"#,
            r#"<{"type":"response.created","response":{"id":"r1","object":"realtime.response","conversation_id":"","status":"in_progress"}}"#,
            r#"<{"type":"response.audio_transcript.delta","response_id":"r1","delta":"Hi"}"#,
            r#"<{"type":"response.done","response":{"id":"r1","object":"realtime.response","conversation_id":"","status":"completed","usage":{"total_tokens":377,"input_tokens":336,"output_tokens":41,"input_tokens_details":{"text_tokens":228,"audio_tokens":108},"output_tokens_details":{"text_tokens":9,"audio_tokens":32}}}}"#,
        ],
        expected: &[
            r#"Client chat qwen3-omni-flash-realtime | output.type="speech" | provider.name="dashscope" | request.model="qwen3-omni-flash-realtime" | response.finish_reasons=["stop"] | response.id="r1" | response.model="qwen3-omni-flash-realtime" | usage.audio.input_tokens=108 | usage.audio.output_tokens=32 | usage.input_tokens=336 | usage.output_tokens=41 | usage.text.input_tokens=228 | usage.text.output_tokens=9 | tokens.source="reported""#,
        ],
    },
    Case {
        name: "a sideband connection of a call",
        url: "wss://api.openai.com/v1/realtime?call_id=rtc_1",
        messages: &[
            r#"<{"type":"session.created","session":{"type":"realtime","model":"gpt-realtime-2025-08-28"}}"#,
            r#"<{"type":"response.created","response":{"id":"r1"}}"#,
            r#"<{"type":"response.done","response":{"id":"r1","status":"cancelled","status_details":{"type":"cancelled","reason":"turn_detected"},"usage":{"total_tokens":70,"input_tokens":42,"output_tokens":28,"input_token_details":{"text_tokens":17,"audio_tokens":25},"output_token_details":{"text_tokens":8,"audio_tokens":20}}}}"#,
        ],
        expected: &[
            r#"Client chat gpt-realtime-2025-08-28 | provider.name="openai" | request.model="gpt-realtime-2025-08-28" | response.finish_reasons=["cancelled"] | response.id="r1" | response.model="gpt-realtime-2025-08-28" | usage.audio.input_tokens=25 | usage.audio.output_tokens=20 | usage.input_tokens=42 | usage.output_tokens=28 | usage.text.input_tokens=17 | usage.text.output_tokens=8 | tokens.source="reported""#,
        ],
    },
    Case {
        name: "cancelled before any output, without usage",
        url: REALTIME,
        messages: &[
            r#">{"type":"response.create"}"#,
            r#"<{"type":"response.created","response":{"id":"r1"}}"#,
            r#"<{"type":"response.done","response":{"id":"r1","status":"cancelled","status_details":{"type":"cancelled","reason":"turn_detected"},"output":[],"usage":null}}"#,
        ],
        expected: &[
            r#"Client chat gpt-realtime | provider.name="openai" | request.model="gpt-realtime" | response.finish_reasons=["cancelled"] | response.id="r1" | tokens.encoding="o200k_base" | tokens.output=0 | tokens.source="estimated""#,
        ],
    },
    Case {
        name: "a transcription beside a response",
        url: REALTIME,
        messages: &[
            r#"<{"type":"session.updated","session":{"type":"realtime","audio":{"input":{"transcription":{"model":"gpt-4o-transcribe"}}}}}"#,
            r#"<{"type":"response.created","response":{"id":"r1"}}"#,
            r#"<{"type":"conversation.item.input_audio_transcription.delta","item_id":"i1","delta":"Hel"}"#,
            r#"<{"type":"response.done","response":{"id":"r1","status":"completed","usage":{"total_tokens":5,"input_tokens":3,"output_tokens":2}}}"#,
            r#"<{"type":"conversation.item.input_audio_transcription.completed","item_id":"i1","transcript":"Hello","usage":{"type":"tokens","total_tokens":22,"input_tokens":13,"input_token_details":{"text_tokens":0,"audio_tokens":13},"output_tokens":9}}"#,
        ],
        expected: &[
            r#"Client chat gpt-realtime | provider.name="openai" | request.model="gpt-realtime" | response.finish_reasons=["stop"] | response.id="r1" | usage.input_tokens=3 | usage.output_tokens=2 | tokens.source="reported""#,
            r#"Client transcription gpt-4o-transcribe | provider.name="openai" | request.model="gpt-4o-transcribe" | response.id="i1" | usage.audio.input_tokens=13 | usage.input_tokens=13 | usage.output_tokens=9 | tokens.source="reported""#,
        ],
    },
    Case {
        name: "Responses with cached tokens and reasoning",
        url: RESPONSES,
        messages: &[
            r#">{"type":"response.create","model":"gpt-5.2","store":false,"input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"Hi"}]}],"reasoning":{"effort":"high"},"tools":[]}"#,
            r#"<{"type":"response.created","sequence_number":0,"response":{"id":"resp_1","object":"response","status":"in_progress","model":"gpt-5.2-2025-12-11"}}"#,
            r#"<{"type":"response.output_text.delta","sequence_number":1,"item_id":"m","delta":"Hello"}"#,
            r#"<{"type":"response.completed","sequence_number":2,"response":{"id":"resp_1","object":"response","status":"completed","model":"gpt-5.2-2025-12-11","service_tier":"default","output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Hello"}]}],"usage":{"input_tokens":2006,"input_tokens_details":{"cached_tokens":1920},"output_tokens":300,"output_tokens_details":{"reasoning_tokens":288},"total_tokens":2306}}}"#,
        ],
        expected: &[
            r#"Client chat gpt-5.2 | provider.name="openai" | request.model="gpt-5.2" | request.reasoning.level="high" | response.finish_reasons=["stop"] | response.id="resp_1" | response.model="gpt-5.2-2025-12-11" | usage.cache_read.input_tokens=1920 | usage.input_tokens=2006 | usage.output_tokens=300 | usage.reasoning.output_tokens=288 | openai.api.type="responses" | openai.response.service_tier="default" | tokens.source="reported""#,
        ],
    },
    Case {
        name: "Responses, multiplexed in two lanes",
        url: RESPONSES,
        messages: &[
            r#">{"type":"response.create","stream_id":"a","model":"gpt-5","input":"A"}"#,
            r#">{"type":"response.create","stream_id":"b","model":"gpt-5-mini","input":"B"}"#,
            r#"<{"type":"response.created","stream_id":"b","response":{"id":"rb","model":"gpt-5-mini-2025-08-07"}}"#,
            r#"<{"type":"response.created","stream_id":"a","response":{"id":"ra","model":"gpt-5-2025-08-07"}}"#,
            r#"<{"type":"response.output_text.delta","stream_id":"a","delta":"x"}"#,
            r#"<{"type":"error","stream_id":"b","status":500,"error":{"type":"server_error","code":"server_error","message":"m"}}"#,
            r#"<{"type":"response.completed","stream_id":"a","response":{"id":"ra","status":"completed","model":"gpt-5-2025-08-07","usage":{"input_tokens":7,"output_tokens":1,"total_tokens":8}}}"#,
        ],
        expected: &[
            r#"Client chat gpt-5 | provider.name="openai" | request.model="gpt-5" | response.finish_reasons=["stop"] | response.id="ra" | response.model="gpt-5-2025-08-07" | usage.input_tokens=7 | usage.output_tokens=1 | openai.api.type="responses" | tokens.source="reported""#,
            r#"Client chat gpt-5-mini ERROR | error.type="server_error" | provider.name="openai" | request.model="gpt-5-mini" | response.finish_reasons=["error"] | response.id="rb" | response.model="gpt-5-mini-2025-08-07" | openai.api.type="responses" | tokens.encoding="o200k_base" | tokens.input=8 | tokens.source="estimated""#,
        ],
    },
    Case {
        name: "a previous response that is not found",
        url: RESPONSES,
        messages: &[
            r#">{"type":"response.create","model":"gpt-5.2","previous_response_id":"resp_0","input":[]}"#,
            r#"<{"type":"error","status":400,"error":{"code":"previous_response_not_found","message":"Previous response with id 'resp_0' not found.","param":"previous_response_id"}}"#,
            r#"<{"type":"error","status":400,"error":{"type":"invalid_request_error","code":"websocket_connection_limit_reached","message":"m"}}"#,
        ],
        expected: &[
            r#"Client chat gpt-5.2 ERROR | error.type="previous_response_not_found" | provider.name="openai" | request.model="gpt-5.2" | request.previous_response.id="resp_0" | openai.api.type="responses" | tokens.source="unknown""#,
        ],
    },
    Case {
        name: "a response that failed",
        url: RESPONSES,
        messages: &[
            r#">{"type":"response.create","model":"gpt-5.2","input":"Hi"}"#,
            r#"<{"type":"response.created","response":{"id":"resp_1","model":"gpt-5.2"}}"#,
            r#"<{"type":"response.failed","response":{"id":"resp_1","status":"failed","model":"gpt-5.2","error":{"code":"rate_limit_exceeded","message":"m"},"usage":{"input_tokens":7,"output_tokens":0,"total_tokens":7}}}"#,
        ],
        expected: &[
            r#"Client chat gpt-5.2 ERROR | error.type="rate_limit_exceeded" | provider.name="openai" | request.model="gpt-5.2" | response.finish_reasons=["error"] | response.id="resp_1" | response.model="gpt-5.2" | usage.input_tokens=7 | usage.output_tokens=0 | openai.api.type="responses" | tokens.source="reported""#,
        ],
    },
    Case {
        name: "Responses at xAI",
        url: "wss://api.x.ai/v1/responses",
        messages: &[
            r#">{"type":"response.create","model":"grok-4","input":"Hi"}"#,
            r#"<{"type":"response.created","response":{"id":"resp_1","model":"grok-4-0709"}}"#,
            r#"<{"type":"response.completed","response":{"id":"resp_1","status":"completed","model":"grok-4-0709","usage":{"input_tokens":7,"output_tokens":3,"total_tokens":10,"input_tokens_details":{"cached_tokens":2},"cost_in_usd_ticks":1234}}}"#,
        ],
        expected: &[
            r#"Client chat grok-4 | provider.name="x_ai" | request.model="grok-4" | response.finish_reasons=["stop"] | response.id="resp_1" | response.model="grok-4-0709" | usage.cache_read.input_tokens=2 | usage.input_tokens=7 | usage.output_tokens=3 | openai.api.type="responses" | cost.reported=0.0000001234 | tokens.source="reported""#,
        ],
    },
    Case {
        name: "Responses at Azure",
        url: "wss://r.openai.azure.com/openai/v1/responses",
        messages: &[
            r#">{"type":"response.create","model":"my-gpt","input":"Hi"}"#,
            r#"<{"type":"response.created","response":{"id":"resp_1","model":"gpt-5"}}"#,
            r#"<{"type":"response.incomplete","response":{"id":"resp_1","status":"incomplete","incomplete_details":{"reason":"content_filter"},"model":"gpt-5","usage":{"input_tokens":7,"output_tokens":3,"total_tokens":10}}}"#,
        ],
        expected: &[
            r#"Client chat my-gpt | provider.name="azure.ai.openai" | request.model="my-gpt" | response.finish_reasons=["content_filter"] | response.id="resp_1" | response.model="gpt-5" | usage.input_tokens=7 | usage.output_tokens=3 | openai.api.type="responses" | tokens.source="reported""#,
        ],
    },
    Case {
        name: "a steered response with a continuation",
        url: RESPONSES,
        messages: &[
            r#">{"type":"response.create","model":"gpt-6-astra","input":"Hi"}"#,
            r#"<{"type":"response.created","response":{"id":"resp_1","model":"gpt-6-astra"}}"#,
            r#">{"type":"response.steer","input":[{"type":"message","role":"user","content":"More"}]}"#,
            r#"<{"type":"response.steering.accepted","response_id":"resp_1"}"#,
            r#"<{"type":"response.completed","response":{"id":"resp_1","status":"completed","model":"gpt-6-astra","usage":{"input_tokens":7,"output_tokens":3,"total_tokens":10}}}"#,
            r#"<{"type":"response.created","response":{"id":"resp_2","model":"gpt-6-astra"}}"#,
            r#"<{"type":"response.completed","response":{"id":"resp_2","status":"completed","model":"gpt-6-astra","usage":{"input_tokens":17,"output_tokens":4,"total_tokens":21}}}"#,
        ],
        expected: &[
            r#"Client chat gpt-6-astra | provider.name="openai" | request.model="gpt-6-astra" | response.finish_reasons=["stop"] | response.id="resp_1" | response.model="gpt-6-astra" | usage.input_tokens=7 | usage.output_tokens=3 | openai.api.type="responses" | tokens.source="reported""#,
            r#"Client chat | provider.name="openai" | response.finish_reasons=["stop"] | response.id="resp_2" | response.model="gpt-6-astra" | usage.input_tokens=17 | usage.output_tokens=4 | openai.api.type="responses" | tokens.source="reported""#,
        ],
    },
    Case {
        name: "Live: the mock of the conventions",
        url: LIVE,
        messages: &[
            r#">{"setup":{"model":"models/gemini-2.5-flash-native-audio","generation_config":{"response_modalities":["AUDIO"],"temperature":0.5},"output_audio_transcription":{}}}"#,
            r#"<{"setupComplete":{}}"#,
            r#">{"realtime_input":{"audio":{"data":"AAAA","mime_type":"audio/pcm"}}}"#,
            r#">{"realtime_input":{"audioStreamEnd":true}}"#,
            r#"<{"serverContent":{"outputTranscription":{"text":"It is "}}}"#,
            r#"<{"serverContent":{"modelTurn":{"role":"model","parts":[{"inlineData":{"mimeType":"audio/pcm","data":"AAAA"}}]}}}"#,
            r#"<{"serverContent":{"generationComplete":true}}"#,
            r#"<{"serverContent":{"turnComplete":true},"usageMetadata":{"promptTokenCount":42,"responseTokenCount":28,"totalTokenCount":70,"promptTokensDetails":[{"modality":"AUDIO","tokenCount":25},{"modality":"TEXT","tokenCount":17}],"responseTokensDetails":[{"modality":"AUDIO","tokenCount":20},{"modality":"TEXT","tokenCount":8}]}}"#,
        ],
        expected: &[
            r#"Client generate_content gemini-2.5-flash-native-audio | output.type="speech" | provider.name="gcp.gemini" | request.model="gemini-2.5-flash-native-audio" | request.temperature=0.5 | usage.audio.input_tokens=25 | usage.audio.output_tokens=20 | usage.input_tokens=42 | usage.output_tokens=28 | usage.text.input_tokens=17 | usage.text.output_tokens=8 | tokens.source="reported""#,
        ],
    },
    Case {
        name: "Live: a tool call, and thoughts after it",
        url: LIVE,
        messages: &[
            r#">{"setup":{"model":"models/gemini-live"}}"#,
            r#">{"clientContent":{"turns":[{"role":"user","parts":[{"text":"Hi"}]}],"turnComplete":true}}"#,
            r#"<{"toolCall":{"functionCalls":[{"id":"f1","name":"get_weather","args":{"city":"Paris"}}]},"usageMetadata":{"promptTokenCount":100,"responseTokenCount":12,"totalTokenCount":112}}"#,
            r#">{"toolResponse":{"functionResponses":[{"id":"f1","name":"get_weather","response":{"t":20}}]}}"#,
            r#"<{"serverContent":{"modelTurn":{"parts":[{"text":"20"}]}}}"#,
            r#"<{"serverContent":{"turnComplete":true},"usageMetadata":{"promptTokenCount":120,"cachedContentTokenCount":64,"responseTokenCount":5,"thoughtsTokenCount":15,"totalTokenCount":140}}"#,
        ],
        expected: &[
            r#"Client generate_content gemini-live | provider.name="gcp.gemini" | request.model="gemini-live" | usage.input_tokens=100 | usage.output_tokens=12 | tokens.source="reported""#,
            r#"Client generate_content gemini-live | provider.name="gcp.gemini" | request.model="gemini-live" | usage.cache_read.input_tokens=64 | usage.input_tokens=120 | usage.output_tokens=20 | usage.reasoning.output_tokens=15 | tokens.source="reported""#,
        ],
    },
    Case {
        name: "Live: an interruption, a resumption handle, and the end of the connection",
        url: LIVE,
        messages: &[
            r#">{"setup":{"model":"models/gemini-live","sessionResumption":{}}}"#,
            r#"<{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":"audio/pcm","data":"AAAA"}}]}}}"#,
            r#"<{"serverContent":{"interrupted":true}}"#,
            r#"<{"serverContent":{"turnComplete":true},"usageMetadata":{"promptTokenCount":10,"responseTokenCount":3,"totalTokenCount":13}}"#,
            r#"<{"sessionResumptionUpdate":{"newHandle":"h","resumable":true}}"#,
            r#"<{"goAway":{"timeLeft":"50s"}}"#,
            r#"<{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":"audio/pcm","data":"AAAA"}}]}}}"#,
        ],
        expected: &[
            r#"Client generate_content gemini-live | provider.name="gcp.gemini" | request.model="gemini-live" | response.finish_reasons=["interrupted"] | usage.input_tokens=10 | usage.output_tokens=3 | tokens.source="reported""#,
            r#"Client generate_content gemini-live ERROR | error.type="cancelled" | provider.name="gcp.gemini" | request.model="gemini-live" | response.finish_reasons=["error"] | tokens.source="unknown""#,
        ],
    },
    Case {
        name: "Live: usage beside audio in the middle of the turn",
        url: LIVE,
        messages: &[
            r#">{"setup":{"model":"models/gemini-live"}}"#,
            r#"<{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":"audio/pcm","data":"AAAA"}}]}},"usageMetadata":{"promptTokenCount":10,"responseTokenCount":3,"totalTokenCount":13}}"#,
            r#"<{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":"audio/pcm","data":"AAAA"}}]}}}"#,
            r#"<{"serverContent":{"turnComplete":true},"usageMetadata":{"promptTokenCount":10,"responseTokenCount":8,"totalTokenCount":18}}"#,
        ],
        expected: &[
            r#"Client generate_content gemini-live | provider.name="gcp.gemini" | request.model="gemini-live" | usage.input_tokens=10 | usage.output_tokens=8 | tokens.source="reported""#,
        ],
    },
    Case {
        name: "Live at Vertex, in snake case",
        url: "wss://us-central1-aiplatform.googleapis.com/ws/google.cloud.aiplatform.v1beta1.LlmBidiService/BidiGenerateContent",
        messages: &[
            r#">{"setup":{"model":"projects/p/locations/us-central1/publishers/google/models/gemini-live-2.5-flash"}}"#,
            r#">{"client_content":{"turns":[{"role":"user","parts":[{"text":"Hi"}]}],"turn_complete":true}}"#,
            r#"<{"serverContent":{"modelTurn":{"parts":[{"text":"Hello"}]}}}"#,
            r#"<{"serverContent":{"turnComplete":true},"usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":3,"totalTokenCount":13,"trafficType":"ON_DEMAND"}}"#,
        ],
        expected: &[
            r#"Client generate_content gemini-live-2.5-flash | provider.name="gcp.vertex_ai" | request.model="gemini-live-2.5-flash" | usage.input_tokens=10 | usage.output_tokens=3 | tokens.source="reported""#,
        ],
    },
    Case {
        name: "a transcription that failed",
        url: REALTIME,
        messages: &[
            r#"<{"type":"session.updated","session":{"type":"realtime","audio":{"input":{"transcription":{"model":"whisper-1"}}}}}"#,
            r#"<{"type":"conversation.item.input_audio_transcription.failed","item_id":"i1","content_index":0,"error":{"type":"transcription_error","code":"audio_unintelligible","message":"m","param":null}}"#,
        ],
        expected: &[
            r#"Client transcription whisper-1 ERROR | error.type="audio_unintelligible" | provider.name="openai" | request.model="whisper-1" | response.id="i1" | tokens.source="unknown""#,
        ],
    },
    Case {
        name: "a warm-up of Responses generates nothing",
        url: RESPONSES,
        messages: &[
            r#">{"type":"response.create","model":"gpt-5.2","generate":false,"input":"Hi"}"#,
            r#"<{"type":"response.created","response":{"id":"resp_1","model":"gpt-5.2","status":"in_progress"}}"#,
            r#"<{"type":"response.completed","response":{"id":"resp_1","model":"gpt-5.2","status":"completed","output":[],"usage":{"input_tokens":0,"output_tokens":0,"total_tokens":0}}}"#,
        ],
        expected: &[
            r#"Client chat gpt-5.2 | provider.name="openai" | request.model="gpt-5.2" | response.finish_reasons=["stop"] | response.id="resp_1" | response.model="gpt-5.2" | usage.input_tokens=0 | usage.output_tokens=0 | openai.api.type="responses" | tokens.source="reported""#,
        ],
    },
    Case {
        name: "a compaction of Responses",
        url: RESPONSES,
        messages: &[
            r#">{"type":"response.create","model":"gpt-5.2","input":"Hi","context_management":[{"type":"compaction","compact_threshold":1000}]}"#,
            r#"<{"type":"response.created","response":{"id":"resp_1","model":"gpt-5.2"}}"#,
            r#"<{"type":"response.output_item.done","output_index":0,"item":{"id":"cmp_1","type":"compaction","encrypted_content":"AAAA"}}"#,
            r#"<{"type":"response.completed","response":{"id":"resp_1","model":"gpt-5.2","status":"completed","output":[{"id":"cmp_1","type":"compaction","encrypted_content":"AAAA"}],"usage":{"input_tokens":10,"output_tokens":2,"total_tokens":12}}}"#,
        ],
        expected: &[
            r#"Client chat gpt-5.2 | conversation.compacted=true | provider.name="openai" | request.model="gpt-5.2" | response.finish_reasons=["stop"] | response.id="resp_1" | response.model="gpt-5.2" | usage.input_tokens=10 | usage.output_tokens=2 | openai.api.type="responses" | tokens.source="reported""#,
        ],
    },
    Case {
        name: "an agent of Azure's Voice Live",
        url: "wss://r.services.ai.azure.com/voice-live/realtime?api-version=2025-10-01&agent-id=a&agent-project-name=p",
        messages: &[
            r#"<{"type":"session.created","session":{"id":"s","model":"gpt-4.1","modalities":["text","audio"]}}"#,
            r#">{"type":"session.update","session":{"modalities":["text"],"turn_detection":{"type":"azure_semantic_vad"}}}"#,
            r#"<{"type":"session.updated","session":{"id":"s","model":"gpt-4.1","modalities":["text"]}}"#,
            r#"<{"type":"response.created","response":{"id":"r1","conversation_id":"conv_1"}}"#,
            r#"<{"type":"response.text.delta","response_id":"r1","delta":"Hi"}"#,
            r#"<{"type":"response.done","response":{"id":"r1","conversation_id":"conv_1","status":"completed","usage":{"total_tokens":30,"input_tokens":10,"output_tokens":20}}}"#,
        ],
        expected: &[
            r#"Client chat gpt-4.1 | conversation.id="conv_1" | output.type="text" | provider.name="azure.ai.openai" | request.model="gpt-4.1" | response.finish_reasons=["stop"] | response.id="r1" | response.model="gpt-4.1" | usage.input_tokens=10 | usage.output_tokens=20 | tokens.source="reported""#,
        ],
    },
    Case {
        name: "a response with a model of its own",
        url: REALTIME,
        messages: &[
            r#"<{"type":"session.created","session":{"type":"realtime","model":"gpt-realtime"}}"#,
            r#">{"type":"response.create","response":{"model":"gpt-realtime-mini","conversation":"none"}}"#,
            r#"<{"type":"response.created","response":{"id":"r1","conversation_id":null}}"#,
            r#"<{"type":"response.done","response":{"id":"r1","conversation_id":null,"status":"completed","usage":{"total_tokens":30,"input_tokens":10,"output_tokens":20}}}"#,
        ],
        expected: &[
            r#"Client chat gpt-realtime-mini | provider.name="openai" | request.model="gpt-realtime-mini" | response.finish_reasons=["stop"] | response.id="r1" | usage.input_tokens=10 | usage.output_tokens=20 | tokens.source="reported""#,
        ],
    },
    Case {
        name: "Live: a tool call without usage, then its own message of usage",
        url: LIVE,
        messages: &[
            r#">{"setup":{"model":"models/gemini-live"}}"#,
            r#">{"clientContent":{"turns":[{"role":"user","parts":[{"text":"Hi"}]}],"turnComplete":true}}"#,
            r#"<{"toolCall":{"functionCalls":[{"id":"f1","name":"f","args":{}}]}}"#,
            r#"<{"usageMetadata":{"promptTokenCount":100,"responseTokenCount":12,"totalTokenCount":112}}"#,
            r#"<{"toolCallCancellation":{"ids":["f1"]}}"#,
        ],
        expected: &[
            r#"Client generate_content gemini-live | provider.name="gcp.gemini" | request.model="gemini-live" | usage.input_tokens=100 | usage.output_tokens=12 | tokens.source="reported""#,
        ],
    },
];
