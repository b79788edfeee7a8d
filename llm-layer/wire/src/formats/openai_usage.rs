//! Where OpenAI's APIs report usage, and those that speak like them.
//!
//! Some gateways report a chat completion by the names of Responses, or the other way round, and some by
//! both, of which one says 0. So each API reads the names of the other too, if they say more.

use crate::usage::{Paths, UsagePart};

/// Chat completions and legacy completions.
pub(super) const CHAT: &Paths = &[
    ("usage.prompt_tokens", UsagePart::Input),
    ("usage.completion_tokens", UsagePart::Output),
    ("usage.total_tokens", UsagePart::Total),
    ("usage.prompt_tokens_details.cached_tokens", UsagePart::CacheRead),
    (
        "usage.prompt_tokens_details.cache_write_tokens",
        UsagePart::CacheWrite,
    ),
    ("usage.prompt_tokens_details.text_tokens", UsagePart::TextInput),
    ("usage.prompt_tokens_details.audio_tokens", UsagePart::AudioInput),
    ("usage.prompt_tokens_details.image_tokens", UsagePart::ImageInput),
    (
        "usage.completion_tokens_details.reasoning_tokens",
        UsagePart::Reasoning,
    ),
    (
        "usage.completion_tokens_details.text_tokens",
        UsagePart::TextOutput,
    ),
    (
        "usage.completion_tokens_details.audio_tokens",
        UsagePart::AudioOutput,
    ),
    (
        "usage.completion_tokens_details.image_tokens",
        UsagePart::ImageOutput,
    ),
];

/// What others add to them: DeepSeek, Moonshot and Together, Mistral, LiteLLM, DashScope, SGLang, Perplexity,
/// Writer, Inception, Bifrost and Envoy.
pub(super) const DIALECTS: &Paths = &[
    ("usage.prompt_cache_hit_tokens", UsagePart::CacheRead),
    ("usage.cached_tokens", UsagePart::CacheRead),
    ("usage.num_cached_tokens", UsagePart::CacheRead),
    ("usage.cache_read_input_tokens", UsagePart::CacheRead),
    ("usage.cache_creation_input_tokens", UsagePart::CacheWrite),
    (
        "usage.prompt_tokens_details.cache_creation_tokens",
        UsagePart::CacheWrite,
    ),
    (
        "usage.prompt_tokens_details.cache_creation_input_tokens",
        UsagePart::CacheWrite,
    ),
    (
        "usage.prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens",
        UsagePart::CacheWriteHour,
    ),
    (
        "usage.prompt_tokens_details.cache_creation.ephemeral_1h_input_tokens",
        UsagePart::CacheWriteHour,
    ),
    (
        "usage.cache_creation.ephemeral_1h_input_tokens",
        UsagePart::CacheWriteHour,
    ),
    ("usage.cached_input_tokens", UsagePart::CacheRead),
    ("usage.input_cached_tokens", UsagePart::CacheRead),
    (
        "usage.prompt_tokens_details.cached_read_tokens",
        UsagePart::CacheRead,
    ),
    (
        "usage.prompt_tokens_details.cached_write_tokens",
        UsagePart::CacheWrite,
    ),
    // Requesty's.
    (
        "usage.prompt_tokens_details.caching_tokens",
        UsagePart::CacheWrite,
    ),
    ("usage.reasoning_tokens", UsagePart::Reasoning),
    ("usage.prompt_token_details.cached_tokens", UsagePart::CacheRead),
    ("timings.cache_n", UsagePart::CacheRead),
];

/// llama.cpp's timings.
pub(super) const TIMINGS: &Paths = &[
    ("timings.prompt_n", UsagePart::UncachedInput),
    ("timings.predicted_n", UsagePart::Output),
];

/// Responses.
pub(super) const RESPONSES: &Paths = &[
    ("usage.input_tokens", UsagePart::Input),
    ("usage.output_tokens", UsagePart::Output),
    ("usage.total_tokens", UsagePart::Total),
    ("usage.input_tokens_details.cached_tokens", UsagePart::CacheRead),
    (
        "usage.input_tokens_details.cache_write_tokens",
        UsagePart::CacheWrite,
    ),
    (
        "usage.output_tokens_details.reasoning_tokens",
        UsagePart::Reasoning,
    ),
    // DashScope's, of its Realtime API too.
    ("usage.input_tokens_details.text_tokens", UsagePart::TextInput),
    ("usage.input_tokens_details.audio_tokens", UsagePart::AudioInput),
    ("usage.input_tokens_details.image_tokens", UsagePart::ImageInput),
    ("usage.output_tokens_details.text_tokens", UsagePart::TextOutput),
    ("usage.output_tokens_details.audio_tokens", UsagePart::AudioOutput),
];
