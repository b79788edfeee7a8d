//! The GenAI conventions as tables, written from their registry as of October 2026.
//!
//! <https://github.com/open-telemetry/semantic-conventions-genai>, `model/gen-ai`: names, types, requirement levels, units
//! and buckets. What is `throughline.*` is ours, and in the tables so that nothing else gets in.

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Int,
    Double,
    Bool,
    Texts,
    /// JSON in the conventions' schema of messages, of parts, or of tools.
    Json,
}

/// When an attribute must be there, beside its being allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    Required,
    /// Where another is.
    With(&'static str),
    /// Where the span failed, and nowhere else.
    IfFailed,
    /// Nowhere but where another is.
    OnlyWith(&'static str),
    May,
}

use Need::{IfFailed, May, OnlyWith, Required, With};
use Type::{Bool, Double, Int, Json, Text, Texts};

pub(super) type Rule = (&'static str, Type, Need);

pub(super) const INFERENCE: &[Rule] = &[
    ("gen_ai.operation.name", Text, Required),
    ("gen_ai.provider.name", Text, Required),
    ("error.type", Text, IfFailed),
    ("gen_ai.agent.name", Text, May),
    ("gen_ai.conversation.compacted", Bool, May),
    ("gen_ai.conversation.id", Text, May),
    ("gen_ai.output.type", Text, May),
    ("gen_ai.prompt.name", Text, May),
    ("gen_ai.prompt.version", Text, May),
    ("gen_ai.request.choice.count", Int, May),
    ("gen_ai.request.frequency_penalty", Double, May),
    ("gen_ai.request.max_tokens", Int, May),
    ("gen_ai.request.model", Text, May),
    ("gen_ai.request.presence_penalty", Double, May),
    ("gen_ai.request.previous_response.id", Text, May),
    ("gen_ai.request.reasoning.level", Text, May),
    ("gen_ai.request.seed", Int, May),
    ("gen_ai.request.stop_sequences", Texts, May),
    ("gen_ai.request.stream", Bool, May),
    ("gen_ai.request.temperature", Double, May),
    ("gen_ai.request.top_k", Int, May),
    ("gen_ai.request.top_p", Double, May),
    ("gen_ai.response.finish_reasons", Texts, May),
    ("gen_ai.response.id", Text, May),
    ("gen_ai.response.model", Text, May),
    (
        "gen_ai.response.time_to_first_chunk",
        Double,
        OnlyWith("gen_ai.request.stream"),
    ),
    ("gen_ai.usage.audio.cache_read.input_tokens", Int, May),
    ("gen_ai.usage.audio.input_tokens", Int, May),
    ("gen_ai.usage.audio.output_tokens", Int, May),
    ("gen_ai.usage.cache_creation.input_tokens", Int, May),
    ("gen_ai.usage.cache_read.input_tokens", Int, May),
    ("gen_ai.usage.cache_write.input_tokens", Int, May),
    ("gen_ai.usage.image.cache_read.input_tokens", Int, May),
    ("gen_ai.usage.image.input_tokens", Int, May),
    ("gen_ai.usage.image.output_tokens", Int, May),
    ("gen_ai.usage.input_tokens", Int, May),
    ("gen_ai.usage.output_tokens", Int, May),
    ("gen_ai.usage.reasoning.output_tokens", Int, May),
    ("gen_ai.usage.text.cache_read.input_tokens", Int, May),
    ("gen_ai.usage.text.input_tokens", Int, May),
    ("gen_ai.usage.text.output_tokens", Int, May),
    ("gen_ai.system_instructions", Json, May),
    ("gen_ai.input.messages", Json, May),
    ("gen_ai.output.messages", Json, May),
    ("gen_ai.tool.definitions", Json, May),
    ("server.address", Text, Required),
    ("server.port", Int, With("server.address")),
    ("openai.api.type", Text, May),
    ("openai.request.service_tier", Text, May),
    ("openai.response.service_tier", Text, May),
    ("openai.response.system_fingerprint", Text, May),
    ("aws.bedrock.guardrail.id", Text, May),
    ("azure.resource_provider.namespace", Text, May),
    ("throughline.cost.reported", Double, May),
    ("throughline.request.unseen", Text, May),
    ("throughline.response.unseen", Text, May),
    ("throughline.time_to_first_token", Double, May),
    ("throughline.time_waiting_for_reader", Double, May),
    ("throughline.tokens.encoding", Text, May),
    ("throughline.tokens.input", Int, May),
    ("throughline.tokens.output", Int, May),
    ("throughline.tokens.source", Text, May),
];

pub(super) const EMBEDDINGS: &[Rule] = &[
    ("gen_ai.operation.name", Text, Required),
    ("gen_ai.provider.name", Text, Required),
    ("error.type", Text, IfFailed),
    ("gen_ai.embeddings.dimension.count", Int, May),
    ("gen_ai.request.encoding_formats", Texts, May),
    ("gen_ai.request.model", Text, May),
    ("gen_ai.response.id", Text, May),
    ("gen_ai.response.model", Text, May),
    ("gen_ai.usage.input_tokens", Int, May),
    ("gen_ai.usage.image.input_tokens", Int, May),
    ("gen_ai.usage.text.input_tokens", Int, May),
    ("server.address", Text, Required),
    ("server.port", Int, With("server.address")),
    ("azure.resource_provider.namespace", Text, May),
    ("throughline.cost.reported", Double, May),
    ("throughline.tokens.encoding", Text, May),
    ("throughline.tokens.input", Int, May),
    ("throughline.tokens.source", Text, May),
];

/// The provider of an agent in this process is nobody: `gen_ai.provider.name` has no place here.
pub(super) const AGENT: &[Rule] = &[
    ("gen_ai.operation.name", Text, Required),
    ("error.type", Text, IfFailed),
    ("gen_ai.agent.name", Text, Required),
    ("gen_ai.conversation.id", Text, May),
    ("gen_ai.response.finish_reasons", Texts, May),
    ("gen_ai.usage.input_tokens", Int, May),
    ("gen_ai.usage.output_tokens", Int, May),
    ("gen_ai.usage.cache_read.input_tokens", Int, May),
    ("gen_ai.usage.cache_write.input_tokens", Int, May),
    ("throughline.tokens.cache_read", Int, May),
    ("throughline.tokens.calls", Int, May),
    ("throughline.tokens.input", Int, May),
    ("throughline.tokens.output", Int, May),
    ("throughline.tokens.reasoning", Int, May),
];

pub(super) const TOOL: &[Rule] = &[
    ("gen_ai.operation.name", Text, Required),
    ("gen_ai.tool.name", Text, Required),
    ("gen_ai.tool.type", Text, May),
    ("gen_ai.tool.description", Text, May),
    ("gen_ai.tool.call.id", Text, May),
    ("gen_ai.tool.call.arguments", Text, May),
    ("gen_ai.tool.call.result", Text, May),
    ("gen_ai.agent.name", Text, May),
    ("gen_ai.conversation.id", Text, May),
    ("error.type", Text, IfFailed),
    ("throughline.tokens.cache_read", Int, May),
    ("throughline.tokens.calls", Int, May),
    ("throughline.tokens.input", Int, May),
    ("throughline.tokens.output", Int, May),
    ("throughline.tokens.reasoning", Int, May),
];

pub(super) const WORKFLOW: &[Rule] = &[
    ("gen_ai.operation.name", Text, Required),
    ("gen_ai.workflow.name", Text, Required),
    ("error.type", Text, IfFailed),
    ("throughline.tokens.cache_read", Int, May),
    ("throughline.tokens.calls", Int, May),
    ("throughline.tokens.input", Int, May),
    ("throughline.tokens.output", Int, May),
    ("throughline.tokens.reasoning", Int, May),
];

/// What a sampler must have seen, if the span has it.
pub(super) const AT_CREATION: &[&str] = &[
    "gen_ai.agent.name",
    "gen_ai.operation.name",
    "gen_ai.provider.name",
    "gen_ai.request.model",
    "server.address",
    "server.port",
];

/// What always comes of a call that was answered, says the conformance suite.
pub(super) const ANSWERED: &[&str] = &[
    "gen_ai.request.model",
    "gen_ai.response.finish_reasons",
    "gen_ai.response.id",
    "gen_ai.response.model",
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.output_tokens",
];

/// The data of a metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Instrument {
    Seconds(&'static [f64]),
    Histogram(&'static [f64]),
    Counter,
    UpDownCounter,
}

pub(super) struct Metric {
    pub(super) name: &'static str,
    pub(super) instrument: Instrument,
    pub(super) unit: &'static str,
    pub(super) labels: &'static [&'static [Rule]],
}

const CALL: &[Rule] = &[
    ("gen_ai.operation.name", Text, Required),
    ("gen_ai.provider.name", Text, Required),
    ("gen_ai.request.model", Text, May),
    ("gen_ai.response.model", Text, May),
    ("server.address", Text, May),
    ("server.port", Int, With("server.address")),
];
const FAILING: &[Rule] = &[("error.type", Text, May)];
const MODAL: &[Rule] = &[
    ("gen_ai.token.modality", Text, Required),
    ("gen_ai.agent.name", Text, May),
];
const TYPED: &[Rule] = &[("gen_ai.token.type", Text, Required)];

const OF_AGENT: &[Rule] = &[("gen_ai.agent.name", Text, May)];
const OF_TOOL: &[Rule] = &[
    ("gen_ai.tool.name", Text, Required),
    ("gen_ai.tool.type", Text, May),
];
const OF_WORKFLOW: &[Rule] = &[("gen_ai.workflow.name", Text, May)];

const fn metric(
    name: &'static str,
    instrument: Instrument,
    unit: &'static str,
    labels: &'static [&'static [Rule]],
) -> Metric {
    Metric {
        name,
        instrument,
        unit,
        labels,
    }
}

const S: Instrument = Instrument::Seconds(SECONDS);
const T: Instrument = Instrument::Histogram(TOKENS);
const C: Instrument = Instrument::Counter;
const AGENT_SECONDS: Instrument = Instrument::Seconds(&[
    0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 102.4, 204.8, 409.6,
]);
const WORKFLOW_SECONDS: Instrument = Instrument::Seconds(&[
    1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0,
]);
const CALLS: Instrument = Instrument::Histogram(&[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0]);

pub(super) const METRICS: &[Metric] = &[
    metric("gen_ai.client.inference.duration", S, "s", &[CALL, FAILING]),
    metric("gen_ai.client.inference.time_to_first_chunk", S, "s", &[CALL]),
    metric("gen_ai.client.inference.time_per_output_chunk", S, "s", &[CALL]),
    metric("gen_ai.client.operation.duration", S, "s", &[CALL, FAILING]),
    metric("gen_ai.client.operation.time_to_first_chunk", S, "s", &[CALL]),
    metric("gen_ai.client.operation.time_per_output_chunk", S, "s", &[CALL]),
    metric(
        "gen_ai.client.inference.usage.input_tokens",
        C,
        "{token}",
        &[CALL, MODAL],
    ),
    metric(
        "gen_ai.client.inference.usage.output_tokens",
        C,
        "{token}",
        &[CALL, MODAL],
    ),
    metric(
        "gen_ai.client.inference.usage.cache_read.input_tokens",
        C,
        "{token}",
        &[CALL, MODAL],
    ),
    metric(
        "gen_ai.client.inference.usage.cache_write.input_tokens",
        C,
        "{token}",
        &[CALL, MODAL],
    ),
    metric(
        "gen_ai.client.inference.usage.reasoning.output_tokens",
        C,
        "{token}",
        &[CALL, MODAL],
    ),
    metric(
        "gen_ai.client.inference.operation.input_tokens",
        T,
        "{token}",
        &[CALL, FAILING],
    ),
    metric(
        "gen_ai.client.inference.operation.output_tokens",
        T,
        "{token}",
        &[CALL, FAILING],
    ),
    metric("gen_ai.client.token.usage", T, "{token}", &[CALL, TYPED]),
    metric(
        "gen_ai.invoke_agent.duration",
        AGENT_SECONDS,
        "s",
        &[OF_AGENT, FAILING],
    ),
    metric(
        "gen_ai.invoke_agent.inference_calls",
        CALLS,
        "{inference_call}",
        &[OF_AGENT, FAILING],
    ),
    metric(
        "gen_ai.invoke_agent.tool_calls",
        CALLS,
        "{tool_call}",
        &[OF_AGENT, FAILING],
    ),
    metric(
        "gen_ai.invoke_workflow.duration",
        WORKFLOW_SECONDS,
        "s",
        &[OF_WORKFLOW, FAILING],
    ),
    metric(
        "gen_ai.execute_tool.duration",
        S,
        "s",
        &[OF_TOOL, OF_AGENT, FAILING],
    ),
    metric("prompt_size", C, "{token}", &[&[("direction", Text, Required)]]),
    metric(
        "throughline.active_streams",
        Instrument::UpDownCounter,
        "{stream}",
        &[CALL],
    ),
];

const SECONDS: &[f64] = &[
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];
const TOKENS: &[f64] = &[
    1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0, 16384.0, 65536.0, 262144.0, 1048576.0, 4194304.0,
    16777216.0, 67108864.0,
];

/// The values of attributes that have no others.
pub(super) const VALUES: &[(&str, &[&str])] = &[
    (
        "gen_ai.operation.name",
        &[
            "chat",
            "embeddings",
            "execute_tool",
            "fetch_response",
            "generate_content",
            "invoke_agent",
            "invoke_workflow",
            "text_completion",
            // The conventions have no names for these, and allow others.
            "create_batch",
            "fetch_batch",
            "image_edit",
            "image_generation",
            "moderation",
            "ocr",
            "rerank",
            "speech",
            "transcription",
            "translation",
            "upload_file",
        ],
    ),
    ("gen_ai.output.type", &["image", "json", "speech", "text"]),
    ("gen_ai.token.modality", &["audio", "image", "text", "unknown"]),
    ("gen_ai.token.type", &["input", "output"]),
    ("openai.api.type", &["chat_completions", "responses"]),
    ("direction", &["input", "output"]),
    (
        "throughline.tokens.source",
        &["estimated", "partial", "reported", "unknown"],
    ),
];
