//! The GenAI conventions as tables, written from their registry as of October 2026.
//!
//! <https://github.com/open-telemetry/semantic-conventions-genai>, `model/gen-ai`: names, types, requirement levels, units
//! and buckets. What is `throughline.*` is ours, and in the tables so that nothing else gets in. The JSON of
//! content is checked in `content.rs`.

use throughline_test_support::conventions::{AttributeRule, Requirement, Type};

use Requirement::{IfFailed, OnlyWith, Optional, Required, With};
use Type::{Bool, Double, Int, SignedInt, Text, Texts};

pub(super) const INFERENCE: &[AttributeRule] = &[
    ("gen_ai.operation.name", Text, Required),
    ("gen_ai.provider.name", Text, Required),
    ("error.type", Text, IfFailed),
    ("gen_ai.agent.name", Text, Optional),
    ("gen_ai.conversation.compacted", Bool, Optional),
    ("gen_ai.conversation.id", Text, Optional),
    ("gen_ai.output.type", Text, Optional),
    ("gen_ai.prompt.name", Text, Optional),
    ("gen_ai.prompt.version", Text, Optional),
    ("gen_ai.request.choice.count", Int, Optional),
    ("gen_ai.request.frequency_penalty", Double, Optional),
    ("gen_ai.request.max_tokens", Int, Optional),
    ("gen_ai.request.model", Text, Optional),
    ("gen_ai.request.presence_penalty", Double, Optional),
    ("gen_ai.request.previous_response.id", Text, Optional),
    ("gen_ai.request.reasoning.level", Text, Optional),
    ("gen_ai.request.seed", SignedInt, Optional),
    ("gen_ai.request.stop_sequences", Texts, Optional),
    ("gen_ai.request.stream", Bool, Optional),
    ("gen_ai.request.temperature", Double, Optional),
    ("gen_ai.request.top_k", Int, Optional),
    ("gen_ai.request.top_p", Double, Optional),
    ("gen_ai.response.finish_reasons", Texts, Optional),
    ("gen_ai.response.id", Text, Optional),
    ("gen_ai.response.model", Text, Optional),
    (
        "gen_ai.response.time_to_first_chunk",
        Double,
        OnlyWith("gen_ai.request.stream"),
    ),
    ("gen_ai.usage.audio.cache_read.input_tokens", Int, Optional),
    ("gen_ai.usage.audio.input_tokens", Int, Optional),
    ("gen_ai.usage.audio.output_tokens", Int, Optional),
    ("gen_ai.usage.cache_creation.input_tokens", Int, Optional),
    ("gen_ai.usage.cache_read.input_tokens", Int, Optional),
    ("gen_ai.usage.cache_write.input_tokens", Int, Optional),
    ("gen_ai.usage.image.cache_read.input_tokens", Int, Optional),
    ("gen_ai.usage.image.input_tokens", Int, Optional),
    ("gen_ai.usage.image.output_tokens", Int, Optional),
    ("gen_ai.usage.input_tokens", Int, Optional),
    ("gen_ai.usage.output_tokens", Int, Optional),
    ("gen_ai.usage.reasoning.output_tokens", Int, Optional),
    ("gen_ai.usage.text.cache_read.input_tokens", Int, Optional),
    ("gen_ai.usage.text.input_tokens", Int, Optional),
    ("gen_ai.usage.text.output_tokens", Int, Optional),
    ("gen_ai.system_instructions", Text, Optional),
    ("gen_ai.input.messages", Text, Optional),
    ("gen_ai.output.messages", Text, Optional),
    ("gen_ai.tool.definitions", Text, Optional),
    ("http.response.header.*", Texts, Optional),
    ("server.address", Text, Required),
    ("server.port", Int, With("server.address")),
    ("openai.api.type", Text, Optional),
    ("openai.request.service_tier", Text, Optional),
    ("openai.response.service_tier", Text, Optional),
    ("openai.response.system_fingerprint", Text, Optional),
    ("aws.bedrock.guardrail.id", Text, Optional),
    ("azure.resource_provider.namespace", Text, Optional),
    ("throughline.cost.reported", Double, Optional),
    ("throughline.request.unseen", Text, Optional),
    ("throughline.response.unseen", Text, Optional),
    ("throughline.time_to_first_token", Double, Optional),
    ("throughline.time_waiting_for_reader", Double, Optional),
    ("throughline.tokens.encoding", Text, Optional),
    ("throughline.tokens.input", Int, Optional),
    ("throughline.tokens.output", Int, Optional),
    ("throughline.tokens.source", Text, Optional),
];

pub(super) const EMBEDDINGS: &[AttributeRule] = &[
    ("gen_ai.operation.name", Text, Required),
    ("gen_ai.provider.name", Text, Required),
    ("error.type", Text, IfFailed),
    ("gen_ai.embeddings.dimension.count", Int, Optional),
    ("gen_ai.request.encoding_formats", Texts, Optional),
    ("gen_ai.request.model", Text, Optional),
    ("gen_ai.response.id", Text, Optional),
    ("gen_ai.response.model", Text, Optional),
    ("gen_ai.usage.input_tokens", Int, Optional),
    ("gen_ai.usage.image.input_tokens", Int, Optional),
    ("gen_ai.usage.text.input_tokens", Int, Optional),
    ("http.response.header.*", Texts, Optional),
    ("server.address", Text, Required),
    ("server.port", Int, With("server.address")),
    ("azure.resource_provider.namespace", Text, Optional),
    ("throughline.cost.reported", Double, Optional),
    ("throughline.tokens.encoding", Text, Optional),
    ("throughline.tokens.input", Int, Optional),
    ("throughline.tokens.source", Text, Optional),
];

/// What a scope sums up.
pub(super) const SCOPE_TOKENS: &[AttributeRule] = &[
    ("throughline.tokens.cache_read", Int, Optional),
    ("throughline.tokens.calls", Int, Optional),
    ("throughline.tokens.input", Int, Optional),
    ("throughline.tokens.output", Int, Optional),
    ("throughline.tokens.reasoning", Int, Optional),
];

/// An agent in this process has no provider, so `gen_ai.provider.name` is not recorded.
pub(super) const AGENT: &[AttributeRule] = &[
    ("gen_ai.operation.name", Text, Required),
    ("error.type", Text, IfFailed),
    ("gen_ai.agent.name", Text, Required),
    ("gen_ai.conversation.id", Text, Optional),
    ("gen_ai.response.finish_reasons", Texts, Optional),
    ("gen_ai.usage.input_tokens", Int, Optional),
    ("gen_ai.usage.output_tokens", Int, Optional),
    ("gen_ai.usage.cache_read.input_tokens", Int, Optional),
    ("gen_ai.usage.cache_write.input_tokens", Int, Optional),
];

pub(super) const REMOTE_AGENT: &[AttributeRule] = &[("gen_ai.agent.id", Text, Optional)];

pub(super) const TOOL: &[AttributeRule] = &[
    ("gen_ai.operation.name", Text, Required),
    ("gen_ai.tool.name", Text, Required),
    ("gen_ai.tool.type", Text, Optional),
    ("gen_ai.tool.description", Text, Optional),
    ("gen_ai.tool.call.id", Text, Optional),
    ("gen_ai.tool.call.arguments", Text, Optional),
    ("gen_ai.tool.call.result", Text, Optional),
    ("gen_ai.agent.name", Text, Optional),
    ("gen_ai.conversation.id", Text, Optional),
    ("error.type", Text, IfFailed),
];

pub(super) const WORKFLOW: &[AttributeRule] = &[
    ("gen_ai.operation.name", Text, Required),
    ("gen_ai.workflow.name", Text, Required),
    ("error.type", Text, IfFailed),
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
            "video_generation",
            "moderation",
            "ocr",
            "rerank",
            "speech",
            "transcription",
            "translation",
            "upload_file",
        ],
    ),
    ("gen_ai.request.stream", &["true"]),
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
