//! Sessions of the Realtime API.

use super::{REALTIME, Session};
use crate::content::Answer;

#[test]
fn a_realtime_response() {
    let mut session = Session::new(REALTIME);
    session.server(
        r#"{"type":"session.created","event_id":"event_1","session":{"type":"realtime","id":"sess_1","model":"gpt-realtime-2025-08-28","output_modalities":["audio"],"max_output_tokens":"inf","audio":{"output":{"voice":"marin"}},"tools":[{"type":"function","name":"f","temperature":9}]}}"#,
    );
    session.client(r#"{"type":"session.update","session":{"type":"realtime","temperature":0.6,"instructions":"Be brief."}}"#);
    session.client(
        r#"{"type":"response.create","event_id":"c1","response":{"output_modalities":["text","audio"],"max_output_tokens":200}}"#,
    );
    let begin = r#"1 begin chat openai gpt-realtime OutputType=Text("speech") Temperature=Double(0.6) MaxTokens=Int(200)"#;
    assert_eq!(
        session.take(),
        [begin],
        "the URL's model, the session's and the response's parameters"
    );
    for message in [
        r#"{"type":"response.created","event_id":"event_2","response":{"object":"realtime.response","id":"resp_1","status":"in_progress","status_details":null,"output":[],"conversation_id":"conv_1","usage":null,"metadata":null}}"#,
        r#"{"type":"response.output_item.added","event_id":"event_3","response_id":"resp_1","output_index":0,"item":{"id":"item_1","type":"message","role":"assistant","content":[]}}"#,
        r#"{"type":"response.output_audio_transcript.delta","event_id":"event_4","response_id":"resp_1","item_id":"item_1","delta":"Hel"}"#,
        r#"{"type":"response.output_audio.delta","event_id":"event_5","response_id":"resp_1","item_id":"item_1","delta":"AAAA"}"#,
        // Written with its members in the order of the alphabet.
        r#"{"delta":"lo!","event_id":"event_6","response_id":"resp_1","type":"response.output_audio_transcript.delta"}"#,
        r#"{"type":"response.output_item.added","event_id":"event_7","response_id":"resp_1","output_index":1,"item":{"id":"item_2","type":"function_call","name":"weather","call_id":"call_1","arguments":""}}"#,
        r#"{"type":"response.function_call_arguments.delta","event_id":"event_8","response_id":"resp_1","item_id":"item_2","delta":"{}"}"#,
        r#"{"type":"response.done","event_id":"event_9","response":{"object":"realtime.response","id":"resp_1","status":"completed","status_details":null,"output":[{"id":"item_1","type":"message","status":"completed","role":"assistant","content":[{"type":"output_audio","transcript":"Hello!"}]},{"id":"item_2","type":"function_call","status":"completed","name":"weather","call_id":"call_1","arguments":"{}"}],"conversation_id":"conv_1","usage":{"total_tokens":253,"input_tokens":132,"output_tokens":121,"input_token_details":{"text_tokens":119,"audio_tokens":13,"image_tokens":0,"cached_tokens":64,"cached_tokens_details":{"text_tokens":60,"audio_tokens":4,"image_tokens":0}},"output_token_details":{"text_tokens":30,"audio_tokens":91}}}}"#,
    ] {
        session.server(message);
    }
    let expected = [
        "1 content Hel",
        "1 content lo!",
        "1 tool weather",
        "1 tool {}",
        "1 end resp_1 tool_call in=132 out=121 cached=64 audio in=13 text in=119 audio cached=4 audio out=91 text out=30",
    ];
    assert_eq!(session.take(), expected, "texts and usage");
    let (_, reader) = &mut session.calls[0];
    let details: Vec<_> = reader
        .reply()
        .details()
        .map(|(_, value)| value.to_owned())
        .collect();
    assert_eq!(details, ["conv_1"], "the conversation");
    let answer = reader
        .take_answer()
        .map(|answer| Answer::into_messages(answer, [Some("tool_call")].into_iter()));
    let answer = answer.expect("the answer is captured");
    assert_eq!(answer[0]["parts"][0]["content"], "Hello!", "the text: {answer:?}");
    assert_eq!(
        answer[0]["parts"][1]["name"], "weather",
        "the tool call: {answer:?}"
    );
}

/// The voice activity detection of the server starts a response without a request.
#[test]
fn responses_that_the_server_starts_are_calls() {
    let mut session = Session::new(REALTIME);
    session.client(r#"{"type":"response.create","event_id":"c1","response":{"conversation":"none"}}"#);
    session.server(r#"{"type":"response.created","response":{"id":"resp_vad","conversation_id":"conv_1"}}"#);
    session.server(r#"{"type":"response.created","response":{"id":"resp_out","conversation_id":null}}"#);
    session.server(r#"{"type":"response.done","response":{"id":"resp_out","status":"completed","usage":{"input_tokens":1,"output_tokens":2}}}"#);
    session.server(r#"{"type":"response.done","response":{"id":"resp_vad","status":"cancelled","status_details":{"type":"cancelled","reason":"turn_detected"},"usage":{"input_tokens":3,"output_tokens":4}}}"#);
    let expected = [
        "1 begin chat openai gpt-realtime",
        "2 begin chat openai gpt-realtime",
        "1 end resp_out stop in=1 out=2",
        "2 end resp_vad cancelled in=3 out=4",
    ];
    assert_eq!(session.take(), expected);
}

#[test]
fn transcriptions_are_calls_of_their_own() {
    let mut session =
        Session::new("wss://acme.openai.azure.com/openai/realtime?api-version=1&deployment=my%2Drt");
    session.client(r#"{"type":"session.update","session":{"audio":{"input":{"transcription":{"model":"gpt-4o-transcribe"}}}}}"#);
    session.client(r#"{"audio":"AAAA","type":"input_audio_buffer.append"}"#);
    session.server(r#"{"type":"conversation.item.input_audio_transcription.delta","item_id":"item_1","content_index":0,"delta":"Hel"}"#);
    session.server(r#"{"type":"response.created","response":{"id":"resp_1"}}"#);
    session.server(r#"{"type":"conversation.item.input_audio_transcription.completed","item_id":"item_1","content_index":0,"transcript":"Hello","usage":{"type":"tokens","total_tokens":48,"input_tokens":38,"input_token_details":{"text_tokens":10,"audio_tokens":28},"output_tokens":10}}"#);
    session.server(r#"{"type":"conversation.item.input_audio_transcription.failed","item_id":"item_2","error":{"type":"t","code":"audio_unintelligible"}}"#);
    let expected = [
        "1 begin transcription azure.ai.openai gpt-4o-transcribe",
        "2 begin chat azure.ai.openai my-rt",
        "1 content Hello",
        "1 end item_1 ? in=38 out=10 audio in=28 text in=10",
        "3 begin transcription azure.ai.openai gpt-4o-transcribe",
        "3 end item_2 ? error=audio_unintelligible",
    ];
    assert_eq!(session.take(), expected);
}
