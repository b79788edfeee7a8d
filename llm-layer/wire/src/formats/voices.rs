//! Speech and transcription of ElevenLabs and Deepgram. They are billed by character and by second.
//!
//! <https://elevenlabs.io/docs/api-reference>, <https://developers.deepgram.com/reference>

use super::openai_audio::{SPEECH, TRANSCRIPTIONS};
use super::table::{End, Table};

/// `POST /v1/text-to-speech/{voice}` of ElevenLabs, `POST /v1/speak` of Deepgram.
pub(super) const TEXT_TO_SPEECH: Table = Table {
    required: &["text"],
    request_model: "model_id",
    ..SPEECH
};

/// `POST /v1/speech-to-text` of ElevenLabs: a form. `POST /v1/listen` of Deepgram: the sound, or its address.
pub(super) const SPEECH_TO_TEXT: Table = Table {
    required: &[],
    request_model: "model_id",
    whole_text: &["text", "results.channels[].alternatives[].transcript"],
    id: &["transcription_id", "metadata.request_id"],
    end: End::Any,
    ..TRANSCRIPTIONS
};
