//! Sessions of the Responses API.

use super::{RESPONSES, Session};
use crate::websocket::{SessionEvent, SessionReader};

#[test]
fn a_response_ends_once() {
    let mut session = Session::new(RESPONSES);
    let completed = r#"{"type":"response.completed","response":{"id":"resp_1","status":"completed","usage":{"input_tokens":1,"output_tokens":2}}}"#;
    session.client(r#"{"type":"response.create","model":"gpt-5","input":"Hi"}"#);
    session.client(r#"{"type":"response.create","model":"gpt-5","input":"And?"}"#);
    session.server(r#"{"type":"response.created","response":{"id":"resp_1"}}"#);
    session.server(completed);
    session.server(&completed.replace("completed", "done"));
    session.server(completed);
    session.server(r#"{"type":"response.done"}"#);
    let api = r#"OpenAiApiType=Text("responses")"#;
    let expected = [
        format!("1 begin chat openai gpt-5 {api}"),
        format!("2 begin chat openai gpt-5 {api}"),
        "1 end resp_1 stop in=1 out=2".to_owned(),
    ];
    assert_eq!(
        session.take(),
        expected,
        "the second request waits for its own response"
    );
    // Attached in the middle of a session: what ends is a call.
    session.server(&completed.replace("resp_1", "resp_2"));
    session.server(&completed.replace("resp_1", "resp_3"));
    let expected = [
        "2 end resp_2 stop in=1 out=2".to_owned(),
        format!("3 begin chat openai ? {api}"),
        "3 end resp_3 stop in=1 out=2".to_owned(),
    ];
    assert_eq!(session.take(), expected, "responses whose beginning was not seen");
}

#[test]
fn lanes_are_apart() {
    let mut session = Session::new(RESPONSES);
    for (lane, model) in [("a", "m-a"), ("b", "m-b"), ("a", "m-a2")] {
        session.client(&format!(
            r#"{{"type":"response.create","stream_id":"{lane}","model":"{model}","input":"Hi"}}"#
        ));
    }
    assert_eq!(session.take().len(), 3, "three calls");
    for message in [
        r#"{"type":"response.created","stream_id":"b","response":{"id":"resp_b"}}"#,
        r#"{"type":"response.created","stream_id":"a","response":{"id":"resp_a"}}"#,
        r#"{"type":"response.output_text.delta","stream_id":"a","delta":"A"}"#,
        r#"{"type":"response.output_text.delta","stream_id":"b","delta":"B"}"#,
        r#"{"type":"response.completed","stream_id":"a","response":{"id":"resp_a","status":"completed"}}"#,
        r#"{"type":"response.created","stream_id":"a","response":{"id":"resp_a2"}}"#,
        r#"{"type":"response.output_text.delta","stream_id":"a","delta":"A2"}"#,
        r#"{"type":"error","stream_id":"a","error":{"type":"server_error","code":"server_error"}}"#,
        r#"{"type":"response.incomplete","stream_id":"b","response":{"id":"resp_b","status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}}}"#,
    ] {
        session.server(message);
    }
    let expected = [
        "1 content A",
        "2 content B",
        "1 end resp_a stop",
        "3 content A2",
        "3 end resp_a2 ? error=server_error",
        "2 end resp_b max_output_tokens",
    ];
    assert_eq!(session.take(), expected);
}

#[test]
fn stored_requests_are_bounded_together() {
    let url = RESPONSES.parse().expect("a URL");
    let request = r#"{"type":"response.create","model":"m","input":"Hi"}"#;
    let session = SessionReader::new(&url, &[]).expect("a URL of an API");
    let mut session = session.with_limit(2 * request.len());
    let mut stored = Vec::new();
    for _ in 0..3 {
        session.read_client(request, |event| {
            if let SessionEvent::Begin(_, request) = event {
                stored.push(request.copy.is_some());
            }
        });
    }
    assert_eq!(stored, [true, true, false], "which requests are stored");
    let completed = r#"{"type":"response.completed","response":{"id":"r"}}"#;
    session.read_server(completed, |_| ());
    session.read_client(request, |event| {
        let is_stored = matches!(event, SessionEvent::Begin(_, request) if request.copy.is_some());
        assert!(is_stored, "a call that has ended stores nothing");
    });
}
