//! The attribute names that the viewer reads: those of OpenTelemetry
//! (<https://github.com/open-telemetry/semantic-conventions-genai>), of our own registry in `semconv/`, and of
//! OpenInference and OpenLLMetry, whose names stand behind the others in the lists.

pub(crate) const SERVICE_NAME: &str = "service.name";
pub(crate) const SERVICE_INSTANCE_ID: &str = "service.instance.id";

pub(crate) const ERROR_TYPE: &str = "error.type";
pub(crate) const EXCEPTION_MESSAGE: &str = "exception.message";

pub(crate) const OPERATION_NAME: &str = "gen_ai.operation.name";
pub(crate) const AGENT_NAME: &[&str] = &["gen_ai.agent.name", "agent.name"];
pub(crate) const CONVERSATION_ID: &[&str] = &["gen_ai.conversation.id", "session.id"];
pub(crate) const PROVIDER_NAME: &[&str] = &[
    "gen_ai.provider.name",
    "gen_ai.system",
    "llm.provider",
    "llm.system",
];
pub(crate) const REQUEST_MODEL: &[&str] =
    &["gen_ai.request.model", "llm.request.model_name", "llm.model_name"];
pub(crate) const RESPONSE_MODEL: &[&str] = &["gen_ai.response.model", "llm.response.model_name"];
pub(crate) const FINISH_REASONS: &[&str] = &["gen_ai.response.finish_reasons", "llm.finish_reason"];
pub(crate) const REQUEST_PREFIX: &str = "gen_ai.request.";
pub(crate) const INVOCATION_PARAMETERS: &str = "llm.invocation_parameters";
pub(crate) const TOOL_DEFINITIONS: &str = "gen_ai.tool.definitions";

pub(crate) const SYSTEM_INSTRUCTIONS: &str = "gen_ai.system_instructions";
pub(crate) const INPUT_MESSAGES: &str = "gen_ai.input.messages";
pub(crate) const OUTPUT_MESSAGES: &str = "gen_ai.output.messages";
/// Prefixes of flattened messages of the input, such as `gen_ai.prompt.0.content`.
pub(crate) const FLAT_INPUT: &[&str] = &["gen_ai.prompt.", "llm.input_messages."];
/// Prefixes of flattened messages of the output.
pub(crate) const FLAT_OUTPUT: &[&str] = &["gen_ai.completion.", "llm.output_messages."];

pub(crate) const USAGE_PREFIX: &str = "gen_ai.usage.";
pub(crate) const USAGE_INPUT: &[&str] = &[
    "gen_ai.usage.input_tokens",
    "throughline.tokens.input",
    "gen_ai.usage.prompt_tokens",
    "llm.token_count.prompt",
];
pub(crate) const USAGE_OUTPUT: &[&str] = &[
    "gen_ai.usage.output_tokens",
    "throughline.tokens.output",
    "gen_ai.usage.completion_tokens",
    "llm.token_count.completion",
];
/// The parts of usage: the name on the page, and the attributes.
pub(crate) const USAGE_PARTS: &[(&str, &[&str])] = &[
    (
        "cache_read",
        &[
            "gen_ai.usage.cache_read.input_tokens",
            "llm.token_count.prompt_details.cache_read",
        ],
    ),
    (
        "cache_write",
        &[
            "gen_ai.usage.cache_write.input_tokens",
            "gen_ai.usage.cache_creation.input_tokens",
            "llm.token_count.prompt_details.cache_write",
        ],
    ),
    (
        "reasoning",
        &[
            "gen_ai.usage.reasoning.output_tokens",
            "llm.token_count.completion_details.reasoning",
        ],
    ),
    ("text_input", &["gen_ai.usage.text.input_tokens"]),
    ("text_output", &["gen_ai.usage.text.output_tokens"]),
    ("audio_input", &["gen_ai.usage.audio.input_tokens"]),
    ("audio_output", &["gen_ai.usage.audio.output_tokens"]),
    ("image_input", &["gen_ai.usage.image.input_tokens"]),
    ("image_output", &["gen_ai.usage.image.output_tokens"]),
];
pub(crate) const TOKENS_SOURCE: &str = "throughline.tokens.source";

pub(crate) const COST: &[&str] = &["throughline.cost", "gen_ai.usage.cost", "llm.cost.total"];
pub(crate) const COST_REPORTED: &str = "throughline.cost.reported";
/// In seconds.
pub(crate) const TIME_TO_FIRST_CHUNK: &[&str] = &[
    "gen_ai.response.time_to_first_chunk",
    "throughline.time_to_first_token",
];

pub(crate) const OPENINFERENCE_KIND: &str = "openinference.span.kind";
pub(crate) const HTTP_METHOD: &[&str] = &["http.request.method", "http.method"];
pub(crate) const RPC_SYSTEM: &[&str] = &["rpc.system.name", "rpc.system", "rpc.method"];
pub(crate) const DB_SYSTEM: &[&str] = &["db.system.name", "db.system"];

/// The operations that call a model.
pub(crate) const MODEL_CALLS: &[&str] = &["chat", "text_completion", "generate_content", "embeddings"];

/// The counter of TaskWeaver, also by the name that a bridge from Prometheus gives it.
pub(crate) const PROMPT_SIZE: &[&str] = &["prompt_size", "prompt_size_total"];
pub(crate) const DIRECTION: &str = "direction";
