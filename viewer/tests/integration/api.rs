//! The JSON API.

use http::StatusCode;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{
    Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, metric,
};
use serde_json::{Value, json};
use throughline_viewer::Viewer;

use crate::support::{START, SpanExt, attribute, get, hex, json_of, ok, request, send, span, task};

fn with_task() -> Viewer {
    let viewer = Viewer::default();
    viewer.add_traces(&task(7));
    viewer
}

#[tokio::test]
async fn list_has_the_sums_of_each_trace() {
    let list = ok(&with_task(), "/api/traces").await;
    let expected = json!({
        "id": hex(7), "name": "POST /task", "root_service": "shop",
        "services": [{"name": "shop", "spans": 5}],
        "start": START.to_string(), "duration": 1_000_000, "spans": 5, "errors": 1,
        "complete": true, "orphans": 0,
        "tokens": {"input": 57, "output": 24, "estimated": false, "unknown_calls": 0},
        "cost": {"usd": 0.25, "unpriced_calls": 0},
        "models": ["gpt-4o"], "conversation": "conv-1",
    });
    assert_eq!(list["traces"], json!([expected]), "the summary");
    assert_eq!(
        (&list["matched"], &list["stored"]),
        (&json!(1), &json!(1)),
        "the counts"
    );
    assert_eq!(
        list["points"],
        json!([[START.to_string(), 1_000_000, true, hex(7)]]),
        "the histogram"
    );
}

#[tokio::test]
async fn list_is_filtered_and_sorted() {
    let viewer = with_task();
    viewer.add_traces(&request(
        "bank",
        vec![span(8, 1, 0, "GET /pay", 10, 5_000).with("user", "Ada Lovelace")],
    ));
    let ids = async |query: &str| {
        let list = ok(&viewer, &format!("/api/traces?{query}")).await;
        let ids: Vec<u64> = list["traces"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|trace| u64::from_str_radix(trace["id"].as_str().expect("an id"), 16).expect("hexadecimal"))
            .collect();
        ids
    };
    for (query, expected) in [
        ("", vec![8, 7]),
        ("sort=slowest", vec![8, 7]),
        ("sort=tokens", vec![7, 8]),
        ("sort=cost", vec![7, 8]),
        ("limit=1", vec![8]),
        ("limit=1&offset=1", vec![7]),
        ("service=bank", vec![8]),
        ("name=invoke_agent", vec![7]),
        ("status=error", vec![7]),
        ("status=ok", vec![8]),
        ("min_ms=2", vec![8]),
        ("max_ms=2", vec![7]),
        ("attribute=gen_ai.request.model=gpt-4o", vec![7]),
        ("attribute=gen_ai.request.model=gpt-4o&attribute=user=x", vec![]),
        ("attribute=gen_ai.usage.input_tokens=57", vec![7]),
        ("q=PLANNER", vec![7]),
        ("q=%22ada+lovelace%22", vec![8]),
        ("q=planner+lovelace", vec![8, 7]),
        ("q=-planner", vec![8]),
        ("q=-gen_ai.request.model", vec![8, 7]),
        ("q=-gpt-4o", vec![8]),
        ("q=-retry", vec![8]),
        ("q=-too", vec![8]),
        ("q=-shop", vec![8]),
        ("q=-57", vec![8]),
        ("q=-gen_ai.request.model%3Dgpt-4o", vec![8]),
        ("q=user%3D%22Ada+Lovelace%22", vec![8]),
        ("q=57", vec![7]),
        ("q=retry", vec![7]),
        ("q=nowhere", vec![]),
        (&format!("q={}", hex(7)), vec![7]),
        (&format!("from={}", START + 1), vec![8]),
        (&format!("to={START}"), vec![7]),
    ] {
        assert_eq!(ids(query).await, expected, "{query:?}");
    }
}

#[tokio::test]
async fn bad_parameters_are_named() {
    let viewer = with_task();
    for (path, status, message) in [
        (
            "/api/traces?limit=x",
            400,
            "limit=\"x\" is not accepted: a whole number from 0 to 1000 is",
        ),
        (
            "/api/traces?sort=up",
            400,
            "sort=\"up\" is not accepted: newest, slowest, tokens, cost are",
        ),
        (
            "/api/traces?status=bad",
            400,
            "status=\"bad\" is not accepted: ok, error are",
        ),
        (
            "/api/traces?attribute=x",
            400,
            "attribute=\"x\" is not accepted: key=value is, such as gen_ai.request.model=gpt-4o",
        ),
        (
            "/api/traces/12",
            400,
            "the trace id \"12\" is not accepted: 32 hexadecimal digits are",
        ),
        (
            "/api/traces/000000000000000000000000000000ff",
            404,
            "the trace 000000000000000000000000000000ff is not in the store; it may have been dropped for newer ones",
        ),
        (
            "/api/traces/00000000000000000000000000000007/spans/x",
            400,
            "the span id \"x\" is not accepted: 16 hexadecimal digits are",
        ),
        (
            "/api/compare?a=x",
            400,
            "the trace id \"x\" is not accepted: 32 hexadecimal digits are",
        ),
        (
            "/api/nothing",
            404,
            "there is no /api/nothing; see API.md for the paths",
        ),
    ] {
        let (found, answer) = json_of(&viewer, path).await;
        assert_eq!(found, StatusCode::from_u16(status).expect("a status"), "{path}");
        assert_eq!(answer["error"], message, "{path}");
    }
}

#[tokio::test]
async fn trace_has_its_spans_in_print_order_with_the_critical_path() {
    let trace = ok(&with_task(), &format!("/api/traces/{}", hex(7))).await;
    let rows = trace["spans"].as_array().expect("rows");
    let columns: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!([
                row["name"],
                row["parent"],
                row["depth"],
                row["role"],
                row["self"],
                row["critical"]
            ])
        })
        .collect();
    let expected = [
        json!([
            "POST /task",
            null,
            0,
            "http",
            200_000,
            [[900_000, 1_000_000], [0, 100_000]]
        ]),
        json!([
            "invoke_agent Planner",
            0,
            1,
            "agent",
            200_000,
            [[800_000, 900_000], [100_000, 200_000]]
        ]),
        json!([
            "chat gpt-4o",
            1,
            2,
            "model",
            20_000,
            [[690_000, 700_000], [200_000, 210_000]]
        ]),
        json!(["POST", 2, 3, "http", 480_000, [[210_000, 690_000]]]),
        json!(["execute_tool run", 1, 2, "tool", 100_000, [[700_000, 800_000]]]),
    ];
    assert_eq!(columns, expected, "names, parents, roles, own time and path");
    assert_eq!(trace["critical"], 1_000_000, "the time of the path");
    assert_eq!(
        rows[1]["tokens"],
        json!({"input": 57, "output": 24, "estimated": false}),
        "an agent has the roll-up"
    );
    assert_eq!(rows[2]["first_chunk"], 300_000, "since the start of the trace");
    assert_eq!(rows[2]["cost"], 0.25, "the cost of the call");
    assert_eq!(
        rows[3]["events"],
        json!([{"name": "retry", "at": 300_000}]),
        "the marks"
    );
    assert_eq!(rows[4]["failure"], "timeout: too slow", "the error");
    let role = json!({"name": "Planner", "kind": "agent", "calls": 1, "input": 57, "output": 24, "estimated": false,
        "unknown_calls": 0, "cost": 0.25, "duration": 500_000});
    assert_eq!(trace["roles"], json!([role]), "the tokens by agent");
    assert_eq!(trace["resources"][0]["service"], "shop", "the resource");
    let found = ok(&with_task(), &format!("/api/traces/{}/find?q=gpt-4o", hex(7))).await;
    assert_eq!(found["spans"], json!([2]), "the row that has the text");
}

#[tokio::test]
async fn many_like_siblings_are_a_group_and_failing_ones_are_not() {
    let viewer = Viewer::default();
    let mut spans = vec![span(1, 1, 0, "root", 0, 100)];
    spans.extend((0..6).map(|index| span(1, 10 + index, 1, "get", index, index + 1)));
    spans.push(span(1, 99, 1, "get", 50, 51).failing("no"));
    viewer.add_traces(&request("shop", spans));
    let trace = ok(&viewer, &format!("/api/traces/{}", hex(1))).await;
    let like: Vec<_> = trace["spans"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| row["like"].as_u64())
        .collect();
    let mut expected = vec![None];
    expected.extend([Some(0); 6]);
    expected.push(None);
    assert_eq!(like, expected, "the groups");
}

#[tokio::test]
async fn span_of_a_model_call_has_its_conversation() {
    let span = ok(
        &with_task(),
        &format!("/api/traces/{}/spans/0000000000000003", hex(7)),
    )
    .await;
    let call = &span["model_call"];
    let expected = json!([
        {"role": "system", "source": "instructions", "parts": [{"type": "text", "text": "Be brief."}]},
        {"role": "user", "source": "input", "parts": [{"type": "text", "text": "Weather in Paris?"}]},
        {"role": "assistant", "source": "output", "finish_reason": "stop", "parts": [{"type": "text", "text": "Rain."}]},
    ]);
    assert_eq!(call["conversation"], expected, "the messages");
    assert_eq!(call["content"], "recorded", "content is there");
    let usage = json!({"input": 57, "output": 24, "cache_read": 40, "provenance": "reported"});
    assert_eq!(call["usage"], usage, "the usage");
    assert_eq!(call["cost"], json!({"usd": 0.25, "unpriced": false}), "the cost");
    assert_eq!(
        call["timing"],
        json!({"first_chunk": 100_000, "total": 500_000}),
        "the timing"
    );
    let parameters = json!([{"key": "gen_ai.request.temperature", "type": "double", "value": 0.5}]);
    assert_eq!(call["parameters"], parameters, "the parameters without the model");
    assert_eq!(span["parent_id"], "0000000000000002", "the parent");
    let agent = ok(
        &with_task(),
        &format!("/api/traces/{}/spans/0000000000000002", hex(7)),
    )
    .await;
    assert_eq!(agent["roll_up"]["calls"], 1, "an agent has a roll-up");
    assert_eq!(
        agent["roll_up"]["children"].as_array().map(Vec::len),
        Some(2),
        "and its children"
    );
}

#[tokio::test]
async fn content_in_a_log_record_is_found() {
    let viewer = Viewer::default();
    let call = span(3, 1, 0, "chat", 0, 9).with("gen_ai.operation.name", "chat");
    viewer.add_traces(&request("shop", vec![call]));
    let record = LogRecord {
        time_unix_nano: START + 5,
        severity_number: 5,
        trace_id: 3_u128.to_be_bytes().to_vec(),
        span_id: 1_u64.to_be_bytes().to_vec(),
        event_name: "gen_ai.client.inference.operation.details".to_owned(),
        attributes: vec![attribute(
            "gen_ai.output.messages",
            r#"[{"role":"assistant","parts":[{"type":"text","content":"from the log"}]}]"#,
        )],
        ..LogRecord::default()
    };
    viewer.add_logs(&ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            scope_logs: vec![ScopeLogs {
                log_records: vec![record],
                ..ScopeLogs::default()
            }],
            ..ResourceLogs::default()
        }],
    });
    let span = ok(&viewer, &format!("/api/traces/{}/spans/0000000000000001", hex(3))).await;
    assert_eq!(
        span["model_call"]["conversation"][0]["parts"][0]["text"], "from the log",
        "the message"
    );
    let logs = ok(&viewer, &format!("/api/traces/{}/logs", hex(3))).await;
    assert_eq!(logs["logs"][0]["at"], 5, "since the start of the trace");
    assert_eq!(logs["logs"][0]["severity"], "DEBUG", "the name of the number");
    assert_eq!(
        logs["logs"][0]["body"], "gen_ai.client.inference.operation.details",
        "an event without a body"
    );
    let newest = ok(&viewer, "/api/logs?q=from+the+log&limit=5").await;
    assert_eq!(newest["logs"].as_array().map(Vec::len), Some(1), "found by text");
}

fn prompt_size(values: &[(u64, i64)]) -> ExportMetricsServiceRequest {
    let points = values.iter().map(|(seconds, value)| NumberDataPoint {
        attributes: vec![attribute("direction", "input")],
        start_time_unix_nano: START,
        time_unix_nano: START + seconds * 1_000_000_000,
        value: Some(Number::AsInt(*value)),
        ..NumberDataPoint::default()
    });
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            scope_metrics: vec![ScopeMetrics {
                metrics: vec![Metric {
                    name: "prompt_size".to_owned(),
                    data: Some(metric::Data::Sum(Sum {
                        data_points: points.collect(),
                        aggregation_temporality: 2,
                        is_monotonic: true,
                    })),
                    ..Metric::default()
                }],
                ..ScopeMetrics::default()
            }],
            ..ResourceMetrics::default()
        }],
    }
}

#[tokio::test]
async fn tokens_come_from_metrics_if_there_are_some() {
    let viewer = with_task();
    let report = ok(&viewer, "/api/tokens").await;
    assert_eq!(report["source"], "spans", "no metrics yet");
    assert_eq!(
        report["prompt_size"]["input"],
        json!([57.0]),
        "the tokens of the call"
    );
    let model = json!({"name": "gpt-4o", "model": "gpt-4o", "provider": "openai", "calls": 1, "errors": 0, "input": 57,
        "output": 24, "estimated": false, "unknown_calls": 0, "cost": 0.25, "p50": 500_000, "p95": 500_000});
    assert_eq!(report["by_model"], json!([model]), "by model");
    assert_eq!(report["by_agent"][0]["name"], "Planner", "by agent");

    viewer.add_metrics(&prompt_size(&[(0, 100), (60, 150)]));
    viewer.add_metrics(&prompt_size(&[(60, 150), (120, 20)]));
    let report = ok(&viewer, "/api/tokens?step=60000000000").await;
    assert_eq!(report["source"], "metrics", "now there are");
    assert_eq!(
        report["prompt_size"]["input"],
        json!([100.0, 150.0, 170.0]),
        "the counter restarted, a point came twice"
    );
    assert_eq!(
        report["increase_10m"]["input"],
        json!([100.0, 150.0, 170.0]),
        "within ten minutes"
    );
}

#[tokio::test]
async fn comparison_is_by_name_and_export_can_be_read_again() {
    let viewer = with_task();
    let mut other = task(8);
    other.resource_spans[0].scope_spans[0].spans.truncate(3);
    viewer.add_traces(&other);
    let compared = ok(&viewer, &format!("/api/compare?a={}&b={}", hex(7), hex(8))).await;
    let names = compared["names"].as_array().expect("names");
    let tool = names
        .iter()
        .find(|name| name["name"] == "execute_tool run")
        .expect("the tool");
    assert_eq!(
        (&tool["a"]["count"], &tool["b"]["count"]),
        (&json!(1), &json!(0)),
        "only in the first"
    );
    assert_eq!(tool["a"]["errors"], 1, "its error");

    assert_eq!(tool["a"]["cost"], Value::Null, "no cost instead of 0");
    assert_eq!(tool["a"]["input"], Value::Null, "no tokens instead of 0");

    let (parts, body) = send(&viewer.router(), get(&format!("/api/export/{}", hex(7)))).await;
    let disposition = parts.headers.get("content-disposition").expect("a header");
    assert_eq!(
        disposition,
        &format!("attachment; filename=\"trace-{}.json\"", hex(7)),
        "for download"
    );
    let again = Viewer::default();
    again.add_json_line(&body).expect("OTLP/JSON");
    let path = format!("/api/traces/{}", hex(7));
    assert_eq!(
        ok(&again, &path).await,
        ok(&viewer, &path).await,
        "the same trace"
    );
}

/// A trace with a model call inside another one, which is the same call, and one without counts below an agent.
fn with_nested_calls() -> Viewer {
    let viewer = Viewer::default();
    let chat = |id, parent, name| span(1, id, parent, name, 0, 10).with("gen_ai.operation.name", "chat");
    let counted = |id, parent, name| {
        chat(id, parent, name)
            .with("gen_ai.usage.input_tokens", 5)
            .with("gen_ai.usage.output_tokens", 7)
            .with("throughline.cost", 0.5)
    };
    let agent = span(1, 4, 1, "agent", 0, 10).with("gen_ai.operation.name", "invoke_agent");
    viewer.add_traces(&request(
        "shop",
        vec![
            span(1, 1, 0, "root", 0, 10),
            counted(2, 1, "framework"),
            counted(3, 2, "client"),
            agent,
            chat(5, 4, "silent"),
        ],
    ));
    viewer
}

#[tokio::test]
async fn comparison_counts_nested_calls_once() {
    let viewer = with_nested_calls();
    let compared = ok(&viewer, &format!("/api/compare?a={0}&b={0}", hex(1))).await;
    let sums: Vec<Value> = compared["names"]
        .as_array()
        .expect("names")
        .iter()
        .map(|row| {
            json!([
                row["name"],
                row["a"]["input"],
                row["a"]["output"],
                row["a"]["cost"]
            ])
        })
        .collect();
    let expected = [
        json!(["agent", null, null, null]),
        json!(["client", null, null, null]),
        json!(["framework", 5, 7, 0.5]),
        json!(["root", null, null, null]),
        json!(["silent", null, null, null]),
    ];
    assert_eq!(sums, expected, "the outer call has the tokens");
}

/// A task, and a trace of a shop that calls a bank twice, of which one call fails.
fn with_two_services() -> Viewer {
    let viewer = with_task();
    viewer.add_traces(&request(
        "shop",
        vec![span(8, 1, 0, "GET /pay", 0, 5_000).with("user.id", "ada")],
    ));
    viewer.add_traces(&request(
        "bank",
        vec![
            span(8, 2, 1, "pay", 1_000, 2_000).with("user.id", "bob"),
            span(8, 3, 1, "pay", 3_000, 4_000).failing("declined"),
            span(8, 4, 3, "check", 3_000, 3_500),
        ],
    ));
    viewer
}

#[tokio::test]
async fn services_and_their_calls_are_counted_over_all_traces() {
    let graph = ok(&with_two_services(), "/api/services").await;
    let expected = json!({
        "services": [
            // The task has 5 spans, which sum to 1,000 + 800 + 500 + 480 + 100 µs.
            {"name": "shop", "count": 6, "errors": 1, "total": 7_880_000, "self": 4_000_000},
            {"name": "bank", "count": 3, "errors": 1, "total": 2_500_000, "self": 2_000_000},
        ],
        "calls": [{"from": "shop", "to": "bank", "count": 2, "errors": 1}],
    });
    assert_eq!(graph, expected, "spans within a service are no calls");
    assert_eq!(
        ok(&Viewer::default(), "/api/services").await,
        json!({"services": [], "calls": []}),
        "an empty store"
    );
}

#[tokio::test]
async fn traces_are_grouped_by_an_attribute() {
    let viewer = with_two_services();
    let groups = ok(&viewer, "/api/groups?by=user.id").await;
    let pay = |user: &str| json!({"value": user, "traces": 1, "errors": 1, "spans": 4, "p50": 5_000_000, "p95": 5_000_000});
    let others = json!({"traces": 1, "errors": 1, "spans": 5, "input": 57, "output": 24, "estimated": false,
        "unknown_calls": 0, "cost": 0.25, "p50": 1_000_000, "p95": 1_000_000});
    assert_eq!(
        groups,
        json!({"groups": [pay("ada"), pay("bob"), others], "matched": 2, "stored": 2}),
        "a trace is in the group of each value, and those without one are last"
    );
    let groups = ok(&viewer, "/api/groups?by=service.name&max_ms=2").await;
    assert_eq!(
        (
            &groups["groups"][0]["value"],
            &groups["groups"][1],
            &groups["matched"]
        ),
        (&json!("shop"), &json!(null), &json!(1)),
        "attributes of resources count, and the list's filters apply: {groups}"
    );
    let (status, error) = json_of(&viewer, "/api/groups").await;
    assert_eq!(
        (status, &error["error"]),
        (
            StatusCode::BAD_REQUEST,
            &json!("by=\"\" is not accepted: the key of an attribute is, such as user.id")
        ),
        "without a key"
    );
}

#[tokio::test]
async fn values_of_an_attribute_are_in_the_order_of_the_rows() {
    let viewer = with_two_services();
    for (key, expected) in [
        ("user.id", json!(["ada", "bob", null, null])),
        ("service.name", json!(["shop", "bank", "bank", "bank"])),
        ("", json!([null, null, null, null])),
    ] {
        let values = ok(&viewer, &format!("/api/traces/{}/values?key={key}", hex(8))).await;
        assert_eq!(values, json!({ "values": expected }), "{key}");
    }
}

#[tokio::test]
async fn unknown_tokens_are_absent_and_nested_calls_are_marked() {
    let viewer = with_nested_calls();
    let trace = ok(&viewer, &format!("/api/traces/{}", hex(1))).await;
    let rows: Vec<Value> = trace["spans"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| json!([row["name"], row["tokens"]["input"], row["nested"]]))
        .collect();
    let expected = [
        json!(["root", null, null]),
        json!(["framework", 5, null]),
        json!(["client", 5, true]),
        json!(["agent", null, null]),
        json!(["silent", null, null]),
    ];
    assert_eq!(rows, expected, "an agent whose calls have no counts has none");
    let agent = ok(&viewer, &format!("/api/traces/{}/spans/0000000000000004", hex(1))).await;
    assert_eq!(
        (&agent["roll_up"]["input"], &agent["roll_up"]["unknown_calls"]),
        (&Value::Null, &json!(1)),
        "its roll-up"
    );
    let report = ok(&viewer, "/api/tokens").await;
    assert_eq!(
        (&report["by_model"][0]["input"], &report["by_model"][0]["calls"]),
        (&json!(5), &json!(2)),
        "the calls without a model: the known tokens"
    );
    assert_eq!(
        trace["summary"]["tokens"],
        json!({"input": 5, "output": 7, "estimated": false, "unknown_calls": 1}),
        "the trace"
    );
}

#[tokio::test]
async fn state_counts_what_is_stored() {
    let state = ok(&with_task(), "/api/state").await;
    assert_eq!(
        (&state["traces"], &state["spans"]),
        (&json!(1), &json!(5)),
        "the counts"
    );
    assert_eq!(state["services"], json!(["shop"]), "the services");
    assert_eq!(state["sequence"], 1, "one change");
    assert_eq!(state["max_bytes"], 64 << 20, "the bound");
    let bytes = state["bytes"].as_u64().expect("a number");
    assert!((2_000..20_000).contains(&bytes), "five spans: {bytes}");
}
