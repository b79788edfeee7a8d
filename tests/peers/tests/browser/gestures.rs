//! Ranges are selected by dragging.

use super::chromium::Browser;
use super::telemetry::{Store, span};
use crate::peer::until;

#[tokio::test]
async fn dragging_selects_ranges() {
    let store = Store::start().await;
    // Ten traces, a second apart, which take 1 ms, 2 ms, 4 ms and so on.
    for trace in 1..=10 {
        let from = u64::from(trace) * 1000;
        let root = span(
            trace,
            1,
            None,
            &format!("GET /{trace}"),
            from,
            from + (1 << (trace - 1)),
        );
        store.send("shop", &[root]).await;
    }
    let browser = Browser::start(store.page.clone()).await;
    let names = ".rows .what a";
    let all = [
        "GET /10", "GET /9", "GET /8", "GET /7", "GET /6", "GET /5", "GET /4", "GET /3", "GET /2", "GET /1",
    ];
    browser.open("").await;
    browser.wait(names, |names| names == all).await;

    // A range of time, and back.
    browser.wait(".latency .u-over", |plots| plots.len() == 1).await;
    browser.drag(".latency .u-over", (0.5, 0.5), (1.0, 0.5)).await;
    browser.wait(names, |names| names == &all[..5]).await;
    let address = browser.address().await;
    assert!(
        address.contains("from=") && address.contains("to=") && !address.contains("_ms="),
        "a drag along the time limits the time only: {address}"
    );
    browser
        .wait(".list-bar p", |bars| bars == ["5 of 10 traces"])
        .await;
    browser.click("//*[@class='chip']/button").await;
    browser.wait(names, |names| names == all).await;

    // A range of durations. The axis is logarithmic, from 1 ms to 1 s.
    browser.drag(".latency .u-over", (0.5, 0.95), (0.5, 0.5)).await;
    let found = browser.wait(names, |names| names.len() < 10).await;
    let address = browser.address().await;
    assert!(
        address.contains("min_ms=") && address.contains("max_ms=") && !address.contains("from="),
        "a drag along the durations limits these only: {address}"
    );
    assert_eq!(
        found,
        ["GET /5", "GET /4", "GET /3", "GET /2"],
        "2 ms to 16 ms: {address}"
    );
    browser.back().await;
    browser.wait(names, |names| names == all).await;

    // In a trace: the ruler and the minimap zoom, a double click shows the whole again.
    browser.open(&format!("trace/{:032x}", 10)).await;
    let marks = ".ruler .mark-time";
    let whole = browser.wait(marks, |marks| marks.len() > 2).await;
    assert_eq!(whole[..2], ["0", "100 ms"], "marks of 512 ms");
    browser.drag(".ruler", (0.25, 0.5), (0.5, 0.5)).await;
    let zoomed = browser.wait(marks, |marks| marks != whole).await;
    assert_eq!(
        zoomed.first().map(String::as_str),
        Some("140 ms"),
        "128 ms to 256 ms: {zoomed:?}"
    );
    assert_eq!(browser.all_text(".band").await, [""; 0], "the band is gone");
    browser.drag(".minimap", (0.5, 0.5), (1.0, 0.5)).await;
    let right = browser.wait(marks, |marks| marks != zoomed).await;
    assert_eq!(
        right.first().map(String::as_str),
        Some("300 ms"),
        "256 ms to 512 ms: {right:?}"
    );
    browser
        .value("document.querySelector('.minimap').dispatchEvent(new MouseEvent('dblclick'))")
        .await;
    browser.wait(marks, |marks| marks == whole).await;

    // The corner of the heading resizes the column of names.
    let width = "Math.round(document.querySelector('.rows .name').getBoundingClientRect().width)";
    let before = browser.value(width).await.as_f64().expect("a width");
    browser.drag(".span-head .name", (0.99, 0.85), (1.25, 0.85)).await;
    let after = until("a wider column", async || {
        let after = browser.value(width).await.as_f64().expect("a width");
        (after > before).then_some(after)
    })
    .await;
    assert!(
        (1.2..1.3).contains(&(after / before)),
        "from {before} to {after} pixels"
    );
    assert_eq!(browser.errors().await, [""; 0], "errors in the console");
    browser.close().await;
}
