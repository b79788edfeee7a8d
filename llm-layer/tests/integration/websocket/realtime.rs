//! The Realtime API.

use throughline_agents::agent;
use throughline_llm_layer::{Capture, LlmWebSocket};
use throughline_test_support::Recorder;

use super::{Connection, Message, REALTIME};
use crate::support::{MASKED, block_on, layer, lines_with, metrics};

const CREATE: &str =
    r#"{"type":"response.create","event_id":"c1","response":{"temperature":0.8,"max_output_tokens":512}}"#;
const SESSION: &str = r#"{"type":"session.created","event_id":"e1","session":{"type":"realtime","id":"sess_1","object":"realtime.session","model":"gpt-realtime","output_modalities":["audio"],"max_output_tokens":"inf","audio":{"input":{"transcription":{"model":"gpt-4o-transcribe"}},"output":{"voice":"marin"}}}}"#;
const ANSWER: &[&str] = &[
    r#"{"type":"response.created","event_id":"e2","response":{"object":"realtime.response","id":"resp_1","status":"in_progress","output":[],"conversation_id":"conv_1","usage":null}}"#,
    r#"{"type":"response.output_item.added","event_id":"e3","response_id":"resp_1","output_index":0,"item":{"id":"item_1","type":"message","role":"assistant","content":[]}}"#,
    r#"{"type":"response.output_audio_transcript.delta","event_id":"e4","response_id":"resp_1","item_id":"item_1","delta":"Hello"}"#,
    r#"{"type":"response.output_audio.delta","event_id":"e5","response_id":"resp_1","item_id":"item_1","delta":"AAAA"}"#,
    r#"{"type":"response.output_audio_transcript.delta","event_id":"e6","response_id":"resp_1","item_id":"item_1","delta":" there"}"#,
];
const DONE: &str = r#"{"type":"response.done","event_id":"e7","response":{"object":"realtime.response","id":"resp_1","status":"completed","status_details":null,"output":[{"id":"item_1","type":"message","role":"assistant","content":[{"type":"output_audio","transcript":"Hello there"}]}],"conversation_id":"conv_1","usage":{"total_tokens":253,"input_tokens":132,"output_tokens":121,"input_token_details":{"text_tokens":119,"audio_tokens":13,"image_tokens":0,"cached_tokens":64,"cached_tokens_details":{"text_tokens":60,"audio_tokens":4,"image_tokens":0}},"output_token_details":{"text_tokens":30,"audio_tokens":91}}}}"#;
const SPAN: &str = r#"Client chat gpt-realtime
  - gen_ai.conversation.id="conv_1"
  - gen_ai.operation.name="chat"
  - gen_ai.output.type="speech"
  - gen_ai.provider.name="openai"
  - gen_ai.request.max_tokens=512
  - gen_ai.request.model="gpt-realtime"
  - gen_ai.request.stream=true
  - gen_ai.request.temperature=0.8
  - gen_ai.response.finish_reasons=["stop"]
  - gen_ai.response.id="resp_1"
  - gen_ai.response.model="gpt-realtime"
  - gen_ai.response.time_to_first_chunk=_
  - gen_ai.usage.audio.cache_read.input_tokens=4
  - gen_ai.usage.audio.input_tokens=13
  - gen_ai.usage.audio.output_tokens=91
  - gen_ai.usage.cache_read.input_tokens=64
  - gen_ai.usage.input_tokens=132
  - gen_ai.usage.output_tokens=121
  - gen_ai.usage.text.cache_read.input_tokens=60
  - gen_ai.usage.text.input_tokens=119
  - gen_ai.usage.text.output_tokens=30
  - server.address="api.openai.com"
  - server.port=443
  - throughline.time_to_first_token=_
  - throughline.time_waiting_for_reader=_
  - throughline.tokens.source="reported"
"#;

#[tokio::test]
async fn a_response() {
    let mut connection = Connection::open(REALTIME).await;
    connection.server(SESSION).await;
    connection
        .client(r#"{"type":"input_audio_buffer.append","audio":"AAAA"}"#)
        .await;
    connection.client(CREATE).await;
    connection.server_all(ANSWER).await;
    connection.assert_tree("");
    connection.server(DONE).await;
    connection.assert_tree(SPAN);
    let expected = [
        "gen_ai.client.inference.duration{} count=1",
        "gen_ai.client.inference.operation.input_tokens{} count=1",
        "gen_ai.client.inference.operation.output_tokens{} count=1",
        "gen_ai.client.inference.time_per_output_chunk{} count=5",
        "gen_ai.client.inference.time_to_first_chunk{} count=1",
        "gen_ai.client.inference.usage.cache_read.input_tokens{gen_ai.token.modality=audio} 4",
        "gen_ai.client.inference.usage.cache_read.input_tokens{gen_ai.token.modality=text} 60",
        "gen_ai.client.inference.usage.input_tokens{gen_ai.token.modality=audio} 13",
        "gen_ai.client.inference.usage.input_tokens{gen_ai.token.modality=text} 119",
        "gen_ai.client.inference.usage.output_tokens{gen_ai.token.modality=audio} 91",
        "gen_ai.client.inference.usage.output_tokens{gen_ai.token.modality=text} 30",
        "prompt_size{direction=input} 132",
        "prompt_size{direction=output} 121",
    ];
    assert_eq!(
        metrics(&connection.of_client),
        expected,
        "the metrics of the client"
    );
    assert_eq!(
        metrics(&connection.of_server),
        expected,
        "the metrics of the server"
    );
}

#[tokio::test]
async fn messages_that_are_no_text_pass() {
    let mut connection = Connection::open(REALTIME).await;
    connection.client(Message::Binary(vec![0, 255, 7])).await;
    connection.server(Message::Binary(vec![])).await;
    connection.server(Message::Text(String::new())).await;
    connection.client(Message::Ping(b"p".to_vec())).await;
    // The library has answered the ping by itself.
    connection.server(Message::Binary(vec![1])).await;
    connection.client(Message::Pong(b"q".to_vec())).await;
    connection.client(Message::Close).await;
    connection.assert_tree("");
}

/// Two responses at a time: one in the conversation, which the server starts, and one outside of it.
#[tokio::test]
async fn two_responses_at_a_time() {
    let mut connection = Connection::open(REALTIME).await;
    connection
        .client(
            r#"{"type":"response.create","response":{"conversation":"none","output_modalities":["text"]}}"#,
        )
        .await;
    connection
        .server_all(&[
            r#"{"type":"response.created","response":{"id":"resp_in","conversation_id":"conv_1"}}"#,
            r#"{"type":"response.created","response":{"id":"resp_out","conversation_id":null}}"#,
            r#"{"type":"response.output_text.delta","response_id":"resp_out","delta":"A"}"#,
            r#"{"type":"response.output_audio_transcript.delta","response_id":"resp_in","delta":"B"}"#,
            r#"{"type":"response.done","response":{"id":"resp_out","status":"completed","usage":{"total_tokens":7,"input_tokens":3,"output_tokens":4}}}"#,
            r#"{"type":"response.done","response":{"id":"resp_in","status":"cancelled","status_details":{"type":"cancelled","reason":"turn_detected"},"conversation_id":"conv_1","usage":{"total_tokens":11,"input_tokens":5,"output_tokens":6}}}"#,
        ])
        .await;
    connection.assert_tree(
        r#"Client chat gpt-realtime
  - gen_ai.operation.name="chat"
  - gen_ai.output.type="text"
  - gen_ai.provider.name="openai"
  - gen_ai.request.model="gpt-realtime"
  - gen_ai.request.stream=true
  - gen_ai.response.finish_reasons=["stop"]
  - gen_ai.response.id="resp_out"
  - gen_ai.response.time_to_first_chunk=_
  - gen_ai.usage.input_tokens=3
  - gen_ai.usage.output_tokens=4
  - server.address="api.openai.com"
  - server.port=443
  - throughline.time_to_first_token=_
  - throughline.time_waiting_for_reader=_
  - throughline.tokens.source="reported"
Client chat gpt-realtime
  - gen_ai.conversation.id="conv_1"
  - gen_ai.operation.name="chat"
  - gen_ai.provider.name="openai"
  - gen_ai.request.model="gpt-realtime"
  - gen_ai.request.stream=true
  - gen_ai.response.finish_reasons=["cancelled"]
  - gen_ai.response.id="resp_in"
  - gen_ai.response.time_to_first_chunk=_
  - gen_ai.usage.input_tokens=5
  - gen_ai.usage.output_tokens=6
  - server.address="api.openai.com"
  - server.port=443
  - throughline.time_to_first_token=_
  - throughline.time_waiting_for_reader=_
  - throughline.tokens.source="reported"
"#,
    );
}

#[tokio::test]
async fn transcriptions() {
    let mut connection = Connection::open(REALTIME).await;
    connection
        .server_all(&[
            SESSION,
            r#"{"type":"conversation.item.input_audio_transcription.delta","item_id":"item_1","content_index":0,"delta":"Hi"}"#,
            r#"{"type":"conversation.item.input_audio_transcription.completed","item_id":"item_1","content_index":0,"transcript":"Hi","usage":{"type":"tokens","total_tokens":48,"input_tokens":38,"input_token_details":{"text_tokens":10,"audio_tokens":28},"output_tokens":10}}"#,
            r#"{"type":"conversation.item.input_audio_transcription.completed","item_id":"item_2","content_index":0,"transcript":"Hi","usage":{"type":"duration","seconds":3.2}}"#,
        ])
        .await;
    connection.assert_tree(
        r#"Client transcription gpt-4o-transcribe
  - gen_ai.operation.name="transcription"
  - gen_ai.provider.name="openai"
  - gen_ai.request.model="gpt-4o-transcribe"
  - gen_ai.request.stream=true
  - gen_ai.response.id="item_1"
  - gen_ai.response.time_to_first_chunk=_
  - gen_ai.usage.audio.input_tokens=28
  - gen_ai.usage.input_tokens=38
  - gen_ai.usage.output_tokens=10
  - gen_ai.usage.text.input_tokens=10
  - server.address="api.openai.com"
  - server.port=443
  - throughline.time_to_first_token=_
  - throughline.time_waiting_for_reader=_
  - throughline.tokens.source="reported"
Client transcription gpt-4o-transcribe
  - gen_ai.operation.name="transcription"
  - gen_ai.provider.name="openai"
  - gen_ai.request.model="gpt-4o-transcribe"
  - gen_ai.request.stream=true
  - gen_ai.response.id="item_2"
  - gen_ai.response.time_to_first_chunk=_
  - server.address="api.openai.com"
  - server.port=443
  - throughline.time_to_first_token=_
  - throughline.time_waiting_for_reader=_
  - throughline.tokens.source="unknown"
"#,
    );
}

#[tokio::test]
async fn the_answer_is_captured() {
    let mut connection = Connection::open_with(REALTIME, |layer| layer.with_capture(Capture::SpanOnly)).await;
    connection.client(CREATE).await;
    connection.server_all(ANSWER).await;
    connection.server(DONE).await;
    let expected = [
        r#"gen_ai.output.messages="[{\"finish_reason\":\"stop\",\"parts\":[{\"content\":\"Hello there\",\"type\":\"text\"}],\"role\":\"assistant\"}]""#,
    ];
    for recorder in [&connection.of_client, &connection.of_server] {
        assert_eq!(
            lines_with(recorder, &["gen_ai.output.messages", "gen_ai.input"]),
            expected
        );
    }
}

/// A connection that is made in a scope belongs to it, and so does what its calls use.
#[test]
fn calls_belong_to_the_scope_of_the_connection() {
    let recorder = Recorder::new();
    let voice = agent("Voice").with_tracer_provider(recorder.tracer_provider());
    block_on(voice.run(async {
        let mut observer = LlmWebSocket::new(&layer(&recorder), &http::Uri::from_static(REALTIME));
        // As another task would, in which the scope is not current.
        let _other = opentelemetry::Context::new().attach();
        observer.read_client(CREATE);
        for message in ANSWER {
            observer.read_server(message);
        }
        observer.read_server(DONE);
    }));
    let tree = recorder.tree(MASKED);
    let agent_lines: Vec<&str> = tree
        .lines()
        .filter(|line| line.contains("invoke_agent Voice") || line.contains("  Client chat"))
        .collect();
    assert_eq!(agent_lines.len(), 2, "an agent with a call: {tree}");
    assert!(
        tree.contains("gen_ai.usage.input_tokens=132"),
        "the usage: {tree}"
    );
}
