//! Model calls over a WebSocket: OpenAI's Realtime API, the WebSocket mode of its Responses API, and Gemini's
//! Live API.
//!
//! A connection carries many calls, and several at a time. A [`SessionReader`] is fed with the text messages
//! of both sides. It finds the calls and says to which of them a message belongs. As everywhere in this
//! crate, it does no I/O.
//!
//! ```
//! use http::{HeaderMap, Uri};
//! use throughline_llm_wire::websocket::{SessionEvent, SessionReader};
//! use throughline_llm_wire::{ResponseReader, UsagePart};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let url: Uri = "wss://api.openai.com/v1/realtime?model=gpt-realtime".parse()?;
//! let mut session = SessionReader::new(&url, &[]).ok_or("no model API")?;
//! let mut calls: Vec<(_, ResponseReader)> = Vec::new();
//! let mut answer = String::new();
//! let mut on_event = |event: SessionEvent<'_>| match event {
//!     SessionEvent::Begin(call, request) => {
//!         assert_eq!(request.info.model.as_deref(), Some("gpt-realtime"));
//!         let mut reader = request.response_reader();
//!         reader.read_head(&HeaderMap::new());
//!         calls.push((call, reader));
//!     }
//!     SessionEvent::Message(call, message) => {
//!         if let Some((_, reader)) = calls.iter_mut().find(|(other, _)| *other == call) {
//!             message.read_into(reader, |piece| answer.push_str(piece.text));
//!         }
//!     }
//!     SessionEvent::End(call) => {
//!         let (_, reader) = calls.iter().find(|(other, _)| *other == call).expect("a call that began");
//!         let usage = reader.reply().usage();
//!         assert_eq!((usage.input(), usage.output()), (Some(30), Some(12)));
//!         assert_eq!(usage.part(UsagePart::AudioOutput), Some(9));
//!     }
//!     _ => {}
//! };
//!
//! session.read_client(r#"{"type":"response.create"}"#, &mut on_event);
//! for message in [
//!     r#"{"type":"response.created","response":{"id":"resp_1","status":"in_progress"}}"#,
//!     r#"{"type":"response.output_audio_transcript.delta","response_id":"resp_1","delta":"Hello!"}"#,
//!     r#"{"type":"response.done","response":{"id":"resp_1","status":"completed","usage":{
//!         "total_tokens":42,"input_tokens":30,"output_tokens":12,
//!         "output_token_details":{"text_tokens":3,"audio_tokens":9}}}}"#,
//! ] {
//!     session.read_server(message, &mut on_event);
//! }
//! assert_eq!(answer, "Hello!");
//! # Ok(())
//! # }
//! ```
//!
//! # Which connections are recognised
//!
//! | API | path | a call begins with | and ends with |
//! |---|---|---|---|
//! | Responses | ends with `/responses` | the client's `response.create` | `response.completed`, `.failed`, `.incomplete`, `.cancelled`, `.done`, or an `error` |
//! | Realtime | ends with `/realtime` | the client's `response.create`, or `response.created` if the server starts a response by itself | `response.done`, or an `error` for the client's event |
//! | Gemini Live | ends with `BidiGenerateContent` or `BidiGenerateContentConstrained` | the client's `turnComplete` or tool result, or the first output if the server found the end of the user's speech | the usage of the turn, after `turnComplete` or a tool call; without usage, the beginning of the next turn |
//! | Realtime, transcription of the user's audio | | the first event of the transcription | `conversation.item.input_audio_transcription.completed`, `.failed` |
//!
//! # Which messages belong to which call
//!
//! Gemini's turns follow one another. In OpenAI's APIs: by the id of the response, if a message has it.
//! `response.created` gives the id to the oldest request in its lane (`stream_id`) without one; in the
//! Realtime API, a response outside of the conversation belongs to such a request. Messages without an id
//! belong to the response of their lane that is being generated. A response ends once, whatever is sent about
//! it later.
//!
//! # Bounds
//!
//! At most [`SessionReader::MAX_CALLS`] calls are followed at a time, and further ones are not observed.
//! Messages of more than [`SessionReader::MAX_MESSAGE_BYTES`] bytes and messages that are not valid JSON are
//! not read. No message is kept, except requests of the Responses API until their calls end, together up to
//! [`SessionReader::with_limit`]. The prompt of a request that is not kept cannot be counted.

mod calls;
mod envelope;
mod event;
mod live;
mod parameters;
mod reader;
mod realtime;
mod transcription;
mod url;

pub use self::event::{CallId, ServerMessage, SessionEvent};
pub use self::reader::SessionReader;

#[cfg(test)]
mod tests;
