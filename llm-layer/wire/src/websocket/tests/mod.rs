//! Scripted sessions, and what they yield.

mod any_order;
mod live;
mod realtime;
mod responses;

use http::{HeaderMap, Uri};

use super::{CallId, SessionEvent, SessionReader};
use crate::formats::Format;
use crate::reply::Channel;
use crate::response_reader::ResponseReader;
use crate::rule::Rule;
use crate::usage::UsagePart;

const REALTIME: &str = "wss://api.openai.com/v1/realtime?model=gpt-realtime";
const RESPONSES: &str = "wss://api.openai.com/v1/responses";

/// A session, and a line for each event that it yielded.
struct Session {
    reader: SessionReader,
    calls: Vec<(CallId, ResponseReader)>,
    lines: Vec<String>,
}

impl Session {
    fn new(url: &str) -> Self {
        Self::with_rules(url, &[]).expect("a URL of an API")
    }

    fn with_rules(url: &str, rules: &[Rule]) -> Option<Self> {
        let url: Uri = url.parse().expect("a URL");
        Some(Self {
            reader: SessionReader::new(&url, rules)?,
            calls: Vec::new(),
            lines: Vec::new(),
        })
    }

    fn client(&mut self, text: &str) {
        let Self { reader, calls, lines } = self;
        reader.read_client(text, |event| record(calls, lines, event));
    }

    fn server(&mut self, text: &str) {
        let Self { reader, calls, lines } = self;
        reader.read_server(text, |event| record(calls, lines, event));
    }

    fn take(&mut self) -> Vec<String> {
        std::mem::take(&mut self.lines)
    }
}

fn record(calls: &mut Vec<(CallId, ResponseReader)>, lines: &mut Vec<String>, event: SessionEvent<'_>) {
    match event {
        SessionEvent::Begin(id, request) => {
            let operation = request.recognised.format.operation().as_str();
            let provider = &request.recognised.provider;
            let model = request.info.model.as_deref().unwrap_or("?");
            let mut line = format!("{} begin {operation} {provider} {model}", id.0);
            for (parameter, value) in request.info.parameters() {
                line.push_str(&format!(" {parameter:?}={value:?}"));
            }
            lines.push(line);
            let mut reader = request.response_reader().with_capture(1024);
            reader.read_head(&HeaderMap::new());
            calls.push((id, reader));
        }
        SessionEvent::Message(id, message) => {
            let (_, reader) = calls.iter_mut().find(|(other, _)| *other == id).expect("a call");
            let refusal = message
                .refusal()
                .map(|status| format!("{} refused {status}", id.0));
            lines.extend(refusal);
            message.read_into(reader, |piece| {
                let channel = match piece.channel {
                    Channel::Content => "content",
                    Channel::Reasoning => "reasoning",
                    Channel::ToolCall => "tool",
                };
                lines.push(format!("{} {channel} {}", id.0, piece.text));
            });
        }
        SessionEvent::End(id) => {
            let (_, reader) = calls.iter().find(|(other, _)| *other == id).expect("a call");
            let reply = reader.reply();
            let finish = reply.finish_reasons(1).next().flatten().unwrap_or("?");
            let mut line = format!("{} end {} {finish}", id.0, reply.id().unwrap_or("?"));
            if let Some(error) = reply.error() {
                line.push_str(&format!(" error={}", error.code.as_deref().unwrap_or("?")));
            }
            for (name, count) in [
                ("in", reply.usage().input()),
                ("out", reply.usage().output()),
                ("cached", reply.usage().part(UsagePart::CacheRead)),
                ("audio in", reply.usage().part(UsagePart::AudioInput)),
                ("text in", reply.usage().part(UsagePart::TextInput)),
                ("audio cached", reply.usage().part(UsagePart::AudioCacheRead)),
                ("audio out", reply.usage().part(UsagePart::AudioOutput)),
                ("text out", reply.usage().part(UsagePart::TextOutput)),
            ] {
                if let Some(count) = count {
                    line.push_str(&format!(" {name}={count}"));
                }
            }
            lines.push(line);
        }
    }
}

#[test]
fn errors_end_the_call_that_they_are_about() {
    let mut session = Session::new(RESPONSES);
    session.client(r#"{"type":"response.create","previous_response_id":"resp_0","input":"Hi","model":"m"}"#);
    session.server(r#"{"type":"error","status":400,"error":{"type":"invalid_request_error","code":"previous_response_not_found","param":"previous_response_id"}}"#);
    let lines = session.take();
    assert_eq!(
        lines[1..],
        [
            "1 refused 400 Bad Request",
            "1 end ? ? error=previous_response_not_found"
        ],
        "{lines:?}"
    );
    session.server(r#"{"type":"error","status":400,"error":{"code":"websocket_connection_limit_reached"}}"#);
    assert_eq!(session.take(), Vec::<String>::new(), "an error without a call");

    let mut session = Session::new(REALTIME);
    session.client(r#"{"type":"response.create","event_id":"c1"}"#);
    session.client(r#"{"type":"response.create","event_id":"c2"}"#);
    session.client(r#"{"type":"response.create"}"#);
    session.take();
    session.server(
        r#"{"type":"error","error":{"code":"invalid_value","param":"session.voice","event_id":"c9"}}"#,
    );
    session.server(r#"{"type":"error","error":{"code":"item_truncate_invalid_item_id","event_id":null}}"#);
    assert_eq!(session.take(), Vec::<String>::new(), "errors about other events");
    session.server(
        r#"{"type":"error","error":{"code":"invalid_value","param":"response.voice","event_id":"c2"}}"#,
    );
    session.server(
        r#"{"type":"error","error":{"code":"conversation_already_has_active_response","event_id":null}}"#,
    );
    let expected = [
        "2 refused 400 Bad Request",
        "2 end ? ? error=invalid_value",
        "1 refused 400 Bad Request",
        "1 end ? ? error=conversation_already_has_active_response",
    ];
    assert_eq!(session.take(), expected);
    session.server(r#"{"type":"response.created","response":{"id":"r"}}"#);
    session.server(r#"{"type":"response.done","response":{"id":"r","status":"failed","status_details":{"type":"failed","error":{"type":"server_error","code":"rate_limit_exceeded"}}}}"#);
    assert_eq!(session.take(), ["3 end r error error=rate_limit_exceeded"]);
}

#[test]
fn rules() {
    let ignore = [Rule::ignore("/realtime").with_domain("openai.com")];
    assert!(
        Session::with_rules(REALTIME, &ignore).is_none(),
        "an excluded connection"
    );
    let named = [Rule::new("/responses", Format::OpenAiResponses).with_provider("acme")];
    let mut session = Session::with_rules("ws://x.test/responses", &named).expect("a URL of an API");
    session.client(r#"{"type":"response.create","model":"m","input":[]}"#);
    assert!(
        session.take()[0].starts_with("1 begin chat acme m"),
        "the provider of the rule"
    );
    let of_model = [Rule::ignore("/responses").with_model("secret-*")];
    let mut session = Session::with_rules(RESPONSES, &of_model).expect("other models are observed");
    session.client(r#"{"type":"response.create","model":"secret-1","input":"Hi"}"#);
    session.client(r#"{"type":"response.create","model":"m","input":"Hi"}"#);
    session.take();
    for id in ["resp_1", "resp_2"] {
        session.server(&format!(
            r#"{{"type":"response.created","response":{{"id":"{id}"}}}}"#
        ));
        session.server(&format!(
            r#"{{"type":"response.completed","response":{{"id":"{id}","status":"completed"}}}}"#
        ));
    }
    assert_eq!(
        session.take(),
        ["2 end resp_2 stop"],
        "an excluded call has its place in the lane"
    );
    for url in [
        "wss://api.openai.com/v1/chat/completions",
        "wss://x.test/",
        "/chat",
    ] {
        assert!(
            Session::with_rules(url, &[]).is_none(),
            "{url} is not an API of WebSockets"
        );
    }
}

#[test]
fn hostile_messages_are_not_read() {
    let mut session = Session::new(REALTIME);
    let garbage = "x".repeat(1 << 20);
    let deep = format!(
        r#"{{"type":"response.done","response":{{"id":"r","output":{}{}}}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let many = format!(
        r#"{{"type":"response.done","response":{{"id":"r"{}}}}}"#,
        r#","x":0"#.repeat(100_000)
    );
    let long = format!(
        r#"{{"type":"response.done","x":"{}"}}"#,
        "x".repeat(SessionReader::MAX_MESSAGE_BYTES)
    );
    for text in [
        &*garbage,
        &deep,
        &many,
        &long,
        "",
        "null",
        "[]",
        r#"[{"type":"response.created","response":{"id":"r"}}]"#,
        r#"{"type":7}"#,
        r#"{"type":"response.done"}"#,
        r#"{"type":"response.done","response":{"id":"r"}"#,
        r#"{"type":"response.done","response":{"id":"r"}}{"type":"x"}"#,
        r#"{"type":"response.unknown","response_id":"r"}"#,
        r#"{"type":"conversation.item.input_audio_transcription.completed"}"#,
    ] {
        session.client(text);
        session.server(text);
        assert_eq!(session.take(), Vec::<String>::new(), "{:.100}", text);
    }
    for call in 0..2 * SessionReader::MAX_CALLS {
        session.server(&format!(
            r#"{{"type":"response.created","response":{{"id":"r{call}"}}}}"#
        ));
        session.client(r#"{"type":"response.create"}"#);
    }
    assert_eq!(
        session.take().len(),
        SessionReader::MAX_CALLS,
        "the calls that are followed"
    );
}
