//! The WebSocket mode of the Responses API.

use super::{Connection, RESPONSES};
use crate::support::metrics;

#[tokio::test]
async fn two_lanes() {
    let mut connection = Connection::open(RESPONSES).await;
    connection
        .client(r#"{"type":"response.create","stream_id":"a","model":"gpt-5","input":"Hello","instructions":"Be brief.","max_output_tokens":64,"temperature":0.5}"#)
        .await;
    connection
        .client(r#"{"type":"response.create","stream_id":"b","model":"gpt-5-mini","previous_response_id":"resp_0","input":[{"type":"function_call_output","call_id":"call_0","output":"7"}]}"#)
        .await;
    connection
        .server_all(&[
            r#"{"type":"response.created","stream_id":"b","response":{"id":"resp_b","model":"gpt-5-mini-2025-08-07","status":"in_progress"}}"#,
            r#"{"type":"response.created","stream_id":"a","response":{"id":"resp_a","model":"gpt-5-2025-08-07","status":"in_progress"}}"#,
            r#"{"type":"response.output_text.delta","stream_id":"a","item_id":"msg_a","output_index":0,"content_index":0,"delta":"Hi","sequence_number":4}"#,
            r#"{"type":"response.output_item.added","stream_id":"b","output_index":0,"item":{"id":"fc_b","type":"function_call","call_id":"call_b","name":"weather","arguments":""}}"#,
            r#"{"type":"response.function_call_arguments.delta","stream_id":"b","item_id":"fc_b","delta":"{\"city\":\"Oslo\"}"}"#,
            r#"{"type":"response.completed","stream_id":"a","response":{"id":"resp_a","model":"gpt-5-2025-08-07","status":"completed","service_tier":"default","output":[{"type":"message","content":[{"type":"output_text","text":"Hi"}]}],"usage":{"input_tokens":21,"input_tokens_details":{"cached_tokens":16},"output_tokens":9,"output_tokens_details":{"reasoning_tokens":7},"total_tokens":30}}}"#,
            r#"{"type":"response.completed","stream_id":"b","response":{"id":"resp_b","model":"gpt-5-mini-2025-08-07","status":"completed","output":[{"type":"function_call","call_id":"call_b","name":"weather","arguments":"{\"city\":\"Oslo\"}"}],"usage":{"input_tokens":40,"output_tokens":12,"total_tokens":52}}}"#,
            r#"{"type":"response.done","stream_id":"a","response":{"id":"resp_a","status":"completed","usage":{"input_tokens":21,"output_tokens":9}}}"#,
        ])
        .await;
    connection.assert_tree(
        r#"Client chat gpt-5
  - gen_ai.operation.name="chat"
  - gen_ai.provider.name="openai"
  - gen_ai.request.max_tokens=64
  - gen_ai.request.model="gpt-5"
  - gen_ai.request.stream=true
  - gen_ai.request.temperature=0.5
  - gen_ai.response.finish_reasons=["stop"]
  - gen_ai.response.id="resp_a"
  - gen_ai.response.model="gpt-5-2025-08-07"
  - gen_ai.response.time_to_first_chunk=_
  - gen_ai.usage.cache_read.input_tokens=16
  - gen_ai.usage.input_tokens=21
  - gen_ai.usage.output_tokens=9
  - gen_ai.usage.reasoning.output_tokens=7
  - openai.api.type="responses"
  - openai.response.service_tier="default"
  - server.address="api.openai.com"
  - server.port=443
  - throughline.time_to_first_token=_
  - throughline.time_waiting_for_reader=_
  - throughline.tokens.source="reported"
Client chat gpt-5-mini
  - gen_ai.operation.name="chat"
  - gen_ai.provider.name="openai"
  - gen_ai.request.model="gpt-5-mini"
  - gen_ai.request.previous_response.id="resp_0"
  - gen_ai.request.stream=true
  - gen_ai.response.finish_reasons=["tool_call"]
  - gen_ai.response.id="resp_b"
  - gen_ai.response.model="gpt-5-mini-2025-08-07"
  - gen_ai.response.time_to_first_chunk=_
  - gen_ai.usage.input_tokens=40
  - gen_ai.usage.output_tokens=12
  - openai.api.type="responses"
  - server.address="api.openai.com"
  - server.port=443
  - throughline.time_to_first_token=_
  - throughline.time_waiting_for_reader=_
  - throughline.tokens.source="reported"
"#,
    );
}

#[tokio::test]
async fn a_request_that_is_refused() {
    let mut connection = Connection::open(RESPONSES).await;
    connection
        .client(
            r#"{"type":"response.create","model":"gpt-5","previous_response_id":"resp_0","input":"Hello"}"#,
        )
        .await;
    connection
        .server(r#"{"type":"error","status":400,"error":{"type":"invalid_request_error","code":"previous_response_not_found","message":"Previous response with id 'resp_0' not found.","param":"previous_response_id"}}"#)
        .await;
    connection.assert_tree(
        r#"Client chat gpt-5 [error: the provider answered 400: previous_response_not_found]
  - error.type="previous_response_not_found"
  - gen_ai.operation.name="chat"
  - gen_ai.provider.name="openai"
  - gen_ai.request.model="gpt-5"
  - gen_ai.request.previous_response.id="resp_0"
  - gen_ai.request.stream=true
  - openai.api.type="responses"
  - server.address="api.openai.com"
  - server.port=443
  - throughline.tokens.source="unknown"
"#,
    );
    let expected = [
        "gen_ai.client.inference.duration{error.type=previous_response_not_found} count=1",
        "gen_ai.client.inference.usage.input_tokens{gen_ai.token.modality=unknown} 0",
        "gen_ai.client.inference.usage.output_tokens{gen_ai.token.modality=unknown} 0",
    ];
    assert_eq!(metrics(&connection.of_client), expected, "its cost is unknown");
}

/// As over HTTP, text without usage is estimated.
#[tokio::test]
async fn an_error_in_the_middle() {
    let mut connection = Connection::open(RESPONSES).await;
    connection
        .client(r#"{"type":"response.create","model":"gpt-4o","input":"Hello"}"#)
        .await;
    connection
        .server_all(&[
            r#"{"type":"response.created","response":{"id":"resp_1","model":"gpt-4o"}}"#,
            r#"{"type":"response.output_text.delta","delta":"Hello there"}"#,
            r#"{"type":"error","status":500,"error":{"type":"server_error","code":"server_error","message":"…"}}"#,
        ])
        .await;
    connection.assert_tree(
        r#"Client chat gpt-4o [error: the provider reported server_error in its answer]
  - error.type="server_error"
  - gen_ai.operation.name="chat"
  - gen_ai.provider.name="openai"
  - gen_ai.request.model="gpt-4o"
  - gen_ai.request.stream=true
  - gen_ai.response.finish_reasons=["error"]
  - gen_ai.response.id="resp_1"
  - gen_ai.response.model="gpt-4o"
  - gen_ai.response.time_to_first_chunk=_
  - openai.api.type="responses"
  - server.address="api.openai.com"
  - server.port=443
  - throughline.time_to_first_token=_
  - throughline.time_waiting_for_reader=_
  - throughline.tokens.encoding="o200k_base"
  - throughline.tokens.input=8
  - throughline.tokens.output=2
  - throughline.tokens.source="estimated"
"#,
    );
}
