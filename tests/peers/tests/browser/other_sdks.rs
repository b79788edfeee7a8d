//! What OpenTelemetry's SDKs for Python and JavaScript send is shown right, over each protocol.

use serde_json::{Value, json};
use throughline_test_support::process::run;
use tokio::process::Command;

use super::chromium::Browser;
use super::telemetry::Store;
use crate::peer::{peers, until};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sdk {
    Python,
    JavaScript,
}

#[tokio::test]
async fn other_sdks_are_shown() {
    let store = Store::start().await;
    let browser = Browser::start(store.page.clone()).await;
    for (sdk, protocol) in [
        (Sdk::Python, "grpc"),
        (Sdk::Python, "http/protobuf"),
        (Sdk::JavaScript, "grpc"),
        (Sdk::JavaScript, "http/protobuf"),
        (Sdk::JavaScript, "http/json"),
    ] {
        let what = format!("{sdk:?} over {protocol}");
        let id = send(&store, sdk, protocol, &what).await;
        expect_stored(&store, sdk, &id, &what).await;
        expect_shown(&browser, &id, &what).await;
    }
    let state = store.read("state").await;
    assert_eq!(state["rejected"], 0, "nothing is refused: {state}");
    let tokens = store.read("tokens").await;
    assert_eq!(tokens["source"], "metrics", "the counters arrived");
    let last = |direction: &str| {
        tokens["prompt_size"][direction]
            .as_array()
            .and_then(|all| all.last().cloned())
    };
    assert_eq!(
        (last("input"), last("output")),
        (Some(json!(6000.0)), Some(json!(400.0))),
        "the counters of five programs"
    );
    assert_eq!(browser.errors().await, [""; 0], "errors in the console");
    browser.close().await;
}

/// Runs a program with an SDK, and returns the id of its trace.
async fn send(store: &Store, sdk: Sdk, protocol: &str, name: &str) -> String {
    let endpoint = if protocol == "grpc" {
        &store.grpc
    } else {
        &store.http
    };
    let mut command = match sdk {
        Sdk::Python => {
            let mut command = Command::new(peers().join("venv/bin/python"));
            command.arg(program("otel.py")).args([protocol, endpoint, name]);
            command
        }
        Sdk::JavaScript => {
            let mut command = Command::new("node");
            command.arg(program("otel.mjs")).arg(peers()).envs([
                ("OTEL_SERVICE_NAME", name),
                ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
                ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
                ("OTEL_TRACES_EXPORTER", "otlp"),
                ("OTEL_METRICS_EXPORTER", "otlp"),
                ("OTEL_LOGS_EXPORTER", "otlp"),
            ]);
            command
        }
    };
    command.env("NO_PROXY", "127.0.0.1").kill_on_drop(true);
    let ran = run(command).await;
    assert_eq!(ran.code, Some(0), "{name} sends its telemetry: {}", ran.err);
    ran.out.trim().to_owned()
}

fn program(name: &str) -> String {
    format!("{}/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Compares what the API returns with what `otel.py` and `otel.mjs` recorded.
async fn expect_stored(store: &Store, sdk: Sdk, id: &str, name: &str) {
    let trace = store.read(&format!("traces/{id}")).await;
    let summary = &trace["summary"];
    assert_eq!(
        (&summary["root_service"], &summary["complete"], &summary["errors"]),
        (&json!(name), &json!(true), &json!(1)),
        "the trace: {summary}"
    );
    assert_eq!(
        summary["tokens"],
        json!({"input": 1200, "output": 80, "estimated": false, "unknown_calls": 0}),
        "the tokens of {name}"
    );
    let rows = trace["spans"].as_array().expect("rows");
    let tree: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!([
                row["name"],
                row["kind"],
                row["role"],
                row["parent"],
                row["status"]
            ])
        })
        .collect();
    let expected = [
        json!(["POST /ask", "server", "http", null, "unset"]),
        json!(["invoke_agent Clerk", "internal", "agent", 0, "unset"]),
        json!(["chat gpt-4o", "client", "model", 1, "unset"]),
        json!(["charge", "internal", "other", 0, "error"]),
    ];
    assert_eq!(tree, expected, "the tree of {name}");
    let ids: Vec<&str> = rows.iter().filter_map(|row| row["id"].as_str()).collect();
    let [root, agent, call, charge] = ids[..] else {
        panic!("four ids of {name}: {ids:?}")
    };
    let span = async |span: &str| store.read(&format!("traces/{id}/spans/{span}")).await;

    let root = span(root).await;
    assert_eq!(
        root["links"],
        json!([{ "trace": format!("{:032x}", 0xabc), "span": format!("{:016x}", 0xdef), "stored": false, "attributes": [] }]),
        "the link of {name}"
    );
    let agent = span(agent).await;
    let event = &agent["events"][0];
    assert_eq!(
        (&event["name"], &event["attributes"]),
        (
            &json!("decided"),
            &json!([{ "key": "by", "type": "string", "value": "model" }])
        ),
        "the event of {name}"
    );
    assert_eq!(agent["roll_up"]["input"], 1200, "the roll-up of {name}");

    let call = span(call).await;
    let model_call = &call["model_call"];
    let expected = json!([
        { "role": "system", "source": "instructions", "parts": [{ "type": "text", "text": "You are a help desk." }] },
        { "role": "user", "source": "input", "parts": [{ "type": "text", "text": "Wie viele Anfragen? 有多少？ 🙂" }] },
        { "role": "assistant", "source": "output", "finish_reason": "stop", "parts": [{ "type": "text", "text": "14." }] },
    ]);
    assert_eq!(model_call["conversation"], expected, "the conversation of {name}");
    assert_eq!(
        model_call["finish_reasons"],
        json!(["stop"]),
        "the finish reason of {name}"
    );

    let charge = span(charge).await;
    // Numbers of JavaScript are exact up to 2^53; larger ones are strings in the API.
    let (int, error) = match sdk {
        Sdk::Python => (json!("9007199254740993"), "ValueError"),
        Sdk::JavaScript => (json!(9_007_199_254_740_991_u64), "TypeError"),
    };
    let mut attributes: Vec<Value> = charge["attributes"].as_array().expect("attributes").clone();
    attributes.sort_by_key(|attribute| attribute["key"].to_string());
    let expected = [
        json!({ "key": "bool", "type": "bool", "value": true }),
        json!({ "key": "double", "type": "double", "value": 0.25 }),
        json!({ "key": "empty", "type": "string", "value": "" }),
        json!({ "key": "int", "type": "int", "value": int }),
        json!({ "key": "numbers", "type": "array", "value": [1, 2, 3] }),
        json!({ "key": "texts", "type": "array", "value": ["a", "b"] }),
    ];
    assert_eq!(attributes, expected, "the attributes of {name}");
    assert_eq!(
        charge["scope"],
        json!({ "name": "desk", "version": "1.2.3" }),
        "the scope of {name}"
    );
    let exception = charge["events"][0]["attributes"].as_array().expect("attributes");
    let kind = exception
        .iter()
        .find(|attribute| attribute["key"] == "exception.type");
    assert_eq!(
        kind.map(|kind| &kind["value"]),
        Some(&json!(error)),
        "the exception of {name}"
    );

    // The log records come in their own request.
    let logs = until("the log record", async || {
        let logs = store.read(&format!("traces/{id}/logs")).await;
        logs["logs"].as_array().filter(|logs| !logs.is_empty()).cloned()
    })
    .await;
    let logs: Vec<Value> = logs
        .iter()
        .map(|log| {
            json!([
                log["severity"],
                log["number"],
                log["body"],
                log["span"] == call["id"]
            ])
        })
        .collect();
    assert_eq!(
        logs,
        [json!(["WARN", 13, "the queue is long: 14", true])],
        "the log record of {name}"
    );
}

/// Looks at the page.
async fn expect_shown(browser: &Browser, id: &str, name: &str) {
    browser.open(&format!("trace/{id}")).await;
    let names = browser.wait(".rows .span-name", |names| names.len() == 4).await;
    assert_eq!(
        names,
        ["POST /ask", "invoke_agent Clerk", "chat gpt-4o", "charge"],
        "{name}"
    );
    browser
        .click("//*[contains(@class, 'rows')]//*[normalize-space()='chat gpt-4o']")
        .await;
    browser
        .wait(".message", |messages| {
            messages.iter().any(|message| message.contains("有多少？ 🙂"))
        })
        .await;
    assert_eq!(
        browser.all_text(".legend dd").await,
        ["1,200", "80"],
        "input and output tokens of {name}"
    );
}
