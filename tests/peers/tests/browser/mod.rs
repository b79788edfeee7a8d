//! The page of the viewer in a real browser. With `UPDATE_PICTURES=1`, the pictures of the guide are made.

mod chromium;
mod gestures;
mod groups;
mod hostile;
mod large;
mod other_sdks;
mod telemetry;

use serde_json::json;

use self::chromium::{Browser, NARROW, WIDE};
use self::telemetry::{Store, priced_call, span};

/// The keys of WebDriver: <https://www.w3.org/TR/webdriver2/#keyboard-actions>.
const ENTER: &str = "\u{e007}";
const ESCAPE: &str = "\u{e00c}";

#[tokio::test]
async fn page_shows_the_quickstart() {
    let store = Store::start().await;
    let browser = Browser::start(store.page.clone()).await;
    browser.open("").await;
    browser.wait_for("main h2", "No traces yet").await;
    browser.expect_accessible("an empty list").await;
    browser.picture("empty").await;

    // The trace appears in the open page.
    store.run_quickstart().await;
    browser.wait_for(".rows .what a", "POST /task").await;
    let cells = [".rows .in", ".rows .out", ".rows .spans", ".rows .errors"];
    for (cell, expected) in cells.iter().zip(["99", "18", "11", "0"]) {
        assert_eq!(browser.text(cell).await, expected, "{cell} of the trace");
    }
    browser.click("//a[normalize-space()='POST /task']").await;
    let names = browser.wait(".rows .span-name", |names| names.len() == 11).await;
    let expected = [
        "POST /task",
        "invoke_agent Planner",
        "chat scripted",
        "POST",
        "invoke_agent CodeInterpreter",
        "invoke_agent CodeGenerator",
        "chat scripted",
        "POST",
        "execute_tool Executor",
        "chat scripted",
        "POST",
    ];
    assert_eq!(names, expected, "the tree of the quickstart");

    // The critical path is the one of the API.
    let traces = store.read("traces").await;
    let id = traces["traces"][0]["id"].as_str().expect("an id").to_owned();
    let trace = store.read(&format!("traces/{id}")).await;
    let spans = trace["spans"].as_array().expect("spans");
    let on_path: Vec<bool> = spans.iter().map(|span| span["critical"].is_array()).collect();
    assert!(on_path.contains(&true), "there is a critical path: {spans:?}");
    let dots = browser.all_text(".rows .dot").await;
    let shown: Vec<bool> = dots.iter().map(|dot| !dot.is_empty()).collect();
    assert_eq!(shown, on_path, "the marks of the critical path");

    // The first model call: prompt, answer, tokens.
    browser
        .click("//*[contains(@class, 'rows')]//*[normalize-space()='chat scripted']")
        .await;
    browser.wait_for(".span-panel h2", "chat scripted").await;
    let roles = browser
        .wait(".message-head strong", |roles| roles.len() >= 3)
        .await;
    assert_eq!(
        roles.last().map(String::as_str),
        Some("assistant"),
        "the answer is the last message: {roles:?}"
    );
    let messages = browser.all_text(".message").await.join("\n");
    assert!(
        messages.contains("What is the total amount by region?"),
        "the question: {messages}"
    );
    let legend = browser.all_text(".legend dd").await;
    assert_eq!(
        legend,
        ["37", "7", "30", "7"],
        "input, of which not and from the cache, and output"
    );
    assert_eq!(browser.text(".usage .mark").await, "reported", "the provenance");

    // A deep link, the search in the trace, and the way back.
    let address = browser.address().await;
    assert!(
        address.starts_with(&format!("trace/{id}?span=")),
        "the address of the span: {address}"
    );
    browser.open(&address).await;
    browser.wait_for(".span-panel h2", "chat scripted").await;
    for (size, name) in [(WIDE, "1280"), (NARROW, "390")] {
        for scheme in ["light", "dark"] {
            browser.show_as(size, scheme).await;
            browser
                .expect_accessible(&format!("a model call, {scheme}, {name}"))
                .await;
            browser.picture(&format!("model-call-{scheme}-{name}")).await;
        }
    }
    browser.show_as(WIDE, "light").await;
    browser.click("//button[@aria-label='Close the span']").await;
    browser.click("//input[@placeholder='Find in this trace']").await;
    browser.type_text("execute_tool").await;
    browser.wait_for(".found", "1 found").await;
    browser.type_text(ENTER).await;
    browser.wait_for(".span-panel h2", "execute_tool Executor").await;
    browser.click("//label[contains(., 'Only matches')]/input").await;
    let shown = browser.wait(".rows .span-name", |names| names.len() < 11).await;
    let expected = [
        "POST /task",
        "invoke_agent Planner",
        "invoke_agent CodeInterpreter",
        "execute_tool Executor",
    ];
    assert_eq!(shown, expected, "the match and its ancestors");
    browser.open("").await;
    browser.click("//a[normalize-space()='POST /task']").await;
    browser.wait(".rows .span-name", |names| names.len() == 11).await;
    browser.back().await;
    browser.wait_for(".rows .what a", "POST /task").await;
    assert_eq!(browser.errors().await, [""; 0], "errors in the console");
    browser.close().await;
}

#[tokio::test]
async fn page_shows_costs_and_conversations() {
    let store = Store::start().await;
    for (trace, delay) in [(1, 0), (2, 200)] {
        let mut failed = span(trace, 3, Some(1), "POST /payments", 700, 800 + delay);
        failed["status"] = json!({ "code": 2, "message": "402 card declined" });
        let spans = [
            span(trace, 1, None, "POST /help", 0, 900 + delay),
            priced_call(trace, 2, 1, 100, 600),
            failed,
        ];
        store.send("desk", &spans).await;
    }
    let browser = Browser::start(store.page.clone()).await;
    browser.open("").await;
    browser.wait(".rows .what a", |names| names.len() == 2).await;
    assert_eq!(
        browser.text(".rows .cost").await,
        "$0.0026",
        "the cost of a trace"
    );

    // Filters: by attribute, by status, by duration.
    for (filter, matched) in [
        ("q=gen_ai.request.model%3Dgpt-4o", 2),
        ("q=gen_ai.request.model%3Dother", 0),
        ("status=ok", 0),
        ("status=error", 2),
        ("min_ms=1000", 1),
        ("service=desk&q=-desk", 0),
    ] {
        browser.open(&format!("?{filter}")).await;
        let found = browser
            .wait("main h2, .list-bar p", |found| {
                found.iter().any(|text| !text.is_empty())
            })
            .await;
        let expected = if matched == 0 {
            "No trace matches".to_owned()
        } else {
            format!("{matched} of 2 traces")
        };
        assert!(found.contains(&expected), "{filter}: {found:?} has {expected:?}");
    }

    browser.open(&format!("trace/{:032x}?span={:016x}", 1, 2)).await;
    browser.wait_for(".span-panel h2", "chat gpt-4o").await;
    let facts = browser
        .wait(".panel-body .section .facts > div", |facts| !facts.is_empty())
        .await;
    for fact in ["Modelgpt-4o → gpt-4o-2024-08-06", "Cost$0.0026"] {
        assert!(facts.iter().any(|each| each == fact), "{fact}: {facts:?}");
    }
    assert_eq!(
        browser.all_text(".message-head strong").await,
        ["system", "user", "assistant", "assistant"],
        "the result stands with its call"
    );
    let tool = browser.text(".tool-call").await;
    assert!(
        tool.contains("count_tickets") && tool.contains("\"open\": 14"),
        "a tool call with its result: {tool}"
    );
    assert_eq!(
        browser.value("document.querySelector('.folded-part').open").await,
        json!(false),
        "reasoning is folded"
    );

    // The other views, and the keys.
    for (view, css, text) in [
        ("graph", ".node-name", "POST /payments"),
        ("flame", ".frame-name", "chat gpt-4o"),
        ("table", ".groups .link", "POST /payments"),
        ("logs", "main h2", "No logs in this trace"),
    ] {
        browser.open(&format!("trace/{:032x}?view={view}", 1)).await;
        browser
            .wait(css, |found| found.iter().any(|each| each.contains(text)))
            .await;
        browser.expect_accessible(view).await;
        browser.picture(view).await;
    }
    browser.open(&format!("trace/{:032x}", 1)).await;
    browser.wait(".rows .span-name", |names| names.len() == 3).await;
    for (key, rows) in [("]", 1), ("[", 3)] {
        browser.type_text(key).await;
        browser
            .wait(".rows .span-name", |names| names.len() == rows)
            .await;
    }
    browser.type_text("?").await;
    browser.wait_for("dialog h2", "Keyboard shortcuts").await;
    browser.type_text(ESCAPE).await;
    browser.wait("dialog", <[String]>::is_empty).await;

    // The theme that was chosen is kept, also that of the system.
    for theme in ["light", "dark", "auto"] {
        browser
            .click("//header//button[starts-with(@aria-label, 'Theme')]")
            .await;
        browser.open("tokens").await;
        assert_eq!(
            browser
                .value("document.documentElement.dataset.theme ?? 'auto'")
                .await,
            json!(theme),
            "the theme after a reload"
        );
    }

    browser.open("tokens?minutes=all").await;
    browser.wait_for(".token-tables h2", "By model").await;
    let row = browser.text(".token-tables tbody tr").await;
    assert!(
        row.contains("2,400") && row.contains("$0.0051"),
        "the sums of the model: {row}"
    );
    browser.expect_accessible("tokens").await;
    browser.picture("tokens").await;
    browser.open(&format!("compare?a={:032x}&b={:032x}", 1, 2)).await;
    let facts = browser.wait(".data tbody tr", |rows| rows.len() > 5).await;
    assert_eq!(
        facts.first().map(String::as_str),
        Some("Duration900 ms1.10 s+200 ms (+22 %)"),
        "the difference"
    );
    browser.expect_accessible("a comparison").await;
    assert_eq!(browser.errors().await, [""; 0], "errors in the console");
    browser.close().await;
}
