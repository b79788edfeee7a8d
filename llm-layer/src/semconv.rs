//! Every name and unit that this crate emits.
//!
//! The GenAI conventions are in development and have moved twice; their crate's constants are deprecated. So
//! the names stand here: <https://github.com/open-telemetry/semantic-conventions-genai>.

pub(crate) use throughline_tracing_layer::semconv::HTTP_REQUEST_RESEND_COUNT;

use opentelemetry::InstrumentationScope;
use throughline_agents::Convention;

pub(crate) const AGENT_ID: &str = "gen_ai.agent.id";
pub(crate) const AGENT_NAME: &str = "gen_ai.agent.name";
pub(crate) const CONVERSATION_ID: &str = "gen_ai.conversation.id";
pub(crate) const CONVERSATION_COMPACTED: &str = "gen_ai.conversation.compacted";
pub(crate) const EMBEDDINGS_DIMENSION_COUNT: &str = "gen_ai.embeddings.dimension.count";
pub(crate) const INPUT_MESSAGES: &str = "gen_ai.input.messages";
pub(crate) const OPERATION_NAME: &str = "gen_ai.operation.name";
pub(crate) const OUTPUT_MESSAGES: &str = "gen_ai.output.messages";
pub(crate) const OUTPUT_TYPE: &str = "gen_ai.output.type";
/// The prefix of the variables of a prompt.
pub(crate) const PROMPT_VARIABLE: &str = "gen_ai.prompt.variable.";
pub(crate) const PROMPT_NAME: &str = "gen_ai.prompt.name";
pub(crate) const PROMPT_VERSION: &str = "gen_ai.prompt.version";
pub(crate) const PROVIDER_NAME: &str = "gen_ai.provider.name";
pub(crate) const SYSTEM_INSTRUCTIONS: &str = "gen_ai.system_instructions";
pub(crate) const TOOL_DEFINITIONS: &str = "gen_ai.tool.definitions";

pub(crate) const REQUEST_CHOICE_COUNT: &str = "gen_ai.request.choice.count";
pub(crate) const REQUEST_ENCODING_FORMATS: &str = "gen_ai.request.encoding_formats";
pub(crate) const REQUEST_FREQUENCY_PENALTY: &str = "gen_ai.request.frequency_penalty";
pub(crate) const REQUEST_MAX_TOKENS: &str = "gen_ai.request.max_tokens";
pub(crate) const REQUEST_MODEL: &str = "gen_ai.request.model";
pub(crate) const REQUEST_PRESENCE_PENALTY: &str = "gen_ai.request.presence_penalty";
pub(crate) const REQUEST_PREVIOUS_RESPONSE_ID: &str = "gen_ai.request.previous_response.id";
pub(crate) const REQUEST_REASONING_LEVEL: &str = "gen_ai.request.reasoning.level";
pub(crate) const REQUEST_SEED: &str = "gen_ai.request.seed";
pub(crate) const REQUEST_STOP_SEQUENCES: &str = "gen_ai.request.stop_sequences";
pub(crate) const REQUEST_STREAM: &str = "gen_ai.request.stream";
pub(crate) const REQUEST_TEMPERATURE: &str = "gen_ai.request.temperature";
pub(crate) const REQUEST_TOP_K: &str = "gen_ai.request.top_k";
pub(crate) const REQUEST_TOP_P: &str = "gen_ai.request.top_p";

pub(crate) const RESPONSE_FINISH_REASONS: &str = "gen_ai.response.finish_reasons";
pub(crate) const RESPONSE_ID: &str = "gen_ai.response.id";
pub(crate) const RESPONSE_MODEL: &str = "gen_ai.response.model";
pub(crate) const RESPONSE_TIME_TO_FIRST_CHUNK: &str = "gen_ai.response.time_to_first_chunk";

pub(crate) const USAGE_AUDIO_CACHE_READ_INPUT_TOKENS: &str = "gen_ai.usage.audio.cache_read.input_tokens";
pub(crate) const USAGE_AUDIO_INPUT_TOKENS: &str = "gen_ai.usage.audio.input_tokens";
pub(crate) const USAGE_AUDIO_OUTPUT_TOKENS: &str = "gen_ai.usage.audio.output_tokens";
pub(crate) const USAGE_CACHE_READ_INPUT_TOKENS: &str = "gen_ai.usage.cache_read.input_tokens";
/// The name up to 1.41 of [`USAGE_CACHE_WRITE_INPUT_TOKENS`].
pub(crate) const USAGE_CACHE_CREATION_INPUT_TOKENS: &str = "gen_ai.usage.cache_creation.input_tokens";
pub(crate) const USAGE_CACHE_WRITE_INPUT_TOKENS: &str = "gen_ai.usage.cache_write.input_tokens";
pub(crate) const USAGE_IMAGE_CACHE_READ_INPUT_TOKENS: &str = "gen_ai.usage.image.cache_read.input_tokens";
pub(crate) const USAGE_IMAGE_INPUT_TOKENS: &str = "gen_ai.usage.image.input_tokens";
pub(crate) const USAGE_IMAGE_OUTPUT_TOKENS: &str = "gen_ai.usage.image.output_tokens";
pub(crate) const USAGE_INPUT_TOKENS: &str = "gen_ai.usage.input_tokens";
pub(crate) const USAGE_OUTPUT_TOKENS: &str = "gen_ai.usage.output_tokens";
pub(crate) const USAGE_REASONING_OUTPUT_TOKENS: &str = "gen_ai.usage.reasoning.output_tokens";
pub(crate) const USAGE_TEXT_CACHE_READ_INPUT_TOKENS: &str = "gen_ai.usage.text.cache_read.input_tokens";
pub(crate) const USAGE_TEXT_INPUT_TOKENS: &str = "gen_ai.usage.text.input_tokens";
pub(crate) const USAGE_TEXT_OUTPUT_TOKENS: &str = "gen_ai.usage.text.output_tokens";

/// Returns whether the conventions have an attribute. Attributes of other namespaces are not their business.
pub(crate) fn is_in(convention: Convention, name: &str) -> bool {
    convention.is_latest() || !NEWER_THAN_1_41.contains(&name)
}

/// The attributes that version 1.41 does not have:
/// <https://github.com/open-telemetry/semantic-conventions/blob/v1.41.0/model/gen-ai/registry.yaml>.
const NEWER_THAN_1_41: &[&str] = &[
    CONVERSATION_COMPACTED,
    PROMPT_VERSION,
    REQUEST_PREVIOUS_RESPONSE_ID,
    REQUEST_REASONING_LEVEL,
    USAGE_AUDIO_CACHE_READ_INPUT_TOKENS,
    USAGE_AUDIO_INPUT_TOKENS,
    USAGE_AUDIO_OUTPUT_TOKENS,
    USAGE_CACHE_WRITE_INPUT_TOKENS,
    USAGE_IMAGE_CACHE_READ_INPUT_TOKENS,
    USAGE_IMAGE_INPUT_TOKENS,
    USAGE_IMAGE_OUTPUT_TOKENS,
    USAGE_TEXT_CACHE_READ_INPUT_TOKENS,
    USAGE_TEXT_INPUT_TOKENS,
    USAGE_TEXT_OUTPUT_TOKENS,
];

pub(crate) const OPERATION_DETAILS: &str = "gen_ai.client.inference.operation.details";
pub(crate) const OPERATION_EXCEPTION: &str = "gen_ai.client.operation.exception";

pub(crate) const OPENAI_API_TYPE: &str = "openai.api.type";
pub(crate) const OPENAI_REQUEST_SERVICE_TIER: &str = "openai.request.service_tier";
pub(crate) const OPENAI_RESPONSE_SERVICE_TIER: &str = "openai.response.service_tier";
pub(crate) const OPENAI_RESPONSE_SYSTEM_FINGERPRINT: &str = "openai.response.system_fingerprint";

pub(crate) const AZURE_NAMESPACE: &str = "azure.resource_provider.namespace";
pub(crate) const BEDROCK_GUARDRAIL_ID: &str = "aws.bedrock.guardrail.id";

pub(crate) const ERROR_TYPE: &str = "error.type";
/// The value for everything without its own name.
pub(crate) const OTHER: &str = "_OTHER";
pub(crate) const EXCEPTION_MESSAGE: &str = "exception.message";
pub(crate) const EXCEPTION_TYPE: &str = "exception.type";
pub(crate) const SERVER_ADDRESS: &str = "server.address";
pub(crate) const SERVER_PORT: &str = "server.port";

/// Why the request was not observed: `too_large`, `encoded`, `malformed`, `fragmented`, `failed`.
pub(crate) const REQUEST_UNSEEN: &str = "throughline.request.unseen";
/// Why the response, or the rest of it, was not observed: `encoded`, `malformed`, `too_large`, `fragmented`,
/// `panicked`.
pub(crate) const RESPONSE_UNSEEN: &str = "throughline.response.unseen";
/// Seconds from the call to the first text of the answer: content, reasoning or a tool's arguments.
pub(crate) const TIME_TO_FIRST_TOKEN: &str = "throughline.time_to_first_token";
/// Seconds in which the answer had to wait for its reader to ask for more.
pub(crate) const TIME_WAITING_FOR_READER: &str = "throughline.time_waiting_for_reader";
/// The role of the layer, if it is configured: `client`, `proxy`.
pub(crate) const ROLE: &str = "throughline.role";
/// Whether something of the response was read after the caller had left.
pub(crate) const RESPONSE_DRAINED: &str = "throughline.response.drained";
/// Where the numbers of tokens come from: `reported`, `partial`, `estimated`, `unknown`, `none` of a call not
/// sent.
pub(crate) const TOKENS_SOURCE: &str = "throughline.tokens.source";
/// The rule that an estimate follows where the model's own tokenizer is not known.
pub(crate) const TOKENS_ENCODING: &str = "throughline.tokens.encoding";
/// The value of [`TOKENS_ENCODING`] if the feature that would estimate is disabled.
pub(crate) const TIKTOKEN_DISABLED: &str = "tiktoken_disabled";
/// Input tokens: of a call, an estimate that the conventions leave no name for, or what a proxy saw; of a
/// scope, its total.
pub(crate) const TOKENS_INPUT: &str = "throughline.tokens.input";
/// Output tokens, like [`TOKENS_INPUT`].
pub(crate) const TOKENS_OUTPUT: &str = "throughline.tokens.output";

/// What a call, or a scope, cost: no convention has a name for it.
pub(crate) const COST: &str = "throughline.cost";
/// The cost that the provider reported.
pub(crate) const COST_REPORTED: &str = "throughline.cost.reported";
/// What has no price, so that the cost is not known.
pub(crate) const COST_UNPRICED: &str = "throughline.cost.unpriced";
/// A counter of the calls whose cost is not known; the counter of the others has the name of the attribute.
pub(crate) const COST_UNKNOWN: &str = "throughline.cost.unknown";
/// The prices have no currency, so that neither has their sum.
pub(crate) const CURRENCY_UNIT: &str = "{currency}";
pub(crate) const CALL_UNIT: &str = "{call}";
/// What precedes the name of a header.
pub(crate) const RESPONSE_HEADER: &str = "http.response.header.";

/// TaskWeaver's counter, with its description and its only attribute. The unit keeps the Prometheus name
/// `prompt_size_total` whatever the way out.
pub(crate) const PROMPT_SIZE: &str = "prompt_size";
pub(crate) const PROMPT_SIZE_DESCRIPTION: &str = "Counts the number of tokens in the prompt.";
pub(crate) const DIRECTION: &str = "direction";
pub(crate) const INPUT: &str = "input";
pub(crate) const OUTPUT: &str = "output";

/// The durations of inference in the newest convention: whole, to the first chunk, between chunks.
pub(crate) const INFERENCE_TIMES: [&str; 3] = [
    "gen_ai.client.inference.duration",
    "gen_ai.client.inference.time_to_first_chunk",
    "gen_ai.client.inference.time_per_output_chunk",
];
/// The durations of every operation up to 1.41, and since then of those that are not inference.
pub(crate) const OPERATION_TIMES: [&str; 3] = [
    "gen_ai.client.operation.duration",
    "gen_ai.client.operation.time_to_first_chunk",
    "gen_ai.client.operation.time_per_output_chunk",
];
pub(crate) const INFERENCE_USAGE_INPUT: &str = "gen_ai.client.inference.usage.input_tokens";
pub(crate) const INFERENCE_USAGE_OUTPUT: &str = "gen_ai.client.inference.usage.output_tokens";
pub(crate) const INFERENCE_USAGE_CACHE_READ: &str = "gen_ai.client.inference.usage.cache_read.input_tokens";
pub(crate) const INFERENCE_USAGE_CACHE_WRITE: &str = "gen_ai.client.inference.usage.cache_write.input_tokens";
pub(crate) const INFERENCE_USAGE_REASONING: &str = "gen_ai.client.inference.usage.reasoning.output_tokens";
pub(crate) const INFERENCE_OPERATION_INPUT: &str = "gen_ai.client.inference.operation.input_tokens";
pub(crate) const INFERENCE_OPERATION_OUTPUT: &str = "gen_ai.client.inference.operation.output_tokens";
/// Up to 1.41.
pub(crate) const CLIENT_TOKEN_USAGE: &str = "gen_ai.client.token.usage";

/// Streams whose body is being read, an up-down counter.
pub(crate) const ACTIVE_STREAMS: &str = "throughline.active_streams";
pub(crate) const STREAM_UNIT: &str = "{stream}";
/// What is left of a rate limit, a gauge of requests or tokens: [`RATE_LIMIT_KIND`] says of what.
pub(crate) const RATE_LIMIT_REMAINING: &str = "throughline.rate_limit.remaining";
pub(crate) const RATE_LIMIT_KIND: &str = "throughline.rate_limit.kind";

/// What an instrument counts, for people: Prometheus shows it, and its linter wants it.
pub(crate) fn description(instrument: &str) -> &'static str {
    match instrument {
        "gen_ai.client.inference.duration" | "gen_ai.client.operation.duration" => "Duration of model calls.",
        "gen_ai.client.inference.time_to_first_chunk" | "gen_ai.client.operation.time_to_first_chunk" => {
            "Time to the first chunk of streamed answers."
        }
        "gen_ai.client.inference.time_per_output_chunk" | "gen_ai.client.operation.time_per_output_chunk" => {
            "Time between two chunks of streamed answers."
        }
        INFERENCE_USAGE_INPUT => "Input tokens, cached ones among them.",
        INFERENCE_USAGE_OUTPUT => "Output tokens, reasoning among them.",
        INFERENCE_USAGE_CACHE_READ => "Input tokens read from the provider's cache.",
        INFERENCE_USAGE_CACHE_WRITE => "Input tokens written to the provider's cache.",
        INFERENCE_USAGE_REASONING => "Output tokens spent on reasoning.",
        INFERENCE_OPERATION_INPUT => "Input tokens of one model call.",
        INFERENCE_OPERATION_OUTPUT => "Output tokens of one model call.",
        CLIENT_TOKEN_USAGE => "Tokens of one model call, by type.",
        COST => "The cost of model calls, in the currency of the configured prices.",
        COST_UNKNOWN => "The number of model calls whose cost is unknown.",
        ACTIVE_STREAMS => "The number of streamed responses in progress.",
        RATE_LIMIT_REMAINING => "The remaining amount of a rate limit, from the provider's last response.",
        PROMPT_SIZE => PROMPT_SIZE_DESCRIPTION,
        _ => "",
    }
}
pub(crate) const TOKEN_TYPE: &str = "gen_ai.token.type";
pub(crate) const TOKEN_MODALITY: &str = "gen_ai.token.modality";
pub(crate) const TEXT: &str = "text";
pub(crate) const AUDIO: &str = "audio";
pub(crate) const IMAGE: &str = "image";
pub(crate) const UNKNOWN: &str = "unknown";

pub(crate) const TOKEN_UNIT: &str = "{token}";
pub(crate) const SECOND_UNIT: &str = "s";
pub(crate) const SECOND_BUCKETS: [f64; 14] = [
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];
pub(crate) const TOKEN_BUCKETS: [f64; 14] = [
    1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0, 16384.0, 65536.0, 262144.0, 1048576.0, 4194304.0,
    16777216.0, 67108864.0,
];

/// OpenInference, for Phoenix:
/// <https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md>.
pub(crate) mod openinference {
    pub(crate) const SPAN_KIND: &str = "openinference.span.kind";
    pub(crate) const MODEL_NAME: &str = "llm.model_name";
    pub(crate) const EMBEDDING_MODEL_NAME: &str = "embedding.model_name";
    pub(crate) const PROVIDER: &str = "llm.provider";
    pub(crate) const INVOCATION_PARAMETERS: &str = "llm.invocation_parameters";
    pub(crate) const TOKENS_PROMPT: &str = "llm.token_count.prompt";
    pub(crate) const TOKENS_COMPLETION: &str = "llm.token_count.completion";
    pub(crate) const TOKENS_TOTAL: &str = "llm.token_count.total";
    pub(crate) const TOKENS_CACHE_READ: &str = "llm.token_count.prompt_details.cache_read";
    pub(crate) const TOKENS_CACHE_WRITE: &str = "llm.token_count.prompt_details.cache_write";
    pub(crate) const TOKENS_AUDIO_INPUT: &str = "llm.token_count.prompt_details.audio";
    pub(crate) const TOKENS_AUDIO_OUTPUT: &str = "llm.token_count.completion_details.audio";
    pub(crate) const TOKENS_REASONING: &str = "llm.token_count.completion_details.reasoning";
    pub(crate) const SESSION_ID: &str = "session.id";
    pub(crate) const INPUT_VALUE: &str = "input.value";
    pub(crate) const INPUT_MIME_TYPE: &str = "input.mime_type";
    pub(crate) const OUTPUT_VALUE: &str = "output.value";
    pub(crate) const OUTPUT_MIME_TYPE: &str = "output.mime_type";
    pub(crate) const INPUT_MESSAGES: &str = "llm.input_messages";
    pub(crate) const OUTPUT_MESSAGES: &str = "llm.output_messages";
    pub(crate) const JSON: &str = "application/json";
}

/// What TinyLLM and TaskWeaver put on their spans.
pub(crate) mod legacy {
    pub(crate) const MODEL: &str = "llm.model";
    pub(crate) const PROMPT_LENGTH: &str = "llm.prompt_length";
    pub(crate) const TEMPERATURE: &str = "llm.temperature";
    pub(crate) const INPUT_TOKENS: &str = "llm.input_tokens";
    pub(crate) const OUTPUT_TOKENS: &str = "llm.output_tokens";
    pub(crate) const TOTAL_TOKENS: &str = "llm.total_tokens";
    pub(crate) const PROMPT: &str = "prompt";
    pub(crate) const PROMPT_SIZE: &str = "prompt_size";
    pub(crate) const OUTPUT_SIZE: &str = "output_size";
}

/// The instrumentation scope of everything that this crate records.
pub(crate) fn instrumentation_scope(convention: Convention) -> InstrumentationScope {
    InstrumentationScope::builder(env!("CARGO_PKG_NAME"))
        .with_version(env!("CARGO_PKG_VERSION"))
        .with_schema_url(convention.schema_url())
        .build()
}
