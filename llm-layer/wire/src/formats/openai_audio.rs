//! OpenAI's transcription, translation and speech. They are billed by tokens or by the second.
//!
//! <https://platform.openai.com/docs/api-reference/audio>

use super::table::{End, Table};
use crate::operation::Operation;
use crate::parameter::{Parameter, ParameterType};
use crate::usage::{Paths, UsagePart};

/// `POST …/audio/transcriptions`: a form. The answer may be a text instead of JSON. Mistral and Groq can fetch the file
/// themselves.
pub(super) const TRANSCRIPTIONS: Table = Table {
    operation: Operation::Transcription,
    required: &["file", "file_url", "file_id", "url"],
    requires_one: true,
    parameters: &[(Parameter::Temperature, "temperature", ParameterType::Double)],
    text: &["delta"],
    whole_text: &["text"],
    id: &[],
    usage: USAGE,
    end: End::Event(".done"),
    ..Table::PLAIN
};

/// `POST …/audio/translations`: a form.
pub(super) const TRANSLATIONS: Table = Table {
    operation: Operation::Translation,
    ..TRANSCRIPTIONS
};

/// `POST …/audio/speech`. The answer is sound, or events.
pub(super) const SPEECH: Table = Table {
    operation: Operation::Speech,
    required: &["input"],
    requires_one: false,
    parameters: &[],
    output_type: Some("speech"),
    text: &[],
    whole_text: &[],
    // vLLM's, which answers with the sound alone.
    headers: &[
        ("x-vllm-omni-num-tokens-in", UsagePart::Input),
        ("x-vllm-omni-num-tokens-out", UsagePart::Output),
    ],
    ..TRANSCRIPTIONS
};

const USAGE: &Paths = &[
    ("usage.input_tokens", UsagePart::Input),
    ("usage.output_tokens", UsagePart::Output),
    ("usage.total_tokens", UsagePart::Total),
    // Mistral's, whose total has the tokens of the audio too.
    ("usage.prompt_tokens", UsagePart::Input),
    ("usage.completion_tokens", UsagePart::Output),
    ("usage.input_token_details.text_tokens", UsagePart::TextInput),
    ("usage.input_token_details.audio_tokens", UsagePart::AudioInput),
    ("usage.input_tokens_details.text_tokens", UsagePart::TextInput),
    ("usage.input_tokens_details.audio_tokens", UsagePart::AudioInput),
];
