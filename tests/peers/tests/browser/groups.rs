//! The services of all traces, and groups by an attribute.

use serde_json::json;

use super::ENTER;
use super::chromium::{Browser, NARROW, WIDE};
use super::telemetry::{Store, attribute, span, with};
use crate::peer::until;

/// Three traces of two users: a shop that calls a bank twice. The last of the calls fails.
async fn send_payments(store: &Store) {
    for (trace, user) in [(1, "ada"), (2, "bob"), (3, "ada")] {
        let root = with(
            span(trace, 1, None, "POST /orders", 0, 900),
            vec![attribute("user.id", user)],
        );
        store.send("shop", &[root]).await;
        let mut last = span(trace, 3, Some(1), "pay", 400, 600);
        if trace == 3 {
            last["status"] = json!({ "code": 2, "message": "declined" });
        }
        store
            .send("bank", &[span(trace, 2, Some(1), "pay", 100, 300), last])
            .await;
    }
}

/// Fails if the header is wider than the page, or if axe-core finds a serious fault, in any size or colours.
async fn expect_readable(browser: &Browser, place: &str) {
    for size in [WIDE, NARROW] {
        for scheme in ["light", "dark"] {
            browser.show_as(size, scheme).await;
            browser
                .expect_accessible(&format!("{place}, {scheme}, {}", size.0))
                .await;
        }
        let right = "document.querySelector('header button:last-child').getBoundingClientRect().right";
        let right = browser.value(right).await;
        assert!(
            right.as_f64().is_some_and(|right| right <= f64::from(size.0)),
            "{place}: the header ends at {right} of {}",
            size.0
        );
    }
    browser.show_as(WIDE, "light").await;
}

#[tokio::test]
async fn services_of_all_traces_are_a_graph() {
    let store = Store::start().await;
    let browser = Browser::start(store.page.clone()).await;
    browser.open("services").await;
    browser.wait_for("main h2", "No services yet").await;
    send_payments(&store).await;
    // They appear in the open page.
    browser
        .wait(".edge text", |counts| counts.iter().any(|count| count == "6 ×"))
        .await;
    let nodes = "[...document.querySelectorAll('.node')].map(each => each.title).sort()";
    assert_eq!(
        browser.value(nodes).await,
        json!([
            "bank · 6 spans · total 1.20 s · self 1.20 s · 1 error",
            "shop · 3 spans · total 2.70 s · self 1.50 s · calls bank 6 times",
        ]),
        "the services, as readers hear them"
    );
    expect_readable(&browser, "services").await;
    browser.picture("services").await;

    // A node leads to the traces of its service, also with keys.
    browser
        .value("[...document.querySelectorAll('.node')].find(each => each.title.startsWith('bank')).focus()")
        .await;
    browser.type_text(ENTER).await;
    browser.wait(".rows .what a", |names| names.len() == 3).await;
    assert_eq!(browser.address().await, "?service=bank", "the filter");
    browser.back().await;
    browser.wait(".node", |nodes| nodes.len() == 2).await;
    assert_eq!(browser.errors().await, [""; 0], "errors in the console");
    browser.close().await;
}

#[tokio::test]
async fn traces_and_spans_are_grouped_by_an_attribute() {
    let store = Store::start().await;
    send_payments(&store).await;
    let browser = Browser::start(store.page.clone()).await;
    browser.open("").await;
    browser.wait(".rows .what a", |names| names.len() == 3).await;
    browser.click("//input[@placeholder='Group by attribute']").await;
    browser.type_text("user.id").await;
    let rows = browser.wait(".data tbody tr", |rows| rows.len() == 2).await;
    assert_eq!(
        rows,
        ["ada21–––900 ms900 ms", "bob10–––900 ms900 ms"],
        "traces and errors of each user, no tokens, and durations"
    );
    browser.wait_for(".list-bar p", "2 groups of 3 traces").await;
    assert_eq!(browser.address().await, "?by=user.id", "a link to the groups");
    expect_readable(&browser, "groups of traces").await;
    browser.click("//a[normalize-space()='ada']").await;
    browser.wait(".rows .what a", |names| names.len() == 2).await;
    browser.wait_for(".chip", "user.id=ada").await;
    browser.back().await;
    browser.wait(".data tbody tr", |rows| rows.len() == 2).await;

    browser.open(&format!("trace/{:032x}?view=table", 1)).await;
    browser.wait_for(".groups h2", "Spans by name").await;
    browser.click("//input[@placeholder='Group by attribute']").await;
    browser.type_text("service.name").await;
    browser.wait_for(".groups h2", "Spans by service.name").await;
    let rows = browser.all_text(".groups tbody tr").await;
    assert_eq!(
        rows,
        [
            "shop1900 ms900 ms900 ms500 ms55.6 %0",
            "bank2400 ms200 ms200 ms400 ms44.4 %0"
        ],
        "the spans of each service"
    );
    expect_readable(&browser, "groups of spans").await;
    browser.click("//button[normalize-space()='bank']").await;
    browser.wait_for(".found", "2 found").await;
    let address = until("the search for the group", async || {
        let address = browser.address().await;
        address.contains("q=").then_some(address)
    })
    .await;
    assert!(
        address.contains("q=service.name%3D%22bank%22"),
        "the spans of a group are found: {address}"
    );
    assert_eq!(browser.errors().await, [""; 0], "errors in the console");
    browser.close().await;
}
