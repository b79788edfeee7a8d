//! Telemetry that tries to run something, and telemetry that is broken.

use serde_json::json;

use super::chromium::Browser;
use super::telemetry::{Store, attribute, priced_call, span, with};

#[tokio::test]
async fn hostile_telemetry_runs_nothing() {
    let evil = "\"><img src=x onerror=\"window.hacked=1\"><script>window.hacked=2</script>\u{202e}";
    let link = "javascript:window.hacked=3";
    let store = Store::start().await;
    let mut call = priced_call(9, 2, 1, 100, 600);
    call["name"] = json!(evil);
    let messages = json!([{ "role": evil, "parts": [
        { "type": "text", "content": evil },
        { "type": "tool_call", "id": evil, "name": evil, "arguments": evil },
        { "type": "uri", "uri": link, "modality": evil, "mime_type": evil },
        { "type": evil, evil: link },
    ] }]);
    let attributes = call["attributes"].as_array_mut().expect("attributes");
    attributes.retain(|attribute| attribute["key"] != "gen_ai.input.messages");
    attributes.extend([
        attribute("gen_ai.input.messages", &messages.to_string()),
        attribute(evil, link),
    ]);
    let mut root = with(
        span(9, 1, None, evil, 0, 1000),
        vec![attribute("long", &"x".repeat(1 << 20)), attribute("", evil)],
    );
    root["status"] = json!({ "code": 2, "message": evil });
    root["events"] = json!([{ "name": evil, "timeUnixNano": "1764500000100000000", "attributes": [attribute(evil, evil)] }]);
    root["links"] = json!([{ "traceId": "0".repeat(31) + "9", "spanId": "0".repeat(15) + "2", "attributes": [attribute(evil, evil)] }]);
    let mut late = span(9, 3, Some(1), "late", 0, 1);
    late["startTimeUnixNano"] = json!("18000000000000000000");
    late["endTimeUnixNano"] = json!("1");
    let cycle = [
        span(9, 4, Some(5), "cycle", 1, 2),
        span(9, 5, Some(4), "cycle", 1, 2),
    ];
    let mut spans = vec![root, call, late];
    spans.extend(cycle);
    store.send(evil, &spans).await;

    let browser = Browser::start(store.page.clone()).await;
    let trace = format!("trace/{:032x}", 9);
    let mut places = vec![
        String::new(),
        "services".to_owned(),
        "?by=long".to_owned(),
        "tokens".to_owned(),
        "logs".to_owned(),
        format!("compare?a={:032x}&b={:032x}", 9, 9),
    ];
    places.extend(
        ["", "?view=graph", "?view=flame", "?view=table", "?view=logs"].map(|view| format!("{trace}{view}")),
    );
    places.extend([1, 2].map(|id| format!("{trace}?span={id:016x}")));
    for place in &places {
        browser.open(place).await;
        browser
            .wait("main", |found| {
                found
                    .iter()
                    .any(|text| text.len() > 20 && !text.contains("Loading"))
            })
            .await;
        browser
            .value("document.querySelectorAll('details').forEach(each => each.open = true)")
            .await;
        expect_nothing_ran(&browser, place).await;
    }
    // The whole text is shown as text.
    browser
        .wait(".message", |messages| {
            messages.iter().any(|message| message.contains("<script>"))
        })
        .await;
    browser.expect_accessible("hostile telemetry").await;
    assert_eq!(browser.errors().await, [""; 0], "errors in the console");
    browser.close().await;
}

/// Fails if telemetry became an element or ran as a script.
pub(super) async fn expect_nothing_ran(browser: &Browser, place: &str) {
    let foreign = "document.querySelectorAll('main img, main script, main iframe, main b').length";
    assert_eq!(
        browser.value(foreign).await,
        json!(0),
        "elements made from telemetry: {place}"
    );
    let links =
        "[...document.querySelectorAll('main a')].filter(each => each.protocol === 'javascript:').length";
    assert_eq!(
        browser.value(links).await,
        json!(0),
        "links that run something: {place}"
    );
    assert_eq!(
        browser.value("typeof window.hacked").await,
        json!("undefined"),
        "a script ran: {place}"
    );
}
